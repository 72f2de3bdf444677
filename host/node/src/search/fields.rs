//! `fields`: values that are computed for each hit of the page.

use serde_json::{Map, Value as Json};
use tantivy::Searcher;

use super::collect::Found;
use super::formula::{Computable, Formula};
use super::found;
use crate::object::Object;
use crate::request::RequestError;
use crate::value::Value;

/// How many fields a request may compute.
const MOST_FIELDS: usize = 100;

/// Reads `{"name": {"wasm_udf": {...}}, ...}`.
pub(crate) fn read(json: &Json) -> Result<Vec<(String, Formula)>, RequestError> {
    let object = Object::read(json, "fields")?;
    let names: Vec<&String> = object.keys().collect();
    if names.len() > MOST_FIELDS {
        return Err(RequestError::TooMany {
            path: "fields".to_owned(),
            what: "fields",
            limit: MOST_FIELDS,
        });
    }
    let field = |name: &&String| {
        let formula = Formula::read(object.required(name)?, &object.path(name))?;
        Ok(((*name).clone(), formula))
    };
    names.iter().map(field).collect()
}

/// The fields of some hits, in the hits' order, each a list of one value, as clients know it.
/// `None` where a UDF ends the search.
///
/// # Errors
///
/// Where a segment cannot be read.
pub(super) fn compute(
    searcher: &Searcher,
    hits: &[Found],
    fields: &[(String, Computable)],
) -> tantivy::Result<Option<Vec<Map<String, Json>>>> {
    let mut of_hits = vec![Map::new(); hits.len()];
    for (name, formula) in fields {
        let values = found::compute(searcher, hits, |reader, expected| {
            let mut segment = formula.for_segment(reader, expected)?;
            Ok(move |documents: &[_], scores: &[_]| segment.load(documents, scores))
        })?;
        let Some(values) = values else {
            return Ok(None);
        };
        for (fields, value) in of_hits.iter_mut().zip(values) {
            fields.insert(name.clone(), Json::Array(vec![json(value)]));
        }
    }
    Ok(Some(of_hits))
}

fn json(value: Value) -> Json {
    match value {
        Value::Json(json) => json,
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}
