//! `ids`: documents with given ids.

use serde_json::Value as Json;

use super::automaton::Listed;
use super::native::{constant, none};
use super::parameters::{as_scalar, boost, knows, shown};
use super::parse::{Object, Parser, RequestError, values};
use super::{Clause, Plan, Planner, QueryError};
use crate::mapping::ID;
use crate::request::path::Path;

/// `{"ids": {"values": [...]}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ids {
    /// The ids.
    pub values: Vec<String>,
    /// The score.
    pub boost: f32,
}

impl Clause for Ids {
    const NAME: &'static str = "ids";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["values", "boost"])?;
        let values = match object.get("values") {
            Some(Json::String(id)) => vec![id.clone()],
            _ => values(object, "values", |json, path| {
                Ok(shown(&as_scalar(json, path)?))
            })?,
        };
        Ok(Self {
            values,
            boost: boost(object)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let query = match planner.target(ID, path)? {
            Some(target) if !self.values.is_empty() => {
                // Before they are copied.
                target.take_terms(self.values.iter().map(String::len))?;
                let listed = Listed::new(self.values.iter().map(|id| id.clone().into_bytes()));
                constant(Box::new(target.accepted(listed)))
            }
            _ => none(),
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}
