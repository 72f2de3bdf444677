//! `match`: words of a text, or another field's value.

use serde_json::Value as Json;

use super::analysis::Text;
use super::automaton::Literal;
use super::field_terms::Target;
use super::fuzzy::fuzzy;
use super::native::{NativeQuery, none, some_of};
use super::parameters::{
    boolean, boost, constant_rewrite, count, fuzziness, fuzzy_expansions, minimum_should_match,
    operator, shown,
};
use super::parse::{Object, Parser, RequestError, of_field};
use super::{Clause, Fuzziness, MinimumShouldMatch, Plan, Planner, QueryError};
use crate::mapping::FieldType;
use crate::request::path::Path;

/// `{"match": {"field": {...}}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The field's path.
    pub field: String,
    /// What is looked for.
    pub words: Words,
    /// Of the score.
    pub boost: f32,
}

/// Words of which some are enough, in any order.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// The words.
    pub text: Text,
    /// Whether one word is enough.
    pub operator: Operator,
    /// How many words are enough, under [`Operator::Or`].
    pub minimum_should_match: Option<MinimumShouldMatch>,
    /// How far words may be from those in the text.
    pub fuzziness: Option<Fuzziness>,
    /// How many characters at the beginning of a fuzzy word stay as they are.
    pub prefix_length: u32,
    /// Whether two neighbours that change places are one edit.
    pub transpositions: bool,
    /// Whether a field that cannot have the value matches nothing, rather than being an error.
    pub lenient: bool,
}

/// How many of a text's words there must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// One.
    Or,
    /// All.
    And,
}

impl Clause for Match {
    const NAME: &'static str = "match";

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
            "lenient",
            "zero_terms_query",
            "auto_generate_synonyms_phrase_query",
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
        let query = self.words.plan(planner, &self.field, path, Last::Whole)?;
        Ok(Plan::Native(query).boosted(self.boost))
    }
}

/// What the last of some words is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Whole,
    Prefix,
}

impl Words {
    pub(super) fn read(object: Object<'_>) -> Result<Self, RequestError> {
        constant_rewrite(object, "fuzzy_rewrite")?;
        // No analyzer here makes synonyms.
        boolean(object, "auto_generate_synonyms_phrase_query", true)?;
        Ok(Self {
            text: Text::read(object)?,
            operator: operator(object)?,
            minimum_should_match: minimum_should_match(object)?,
            fuzziness: fuzziness(object)?,
            prefix_length: count(object, "prefix_length", 0)?,
            transpositions: boolean(object, "fuzzy_transpositions", true)?,
            lenient: boolean(object, "lenient", false)?,
        })
    }

    /// The words in a field, for a clause at `path`.
    pub(super) fn plan(
        &self,
        planner: &mut Planner<'_>,
        field: &str,
        path: Path<'_>,
        last: Last,
    ) -> Result<NativeQuery, QueryError> {
        let Some(target) = planner.target(field, path.key(field))? else {
            return Ok(none());
        };
        lenient(self.lenient, self.in_field(planner, target, last))
    }

    fn in_field(
        &self,
        planner: &mut Planner<'_>,
        target: Target<'_>,
        last: Last,
    ) -> Result<NativeQuery, QueryError> {
        if self.fuzziness.is_some() {
            target.check_text("fuzziness", "remove it")?;
        }
        let Some(words) = self.text.words(planner, target)? else {
            return match (target.field.field_type, last) {
                (FieldType::Keyword, _) => {
                    self.word(planner, target, &shown(&self.text.value), last)
                }
                (_, Last::Whole) => target.term(&self.text.value),
                (_, Last::Prefix) => Err(target.needs_text("match_bool_prefix", "use `match`")),
            };
        };
        let mut queries = Vec::with_capacity(words.len());
        for (number, (_, word)) in words.iter().enumerate() {
            let is_last = number + 1 == words.len();
            let last = if is_last { last } else { Last::Whole };
            queries.push(self.word(planner, target, word, last)?);
        }
        let minimum = match (self.operator, &self.minimum_should_match) {
            (Operator::And, _) => queries.len(),
            (Operator::Or, None) => 1,
            (Operator::Or, Some(minimum)) => minimum.of(queries.len()),
        };
        match queries.len() {
            0 => Ok(self.text.without_words()),
            // As in OpenSearch, one word is enough if there is only one.
            1 => Ok(queries.remove(0)),
            _ => Ok(some_of(queries, minimum, planner.allowance())),
        }
    }

    fn word(
        &self,
        planner: &mut Planner<'_>,
        target: Target<'_>,
        word: &str,
        last: Last,
    ) -> Result<NativeQuery, QueryError> {
        if last == Last::Prefix {
            return Ok(Box::new(target.accepted(Literal::prefix(word, false))));
        }
        match self.fuzziness.map(|fuzziness| fuzziness.edits(word)) {
            None | Some(0) => Ok(target.exact(word)),
            Some(edits) => fuzzy(
                planner,
                target,
                word,
                edits,
                self.prefix_length,
                self.transpositions,
            ),
        }
    }
}

/// Under `lenient`, a field that cannot have a value matches nothing.
pub(super) fn lenient(
    lenient: bool,
    query: Result<NativeQuery, QueryError>,
) -> Result<NativeQuery, QueryError> {
    match query {
        Err(QueryError::Value { .. } | QueryError::Date { .. } | QueryError::FieldType { .. })
            if lenient =>
        {
            Ok(none())
        }
        query => query,
    }
}
