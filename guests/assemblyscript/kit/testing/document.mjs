/** Fake documents, read as the host reads documents. */

import { parseTimestamp, showTimestamp } from "./timestamp.mjs";

/** A number that is not an integer, even if it is whole: `new Float64(10)` is `10.0`. */
export class Float64 {
  constructor(value) {
    this.value = value;
  }
}

/** A document with an id or a score: without them its position, and 1. */
export class Document {
  constructor(fields, { id, score = 1 } = {}) {
    this.fields = fields;
    this.id = id;
    this.score = score;
  }
}

/**
 * The value of a field, read as a kind: a boolean, a bigint for int64 and timestamp, a number, or a
 * string for text and json. Null if it has none.
 */
export function read(fields, path, kind) {
  const found = { values: [], throughList: false };
  collect(found, fields, path);
  if (kind === "json") return json(found);
  for (const value of found.values) {
    const first = firstOf(value);
    if (first !== null) return as(first, kind);
  }
  return null;
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

function isObject(value) {
  const isSpecial = value instanceof Date || value instanceof Float64;
  return typeof value === "object" && value !== null && !isSpecial;
}

/** The first value that is not null, in lists too. */
function firstOf(value) {
  if (!Array.isArray(value)) return value ?? null;
  for (const element of value) {
    const first = firstOf(element);
    if (first !== null) return first;
  }
  return null;
}

function as(value, kind) {
  switch (kind) {
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "int64":
      return integer(value);
    case "float64":
      return number(value);
    case "text":
      return typeof value === "string" ? value : null;
    default:
      return typeof value === "string" || value instanceof Date ? parseTimestamp(value) : null;
  }
}

/** A value as a signed integer of 64 bits; null if it is none. */
export function integer(value) {
  const isInteger = typeof value === "bigint" || Number.isInteger(value);
  return isInteger && BigInt.asIntN(64, BigInt(value)) === BigInt(value) ? BigInt(value) : null;
}

/** A value as a number; null if it is none. */
export function number(value) {
  if (value instanceof Float64) return value.value;
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : null;
}

function json({ values, throughList }) {
  if (throughList) return toJson(values);
  const value = values[0] ?? null;
  return value === null ? null : toJson(value);
}

/** The JSON text of a value. */
export function toJson(value) {
  if (typeof value === "bigint") return value.toString();
  if (Object.is(value, -0)) return "-0.0";
  if (value instanceof Date) return JSON.stringify(showTimestamp(value));
  if (value instanceof Float64) {
    const text = JSON.stringify(value.value);
    return /^-?\d+$/.test(text) ? `${text}.0` : text;
  }
  if (Array.isArray(value)) return `[${value.map((element) => toJson(element ?? null)).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${toJson(member)}`).join()}}`;
}
