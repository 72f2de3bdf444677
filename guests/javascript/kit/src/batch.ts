/**
 * Batches: the columns that the host has handed over, the row that is evaluated, and the loop.
 *
 * The host gives columns as bytes, in copies that the component owns. Besides the author's function,
 * a row costs one store: of its number, where the host reads it.
 */

import { results as host } from "#host";

import { float64s } from "./bytes.js";
import { resultsOf } from "./results.js";
import type { Kind } from "./values.js";

/** A column, as the contract has it. */
export interface ColumnRecord {
  readonly field: number;
  readonly validity: Uint8Array | null | undefined;
  readonly values: ColumnValues;
}

/** The values of a column, as the contract has them. */
export type ColumnValues =
  | { readonly tag: "missing" }
  | { readonly tag: "numbers"; readonly val: Uint8Array }
  | { readonly tag: "texts"; readonly val: TextRecord }
  | { readonly tag: "large" };

/** The texts of a column, as the contract has them. */
export interface TextRecord {
  readonly offsets: Uint8Array;
  readonly bytes: Uint8Array;
}

/** The current row of the batch. */
export let row = 0;

/** The columns of the batch; null outside of one. */
export let columns: readonly ColumnRecord[] | null = null;

/** The scores of the batch's documents; null if all are 1. */
export let scores: Float64Array | null = null;

/** Rows of the batch. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The rows that an author's `batch` evaluates; null outside of it. */
export let range: Range | null = null;

/**
 * The current row, where the host looks for it. JavaScript knows no addresses, so `whittle build`
 * finds this array by its content in the memory of the built component, where it stays. It has
 * `watch` pass the array's address, and writes `PINNED` into its second number.
 */
const watched = new Uint32Array([0x8f3a61d5, 0xc4927e1b, 0x5db8f063, 0xa1e62c97]);
const PINNED = 0x50494e21;

/** Whether the host reads the row from `watched`. Otherwise `at` is called for each row. */
let isPinned = false;

/** Tells the host where the current row is. Call it in `bind`. */
export function watch(): void {
  isPinned = watched[1] === PINNED;
  watched[0] = 0;
  if (isPinned) host.watch(watched);
}

/** Goes to a row of the batch. */
export function enter(at: number): void {
  row = watched[0] = at;
  if (!isPinned) host.at(at);
}

/** Gives a field the column that it reads; null if the host has the values. */
type Opener = (values: ColumnValues | null, validity: Uint8Array | null) => void;

/** By the handle of the field. */
const openers: Opener[][] = [];

/** Calls a function with the column of a field when a batch begins, and with `null` at its end. */
export function onBatch(handle: number, opener: Opener): void {
  (openers[handle] ??= []).push(opener);
}

function open(handle: number, values: ColumnValues | null, validity: Uint8Array | null): void {
  openers[handle]?.forEach((opener) => opener(values, validity));
}

/** Evaluates a batch. */
export function inside(
  given: readonly ColumnRecord[],
  scoreBytes: Uint8Array | null | undefined,
  evaluate: () => void,
): void {
  columns = given;
  scores = scoreBytes ? float64s(scoreBytes) : null;
  enter(0);
  evaluate();
  columns = null;
  scores = null;
}

/** Evaluates the rows of a batch with a function for one document. */
export function byDocument(kind: Kind, rows: number, compute: () => unknown): void {
  for (const { field, values, validity } of columns ?? []) {
    if (values.tag === "missing") open(field, values, new Uint8Array(rows));
    else if (values.tag !== "large") open(field, values, validity ?? null);
  }
  // Booleans and floats need no further check.
  const plain = kind === "float64" ? "number" : kind === "boolean" ? kind : "";
  const results = resultsOf(kind, rows);
  const { values } = results;
  let at = 0;
  // Documents seldom throw, so the loop is entered anew after each that did.
  while (at < rows) {
    try {
      for (; at < rows; at++) {
        // As `enter`, without a call for each row: an interpreter does not inline it.
        row = watched[0] = at;
        if (!isPinned) host.at(at);
        const value = compute();
        if (typeof value === plain) values[at] = value as number;
        else results.set(at, value);
      }
    } catch (thrown) {
      results.fail(at++, thrown);
    }
  }
  results.put();
  openers.forEach((_, handle) => open(handle, null, null));
}

/** In place of validity: fields have no value for one document while many are evaluated. */
const unreadable = new Proxy(new Uint8Array(0), {
  get() {
    throw new Error("`batch` evaluates many documents: read fields with `column`");
  },
});

/** Calls an author's `batch` for some rows of the batch, or for the one document without one. */
export function byColumns<T>(start: number, end: number, evaluate: (documents: number) => T): T {
  range = { start, end };
  openers.forEach((_, handle) => open(handle, { tag: "missing" }, unreadable));
  try {
    return evaluate(end - start);
  } finally {
    range = null;
    openers.forEach((_, handle) => open(handle, null, null));
  }
}

/** The bytes of a column of numbers. */
export function numbers(column: ColumnValues): Uint8Array {
  return column.tag === "numbers" ? column.val : new Uint8Array(0);
}
