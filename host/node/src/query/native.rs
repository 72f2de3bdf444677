//! Small queries of tantivy's that several clauses use.

use tantivy::query::{
    AllScorer, BooleanQuery, BoostQuery, ConstScoreQuery, ConstScorer, DisjunctionMaxQuery,
    EmptyQuery, EnableScoring, Explanation, Occur, Query, Scorer, Weight,
};
use tantivy::{DocId, Score, SegmentReader};

use super::excluded_query::ExcludedQuery;
use super::watchful::WatchfulQuery;
use crate::allowance::Allowance;

/// A query of tantivy's.
pub(crate) type NativeQuery = Box<dyn tantivy::query::Query>;

/// Every document, with the score 1. A boolean query of tantivy's drops the scores of its own such
/// query.
pub(super) fn all() -> NativeQuery {
    Box::new(Every)
}

#[derive(Debug, Clone)]
struct Every;

impl Query for Every {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let scores = scoring.is_scoring_enabled();
        Ok(Box::new(EveryWeight { scores }))
    }
}

struct EveryWeight {
    scores: bool,
}

impl Weight for EveryWeight {
    /// By its type the scorer tells that it has every document.
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let every = AllScorer::new(reader.max_doc());
        Ok(if self.scores {
            Box::new(ConstScorer::new(every, boost))
        } else {
            Box::new(every)
        })
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("every document", 1.0))
    }

    fn count(&self, reader: &SegmentReader) -> tantivy::Result<u32> {
        Ok(reader.num_docs())
    }
}

pub(super) fn none() -> NativeQuery {
    Box::new(EmptyQuery)
}

/// A query that gives each document the score 1.
pub(super) fn constant(query: NativeQuery) -> NativeQuery {
    Box::new(ConstScoreQuery::new(query, 1.0))
}

/// A query that matches and does not score.
pub(super) fn unscored(query: NativeQuery) -> NativeQuery {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

/// A query as an exclusion.
pub(super) fn excluded(query: NativeQuery, allowance: &Allowance) -> NativeQuery {
    Box::new(ExcludedQuery {
        query: unscored(query),
        allowance: allowance.clone(),
    })
}

/// A query with its scores multiplied.
#[expect(clippy::float_cmp, reason = "only the default, 1, changes nothing")]
pub(super) fn boosted(query: NativeQuery, boost: f32) -> NativeQuery {
    if boost == 1.0 {
        query
    } else {
        Box::new(BoostQuery::new(query, boost))
    }
}

/// The best score of several queries, and a share of the others'.
pub(super) fn best_of(mut queries: Vec<NativeQuery>, tie_breaker: f32) -> NativeQuery {
    match queries.len() {
        0 => none(),
        1 => queries.remove(0),
        _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(queries, tie_breaker)),
    }
}

/// An optional clause, of which `minimum` must match: if it is more than one, another walks through
/// them.
pub(super) fn optional(
    query: NativeQuery,
    minimum: usize,
    allowance: &Allowance,
) -> (Occur, NativeQuery) {
    let query = match minimum {
        0 | 1 => query,
        _ => WatchfulQuery::walked(query, allowance),
    };
    (Occur::Should, query)
}

/// At least `minimum` of several queries, with the sum of their scores.
pub(super) fn some_of(
    queries: Vec<NativeQuery>,
    minimum: usize,
    allowance: &Allowance,
) -> NativeQuery {
    let minimum = minimum.max(1);
    if minimum > queries.len() {
        return none();
    }
    let queries = queries
        .into_iter()
        .map(|query| optional(query, minimum, allowance));
    Box::new(BooleanQuery::with_minimum_required_clauses(
        queries.collect(),
        minimum,
    ))
}
