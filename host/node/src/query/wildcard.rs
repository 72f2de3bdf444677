//! `wildcard`: terms that fit a pattern in which `*` is any string and `?` one character.

use serde_json::Value as Json;

use super::automaton::Pattern;
use super::error::too_many;
use super::native::none;
use super::parameters::{boolean, boost, constant_rewrite, scalar_text};
use super::parse::{Parser, RequestError, of_field};
use super::{Clause, Plan, Planner, QueryError};
use crate::request::path::Path;

/// The longest pattern, in characters, as OpenSearch limits regular expressions.
pub(super) const PATTERN_CHARACTERS: usize = 1_000;

/// `{"wildcard": {"field": {...}}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Wildcard {
    /// The field's path.
    pub field: String,
    /// The pattern.
    pub value: String,
    /// Whether letters of ASCII match in either case.
    pub case_insensitive: bool,
    /// The score.
    pub boost: f32,
}

impl Clause for Wildcard {
    const NAME: &'static str = "wildcard";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &["value", "wildcard", "case_insensitive", "rewrite", "boost"];
        of_field(json, path, Some("value"), KNOWN, |field, object| {
            constant_rewrite(object, "rewrite")?;
            let key = match object.get("value") {
                None if object.get("wildcard").is_some() => "wildcard",
                _ => "value",
            };
            Ok(Self {
                field,
                value: scalar_text(object, key)?,
                case_insensitive: boolean(object, "case_insensitive", false)?,
                boost: boost(object)?,
            })
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let path = path.key(&self.field);
        let query = match planner.target(&self.field, path)? {
            None => none(),
            Some(target) => {
                target.check_text(Self::NAME, "use `term` or `range`")?;
                check_length(&self.value, path)?;
                let pattern = Pattern::wildcard(&self.value, self.case_insensitive);
                target.allowance.take(pattern.bytes())?;
                Box::new(target.accepted(pattern))
            }
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}

/// Refuses a pattern that is too long.
fn check_length(pattern: &str, path: Path<'_>) -> Result<(), QueryError> {
    let what = "characters in its pattern";
    too_many(pattern.chars().count(), PATTERN_CHARACTERS, what, path)
}
