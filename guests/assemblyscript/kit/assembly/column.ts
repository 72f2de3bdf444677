// The columns of a batch, and the current row.
//
// A column is a record at a fixed place, which a field knows: the addresses of the values (or of the
// texts' bytes), of the validity and of the texts' offsets. The first is zero if the values are not in
// memory; then no row is valid, and the host is asked. Outside of a batch the numbers of a document are
// columns of one row. So a field of numbers never calls the host, which would cost the loop over the
// rows its registers.

import * as bindings from "./bindings";
import { Kind } from "./bindings";
import { RETURNED } from "./memory";

const SIZE: usize = 32;
const VALIDITY: usize = 4;
const OFFSETS: usize = 8;
const HANDLE: usize = 12;
const KIND: usize = 16;
/** The number of a single document. */
const NUMBER: usize = 24;

/** No field: to read it ends the query. */
const NO_FIELD: u32 = u32.MAX_VALUE;

/** The current row. */
let row: usize = 0;

/** The current row, where the host looks for it. */
const WATCHED: usize = memory.data(4, 4);

/** The columns of the fields that were resolved. */
const columns: usize[] = [];

/** The validity of a column in which no row has a value, and for how many rows there is one. */
let zeros: usize = memory.data(4, 4);
let zeroRows: u32 = 4;

/** The column of a field that was not resolved. */
export const UNRESOLVED: usize = memory.data(32, 8);
store<usize>(UNRESOLVED, zeros, VALIDITY);

/** Tells the host where it finds the current row. Call it in `bind`. */
export function watch(): void {
  bindings.watch(WATCHED, 1);
}

/** The column of a field that was resolved as a kind. */
export function columnOf(handle: u32, kind: Kind): usize {
  const known = find(handle);
  if (known != 0) return known;
  const column = heap.alloc(SIZE);
  memory.fill(column, 0, SIZE);
  store<usize>(column, zeros, VALIDITY);
  store<u32>(column, handle, HANDLE);
  store<u8>(column, <u8>kind, KIND);
  columns.push(column);
  return column;
}

/** The column of a handle; zero for a handle without a column. */
function find(handle: u32): usize {
  for (let index = 0; index < columns.length; index++) {
    if (load<u32>(columns[index], HANDLE) == handle) return columns[index];
  }
  return 0;
}

/** The field parameters that the query does not give. */
const notGiven: string[] = [];

/** A query gives no argument for a field parameter. */
export function leaveOut(parameter: string): void {
  notGiven.push(`\`${parameter}\``);
}

/** A field that was not resolved is read, or one in `prepare`: the query ends. */
export function unreadable(): void {
  if (notGiven.length > 0) {
    throw new Error(
      `read a field that the query does not give: check \`given\` before reading ${notGiven.join(" or ")}`,
    );
  }
  bindings.has(NO_FIELD);
  unreachable();
}

/** How a column is read. These are methods because only they can be inlined by a decorator. */
export abstract class Column {
  /** Makes a row the current one. */
  @inline
  static enter(at: u32): void {
    row = at;
    store<u32>(WATCHED, at);
  }

  /** The address of a column's values, or of its texts' bytes; zero if they are not in memory. */
  @inline
  static valuesOf(column: usize): usize {
    return load<usize>(column);
  }

  /** Whether the current row of a column has a value. */
  @inline
  static isValid(column: usize): bool {
    const validity = load<usize>(column, VALIDITY);
    return validity == 0 || load<u8>(validity + row) != 0;
  }

  /** The value in the current row of a boolean column; the default if it is missing. */
  @inline
  static flagOr(column: usize, otherwise: bool): bool {
    if (Column.isValid(column)) return load<u8>(load<usize>(column) + row) != 0;
    if (load<usize>(column) == 0) unreadable();
    return otherwise;
  }

  /** The value in the current row of a numeric column; the default if it is missing. */
  @inline
  static numberOr<T>(column: usize, otherwise: T): T {
    if (Column.isValid(column)) return load<T>(load<usize>(column) + (row << 3));
    if (load<usize>(column) == 0) unreadable();
    return otherwise;
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

  /** A score of the current row. */
  @inline
  static scoreAt(scores: usize): f64 {
    return load<f64>(scores + (row << 3));
  }
}

/** The record `column` of the contract, and where its parts are. */
const RECORD: usize = 36;
const enum Values {
  Missing = 0,
  Numbers = 1,
  Texts = 2,
}

/** Sets the columns of a batch. */
export function open(rows: u32, list: usize, length: i32): void {
  if (zeroRows < rows) {
    zeros = heap.alloc(rows);
    memory.fill(zeros, 0, rows);
    zeroRows = rows;
    store<usize>(UNRESOLVED, zeros, VALIDITY);
    close();
  }
  for (let index = 0; index < length; index++) {
    const record = list + <usize>index * RECORD;
    const column = find(load<u32>(record));
    if (column == 0) continue;
    let values: usize = 0;
    let validity: usize = load<u8>(record, 4) == 0 ? 0 : load<usize>(record, 8);
    const tag = load<u8>(record, 16);
    if (tag == Values.Numbers) {
      values = load<usize>(record, 20);
    } else if (tag == Values.Texts) {
      store<usize>(column, load<usize>(record, 20), OFFSETS);
      values = load<usize>(record, 28);
      // An empty list of bytes has no address.
      if (values == 0) values = zeros;
    } else {
      if (tag == Values.Missing) values = zeros;
      validity = zeros;
    }
    store<usize>(column, values);
    store<usize>(column, validity, VALIDITY);
  }
}

/** Frees the lists of a batch. */
export function free(list: usize, length: i32): void {
  for (let index = 0; index < length; index++) {
    const record = list + <usize>index * RECORD;
    if (load<u8>(record, 4) != 0) freeList(record + 8);
    const tag = load<u8>(record, 16);
    if (tag == Values.Numbers || tag == Values.Texts) freeList(record + 20);
    if (tag == Values.Texts) freeList(record + 28);
  }
  if (length > 0) heap.free(list);
}

/** Frees a list of bytes, of which an address and a length are at a place. */
function freeList(at: usize): void {
  if (load<u32>(at, 4) != 0) heap.free(load<usize>(at));
}

/** Forgets the columns' values. */
export function close(): void {
  for (let index = 0; index < columns.length; index++) {
    store<usize>(columns[index], 0);
    store<usize>(columns[index], zeros, VALIDITY);
  }
}

/** Reads the numbers of a single document. */
export function openDocument(): void {
  row = 0;
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index];
    const kind = <Kind>load<u8>(column, KIND);
    if (kind == Kind.Text || kind == Kind.Json) continue;
    get(load<u32>(column, HANDLE), kind);
    // A boolean is beside the option's tag, all others are at 8.
    store<u64>(
      column,
      kind == Kind.Boolean ? load<u8>(RETURNED, 1) : load<u64>(RETURNED, 8),
      NUMBER,
    );
    store<usize>(column, column + NUMBER);
    store<usize>(column, load<u8>(RETURNED) != 0 ? 0 : zeros, VALIDITY);
  }
}

function get(handle: u32, kind: Kind): void {
  if (kind == Kind.Boolean) {
    bindings.getBoolean(handle, RETURNED);
  } else if (kind == Kind.Int64) {
    bindings.getInt64(handle, RETURNED);
  } else if (kind == Kind.Float64) {
    bindings.getFloat64(handle, RETURNED);
  } else {
    bindings.getTimestamp(handle, RETURNED);
  }
}
