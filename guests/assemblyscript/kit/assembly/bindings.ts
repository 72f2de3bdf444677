// The contract's imports as they lie in a core module: a text is a pointer and a length in code
// units, and what is no single number comes back in memory.

/** What a value is, in the contract's order. */
export const enum Kind {
  Boolean = 0,
  Int64 = 1,
  Float64 = 2,
  Text = 3,
  Timestamp = 4,
  Json = 5,
}

/** Names a field, in `bind`. */
@external("whittle:udf/document@0.1.0", "resolve")
export declare function resolve(path: usize, length: i32, kind: i32): u32;

/** Whether the document has a value of the field's kind. */
@external("whittle:udf/document@0.1.0", "has")
export declare function has(field: u32): bool;

/** A text's option is written to `result`. */
@external("whittle:udf/document@0.1.0", "get-text")
export declare function getText(field: u32, result: usize): void;

/** A JSON text's option is written to `result`. */
@external("whittle:udf/document@0.1.0", "get-json")
export declare function getJson(field: u32, result: usize): void;

/** The field's value, or the default. */
@external("whittle:udf/document@0.1.0", "boolean-or")
export declare function booleanOr(field: u32, otherwise: bool): bool;

/** The field's value, or the default. */
@external("whittle:udf/document@0.1.0", "int64-or")
export declare function int64Or(field: u32, otherwise: i64): i64;

/** The field's value, or the default. */
@external("whittle:udf/document@0.1.0", "float64-or")
export declare function float64Or(field: u32, otherwise: f64): f64;

/** The field's value, or the default. */
@external("whittle:udf/document@0.1.0", "timestamp-or")
export declare function timestampOr(field: u32, otherwise: i64): i64;

/** The document's id is written to `result`. */
@external("whittle:udf/document@0.1.0", "id")
export declare function documentId(result: usize): void;

/** The document's score. */
@external("whittle:udf/document@0.1.0", "score")
export declare function documentScore(): f64;

/** Logs one line. */
@external("whittle:udf/logging@0.1.0", "log")
export declare function log(level: i32, message: usize, length: i32): void;

/** Says where the component keeps the current row: a list of one number. */
@external("whittle:batch/results@0.2.0", "watch")
export declare function watch(row: usize, length: i32): void;

/** The document of a row failed: the variant's case, and its text. */
@external("whittle:batch/results@0.2.0", "fail")
export declare function fail(row: u32, variant: i32, message: usize, length: i32): void;

/** Gives results: lists of bytes, the first and the last of them optional. */
@external("whittle:batch/results@0.2.0", "put")
export declare function put(
  hasValidity: i32,
  validity: usize,
  validityLength: u32,
  values: usize,
  valuesLength: u32,
  hasOffsets: i32,
  offsets: usize,
  offsetsLength: u32,
): void;
