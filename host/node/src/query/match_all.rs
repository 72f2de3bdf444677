//! `match_all`: every document.

use serde_json::Value as Json;

use super::parameters::{boost, knows};
use super::parse::{Object, Parser, RequestError};
use super::{Clause, Plan, Planner, QueryError, native};
use crate::request::path::Path;

/// `{"match_all": {}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchAll {
    /// The score.
    pub boost: f32,
}

impl Clause for MatchAll {
    const NAME: &'static str = "match_all";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["boost"])?;
        Ok(Self {
            boost: boost(object)?,
        })
    }

    fn plan(&self, _: &mut Planner<'_>, _: Path<'_>) -> Result<Plan, QueryError> {
        Ok(Plan::Native(native::all()).boosted(self.boost))
    }
}
