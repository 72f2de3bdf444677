//! The page of hits: `from`, `size` and `search_after`.

use serde_json::Value as Json;

use super::error::RequestError;
use super::object::{Object, whole, wrong};

/// The last hit that `from` and `size` reach; `search_after` goes further.
pub(crate) const MOST_HITS: usize = 10_000;

/// How many hits a page has by default.
pub(super) const DEFAULT_HITS: usize = 10;

/// Reads `from` or `size`.
pub(super) fn count(
    request: &Object<'_>,
    key: &str,
    default: usize,
) -> Result<usize, RequestError> {
    request
        .get(key)
        .map_or(Ok(default), |json| count_of(key, json))
}

/// Reads the value of `from` or `size`; whether they reach too far is checked together.
pub(super) fn count_of(key: &str, json: &Json) -> Result<usize, RequestError> {
    let negative = match json {
        Json::String(text) => text.parse().ok(),
        json => json.as_i64(),
    };
    if let Some(value) = negative.filter(|value| *value < 0) {
        let name = key.to_owned();
        return Err(RequestError::Negative { name, value });
    }
    whole(json).ok_or_else(|| wrong(key, "an integer from 0 to 10000", json))
}

/// Reads `search_after`.
pub(super) fn search_after(request: &Object<'_>) -> Result<Option<Vec<Json>>, RequestError> {
    let Some(json) = request.get("search_after") else {
        return Ok(None);
    };
    let values = json.as_array().filter(|values| {
        let mut values = values.iter();
        !values.any(|value| value.is_array() || value.is_object())
    });
    let expected = "a list of strings, numbers, booleans and nulls";
    let values = values.ok_or_else(|| wrong("search_after", expected, json))?;
    Ok(Some(values.clone()))
}

/// Refuses pages that reach too far, and a `search_after` that does not go with the sort keys.
pub(super) fn check(
    from: usize,
    size: usize,
    keys: usize,
    after: Option<&[Json]>,
) -> Result<(), RequestError> {
    let end = from.saturating_add(size);
    if end > MOST_HITS {
        return Err(RequestError::Window {
            end,
            limit: MOST_HITS,
        });
    }
    match after {
        Some(_) if from > 0 => Err(RequestError::Together {
            keys: ["from", "search_after"],
        }),
        Some(values) if values.len() != keys || keys == 0 => Err(RequestError::After {
            keys,
            values: values.len(),
        }),
        _ => Ok(()),
    }
}
