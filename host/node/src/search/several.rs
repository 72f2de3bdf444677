//! A search over several indexes: each is searched by itself; their hits become one page, and what
//! they contribute to aggregations is joined.
//!
//! Hits of equal rank come in the order of the indexes.

use std::cmp::Ordering;

use whittle_host::QueryContext;

use super::error::SearchError;
use super::profile::Profile;
use super::response::{Hit, Hits, SearchResponse};
use super::sort::ordered;
use super::{finish, searched};
use crate::request::{Missing, SearchRequest};
use crate::snapshot::Snapshot;
use crate::udf::{Progress, Udfs};

/// Runs a search over any number of indexes, within one budget.
///
/// # Errors
///
/// As [`search`](super::search), and a field that is aggregated and has different types in the
/// indexes.
pub fn search_indexes(
    snapshots: &[Snapshot],
    request: &SearchRequest,
    udfs: &Udfs,
    query: &QueryContext,
) -> Result<SearchResponse, SearchError> {
    if snapshots.is_empty() {
        return Ok(SearchResponse {
            hits: Hits {
                total: request.track_total_hits.then_some(0),
                total_limit: request.total_hits_limit,
                max_score: Some(0.0),
                hits: Vec::new(),
            },
            ..SearchResponse::default()
        });
    }
    let first = SearchRequest {
        from: 0,
        size: request.from.saturating_add(request.size),
        ..request.clone()
    };
    let mut all = SearchResponse::default();
    all.hits.total_limit = request.total_hits_limit;
    let mut counted = Vec::new();
    let memory = &snapshots[0].memory;
    for snapshot in snapshots {
        query.check()?;
        let progress = Progress::new(|_| ());
        let (one, counted_here) = searched(snapshot, &first, udfs, query, progress)?;
        counted.extend(counted_here);
        all.took_ms = all.took_ms.saturating_add(one.took_ms);
        all.indexes += one.indexes;
        all.hits.total = one.hits.total.map(|one| one + all.hits.total.unwrap_or(0));
        let scores = [all.hits.max_score, one.hits.max_score].into_iter();
        all.hits.max_score = scores.flatten().reduce(f64::max);
        all.hits.hits.extend(one.hits.hits);
        // What cannot be on the page is dropped, and its memory given back.
        let hits = &mut all.hits.hits;
        hits.sort_by(|left, right| order(request, left, right));
        hits.truncate(first.size);
        let held = memory.reserve(hits.iter().map(Hit::bytes).sum())?;
        all.held = held.into();
        all.udf.extend(one.udf);
        all.profile = joined(all.profile, one.profile);
    }
    finish(&mut all, counted, memory, query)?;
    let from = request.from.min(all.hits.hits.len());
    all.hits.hits.drain(..from);
    Ok(all)
}

/// The clauses and functions of both, and the budget of the later one, which is what all have taken.
fn joined(all: Option<Profile>, one: Option<Profile>) -> Option<Profile> {
    match (all, one) {
        (Some(mut all), Some(one)) => {
            all.clauses.extend(one.clauses);
            all.functions.extend(one.functions);
            all.budget = one.budget;
            Some(all)
        }
        (all, one) => all.or(one),
    }
}

fn order(request: &SearchRequest, left: &Hit, right: &Hit) -> Ordering {
    if request.sort.is_empty() {
        let score = |hit: &Hit| hit.score.unwrap_or(f64::NEG_INFINITY);
        return score(right).total_cmp(&score(left));
    }
    let values = request.sort.iter().zip(left.sort.iter().zip(&right.sort));
    let mut orders = values.map(|(key, (left, right))| {
        ordered(left, right, key.descending, key.missing == Missing::First)
    });
    orders
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
