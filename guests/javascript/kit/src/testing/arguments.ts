/** A query's arguments, checked against a function's parameters as the host does. */

import type { Presence } from "../parameters.js";
import type { Kind } from "../values.js";
import { iso } from "./dates.js";
import { Digits, written } from "./exact.js";

/** A function, as the manifest has it. */
export interface Function {
  readonly name: string;
  readonly returns: Kind;
  readonly parameters: readonly Parameter[];
}

interface Parameter {
  readonly name: string;
  readonly description: string;
  readonly kind: Kind;
  readonly presence: Presence;
}

interface Argument {
  readonly name: string;
  readonly value: { readonly tag: Kind; readonly val: boolean | number | string };
}

/** An argument that the function's parameters do not allow: the host refuses the query. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";
}

/** The arguments for `bind`, with the defaults. */
export function checked(
  functions: readonly Function[],
  name: string,
  given: Readonly<Record<string, unknown>>,
): Argument[] {
  const found = functions.find((declared) => declared.name === name);
  if (!found) {
    const known = functions.map(({ name }) => name);
    throw new ArgumentError(`unknown function \`${name}\`: ${didYouMean(name, known)}`);
  }
  const refuse = (why: string): never => {
    throw new ArgumentError(`function \`${name}\`: ${why}`);
  };
  const known = found.parameters.map(({ name }) => name);
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    refuse(`unknown parameter \`${key}\`: ${didYouMean(key, known)}`);
  }
  return found.parameters.flatMap(({ name, description, kind, presence }) => {
    const value = given[name];
    if (value === undefined || (value === null && kind !== "json")) {
      if (presence.tag === "optional") return [];
      if (presence.tag === "default") return [{ name, value: presence.val as Argument["value"] }];
      return refuse(`missing parameter \`${name}\` (${kind}): ${description}`);
    }
    const val = converted(kind, value);
    if (val === null) {
      const forms = kind === "timestamp" ? FORMS : "";
      refuse(`parameter \`${name}\` is ${kind}, but ${shown(value)} was given${forms}`);
    }
    return [{ name, value: { tag: kind, val: val! } }];
  });
}

/** The accepted forms of a timestamp. */
const FORMS =
  ': give a date and time such as "2024-01-31T12:00:00Z", a date such as "2024-01-31", or an ' +
  "integer, the microseconds since 1970-01-01T00:00:00Z";

/** An argument of a kind; null if it is not of the kind. */
function converted(kind: Kind, value: unknown): boolean | number | string | null {
  if (kind === "json") return written(value);
  if (value instanceof Date && kind === "timestamp") return value.getTime() * 1000;
  if (kind === "text") return typeof value === "string" ? value : null;
  if (kind === "boolean") return typeof value === "boolean" ? value : null;
  if (kind === "timestamp" && typeof value === "string") {
    const micros = iso(value);
    return micros === null ? null : Number(micros);
  }
  const number = value instanceof Digits ? Number(value.digits) : value;
  if (typeof number !== "number") return null;
  const digits = value instanceof Digits ? value.digits : String(number);
  return kind === "float64" || isInt64(digits) ? number : null;
}

function isInt64(digits: string): boolean {
  return /^-?\d+$/.test(digits) && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);
}

const SHOWN = 60;

function shown(value: unknown): string {
  const text = written(value);
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
  if (typeof value === "string") return `the string ${cut}`;
  if (Array.isArray(value)) return `the list ${cut}`;
  const isObject = typeof value === "object" && value !== null && !(value instanceof Digits);
  return isObject ? `the object ${cut}` : cut;
}

function didYouMean(wrong: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, distance: edits(wrong, name) }))
    .filter(({ name, distance }) => distance <= Math.floor(Math.max(name.length, wrong.length) / 3))
    .sort((one, other) => one.distance - other.distance || (one.name < other.name ? -1 : 1));
  const listed = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
  if (near.length > 0) return `did you mean ${listed(near.map(({ name }) => name))}?`;
  if (known.length === 0) return "there are none";
  return `expected ${known.length > 1 ? "one of " : ""}${listed(known)}`;
}

/** How many edits make one name the other. */
function edits(left: string, right: string): number {
  const row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 0; i < left.length; i++) {
    let diagonal = row[0]!;
    row[0] = i + 1;
    for (let j = 0; j < right.length; j++) {
      const substituted = diagonal + (left[i] === right[j] ? 0 : 1);
      diagonal = row[j + 1]!;
      row[j + 1] = Math.min(substituted, row[j]! + 1, diagonal + 1);
    }
  }
  return row[right.length]!;
}
