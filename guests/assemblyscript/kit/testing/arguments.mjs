/** A query's arguments, checked against a function's parameters as the host does it, in its words. */

import { integer, number, toJson } from "./document.mjs";
import { parseTimestamp } from "./timestamp.mjs";

/** The arguments that a function gets, in the order of its parameters: each with name, kind, value. */
export function checked(declared, given) {
  for (const name of Object.keys(given)) {
    if (!declared.some((parameter) => parameter.name === name)) {
      const known = declared.map((parameter) => parameter.name);
      throw new Error(`unknown parameter \`${name}\`: ${didYouMean(name, known)}`);
    }
  }
  const found = [];
  for (const { name, kind, description, presence, otherwise } of declared) {
    const value = ofKind(name, kind, given[name]) ?? otherwise;
    if (value !== null) {
      found.push({ name, kind, value });
    } else if (presence === "required") {
      throw new Error(`missing parameter \`${name}\` (${kind}): ${description}`);
    }
  }
  return found;
}

function ofKind(name, kind, value) {
  if (value === undefined) return null;
  if (kind === "json") return toJson(value);
  if (value === null) return null;
  const converted = convert(kind, value);
  if (converted !== null) return converted;
  throw new Error(`parameter \`${name}\` is ${kind}, but ${shown(value)} was given`);
}

function convert(kind, value) {
  switch (kind) {
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "int64":
      return integer(value);
    case "float64":
      return number(value);
    case "text":
      return typeof value === "string" ? value : null;
    default: {
      const isInstant = typeof value === "string" || value instanceof Date;
      return isInstant ? parseTimestamp(value) : integer(value);
    }
  }
}

function shown(value) {
  if (value instanceof Date) return "timestamp";
  const json = toJson(value);
  const what = { '"': "the string ", "[": "the list ", "{": "the object " }[json[0]] ?? "";
  return `${what}${json.length > 60 ? `${json.slice(0, 60)}...` : json}`;
}

/** The known names that are most similar to a wrong one, or all of them if none is. */
function didYouMean(wrong, known) {
  const quoted = (names) => names.map((name) => `\`${name}\``).join(", ");
  const near = known
    .map((name) => ({ name, distance: edits(wrong, name) }))
    .filter(({ name, distance }) => distance <= Math.max(name.length, wrong.length) / 3)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  if (near.length > 0) return `did you mean ${quoted(near.map(({ name }) => name))}?`;
  if (known.length === 0) return "there are none";
  return `expected ${known.length === 1 ? "" : "one of "}${quoted(known)}`;
}

/** The Levenshtein distance. */
function edits(left, right) {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 0; i < left.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < right.length; j++) {
      const substituted = row[j] + Number(left[i] !== right[j]);
      next.push(Math.min(substituted, next[j] + 1, row[j + 1] + 1));
    }
    row = next;
  }
  return row[right.length];
}
