//! Options of an aggregation out of its JSON, each checked by its type and range.

use serde_json::Value as Json;

use crate::request::RequestError;
use crate::request::object::{Object, wrong};

/// Reads an option that may be left out; null is as if it were.
pub(super) fn optional<T>(
    of: Object<'_>,
    key: &str,
    expected: &'static str,
    read: impl FnOnce(&Json) -> Option<T>,
) -> Result<Option<T>, RequestError> {
    match of.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(json) => read(json)
            .map(Some)
            .ok_or_else(|| wrong(&of.path(key), expected, json)),
    }
}

pub(super) fn boolean(of: Object<'_>, key: &str) -> Result<Option<bool>, RequestError> {
    optional(of, key, "true or false", |json| match json {
        Json::Bool(value) => Some(*value),
        Json::String(text) => text.parse().ok(),
        _ => None,
    })
}

pub(super) fn text(of: Object<'_>, key: &str) -> Result<Option<String>, RequestError> {
    optional(of, key, "a text", |json| json.as_str().map(str::to_owned))
}

/// One of several words.
pub(super) fn word(
    of: Object<'_>,
    key: &str,
    words: &[&str],
    expected: &'static str,
) -> Result<Option<String>, RequestError> {
    optional(of, key, expected, |json| {
        let word = json.as_str()?;
        words.contains(&word).then(|| word.to_owned())
    })
}

/// A whole number, which may be 0.
pub(super) fn count(of: Object<'_>, key: &str) -> Result<Option<u64>, RequestError> {
    whole(of, key, 0, "a whole number from 0 to 2147483647")
}

/// A whole number above 0.
pub(super) fn size(of: Object<'_>, key: &str) -> Result<Option<u64>, RequestError> {
    whole(of, key, 1, "a whole number from 1 to 2147483647")
}

/// A whole number of 32 bits from `least` on; numbers as texts are numbers.
fn whole(
    of: Object<'_>,
    key: &str,
    least: u64,
    expected: &'static str,
) -> Result<Option<u64>, RequestError> {
    optional(of, key, expected, |json| {
        let number = match json {
            Json::String(text) => text.parse().ok(),
            other => other.as_u64(),
        };
        number.filter(|number| (least..=i32::MAX as u64).contains(number))
    })
}

/// A finite number.
pub(super) fn number(json: &Json) -> Option<f64> {
    let number = match json {
        Json::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    number.filter(|number: &f64| number.is_finite())
}
