/**
 * Documents as a function reads them: what a data node does.
 *
 * An index has one type for each field, and a function reads values of that type. A field's type is
 * the one that an index would take from the documents that are given together: integers make a field
 * of integers, texts that are all dates a field of dates. `docs/VECTORS.md` in Whittle's repository
 * has the rules; a test there compares what is read here with what the host reads.
 */

import { digitsOf, isObject, toJson } from "./document.mjs";
import { parseDate, parseMillis, parseSlashes, parseTimestamp } from "./timestamp.mjs";

const READ_AS = {
  boolean: ["boolean"],
  long: ["int64", "float64"],
  double: ["float64"],
  date: ["timestamp"],
  slashes: ["timestamp"],
  text: ["text", "timestamp"],
};

/**
 * Reads fields of documents that are given together. What it returns takes a document's fields, a path
 * and a kind, and returns a boolean, a bigint for int64 and timestamp, a number, a string for text and
 * json, or null.
 */
export function together(documents) {
  const types = new Map();
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
      const isLong = isKeyword && converted?.length > LONGEST_KEYWORD;
      if (converted !== null && !isLong) return as(kind, converted);
    }
    return null;
  };
}

/** Reads a field that no index has a type for: its first value, if that is of the kind. */
export function unmapped(document, path, kind) {
  if (kind === "json") return jsonAt(document, path);
  const found = { values: [], throughList: false };
  collect(found, document, path);
  const first = found.values.flat(Infinity).find((value) => value !== null && value !== undefined);
  if (isObject(first)) return null;
  const type = typeof first === "string" ? "text" : typeOf(first);
  if (type === null || !READ_AS[type].includes(kind)) return null;
  const value = CONVERTED[type](first);
  return value === null ? null : as(kind, value);
}

/** How many units of UTF-16 the sub-field that a field of texts has takes in. */
const LONGEST_KEYWORD = 256;

/** Refuses a document that no index takes, because of a key. */
function checkKeys(value) {
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
function hasRoom(types, path) {
  if (types.has(path)) return true;
  const others = [...types.keys()];
  return !others.some((known) => known.startsWith(`${path}.`) || path.startsWith(`${known}.`));
}

/** A value of a field as the kind that it is read as. */
function as(kind, value) {
  if (kind === "float64") return Number(value);
  return kind === "timestamp" && typeof value === "string" ? parseTimestamp(value) : value;
}

/**
 * The values of a document that are not objects or lists, with the path of each. Branches that do not
 * lead to the wanted path are passed over; all lead to an empty one.
 */
function* scalars(value, wanted, path) {
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

const NUMBER = /^[+-]?(?:inf|infinity|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;
const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i;

const fits = (value) => BigInt.asIntN(64, value) === value;

/** The type of field that a value makes; null if it makes none. */
function typeOf(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return "boolean";
  if (value instanceof Date) return "date";
  if (typeof value === "string") {
    if (NUMBER.test(value)) return "text";
    if (parseDate(value) !== null) return "date";
    return parseSlashes(value) === null ? "text" : "slashes";
  }
  const digits = digitsOf(value);
  if (digits === null) throw new TypeError(`a document cannot have a ${typeof value}`);
  if (!/\d/.test(digits)) {
    throw new TypeError(`a document cannot have ${digits}: JSON does not have it`);
  }
  return /^-?\d+$/.test(digits) && fits(BigInt(digits)) ? "long" : "double";
}

/** The type of a field that has values of both types. */
function widest(known, shown) {
  if (known === "long" && shown === "double") return "double";
  const isDate = (type) => type === "date" || type === "slashes";
  return isDate(known) && known !== shown && (isDate(shown) || shown === "text") ? "text" : known;
}

/** The digits of a number, or of a text that may be one. */
const written = (value) => (typeof value === "string" ? value : digitsOf(value));

/** A value as the type of its field; null where it has no such value. */
const CONVERTED = {
  boolean(value) {
    if (value === "true") return true;
    if (value === "false" || value === "") return false;
    return typeof value === "boolean" ? value : null;
  },
  long: (value) => whole(written(value) ?? ""),
  double(value) {
    const text = written(value) ?? "";
    const number = NUMBER.test(text) ? Number(text) : NaN;
    return Number.isFinite(number) ? number : null;
  },
  date: (value) => instant(value, parseDate),
  slashes: (value) => instant(value, parseSlashes),
  text: (value) => (typeof value === "boolean" ? String(value) : written(value)),
};

/** An integer, without the fraction of a number that has one. */
function whole(text) {
  const found = DECIMAL.exec(text);
  if (!found || !NUMBER.test(text)) return null;
  const [, sign, before, fraction = "", exponent = "0"] = found;
  const all = `${before}${fraction}`;
  const point = before.length + Number(exponent);
  // No integer of 64 bits has as many digits.
  if (point > 40) return /^0*$/.test(all) ? 0n : null;
  const kept = all.slice(0, Math.max(point, 0)).padEnd(Math.max(point, 0), "0");
  const value = BigInt(kept || "0") * (sign === "-" ? -1n : 1n);
  return fits(value) ? value : null;
}

function instant(value, read) {
  if (value instanceof Date) return parseTimestamp(value);
  const text = written(value);
  return text === null ? null : (read(text) ?? parseMillis(text));
}

/** A field as JSON: the value as it was written, or all values at the path. */
function jsonAt(document, path) {
  const found = { values: [], throughList: false };
  collect(found, document, path);
  if (found.throughList) return toJson(found.values);
  const value = found.values[0] ?? null;
  return value === null ? null : toJson(value);
}

/** Collects the values at a path, the longest name first; of lists those of each element. */
function collect(found, value, path) {
  if (Array.isArray(value)) {
    const before = found.values.length;
    for (const element of value) collect(found, element, path);
    const any = found.values.length > before;
    found.throughList ||= any;
    return any;
  }
  if (!isObject(value)) return false;
  if (Object.hasOwn(value, path)) {
    found.values.push(value[path]);
    return true;
  }
  for (let dot = path.lastIndexOf("."); dot > 0; dot = path.lastIndexOf(".", dot - 1)) {
    const name = path.slice(0, dot);
    if (Object.hasOwn(value, name) && collect(found, value[name], path.slice(dot + 1))) return true;
  }
  return false;
}
