//! Plain clauses: those that the engine's own queries can do.
//!
//! [`Plain::leaf`] does a clause without others inside; [`Plain::compile_with`] walks a tree,
//! joins its pieces ([`compound`]) and asks its caller for UDFs and expressions, of which this
//! module knows only that they are there. What only decides which documents match is compiled so
//! that the engine does not score it.

mod automaton;
mod boosting;
pub mod compound;
mod error;
mod excluded;
mod range;
mod regexp;
mod texts;
mod values;
mod words;

use std::cell::Cell;

use tantivy::query::{AllQuery, BoostQuery, ConstScoreQuery, EmptyQuery};

pub use error::QueryError;

use super::Query;
use crate::mapping::Mapping;

/// A query of the engine's.
pub type EngineQuery = Box<dyn tantivy::query::Query>;

/// What compiles UDFs and expressions: it gets such a clause and its path.
pub type Other<'f, 'a, E> =
    dyn FnMut(&Plain<'a>, &Query, &str) -> Result<Option<EngineQuery>, E> + 'f;

/// What a clause's query becomes, before it is put into another. It gets the clause's path.
pub type Watch<'a> = dyn Fn(EngineQuery, &str) -> EngineQuery + 'a;

/// The engine's query for a tree that stands at `query` of a request; `None` where a UDF or an
/// expression is in it. `now` is in microseconds since 1970.
///
/// # Errors
///
/// Values that their fields' types do not have, patterns that are none, and clauses that a field's
/// type does not go with.
pub fn compile(
    query: &Query,
    mapping: &Mapping,
    now: i64,
) -> Result<Option<EngineQuery>, QueryError> {
    Plain::new(mapping, now).compile_with(query, "query", &mut |_, _, _| Ok(None))
}

/// What compiles the clauses of one request.
pub struct Plain<'a> {
    mapping: &'a Mapping,
    /// In microseconds since 1970.
    now: i64,
    watch: Option<&'a Watch<'a>>,
    words: Cell<usize>,
    regexps: Cell<usize>,
    fuzzy: Cell<usize>,
}

/// How many words a request may look for in all.
const MOST_WORDS: usize = 4_096;

/// How many regular expressions a request may have: each may take a while to become an automaton.
const MOST_REGEXPS: usize = 32;

/// How many characters a request may look for fuzzily in all: each takes some ten kilobytes.
const MOST_FUZZY_CHARACTERS: usize = 2_048;

impl<'a> Plain<'a> {
    /// For the documents of a mapping at a time, in microseconds since 1970.
    pub fn new(mapping: &'a Mapping, now: i64) -> Self {
        Self {
            mapping,
            now,
            watch: None,
            words: Cell::new(0),
            regexps: Cell::new(0),
            fuzzy: Cell::new(0),
        }
    }

    /// With something that watches the clauses.
    #[must_use]
    pub fn watched(mut self, watch: &'a Watch<'a>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// The engine's query for a tree at `path` of the request. `other` is asked for each UDF and
    /// each expression, with its path, and may compile what is inside it in turn; where it gives
    /// `None`, so does this.
    ///
    /// # Errors
    ///
    /// As [`compile`], and those of `other`.
    pub fn compile_with<E: From<QueryError>>(
        &self,
        query: &Query,
        path: &str,
        other: &mut Other<'_, 'a, E>,
    ) -> Result<Option<EngineQuery>, E> {
        match query {
            Query::Bool(_)
            | Query::ConstantScore { .. }
            | Query::Boosting { .. }
            | Query::DisMax { .. } => {
                let path = format!("{path}.{}", query.name());
                let mut pieces = Vec::new();
                for (key, child) in compound::children(query) {
                    match self.compile_with(child, &format!("{path}.{key}"), other)? {
                        None => return Ok(None),
                        Some(piece) => pieces.push(piece),
                    }
                }
                Ok(Some(self.seen(compound::join(query, pieces), &path)))
            }
            Query::WasmUdf(_) | Query::Expression { .. } | Query::ExpressionScore { .. } => {
                let other = other(self, query, path)?;
                Ok(other.map(|other| self.seen(other, &format!("{path}.{}", query.name()))))
            }
            leaf => {
                let seen = |leaf| self.seen(leaf, &format!("{path}.{}", query.name()));
                Ok(self.leaf(leaf, path)?.map(seen))
            }
        }
    }

    fn seen(&self, query: EngineQuery, path: &str) -> EngineQuery {
        match self.watch {
            None => query,
            Some(watch) => watch(query, path),
        }
    }

    /// The engine's query for a clause without others inside, at `path` of the request; `None` for
    /// any other clause.
    ///
    /// # Errors
    ///
    /// As [`compile`].
    pub fn leaf(&self, query: &Query, path: &str) -> Result<Option<EngineQuery>, QueryError> {
        let (plan, boost) = match query {
            Query::MatchAll { boost } => (all(), *boost),
            Query::MatchNone => (none(), 1.0),
            Query::Match { field, boost, .. }
            | Query::MatchPhrase { field, boost, .. }
            | Query::MatchPhrasePrefix { field, boost, .. } => {
                (self.words(query, &at(path, query, field))?, *boost)
            }
            Query::MultiMatch { boost, .. } => {
                let path = format!("{path}.{}", query.name());
                (self.multi_match(query, &path)?, *boost)
            }
            Query::Term {
                field,
                value,
                boost,
            } => (self.term(field, value, &at(path, query, field))?, *boost),
            Query::Terms {
                field,
                values,
                boost,
            } => (self.terms(field, values, &at(path, query, field))?, *boost),
            Query::Range {
                field,
                from,
                to,
                boost,
            } => {
                let path = at(path, query, field);
                let plan = self.range(field, from.as_ref(), to.as_ref(), &path)?;
                (plan, *boost)
            }
            Query::Prefix { field, boost, .. }
            | Query::Wildcard { field, boost, .. }
            | Query::Regexp { field, boost, .. }
            | Query::Fuzzy { field, boost, .. } => {
                (self.texts(query, field, &at(path, query, field))?, *boost)
            }
            Query::Exists { field, boost } => (self.exists(field), *boost),
            Query::Ids { values, boost } => (self.ids(values), *boost),
            _ => return Ok(None),
        };
        Ok(Some(boosted(plan, boost)))
    }

    /// Counts words that are looked for.
    fn count_words(&self, words: usize, path: &str) -> Result<(), QueryError> {
        count(&self.words, words, MOST_WORDS, "words", path)
    }

    /// Counts characters of words that are looked for fuzzily.
    fn count_fuzzy(&self, characters: usize, path: &str) -> Result<(), QueryError> {
        let what = "characters in fuzzy words";
        count(&self.fuzzy, characters, MOST_FUZZY_CHARACTERS, what, path)
    }

    fn count_regexp(&self, path: &str) -> Result<(), QueryError> {
        count(&self.regexps, 1, MOST_REGEXPS, "regular expressions", path)
    }
}

fn count(
    so_far: &Cell<usize>,
    more: usize,
    limit: usize,
    what: &'static str,
    path: &str,
) -> Result<(), QueryError> {
    so_far.set(so_far.get().saturating_add(more));
    if so_far.get() <= limit {
        return Ok(());
    }
    Err(QueryError::TooMany {
        path: path.to_owned(),
        what,
        limit,
    })
}

/// Where a clause names its field.
fn at(path: &str, query: &Query, field: &str) -> String {
    format!("{path}.{}.{field}", query.name())
}

/// Every document, with the score 1. A boolean query of the engine's drops the scores of its own
/// such query.
fn all() -> EngineQuery {
    Box::new(ConstScoreQuery::new(Box::new(AllQuery), 1.0))
}

fn none() -> EngineQuery {
    Box::new(EmptyQuery)
}

/// A query with its scores multiplied.
#[expect(clippy::float_cmp, reason = "only the default, 1, changes nothing")]
fn boosted(query: EngineQuery, boost: f32) -> EngineQuery {
    if boost == 1.0 {
        query
    } else {
        Box::new(BoostQuery::new(query, boost))
    }
}

#[cfg(test)]
mod random;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod searches;
