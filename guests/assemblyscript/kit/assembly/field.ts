import * as bindings from "./bindings";
import { Kind } from "./bindings";
import { Column, UNRESOLVED, columnOf, unreadable } from "./column";
import { RETURNED, expectText, returnedText } from "./memory";
import { SHORT_BYTES, shortText } from "./short-text";
import { Parameter, Presence, Value } from "./parameter";

/** No field: to read it ends the query. */
const NO_FIELD: u32 = u32.MAX_VALUE;

/**
 * A field of the documents. Declared with a name and a description it is a parameter, whose value
 * is the field's dotted path; without them, `at` says which field it is.
 */
export abstract class Field extends Parameter {
  /** What the host calls the field. */
  protected handle: u32 = NO_FIELD;
  /** Where its values are. */
  protected column: usize = UNRESOLVED;

  /** What it is read as. A parameter that names a field is a text. */
  constructor(
    name: string,
    description: string,
    private readonly readAs: Kind,
  ) {
    super(name, description, Kind.Text);
  }

  /** Whether the document has a value. */
  @inline
  has(): bool {
    const column = this.column;
    if (Column.valuesOf(column) == 0) return bindings.has(this.resolved());
    return Column.isValid(column);
  }

  /** What the host calls the field, which must be resolved. */
  protected resolved(): u32 {
    if (this.handle == NO_FIELD) unreadable();
    return this.handle;
  }

  /** Names the field. In `prepare` only: to name one later ends the query. */
  protected resolve(path: string): void {
    this.handle = bindings.resolve(changetype<usize>(path), path.length, this.readAs);
    this.column = columnOf(this.handle, this.readAs);
    this.given = true;
  }

  accept(value: Value): void {
    this.resolve(value.text);
  }
}

/** A field that is read as true or false. */
export class BooleanField extends Field {
  constructor(name: string = "", description: string = "") {
    super(name, description, Kind.Boolean);
  }

  /** The default path. */
  defaultsTo(path: string): this {
    this.setDefault(0, path);
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  /** Resolves a field whose path is not a parameter. Call it in `prepare` only. */
  at(path: string): this {
    this.resolve(path);
    return this;
  }

  /** The value, or a default where the document has none. */
  @inline
  or(otherwise: bool): bool {
    return Column.flagOr(this.column, otherwise);
  }
}

/** A field that is read as a signed integer of 64 bits. */
export class Int64Field extends Field {
  constructor(name: string = "", description: string = "") {
    super(name, description, Kind.Int64);
  }

  /** The default path. */
  defaultsTo(path: string): this {
    this.setDefault(0, path);
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  /** Resolves a field whose path is not a parameter. Call it in `prepare` only. */
  at(path: string): this {
    this.resolve(path);
    return this;
  }

  /** The value, or a default where the document has none. */
  @inline
  or(otherwise: i64): i64 {
    return Column.numberOr<i64>(this.column, otherwise);
  }
}

/** A field that is read as a floating-point number of 64 bits; integers widen to it. */
export class Float64Field extends Field {
  constructor(name: string = "", description: string = "") {
    super(name, description, Kind.Float64);
  }

  /** The default path. */
  defaultsTo(path: string): this {
    this.setDefault(0, path);
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  /** Resolves a field whose path is not a parameter. Call it in `prepare` only. */
  at(path: string): this {
    this.resolve(path);
    return this;
  }

  /** The value, or a default where the document has none. */
  @inline
  or(otherwise: f64): f64 {
    return Column.numberOr<f64>(this.column, otherwise);
  }
}

/** A field that is read as microseconds since 1970-01-01T00:00:00 UTC. */
export class TimestampField extends Field {
  constructor(name: string = "", description: string = "") {
    super(name, description, Kind.Timestamp);
  }

  /** The default path. */
  defaultsTo(path: string): this {
    this.setDefault(0, path);
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  /** Resolves a field whose path is not a parameter. Call it in `prepare` only. */
  at(path: string): this {
    this.resolve(path);
    return this;
  }

  /** The value, or a default where the document has none. */
  @inline
  or(otherwise: i64): i64 {
    return Column.numberOr<i64>(this.column, otherwise);
  }
}

/** A field that is read as text. */
export class TextField extends Field {
  constructor(name: string = "", description: string = "") {
    super(name, description, Kind.Text);
  }

  /** The default path. */
  defaultsTo(path: string): this {
    this.setDefault(0, path);
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  /** Resolves a field whose path is not a parameter. Call it in `prepare` only. */
  at(path: string): this {
    this.resolve(path);
    return this;
  }

  /** The value; null where the document has none. */
  get(): string | null {
    const column = this.column;
    if (Column.valuesOf(column) != 0) return textOf(column);
    expectText();
    bindings.getText(this.resolved(), RETURNED);
    return returnedOption();
  }

  /**
   * As `get`, quicker for a text of up to 128 bytes of UTF-8: nothing is allocated. The text is good
   * until `borrow` is called again, for this field or another; what is kept longer needs `get`.
   */
  @inline
  borrow(): string | null {
    const column = this.column;
    if (Column.valuesOf(column) == 0) return this.get();
    if (!Column.isValid(column)) return null;
    const length = Column.textLength(column);
    return length <= SHORT_BYTES ? shortText(Column.textAt(column), length) : textOf(column);
  }
}

/** A field of any kind that is read as JSON, as its text. */
export class JsonField extends Field {
  constructor(name: string = "", description: string = "") {
    super(name, description, Kind.Json);
  }

  /** The default path. */
  defaultsTo(path: string): this {
    this.setDefault(0, path);
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  /** Resolves a field whose path is not a parameter. Call it in `prepare` only. */
  at(path: string): this {
    this.resolve(path);
    return this;
  }

  /** The value; null where the document has none. */
  get(): string | null {
    const column = this.column;
    if (Column.valuesOf(column) != 0) return textOf(column);
    expectText();
    bindings.getJson(this.resolved(), RETURNED);
    return returnedOption();
  }
}

/** The current row's text in a column; null where it has none. */
function textOf(column: usize): string | null {
  if (!Column.isValid(column)) return null;
  return String.UTF8.decodeUnsafe(Column.textAt(column), Column.textLength(column));
}

/** An option of a text that an import wrote. */
function returnedOption(): string | null {
  const text = returnedText(RETURNED + sizeof<usize>());
  return load<u8>(RETURNED) == 0 ? null : text;
}
