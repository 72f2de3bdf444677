//! `sort`: what hits are ordered by.

use serde_json::Value as Json;

use super::error::RequestError;
use super::formula::Formula;
use super::object::{Object, at_most, wrong};
use crate::query::FunctionCall;

/// What hits are ordered by.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    /// Which value.
    pub by: SortBy,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// Where hits without a value come; by default last.
    pub missing: Missing,
    /// Which of several values counts; by default the least, or in descending order the greatest.
    pub mode: Option<SortMode>,
    /// Whether a field that the index does not have is no error: all its values are missing.
    pub unmapped: bool,
}

/// A value of a hit.
#[derive(Debug, Clone, PartialEq)]
pub enum SortBy {
    /// Its score.
    Score,
    /// The order in which documents were written.
    Written,
    /// Its id.
    Id,
    /// A field's value.
    Field(String),
    /// What a formula computes for it.
    Formula(Formula),
}

/// Where hits without a value come.
#[derive(Debug, Clone, PartialEq)]
pub enum Missing {
    /// After all others.
    Last,
    /// Before all others.
    First,
    /// Where hits with this value come.
    Value(Json),
}

/// Which of several values of a field counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortMode {
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// Their sum.
    Sum,
    /// Their mean.
    Avg,
    /// The one in the middle.
    Median,
}

impl SortKey {
    /// The scores, the best first.
    pub(crate) fn score() -> Self {
        Self {
            descending: true,
            ..Self::ascending(SortBy::Score)
        }
    }

    fn ascending(by: SortBy) -> Self {
        Self {
            by,
            descending: false,
            missing: Missing::Last,
            mode: None,
            unmapped: false,
        }
    }
}

/// How many keys there may be: each hit that is a candidate for the page holds a value of each.
const MOST_KEYS: usize = 32;

/// Reads `sort`: a key, or a list of keys.
pub(super) fn read(json: &Json) -> Result<Vec<SortKey>, RequestError> {
    let mut keys = Vec::new();
    match json {
        Json::Array(list) => {
            few(list.len())?;
            for (number, json) in list.iter().enumerate() {
                read_into(&mut keys, json, &format!("sort[{number}]"))?;
            }
        }
        json => read_into(&mut keys, json, "sort")?,
    }
    few(keys.len())?;
    Ok(keys)
}

fn few(keys: usize) -> Result<(), RequestError> {
    at_most(keys, MOST_KEYS, "keys", "sort")
}

/// Reads `sort` of the address: `field`, `field:desc`, several with commas between them.
pub(super) fn parse(text: &str) -> Result<Vec<SortKey>, RequestError> {
    few(text.split(',').count())?;
    text.split(',')
        .map(|part| {
            let Some((name, direction)) = part.rsplit_once(':') else {
                return key(part, "sort");
            };
            let mut key = key(name, "sort")?;
            key.descending = order(&Json::from(direction), "sort")?;
            Ok(key)
        })
        .collect()
}

fn read_into(keys: &mut Vec<SortKey>, json: &Json, path: &str) -> Result<(), RequestError> {
    if let Json::String(name) = json {
        keys.push(key(name, path)?);
        return Ok(());
    }
    let object = Object::read(json, path)?;
    few(object.keys().count())?;
    for name in object.keys() {
        keys.push(described(name, object.required(name)?, &object.path(name))?);
    }
    Ok(())
}

/// Reads a key with its direction or its options.
fn described(name: &str, options: &Json, path: &str) -> Result<SortKey, RequestError> {
    if let Some(known) = formula_keys(name, options) {
        return formula_key(known, options, path);
    }
    if let ("expression", Json::String(text)) = (name, options)
        && order(options, path).is_err()
    {
        let formula = Formula::Expression(text.clone());
        return Ok(SortKey::ascending(SortBy::Formula(formula)));
    }
    let mut key = key(name, path)?;
    if let Json::String(_) = options {
        key.descending = order(options, path)?;
        return Ok(key);
    }
    let options = Object::read(options, path)?;
    for (name, instead) in UNSUPPORTED {
        if options.get(name).is_some() {
            let path = options.path(name);
            return Err(RequestError::Unsupported { path, instead });
        }
    }
    match key.by {
        SortBy::Field(_) => {
            options.knows(&["order", "missing", "mode", "unmapped_type"])?;
            key.mode = mode(options)?;
            if let Some(json) = options.get("unmapped_type") {
                let known = json.as_str().filter(|name| TYPES.contains(name));
                let expected = "the name of a field type, such as \"long\" or \"keyword\"";
                known.ok_or_else(|| wrong(&options.path("unmapped_type"), expected, json))?;
                key.unmapped = true;
            }
            key.unmapped |= options.get("missing").is_some();
        }
        SortBy::Id => options.knows(&["order", "missing", "mode", "unmapped_type"])?,
        SortBy::Score | SortBy::Written | SortBy::Formula(_) => options.knows(&["order"])?,
    }
    placed(key, options)
}

/// Options that Whittle does not have, and what to do instead.
const UNSUPPORTED: [(&str, &str); 5] = [
    (
        "format",
        "dates are sorted by milliseconds since 1970; format them in the client",
    ),
    (
        "numeric_type",
        "map the field with the same type in all indexes",
    ),
    ("nested", "there are no nested documents"),
    ("nested_path", "there are no nested documents"),
    ("nested_filter", "there are no nested documents"),
];

/// Types that a field without a mapping may be said to have.
const TYPES: [&str; 15] = [
    "boolean",
    "byte",
    "date",
    "date_nanos",
    "double",
    "float",
    "half_float",
    "integer",
    "ip",
    "keyword",
    "long",
    "scaled_float",
    "short",
    "text",
    "unsigned_long",
];

/// The options of a sort key that is a formula, or `None`: a field may be named as a formula's kind
/// is, and has no such options.
fn formula_keys(name: &str, options: &Json) -> Option<&'static [&'static str]> {
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

/// Reads `order` and `missing`.
fn placed(mut key: SortKey, options: Object<'_>) -> Result<SortKey, RequestError> {
    if let Some(json) = options.get("order") {
        key.descending = order(json, &options.path("order"))?;
    }
    let takes_value = matches!(key.by, SortBy::Field(_));
    key.missing = match options.get("missing") {
        None => Missing::Last,
        Some(Json::String(word)) if word == "_last" => Missing::Last,
        Some(Json::String(word)) if word == "_first" => Missing::First,
        Some(value @ (Json::String(_) | Json::Number(_) | Json::Bool(_))) if takes_value => {
            Missing::Value(value.clone())
        }
        Some(other) => {
            let expected = if takes_value {
                "\"_first\", \"_last\" or a value"
            } else {
                "\"_first\" or \"_last\""
            };
            return Err(wrong(&options.path("missing"), expected, other));
        }
    };
    Ok(key)
}

fn key(name: &str, path: &str) -> Result<SortKey, RequestError> {
    let instead = match name {
        "_score" => return Ok(SortKey::score()),
        "_doc" | "_seq_no" | "_shard_doc" => return Ok(SortKey::ascending(SortBy::Written)),
        "_id" => return Ok(SortKey::ascending(SortBy::Id)),
        "_script" => "use `wasm_udf` or `expression`",
        "_geo_distance" => "there are no geographic fields; use `wasm_udf` or `expression`",
        field => return Ok(SortKey::ascending(SortBy::Field(field.to_owned()))),
    };
    let path = path.to_owned();
    Err(RequestError::Unsupported { path, instead })
}

/// Whether it is descending.
fn order(json: &Json, path: &str) -> Result<bool, RequestError> {
    match json.as_str() {
        Some(word) if word.eq_ignore_ascii_case("asc") => Ok(false),
        Some(word) if word.eq_ignore_ascii_case("desc") => Ok(true),
        _ => Err(wrong(path, "\"asc\" or \"desc\"", json)),
    }
}

fn mode(options: Object<'_>) -> Result<Option<SortMode>, RequestError> {
    let Some(json) = options.get("mode") else {
        return Ok(None);
    };
    match json.as_str() {
        Some("min") => Ok(Some(SortMode::Min)),
        Some("max") => Ok(Some(SortMode::Max)),
        Some("sum") => Ok(Some(SortMode::Sum)),
        Some("avg") => Ok(Some(SortMode::Avg)),
        Some("median") => Ok(Some(SortMode::Median)),
        _ => {
            let expected = "\"min\", \"max\", \"sum\", \"avg\" or \"median\"";
            Err(wrong(&options.path("mode"), expected, json))
        }
    }
}
