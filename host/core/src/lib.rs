//! Runs user-defined functions (UDFs), as WebAssembly components, over Arrow batches.
//!
//! A data node embeds this crate to run code that its operators did not write. A UDF is written in
//! any language against the contract `wit/udf.wit`, and sees one document at a time. The host gives it
//! Arrow columns and returns Arrow arrays, within a budget.
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow_array::{ArrayRef, Float64Array, RecordBatch};
//! use whittle_host::{
//!     Arguments, Budget, Engine, EngineOptions, QueryContext, TextEncoding, Udf, encode_component,
//! };
//!
//! // A guest by hand: the function `double` returns twice the document's price. Authors write
//! // this in an ordinary language, and `whittle build` builds the component.
//! let guest = r#"(module
//!   (import "whittle:udf/document@0.1.0" "resolve"
//!     (func $resolve (param i32 i32 i32) (result i32)))
//!   (import "whittle:udf/document@0.1.0" "float64-or"
//!     (func $float64-or (param i32 f64) (result f64)))
//!   (memory (export "memory") 1)
//!   (data (i32.const 0) "double\00\000.1.0\00\00\00price")
//!   (data (i32.const 64) "\00\00\00\00\06\00\00\00\08\00\00\00\05\00\00\00")
//!   (data (i32.const 96) "\80\00\00\00\01\00\00\00")
//!   (data (i32.const 128) "\00\00\00\00\06\00\00\00")
//!   (data (i32.const 152) "\02")
//!   (global $price (mut i32) (i32.const 0))
//!   (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
//!   (func (export "whittle:udf/functions@0.1.0#describe") (result i32) (i32.const 64))
//!   (func (export "whittle:udf/functions@0.1.0#bind") (param i32 i32 i32 i32) (result i32)
//!     (global.set $price (call $resolve (i32.const 16) (i32.const 5) (i32.const 2)))
//!     (i32.const 256))
//!   (func (export "whittle:udf/functions@0.1.0#evaluate") (result i32)
//!     (i32.store8 (i32.const 520) (i32.const 3))
//!     (f64.store (i32.const 528)
//!       (f64.mul (f64.const 2) (call $float64-or (global.get $price) (f64.const 0))))
//!     (i32.const 512)))"#;
//! let component = encode_component(&wat::parse_str(guest)?, TextEncoding::Utf8)?;
//!
//! // Once per process; once per UDF; once per query and worker.
//! let engine = Engine::new(EngineOptions::default())?;
//! let udf = Udf::new(&engine, &component)?;
//! let query = QueryContext::new(Budget::default());
//! let mut double = udf.bind("double", &Arguments::new(), &query)?;
//! assert_eq!(double.fields()[0].path, "price");
//!
//! // For each batch: the columns that it reads in, and one value per row out.
//! let price: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.5), None, Some(4.0)]));
//! let batch = RecordBatch::try_from_iter([("price", price)])?;
//! let values = double.evaluate(&batch)?;
//! assert_eq!(*values, Float64Array::from(vec![3.0, 0.0, 8.0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The main types, in order of use: [`Engine`] is Wasmtime, configured. [`Udf`] is a component,
//! checked and compiled, with its [`Manifest`]. [`QueryContext`] counts what a query uses of its
//! [`Budget`]. [`Bound`] is a function bound to its [`Arguments`], and knows the fields that it
//! reads.
//!
//! # Features
//!
//! * `registry` (default): a [`Registry`] of versions that any number of nodes share. `s3` lets it
//!   be in a bucket.
//! * `wasi` (default): components that import WASI run, and find that it denies everything. Without
//!   it they are refused.
//!
//! # What this crate is not for
//!
//! It knows nothing of queries, search or HTTP, and gives a UDF no access to the system. To run WASI
//! programs, use Wasmtime itself.

#![doc(test(attr(deny(warnings))))]

mod arguments;
mod batch;
mod bound;
mod cache;
mod columns;
mod component;
mod contract;
mod cpu;
mod distinct;
mod document;
mod effort;
mod encode;
mod engine;
mod error;
mod exact_json;
mod flags;
mod instance;
mod language;
mod likeness;
mod limits;
mod lines;
mod manifest;
mod memory;
mod meter;
mod nesting;
mod query;
#[cfg(feature = "registry")]
mod registry;
mod sink;
mod slots;
mod state;
mod ticker;
mod udf;
mod value;
#[cfg(feature = "wasi")]
mod wasi;
mod words;

pub use arguments::Arguments;
pub use bound::{Bound, Evaluation, Observer};
pub use cache::CacheStatistics;
pub use columns::{Document, FieldUse};
pub use encode::{
    BATCH_CONTRACT, CONTRACT, EncodeError, ForeignImport, TextEncoding, encode_component,
    foreign_imports,
};
pub use engine::{Allocation, Engine, EngineOptions};
pub use error::{
    ArgumentError, BindError, Cause, EngineError, EvaluateError, ManifestError, RegisterError,
    Stopped, with_causes,
};
pub use exact_json::{ExactJson, Members, exact_members};
pub use language::Language;
pub use likeness::{edits, nearest_name};
pub use limits::{Budget, LimitExceeded, LimitKind, Limits};
pub use lines::{LineTable, SourceLine};
pub use manifest::{Function, Manifest, Parameter, Presence};
pub use meter::Meter;
pub use query::{LogLevel, LogLine, QueryContext, Usage};
#[cfg(feature = "registry")]
pub use registry::{
    BreakerOptions, BreakerState, ChangeError, Errors, FunctionStatistics, RegistrationError,
    Registry, RegistryOptions, RegistryStatistics, SelectError, Selection, Selector, SelectorError,
    Sha256, Sha256Error, Storage, StorageError, TimeBucket, Trial, VersionInfo,
};
pub use sink::{DocumentError, Evaluated, OnError, Statistics};

pub use slots::{PoolStatistics, ReservedInstances};
pub use udf::Udf;
pub use value::{Kind, Value};
pub use words::{one_line, printable, unquoted};
