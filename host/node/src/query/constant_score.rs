//! `constant_score`: documents of a clause, all with one score.

use serde_json::Value as Json;

use super::parameters::{boost, knows};
use super::parse::{Object, Parser, RequestError};
use super::{Clause, Plan, Planner, Query, QueryError};
use crate::request::path::Path;

/// `{"constant_score": {...}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstantScore {
    /// The clause.
    pub filter: Box<Query>,
    /// The score.
    pub boost: f32,
}

impl Clause for ConstantScore {
    const NAME: &'static str = "constant_score";

    fn parse(parser: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["filter", "boost"])?;
        Ok(Self {
            filter: parser.inner(object, "filter")?,
            boost: boost(object)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let filter = planner.plan(&self.filter, path.key("filter"))?;
        Ok(filter.constant(self.boost))
    }
}
