//! The order of hits: sort keys, their values, and how those compare.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::formula::Formula;
use crate::object::{Object, wrong};
use crate::query::FunctionCall;
use crate::request::RequestError;
use crate::value::Value;

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
    /// What a formula gives for it.
    Formula(Formula),
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

    fn ascending(by: SortBy) -> Self {
        Self {
            by,
            descending: false,
            missing_first: false,
        }
    }

    /// The order of two hits' values of this key.
    pub(crate) fn compare(&self, left: &Value, right: &Value) -> Ordering {
        let missing = |value: &Value| *value == Value::Null;
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
    let at = object.path(name);
    if let Some(formula) = formula(name, options) {
        return formula_key(formula, options, &at);
    }
    let mut key = key(name);
    if let Json::String(_) = options {
        key.descending = order(options, &at)?;
        return Ok(key);
    }
    let options = Object::read(options, &at)?;
    options.knows(&["order", "missing", "unmapped_type"])?;
    placed(key, options)
}

/// What a formula is named by among the options of a sort key; a field may have the same name, and
/// has no such option.
fn formula(name: &str, options: &Json) -> Option<&'static [&'static str]> {
    match name {
        "wasm_udf" if options.get("function").is_some() => {
            Some(&["function", "params", "on_error", "order", "missing"])
        }
        "expression" if options.get("text").is_some() => Some(&["text", "order", "missing"]),
        _ => None,
    }
}

fn formula_key(
    known: &'static [&'static str],
    options: &Json,
    path: &str,
) -> Result<SortKey, RequestError> {
    let options = Object::read(options, path)?;
    options.knows(known)?;
    let formula = if known.contains(&"text") {
        Formula::Expression(options.text("text")?)
    } else {
        Formula::Udf(FunctionCall::read(options)?)
    };
    placed(SortKey::ascending(SortBy::Formula(formula)), options)
}

/// A key with its `order`, and the place of hits without a value.
fn placed(mut key: SortKey, options: Object<'_>) -> Result<SortKey, RequestError> {
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
        "_doc" | "_seq_no" | "_shard_doc" => SortKey::ascending(SortBy::Written),
        field => SortKey::ascending(SortBy::Field(field.to_owned())),
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
