/** Fake documents, and their values as JSON. */

import { showTimestamp } from "./timestamp.mjs";

/** A number that is not an integer, even if it is whole: `new Float64(10)` is `10.0`. */
export class Float64 {
  constructor(value) {
    this.value = value;
  }
}

/** A number of a JSON text, as it was written there. */
class Digits {
  constructor(digits) {
    this.digits = digits;
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

const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[{}[\],:]/g;
/** The beginning of a text that nobody writes: it stands for a number. */
const NUMBER = "\0number ";

/**
 * The fields of a document from its JSON, whose numbers keep their digits: `1.10`, or integers that a
 * number cannot hold. A key that comes twice in an object is refused, as the host does.
 */
export function parseFields(text) {
  refuseDoubledKeys(text);
  const marked = text.replace(TOKENS, (token) =>
    /^[-\d]/.test(token) ? JSON.stringify(`${NUMBER}${token}`) : token,
  );
  return JSON.parse(marked, (_, value) => {
    const isNumber = typeof value === "string" && value.startsWith(NUMBER);
    return isNumber ? new Digits(value.slice(NUMBER.length)) : value;
  });
}

/** What is valid JSON otherwise, the parser finds out. */
function refuseDoubledKeys(text) {
  const open = [];
  let last = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") open.push(token === "{" ? new Set() : null);
    if (token === "}" || token === "]") open.pop();
    if (token === ":") {
      const key = JSON.parse(last);
      const keys = open.at(-1);
      if (keys?.has(key)) throw new SyntaxError(`duplicate key \`${key}\``);
      keys?.add(key);
    }
    last = token;
  }
}

/** Whether a value is an object with members. */
export function isObject(value) {
  const isSpecial = [Date, Digits, Float64].some((type) => value instanceof type);
  return typeof value === "object" && value !== null && !isSpecial && !Array.isArray(value);
}

/** The digits of a number, in the form in which the host writes it; null if the value is none. */
export function digitsOf(value) {
  if (value instanceof Digits) return value.digits;
  if (typeof value === "bigint") return value.toString();
  const isFloat = value instanceof Float64 || Object.is(value, -0);
  const number = value instanceof Float64 ? value.value : value;
  if (typeof number !== "number") return null;
  const text = Object.is(number, -0) ? "-0" : String(number);
  return isFloat && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** An argument as a signed integer of 64 bits; null if it is none. */
export function integer(value) {
  const isInteger = typeof value === "bigint" || Number.isInteger(value);
  return isInteger && BigInt.asIntN(64, BigInt(value)) === BigInt(value) ? BigInt(value) : null;
}

/** An argument as a number; null if it is none. */
export function number(value) {
  if (value instanceof Float64) return value.value;
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : null;
}

/** The JSON text of a value. */
export function toJson(value) {
  const digits = digitsOf(value);
  if (digits !== null) return /^-?[\d.eE+-]+$/.test(digits) ? digits : "null";
  if (value instanceof Date) return JSON.stringify(showTimestamp(value));
  if (Array.isArray(value)) return `[${value.map((element) => toJson(element ?? null)).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${toJson(member)}`).join()}}`;
}
