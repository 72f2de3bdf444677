//! `fields` and `docvalue_fields`: values that come back with each hit of the page, beside its
//! source.
//!
//! `fields` is an object of formulas by name, which is Whittle's, or OpenSearch's list of fields of
//! the mapping.

use serde_json::Value as Json;

use super::error::RequestError;
use super::formula::Formula;
use super::object::{Object, wrong};

/// How many fields a request may read.
const MOST_FIELDS: usize = 100;

/// How many fields a request may compute, as OpenSearch limits fields of scripts.
const MOST_COMPUTED: usize = 32;

/// Fields of the mapping whose values come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldValues {
    /// A path, or a pattern in which `*` stands for any characters.
    pub pattern: String,
    /// How dates are written; by default as the field's mapping says.
    pub format: Option<String>,
}

/// What `fields` says.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) computed: Vec<(String, Formula)>,
    pub(super) listed: Vec<FieldValues>,
}

/// Reads `{"name": {"wasm_udf": {...}}, ...}`, or a list as [`list`] does.
pub(super) fn read(json: &Json) -> Result<Fields, RequestError> {
    if json.is_array() {
        return Ok(Fields {
            listed: list(json, "fields")?,
            ..Fields::default()
        });
    }
    let object = Object::read(json, "fields")?;
    let names: Vec<&String> = object.keys().collect();
    few(names.len(), MOST_COMPUTED, "computed fields")?;
    let field = |name: &&String| {
        let formula = Formula::read(object.required(name)?, &object.path(name))?;
        Ok(((*name).clone(), formula))
    };
    let computed = names.iter().map(field).collect::<Result<_, _>>()?;
    Ok(Fields {
        computed,
        ..Fields::default()
    })
}

/// Reads `["name", {"field": "name", "format": "..."}]`.
pub(super) fn list(json: &Json, path: &'static str) -> Result<Vec<FieldValues>, RequestError> {
    let expected = "a list of fields";
    let fields = json.as_array().ok_or_else(|| wrong(path, expected, json))?;
    few(fields.len(), MOST_FIELDS, path)?;
    let read = |(number, json): (usize, &Json)| {
        if let Json::String(pattern) = json {
            return Ok(FieldValues {
                pattern: pattern.clone(),
                format: None,
            });
        }
        let path = format!("{path}[{number}]");
        let object = Object::read(json, &path)?;
        object.knows(&["field", "format"])?;
        let format = object.get("format").filter(|json| !json.is_null());
        Ok(FieldValues {
            pattern: object.text("field")?,
            format: format.map(|_| object.text("format")).transpose()?,
        })
    };
    fields.iter().enumerate().map(read).collect()
}

/// The patterns of `docvalue_fields` in the address.
///
/// # Errors
///
/// More than there may be.
pub(super) fn patterns(names: Vec<String>) -> Result<Vec<FieldValues>, RequestError> {
    few(names.len(), MOST_FIELDS, "docvalue_fields")?;
    let pattern = |pattern| FieldValues {
        pattern,
        format: None,
    };
    Ok(names.into_iter().map(pattern).collect())
}

fn few(found: usize, limit: usize, what: &'static str) -> Result<(), RequestError> {
    if found <= limit {
        return Ok(());
    }
    Err(RequestError::Retrieved { what, found, limit })
}
