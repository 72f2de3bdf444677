//! `exists`: documents that have a field, or one below it.

use serde_json::Value as Json;
use tantivy::query::ExistsQuery;

use super::automaton::Pattern;
use super::native::{NativeQuery, all, constant, some_of};
use super::parameters::{boost, knows};
use super::parse::{Object, Parser, RequestError};
use super::{Clause, Plan, Planner, QueryError};
use crate::allowance::Allowance;
use crate::mapping::{MappedField, Mapping};
use crate::request::path::Path;

/// `{"exists": {"field": "..."}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Exists {
    /// The path of a field or an object, or a pattern of them with `*`.
    pub field: String,
    /// The score.
    pub boost: f32,
}

impl Clause for Exists {
    const NAME: &'static str = "exists";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        let object = Object::read(json, path)?;
        knows(object, &["field", "boost"])?;
        Ok(Self {
            field: object.text("field")?,
            boost: boost(object)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let query = match planner.mapping().field(&self.field) {
            // Its column is read, so that it need not be indexed.
            Some(field) => has_value(field),
            None => match planner.target(&self.field, path.key("field"))? {
                Some(_) => all(),
                None => any_below(planner.mapping(), &self.field, planner.allowance()),
            },
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}

/// Documents with a value in any field below an object, or of the names that fit a pattern.
fn any_below(mapping: &Mapping, name: &str, allowance: &Allowance) -> NativeQuery {
    let (itself, below) = (Pattern::names(name), Pattern::names(&format!("{name}.*")));
    let paths = mapping.paths();
    let paths = paths.filter(|path| itself.fits(path) || below.fits(path));
    let fields = paths.filter_map(|path| mapping.field(path));
    let queries = fields.map(|field| has_value(field)).collect();
    constant(some_of(queries, 1, allowance))
}

/// Documents with a value in a field, each with the score 1.
pub(super) fn has_value(field: MappedField<'_>) -> NativeQuery {
    constant(Box::new(ExistsQuery::new(field.column.to_owned(), false)))
}
