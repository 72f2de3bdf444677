import { Kind } from "./bindings";
import { Column } from "./column";
import * as outcome from "./outcome";
import { Outcome } from "./outcome";
import { Garbage, wellFormed } from "./memory";
import { Parameter, takeDeclared } from "./parameter";

/** The functions of the component. */
export const functions: Udf[] = [];

/**
 * Makes a function part of the component, with the parameters that were declared since the last
 * one: `register(new TooLong())`, once for each function, at the top level of a module.
 */
export function register(udf: Udf): void {
  udf.parameters = takeDeclared();
  functions.push(udf);
}

/** A function: extend `Filter`, `Score`, or one of the others that say what they return. */
export abstract class Udf {
  /** What a query gives it, in the order in which they are shown. */
  parameters: Parameter[] = [];
  /** The result, if it is a text; it stays reachable until the next document. */
  text: string = "";

  /**
   * @param name Its name in queries: letters, digits and `_`.
   * @param description One or two sentences for the author of a query.
   * @param returns The kind of its results.
   */
  constructor(
    readonly name: string,
    readonly description: string,
    readonly returns: Kind,
  ) {}

  /**
   * What is done once for each query, before its documents: it may name fields (`at`), keep what
   * it computes, and `refuse` the arguments.
   */
  prepare(): void {}

  /**
   * Evaluates the function for rows, until one has no value or garbage is to be collected, and
   * returns that row, or the end. Numbers and booleans go to their places in `values`. A text goes
   * to `text`, so there is one row. Each kind has a loop of its own, into which the function is
   * inlined.
   */
  abstract run(start: u32, end: u32, values: usize): u32;

  /** The arguments are wrong: the query must change. The text names the parameter. */
  protected refuse(message: string): void {
    outcome.refuse(message);
  }

  /** Sets the result, a text. */
  protected setText(text: string | null): void {
    if (text === null) {
      outcome.none();
    } else {
      this.text = wellFormed(text);
    }
  }
}

/** A function that chooses documents. */
export abstract class Filter extends Udf {
  constructor(name: string, description: string) {
    super(name, description, Kind.Boolean);
  }

  /** Whether the current document matches. */
  abstract matches(): bool;

  run(start: u32, end: u32, values: usize): u32 {
    let row = start;
    for (; row < end && !Garbage.isDue(); row++) {
      Column.enter(row);
      const value = this.matches();
      if (outcome.outcome != Outcome.Value) break;
      store<u8>(values + row, u8(value));
    }
    return row;
  }

  /** No value: `return this.none()`. */
  protected none(): bool {
    outcome.none();
    return false;
  }

  /** Fails the document with a message: `return this.fail("...")`. */
  protected fail(message: string): bool {
    outcome.fail(message);
    return false;
  }
}

/** A function that gives each document a number. */
export abstract class Score extends Udf {
  constructor(name: string, description: string) {
    super(name, description, Kind.Float64);
  }

  /** The current document's number. */
  abstract score(): f64;

  run(start: u32, end: u32, values: usize): u32 {
    let row = start;
    for (; row < end && !Garbage.isDue(); row++) {
      Column.enter(row);
      const value = this.score();
      if (outcome.outcome != Outcome.Value) break;
      store<f64>(values + ((<usize>row) << 3), value);
    }
    return row;
  }

  /** No value: `return this.none()`. */
  protected none(): f64 {
    outcome.none();
    return 0;
  }

  /** Fails the document with a message: `return this.fail("...")`. */
  protected fail(message: string): f64 {
    outcome.fail(message);
    return 0;
  }
}

/** A function that gives each document an integer. */
export abstract class IntegerScore extends Udf {
  constructor(name: string, description: string) {
    super(name, description, Kind.Int64);
  }

  /** The current document's integer. */
  abstract score(): i64;

  run(start: u32, end: u32, values: usize): u32 {
    let row = start;
    for (; row < end && !Garbage.isDue(); row++) {
      Column.enter(row);
      const value = this.score();
      if (outcome.outcome != Outcome.Value) break;
      store<i64>(values + ((<usize>row) << 3), value);
    }
    return row;
  }

  /** No value: `return this.none()`. */
  protected none(): i64 {
    outcome.none();
    return 0;
  }

  /** Fails the document with a message: `return this.fail("...")`. */
  protected fail(message: string): i64 {
    outcome.fail(message);
    return 0;
  }
}

/** A function that gives each document a text. */
export abstract class TextValue extends Udf {
  constructor(name: string, description: string) {
    super(name, description, Kind.Text);
  }

  /** The current document's text; null means no value. */
  abstract value(): string | null;

  run(start: u32, _end: u32, _values: usize): u32 {
    Column.enter(start);
    this.setText(this.value());
    return outcome.outcome == Outcome.Value ? start + 1 : start;
  }

  /** Fails the document with a message: `return this.fail("...")`. */
  protected fail(message: string): string | null {
    outcome.fail(message);
    return null;
  }
}

/** A function that gives each document a JSON value. */
export abstract class JsonValue extends Udf {
  constructor(name: string, description: string) {
    super(name, description, Kind.Json);
  }

  /** The text of the current document's JSON value; null means no value, `"null"` is the JSON null. */
  abstract value(): string | null;

  run(start: u32, _end: u32, _values: usize): u32 {
    Column.enter(start);
    this.setText(this.value());
    return outcome.outcome == Outcome.Value ? start + 1 : start;
  }

  /** Fails the document with a message: `return this.fail("...")`. */
  protected fail(message: string): string | null {
    outcome.fail(message);
    return null;
  }
}

/** A function that gives each document an instant. */
export abstract class TimestampValue extends Udf {
  constructor(name: string, description: string) {
    super(name, description, Kind.Timestamp);
  }

  /** The current document's instant, in microseconds since 1970-01-01T00:00:00 UTC. */
  abstract value(): i64;

  run(start: u32, end: u32, values: usize): u32 {
    let row = start;
    for (; row < end && !Garbage.isDue(); row++) {
      Column.enter(row);
      const value = this.value();
      if (outcome.outcome != Outcome.Value) break;
      store<i64>(values + ((<usize>row) << 3), value);
    }
    return row;
  }

  /** No value: `return this.none()`. */
  protected none(): i64 {
    outcome.none();
    return 0;
  }

  /** Fails the document with a message: `return this.fail("...")`. */
  protected fail(message: string): i64 {
    outcome.fail(message);
    return 0;
  }
}
