//! Search: which documents are hits of a request, in which order, and what that cost.
//!
//! A query runs over the columns and the inverted index of a [`Snapshot`], with UDFs at any place
//! in it. What the value of a function means depends on its kind:
//!
//! | the function | a match | its score |
//! |---|---|---|
//! | boolean | if it is true | that of the clause's own `query` |
//! | int64, float64 | every document of the clause's own `query` | the value, or 0 if there is none |
//!
//! Scores are floats of 32 bits. A document that a function fails for has no value under
//! `on_error: null`, and is no match under `skip`. NaN as a score is an error of that document.
//! Totals are exact, up to the limit of `track_total_hits` if it is a number. Hits of equal rank come in the order in which they were written.

mod blocks;
mod collect;
mod compose;
mod error;
mod fields;
pub(crate) mod formula;
mod hits;
mod listed;
mod pattern;
pub(crate) mod profile;
mod rank;
mod rescore;
mod response;
mod scan;
mod several;
mod sort;
mod source;
#[cfg(test)]
mod tests;
mod values;
mod visit;
pub(crate) mod workers;
pub(crate) mod written;

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tantivy::{Score, TantivyError};
use whittle_host::{QueryContext, one_line};

use crate::aggregation::{self, CountedIndex, Counting};
use crate::allowance::Allowance;
use crate::memory::Memory;
use crate::request::{SearchRequest, SortBy, SortKey};
use crate::snapshot::Snapshot;
use crate::udf::{Progress, Surroundings, UdfCall, Udfs};
use collect::Best;
use compose::{Composed, compose};
use hits::Page;
use profile::{ClauseReport, Profile};
use visit::Visit;

pub use error::{FieldError, SearchError, SortError};
pub use response::{
    CountResponse, Hit, Hits, SearchResponse, SeqNo, ShardFailure, ShardFailureReason, Shards,
    Writing, Written,
};
pub use several::search_indexes;
pub use source::Source;

/// Runs a search within a query's budget. `progress` is called with the number of documents that a
/// UDF was evaluated for, each time there are some.
///
/// # Errors
///
/// A value that its field does not have; a function that is unknown or not a clause, parameters
/// that it refuses, a document that it fails for under `on_error: fail`, a trap, an exhausted
/// budget, a cancellation.
pub fn search(
    snapshot: &Snapshot,
    request: &SearchRequest,
    udfs: &Udfs,
    query: &QueryContext,
    progress: impl Fn(usize) + Send + Sync + 'static,
) -> Result<SearchResponse, SearchError> {
    let progress = Progress::new(progress);
    let (mut response, counted) = searched(snapshot, request, udfs, query, progress)?;
    finish(
        &mut response,
        counted.into_iter().collect(),
        &snapshot.memory,
        query,
    )?;
    Ok(response)
}

/// Finishes the aggregations of an answer, in memory that it holds.
fn finish(
    response: &mut SearchResponse,
    counted: Vec<CountedIndex>,
    memory: &Memory,
    query: &QueryContext,
) -> Result<(), SearchError> {
    let allowance = Allowance::new(query, memory);
    let finished = aggregation::finish_several(counted, &allowance);
    // What ended the search comes before what it looks like from within.
    allowance.check()?;
    response.aggregations = finished?;
    let held = std::mem::take(&mut response.held);
    response.held = held.with_aggregations(allowance);
    Ok(())
}

/// An answer without aggregations, and what its hits contribute to those.
type Searched = (SearchResponse, Option<CountedIndex>);

/// Searches an index.
fn searched(
    snapshot: &Snapshot,
    request: &SearchRequest,
    udfs: &Udfs,
    query: &QueryContext,
    progress: Progress,
) -> Result<Searched, SearchError> {
    let surroundings = Surroundings {
        udfs: udfs.clone(),
        query: query.clone(),
        mapping: Arc::clone(&snapshot.mapping),
        dictionaries: snapshot.dictionaries.clone(),
        progress,
    };
    let Some((hits, counts)) = request.post_filtered() else {
        return run(snapshot, request, &surroundings);
    };
    let (mut response, _) = run(snapshot, &hits, &surroundings)?;
    let Some(counts) = counts else {
        return Ok((response, None));
    };
    let (counting, counted) = run(snapshot, &counts, &surroundings)?;
    response.took_ms = response.took_ms.saturating_add(counting.took_ms);
    response.udf.extend(counting.udf);
    Ok((response, counted))
}

fn run(
    snapshot: &Snapshot,
    request: &SearchRequest,
    surroundings: &Surroundings,
) -> Result<Searched, SearchError> {
    let started = Instant::now();
    let query = &surroundings.query;
    let allowance = Allowance::new(query, &snapshot.memory);
    let composed = compose(request, surroundings, &allowance, now())?;
    let best = best(snapshot, request, &composed)?;
    // Bad fields are refused before the search.
    let listed = hits::listed(snapshot, request)?;
    let searcher = &snapshot.searcher;
    let plans = &composed.aggregations;
    let counting = (!plans.is_empty()).then(|| Counting::new(plans, &allowance));
    let (total, mut best, counted) = composed.run(|| {
        let query = &composed.query;
        let visit = Visit::new(searcher, query, best, counting, request, &allowance)?;
        let has_another = || UdfCall::bind_another(&composed.calls);
        let segment = |ordinal, reader: &_| visit.segment(ordinal, reader);
        let found = workers::each_segment(searcher, &snapshot.threads, has_another, segment)?;
        visit.merge(found).map(Some)
    })?;
    if let (Some(rescore), Some(scores)) = (&request.rescore, &composed.rescore) {
        let first = best.first.len().min(rescore.window_size);
        composed
            .run(|| rescore::rescore(searcher, &mut best.first[..first], scores, &allowance))?;
        let scores = best.first.iter().filter_map(|hit| hit.score);
        best.max_score = scores.reduce(Score::max);
    }
    let end = request.from.saturating_add(request.size);
    let end = best.first.len().min(end);
    let first = &best.first[request.from.min(end)..end];
    let mut page = Page::of(snapshot, request, listed, &allowance)?;
    let fields = composed.run(|| fields::compute(searcher, first, &composed.fields, &allowance))?;
    let mut hits = Vec::with_capacity(first.len());
    for (candidate, fields) in first.iter().zip(fields) {
        let hit = page.hit(candidate, fields);
        allowance.check()?;
        hits.push(hit?);
    }
    let max_score = best
        .max_score
        .filter(|_| hits::shows_scores(request) && request.size > 0);
    let hits = Hits {
        total: request.track_total_hits.then_some(total),
        total_limit: request.total_hits_limit,
        max_score: max_score.map(hits::widened),
        hits,
    };
    let response = SearchResponse {
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        indexes: 1,
        failed: Vec::new(),
        hits,
        udf: composed.calls.iter().map(UdfCall::report).collect(),
        aggregations: None,
        profile: request.profile.then(|| Profile {
            clauses: composed.watches.iter().map(ClauseReport::of).collect(),
            functions: composed
                .calls
                .iter()
                .filter_map(UdfCall::function_cost)
                .collect(),
            budget: profile::budget(query),
        }),
        held: page.into_held(),
    };
    let counted = counted.map(|counted| (plans.clone(), counted, allowance.clone()));
    Ok((response, counted))
}

/// In microseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn best(
    snapshot: &Snapshot,
    request: &SearchRequest,
    composed: &Composed,
) -> Result<Best, SearchError> {
    let by_score = [SortKey::score()];
    let (keys, formulas) = if request.sort.is_empty() {
        (&by_score[..], &[None][..])
    } else {
        (&request.sort[..], &composed.sort[..])
    };
    let after = request.search_after.as_deref();
    let sorts_by_score = keys.iter().any(|key| key.by == SortBy::Score);
    let rescore = request.rescore.as_ref();
    let window = rescore.map_or(0, |rescore| rescore.window_size);
    let limit = request.from.saturating_add(request.size).max(window);
    // A formula may read the score.
    let computes = formulas.iter().any(Option::is_some) || !request.fields.is_empty();
    let scores = sorts_by_score || computes || request.track_scores;
    Ok(Best {
        limit,
        keys: sort::in_index(keys, formulas, after, &snapshot.mapping)?,
        scores: limit > 0 && (scores || request.min_score.is_some()),
        order: snapshot.order.clone(),
        allowance: composed.allowance.clone(),
    })
}

impl Composed {
    /// Runs a part of the search, which gives `None` if a UDF ended it.
    ///
    /// # Errors
    ///
    /// What ended it.
    fn run<T>(&self, part: impl FnOnce() -> tantivy::Result<Option<T>>) -> Result<T, SearchError> {
        let result = part();
        // tantivy knows only that something ended.
        let mut failures = self.calls.iter().filter_map(UdfCall::take_failure);
        if let Some(failure) = failures.next() {
            return Err(failure.into());
        }
        debug_assert!(!self.failure.is_set(), "a failure is a function's");
        self.allowance.check()?;
        let ended = || TantivyError::InternalError("it ended without a reason".to_owned());
        match result {
            Err(TantivyError::InvalidArgument(reason)) => {
                let reason = one_line(&reason);
                Err(SearchError::Argument { reason })
            }
            result => Ok(result?.ok_or_else(ended)?),
        }
    }
}
