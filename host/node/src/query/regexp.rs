//! `regexp`: terms that a regular expression describes, in Lucene's syntax.

use serde_json::Value as Json;
use tantivy_fst::Regex;

use super::field_terms::Target;
use super::native::{NativeQuery, none};
use super::parameters::{boolean, boost, constant_rewrite, count, optional, scalar_text};
use super::parse::{Parser, RequestError, of_field};
use super::regexp_syntax::{Flags, translate};
use super::wildcard::PATTERN_CHARACTERS;
use super::{Clause, Plan, Planner, QueryError};
use crate::request::path::Path;

/// `{"regexp": {"field": {...}}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Regexp {
    /// The field's path.
    pub field: String,
    /// The expression.
    pub value: String,
    /// Which characters are operators.
    pub flags: Flags,
    /// Whether letters of ASCII match in either case.
    pub case_insensitive: bool,
    /// The score.
    pub boost: f32,
}

impl Clause for Regexp {
    const NAME: &'static str = "regexp";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &[
            "value",
            "flags",
            "case_insensitive",
            "max_determinized_states",
            "rewrite",
            "boost",
        ];
        of_field(json, path, Some("value"), KNOWN, |field, object| {
            constant_rewrite(object, "rewrite")?;
            // A limit on an automaton that is built in another way here, with a limit of its own.
            count(object, "max_determinized_states", 10_000)?;
            let expected = "names of Lucene's flags with `|` between, such as \"ALL\" or \"NONE\"";
            let flags = optional(object, "flags", expected, |json| {
                Flags::read(json.as_str()?)
            })?;
            let value = scalar_text(object, "value")?;
            let found = value.chars().count();
            if found > PATTERN_CHARACTERS {
                return Err(RequestError::Regexp {
                    path: object.path("value"),
                    found,
                    limit: PATTERN_CHARACTERS,
                });
            }
            Ok(Self {
                field,
                value,
                flags: flags.unwrap_or_default(),
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
                planner.count_regexp(path)?;
                self.in_field(target)?
            }
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}

impl Regexp {
    fn in_field(&self, target: Target<'_>) -> Result<NativeQuery, QueryError> {
        let translated = translate(&self.value, &self.flags, self.case_insensitive);
        let translated = translated.map_err(|wrong| QueryError::Pattern {
            path: target.path.to_string(),
            field: target.name.to_owned(),
            position: wrong.position,
            reason: wrong.reason,
        })?;
        // What is translated breaks no rule of its parser, but may be too large.
        let regex = Regex::new(&translated).map_err(|_| QueryError::Automaton {
            path: target.path.to_string(),
            field: target.name.to_owned(),
        })?;
        Ok(Box::new(target.accepted(regex)))
    }
}
