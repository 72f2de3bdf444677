//! `exists`: documents that have a field, or one below it.

use serde_json::Value as Json;
use tantivy::query::ExistsQuery;

use super::automaton::{Pattern, TermsQuery};
use super::native::{NativeQuery, all, constant, some_of};
use super::parameters::{boost, knows};
use super::parse::{Object, Parser, RequestError};
use super::{Clause, Plan, Planner, QueryError};
use crate::mapping::{ID, MappedField, Mapping};
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
        let query = match planner.target(&self.field, path.key("field"))? {
            Some(_) if self.field == ID => all(),
            Some(target) => has_value(planner.mapping(), target.field),
            None => any_below(planner.mapping(), &self.field),
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}

/// Documents with a value in any field below an object, or of the names that fit a pattern.
fn any_below(mapping: &Mapping, name: &str) -> NativeQuery {
    let (itself, below) = (Pattern::names(name), Pattern::names(&format!("{name}.*")));
    let paths = mapping.paths();
    let paths = paths.filter(|path| itself.fits(path) || below.fits(path));
    let fields = paths.filter_map(|path| mapping.field(path));
    let queries = fields.map(|field| has_value(mapping, field)).collect();
    constant(some_of(queries, 1))
}

/// Documents with a value in a field, each with the score 1.
pub(super) fn has_value(mapping: &Mapping, field: MappedField<'_>) -> NativeQuery {
    if mapping.schema().get_field_name(field.field) == field.column {
        let exists = ExistsQuery::new(field.column.to_owned(), false);
        return constant(Box::new(exists));
    }
    // A text's `.keyword` shares the column of the text, which has longer texts too.
    Box::new(TermsQuery::new(field.field, Pattern::anything()))
}
