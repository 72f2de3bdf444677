//! `match_bool_prefix`: words of a text, the last of which is a prefix.

use serde_json::Value as Json;

use super::match_::{Last, Words};
use super::parameters::{boost, fuzzy_expansions};
use super::parse::{Parser, RequestError, of_field};
use super::{Clause, Plan, Planner, QueryError};
use crate::request::path::Path;

/// `{"match_bool_prefix": {"field": {...}}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchBoolPrefix {
    /// The field's path.
    pub field: String,
    /// What is looked for.
    pub words: Words,
    /// Of the score.
    pub boost: f32,
}

impl Clause for MatchBoolPrefix {
    const NAME: &'static str = "match_bool_prefix";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &[
            "query",
            "operator",
            "minimum_should_match",
            "fuzziness",
            "prefix_length",
            "max_expansions",
            "fuzzy_transpositions",
            "fuzzy_rewrite",
            "analyzer",
            "boost",
        ];
        of_field(json, path, Some("query"), KNOWN, |field, object| {
            fuzzy_expansions(object)?;
            Ok(Self {
                field,
                words: Words::read(object)?,
                boost: boost(object)?,
            })
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let query = self.words.plan(planner, &self.field, path, Last::Prefix)?;
        Ok(Plan::Native(query).boosted(self.boost))
    }
}
