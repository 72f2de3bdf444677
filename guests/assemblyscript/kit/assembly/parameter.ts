import { Kind } from "./bindings";
import { refuse } from "./outcome";

/** Whether a query must give a parameter, in the contract's order. */
export const enum Presence {
  Required = 0,
  Optional = 1,
  Default = 2,
}

/** A value of any kind, as the contract has it: 64 bits, or a text. */
export class Value {
  /**
   * @param kind What it is.
   * @param bits A boolean, a number or a timestamp.
   * @param text A text or JSON.
   */
  constructor(
    readonly kind: Kind,
    readonly bits: u64,
    readonly text: string = "",
  ) {}
}

/** The parameters that were declared since a function was registered. */
let pending: Parameter[] = [];

/** Takes the parameters that were declared last, in their order. */
export function takeDeclared(): Parameter[] {
  const declared = pending;
  pending = [];
  return declared;
}

// `optional`, `defaultsTo` and the bounds are written out in each class below: in one that is inherited, asc takes
// `this` for the base class.

/** What a query gives a function. A field of the function's class holds it. */
export abstract class Parameter {
  /** Whether a query must give it. */
  presence: Presence = Presence.Required;
  /** The default value. */
  otherwise: Value | null = null;
  /** Whether this query gives it: always, but for an optional one. */
  given: bool = false;

  /** A parameter without a name is not declared: see `Field`. */
  constructor(
    readonly name: string,
    readonly description: string,
    readonly kind: Kind,
  ) {
    if (name.length > 0) pending.push(this);
  }

  /** Refuses a value of the parameter's kind that is out of a number's bounds. */
  check(value: Value): void {}

  /** Takes the query's value, which is of the parameter's kind and has been checked. */
  abstract accept(value: Value): void;

  /** The default value. */
  protected setDefault(bits: u64, text: string = ""): void {
    this.presence = Presence.Default;
    this.otherwise = new Value(this.kind, bits, text);
  }
}

/** True or false. */
export class BooleanParameter extends Parameter {
  /** The query's value; false if it is optional and omitted. */
  value: bool = false;

  constructor(name: string, description: string) {
    super(name, description, Kind.Boolean);
  }

  /** The default value. */
  defaultsTo(value: bool): this {
    this.setDefault(u64(value));
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  accept(value: Value): void {
    this.value = value.bits != 0;
  }
}

/** A signed integer of 64 bits. */
export class Int64Parameter extends Parameter {
  /** The query's value; 0 if it is optional and omitted. */
  value: i64 = 0;
  private least: i64 = i64.MIN_VALUE;
  private most: i64 = i64.MAX_VALUE;

  constructor(name: string, description: string) {
    super(name, description, Kind.Int64);
  }

  /** The default value. */
  defaultsTo(value: i64): this {
    this.setDefault(u64(value));
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  /** Refuses a query that gives less. */
  minimum(least: i64): this {
    this.least = least;
    return this;
  }

  /** Refuses a query that gives more. */
  maximum(most: i64): this {
    this.most = most;
    return this;
  }

  check(value: Value): void {
    checkIntegerBounds(this.name, value, this.least, this.most);
  }

  accept(value: Value): void {
    this.value = i64(value.bits);
  }
}

/** Refuses a number that is out of bounds. The ends of `T`'s range do not count as bounds. */
function checkBounds<T>(name: string, value: T, least: T, most: T, lowest: T, highest: T): void {
  // Written so that NaN is out of every bound.
  if ((value >= least && value <= most) || (least == lowest && most == highest)) return;
  let allowed = `between ${least} and ${most}`;
  if (most == highest) allowed = `at least ${least}`;
  else if (least == lowest) allowed = `at most ${most}`;
  refuse(`parameter \`${name}\` must be ${allowed}, not ${value}`);
}

function checkIntegerBounds(name: string, value: Value, least: i64, most: i64): void {
  checkBounds<i64>(name, i64(value.bits), least, most, i64.MIN_VALUE, i64.MAX_VALUE);
}

/** An integer of 32 bits; a query that gives a larger one is refused. */
export class Int32Parameter extends Parameter {
  /** The query's value; 0 if it is optional and omitted. */
  value: i32 = 0;
  private least: i32 = i32.MIN_VALUE;
  private most: i32 = i32.MAX_VALUE;

  constructor(name: string, description: string) {
    super(name, description, Kind.Int64);
  }

  /** The default value. */
  defaultsTo(value: i32): this {
    this.setDefault(u64(i64(value)));
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  /** Refuses a query that gives less. */
  minimum(least: i32): this {
    this.least = least;
    return this;
  }

  /** Refuses a query that gives more. */
  maximum(most: i32): this {
    this.most = most;
    return this;
  }

  check(value: Value): void {
    checkIntegerBounds(this.name, value, this.least, this.most);
  }

  accept(value: Value): void {
    this.value = i32(value.bits);
  }
}

/** An integer of 32 bits without a sign; a query that gives a larger or a negative one is refused. */
export class Uint32Parameter extends Parameter {
  /** The query's value; 0 if it is optional and omitted. */
  value: u32 = 0;
  private least: u32 = u32.MIN_VALUE;
  private most: u32 = u32.MAX_VALUE;

  constructor(name: string, description: string) {
    super(name, description, Kind.Int64);
  }

  /** The default value. */
  defaultsTo(value: u32): this {
    this.setDefault(u64(value));
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  /** Refuses a query that gives less. */
  minimum(least: u32): this {
    this.least = least;
    return this;
  }

  /** Refuses a query that gives more. */
  maximum(most: u32): this {
    this.most = most;
    return this;
  }

  check(value: Value): void {
    checkIntegerBounds(this.name, value, this.least, this.most);
  }

  accept(value: Value): void {
    this.value = u32(value.bits);
  }
}

/** A binary floating-point number of 64 bits. */
export class Float64Parameter extends Parameter {
  /** The query's value; 0 if it is optional and omitted. */
  value: f64 = 0;
  private least: f64 = -Infinity;
  private most: f64 = Infinity;

  constructor(name: string, description: string) {
    super(name, description, Kind.Float64);
  }

  /** The default value. */
  defaultsTo(value: f64): this {
    this.setDefault(reinterpret<u64>(value));
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  /** Refuses a query that gives less. */
  minimum(least: f64): this {
    this.least = least;
    return this;
  }

  /** Refuses a query that gives more. */
  maximum(most: f64): this {
    this.most = most;
    return this;
  }

  check(value: Value): void {
    const number = reinterpret<f64>(value.bits);
    checkBounds<f64>(this.name, number, this.least, this.most, -Infinity, Infinity);
  }

  accept(value: Value): void {
    this.value = reinterpret<f64>(value.bits);
  }
}

/** A text. */
export class TextParameter extends Parameter {
  /** The query's value; empty if it is optional and omitted. */
  value: string = "";

  constructor(name: string, description: string) {
    super(name, description, Kind.Text);
  }

  /** The default value. */
  defaultsTo(value: string): this {
    this.setDefault(0, value);
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  accept(value: Value): void {
    this.value = value.text;
  }
}

/** An instant: microseconds since 1970-01-01T00:00:00 UTC, negative before it. */
export class TimestampParameter extends Parameter {
  /** The query's value; 0 if it is optional and omitted. */
  value: i64 = 0;

  constructor(name: string, description: string) {
    super(name, description, Kind.Timestamp);
  }

  /** The default value. */
  defaultsTo(value: i64): this {
    this.setDefault(u64(value));
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  accept(value: Value): void {
    this.value = i64(value.bits);
  }
}

/** Any JSON value, as its text. */
export class JsonParameter extends Parameter {
  /** The query's value; empty, which is not JSON, if it is optional and omitted. */
  value: string = "";

  constructor(name: string, description: string) {
    super(name, description, Kind.Json);
  }

  /** The default: the text of one JSON value. */
  defaultsTo(value: string): this {
    this.setDefault(0, value);
    return this;
  }

  /** A query may leave it out: see `given`. */
  optional(): this {
    this.presence = Presence.Optional;
    return this;
  }

  accept(value: Value): void {
    this.value = value.text;
  }
}
