//! A search over several indexes: each is searched by itself, and their hits become one page.
//!
//! Hits of equal rank come in the order of the indexes.

use std::cmp::Ordering;

use whittle_host::QueryContext;

use super::error::SearchError;
use super::profile::Profile;
use super::response::{Hit, Hits, SearchResponse};
use super::search;
use super::sort::ordered;
use crate::request::{Missing, SearchRequest};
use crate::snapshot::Snapshot;
use crate::udf::Udfs;

/// Runs a search over any number of indexes, within one budget.
///
/// # Errors
///
/// As [`search`], and aggregations over more than one index.
pub fn search_indexes(
    snapshots: &[Snapshot],
    request: &SearchRequest,
    udfs: &Udfs,
    query: &QueryContext,
) -> Result<SearchResponse, SearchError> {
    if let [snapshot] = snapshots {
        return search(snapshot, request, udfs, query, |_| ());
    }
    if snapshots.is_empty() {
        return Ok(SearchResponse {
            hits: Hits {
                total: request.track_total_hits.then_some(0),
                max_score: Some(0.0),
                hits: Vec::new(),
            },
            ..SearchResponse::default()
        });
    }
    if !request.aggregations.is_empty() {
        let indexes = snapshots.len();
        return Err(SearchError::SeveralIndexes { indexes });
    }
    let first = SearchRequest {
        from: 0,
        size: request.from + request.size,
        ..request.clone()
    };
    let mut all = SearchResponse::default();
    for snapshot in snapshots {
        let one = search(snapshot, &first, udfs, query, |_| ())?;
        all.took_ms += one.took_ms;
        all.indexes += one.indexes;
        all.hits.total = one.hits.total.map(|one| one + all.hits.total.unwrap_or(0));
        let scores = [all.hits.max_score, one.hits.max_score].into_iter();
        all.hits.max_score = scores.flatten().reduce(f64::max);
        all.hits.hits.extend(one.hits.hits);
        all.udf.extend(one.udf);
        all.profile = joined(all.profile, one.profile);
    }
    all.hits
        .hits
        .sort_by(|left, right| order(request, left, right));
    let end = all.hits.hits.len().min(request.from + request.size);
    all.hits.hits.truncate(end);
    all.hits.hits.drain(..request.from.min(end));
    Ok(all)
}

/// The clauses of both, and the budget of the later one, which is what all have taken.
fn joined(all: Option<Profile>, one: Option<Profile>) -> Option<Profile> {
    match (all, one) {
        (Some(mut all), Some(one)) => {
            all.clauses.extend(one.clauses);
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
