//! Values that cross the boundary between a data node and a UDF, and their kinds.
//!
//! These are the contract's `kind` and `value` in Rust, with the Arrow type of each. They know
//! nothing of WebAssembly.

use std::fmt;

use arrow_schema::{DataType, Field, TimeUnit};
use serde::{Deserialize, Serialize};

use crate::columns;
use crate::exact_json::ExactJson;

/// The type of a value: the contract's `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// True or false; Arrow's `Boolean`.
    Boolean,
    /// A signed integer of 64 bits; Arrow's `Int64`.
    Int64,
    /// A floating-point number of 64 bits; Arrow's `Float64`.
    Float64,
    /// Unicode text; Arrow's `Utf8`.
    Text,
    /// Microseconds since 1970-01-01T00:00:00 UTC; Arrow's `Timestamp(Microsecond, "+00:00")`.
    Timestamp,
    /// The text of one JSON value; Arrow's `Utf8` with the extension type `arrow.json`.
    Json,
}

impl Kind {
    /// Whether its values are texts.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Json)
    }

    /// The Arrow type of a column or a result of this kind.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Int64 => DataType::Int64,
            Self::Float64 => DataType::Float64,
            Self::Text | Self::Json => DataType::Utf8,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        }
    }

    /// A nullable Arrow field of this kind; a json field carries the extension type
    /// `arrow.json`, which distinguishes it from a text field.
    pub fn field(self, name: impl Into<String>) -> Field {
        let field = Field::new(name, self.data_type(), true);
        match self {
            Self::Json => {
                field.with_metadata([(EXTENSION_NAME.to_owned(), JSON_EXTENSION.to_owned())].into())
            }
            Self::Boolean | Self::Int64 | Self::Float64 | Self::Text | Self::Timestamp => field,
        }
    }

    /// Whether the Arrow field holds JSON rather than plain text.
    pub(crate) fn is_json_field(field: &Field) -> bool {
        field
            .metadata()
            .get(EXTENSION_NAME)
            .is_some_and(|name| name == JSON_EXTENSION)
    }
}

/// The zone of timestamps, in the form that Arrow reads without a time zone database.
pub(crate) const UTC: &str = "+00:00";

const EXTENSION_NAME: &str = "ARROW:extension:name";
const JSON_EXTENSION: &str = "arrow.json";

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Boolean => "boolean",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
            Self::Text => "text",
            Self::Timestamp => "timestamp",
            Self::Json => "json",
        })
    }
}

/// One value, or none: the contract's `value`.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A value of [`Kind::Boolean`].
    Boolean(bool),
    /// A value of [`Kind::Int64`].
    Int64(i64),
    /// A value of [`Kind::Float64`].
    Float64(f64),
    /// A value of [`Kind::Text`].
    Text(String),
    /// A value of [`Kind::Timestamp`]: microseconds since 1970-01-01T00:00:00 UTC.
    Timestamp(i64),
    /// A value of [`Kind::Json`]: the text of one JSON value.
    Json(String),
}

impl Value {
    /// The value's kind; `None` for [`Value::Null`].
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Null => None,
            Self::Boolean(_) => Some(Kind::Boolean),
            Self::Int64(_) => Some(Kind::Int64),
            Self::Float64(_) => Some(Kind::Float64),
            Self::Text(_) => Some(Kind::Text),
            Self::Timestamp(_) => Some(Kind::Timestamp),
            Self::Json(_) => Some(Kind::Json),
        }
    }

    /// The value as JSON: a timestamp is its number of microseconds; a number that JSON does not
    /// have is the string `NaN`, `Infinity` or `-Infinity`, as in the JSON form of Protocol Buffers.
    /// Numbers in a value of kind json keep their digits.
    pub fn to_json(&self) -> ExactJson {
        match self {
            Self::Null => ExactJson::Null,
            Self::Boolean(value) => ExactJson::Boolean(*value),
            Self::Int64(value) | Self::Timestamp(value) => ExactJson::Number(value.to_string()),
            Self::Float64(value) if value.is_nan() => ExactJson::Text("NaN".to_owned()),
            Self::Float64(f64::INFINITY) => ExactJson::Text("Infinity".to_owned()),
            Self::Float64(f64::NEG_INFINITY) => ExactJson::Text("-Infinity".to_owned()),
            // As `serde_json` writes it.
            Self::Float64(value) => ExactJson::from(&serde_json::Value::from(*value)),
            Self::Text(value) => ExactJson::Text(value.clone()),
            Self::Json(text) => ExactJson::of_result(text),
        }
    }
}

impl Value {
    /// A timestamp from text, as parameters and columns have it, such as `2020-01-31` or
    /// `2020-01-31T12:00:00.5+01:00`.
    pub fn timestamp_from_text(text: &str) -> Option<Self> {
        columns::timestamp_from_text(text).map(Self::Timestamp)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int64(value.into())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int64(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float64(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
