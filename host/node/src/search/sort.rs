//! The order of hits: sort keys, their values, and how those compare.

use std::cmp::Ordering;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::dates;
use crate::object::{Object, wrong};
use crate::request::RequestError;

/// What hits are ordered by.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    /// Which value.
    pub by: SortBy,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// Whether hits without a value come first; by default last.
    pub missing_first: bool,
}

/// A value of a hit.
#[derive(Debug, Clone, PartialEq)]
pub enum SortBy {
    /// Its score.
    Score,
    /// The order in which documents were written.
    Written,
    /// A field's: of several the least, or in descending order the greatest.
    Field(String),
}

/// What a hit is ordered by, as it comes back.
#[derive(Debug, Clone, PartialEq)]
pub enum SortValue {
    /// It has none.
    Missing,
    /// Of a boolean field.
    Boolean(bool),
    /// Of an integer, or a document's number.
    Long(i64),
    /// Of a float, or a score.
    Double(f64),
    /// Microseconds since 1970.
    Date(i64),
    /// Of a text.
    Text(String),
}

impl Serialize for SortValue {
    /// As `search_after` takes it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Missing => serializer.serialize_none(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Long(value) => serializer.serialize_i64(*value),
            Self::Double(value) => serializer.serialize_f64(*value),
            Self::Date(micros) => serializer.serialize_str(&dates::show(*micros)),
            Self::Text(value) => serializer.serialize_str(value),
        }
    }
}

impl SortKey {
    /// The scores, the best first.
    pub(crate) fn score() -> Self {
        Self {
            by: SortBy::Score,
            descending: true,
            missing_first: false,
        }
    }

    /// The order of two hits' values of this key.
    pub(crate) fn compare(&self, left: &SortValue, right: &SortValue) -> Ordering {
        let missing = |value: &SortValue| *value == SortValue::Missing;
        match (missing(left), missing(right)) {
            (false, false) => {
                let order = left.compare(right);
                if self.descending {
                    order.reverse()
                } else {
                    order
                }
            }
            (left, right) if self.missing_first => right.cmp(&left),
            (left, right) => left.cmp(&right),
        }
    }
}

impl SortValue {
    /// The order of two values of one field.
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(left), Self::Boolean(right)) => left.cmp(right),
            (Self::Long(left), Self::Long(right)) | (Self::Date(left), Self::Date(right)) => {
                left.cmp(right)
            }
            (Self::Double(left), Self::Double(right)) => left.total_cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            _ => Ordering::Equal,
        }
    }
}

/// Reads `sort`: a key, or a list of keys.
pub(crate) fn read(json: &Json) -> Result<Vec<SortKey>, RequestError> {
    match json {
        Json::Array(keys) => {
            let keys = keys.iter().enumerate();
            keys.map(|(number, key)| key_of(key, &format!("sort[{number}]")))
                .collect()
        }
        key => Ok(vec![key_of(key, "sort")?]),
    }
}

fn key_of(json: &Json, path: &str) -> Result<SortKey, RequestError> {
    if let Json::String(name) = json {
        return Ok(key(name));
    }
    let object = Object::read(json, path)?;
    let (name, options) = object.only("what the hits are ordered by")?;
    let mut key = key(name);
    let at = object.path(name);
    if let Json::String(_) = options {
        key.descending = order(options, &at)?;
        return Ok(key);
    }
    let options = Object::read(options, &at)?;
    options.knows(&["order", "missing", "unmapped_type"])?;
    if let Some(json) = options.get("order") {
        key.descending = order(json, &options.path("order"))?;
    }
    match options.get("missing") {
        None => {}
        Some(Json::String(word)) if word == "_last" => {}
        Some(Json::String(word)) if word == "_first" => key.missing_first = true,
        Some(other) => {
            let expected = "\"_first\" or \"_last\"";
            return Err(wrong(&options.path("missing"), expected, other));
        }
    }
    Ok(key)
}

fn key(name: &str) -> SortKey {
    match name {
        "_score" => SortKey::score(),
        "_doc" | "_seq_no" | "_shard_doc" => SortKey {
            by: SortBy::Written,
            descending: false,
            missing_first: false,
        },
        field => SortKey {
            by: SortBy::Field(field.to_owned()),
            descending: false,
            missing_first: false,
        },
    }
}

/// Whether it is descending.
fn order(json: &Json, path: &str) -> Result<bool, RequestError> {
    match json.as_str() {
        Some("asc") => Ok(false),
        Some("desc") => Ok(true),
        _ => Err(wrong(path, "\"asc\" or \"desc\"", json)),
    }
}
