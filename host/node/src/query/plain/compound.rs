//! Clauses with others inside, made of those others' queries.
//!
//! [`children`] gives the pieces in the order in which [`join`] takes their queries, so that
//! whoever compiles a piece otherwise, because a UDF is in it, can join the pieces all the same.

use tantivy::query::{BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur};

use super::boosting::BoostingQuery;
use super::excluded::ExcludedQuery;
use super::{EngineQuery, all, boosted, none};
use crate::query::{BoolClause, Query};

/// The clauses directly inside a compound one, each with its place below the clause's name.
pub fn children(query: &Query) -> Vec<(String, &Query)> {
    match query {
        Query::Bool(clause) => {
            let pieces = [
                ("must", &clause.must),
                ("filter", &clause.filter),
                ("should", &clause.should),
                ("must_not", &clause.must_not),
            ];
            let numbered = |(key, clauses): (&'static str, &'_ Vec<Query>)| -> Vec<String> {
                (0..clauses.len())
                    .map(|number| format!("{key}[{number}]"))
                    .collect()
            };
            let places = pieces.into_iter().flat_map(numbered);
            places.zip(query.children()).collect()
        }
        Query::ConstantScore { filter, .. } => vec![("filter".to_owned(), filter)],
        Query::Boosting {
            positive, negative, ..
        } => vec![
            ("positive".to_owned(), positive),
            ("negative".to_owned(), negative),
        ],
        Query::DisMax { queries, .. } => {
            let queries = queries.iter().enumerate();
            queries
                .map(|(number, query)| (format!("queries[{number}]"), query))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The engine's query for a compound clause, of the queries for its [`children`] in their order.
/// It matches nothing where the clause is none, or the pieces are not so many.
pub fn join(query: &Query, pieces: Vec<EngineQuery>) -> EngineQuery {
    match query {
        Query::Bool(clause) => boosted(join_bool(clause, pieces), clause.boost),
        Query::ConstantScore { boost, .. } => {
            let filter = pieces.into_iter().next();
            filter.map_or_else(none, |filter| {
                Box::new(ConstScoreQuery::new(filter, *boost))
            })
        }
        Query::Boosting {
            negative_boost,
            boost,
            ..
        } => {
            let mut pieces = pieces.into_iter();
            let (Some(positive), Some(negative)) = (pieces.next(), pieces.next()) else {
                return none();
            };
            let boosting = BoostingQuery::new(positive, unscored(negative), *negative_boost);
            boosted(Box::new(boosting), *boost)
        }
        Query::DisMax {
            tie_breaker, boost, ..
        } => boosted(best_of(pieces, *tie_breaker), *boost),
        _ => none(),
    }
}

/// The best score of several queries, and a share of the others'.
pub(super) fn best_of(mut queries: Vec<EngineQuery>, tie_breaker: f32) -> EngineQuery {
    match queries.len() {
        0 => none(),
        1 => queries.remove(0),
        _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(queries, tie_breaker)),
    }
}

/// So many of several queries, with the sum of their scores.
pub(super) fn some_of(queries: Vec<EngineQuery>, minimum: usize) -> EngineQuery {
    let minimum = minimum.max(1);
    if minimum > queries.len() {
        return none();
    }
    let queries = queries.into_iter().map(|query| (Occur::Should, query));
    Box::new(BooleanQuery::with_minimum_required_clauses(
        queries.collect(),
        minimum,
    ))
}

/// A query as an exclusion.
pub fn excluded(query: EngineQuery) -> EngineQuery {
    Box::new(ExcludedQuery(unscored(query)))
}

/// A query that matches and does not score.
pub fn unscored(query: EngineQuery) -> EngineQuery {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

/// How many of the clauses under `should` must match; `None` where there are not so many.
pub fn minimum(clause: &BoolClause) -> Option<usize> {
    let optional = clause.should.len();
    let asked = clause.minimum_should_match.as_ref();
    let mut minimum = asked.map_or(0, |minimum| minimum.of(optional));
    if clause.must.is_empty() && clause.filter.is_empty() && optional > 0 {
        // Something must match: a document that no clause is for is no hit.
        minimum = minimum.max(1);
    }
    (minimum <= optional).then_some(minimum)
}

fn join_bool(clause: &BoolClause, pieces: Vec<EngineQuery>) -> EngineQuery {
    if pieces.is_empty() {
        return all();
    }
    let required = clause.must.len() + clause.filter.len();
    let optional = clause.should.len();
    let Some(minimum) = minimum(clause) else {
        return none();
    };
    let mut clauses: Vec<(Occur, EngineQuery)> = Vec::with_capacity(pieces.len() + 1);
    for (number, piece) in pieces.into_iter().enumerate() {
        clauses.push(if number < clause.must.len() {
            (Occur::Must, piece)
        } else if number < required {
            (Occur::Must, unscored(piece))
        } else if number < required + optional {
            (Occur::Should, piece)
        } else {
            (Occur::MustNot, excluded(piece))
        });
    }
    if required + optional == 0 {
        // The engine takes exclusions alone for nothing.
        clauses.push((Occur::Must, unscored(all())));
    }
    Box::new(BooleanQuery::with_minimum_required_clauses(
        clauses, minimum,
    ))
}
