//! Parameters that several clauses have: boosts, numbers within bounds, words of a choice.

use serde_json::Value as Json;

use crate::query::{Fuzziness, MinimumShouldMatch, Operator};
use crate::request::RequestError;
use crate::request::object::{Object, wrong};

/// Keys of Elasticsearch's clauses that change what is found or how it is scored, and that this
/// engine does without. To pass over them would be to answer another question.
const ABSENT_KEYS: &[&str] = &[
    "_name",
    "adjust_pure_negative",
    "analyzer",
    "auto_generate_synonyms_phrase_query",
    "case_insensitive",
    "cutoff_frequency",
    "flags",
    "format",
    "from",
    "fuzzy_rewrite",
    "fuzzy_transpositions",
    "include_lower",
    "include_upper",
    "index",
    "lenient",
    "max_determinized_states",
    "max_expansions",
    "prefix_length",
    "relation",
    "rewrite",
    "slop",
    "time_zone",
    "to",
    "zero_terms_query",
];

/// That no other keys stand in a clause.
pub(super) fn knows(
    object: Object<'_>,
    known: &'static [&'static str],
) -> Result<(), RequestError> {
    for key in object.keys() {
        if !known.contains(&key.as_str()) && ABSENT_KEYS.contains(&key.as_str()) {
            return Err(RequestError::UnsupportedKey {
                path: object.path(key),
                known,
            });
        }
    }
    object.knows(known)
}

/// What a score is multiplied by; 1 where it is not said.
pub(super) fn boost(object: Object<'_>) -> Result<f32, RequestError> {
    Ok(factor(object, "boost", f32::MAX, "a number from 0 to 3.4e38")?.unwrap_or(1.0))
}

/// A number from 0 to 1; 0 where it is not said.
pub(super) fn share(object: Object<'_>, key: &str) -> Result<Option<f32>, RequestError> {
    factor(object, key, 1.0, "a number from 0 to 1")
}

fn factor(
    object: Object<'_>,
    key: &str,
    most: f32,
    expected: &'static str,
) -> Result<Option<f32>, RequestError> {
    let Some(json) = object.get(key) else {
        return Ok(None);
    };
    let number = match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "scores are of this precision; what is too large becomes infinite and is refused"
    )]
    let number = number.map(|number| number as f32);
    match number.filter(|number| (0.0..=most).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => Err(wrong(&object.path(key), expected, json)),
    }
}

/// A text, a number or a boolean that must be there.
pub(super) fn scalar(object: Object<'_>, key: &str) -> Result<Json, RequestError> {
    as_scalar(object.required(key)?, &object.path(key))
}

pub(super) fn as_scalar(json: &Json, path: &str) -> Result<Json, RequestError> {
    match json {
        Json::String(_) | Json::Number(_) | Json::Bool(_) => Ok(json.clone()),
        other => Err(wrong(path, "a text, a number or a boolean", other)),
    }
}

/// A scalar that must be there, as a text.
pub(super) fn scalar_text(object: Object<'_>, key: &str) -> Result<String, RequestError> {
    Ok(shown(&scalar(object, key)?))
}

/// A scalar as the text that it would be indexed as.
pub(super) fn shown(scalar: &Json) -> String {
    scalar
        .as_str()
        .map_or_else(|| scalar.to_string(), str::to_owned)
}

/// An integer from 0 to 10,000.
pub(super) fn count(object: Object<'_>, key: &str, default: u32) -> Result<u32, RequestError> {
    const MOST: u32 = 10_000;
    let Some(json) = object.get(key) else {
        return Ok(default);
    };
    let count = json.as_u64().and_then(|count| u32::try_from(count).ok());
    count
        .filter(|count| *count <= MOST)
        .ok_or_else(|| wrong(&object.path(key), "an integer from 0 to 10000", json))
}

pub(super) fn boolean(object: Object<'_>, key: &str, default: bool) -> Result<bool, RequestError> {
    let Some(json) = object.get(key) else {
        return Ok(default);
    };
    json.as_bool()
        .ok_or_else(|| wrong(&object.path(key), "true or false", json))
}

pub(super) fn operator(object: Object<'_>) -> Result<Operator, RequestError> {
    match object.get("operator") {
        None => Ok(Operator::Or),
        Some(Json::String(word)) if word.eq_ignore_ascii_case("or") => Ok(Operator::Or),
        Some(Json::String(word)) if word.eq_ignore_ascii_case("and") => Ok(Operator::And),
        Some(other) => Err(wrong(&object.path("operator"), "\"or\" or \"and\"", other)),
    }
}

pub(super) fn minimum_should_match(
    object: Object<'_>,
) -> Result<Option<MinimumShouldMatch>, RequestError> {
    const KEY: &str = "minimum_should_match";
    let Some(json) = object.get(KEY) else {
        return Ok(None);
    };
    let minimum = match json {
        Json::Number(number) => number.as_i64().map(MinimumShouldMatch::Count),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    minimum.map(Some).ok_or_else(|| {
        let expected = "an integer, a share such as \"75%\" or \"-25%\", or both after a count, such as \"3<90%\"";
        wrong(&object.path(KEY), expected, json)
    })
}

pub(super) fn fuzziness(object: Object<'_>) -> Result<Option<Fuzziness>, RequestError> {
    let Some(json) = object.get("fuzziness") else {
        return Ok(None);
    };
    Fuzziness::read(json).map(Some).ok_or_else(|| {
        let expected = "0, 1, 2, \"AUTO\" or \"AUTO:low,high\"";
        wrong(&object.path("fuzziness"), expected, json)
    })
}
