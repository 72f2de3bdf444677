//! `fields`: values that are computed for each hit of the page.

use serde_json::Value as Json;
use tantivy::Searcher;
use whittle_host::{ExactJson, Members};

use super::blocks;
use super::collect::Candidate;
use super::formula::Computable;
use crate::allowance::Allowance;
use crate::value::Value;

/// Computes the fields of some hits, in the order of the hits, each a list of one value, as clients
/// expect it. `None` if a UDF ends the search.
///
/// # Errors
///
/// A segment that cannot be read.
pub(super) fn compute(
    searcher: &Searcher,
    hits: &[Candidate],
    fields: &[(String, Computable)],
    allowance: &Allowance,
) -> tantivy::Result<Option<Vec<Members>>> {
    let mut of_hits = vec![Members::new(); hits.len()];
    for (name, formula) in fields {
        let values = blocks::compute(searcher, hits, allowance, |reader, expected| {
            let mut segment = formula.for_segment(reader, expected)?;
            Ok(move |documents: &[_], scores: &[_]| segment.load(documents, scores))
        })?;
        let Some(values) = values else {
            return Ok(None);
        };
        allowance.take(values.iter().map(Value::bytes).sum())?;
        for (fields, value) in of_hits.iter_mut().zip(values) {
            fields.insert(name.clone(), ExactJson::List(vec![json(value)]));
        }
    }
    Ok(Some(of_hits))
}

fn json(value: Value) -> ExactJson {
    match value {
        Value::Json(json) => json,
        other => ExactJson::from(&serde_json::to_value(other).unwrap_or(Json::Null)),
    }
}
