/**
 * Documents as a function reads them: what a data node does.
 *
 * An index has one type for each field, and a function reads values of that type. A field's type is
 * the one that an index would take from the documents that are given together: integers make a field
 * of integers, texts that are all dates a field of dates. `docs/VECTORS.md` in Whittle's repository
 * has the rules; a test there compares what is read here with what the host reads.
 */

import type { Kind } from "../values.js";
import { iso, millis, optional, slashes } from "./dates.js";
import { Digits, written } from "./exact.js";
import type { Value } from "./host.js";

/** A document's fields: values of JSON, and dates and integers of 64 bits. */
export interface Source {
  readonly [name: string]: unknown;
}

type FieldType = "boolean" | "long" | "double" | "date" | "slashes" | "text";

const READ_AS: { readonly [T in FieldType]: readonly Kind[] } = {
  boolean: ["boolean"],
  long: ["int64", "float64"],
  double: ["float64"],
  date: ["timestamp"],
  slashes: ["timestamp"],
  text: ["text", "timestamp"],
};

/** Reads a field of a document as a kind. */
export type Reader = (document: Source, path: string, kind: Kind) => Value;

/** Reads documents that are given together, as an index of these alone. */
export function together(documents: readonly Source[]): Reader {
  const types = new Map<string, FieldType>();
  for (const document of documents) {
    checkKeys(document);
    for (const [path, value] of scalars(document, "", "")) {
      const shown = typeOf(value);
      if (shown === null || !hasRoom(types, path)) continue;
      const known = types.get(path);
      types.set(path, known === undefined ? shown : widest(known, shown));
    }
  }
  return (document, path, kind) => {
    if (kind === "json") return jsonAt(document, path);
    const outer = path.replace(/\.keyword$/, "");
    const isKeyword = !types.has(path) && types.get(outer) === "text";
    const type = isKeyword ? "text" : types.get(path);
    if (type === undefined || !READ_AS[type].includes(kind)) return null;
    const wanted = isKeyword ? outer : path;
    for (const [at, value] of scalars(document, wanted, "")) {
      const converted = at === wanted ? CONVERTED[type](value) : null;
      const isLong = isKeyword && typeof converted === "string" && !isShort(converted);
      if (converted !== null && !isLong) return as(kind, converted);
    }
    return null;
  };
}

/** Whether the sub-field that a field of texts has takes in a text, by its units of UTF-16. */
function isShort(text: string): boolean {
  return text.length <= 256;
}

/** Refuses a document that no index takes, because of a key. */
function checkKeys(value: unknown): void {
  if (Array.isArray(value)) {
    value.forEach(checkKeys);
  } else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (key.split(".").some((name) => name.trim() === "")) {
        throw new TypeError(`a document cannot have the key \`${key}\`: a part of it is empty`);
      }
      checkKeys(inner);
    }
  }
}

/** Whether a field can be at a path: none is in another. */
function hasRoom(types: ReadonlyMap<string, FieldType>, path: string): boolean {
  if (types.has(path)) return true;
  const others = [...types.keys()];
  return !others.some((known) => known.startsWith(`${path}.`) || path.startsWith(`${known}.`));
}

/** Reads a field that no index has a type for: its first value, if that is of the kind. */
export const unmapped: Reader = (document, path, kind) => {
  if (kind === "json") return jsonAt(document, path);
  const found: unknown[] = [];
  collect(document, path, found);
  const first = found.flat(Infinity).find((value) => value != null);
  if (isObject(first)) return null;
  const type = typeof first === "string" ? "text" : typeOf(first);
  if (type === null || !READ_AS[type].includes(kind)) return null;
  return as(kind, CONVERTED[type](first));
};

/** A value of a field as the kind that it is read as. */
function as(kind: Kind, value: Value): Value {
  if (kind === "float64") return value === null ? null : Number(value);
  return kind === "timestamp" && typeof value === "string" ? iso(value) : value;
}

function isObject(value: unknown): value is Source {
  const isPlain = typeof value === "object" && value !== null && !Array.isArray(value);
  return isPlain && !(value instanceof Date) && !(value instanceof Digits);
}

/**
 * The values of a document that are not objects or lists, with the path of each. Branches that do not
 * lead to the wanted path are passed over; all lead to an empty one.
 */
function* scalars(value: unknown, wanted: string, path: string): Iterable<[string, unknown]> {
  if (Array.isArray(value)) {
    for (const inner of value) yield* scalars(inner, wanted, path);
  } else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const at = path === "" ? key : `${path}.${key}`;
      if (wanted === "" || wanted === at || wanted.startsWith(`${at}.`)) {
        yield* scalars(inner, wanted, at);
      }
    }
  } else {
    yield [path, value];
  }
}

/** The type of field that a value makes; null if it makes none. */
function typeOf(value: unknown): FieldType | null {
  if (value == null) return null;
  if (typeof value === "boolean") return "boolean";
  if (value instanceof Date) return "date";
  if (typeof value === "string") {
    if (NUMBER.test(value)) return "text";
    if (optional(value) !== null) return "date";
    return slashes(value) === null ? "text" : "slashes";
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`a document cannot have ${value}: JSON does not have it`);
  }
  const number = digits(value);
  if (number === null) throw new TypeError(`a document cannot have a ${typeof value}`);
  return INTEGER.test(number) && fits(BigInt(number)) ? "long" : "double";
}

/** The type of a field that has values of both types. */
function widest(known: FieldType, shown: FieldType): FieldType {
  if (known === "long" && shown === "double") return "double";
  const isDate = (type: FieldType) => type === "date" || type === "slashes";
  return isDate(known) && known !== shown && (isDate(shown) || shown === "text") ? "text" : known;
}

const NUMBER = /^[+-]?(?:inf|infinity|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;
const INTEGER = /^-?\d+$/;
const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i;

const fits = (value: bigint): boolean => BigInt.asIntN(64, value) === value;

/** The digits of a number, or of a text that may be one. */
function digits(value: unknown): string | null {
  if (value instanceof Digits) return value.digits;
  const has = typeof value === "number" || typeof value === "bigint" || typeof value === "string";
  return has ? String(value) : null;
}

/** A value as the type of its field; null where it has no such value. */
const CONVERTED: { readonly [T in FieldType]: (value: unknown) => Value } = {
  boolean(value) {
    if (value === "true") return true;
    if (value === "false" || value === "") return false;
    return typeof value === "boolean" ? value : null;
  },
  long: (value) => integer(digits(value) ?? ""),
  double(value) {
    const text = digits(value) ?? "";
    const number = NUMBER.test(text) ? Number(text) : NaN;
    return Number.isFinite(number) ? number : null;
  },
  date: (value) => instant(value, optional),
  slashes: (value) => instant(value, slashes),
  text: (value) => (typeof value === "boolean" ? String(value) : digits(value)),
};

/** An integer, without the fraction of a number that has one. */
function integer(text: string): bigint | null {
  const found = DECIMAL.exec(text);
  if (!found || !NUMBER.test(text)) return null;
  const [, sign, whole, fraction = "", exponent = "0"] = found;
  const all = `${whole}${fraction}`;
  const point = whole!.length + Number(exponent);
  // No integer of 64 bits has as many digits.
  if (point > 40) return /^0*$/.test(all) ? 0n : null;
  const kept = all.slice(0, Math.max(point, 0)).padEnd(Math.max(point, 0), "0");
  const value = BigInt(kept || "0") * (sign === "-" ? -1n : 1n);
  return fits(value) ? value : null;
}

function instant(value: unknown, read: (text: string) => bigint | null): bigint | null {
  if (value instanceof Date) return BigInt(value.getTime()) * 1000n;
  const text = digits(value);
  return text === null ? null : (read(text) ?? millis(text));
}

/** A field as JSON: the value as it was written, or all values at the path. */
function jsonAt(document: Source, path: string): string | null {
  const found: unknown[] = [];
  const throughList = collect(document, path, found);
  if (found.length === 0 || (!throughList && found[0] == null)) return null;
  return written(throughList ? found : found[0]);
}

/** Collects the values at a path, the longest key first; returns whether a list leads to them. */
function collect(value: unknown, path: string, found: unknown[]): boolean {
  const before = found.length;
  if (Array.isArray(value)) {
    for (const element of value) collect(element, path, found);
    return found.length > before;
  }
  if (!isObject(value)) return false;
  if (Object.hasOwn(value, path)) {
    found.push(value[path]);
    return false;
  }
  for (let dot = path.lastIndexOf("."); dot > 0; dot = path.lastIndexOf(".", dot - 1)) {
    const throughList = collect(value[path.slice(0, dot)], path.slice(dot + 1), found);
    if (found.length > before) return throughList;
  }
  return false;
}
