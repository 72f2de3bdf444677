//! `match_none`: no document.

use serde_json::Value as Json;

use super::parameters::{boost, knows};
use super::parse::{Object, Parser, RequestError};
use super::{Clause, Plan, Planner, QueryError};
use crate::request::path::Path;

/// `{"match_none": {}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchNone;

impl Clause for MatchNone {
    const NAME: &'static str = "match_none";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["boost"])?;
        // There is no score to multiply.
        boost(object)?;
        Ok(Self)
    }

    fn plan(&self, _: &mut Planner<'_>, _: Path<'_>) -> Result<Plan, QueryError> {
        Ok(Plan::none())
    }
}
