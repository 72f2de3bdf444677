//! `rescore`: new scores for the first hits, from what is too dear for all of them.

use std::sync::Arc;

use serde_json::Value as Json;
use tantivy::{Score, Searcher};

use super::collect::Found;
use super::formula::Formula;
use super::found;
use crate::computed::{Computed, Outcome};
use crate::object::{Object, wrong};
use crate::request::{MOST_HITS, RequestError};

/// What gives the first hits new scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Rescore {
    /// How many hits; by default 10.
    pub window_size: usize,
    /// Their scores. A document that has no value scores 0; one that a UDF leaves out, since it
    /// fails for it, keeps the score that it had.
    pub formula: Formula,
}

impl Rescore {
    pub(crate) fn read(json: &Json, path: &str) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &["window_size", "wasm_udf", "expression"];
        let object = Object::read(json, path)?;
        object.knows(KNOWN)?;
        let window_size = match object.get("window_size") {
            None => 10,
            Some(json) => {
                let size = json.as_u64().and_then(|size| usize::try_from(size).ok());
                let size = size.filter(|size| (1..=MOST_HITS).contains(size));
                let expected = "an integer from 1 to 10000";
                size.ok_or_else(|| wrong(&object.path("window_size"), expected, json))?
            }
        };
        let name = match (object.get("wasm_udf"), object.get("expression")) {
            (Some(_), None) => "wasm_udf",
            (None, Some(_)) => "expression",
            _ => {
                return Err(RequestError::Either {
                    path: path.to_owned(),
                    keys: ["wasm_udf", "expression"],
                });
            }
        };
        let formula = Formula::named(name, object.required(name)?, &object.path(name))?;
        Ok(Self {
            window_size,
            formula,
        })
    }
}

/// Gives the first hits new scores, and puts them in the order of those; hits of equal scores stay
/// in the order in which they were. `None` where a UDF ends the search.
///
/// # Errors
///
/// Where a segment cannot be read.
pub(super) fn rescore(
    searcher: &Searcher,
    first: &mut [Found],
    scores: &Arc<dyn Computed>,
) -> tantivy::Result<Option<()>> {
    let outcomes = found::compute(searcher, first, |reader, expected| {
        let mut computation = scores.for_segment(reader, expected)?;
        Ok(move |documents: &[_], scores: &[_]| computation.compute(documents, scores))
    })?;
    let Some(outcomes) = outcomes else {
        return Ok(None);
    };
    for (found, outcome) in first.iter_mut().zip(outcomes) {
        if let Outcome::Yes(score) = outcome {
            found.score = Some(score);
        }
    }
    let score = |found: &Found| found.score.unwrap_or(Score::NEG_INFINITY);
    first.sort_by(|left, right| score(right).total_cmp(&score(left)));
    Ok(Some(()))
}
