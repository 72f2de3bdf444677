//! A value of a document, as it comes back: a sort value of a hit, or what was computed for it.

use std::cmp::Ordering;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json};

use whittle_host::{ExactJson, Members};

use crate::dates;

/// What a member of a JSON object takes besides its key and its value, in bytes.
const MEMBER_BYTES: u64 = 64;

/// About what JSON takes, in bytes.
pub(crate) fn json_bytes(json: &Json) -> u64 {
    let inside: u64 = match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        Json::String(text) => text.len() as u64,
        Json::Array(values) => values.iter().map(json_bytes).sum(),
        Json::Object(members) => members_bytes(members),
    };
    size_of::<Json>() as u64 + inside
}

/// About what the members of a JSON object take, in bytes.
pub(crate) fn members_bytes(members: &Map<String, Json>) -> u64 {
    let member =
        |(key, value): (&String, &Json)| MEMBER_BYTES + key.len() as u64 + json_bytes(value);
    members.iter().map(member).sum()
}

/// About what JSON with its digits takes, in bytes.
fn exact_bytes(json: &ExactJson) -> u64 {
    let inside: u64 = match json {
        ExactJson::Null | ExactJson::Boolean(_) => 0,
        ExactJson::Number(text) | ExactJson::Text(text) => text.len() as u64,
        ExactJson::List(values) => values.iter().map(exact_bytes).sum(),
        ExactJson::Object(members) => exact_members_bytes(members),
    };
    size_of::<ExactJson>() as u64 + inside
}

/// About what the members of a JSON object with its digits take, in bytes.
pub(crate) fn exact_members_bytes(members: &Members) -> u64 {
    let member =
        |(key, value): (&String, &ExactJson)| MEMBER_BYTES + key.len() as u64 + exact_bytes(value);
    members.iter().map(member).sum()
}

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
    Json(ExactJson),
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
    /// About what it takes, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        size_of::<Self>() as u64 + self.text_bytes()
    }

    /// About what it takes besides itself, in bytes.
    pub(crate) fn text_bytes(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Json(json) => exact_bytes(json),
            Self::Null | Self::Boolean(_) | Self::Long(_) | Self::Double(_) | Self::Date(_) => 0,
        }
    }

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
