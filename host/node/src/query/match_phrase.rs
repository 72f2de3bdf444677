//! `match_phrase`: words in their order.

use serde_json::Value as Json;
use tantivy::query::PhraseQuery;

use super::analysis::Text;
use super::field_terms::Target;
use super::native::{NativeQuery, none};
use super::parameters::{boost, count};
use super::parse::{Parser, RequestError, of_field};
use super::sloppy_phrase::SloppyPhraseQuery;
use super::watchful::WatchfulQuery;
use super::{Clause, Plan, Planner, QueryError};
use crate::request::path::Path;

/// `{"match_phrase": {"field": {...}}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchPhrase {
    /// The field's path.
    pub field: String,
    /// The words.
    pub text: Text,
    /// How many positions words may be off.
    pub slop: u32,
    /// Of the score.
    pub boost: f32,
}

impl Clause for MatchPhrase {
    const NAME: &'static str = "match_phrase";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &["query", "slop", "analyzer", "zero_terms_query", "boost"];
        of_field(json, path, Some("query"), KNOWN, |field, object| {
            Ok(Self {
                field,
                text: Text::read(object)?,
                slop: count(object, "slop", 0)?,
                boost: boost(object)?,
            })
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let query = match planner.target(&self.field, path.key(&self.field))? {
            None => none(),
            Some(target) => phrase(planner, target, &self.text, self.slop)?,
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}

/// Words in their order, or the whole value of a field that has no words.
pub(super) fn phrase(
    planner: &mut Planner<'_>,
    target: Target<'_>,
    text: &Text,
    slop: u32,
) -> Result<NativeQuery, QueryError> {
    let Some(words) = text.words(planner, target)? else {
        return target.term(&text.value);
    };
    Ok(match words.as_slice() {
        [] => text.without_words(),
        [(_, word)] => target.exact(word),
        words => {
            let words = target.terms_at(words);
            if slop > 0 {
                return Ok(Box::new(SloppyPhraseQuery::new(
                    words,
                    slop,
                    target.allowance,
                )));
            }
            let phrase = PhraseQuery::new_with_offset(words);
            WatchfulQuery::asked(Box::new(phrase), target.allowance)
        }
    })
}
