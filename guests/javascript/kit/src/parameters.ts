/** Parameters: how a function declares them, and how a query's arguments become them. */

import { fromHost } from "./engine.js";
import { InvalidArgument } from "./errors.js";
import { type Fields, resolve } from "./field.js";
import {
  type Json,
  type Kind,
  KINDS,
  type Lowered,
  lower,
  notAKind,
  type Values,
} from "./values.js";

/** A parameter that `prepare` gets as a value of type `T`. */
export interface Parameter<T> {
  readonly description: string;
  /** The kind of its argument. */
  readonly kind: Kind;
  readonly presence: Presence;
  /** What the author gets for an argument. Throws `InvalidArgument`. */
  readonly lift: (name: string, argument: Lowered) => T;
}

/** Whether a query must give a parameter, as the contract has it. */
export type Presence =
  | { readonly tag: "required" }
  | { readonly tag: "optional" }
  | { readonly tag: "default"; readonly val: { readonly tag: Kind; readonly val: Lowered } };

/** The least and the greatest value of a number, both included. */
export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
}

type BoundsOf<K extends Kind> = K extends "int64" | "float64" | "timestamp" ? Bounds : unknown;

/**
 * Declares a parameter: a value of a kind. `description` is one or two sentences for the author of a
 * query. A query must give it, unless there is a `default`, or it is `optional`: then it may be
 * `undefined`.
 */
export function parameter<K extends Kind>(
  kind: K,
  description: string,
  options: { readonly optional: true } & BoundsOf<K>,
): Parameter<Values[K] | undefined>;
export function parameter<K extends Kind>(
  kind: K,
  description: string,
  options?: { readonly default?: Values[K] } & BoundsOf<K>,
): Parameter<Values[K]>;
export function parameter(
  kind: Kind,
  description: string,
  options: { readonly optional?: true; readonly default?: unknown } & Bounds = {},
): Parameter<unknown> {
  if (!KINDS.includes(kind)) throw new TypeError(`the kind of a parameter ${notAKind(kind)}`);
  const { minimum = -Infinity, maximum = Infinity } = options;
  const isBounded = minimum !== -Infinity || maximum !== Infinity;
  // So that NaN, too, is out of bounds.
  const isWithin = (value: number): boolean => value >= minimum && value <= maximum;
  const check = (name: string, value: number): number => {
    if (!isBounded || isWithin(value)) return value;
    throw new InvalidArgument(`parameter \`${name}\` ${must(minimum, maximum)}, not ${value}`);
  };
  const lift = (name: string, argument: Lowered): unknown => {
    switch (kind) {
      case "int64":
      case "timestamp":
        return check(name, integer(name, argument as number | bigint));
      case "float64":
        return check(name, argument as number);
      case "json":
        return JSON.parse(argument as string) as Json;
      default:
        return argument;
    }
  };
  return declared(kind, description, options, lift, (value) => {
    if (isBounded && !isWithin(value as number)) {
      throw new TypeError(`it ${must(minimum, maximum)}, not ${value}`);
    }
  });
}

/**
 * Declares a parameter that names a field of the documents, by its dotted path. The field is read as
 * values of a kind. `default` is the path where a query gives none.
 */
export function field<K extends Kind>(
  kind: K,
  description: string,
  options: { readonly optional: true },
): Parameter<Fields[K] | undefined>;
export function field<K extends Kind>(
  kind: K,
  description: string,
  options?: { readonly default?: string },
): Parameter<Fields[K]>;
export function field(
  kind: Kind,
  description: string,
  options: { readonly optional?: true; readonly default?: string } = {},
): Parameter<unknown> {
  if (!KINDS.includes(kind)) throw new TypeError(`the kind of a field ${notAKind(kind)}`);
  return declared("text", description, options, (_, path) => resolve(path as string, kind));
}

function declared(
  kind: Kind,
  description: string,
  options: { readonly optional?: true; readonly default?: unknown },
  lift: (name: string, argument: Lowered) => unknown,
  check: (value: unknown) => void = () => {},
): Parameter<unknown> {
  let presence: Presence = { tag: options.optional ? "optional" : "required" };
  if (options.default !== undefined) {
    try {
      presence = { tag: "default", val: { tag: kind, val: lower(kind, options.default) } };
      check(options.default);
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      throw new TypeError(`the default of "${description}": ${why}`);
    }
  }
  return { description, kind, presence, lift };
}

/** The argument as a number, if one can hold it. */
function integer(name: string, argument: number | bigint): number {
  const value = fromHost(argument);
  if (Number.isSafeInteger(value)) return value;
  const most = Number.MAX_SAFE_INTEGER;
  throw new InvalidArgument(
    `parameter \`${name}\` must be between ${-most} and ${most}, not ${argument}`,
  );
}

function must(minimum: number, maximum: number): string {
  if (maximum === Infinity) return `must be at least ${minimum}`;
  if (minimum === -Infinity) return `must be at most ${maximum}`;
  return `must be between ${minimum} and ${maximum}`;
}
