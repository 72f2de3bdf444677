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

/** The value's option is written to `result`. */
@external("whittle:udf/document@0.1.0", "get-boolean")
export declare function getBoolean(field: u32, result: usize): void;

/** The value's option is written to `result`. */
@external("whittle:udf/document@0.1.0", "get-int64")
export declare function getInt64(field: u32, result: usize): void;

/** The value's option is written to `result`. */
@external("whittle:udf/document@0.1.0", "get-float64")
export declare function getFloat64(field: u32, result: usize): void;

/** The value's option is written to `result`. */
@external("whittle:udf/document@0.1.0", "get-timestamp")
export declare function getTimestamp(field: u32, result: usize): void;

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
