// The contract's imports, as the canonical ABI lowers them.

@external("whittle:udf/document@0.1.0", "resolve")
export declare function resolve(path: usize, length: i32, kind: i32): u32;

@external("whittle:udf/document@0.1.0", "float64-or")
export declare function float64Or(field: u32, otherwise: f64): f64;
