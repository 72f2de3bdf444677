/**
 * Whole columns: for authors, the values of a field in many documents, and the results of these.
 *
 * Authors get the columns of a batch as they are. Where there is no batch, a column is of the one
 * document that the host evaluates, so that one method serves both.
 */

import { results as host } from "#host";

import * as current from "./batch.js";
import type { ColumnRecord, ColumnValues } from "./batch.js";
import { float64s, hasBits, int32s } from "./bytes.js";
import { resultsOf } from "./results.js";
import { texts } from "./text.js";
import type { Json, Kind, Values } from "./values.js";

/** What the values of each kind are for many documents. */
export interface Vectors {
  /** 1 for true, 0 for false. */
  readonly boolean: Uint8Array;
  /** Whole numbers, exact up to `Number.MAX_SAFE_INTEGER`. */
  readonly int64: Float64Array;
  readonly float64: Float64Array;
  readonly text: readonly string[];
  readonly timestamp: Float64Array;
  readonly json: readonly Json[];
}

/** The values of a field in the documents of `batch`, one for each. Not to be written to. */
export interface Column<T, V> {
  /** The values; what is here for a document without a value has no meaning. */
  readonly values: V;
  /** For each document 1 if it has a value, else 0; `null` if all have one. */
  readonly validity: Uint8Array | null;
  /** The values, with a default for the documents without one. */
  filled(fallback: T): V;
}

/** One result for each document; a document whose `validity` is 0 has none. */
export type ColumnResults<K extends Kind> =
  Vectors[K] | { readonly values: Vectors[K]; readonly validity: Uint8Array | null };

/** A function that evaluates many documents in one call. */
export interface BatchFunction<K extends Kind> {
  /**
   * Evaluates a number of documents, whose values `WholeField.column` gives. If it throws, it is
   * called for each document alone, and those for which it throws again have failed.
   */
  readonly batch: (documents: number) => ColumnResults<K>;
}

type Vector = Uint8Array | Float64Array | unknown[];

interface Contents {
  readonly values: Vector;
  readonly validity: Uint8Array | null;
}

/** The column of a field. `ask` gives what the host has of one document. */
export function columnOf<K extends Kind>(
  kind: K,
  handle: number,
  ask: () => Values[K] | null | undefined,
): Column<Values[K], Vectors[K]> {
  const { range } = current;
  if (range === null) throw new Error("`column` can be called only by `batch`");
  const record = current.columns?.find(({ field }) => field === handle);
  const isHere = record !== undefined && record.values.tag !== "large";
  const { values, validity } = isHere ? given(kind, record, range) : asked(kind, ask, range);
  const filled = (fallback: Values[K]): Vector => {
    if (validity === null) return values;
    const all: { [index: number]: unknown } & Vector = values.slice();
    if (!validity.includes(1)) return all.fill(fallback as never);
    // Of an interpreter's loops, the one that the engine runs itself is the fastest.
    for (let row = validity.indexOf(0); row >= 0; row = validity.indexOf(0, row + 1)) {
      all[row] = fallback;
    }
    return all;
  };
  return { values, validity, filled } as unknown as Column<Values[K], Vectors[K]>;
}

/** The columns of a batch, as they were first read. */
const wholes = new WeakMap<ColumnRecord, Contents>();

/** Values that the host has handed over. */
function given(kind: Kind, record: ColumnRecord, { start, end }: current.Range): Contents {
  if (record.values.tag === "missing") {
    const length = end - start;
    return { values: vector(kind, length), validity: new Uint8Array(length) };
  }
  let whole = wholes.get(record);
  if (!whole) {
    const validity = record.validity ?? null;
    whole = { values: decoded(kind, record.values, validity), validity };
    wholes.set(record, whole);
  }
  const { values, validity } = whole;
  return {
    values: Array.isArray(values) ? values.slice(start, end) : values.subarray(start, end),
    validity: validity && validity.subarray(start, end),
  };
}

function decoded(kind: Kind, column: ColumnValues, validity: Uint8Array | null): Vector {
  if (column.tag === "texts") {
    const text = texts(column);
    const length = column.val.offsets.length / 4 - 1;
    if (kind === "text") return Array.from({ length }, (_, row) => text(row));
    const isValid = (row: number): boolean => validity === null || validity[row] === 1;
    return Array.from({ length }, (_, row) => (isValid(row) ? JSON.parse(text(row)) : null));
  }
  const bytes = current.numbers(column);
  if (kind === "boolean") return bytes;
  if (kind === "float64") return float64s(bytes);
  const halves = int32s(bytes);
  const integers = new Float64Array(halves.length / 2);
  for (let row = 0, low = 0; low < halves.length; row++, low += 2) {
    integers[row] = halves[low + 1]! * 2 ** 32 + (halves[low]! >>> 0);
  }
  return integers;
}

/** Values that the host has kept, and those of the one document outside of a batch. */
function asked(kind: Kind, ask: () => unknown, { start, end }: current.Range): Contents {
  const values: { [index: number]: unknown } & Vector = vector(kind, end - start);
  const validity = new Uint8Array(end - start);
  for (let at = start; at < end; at++) {
    if (current.columns !== null) current.enter(at);
    const value = ask();
    if (value == null) continue;
    values[at - start] = value;
    validity[at - start] = 1;
  }
  if (current.columns !== null) current.enter(start);
  return { values, validity };
}

/** Values for documents without one. */
function vector(kind: Kind, length: number): Vector {
  if (kind === "boolean") return new Uint8Array(length);
  if (kind === "text") return new Array<string>(length).fill("");
  if (kind === "json") return new Array<null>(length).fill(null);
  return new Float64Array(length);
}

/** Evaluates the rows of a batch. */
export function evaluateRows<K extends Kind>(
  kind: K,
  rows: number,
  evaluate: BatchFunction<K>["batch"],
): void {
  let contents: Contents;
  try {
    contents = checked(kind, rows, current.byColumns(0, rows, evaluate));
  } catch {
    return putEach(kind, rows, (at) => {
      current.enter(at);
      return evaluateOne(kind, evaluate, at);
    });
  }
  const { values, validity } = contents;
  if (!Array.isArray(values) && kind !== "int64" && kind !== "timestamp") {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return host.put(validity, bytes, null);
  }
  putEach(kind, rows, (at) => valueOf(kind, contents, at));
}

/** Gives the host the result of each row, or what computing it throws. */
function putEach(kind: Kind, rows: number, compute: (at: number) => unknown): void {
  const results = resultsOf(kind, rows);
  for (let at = 0; at < rows; at++) {
    try {
      results.set(at, compute(at));
    } catch (thrown) {
      results.fail(at, thrown);
    }
  }
  results.put();
}

/** Evaluates one document: that of a row of the batch, or the one outside of a batch. */
export function evaluateOne<K extends Kind>(
  kind: K,
  evaluate: BatchFunction<K>["batch"],
  at = 0,
): unknown {
  return valueOf(kind, checked(kind, 1, current.byColumns(at, at + 1, evaluate)), 0);
}

/** The results that `batch` returned, if they are of the kind and there is one for each document. */
function checked(kind: Kind, documents: number, returned: unknown): Contents {
  const isBare = ArrayBuffer.isView(returned) || Array.isArray(returned);
  const results = isBare ? { values: returned } : returned;
  const { values, validity = null } = (results ?? {}) as Partial<Contents>;
  const expected =
    kind === "boolean" ? Uint8Array : kind === "text" || kind === "json" ? Array : Float64Array;
  if (!(values instanceof expected)) {
    throw new TypeError(`\`batch\` must return the values of kind ${kind} in ${expected.name}`);
  }
  if (validity !== null && !(validity instanceof Uint8Array)) {
    throw new TypeError("`batch` must return the validity in Uint8Array");
  }
  for (const { length } of [values, validity ?? values]) {
    if (length === documents) continue;
    throw new TypeError(`\`batch\` returned ${length} results for ${documents} documents`);
  }
  if (values instanceof Uint8Array && hasBits(values, 0xfe)) {
    throw new TypeError("`batch` returned a value of kind boolean that is neither 0 nor 1");
  }
  if (validity !== null && hasBits(validity, 0xfe)) {
    throw new TypeError("`batch` returned a validity that is neither 0 nor 1");
  }
  return { values, validity };
}

function valueOf(kind: Kind, { values, validity }: Contents, index: number): unknown {
  if (validity !== null && validity[index] !== 1) return null;
  return kind === "boolean" ? values[index] === 1 : values[index];
}
