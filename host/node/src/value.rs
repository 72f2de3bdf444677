//! A value of a document, as it comes back: a sort value of a hit, or what was computed for it.

use std::cmp::Ordering;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::dates;

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// An integer; as a sort value also a boolean, 0 or 1, and a date, in milliseconds since 1970.
    Long(i64),
    /// A float, or a score.
    Double(f64),
    /// Microseconds since 1970.
    Date(i64),
    /// A string.
    Text(String),
    /// Any JSON. Values of this kind have no order.
    Json(Json),
}

impl Serialize for Value {
    /// As `search_after` takes it; a float that is not finite is null, since JSON has none.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Long(value) => serializer.serialize_i64(*value),
            Self::Double(value) => serializer.serialize_f64(*value),
            Self::Date(micros) => serializer.serialize_str(&dates::show(*micros)),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Json(value) => value.serialize(serializer),
        }
    }
}

impl Value {
    /// The order of two values of one type, or of two numbers.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(left), Self::Boolean(right)) => left.cmp(right),
            (Self::Long(left), Self::Long(right)) | (Self::Date(left), Self::Date(right)) => {
                left.cmp(right)
            }
            (Self::Double(left), Self::Double(right)) => left.total_cmp(right),
            // A field may have different types in different indexes.
            (Self::Long(left), Self::Double(right)) => (*left as f64).total_cmp(right),
            (Self::Double(left), Self::Long(right)) => left.total_cmp(&(*right as f64)),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            _ => Ordering::Equal,
        }
    }
}
