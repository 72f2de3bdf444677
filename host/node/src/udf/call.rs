//! A UDF as a clause of a query, or as a value that it computes.
//!
//! A function is bound once for each worker, not for each segment: when a segment is done, its
//! bound function serves the next. The instances of all functions of a worker are reserved in one
//! step before any is bound, so that no search holds one while it waits for another. What went wrong
//! is kept here, since tantivy's iterators cannot report it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use tantivy::query::Scorer;
use tantivy::{DocId, Score, SegmentReader, TantivyError};
use whittle_host::{
    Arguments, BindError, Bound, DocumentError, EvaluateError, Evaluated, Kind, OnError,
    QueryContext, ReservedInstances, Selector, Stopped, unquoted,
};

use super::columns::SegmentColumns;
use super::cost::{self, Cost, FunctionCost};
use super::places::Place;
use super::udfs::{FunctionError, SelectedUdf, Udfs};
use super::unmapped::{MistypedField, UnmappedField, mistyped, unmapped};
use crate::columns::Dictionaries;
use crate::computed::{Computation, Computed, Outcome};
use crate::mapping::{ID, Mapping};

/// What a UDF did in a search, and what it cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UdfReport {
    /// The function, as the query names it, without versions.
    pub function: String,
    /// Documents evaluated.
    pub documents: u64,
    /// Evaluations for them: one for each distinct value and worker, if the function reads a single
    /// keyword field.
    pub evaluations: u64,
    /// Documents that failed.
    pub errors: u64,
    /// The first of them.
    pub error_samples: Vec<ErrorSample>,
    /// Batches evaluated.
    pub batches: u64,
    /// Workers that it was bound for.
    pub instances: usize,
    /// Time in evaluation, in microseconds, over all workers.
    pub time_us: u64,
    /// Time in loading columns, in microseconds, over all workers.
    pub load_time_us: u64,
    /// Time in `bind`, in microseconds, over all workers.
    pub bind_time_us: u64,
    /// The most memory that it held, in bytes, over all workers.
    pub memory_bytes: usize,
    /// Fields that it asked for when it was bound, and that the index does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmapped_fields: Vec<UnmappedField>,
    /// Fields that it asked for, and that have another type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistyped_fields: Vec<MistypedField>,
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

/// Why a UDF ends a search.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UdfError {
    /// A function that the query names cannot be used.
    #[error(transparent)]
    Function(#[from] FunctionError),
    /// The type of the function does not fit its place.
    #[error("function `{function}` returns {returns}: {place} must be {expected}")]
    Returns {
        /// The function.
        function: String,
        /// What it returns.
        returns: Kind,
        /// Its place.
        place: &'static str,
        /// The types that fit.
        expected: &'static str,
    },
    /// The evaluation ended.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The index cannot be read.
    #[error("the index cannot be read")]
    Index(#[from] TantivyError),
}

/// A function in a query. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct UdfCall(Arc<Call>);

#[derive(Debug)]
struct Call {
    function: String,
    arguments: Arguments,
    on_error: OnError,
    returns: Kind,
    udfs: Udfs,
    selected: SelectedUdf,
    query: QueryContext,
    mapping: Arc<Mapping>,
    dictionaries: Dictionaries,
    progress: Progress,
    /// Estimated once, so that all segments of a search have one order of clauses.
    cost: OnceLock<Cost>,
    /// Bound, and not at work.
    idle: Mutex<Vec<Bound>>,
    tally: Mutex<Tally>,
    failure: Mutex<Option<UdfError>>,
}

/// What bound functions do not count themselves.
#[derive(Debug, Default)]
struct Tally {
    instances: usize,
    bind_time: Duration,
    load_time: Duration,
    error_samples: Vec<DocumentError>,
    /// Documents whose score is NaN, which is an error only for a search.
    not_numbers: u64,
}

/// What a UDF works with in one search.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) udfs: Udfs,
    pub(crate) query: QueryContext,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) dictionaries: Dictionaries,
    pub(crate) progress: Progress,
}

/// A callback with the number of documents that were evaluated, each time there are some.
#[derive(Clone)]
pub(crate) struct Progress(Arc<dyn Fn(usize) + Send + Sync>);

impl Progress {
    pub(crate) fn new(progress: impl Fn(usize) + Send + Sync + 'static) -> Self {
        Self(Arc::new(progress))
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Progress")
    }
}

impl UdfCall {
    /// Selects the version of a function that all workers run. It cannot evaluate before it is
    /// [bound](Self::bind_all).
    ///
    /// # Errors
    ///
    /// An unknown or ambiguous function, or one that is switched off.
    pub(crate) fn new(
        function: &str,
        params: &Map<String, Json>,
        on_error: OnError,
        surroundings: Surroundings,
    ) -> Result<Self, FunctionError> {
        let Surroundings {
            udfs,
            query,
            mapping,
            dictionaries,
            progress,
        } = surroundings;
        let selector: Selector = function.parse().map_err(FunctionError::from)?;
        let selected = udfs.select(&selector)?;
        Ok(Self(Arc::new(Call {
            function: selector.name().to_owned(),
            returns: selected.function().returns,
            arguments: Arguments::from_json(params),
            on_error,
            udfs,
            selected,
            query,
            mapping,
            dictionaries,
            progress,
            cost: OnceLock::new(),
            idle: Mutex::default(),
            tally: Mutex::default(),
            failure: Mutex::default(),
        })))
    }

    /// Binds all functions of a search to their parameters, for its first worker. Returns the place
    /// of the search among those with functions, if their number is limited.
    ///
    /// # Errors
    ///
    /// Parameters that a function refuses, too many other searches with functions, a busy pool of
    /// instances, a query that is over.
    pub(crate) fn bind_all(calls: &[Self]) -> Result<Option<Place>, FunctionError> {
        let Some(first) = calls.first() else {
            return Ok(None);
        };
        let Call {
            udfs,
            selected,
            query,
            ..
        } = &*first.0;
        let place = udfs.place()?;
        let instances = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        let reserved = selected.engine().reserve(instances, query);
        let mut reserved = reserved.map_err(|source| selected.not_bound(source))?;
        for call in calls {
            let bound = call.bind(&mut reserved)?;
            lock(&call.0.idle).push(bound);
        }
        Ok(place)
    }

    /// Binds all functions of a search for one worker more, if that need not wait; whether it did.
    pub(crate) fn bind_another(calls: &[Self]) -> bool {
        let Some(first) = calls.first() else {
            return true;
        };
        let instances = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        let reserved = first.0.selected.engine().reserve_if_free(instances);
        // A failure is reported when the function is at work.
        reserved.is_some_and(|mut reserved| {
            calls.iter().all(|call| {
                let bound = call.bind(&mut reserved);
                bound.is_ok_and(|bound| {
                    lock(&call.0.idle).push(bound);
                    true
                })
            })
        })
    }

    /// Binds the function for one worker.
    fn bind(&self, reserved: &mut ReservedInstances) -> Result<Bound, BindError> {
        let call = &self.0;
        let started = Instant::now();
        let mut bound = call.selected.bind(&call.arguments, &call.query, reserved)?;
        bound.set_on_error(call.on_error);
        call.cost
            .get_or_init(|| cost::of(&call.selected, bound.fields()));
        let mut tally = lock(&call.tally);
        tally.instances += 1;
        tally.bind_time += started.elapsed();
        Ok(bound)
    }

    /// Binds the function for a worker that already has it at work. It must not wait, since it holds
    /// instances that others may wait for.
    fn bound_once_more(&self) -> Result<Bound, FunctionError> {
        let engine = self.0.selected.engine();
        let Some(mut reserved) = engine.reserve_if_free(1) else {
            let (instances, waited) = (engine.pool().instances, Duration::ZERO);
            let busy = Stopped::Busy { instances, waited };
            return Err(self.0.selected.not_bound(busy).into());
        };
        Ok(self.bind(&mut reserved)?)
    }

    /// The function as a clause.
    ///
    /// # Errors
    ///
    /// A function that neither filters nor scores.
    pub(crate) fn clause(&self) -> Result<Arc<dyn Computed>, UdfError> {
        match self.0.returns {
            Kind::Boolean | Kind::Int64 | Kind::Float64 => Ok(Arc::new(self.clone())),
            Kind::Text | Kind::Timestamp | Kind::Json => {
                Err(self.misplaced("a query clause", "boolean, int64 or float64"))
            }
        }
    }

    /// The function as a score.
    ///
    /// # Errors
    ///
    /// A function whose values are no scores.
    pub(crate) fn score(&self) -> Result<Arc<dyn Computed>, UdfError> {
        match self.0.returns {
            Kind::Int64 | Kind::Float64 => Ok(Arc::new(self.clone())),
            Kind::Boolean | Kind::Text | Kind::Timestamp | Kind::Json => {
                Err(self.misplaced("a score", "int64 or float64"))
            }
        }
    }

    /// The error on a function whose type does not fit its place.
    pub(crate) fn misplaced(&self, place: &'static str, expected: &'static str) -> UdfError {
        UdfError::Returns {
            function: self.0.function.clone(),
            returns: self.0.returns,
            place,
            expected,
        }
    }

    /// The function for the documents of a segment, of which about `expected` will be needed.
    ///
    /// # Errors
    ///
    /// A segment that cannot be read.
    fn on_segment(&self, reader: &SegmentReader, expected: u32) -> Result<SegmentCall, UdfError> {
        let call = &self.0;
        let idle = lock(&call.idle).pop();
        let bound = match idle {
            Some(bound) => bound,
            None => self.bound_once_more()?,
        };
        // Whatever happens now, the bound function goes back.
        let mut segment = SegmentCall {
            call: self.clone(),
            bound: Some(bound),
            columns: None,
            reader: reader.clone(),
        };
        segment.columns = Some(SegmentColumns::open(
            reader,
            &call.mapping,
            segment.bound(),
            &call.dictionaries,
            expected,
        )?);
        Ok(segment)
    }

    /// What it returns.
    pub(crate) fn returns(&self) -> Kind {
        self.0.returns
    }

    /// What the search takes for its cost; `None` before it is bound.
    pub(crate) fn function_cost(&self) -> Option<FunctionCost> {
        let cost = self.0.cost.get()?;
        Some(FunctionCost {
            function: self.0.function.clone(),
            document_ns: cost.document_ns,
            source: cost.source,
        })
    }

    /// The same of a document, in nanoseconds.
    pub(crate) fn cost_ns(&self) -> u64 {
        self.0.cost.get().map_or(0, |cost| cost.document_ns)
    }

    /// As [`UdfCall::on_segment`], for tantivy: if it fails, the reason is kept here.
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn for_documents(
        &self,
        reader: &SegmentReader,
        expected: u32,
    ) -> tantivy::Result<SegmentCall> {
        self.on_segment(reader, expected).map_err(|error| {
            let reason = TantivyError::InternalError(error.to_string());
            self.fail(error);
            reason
        })
    }

    /// What ended the search, where that was this function.
    pub(crate) fn take_failure(&self) -> Option<UdfError> {
        lock(&self.0.failure).take()
    }

    /// What it did, once the search is over. Its instances are released: whoever still holds the
    /// call keeps nobody waiting.
    pub(crate) fn report(&self) -> UdfReport {
        let (idle, tally) = (
            std::mem::take(&mut *lock(&self.0.idle)),
            lock(&self.0.tally),
        );
        let statistics: Vec<_> = idle.iter().map(Bound::statistics).collect();
        let time: Duration = statistics.iter().map(|statistics| statistics.time).sum();
        let samples = tally.error_samples.iter();
        let errors: u64 = statistics.iter().map(|statistics| statistics.errors).sum();
        UdfReport {
            function: self.0.function.clone(),
            documents: statistics
                .iter()
                .map(|statistics| statistics.documents)
                .sum(),
            evaluations: statistics
                .iter()
                .map(|statistics| statistics.evaluations)
                .sum(),
            errors: errors + tally.not_numbers,
            error_samples: samples
                .map(|DocumentError { document, message }| ErrorSample {
                    id: document.clone(),
                    message: unquoted(message).to_owned(),
                })
                .collect(),
            batches: statistics.iter().map(|statistics| statistics.batches).sum(),
            instances: tally.instances,
            time_us: micros(time),
            load_time_us: micros(tally.load_time),
            bind_time_us: micros(tally.bind_time),
            memory_bytes: statistics
                .iter()
                .map(|statistics| statistics.memory_peak_bytes)
                .sum(),
            unmapped_fields: idle.first().map_or_else(Vec::new, |bound| {
                let paths = bound.fields().iter().map(|field| field.path.as_str());
                unmapped(paths, &self.0.mapping)
            }),
            mistyped_fields: idle
                .first()
                .map_or_else(Vec::new, |bound| mistyped(bound.fields(), &self.0.mapping)),
        }
    }

    fn fail(&self, error: UdfError) {
        // The first counts: the others follow from it.
        lock(&self.0.failure).get_or_insert(error);
    }
}

impl Computed for UdfCall {
    fn for_segment(
        &self,
        reader: &SegmentReader,
        expected: u32,
    ) -> tantivy::Result<Box<dyn Computation>> {
        Ok(Box::new(self.for_documents(reader, expected)?))
    }

    fn cost(&self) -> u64 {
        self.cost_ns()
    }
}

/// A function at work on a segment.
pub(crate) struct SegmentCall {
    call: UdfCall,
    /// There until it goes back.
    bound: Option<Bound>,
    /// There once they are open.
    columns: Option<SegmentColumns>,
    reader: SegmentReader,
}

impl SegmentCall {
    /// What the function returns.
    pub(crate) fn returns(&self) -> Kind {
        self.call.0.returns
    }

    fn bound(&self) -> &Bound {
        self.bound
            .as_ref()
            .expect("it is there until it is dropped")
    }

    /// Counts documents whose results were known before.
    fn count_known(&mut self, documents: usize) {
        let bound = self
            .bound
            .as_mut()
            .expect("it is there until it is dropped");
        bound.count_known(documents as u64);
        (self.call.0.progress.0)(documents);
    }

    /// The function's values for a block of documents, in ascending order. `None` ends the search:
    /// [`UdfCall::take_failure`] has the reason.
    pub(crate) fn evaluate(&mut self, documents: &[DocId], scores: &[Score]) -> Option<Evaluated> {
        match self.try_evaluate(documents, scores) {
            Ok(evaluated) => Some(evaluated),
            Err(error) => {
                self.call.fail(error);
                None
            }
        }
    }

    fn try_evaluate(
        &mut self,
        documents: &[DocId],
        scores: &[Score],
    ) -> Result<Evaluated, UdfError> {
        let started = Instant::now();
        let columns = self.columns.as_ref().expect("they are open");
        let keywords = columns.keywords(documents)?;
        if let Some(keywords) = &keywords {
            let bound = self
                .bound
                .as_mut()
                .expect("it is there until it is dropped");
            if let Some(values) = bound.known(keywords) {
                self.count_known(documents.len());
                cost::measured(&self.call.0.selected, documents.len(), started.elapsed());
                return Ok(Evaluated {
                    values,
                    failed: None,
                    error_samples: Vec::new(),
                });
            }
        }
        let batch = columns.load(self.bound(), documents, scores, keywords)?;
        lock(&self.call.0.tally).load_time += started.elapsed();
        let bound = self
            .bound
            .as_mut()
            .expect("it is there until it is dropped");
        let mut evaluated = bound
            .evaluate_rows(&batch)
            .map_err(|error| self.named(error))?;
        cost::measured(&self.call.0.selected, documents.len(), started.elapsed());
        for sample in &mut evaluated.error_samples {
            sample.document = self.id(&sample.document);
        }
        (self.call.0.progress.0)(documents.len());
        let mut tally = lock(&self.call.0.tally);
        for sample in &evaluated.error_samples {
            if tally.error_samples.len() < ERROR_SAMPLES {
                tally.error_samples.push(sample.clone());
            }
        }
        Ok(evaluated)
    }

    /// The error with the function's name in the query, and the document's id.
    fn named(&self, error: EvaluateError) -> EvaluateError {
        match error {
            EvaluateError::Document {
                document, message, ..
            } => EvaluateError::Document {
                function: self.call.0.function.clone(),
                document: self.id(&document),
                message,
            },
            EvaluateError::Stopped {
                document, source, ..
            } => EvaluateError::Stopped {
                function: self.call.0.function.clone(),
                document: self.id(&document),
                source,
            },
            other => other,
        }
    }

    /// A document's id, if the function knows it by its number.
    fn id(&self, known: &str) -> String {
        let numbers = self
            .columns
            .as_ref()
            .is_some_and(SegmentColumns::has_numbers_for_ids);
        let number = numbers.then(|| known.parse().ok()).flatten();
        let id = number.and_then(|number| self.id_of(number));
        id.unwrap_or_else(|| known.to_owned())
    }

    fn id_of(&self, document: DocId) -> Option<String> {
        let column = self.reader.fast_fields().str(ID).ok()??;
        let ordinal = column.ords().first(document)?;
        let mut id = String::new();
        column.ord_to_str(ordinal, &mut id).ok()?.then_some(id)
    }

    /// A document whose score is not a number.
    fn not_a_number(&self, document: DocId) -> Outcome {
        let call = &self.call.0;
        let message = "its score is not a number".to_owned();
        let document = self.id_of(document).unwrap_or_else(|| document.to_string());
        if call.on_error == OnError::Fail {
            self.call.fail(UdfError::Evaluate(EvaluateError::Document {
                function: call.function.clone(),
                document,
                message,
            }));
            return Outcome::No;
        }
        let mut tally = lock(&call.tally);
        tally.not_numbers += 1;
        if tally.error_samples.len() < ERROR_SAMPLES {
            tally
                .error_samples
                .push(DocumentError { document, message });
        }
        match call.on_error {
            OnError::Skip | OnError::Fail => Outcome::No,
            OnError::Null => Outcome::Yes(NO_SCORE),
        }
    }
}

/// The score of a document that a function gave no number.
const NO_SCORE: Score = 0.0;

impl Computation for SegmentCall {
    fn compute(&mut self, documents: &[DocId], scores: &[Score]) -> Option<Vec<Outcome>> {
        let Evaluated { values, failed, .. } = self.evaluate(documents, scores)?;
        let skips = self.call.0.on_error == OnError::Skip;
        let skipped = |row: usize| skips && failed.as_ref().is_some_and(|failed| failed.value(row));
        let outcomes = match self.call.0.returns {
            Kind::Boolean => {
                let values = values.as_boolean();
                let outcome = |row: usize| {
                    if values.is_valid(row) && values.value(row) {
                        Outcome::Yes(scores[row])
                    } else {
                        Outcome::No
                    }
                };
                (0..documents.len()).map(outcome).collect()
            }
            Kind::Int64 => {
                let values = values.as_primitive::<Int64Type>();
                let outcome = |row: usize| {
                    if skipped(row) {
                        Outcome::No
                    } else if values.is_valid(row) {
                        Outcome::Yes(values.value(row) as Score)
                    } else {
                        Outcome::Yes(NO_SCORE)
                    }
                };
                (0..documents.len()).map(outcome).collect()
            }
            Kind::Float64 | Kind::Text | Kind::Timestamp | Kind::Json => {
                let values = values.as_primitive::<Float64Type>();
                let outcome = |row: usize| {
                    if skipped(row) {
                        Outcome::No
                    } else if values.is_null(row) {
                        Outcome::Yes(NO_SCORE)
                    } else if values.value(row).is_nan() {
                        self.not_a_number(documents[row])
                    } else {
                        Outcome::Yes(values.value(row) as Score)
                    }
                };
                (0..documents.len()).map(outcome).collect()
            }
        };
        let ended = lock(&self.call.0.failure).is_some();
        (!ended).then_some(outcomes)
    }

    fn rest(&mut self, from: DocId) -> tantivy::Result<Option<Box<dyn Scorer>>> {
        if self.call.0.returns != Kind::Boolean {
            return Ok(None);
        }
        let columns = self.columns.as_ref().expect("they are open");
        let bound = self
            .bound
            .as_mut()
            .expect("it is there until it is dropped");
        let Some(keyword) = columns.keyword() else {
            return Ok(None);
        };
        let known = |column: &ArrayRef| Some(bound.known(column)?.as_boolean().clone());
        let listed = keyword.listed(&self.reader, from, known)?;
        if listed.is_some() {
            let left = from..self.reader.max_doc();
            let left = match self.reader.alive_bitset() {
                None => left.len(),
                Some(alive) => left.filter(|document| alive.is_alive(*document)).count(),
            };
            self.count_known(left);
        }
        Ok(listed)
    }
}

impl Drop for SegmentCall {
    fn drop(&mut self) {
        if let Some(bound) = self.bound.take() {
            lock(&self.call.0.idle).push(bound);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
