// Whole batches: the scores that the host has handed over, the loop over the rows, the results.

import * as bindings from "./bindings";
import { Kind } from "./bindings";
import * as column from "./column";
import { Column } from "./column";
import { collect } from "./memory";
import * as outcome from "./outcome";
import { Outcome } from "./outcome";
import { Udf } from "./udf";

let inBatch: bool = false;
/** The scores of the batch, eight bytes each; zero if all are 1. */
let scores: usize = 0;

/** The current document's score. */
export function score(): f64 {
  if (!inBatch) return bindings.documentScore();
  return scores == 0 ? 1 : Column.scoreAt(scores);
}

/** The validity of the results; zero as long as all rows have a value. */
let validity: usize = 0;

/** Evaluates a function for the rows of a batch. */
export function evaluate(
  udf: Udf,
  rows: u32,
  list: usize,
  length: i32,
  hasScores: bool,
  scoresAt: usize,
  scoresLength: u32,
): void {
  column.open(rows, list, length);
  scores = hasScores ? scoresAt : 0;
  inBatch = true;
  if (udf.returns == Kind.Text || udf.returns == Kind.Json) {
    texts(udf, rows);
  } else {
    numbers(udf, rows, udf.returns == Kind.Boolean);
  }
  inBatch = false;
  scores = 0;
  column.close();
  column.free(list, length);
  if (hasScores && scoresLength != 0) heap.free(scoresAt);
}

/** A row has no value: it is null, or the document's error. */
function none(at: u32, index: u32, rows: u32): void {
  if (validity == 0) {
    validity = heap.alloc(rows);
    memory.fill(validity, 1, rows);
  }
  store<u8>(validity + index, 0);
  if (outcome.outcome == Outcome.Null) return;
  outcome.mend();
  const message = outcome.message;
  const variant = outcome.outcome == Outcome.Failed;
  bindings.fail(at, i32(variant), changetype<usize>(message), message.length);
}

function numbers(udf: Udf, rows: u32, areFlags: bool): void {
  const size = areFlags ? <usize>rows : (<usize>rows) << 3;
  const values = heap.alloc(size);
  let at: u32 = 0;
  while (at < rows) {
    collect();
    outcome.begin();
    at = udf.run(at, rows, values);
    if (outcome.outcome == Outcome.Value) continue;
    if (areFlags) {
      store<u8>(values + at, 0);
    } else {
      store<u64>(values + ((<usize>at) << 3), 0);
    }
    none(at, at, rows);
    at++;
  }
  put(rows, values, size, 0);
  heap.free(values);
}

/** Texts of so many bytes are given to the host before the batch is over. */
const TEXT_BYTES: usize = 1 << 16;

function texts(udf: Udf, rows: u32): void {
  let capacity: usize = 1024;
  let bytes = heap.alloc(capacity);
  const offsets = heap.alloc((<usize>rows + 1) << 2);
  store<u32>(offsets, 0);
  let end: usize = 0;
  let index: u32 = 0;
  for (let at: u32 = 0; at < rows; at++) {
    collect();
    outcome.begin();
    if (udf.run(at, at + 1, 0) > at) {
      const text = udf.text;
      const size = <usize>String.UTF8.byteLength(text);
      if (end + size > capacity) {
        capacity = max(capacity << 1, end + size);
        bytes = heap.realloc(bytes, capacity);
      }
      if (size > 0) {
        String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, bytes + end);
      }
      end += size;
    } else {
      none(at, index, rows);
    }
    index++;
    store<u32>(offsets + ((<usize>index) << 2), u32(end));
    if (end >= TEXT_BYTES || at + 1 == rows) {
      put(index, bytes, end, offsets);
      index = 0;
      end = 0;
    }
  }
  heap.free(bytes);
  heap.free(offsets);
}

/** Gives results to the host: of texts, if there are offsets. */
function put(rows: u32, values: usize, size: usize, offsets: usize): void {
  bindings.put(
    i32(validity != 0),
    validity,
    rows,
    values,
    u32(size),
    i32(offsets != 0),
    offsets,
    offsets == 0 ? 0 : (rows + 1) << 2,
  );
  if (validity != 0) heap.free(validity);
  validity = 0;
}
