/** Fields of the documents, resolved once and read for each document. */

import * as document from "whittle:udf/document@0.1.0";

import { fromHost } from "./engine.js";
import type { Json, Kind, Timestamp } from "./values.js";

/**
 * A field of the documents, to be read as values of type `T`. A document that has no such field, or
 * one of another kind, gives `null`.
 */
export interface Field<T> {
  /** Whether the document has a value. */
  has(): boolean;
  /** The value. */
  get(): T | null;
  /** The value, or a default: faster than `get` for a boolean, a number and a timestamp. */
  or(fallback: T): T;
}

/** The fields of each kind. */
export interface Fields {
  readonly boolean: Field<boolean>;
  readonly int64: Field<number>;
  readonly float64: Field<number>;
  readonly text: Field<string>;
  readonly timestamp: Field<Timestamp>;
  /** The value is parsed at each read. */
  readonly json: Field<Json>;
}

/**
 * Resolves a field whose path is not a parameter: `resolve("title", "text")`. In `prepare` only, since
 * to resolve one later ends the query.
 */
export function resolve<K extends Kind>(path: string, kind: K): Fields[K] {
  return READERS[kind](document.resolve(path, kind));
}

/** StarlingMonkey's bindings trap in the two getters that take an integer of 64 bits. */
const HAS_INTEGER_OR = WHITTLE_ENGINE !== "starlingmonkey";

// Objects of closures over the handle, not of a class: to read a property of `this` for each
// document costs about as much as the read itself.
const READERS: { readonly [K in Kind]: (handle: number) => Fields[K] } = {
  boolean: (handle) => ({
    has: () => document.has(handle),
    get: () => document.getBoolean(handle) ?? null,
    or: (fallback) => document.booleanOr(handle, fallback),
  }),
  int64: (handle) => ({
    has: () => document.has(handle),
    get: () => number(document.getInt64(handle)),
    or: (fallback) =>
      HAS_INTEGER_OR
        ? (document.int64Or(handle, fallback) as number)
        : (number(document.getInt64(handle)) ?? fallback),
  }),
  float64: (handle) => ({
    has: () => document.has(handle),
    get: () => document.getFloat64(handle) ?? null,
    or: (fallback) => document.float64Or(handle, fallback),
  }),
  text: (handle) => ({
    has: () => document.has(handle),
    get: () => document.getText(handle) ?? null,
    or: (fallback) => document.getText(handle) ?? fallback,
  }),
  timestamp: (handle) => ({
    has: () => document.has(handle),
    get: () => number(document.getTimestamp(handle)),
    or: (fallback) =>
      HAS_INTEGER_OR
        ? (document.timestampOr(handle, fallback) as number)
        : (number(document.getTimestamp(handle)) ?? fallback),
  }),
  json: (handle) => ({
    has: () => document.has(handle),
    get: () => json(document.getJson(handle)) ?? null,
    or: (fallback) => json(document.getJson(handle)) ?? fallback,
  }),
};

function number(value: number | bigint | null | undefined): number | null {
  return value == null ? null : fromHost(value);
}

function json(text: string | null | undefined): Json {
  return text == null ? null : (JSON.parse(text) as Json);
}
