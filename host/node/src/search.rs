//! Search: which documents are hits of a request, in which order, and what that cost.
//!
//! The documents are handed to the UDF in batches of 1,024, with only the columns that it reads.
//! What a value means depends on the function's kind:
//!
//! | the function | a hit | its score | order |
//! |---|---|---|---|
//! | boolean | where it is true | 1 | the documents' |
//! | int64, float64 | every document | the value, or null | descending, nulls last, ties by id |
//!
//! A document has no value where the function returned none, or failed under `on_error: null`;
//! under `skip` it is no hit. NaN as a score is an error of that document. Totals are exact.

use std::cmp::Ordering;
use std::time::Instant;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use serde::Serialize;
use serde_json::Value as Json;
use whittle_host::{
    Arguments, Bound, Document, DocumentError, EvaluateError, Evaluated, Kind, OnError,
    QueryContext,
};

use crate::documents::Documents;
use crate::request::{Clause, SearchRequest, UdfClause};
use crate::udfs::{FunctionError, Udfs};

/// How many documents are evaluated at once.
const BATCH_ROWS: usize = 1024;

/// The answer to a search; it serializes to what clients get.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchResponse {
    /// Time in milliseconds.
    pub took_ms: u64,
    /// The documents found.
    pub hits: Hits,
    /// A report for each UDF in the query.
    pub udf: Vec<UdfReport>,
}

/// The documents found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hits {
    /// How many there are.
    pub total: usize,
    /// The first of them, as many as were asked for.
    pub hits: Vec<Hit>,
}

/// A document found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: String,
    /// Its score; null where the function gave none. An infinite one is null in JSON too.
    #[serde(rename = "_score")]
    pub score: Option<f64>,
    /// The document.
    #[serde(rename = "_source")]
    pub source: Json,
}

/// What a UDF did in a search, and what it cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UdfReport {
    /// The function.
    pub function: String,
    /// Documents evaluated.
    pub documents: u64,
    /// Documents that failed.
    pub errors: u64,
    /// The first of them.
    pub error_samples: Vec<ErrorSample>,
    /// Time in evaluation, in microseconds.
    pub time_us: u64,
    /// The most memory that it held, in bytes.
    pub memory_bytes: usize,
}

/// A document that a function failed for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorSample {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: String,
    /// What was wrong.
    pub message: String,
}

/// How many errors a report shows.
const ERROR_SAMPLES: usize = 5;

/// Why a search fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The query does not get a function that it names.
    #[error(transparent)]
    Function(#[from] FunctionError),
    /// The function neither filters nor scores.
    #[error(
        "function `{function}` returns {returns}: a query clause must be boolean, int64 or float64"
    )]
    NotAClause {
        /// The function.
        function: String,
        /// What it returns.
        returns: Kind,
    },
    /// The evaluation ended.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

/// Runs a search. `progress` is called after each batch with the documents done.
///
/// # Errors
///
/// A function that is unknown or not a clause, parameters that it refuses, a document that it
/// fails for under `on_error: fail`, a trap, an exhausted budget, a cancellation.
pub fn search(
    documents: &Documents,
    request: &SearchRequest,
    udfs: &Udfs,
    query: &QueryContext,
    mut progress: impl FnMut(usize),
) -> Result<SearchResponse, SearchError> {
    let started = Instant::now();
    let Clause::WasmUdf(clause) = &request.query;
    let mut evaluation = Evaluation::new(clause, udfs, query)?;
    let mut found = Vec::new();
    for start in (0..documents.len()).step_by(BATCH_ROWS) {
        let end = documents.len().min(start + BATCH_ROWS);
        evaluation.evaluate(documents, start..end, &mut found)?;
        progress(end);
    }
    let total = found.len();
    if evaluation.returns != Kind::Boolean {
        sort(&mut found, documents);
    }
    let hits = found.into_iter().take(request.size).map(|found| Hit {
        id: documents.id(found.position).to_owned(),
        score: found.score,
        source: documents.source(found.position).clone(),
    });
    let hits = Hits {
        total,
        hits: hits.collect(),
    };
    let udf = vec![evaluation.report()];
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(SearchResponse { took_ms, hits, udf })
}

/// A document that is a hit.
struct Found {
    position: usize,
    score: Option<f64>,
}

fn sort(found: &mut [Found], documents: &Documents) {
    let by_score = |left: &Found, right: &Found| match (left.score, right.score) {
        // No score is NaN, and the two zeros are a tie.
        (Some(left), Some(right)) => right.partial_cmp(&left).unwrap_or(Ordering::Equal),
        (left, right) => right.is_some().cmp(&left.is_some()),
    };
    found.sort_by(|left, right| {
        by_score(left, right).then_with(|| documents.compare_ids(left.position, right.position))
    });
}

/// A UDF clause at work.
struct Evaluation {
    bound: Bound,
    returns: Kind,
    on_error: OnError,
    /// Documents whose score is NaN, which is an error only for a search.
    not_numbers: u64,
    not_number_samples: Vec<DocumentError>,
}

impl Evaluation {
    fn new(clause: &UdfClause, udfs: &Udfs, query: &QueryContext) -> Result<Self, SearchError> {
        let UdfClause {
            function,
            params,
            on_error,
        } = clause;
        let mut bound = udfs.bind(function, &Arguments::from_json(params), query)?;
        bound.set_on_error(*on_error);
        let returns = bound.function().returns;
        match returns {
            Kind::Boolean | Kind::Int64 | Kind::Float64 => Ok(Self {
                bound,
                returns,
                on_error: *on_error,
                not_numbers: 0,
                not_number_samples: Vec::new(),
            }),
            Kind::Text | Kind::Timestamp | Kind::Json => Err(SearchError::NotAClause {
                function: function.clone(),
                returns,
            }),
        }
    }

    fn evaluate(
        &mut self,
        documents: &Documents,
        range: std::ops::Range<usize>,
        found: &mut Vec<Found>,
    ) -> Result<(), SearchError> {
        let batch: Vec<Document<'_>> = range
            .clone()
            .map(|position| Document {
                id: documents.id(position),
                source: documents.source(position),
                score: None,
            })
            .collect();
        let batch = self.bound.load(&batch)?;
        let Evaluated { values, failed, .. } = self.bound.evaluate_rows(&batch)?;
        for (row, position) in range.enumerate() {
            let failed = failed.as_ref().is_some_and(|failed| failed.value(row));
            if failed && self.on_error == OnError::Skip {
                continue;
            }
            found.extend(self.found(&values, row, documents, position)?);
        }
        Ok(())
    }

    fn found(
        &mut self,
        values: &ArrayRef,
        row: usize,
        documents: &Documents,
        position: usize,
    ) -> Result<Option<Found>, SearchError> {
        let valid = values.is_valid(row);
        if self.returns == Kind::Boolean {
            let matches = valid && values.as_boolean().value(row);
            return Ok(matches.then_some(Found {
                position,
                score: Some(1.0),
            }));
        }
        let score = valid.then(|| number(values, row, self.returns));
        if !score.is_some_and(f64::is_nan) {
            return Ok(Some(Found { position, score }));
        }
        self.not_a_number(documents.id(position))?;
        let null = Found {
            position,
            score: None,
        };
        Ok((self.on_error == OnError::Null).then_some(null))
    }

    fn not_a_number(&mut self, document: &str) -> Result<(), SearchError> {
        let message = "its score is not a number".to_owned();
        let document = document.to_owned();
        if self.on_error == OnError::Fail {
            let function = self.bound.function().name.clone();
            return Err(EvaluateError::Document {
                function,
                document,
                message,
            }
            .into());
        }
        self.not_numbers += 1;
        if self.not_number_samples.len() < ERROR_SAMPLES {
            self.not_number_samples
                .push(DocumentError { document, message });
        }
        Ok(())
    }

    fn report(self) -> UdfReport {
        let statistics = self.bound.statistics();
        let samples = statistics
            .error_samples
            .into_iter()
            .chain(self.not_number_samples);
        let samples = samples.take(ERROR_SAMPLES);
        UdfReport {
            function: self.bound.function().name.clone(),
            documents: statistics.documents,
            errors: statistics.errors + self.not_numbers,
            error_samples: samples
                .map(
                    |DocumentError {
                         document: id,
                         message,
                     }| ErrorSample { id, message },
                )
                .collect(),
            time_us: u64::try_from(statistics.time.as_micros()).unwrap_or(u64::MAX),
            memory_bytes: statistics.memory_peak_bytes,
        }
    }
}

fn number(values: &ArrayRef, row: usize, kind: Kind) -> f64 {
    match kind {
        #[expect(clippy::cast_precision_loss, reason = "a score is a float64")]
        Kind::Int64 => values.as_primitive::<Int64Type>().value(row) as f64,
        _ => values.as_primitive::<Float64Type>().value(row),
    }
}

#[cfg(test)]
mod tests;
