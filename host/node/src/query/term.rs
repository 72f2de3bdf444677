//! `term`: documents that have a value.

use serde_json::Value as Json;

use super::automaton::Literal;
use super::native::none;
use super::parameters::{boolean, boost, scalar, shown};
use super::parse::{Parser, RequestError, of_field};
use super::{Clause, Plan, Planner, QueryError};
use crate::request::path::Path;

/// `{"term": {"field": {...}}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The field's path.
    pub field: String,
    /// The value.
    pub value: Json,
    /// Whether letters of ASCII match in either case.
    pub case_insensitive: bool,
    /// Of the score.
    pub boost: f32,
}

impl Clause for Term {
    const NAME: &'static str = "term";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &["value", "case_insensitive", "boost"];
        of_field(json, path, Some("value"), KNOWN, |field, object| {
            Ok(Self {
                field,
                value: scalar(object, "value")?,
                case_insensitive: boolean(object, "case_insensitive", false)?,
                boost: boost(object)?,
            })
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let query = match planner.target(&self.field, path.key(&self.field))? {
            None => none(),
            Some(target) if self.case_insensitive => {
                target.check_text("case_insensitive", "remove it")?;
                let literal = Literal::term(&shown(&self.value), true);
                Box::new(target.accepted(literal))
            }
            Some(target) => target.term(&self.value)?,
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}
