//! `rescore`: new scores for the first hits, from a formula that is too expensive for all of them.

use serde_json::Value as Json;

use super::error::RequestError;
use super::formula::Formula;
use super::object::{Object, whole, wrong};
use super::page::MOST_HITS;

/// New scores for the first hits.
#[derive(Debug, Clone, PartialEq)]
pub struct Rescore {
    /// How many hits; by default 10.
    pub window_size: usize,
    /// Their scores. A document without a value scores 0; one that a UDF skips because it fails
    /// keeps its score.
    pub formula: Formula,
}

impl Rescore {
    pub(super) fn read(json: &Json, path: &str) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &["window_size", "wasm_udf", "expression"];
        let object = Object::read(json, path)?;
        object.knows(KNOWN)?;
        let window_size = match object.get("window_size") {
            None => 10,
            Some(json) => {
                let (path, expected) = (object.path("window_size"), "an integer from 1 to 10000");
                match whole(json) {
                    Some(size @ 1..=MOST_HITS) => size,
                    Some(found) if found > 0 => {
                        let limit = MOST_HITS;
                        return Err(RequestError::RescoreWindow { path, found, limit });
                    }
                    _ => return Err(wrong(&path, expected, json)),
                }
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
