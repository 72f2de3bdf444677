/** Values: the kinds of the contract, and what each is in TypeScript. */

import { toHost } from "./engine.js";

/** What a value is. */
export type Kind = "boolean" | "int64" | "float64" | "text" | "timestamp" | "json";

/** All kinds. */
export const KINDS: readonly Kind[] = ["boolean", "int64", "float64", "text", "timestamp", "json"];

/** What is wrong with a value that should be a kind. */
export function notAKind(value: unknown): string {
  const kinds = KINDS.map((kind) => `"${kind}"`).join(", ");
  return `is ${JSON.stringify(value)}; expected one of ${kinds}`;
}

/**
 * An instant: microseconds since 1970-01-01T00:00:00 UTC, negative before it. It is exact from the
 * year 1684 to the year 2255; `new Date(timestamp / 1000)` is it to the millisecond.
 */
export type Timestamp = number;

/** One JSON value. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What the values of each kind are. */
export interface Values {
  readonly boolean: boolean;
  /** A whole number, exact up to `Number.MAX_SAFE_INTEGER`. */
  readonly int64: number;
  readonly float64: number;
  readonly text: string;
  readonly timestamp: Timestamp;
  readonly json: Json;
}

/** A value as it crosses the boundary. */
export type Lowered = boolean | number | bigint | string;

/** A value of a kind, checked: what is thrown says what is wrong with it. */
export function lower(kind: Kind, value: unknown): Lowered {
  switch (kind) {
    case "boolean":
      if (typeof value === "boolean") return value;
      break;
    case "float64":
      if (typeof value === "number") return value;
      break;
    case "int64":
    case "timestamp":
      if (typeof value === "number" && Number.isSafeInteger(value)) return toHost(value);
      break;
    case "text":
      // Half of a surrogate pair becomes U+FFFD.
      if (typeof value === "string") return value.toWellFormed();
      break;
    case "json": {
      const text = value instanceof Promise ? undefined : JSON.stringify(value);
      if (typeof text === "string") return text.toWellFormed();
      break;
    }
  }
  throw new TypeError(`${shown(value)} is not a valid ${kind}${hint(kind, value)}`);
}

/** What to return instead, after a colon. */
function hint(kind: Kind, value: unknown): string {
  if (value instanceof Promise) return ": a UDF cannot wait, so the function must not be `async`";
  if (kind === "timestamp" && value instanceof Date) {
    return ": return microseconds, `date.getTime() * 1000`";
  }
  if (kind === "timestamp" && typeof value === "string") {
    return ": return microseconds, `Date.parse(text) * 1000`";
  }
  if (kind !== "int64" && kind !== "timestamp") return "";
  if (typeof value === "bigint") return ": return a number, exact up to 2^53 - 1";
  if (Number.isInteger(value)) return ": integers are exact up to 2^53 - 1";
  return typeof value === "number" ? ": return a whole number, as `Math.round` gives" : "";
}

/** A value, shortly, for an error. */
function shown(value: unknown): string {
  if (typeof value === "string") return "a text";
  if (value instanceof Date) return "a Date";
  if (value instanceof Promise) return "a promise";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "function" ? "a function" : String(value);
}
