//! `prefix`: terms that begin with a string.

use serde_json::Value as Json;

use super::automaton::Literal;
use super::native::none;
use super::parameters::{boolean, boost, constant_rewrite, scalar_text};
use super::parse::{Parser, RequestError, of_field};
use super::{Clause, Plan, Planner, QueryError};
use crate::request::path::Path;

/// `{"prefix": {"field": {...}}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Prefix {
    /// The field's path.
    pub field: String,
    /// The beginning.
    pub value: String,
    /// Whether letters of ASCII match in either case.
    pub case_insensitive: bool,
    /// The score.
    pub boost: f32,
}

impl Clause for Prefix {
    const NAME: &'static str = "prefix";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &["value", "case_insensitive", "rewrite", "boost"];
        of_field(json, path, Some("value"), KNOWN, |field, object| {
            constant_rewrite(object, "rewrite")?;
            Ok(Self {
                field,
                value: scalar_text(object, "value")?,
                case_insensitive: boolean(object, "case_insensitive", false)?,
                boost: boost(object)?,
            })
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let query = match planner.target(&self.field, path.key(&self.field))? {
            None => none(),
            Some(target) => {
                target.check_text(Self::NAME, "use `term` or `range`")?;
                let literal = Literal::prefix(&self.value, self.case_insensitive);
                Box::new(target.accepted(literal))
            }
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}
