//! The contract `wit/udf.wit` in Rust, as Wasmtime's generator writes it, and conversions from its
//! types to ours.
//!
//! Values of these types come from the guest, unbounded and unchecked. They do not leave this
//! crate.

pub(crate) mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "whittle:udf/udf",
        imports: { default: trappable },
    });
}

pub(crate) use bindings::whittle::udf::{document, logging, text_words, types};

use crate::query::LogLevel;
use crate::value::{Kind, Value};

/// The interface that every UDF exports.
pub(crate) const FUNCTIONS: &str = "whittle:udf/functions@0.1.0";
/// The interface that a UDF exports that takes whole batches.
pub(crate) const BATCH_FUNCTIONS: &str = "whittle:batch/functions@0.2.0";
/// Where such a UDF leaves its results.
pub(crate) const RESULTS: &str = "whittle:batch/results@0.2.0";
/// The types of a batch's columns.
pub(crate) const COLUMNS: &str = "whittle:batch/columns@0.2.0";
/// The document that is being evaluated.
pub(crate) const DOCUMENT: &str = "whittle:udf/document@0.1.0";
/// Its texts in words.
pub(crate) const TEXT_WORDS: &str = "whittle:udf/text-words@0.1.0";
/// The guest's log.
pub(crate) const LOGGING: &str = "whittle:udf/logging@0.1.0";
/// The types that the others share.
pub(crate) const TYPES: &str = "whittle:udf/types@0.1.0";

impl From<types::Kind> for Kind {
    fn from(kind: types::Kind) -> Self {
        match kind {
            types::Kind::Boolean => Self::Boolean,
            types::Kind::Int64 => Self::Int64,
            types::Kind::Float64 => Self::Float64,
            types::Kind::Text => Self::Text,
            types::Kind::Timestamp => Self::Timestamp,
            types::Kind::Json => Self::Json,
        }
    }
}

impl From<types::Value> for Value {
    fn from(value: types::Value) -> Self {
        match value {
            types::Value::Null => Self::Null,
            types::Value::Boolean(value) => Self::Boolean(value),
            types::Value::Int64(value) => Self::Int64(value),
            types::Value::Float64(value) => Self::Float64(value),
            types::Value::Text(value) => Self::Text(value),
            types::Value::Timestamp(value) => Self::Timestamp(value),
            types::Value::Json(value) => Self::Json(value),
        }
    }
}

impl From<Value> for types::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(value) => Self::Boolean(value),
            Value::Int64(value) => Self::Int64(value),
            Value::Float64(value) => Self::Float64(value),
            Value::Text(value) => Self::Text(value),
            Value::Timestamp(value) => Self::Timestamp(value),
            Value::Json(value) => Self::Json(value),
        }
    }
}

impl From<logging::Level> for LogLevel {
    fn from(level: logging::Level) -> Self {
        match level {
            logging::Level::Trace => Self::Trace,
            logging::Level::Debug => Self::Debug,
            logging::Level::Info => Self::Info,
            logging::Level::Warn => Self::Warn,
            logging::Level::Error => Self::Error,
        }
    }
}
