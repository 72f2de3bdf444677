/** Fields of the documents, resolved once and read for each document. */

import { document } from "#host";

import { numbers, onBatch, row } from "./batch.js";
import { float64s, int32s } from "./bytes.js";
import { type Column, columnOf, type Vectors } from "./columns.js";
import { fromHost, IS_STARLINGMONKEY } from "./engine.js";
import { texts } from "./text.js";
import type { Json, Kind, Timestamp, Values } from "./values.js";

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

/** A field whose values in many documents can be read at once, as a `V`. */
export interface WholeField<T, V> extends Field<T> {
  /** The values in the documents that `batch` is called for. */
  column(): Column<T, V>;
}

/** The fields of each kind. */
export interface Fields {
  readonly boolean: WholeField<boolean, Vectors["boolean"]>;
  readonly int64: WholeField<number, Vectors["int64"]>;
  readonly float64: WholeField<number, Vectors["float64"]>;
  readonly text: WholeField<string, Vectors["text"]>;
  readonly timestamp: WholeField<Timestamp, Vectors["timestamp"]>;
  /** The value is parsed at each read. */
  readonly json: WholeField<Json, Vectors["json"]>;
}

/**
 * Resolves a field whose path is not a parameter: `resolve("title", "text")`. In `prepare` only, since
 * to resolve one later ends the query.
 */
export function resolve<K extends Kind>(path: string, kind: K): Fields[K] {
  return READERS[kind](document.resolve(path, kind));
}

// Objects of closures over the column, not of a class: to read a property of `this` for each
// document costs about as much as the read itself. `validity` and then `values` are null if all
// documents have a value, and if the host has the values: outside of a batch, and large texts.

/** In place of a column in which every row has a value. */
const NONE = new Float64Array(0);

function float64(handle: number): Fields["float64"] {
  let values: Float64Array | null = null;
  let validity: Uint8Array | null = null;
  let dense: Float64Array = NONE;
  onBatch(handle, (column, flags) => {
    values = column && float64s(numbers(column));
    validity = flags;
    dense = values !== null && flags === null ? values : NONE;
    field.or = dense === NONE ? or : orDense;
  });
  function or(fallback: number): number {
    if (validity !== null && validity[row] !== 1) return fallback;
    return values !== null ? values[row]! : document.float64Or(handle, fallback);
  }
  /** The same, with a look at one variable instead of three where every row has a value. */
  function orDense(fallback: number): number {
    return dense[row] ?? or(fallback);
  }
  const field = {
    has() {
      if (validity !== null) return validity[row] === 1;
      return values !== null || document.has(handle);
    },
    get() {
      if (validity !== null && validity[row] !== 1) return null;
      return values !== null ? values[row]! : (document.getFloat64(handle) ?? null);
    },
    or,
    column: () => columnOf("float64", handle, () => document.getFloat64(handle)),
  };
  return field;
}

function boolean(handle: number): Fields["boolean"] {
  let values: Uint8Array | null = null;
  let validity: Uint8Array | null = null;
  onBatch(handle, (column, flags) => {
    values = column && numbers(column);
    validity = flags;
  });
  return {
    has() {
      if (validity !== null) return validity[row] === 1;
      return values !== null || document.has(handle);
    },
    get() {
      if (validity !== null && validity[row] !== 1) return null;
      return values !== null ? values[row] === 1 : (document.getBoolean(handle) ?? null);
    },
    or(fallback) {
      if (validity !== null && validity[row] !== 1) return fallback;
      return values !== null ? values[row] === 1 : document.booleanOr(handle, fallback);
    },
    column: () => columnOf("boolean", handle, () => document.getBoolean(handle)),
  };
}

/** StarlingMonkey's bindings trap in the two getters that take an integer of 64 bits. */
const HAS_INTEGER_OR = !IS_STARLINGMONKEY;

function integer<K extends "int64" | "timestamp">(
  kind: K,
  handle: number,
  get: (handle: number) => number | bigint | null | undefined,
  or: (handle: number, fallback: number) => number | bigint,
): WholeField<number, Float64Array> {
  /** Two halves of each, the low one first. */
  let halves: Int32Array | null = null;
  let validity: Uint8Array | null = null;
  onBatch(handle, (column, flags) => {
    halves = column && int32s(numbers(column));
    validity = flags;
  });
  const outside = (): number | null => {
    const value = get(handle);
    return value == null ? null : fromHost(value);
  };
  return {
    has() {
      if (validity !== null) return validity[row] === 1;
      return halves !== null || document.has(handle);
    },
    get() {
      if (validity !== null && validity[row] !== 1) return null;
      if (halves === null) return outside();
      return halves[2 * row + 1]! * 2 ** 32 + (halves[2 * row]! >>> 0);
    },
    or(fallback) {
      if (validity !== null && validity[row] !== 1) return fallback;
      if (halves !== null) return halves[2 * row + 1]! * 2 ** 32 + (halves[2 * row]! >>> 0);
      return HAS_INTEGER_OR ? (or(handle, fallback) as number) : (outside() ?? fallback);
    },
    column: () => columnOf(kind, handle, outside),
  };
}

function textual<K extends "text" | "json">(
  kind: K,
  handle: number,
  get: (handle: number) => string | null | undefined,
  value: (text: string) => Values[K],
): WholeField<Values[K], Vectors[K]> {
  let read: ((row: number) => string) | null = null;
  let validity: Uint8Array | null = null;
  onBatch(handle, (column, flags) => {
    read = column && texts(column);
    validity = flags;
  });
  const outside = (): Values[K] | null => {
    const text = get(handle);
    return text == null ? null : value(text);
  };
  const found = (): Values[K] | null => {
    if (validity !== null && validity[row] !== 1) return null;
    return read !== null ? value(read(row)) : outside();
  };
  return {
    has() {
      if (validity !== null) return validity[row] === 1;
      return read !== null || document.has(handle);
    },
    get: found,
    or: (fallback) => found() ?? fallback,
    column: () => columnOf(kind, handle, outside),
  };
}

const READERS: { readonly [K in Kind]: (handle: number) => Fields[K] } = {
  boolean,
  int64: (handle) => integer("int64", handle, document.getInt64, document.int64Or),
  float64,
  text: (handle) => textual("text", handle, document.getText, (text) => text),
  timestamp: (handle) => integer("timestamp", handle, document.getTimestamp, document.timestampOr),
  json: (handle) => textual("json", handle, document.getJson, (text) => JSON.parse(text) as Json),
};
