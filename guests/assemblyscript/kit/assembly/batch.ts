// Whole batches: the columns that the host has handed over, the loop over the rows, the results.
//
// A column is 16 bytes at a fixed place, which a field knows: addresses of the values (or of the
// texts' bytes), of the validity and of the texts' offsets, and whether no row has a value. The
// first is zero outside of a batch, and where the host has kept the values.

import * as bindings from "./bindings";
import { Kind } from "./bindings";
import * as outcome from "./outcome";
import { Outcome } from "./outcome";
import { Udf } from "./udf";

const SIZE: usize = 16;
const VALIDITY: usize = 4;
const OFFSETS: usize = 8;
const MISSING: usize = 12;

/** The column of a field that was not resolved. */
export const UNRESOLVED: usize = memory.data(16, 8);

/** The current row. */
let row: usize = 0;

/** The current row, where the host looks for it. */
const WATCHED: usize = memory.data(4, 4);

let inBatch: bool = false;
/** The scores of the batch, eight bytes each; zero if all are 1. */
let scores: usize = 0;

const handles: u32[] = [];
const columns: usize[] = [];

/** Tells the host where it finds the current row. Call it in `bind`. */
export function watch(): void {
  bindings.watch(WATCHED, 1);
}

/** The column of a field that was resolved. */
export function columnOf(handle: u32): usize {
  const known = handles.indexOf(handle);
  if (known >= 0) return columns[known];
  const column = heap.alloc(SIZE);
  memory.fill(column, 0, SIZE);
  handles.push(handle);
  columns.push(column);
  return column;
}

/** How a column is read. These are methods because only they can be inlined by a decorator. */
export abstract class Column {
  /** The address of a column's values, or of its texts' bytes; zero if they are not here. */
  @inline
  static valuesOf(column: usize): usize {
    return load<usize>(column);
  }

  /** Whether no row has a value. Then the values are not here. */
  @inline
  static isMissing(column: usize): bool {
    return load<u8>(column, MISSING) != 0;
  }

  /** Whether the current row of a column has a value. */
  @inline
  static isValid(column: usize): bool {
    const validity = load<usize>(column, VALIDITY);
    return validity == 0 || load<u8>(validity + row) != 0;
  }

  /** The current row's value of a column of booleans. */
  @inline
  static flagAt(values: usize): bool {
    return load<u8>(values + row) != 0;
  }

  /** The current row's value of a column of numbers. */
  @inline
  static numberAt<T>(values: usize): T {
    return load<T>(values + (row << 3));
  }

  /** Where the current row's text begins. */
  @inline
  static textAt(column: usize): usize {
    return load<usize>(column) + load<u32>(load<usize>(column, OFFSETS) + (row << 2));
  }

  /** The bytes of the current row's text. */
  @inline
  static textLength(column: usize): u32 {
    const at = load<usize>(column, OFFSETS) + (row << 2);
    return load<u32>(at, 4) - load<u32>(at);
  }
}

/** The current document's score. */
export function score(): f64 {
  if (!inBatch) return bindings.documentScore();
  return scores == 0 ? 1 : load<f64>(scores + (row << 3));
}

/** The record `column` of the contract, and where its parts are. */
const RECORD: usize = 36;
const enum Values {
  Missing = 0,
  Numbers = 1,
  Texts = 2,
}

function open(list: usize, length: i32): void {
  for (let index = 0; index < length; index++) {
    const record = list + <usize>index * RECORD;
    const known = handles.indexOf(load<u32>(record));
    if (known < 0) continue;
    const column = columns[known];
    const tag = load<u8>(record, 16);
    let values: usize = 0;
    let offsets: usize = 0;
    if (tag == Values.Numbers) {
      values = load<usize>(record, 20);
    } else if (tag == Values.Texts) {
      offsets = load<usize>(record, 20);
      values = load<usize>(record, 28);
    }
    store<usize>(column, values);
    store<usize>(column, load<u8>(record, 4) == 0 ? 0 : load<usize>(record, 8), VALIDITY);
    store<usize>(column, offsets, OFFSETS);
    store<u8>(column, u8(tag == Values.Missing), MISSING);
  }
}

function close(list: usize, length: i32): void {
  for (let index = 0; index < columns.length; index++) {
    memory.fill(columns[index], 0, SIZE);
  }
  for (let index = 0; index < length; index++) {
    const record = list + <usize>index * RECORD;
    if (load<u8>(record, 4) != 0) free(record + 8);
    const tag = load<u8>(record, 16);
    if (tag == Values.Numbers || tag == Values.Texts) free(record + 20);
    if (tag == Values.Texts) free(record + 28);
  }
  if (length > 0) heap.free(list);
}

/** Frees a list of bytes, of which an address and a length are at a place. */
function free(at: usize): void {
  if (load<u32>(at, 4) != 0) heap.free(load<usize>(at));
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
  open(list, length);
  scores = hasScores ? scoresAt : 0;
  inBatch = true;
  if (udf.returns == Kind.Text || udf.returns == Kind.Json) {
    texts(udf, rows);
  } else {
    numbers(udf, rows, udf.returns == Kind.Boolean);
  }
  inBatch = false;
  scores = 0;
  close(list, length);
  if (hasScores && scoresLength != 0) heap.free(scoresAt);
}

/** A row of the batch. */
abstract class Row {
  /** Evaluates the function for the row; tells whether that gives a value. */
  @inline
  static isValue(udf: Udf, at: u32): bool {
    row = at;
    store<u32>(WATCHED, at);
    outcome.begin();
    udf.evaluate();
    return outcome.outcome == Outcome.Value;
  }
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
  for (let at: u32 = 0; at < rows; at++) {
    let bits: u64 = 0;
    if (Row.isValue(udf, at)) {
      bits = udf.bits;
    } else {
      none(at, at, rows);
    }
    if (areFlags) {
      store<u8>(values + at, u8(bits));
    } else {
      store<u64>(values + ((<usize>at) << 3), bits);
    }
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
    if (Row.isValue(udf, at)) {
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
