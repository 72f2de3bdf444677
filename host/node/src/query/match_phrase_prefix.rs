//! `match_phrase_prefix`: words in their order, the last of which is a prefix.

use serde_json::Value as Json;
use tantivy::query::PhrasePrefixQuery;

use super::analysis::Text;
use super::automaton::Literal;
use super::field_terms::Target;
use super::native::{NativeQuery, none};
use super::parameters::{EXPANSIONS, boost, count, optional, shown};
use super::parse::{Object, Parser, RequestError, of_field};
use super::watchful::WatchfulQuery;
use super::{Clause, Plan, Planner, QueryError};
use crate::request::path::Path;

/// `{"match_phrase_prefix": {"field": {...}}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchPhrasePrefix {
    /// The field's path.
    pub field: String,
    /// The words.
    pub text: Text,
    /// How many words the last one may stand for.
    pub max_expansions: u32,
    /// Of the score.
    pub boost: f32,
}

impl Clause for MatchPhrasePrefix {
    const NAME: &'static str = "match_phrase_prefix";

    fn parse(_: &mut Parser, json: &Json, path: Path<'_>) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &[
            "query",
            "slop",
            "max_expansions",
            "analyzer",
            "zero_terms_query",
            "boost",
        ];
        of_field(json, path, Some("query"), KNOWN, |field, object| {
            no_slop(object)?;
            Ok(Self {
                field,
                text: Text::read(object)?,
                max_expansions: count(object, "max_expansions", EXPANSIONS)?,
                boost: boost(object)?,
            })
        })
    }

    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError> {
        let query = match planner.target(&self.field, path.key(&self.field))? {
            None => none(),
            Some(target) => phrase_prefix(planner, target, &self.text, self.max_expansions)?,
        };
        Ok(Plan::Native(query).boosted(self.boost))
    }
}

/// Refuses a `slop` other than 0, which tantivy's phrases with a prefix do not have.
pub(super) fn no_slop(object: Object<'_>) -> Result<(), RequestError> {
    let expected = "0: words before a prefix stand one after the other";
    optional(object, "slop", expected, |json| {
        (json.as_u64() == Some(0)).then_some(())
    })?;
    Ok(())
}

/// Words in their order with a prefix last; of a keyword, the prefix of the whole value.
pub(super) fn phrase_prefix(
    planner: &mut Planner<'_>,
    target: Target<'_>,
    text: &Text,
    max_expansions: u32,
) -> Result<NativeQuery, QueryError> {
    target.check_text(MatchPhrasePrefix::NAME, "use `term` or `range`")?;
    let prefix = |word: &str| -> NativeQuery {
        let query = target.accepted(Literal::prefix(word, false));
        Box::new(query.limited(max_expansions))
    };
    let Some(words) = text.words(planner, target)? else {
        return Ok(prefix(&shown(&text.value)));
    };
    Ok(match words.as_slice() {
        [] => text.without_words(),
        // tantivy would look at whole texts.
        [(_, word)] => prefix(word),
        words => {
            let mut phrase = PhrasePrefixQuery::new_with_offset(target.terms_at(words));
            phrase.set_max_expansions(max_expansions);
            WatchfulQuery::begins(Box::new(phrase), target.allowance)
        }
    })
}
