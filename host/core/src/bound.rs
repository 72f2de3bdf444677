//! A function bound to a query: columns in, values out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use crate::columns::{self, Column, ColumnPath, Document, FieldUse, ID, SCORE, column_path};
use crate::distinct::{Distinct, has_values};
use crate::error::{EvaluateError, Stopped};
use crate::instance::{Instance, RunError};
use crate::manifest::Function;
use crate::sink::{DocumentError, Evaluated, OnError, Statistics};
use crate::state::State;
use crate::udf::Udf;
use crate::value::{Kind, Value};

/// The maximum number of rows whose columns are prepared at once: a long batch needs little memory
/// for columns that are cast.
const PIECE_ROWS: usize = 1 << 16;

/// A function bound to the arguments of one query, for one worker.
///
/// After `bind` it knows which fields it reads ([`Bound::fields`]); a data node loads those and
/// nothing else.
pub struct Bound {
    /// Also keeps the engine alive, and with it the thread that counts time.
    udf: Udf,
    function: Function,
    instance: Instance,
    sources: Option<Sources>,
    distinct: Distinct,
    ended: bool,
    observer: Option<Arc<dyn Observer>>,
}

/// Observes what a bound function does, once per batch: for an embedder's own metrics.
pub trait Observer: Send + Sync {
    /// A batch was evaluated, completely or up to an error.
    fn evaluated(&self, evaluation: &Evaluation<'_>);
}

/// The cost of one batch.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Evaluation<'a> {
    /// Documents evaluated, including those that failed.
    pub documents: u64,
    /// Evaluations of the function, as [`Statistics::evaluations`].
    pub evaluations: u64,
    /// Documents that failed.
    pub errors: u64,
    /// Documents that were begun: those before the one at which the function was stopped, if it
    /// was.
    pub begun: u64,
    /// The size of the batch in bytes, if the function was stopped in it; 0 otherwise.
    pub input_bytes: usize,
    /// Time spent in evaluation, including the preparation of the columns.
    pub time: Duration,
    /// The memory that the instance holds, in bytes.
    pub memory_bytes: usize,
    /// The error that ended the evaluation, and with it the query.
    pub stopped: Option<&'a Stopped>,
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Bound")
            .field("function", &self.function.name)
            .field("fields", &self.fields())
            .finish_non_exhaustive()
    }
}

/// The positions of the columns in batches of one schema. Names are resolved when the schema
/// changes, not for each batch.
struct Sources {
    schema: SchemaRef,
    id: Option<ColumnPath>,
    score: Option<ColumnPath>,
    fields: Vec<Option<ColumnPath>>,
    /// The column of all fields that are there, if it is one.
    only: Option<ColumnPath>,
}

impl Bound {
    pub(crate) fn new(
        udf: Udf,
        function: Function,
        mut instance: Instance,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        let state = instance.state_mut();
        state.sink.set_returns(function.returns);
        state.batch.reads_scores = udf.reads_scores();
        let distinct = Distinct::new(state.query.clone(), udf.reads_scores());
        Self {
            udf,
            function,
            instance,
            sources: None,
            distinct,
            ended: false,
            observer,
        }
    }

    /// The function's signature.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// The fields that the function reads, in the order in which it resolved them.
    pub fn fields(&self) -> &[FieldUse] {
        &self.instance.state().fields
    }

    /// Whether the function may ask for the ids of documents. If not, the column `_id` is used in
    /// errors only, and may hold something cheaper, such as a data node's own numbers.
    pub fn reads_ids(&self) -> bool {
        self.udf.reads_ids()
    }

    /// The columns to load: a batch with this schema is read in place. Other Arrow types are cast,
    /// and a missing column has no value in any row.
    pub fn schema(&self) -> Schema {
        let fields = self
            .fields()
            .iter()
            .map(|field| field.kind.field(&field.path));
        Schema::new(fields.collect::<Vec<_>>())
    }

    /// Sets what happens to documents for which the function fails; by default [`OnError::Fail`].
    pub fn set_on_error(&mut self, on_error: OnError) {
        self.instance.state_mut().sink.on_error = on_error;
    }

    /// What the function has done so far.
    pub fn statistics(&self) -> Statistics {
        let mut statistics = self.instance.state().sink.statistics.clone();
        statistics.memory_peak_bytes = self.instance.state().memory.bytes();
        statistics
    }

    /// The columns that the function reads, built from JSON documents.
    ///
    /// # Errors
    ///
    /// Arrow cannot hold the columns: a batch has more than 2 GiB of text.
    pub fn load(&self, documents: &[Document<'_>]) -> Result<RecordBatch, EvaluateError> {
        columns::batch_of(self.fields(), documents)
            .map_err(|source| column_error("documents", Kind::Json, source))
    }

    /// Evaluates the function for each row of a batch. Returns an array of the function's kind,
    /// with null for the rows without a value and for those that failed.
    ///
    /// The columns are found by name; a dotted path goes into structs. The columns `_id` (which can
    /// be shown as text) and `_score` (a number) are the ids and scores of the documents. Without
    /// them a document's id is its position in the query, from 0, and its score is 1. A batch
    /// without rows gives an empty array.
    ///
    /// # Errors
    ///
    /// The same as for [`Bound::evaluate_rows`].
    pub fn evaluate(&mut self, batch: &RecordBatch) -> Result<ArrayRef, EvaluateError> {
        self.evaluate_rows(batch).map(|evaluated| evaluated.values)
    }

    /// Like [`Bound::evaluate`], and also returns which rows failed.
    ///
    /// # Errors
    ///
    /// * A document failed under [`OnError::Fail`].
    /// * The guest trapped or broke the contract, a limit of the budget was exceeded, or the query
    ///   was cancelled. The function has then ended: later calls fail with
    ///   [`EvaluateError::Ended`].
    /// * A column cannot be cast to the kind that the function reads.
    pub fn evaluate_rows(&mut self, batch: &RecordBatch) -> Result<Evaluated, EvaluateError> {
        let started = Instant::now();
        let before = self.counts();
        let evaluated = self.evaluate_pieces(batch, started);
        let time = started.elapsed();
        let state = self.instance.state_mut();
        state.columns.clear();
        state.sink.statistics.time += time;
        state.leave(time);
        let stopped = match &evaluated {
            Err(EvaluateError::Stopped { source, .. }) => Some(source),
            Ok(_) | Err(_) => None,
        };
        let input_bytes = stopped.map_or(0, |_| batch.get_array_memory_size());
        self.observe(input_bytes, before, time, stopped);
        evaluated
    }

    /// The results for a dictionary-encoded column whose values have all been evaluated, without an
    /// error: the column is the only one that the function reads, as in the last batch. `None` if
    /// [`Bound::evaluate_rows`] has to look at the documents. Nothing is counted.
    pub fn known(&mut self, column: &ArrayRef) -> Option<ArrayRef> {
        let slots = self.distinct.slots_again(column).filter(|_| !self.ended)?;
        let state = self.instance.state_mut();
        state.query.check().ok()?;
        state.sink.begin(slots.len());
        let known = self.distinct.spread(&slots, &mut state.sink);
        known.then(|| state.sink.values())
    }

    /// Counts a batch of documents that got their results from [`Bound::known`].
    pub fn count_known(&mut self, documents: u64) {
        let before = self.counts();
        let statistics = &mut self.instance.state_mut().sink.statistics;
        statistics.documents += documents;
        statistics.batches += 1;
        self.observe(0, before, Duration::ZERO, None);
    }

    /// The documents, evaluations and errors so far.
    fn counts(&self) -> [u64; 3] {
        let Statistics {
            documents,
            evaluations,
            errors,
            ..
        } = self.instance.state().sink.statistics;
        [documents, evaluations, errors]
    }

    fn observe(
        &self,
        input_bytes: usize,
        before: [u64; 3],
        time: Duration,
        stopped: Option<&Stopped>,
    ) {
        let Some(observer) = &self.observer else {
            return;
        };
        let [documents, evaluations, errors] = self.counts();
        let state = self.instance.state();
        let reached = match stopped {
            Some(_) => state.sink.position(state.row),
            None => documents,
        };
        observer.evaluated(&Evaluation {
            documents: documents - before[0],
            evaluations: evaluations - before[1],
            errors: errors - before[2],
            begun: reached.saturating_sub(before[0]),
            input_bytes,
            time,
            memory_bytes: state.memory.bytes(),
            stopped,
        });
    }

    /// Evaluates the function for one JSON document.
    ///
    /// # Errors
    ///
    /// The same as for [`Bound::evaluate_rows`]. A document that fails is always an error here, but
    /// ends the function only under [`OnError::Fail`].
    pub fn evaluate_document(&mut self, document: Document<'_>) -> Result<Value, EvaluateError> {
        let batch = self.load(&[document])?;
        self.evaluate_row(&batch)
    }

    /// Evaluates the function for the document in a batch of one row.
    ///
    /// # Errors
    ///
    /// The same as for [`Bound::evaluate_document`].
    ///
    /// # Panics
    ///
    /// If the batch has no row.
    pub fn evaluate_row(&mut self, batch: &RecordBatch) -> Result<Value, EvaluateError> {
        let mut evaluated = self.evaluate_rows(batch)?;
        match evaluated.error_samples.pop() {
            None => Ok(value_at(&evaluated.values, 0, self.function.returns)),
            Some(failed) => Err(self.failed(failed)),
        }
    }

    fn failed(&self, DocumentError { document, message }: DocumentError) -> EvaluateError {
        EvaluateError::Document {
            function: self.function.name.clone(),
            document,
            message,
        }
    }

    fn evaluate_pieces(
        &mut self,
        batch: &RecordBatch,
        started: Instant,
    ) -> Result<Evaluated, EvaluateError> {
        if self.ended {
            return Err(EvaluateError::Ended {
                function: self.function.name.clone(),
            });
        }
        self.find_sources(batch.schema_ref());
        let rows = batch.num_rows();
        self.instance.state_mut().sink.begin(rows);
        let (mut start, mut now) = (0, started);
        while start < rows {
            let length = PIECE_ROWS.min(rows - start);
            self.instance.state_mut().sink.seek(start);
            if length == rows {
                self.evaluate_piece(batch, now)?;
            } else {
                self.evaluate_piece(&batch.slice(start, length), now)?;
                now = Instant::now();
            }
            start += length;
        }
        Ok(self.instance.state_mut().sink.finish())
    }

    fn evaluate_piece(&mut self, piece: &RecordBatch, now: Instant) -> Result<(), EvaluateError> {
        let slots = self.slots(piece)?;
        if let Some(slots) = &slots {
            let state = self.instance.state_mut();
            if state.query.check_at(now).is_ok() && self.distinct.spread(slots, &mut state.sink) {
                return Ok(());
            }
        }
        self.set_columns(piece)?;
        let state = self.instance.state_mut();
        // An error before the first document is reported for the first document, not for the last
        // row of the previous piece.
        state.row = 0;
        if let Err(source) = state.query.check_at(now) {
            return Err(self.end(source));
        }
        let run = match slots {
            Some(slots) => self.distinct.run(&mut self.instance, &slots),
            None => self.instance.run(piece.num_rows()),
        };
        match run {
            Ok(()) => Ok(()),
            Err(RunError::Stopped(source)) => Err(self.end(source)),
            Err(RunError::Document(failed)) => {
                self.ended = true;
                Err(self.failed(failed.0))
            }
        }
    }

    /// The slots of the rows' values, if they alone determine the results.
    fn slots(&mut self, piece: &RecordBatch) -> Result<Option<Vec<u32>>, EvaluateError> {
        let only = self
            .sources
            .as_ref()
            .and_then(|sources| sources.only.as_ref());
        let Some(only) = only else {
            return Ok(None);
        };
        let (name, kind) = (only.field().name(), self.fields()[0].kind);
        let column = only
            .column(piece)
            .map_err(|error| column_error(name, kind, error))?;
        if !has_values(column.data_type()) {
            return Ok(None);
        }
        self.distinct.of(only);
        let slots = self.distinct.slots(&column);
        let is_varied = |slots: &[u32]| self.distinct.is_too_varied(slots);
        Ok(slots.filter(|slots| !is_varied(slots)))
    }

    fn end(&mut self, source: Stopped) -> EvaluateError {
        self.ended = true;
        EvaluateError::Stopped {
            function: self.function.name.clone(),
            document: self.instance.document(),
            source,
        }
    }

    fn find_sources(&mut self, schema: &SchemaRef) {
        let known = self.sources.as_ref().is_some_and(|sources| {
            Arc::ptr_eq(&sources.schema, schema) || sources.schema == *schema
        });
        if known {
            return;
        }
        let find = |path: &str, kind| {
            column_path(
                schema,
                &FieldUse {
                    path: path.to_owned(),
                    kind,
                },
            )
        };
        let fields = self.fields().iter();
        let fields: Vec<_> = fields.map(|field| column_path(schema, field)).collect();
        let mut found = fields.iter().flatten();
        let first = found.next();
        self.sources = Some(Sources {
            id: find(ID, Kind::Text),
            score: find(SCORE, Kind::Float64),
            only: first
                .filter(|first| found.all(|other| other == *first))
                .cloned(),
            fields,
            schema: Arc::clone(schema),
        });
    }

    /// Makes the columns of a piece the current ones.
    fn set_columns(&mut self, piece: &RecordBatch) -> Result<(), EvaluateError> {
        let Some(sources) = &self.sources else {
            return Ok(());
        };
        let reads_ids = self.udf.reads_ids();
        let State {
            fields, columns, ..
        } = self.instance.state_mut();
        columns.clear();
        if let Some(source) = &sources.id {
            columns.id = source
                .column(piece)
                .and_then(|array| Column::of_ids(&array, reads_ids))
                .map_err(|error| column_error(ID, Kind::Text, error))?;
        }
        if let Some(source) = &sources.score {
            columns.score = source
                .column(piece)
                .and_then(|array| Column::new(&array, source.field(), Kind::Float64))
                .map_err(|error| column_error(SCORE, Kind::Float64, error))?;
        }
        for (FieldUse { path, kind }, source) in fields.iter().zip(&sources.fields) {
            let failed = |error| column_error(path, *kind, error);
            let column = match source {
                None => Column::Missing(*kind),
                Some(source) => {
                    let array = source.column(piece).map_err(failed)?;
                    match Column::unchanged(&array, source.field(), *kind) {
                        Some(column) => column,
                        None => Column::new(&array, source.field(), *kind).map_err(failed)?,
                    }
                }
            };
            columns.fields.push(column);
        }
        Ok(())
    }
}

fn column_error(column: &str, kind: Kind, source: ArrowError) -> EvaluateError {
    EvaluateError::Column {
        column: column.to_owned(),
        kind,
        source,
    }
}

/// The value in a row of an array that `evaluate` returned.
fn value_at(values: &ArrayRef, row: usize, kind: Kind) -> Value {
    if values.is_null(row) {
        return Value::Null;
    }
    match kind {
        Kind::Boolean => Value::Boolean(values.as_boolean().value(row)),
        Kind::Int64 => Value::Int64(values.as_primitive::<Int64Type>().value(row)),
        Kind::Float64 => Value::Float64(values.as_primitive::<Float64Type>().value(row)),
        Kind::Text => Value::Text(values.as_string::<i32>().value(row).to_owned()),
        Kind::Timestamp => {
            Value::Timestamp(values.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        Kind::Json => Value::Json(values.as_string::<i32>().value(row).to_owned()),
    }
}
