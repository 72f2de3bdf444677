//! `wasm_udf`: a UDF that filters, if it is boolean, or scores, if it is a number.

use serde_json::Value as Json;

use super::parameters::{boost, knows};
use super::parse::{Object, Parser, RequestError};
use super::{Clause, FunctionCall, Plan, Planner, Query, QueryError};
use crate::computed::Matcher;
use crate::request::path::Path;

/// `{"wasm_udf": {...}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct WasmUdf {
    /// The function and what it is called with.
    pub call: FunctionCall,
    /// Which documents it is asked about; by default all.
    pub query: Box<Query>,
    /// Of the score.
    pub boost: f32,
}

impl Clause for WasmUdf {
    const NAME: &'static str = "wasm_udf";

    fn parse(parser: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(
            object,
            &["function", "params", "query", "on_error", "boost"],
        )?;
        Ok(Self {
            call: FunctionCall::read(object)?,
            query: parser.inner_or_all(object, "query")?,
            boost: boost(object)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let of = planner.plan(&self.query, path.key("query"))?;
        let udf = planner.call(&self.call)?.clause()?;
        let plan = of.map_matcher(|of| Matcher::Computed(Box::new(of), udf));
        Ok(plan.boosted(self.boost))
    }
}
