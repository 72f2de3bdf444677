//! Clauses without others inside: each with Elasticsearch's short form, where it has one.

use serde_json::Value as Json;

use super::values::{
    as_scalar, boolean, boost, count, fuzziness, knows, minimum_should_match, operator, scalar,
    scalar_text, share, shown,
};
use crate::query::{Fuzziness, Limit, MultiMatchKind, Query};
use crate::request::RequestError;
use crate::request::object::{Object, cut, wrong};

/// How many values `terms` and `ids` may list.
const MOST_VALUES: usize = 65_536;

/// How many fields `multi_match` may name.
const MOST_FIELDS: usize = 256;

/// How many words the last one of a phrase stands for where it is not said.
const EXPANSIONS: u32 = 50;

pub(super) fn match_all(json: &Json, path: &str) -> Result<Query, RequestError> {
    let object = Object::read(json, path)?;
    knows(object, &["boost"])?;
    Ok(Query::MatchAll {
        boost: boost(object)?,
    })
}

pub(super) fn match_none(json: &Json, path: &str) -> Result<Query, RequestError> {
    let object = Object::read(json, path)?;
    knows(object, &["boost"])?;
    // There is no score to multiply.
    boost(object)?;
    Ok(Query::MatchNone)
}

pub(super) fn matches(json: &Json, path: &str) -> Result<Query, RequestError> {
    const KNOWN: &[&str] = &[
        "query",
        "operator",
        "minimum_should_match",
        "fuzziness",
        "boost",
    ];
    field(json, path, "query", KNOWN, |field, object| {
        Ok(Query::Match {
            field,
            text: scalar(object, "query")?,
            operator: operator(object)?,
            minimum_should_match: minimum_should_match(object)?,
            fuzziness: fuzziness(object)?,
            boost: boost(object)?,
        })
    })
}

pub(super) fn multi_match(json: &Json, path: &str) -> Result<Query, RequestError> {
    let object = Object::read(json, path)?;
    knows(
        object,
        &[
            "query",
            "fields",
            "type",
            "operator",
            "minimum_should_match",
            "fuzziness",
            "tie_breaker",
            "boost",
        ],
    )?;
    let kind = match object.get("type") {
        None => MultiMatchKind::BestFields,
        Some(Json::String(word)) if word == "best_fields" => MultiMatchKind::BestFields,
        Some(Json::String(word)) if word == "most_fields" => MultiMatchKind::MostFields,
        Some(other) => {
            let expected = "\"best_fields\" or \"most_fields\"";
            return Err(wrong(&object.path("type"), expected, other));
        }
    };
    let tie_breaker = match kind {
        MultiMatchKind::BestFields => 0.0,
        MultiMatchKind::MostFields => 1.0,
    };
    Ok(Query::MultiMatch {
        fields: boosted_fields(object)?,
        text: scalar(object, "query")?,
        kind,
        operator: operator(object)?,
        minimum_should_match: minimum_should_match(object)?,
        fuzziness: fuzziness(object)?,
        tie_breaker: share(object, "tie_breaker")?.unwrap_or(tie_breaker),
        boost: boost(object)?,
    })
}

/// Fields such as `title^2`.
fn boosted_fields(object: Object<'_>) -> Result<Vec<(String, f32)>, RequestError> {
    let json = object.required("fields")?;
    let path = object.path("fields");
    let list = match json {
        Json::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    bounded(list, &path, "fields", MOST_FIELDS)?;
    let read = |json: &Json| -> Option<(String, f32)> {
        let text = json.as_str()?;
        let Some((field, boost)) = text.rsplit_once('^') else {
            return Some((text.to_owned(), 1.0));
        };
        let boost = boost.parse().ok()?;
        (0.0..=f32::MAX)
            .contains(&boost)
            .then(|| (field.to_owned(), boost))
    };
    let expected = "a field, or one with a boost from 0 such as \"title^2\"";
    list.iter()
        .map(|json| read(json).ok_or_else(|| wrong(&path, expected, json)))
        .collect()
}

pub(super) fn match_phrase(json: &Json, path: &str) -> Result<Query, RequestError> {
    const KNOWN: &[&str] = &["query", "slop", "boost"];
    field(json, path, "query", KNOWN, |field, object| {
        Ok(Query::MatchPhrase {
            field,
            text: scalar(object, "query")?,
            slop: count(object, "slop", 0)?,
            boost: boost(object)?,
        })
    })
}

pub(super) fn match_phrase_prefix(json: &Json, path: &str) -> Result<Query, RequestError> {
    const KNOWN: &[&str] = &["query", "max_expansions", "boost"];
    field(json, path, "query", KNOWN, |field, object| {
        Ok(Query::MatchPhrasePrefix {
            field,
            text: scalar(object, "query")?,
            max_expansions: count(object, "max_expansions", EXPANSIONS)?,
            boost: boost(object)?,
        })
    })
}

pub(super) fn term(json: &Json, path: &str) -> Result<Query, RequestError> {
    field(json, path, "value", &["value", "boost"], |field, object| {
        Ok(Query::Term {
            field,
            value: scalar(object, "value")?,
            boost: boost(object)?,
        })
    })
}

pub(super) fn terms(json: &Json, path: &str) -> Result<Query, RequestError> {
    let object = Object::read(json, path)?;
    let fields: Vec<&String> = object.keys().filter(|key| *key != "boost").collect();
    let [field] = fields.as_slice() else {
        return Err(RequestError::OneKey {
            place: format!("`{path}`"),
            what: "the field, besides `boost`",
            found: fields
                .iter()
                .take(5)
                .map(|key| format!("`{}`", cut(key)))
                .collect(),
        });
    };
    Ok(Query::Terms {
        values: list(object, field, as_scalar)?,
        field: (*field).clone(),
        boost: boost(object)?,
    })
}

pub(super) fn ids(json: &Json, path: &str) -> Result<Query, RequestError> {
    let object = Object::read(json, path)?;
    knows(object, &["values", "boost"])?;
    if let Some(Json::String(id)) = object.get("values") {
        return Ok(Query::Ids {
            values: vec![id.clone()],
            boost: boost(object)?,
        });
    }
    Ok(Query::Ids {
        values: list(object, "values", |json, path| {
            Ok(shown(&as_scalar(json, path)?))
        })?,
        boost: boost(object)?,
    })
}

pub(super) fn range(json: &Json, path: &str) -> Result<Query, RequestError> {
    const KNOWN: &[&str] = &["gt", "gte", "lt", "lte", "boost"];
    field(json, path, "", KNOWN, |field, object| {
        Ok(Query::Range {
            field,
            from: limit(object, "gt", "gte")?,
            to: limit(object, "lt", "lte")?,
            boost: boost(object)?,
        })
    })
}

/// A bound, under one of two keys; null is none.
fn limit(
    object: Object<'_>,
    excluding: &str,
    including: &str,
) -> Result<Option<Limit>, RequestError> {
    let set = |key| object.get(key).filter(|json| !json.is_null());
    let (key, included) = match (set(excluding), set(including)) {
        (None, None) => return Ok(None),
        (Some(_), None) => (excluding, false),
        (None, Some(_)) => (including, true),
        (Some(_), Some(json)) => {
            let expected = "left out, since the same side has a bound already";
            return Err(wrong(&object.path(including), expected, json));
        }
    };
    let value = scalar(object, key)?;
    Ok(Some(Limit { value, included }))
}

pub(super) fn prefix(json: &Json, path: &str) -> Result<Query, RequestError> {
    field(json, path, "value", &["value", "boost"], |field, object| {
        Ok(Query::Prefix {
            field,
            value: scalar_text(object, "value")?,
            boost: boost(object)?,
        })
    })
}

pub(super) fn wildcard(json: &Json, path: &str) -> Result<Query, RequestError> {
    const KNOWN: &[&str] = &["value", "wildcard", "boost"];
    field(json, path, "value", KNOWN, |field, object| {
        let key = match object.get("value") {
            None if object.get("wildcard").is_some() => "wildcard",
            _ => "value",
        };
        Ok(Query::Wildcard {
            field,
            value: scalar_text(object, key)?,
            boost: boost(object)?,
        })
    })
}

pub(super) fn regexp(json: &Json, path: &str) -> Result<Query, RequestError> {
    field(json, path, "value", &["value", "boost"], |field, object| {
        Ok(Query::Regexp {
            field,
            value: scalar_text(object, "value")?,
            boost: boost(object)?,
        })
    })
}

pub(super) fn fuzzy(json: &Json, path: &str) -> Result<Query, RequestError> {
    const KNOWN: &[&str] = &[
        "value",
        "fuzziness",
        "prefix_length",
        "transpositions",
        "boost",
    ];
    field(json, path, "value", KNOWN, |field, object| {
        Ok(Query::Fuzzy {
            field,
            value: scalar_text(object, "value")?,
            fuzziness: fuzziness(object)?.unwrap_or(Fuzziness::AUTO),
            prefix_length: count(object, "prefix_length", 0)?,
            transpositions: boolean(object, "transpositions", true)?,
            boost: boost(object)?,
        })
    })
}

pub(super) fn exists(json: &Json, path: &str) -> Result<Query, RequestError> {
    let object = Object::read(json, path)?;
    knows(object, &["field", "boost"])?;
    Ok(Query::Exists {
        field: object.text("field")?,
        boost: boost(object)?,
    })
}

/// Reads `{"field": {...}}`, or `{"field": value}` where a scalar stands for the member `short`.
fn field(
    json: &Json,
    path: &str,
    short: &'static str,
    known: &'static [&'static str],
    read: impl FnOnce(String, Object<'_>) -> Result<Query, RequestError>,
) -> Result<Query, RequestError> {
    let outer = Object::read(json, path)?;
    let (field, inner) = outer.only("the field")?;
    let path = outer.path(field);
    if inner.is_object() || short.is_empty() {
        let object = Object::read(inner, &path)?;
        knows(object, known)?;
        return read(field.to_owned(), object);
    }
    // The error on a list names the field, not a member that nobody wrote.
    let long = serde_json::json!({ short: as_scalar(inner, &path)? });
    read(field.to_owned(), Object::read(&long, &path)?)
}

/// A list that must be there.
fn list<T>(
    object: Object<'_>,
    key: &str,
    read: impl Fn(&Json, &str) -> Result<T, RequestError>,
) -> Result<Vec<T>, RequestError> {
    let (json, path) = (object.required(key)?, object.path(key));
    let Json::Array(values) = json else {
        return Err(wrong(&path, "a list", json));
    };
    bounded(values, &path, "values", MOST_VALUES)?;
    let values = values.iter().enumerate();
    values
        .map(|(number, json)| read(json, &format!("{path}[{number}]")))
        .collect()
}

fn bounded(
    list: &[Json],
    path: &str,
    what: &'static str,
    limit: usize,
) -> Result<(), RequestError> {
    if list.len() <= limit {
        return Ok(());
    }
    Err(RequestError::TooMany {
        path: path.to_owned(),
        what,
        limit,
    })
}
