//! Parameters that several clauses have: boosts, numbers within limits, words of a choice.

use serde_json::Value as Json;

use super::parse::{Object, RequestError, wrong};
use super::{Fuzziness, MinimumShouldMatch, Operator};
use crate::mapping::Analyzer;
use crate::request::path::Path;

/// Keys of OpenSearch's clauses that change what is found or how it is scored, and that some
/// clauses do not have here. To ignore them would be to answer another question.
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

/// How many terms a prefix or a fuzzy word stands for in OpenSearch unless the clause says
/// otherwise.
pub(super) const EXPANSIONS: u32 = 50;

/// Refuses keys other than `known` in a clause.
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

/// What a score is multiplied by; 1 by default.
pub(super) fn boost(object: Object<'_>) -> Result<f32, RequestError> {
    Ok(factor(object, "boost")?.unwrap_or(1.0))
}

/// A number from 0.
pub(super) fn factor(object: Object<'_>, key: &str) -> Result<Option<f32>, RequestError> {
    float(object, key, f32::MAX, "a number from 0 to 3.4e38")
}

/// A number from 0 to 1.
pub(super) fn share(object: Object<'_>, key: &str) -> Result<Option<f32>, RequestError> {
    float(object, key, 1.0, "a number from 0 to 1")
}

fn float(
    object: Object<'_>,
    key: &str,
    most: f32,
    expected: &'static str,
) -> Result<Option<f32>, RequestError> {
    optional(object, key, expected, |json| {
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
        number.filter(|number| (0.0..=most).contains(number))
    })
}

/// A value that may be missing, and is refused if `parse` does not know it.
pub(super) fn optional<T>(
    object: Object<'_>,
    key: &str,
    expected: &'static str,
    parse: impl FnOnce(&Json) -> Option<T>,
) -> Result<Option<T>, RequestError> {
    let Some(json) = object.get(key) else {
        return Ok(None);
    };
    match parse(json) {
        Some(value) => Ok(Some(value)),
        None => Err(wrong(&object.path(key), expected, json)),
    }
}

/// A required string, number or boolean.
pub(super) fn scalar(object: Object<'_>, key: &str) -> Result<Json, RequestError> {
    as_scalar(object.required(key)?, object.at(key))
}

pub(super) fn as_scalar(json: &Json, path: Path<'_>) -> Result<Json, RequestError> {
    match json {
        Json::String(_) | Json::Number(_) | Json::Bool(_) => Ok(json.clone()),
        other => {
            let expected = "a string, a number or a boolean";
            Err(wrong(&path.to_string(), expected, other))
        }
    }
}

/// A required scalar, as a string.
pub(super) fn scalar_text(object: Object<'_>, key: &str) -> Result<String, RequestError> {
    Ok(shown(&scalar(object, key)?))
}

/// A scalar as the string that it would be indexed as.
pub(super) fn shown(scalar: &Json) -> String {
    scalar
        .as_str()
        .map_or_else(|| scalar.to_string(), str::to_owned)
}

/// An integer from 0 to 10,000.
pub(super) fn count(object: Object<'_>, key: &str, default: u32) -> Result<u32, RequestError> {
    const MOST: u32 = 10_000;
    let count = optional(object, key, "an integer from 0 to 10000", |json| {
        integer(json).filter(|count| *count <= MOST)
    });
    Ok(count?.unwrap_or(default))
}

fn integer(json: &Json) -> Option<u32> {
    match json {
        Json::Number(number) => number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok()),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

pub(super) fn boolean(object: Object<'_>, key: &str, default: bool) -> Result<bool, RequestError> {
    let value = optional(object, key, "true or false", |json| match json {
        Json::Bool(value) => Some(*value),
        Json::String(text) => text.parse().ok(),
        _ => None,
    });
    Ok(value?.unwrap_or(default))
}

pub(super) fn operator(object: Object<'_>) -> Result<Operator, RequestError> {
    let operator = optional(object, "operator", "\"or\" or \"and\"", |json| {
        match json.as_str()?.to_ascii_lowercase().as_str() {
            "or" => Some(Operator::Or),
            "and" => Some(Operator::And),
            _ => None,
        }
    });
    Ok(operator?.unwrap_or(Operator::Or))
}

pub(super) fn minimum_should_match(
    object: Object<'_>,
) -> Result<Option<MinimumShouldMatch>, RequestError> {
    let expected =
        "an integer, a share such as \"75%\" or \"-25%\", or both after a count, such as \"3<90%\"";
    optional(
        object,
        "minimum_should_match",
        expected,
        |json| match json {
            Json::Number(number) => number.as_i64().map(MinimumShouldMatch::Count),
            Json::String(text) => text.parse().ok(),
            _ => None,
        },
    )
}

pub(super) fn fuzziness(object: Object<'_>) -> Result<Option<Fuzziness>, RequestError> {
    let expected = "0, 1, 2, \"AUTO\" or \"AUTO:low,high\"";
    optional(object, "fuzziness", expected, Fuzziness::read)
}

pub(super) fn analyzer(object: Object<'_>) -> Result<Option<Analyzer>, RequestError> {
    let expected = "\"standard\", \"english\", \"whitespace\", \"simple\", \"stop\" or \"keyword\"";
    optional(object, "analyzer", expected, |json| {
        let name = json.as_str()?;
        Analyzer::ALL
            .into_iter()
            .find(|analyzer| analyzer.name() == name)
    })
}

/// Whether a text without words matches all documents, rather than none.
pub(super) fn zero_terms_match_all(object: Object<'_>) -> Result<bool, RequestError> {
    let all = optional(
        object,
        "zero_terms_query",
        "\"none\" or \"all\"",
        |json| match json.as_str()?.to_ascii_lowercase().as_str() {
            "none" => Some(false),
            "all" => Some(true),
            _ => None,
        },
    );
    Ok(all?.unwrap_or(false))
}

/// Checks `rewrite` or `fuzzy_rewrite`. Patterns have constant scores here, so that only the names
/// that mean so are allowed; they differ in nothing else.
pub(super) fn constant_rewrite(object: Object<'_>, key: &str) -> Result<(), RequestError> {
    const NAMES: &[&str] = &[
        "constant_score",
        "constant_score_blended",
        "constant_score_boolean",
    ];
    let expected = "\"constant_score\", \"constant_score_blended\" or \"constant_score_boolean\"";
    optional(object, key, expected, |json| {
        NAMES.contains(&json.as_str()?).then_some(())
    })?;
    Ok(())
}

/// Checks `max_expansions` of fuzzy words. All words within the distance are looked for, so that
/// only limits that OpenSearch seldom reaches are allowed.
pub(super) fn fuzzy_expansions(object: Object<'_>) -> Result<(), RequestError> {
    let expected = "an integer from 50, since all words within the distance are looked for";
    optional(object, "max_expansions", expected, |json| {
        integer(json).filter(|count| *count >= EXPANSIONS)
    })?;
    Ok(())
}
