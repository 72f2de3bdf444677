//! Search: which documents are hits of a request, in which order, and what that cost.
//!
//! A query runs over the columns and the inverted index of a [`Snapshot`]; UDFs may stand at any
//! place in it. What a function's value means depends on its kind:
//!
//! | the function | a match | its score |
//! |---|---|---|
//! | boolean | where it is true | that of the clause's own `query` |
//! | int64, float64 | every document of the clause's own `query` | the value, or 0 where there is none |
//!
//! Scores are floats of 32 bits. A document that a function fails for has no value under
//! `on_error: null`, and is no match under `skip`. NaN as a score is an error of that document.
//! Totals are exact. Hits of equal rank come in the order in which they were written.

mod collect;
mod compose;
pub(crate) mod fields;
pub(crate) mod formula;
mod found;
pub(crate) mod profile;
pub(crate) mod rescore;
pub(crate) mod sort;
pub(crate) mod source;
pub(crate) mod workers;

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use tantivy::aggregation::{
    AggContextParams, AggregationCollector, AggregationError, AggregationLimitsGuard,
};
use tantivy::schema::Value as _;
use tantivy::{Score, Searcher, TantivyDocument, TantivyError};
use whittle_host::{QueryContext, Stopped, one_line};

use crate::expression::ExpressionError;
use crate::mapping::{ID, SOURCE, tokenizers};
use crate::query::QueryError;
use crate::request::SearchRequest;
use crate::snapshot::Snapshot;
use crate::udf::{Progress, Surroundings, UdfCall, UdfError, UdfReport, Udfs};
use crate::value::Value;
use collect::{Best, Found};
use compose::{Composed, compose};
use profile::{ClauseReport, Profile};
use sort::{SortBy, SortKey};
use source::SourceFilter;
use workers::Bounded;

/// The answer to a search; it serializes to what clients get.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchResponse {
    /// Time in milliseconds.
    pub took_ms: u64,
    /// The documents found.
    pub hits: Hits,
    /// A report for each UDF in the query.
    pub udf: Vec<UdfReport>,
    /// What was counted, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregations: Option<Json>,
    /// What each clause did, where the request asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
}

/// The documents found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hits {
    /// How many there are; not told where the request does not want it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<usize>,
    /// The best score of all of them; null where they have none.
    pub max_score: Option<f64>,
    /// The page that was asked for.
    pub hits: Vec<Hit>,
}

/// A document found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: String,
    /// Its score; null where hits are ordered by something else. An infinite one is null in JSON
    /// too.
    #[serde(rename = "_score")]
    pub score: Option<f64>,
    /// The document, or some of it.
    #[serde(rename = "_source", skip_serializing_if = "Option::is_none")]
    pub source: Option<Json>,
    /// What it is ordered by, for the next page's `search_after`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<Value>,
    /// What was computed for it, by name: lists of one value, as clients know it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Json>,
}

/// What the buckets of a search's aggregations may take, in bytes.
const AGGREGATION_BYTES: u64 = 256 << 20;

/// How many buckets a search's aggregations may have.
const MOST_BUCKETS: u32 = 65_536;

/// Why a search fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The query does not go with the index.
    #[error(transparent)]
    Query(QueryError),
    /// An expression does not go with the index, or with its place.
    #[error("in `{path}`")]
    Expression {
        /// Where in the request.
        path: String,
        /// What is wrong.
        source: ExpressionError,
    },
    /// A value of the request's that the engine does not take.
    #[error("the request cannot be run: {reason}")]
    Argument {
        /// What it says.
        reason: String,
    },
    /// The engine does not take an aggregation's option.
    #[error("the aggregations: {reason}")]
    Aggregation {
        /// What it says.
        reason: String,
    },
    /// Aggregations take too much.
    #[error("the aggregations take too much: ask for fewer or larger buckets")]
    TooManyBuckets(#[source] AggregationError),
    /// A function ended the search.
    #[error(transparent)]
    Udf(#[from] UdfError),
    /// The query was cancelled, or its time is over.
    #[error("the search was stopped")]
    Stopped(#[from] Stopped),
    /// The index cannot be searched.
    #[error("the index cannot be searched")]
    Index(#[from] TantivyError),
}

impl SearchError {
    /// The reason may have the request's words in it.
    fn aggregation(reason: &str) -> Self {
        let reason = one_line(reason);
        Self::Aggregation { reason }
    }

    fn of_aggregations(error: AggregationError) -> Self {
        match error {
            AggregationError::InternalError(reason) | AggregationError::InvalidRequest(reason) => {
                Self::aggregation(&reason)
            }
            AggregationError::DateHistogramParseError(error) => {
                Self::aggregation(&error.to_string())
            }
            other => Self::TooManyBuckets(other),
        }
    }

    fn is_of_a_function(&self) -> bool {
        matches!(self, Self::Udf(_))
    }
}

impl From<QueryError> for SearchError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Udf(error) => Self::Udf(error),
            QueryError::Expression { path, source } => Self::Expression { path, source },
            error => Self::Query(error),
        }
    }
}

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
    let started = Instant::now();
    let surroundings = Surroundings {
        udfs: udfs.clone(),
        query: query.clone(),
        mapping: Arc::clone(&snapshot.mapping),
        dictionaries: snapshot.dictionaries.clone(),
        progress: Progress::new(progress),
    };
    let composed = compose(request, &surroundings, now())?;
    let best = best(snapshot, request, &composed);
    let searcher = &snapshot.searcher;
    let counting = composed.aggregations.as_ref().map(|compiled| {
        let limits = AggregationLimitsGuard::new(Some(AGGREGATION_BYTES), Some(MOST_BUCKETS));
        let context = AggContextParams::new(limits, tokenizers());
        let context = context.with_value_sources(Arc::new(compiled.sources.clone()));
        AggregationCollector::from_aggs(compiled.request.clone(), context)
    });
    let bounded = Bounded::new((best, counting), &composed.calls, query);
    let found = composed.run(|| {
        let query = composed.query.as_ref();
        workers::collect(searcher, query, &bounded, &snapshot.threads).map(Some)
    });
    if let Some(stopped) = bounded.take_stopped() {
        return Err(found
            .err()
            .filter(SearchError::is_of_a_function)
            .unwrap_or(stopped.into()));
    }
    let (mut all, counted) = found?;
    if let (Some(rescore), Some(scores)) = (&request.rescore, &composed.rescore) {
        let first = all.found.len().min(rescore.window_size);
        composed.run(|| rescore::rescore(searcher, &mut all.found[..first], scores))?;
        let scores = all.found.iter().filter_map(|found| found.score);
        all.max_score = scores.reduce(Score::max);
    }
    let end = all.found.len().min(request.from + request.size);
    let page = &all.found[request.from.min(end)..end];
    let fields = composed.run(|| fields::compute(searcher, page, &composed.fields))?;
    let hits = page.iter().zip(fields);
    let hits = hits.map(|(found, fields)| hit(searcher, found, fields, request));
    let hits = Hits {
        total: request.track_total_hits.then_some(all.total),
        max_score: all.max_score.map(widened),
        hits: hits.collect::<Result<_, _>>()?,
    };
    Ok(SearchResponse {
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        hits,
        udf: composed.calls.iter().map(UdfCall::report).collect(),
        aggregations: counted.map(|counted| json!(counted)),
        profile: request.profile.then(|| Profile {
            clauses: composed.watches.iter().map(ClauseReport::of).collect(),
            budget: profile::budget(query),
        }),
    })
}

/// In microseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn best(snapshot: &Snapshot, request: &SearchRequest, composed: &Composed) -> Best {
    let (keys, formulas) = if request.sort.is_empty() {
        (vec![SortKey::score()], vec![None])
    } else {
        (request.sort.clone(), composed.sort.clone())
    };
    let by_score = keys.iter().any(|key| key.by == SortBy::Score);
    let window = request
        .rescore
        .as_ref()
        .map_or(0, |rescore| rescore.window_size);
    // A formula may read the score.
    let computes = formulas.iter().any(Option::is_some) || !request.fields.is_empty();
    Best {
        limit: (request.from + request.size).max(window),
        scores: by_score || computes || request.min_score.is_some() || request.track_scores,
        keys,
        formulas,
        after: request.search_after.clone(),
        min_score: request.min_score,
        mapping: Arc::clone(&snapshot.mapping),
    }
}

impl Composed {
    /// Runs a part of the search. `None` is what it gives where a UDF ended it.
    ///
    /// # Errors
    ///
    /// What ended it.
    fn run<T>(&self, part: impl FnOnce() -> tantivy::Result<Option<T>>) -> Result<T, SearchError> {
        let result = part();
        // The engine is told no more than that something ended.
        let mut failures = self.calls.iter().filter_map(UdfCall::take_failure);
        if let Some(failure) = failures.next() {
            return Err(failure.into());
        }
        debug_assert!(!self.failure.is_set(), "a failure is a function's");
        let ended = || TantivyError::InternalError("it ended without a reason".to_owned());
        match result {
            Err(TantivyError::AggregationError(error)) => Err(SearchError::of_aggregations(error)),
            Err(TantivyError::InvalidArgument(reason)) => {
                let reason = one_line(&reason);
                Err(SearchError::Argument { reason })
            }
            result => Ok(result?.ok_or_else(ended)?),
        }
    }
}

fn hit(
    searcher: &Searcher,
    found: &Found,
    fields: Map<String, Json>,
    request: &SearchRequest,
) -> Result<Hit, SearchError> {
    let document: TantivyDocument = searcher.doc(found.address)?;
    let schema = searcher.schema();
    let id = document.get_first(schema.get_field(ID)?);
    let source = document.get_first(schema.get_field(SOURCE)?);
    let source = match &request.source {
        SourceFilter::None => None,
        filter => {
            let json = source.and_then(|source| serde_json::from_slice(source.as_bytes()?).ok());
            let missing = || TantivyError::InternalError("a document has no source".to_owned());
            filter.of(json.ok_or_else(missing)?)
        }
    };
    let by_score = request.sort.is_empty();
    let shows_score =
        by_score || request.track_scores || request.sort.iter().any(|key| key.by == SortBy::Score);
    Ok(Hit {
        id: id.and_then(|id| id.as_str()).unwrap_or_default().to_owned(),
        score: found.score.filter(|_| shows_score).map(widened),
        source,
        sort: if by_score {
            Vec::new()
        } else {
            found.sort.clone()
        },
        fields,
    })
}

/// A score as the shortest decimal that is the same float of 32 bits.
fn widened(score: Score) -> f64 {
    score
        .to_string()
        .parse()
        .unwrap_or_else(|_| f64::from(score))
}
