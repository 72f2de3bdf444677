//! `terms`: documents that have one of several values.

use serde_json::Value as Json;

use super::error::too_many;
use super::field_terms::{Lookup, Target};
use super::native::{NativeQuery, constant, some_of};
use super::parameters::{as_scalar, boost};
use super::parse::{Object, Parser, RequestError, cut, values};
use super::range::between;
use super::{Clause, Plan, Planner, QueryError};
use crate::request::path::Path;

/// How many spans of time the clause may list: each is looked up on its own.
const MOST_SPANS: usize = 1_024;

/// `{"terms": {"field": [...]}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The field's path.
    pub field: String,
    /// The values.
    pub values: Vec<Json>,
    /// The score.
    pub boost: f32,
}

impl Clause for Terms {
    const NAME: &'static str = "terms";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        let fields: Vec<&String> = object.keys().filter(|key| *key != "boost").collect();
        let [field] = fields.as_slice() else {
            let found = fields.iter().take(5);
            return Err(RequestError::OneKey {
                place: format!("`{path}`"),
                what: "the field, besides `boost`",
                found: found.map(|key| format!("`{}`", cut(key))).collect(),
            });
        };
        Ok(Self {
            values: values(object, field, as_scalar)?,
            field: (*field).clone(),
            boost: boost(object)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let path = path.key(&self.field);
        let Some(target) = planner.target(&self.field, path)? else {
            return Ok(Plan::none());
        };
        let (mut terms, mut queries) = (Vec::new(), Vec::<NativeQuery>::new());
        for (number, value) in self.values.iter().enumerate() {
            let path = path.item(number);
            match (Target { path, ..target }).lookup(value)? {
                Lookup::Indexed(term) => terms.push(term.serialized_value_bytes().to_vec()),
                Lookup::InColumn(first, last) => {
                    queries.push(between(first, last, target.allowance));
                }
                Lookup::Nowhere => {}
            }
        }
        too_many(queries.len(), MOST_SPANS, "dates", path)?;
        if !terms.is_empty() {
            queries.push(target.listed(terms)?);
        }
        Ok(Plan::Native(constant(some_of(queries, 1, target.allowance))).boosted(self.boost))
    }
}
