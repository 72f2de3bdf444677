//! Formulas: what computes a value of a document, for `fields`, `sort`, `rescore` and aggregations.

use serde_json::Value as Json;

use super::error::RequestError;
use super::object::{Object, wrong};
use crate::query::FunctionCall;

/// What computes a value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// A UDF. A document that it fails for has no value, unless that ends the search.
    Udf(FunctionCall),
    /// An expression, in SQL.
    Expression(String),
}

impl Formula {
    /// Reads `{"wasm_udf": {...}}` or `{"expression": "..."}`.
    pub(crate) fn read(json: &Json, path: &str) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &["wasm_udf", "expression"];
        let object = Object::read(json, path)?;
        object.knows(KNOWN)?;
        let (name, json) = object.only("`wasm_udf` or `expression`")?;
        Self::named(name, json, &object.path(name))
    }

    /// Reads the value under the name of a formula's kind.
    pub(crate) fn named(name: &str, json: &Json, path: &str) -> Result<Self, RequestError> {
        if name == "wasm_udf" {
            let call = Object::read(json, path)?;
            call.knows(&["function", "params", "on_error"])?;
            return Ok(Self::Udf(FunctionCall::read(call)?));
        }
        let text = json.as_str().map(str::to_owned);
        text.map(Self::Expression)
            .ok_or_else(|| wrong(path, "a string", json))
    }
}
