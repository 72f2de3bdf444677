//! Collects results: a batch's values, the rows that failed, and the statistics of a bound
//! function.
//!
//! Results that come all at once, as from a guest that takes batches, become an Arrow array as they
//! are. Otherwise numbers take eight bytes per row, whatever their kind, and strings are appended in
//! row order, until the end of the batch.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::builder::StringBuilder;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};

use crate::flags;
use crate::limits::LimitExceeded;
use crate::value::Kind;

/// What happens to a document for which the function failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// End the query with the document's error. The default.
    #[default]
    Fail,
    /// Leave the document out, and count it.
    Skip,
    /// Keep the document without a value, and count it.
    Null,
}

/// The statistics of a bound function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Documents evaluated, including those that failed.
    pub documents: u64,
    /// Evaluations of the function: fewer than documents if it reads one dictionary-encoded column,
    /// of which each distinct value is evaluated once.
    pub evaluations: u64,
    /// Documents that failed.
    pub errors: u64,
    /// The first of them, at most five.
    pub error_samples: Vec<DocumentError>,
    /// Batches evaluated.
    pub batches: u64,
    /// Time spent in `evaluate`, including the preparation of the columns.
    pub time: Duration,
    /// The most memory that the instance held, in bytes.
    pub memory_peak_bytes: usize,
}

/// A document for which a function failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    /// The document's id, or its position in the query if it has none.
    pub document: String,
    /// The error message; words from the guest are in quotes.
    pub message: String,
}

/// The maximum number of document errors that are kept.
const ERROR_SAMPLES: usize = 5;

/// The results of one batch.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// One value per row, of the function's kind; null if the function returned none or failed.
    pub values: ArrayRef,
    /// The rows that failed; `None` if none did.
    pub failed: Option<BooleanBuffer>,
    /// The errors of the first of those rows, at most five.
    pub error_samples: Vec<DocumentError>,
}

/// A row's state.
pub(crate) const NULL: u8 = 0;
pub(crate) const VALUE: u8 = 1;
pub(crate) const FAILED: u8 = 2;

/// The result of one row.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Null,
    /// A number of any kind, in eight bytes.
    Number(u64),
    /// A text or JSON.
    Text(Arc<str>),
    /// The message of the document's error.
    Failed(Arc<str>),
}

impl Outcome {
    /// The state of a row with this result.
    pub(crate) fn state(&self) -> u8 {
        match self {
            Self::Null => NULL,
            Self::Number(_) | Self::Text(_) => VALUE,
            Self::Failed(_) => FAILED,
        }
    }
}

pub(crate) struct Sink {
    returns: Kind,
    pub(crate) on_error: OnError,
    pub(crate) statistics: Statistics,
    /// The first row of the current piece in the batch.
    offset: usize,
    /// The number of rows of the batch.
    rows: usize,
    /// The results of all rows, if they came at once.
    whole: Option<ArrayRef>,
    /// By row; empty until a row has a result of its own.
    values: Vec<u64>,
    states: Vec<u8>,
    /// `None` until the batch's first text.
    texts: Option<StringBuilder>,
    any_failed: bool,
    /// Rows that got their results without an evaluation.
    spared: u64,
    /// The message of the last error, by its row, or those of all.
    messages: HashMap<usize, Arc<str>>,
    keeps_messages: bool,
    /// Of the current batch.
    error_samples: Vec<DocumentError>,
}

/// A document failed, and the query fails with it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("document `{}` failed: {}", .0.document, .0.message)]
pub(crate) struct Failed(pub(crate) DocumentError);

impl Sink {
    pub(crate) fn new(returns: Kind) -> Self {
        Self {
            returns,
            on_error: OnError::Fail,
            statistics: Statistics::default(),
            offset: 0,
            rows: 0,
            whole: None,
            values: Vec::new(),
            states: Vec::new(),
            texts: None,
            any_failed: false,
            spared: 0,
            messages: HashMap::new(),
            keeps_messages: false,
            error_samples: Vec::new(),
        }
    }

    pub(crate) fn returns(&self) -> Kind {
        self.returns
    }

    pub(crate) fn set_returns(&mut self, returns: Kind) {
        self.returns = returns;
    }

    /// Starts a batch.
    pub(crate) fn begin(&mut self, rows: usize) {
        self.offset = 0;
        self.rows = rows;
        self.whole = None;
        self.values.clear();
        self.states.clear();
        // A batch that was not finished has left strings.
        self.texts = None;
        self.any_failed = false;
        self.spared = 0;
        self.error_samples.clear();
    }

    /// Moves on to the piece of the batch that begins at a row.
    pub(crate) fn seek(&mut self, row: usize) {
        self.offset = row;
    }

    /// The row's position among all documents of the bound function.
    pub(crate) fn position(&self, row: usize) -> u64 {
        self.statistics.documents + (self.offset + row) as u64
    }

    /// Makes room for results by row.
    #[inline]
    fn open_rows(&mut self) {
        if self.states.is_empty() {
            self.values.resize(self.rows, 0);
            self.states.resize(self.rows, NULL);
        }
    }

    /// The state of a row of the batch.
    fn state(&self, row: usize) -> u8 {
        self.states.get(row).copied().unwrap_or(NULL)
    }

    /// Whether results for these rows are those of the whole batch.
    fn is_whole(&self, rows: &Range<usize>) -> bool {
        let is_all = self.offset == 0 && *rows == (0..self.rows);
        is_all && !self.any_failed && !self.keeps_messages
    }

    pub(crate) fn push_word(&mut self, row: usize, word: u64) {
        self.open_rows();
        self.values[self.offset + row] = word;
        self.states[self.offset + row] = VALUE;
    }

    /// Stores the numbers of a range of rows, little-endian: booleans in one byte each, others in
    /// eight. `validity` has a byte for each row, 0 or 1. A row that has failed stays so.
    pub(crate) fn put_numbers(
        &mut self,
        rows: Range<usize>,
        validity: Option<&[u8]>,
        numbers: &[u8],
    ) {
        if self.is_whole(&rows) {
            self.whole = Some(array_of(self.returns, validity, numbers));
            return;
        }
        self.open_rows();
        let rows = self.offset + rows.start..self.offset + rows.end;
        let values = &mut self.values[rows.clone()];
        if self.returns == Kind::Boolean {
            for (value, number) in values.iter_mut().zip(numbers) {
                *value = u64::from(*number);
            }
        } else {
            let (numbers, _) = numbers.as_chunks::<8>();
            for (value, number) in values.iter_mut().zip(numbers) {
                *value = u64::from_le_bytes(*number);
            }
        }
        const { assert!(NULL == 0 && VALUE == 1) };
        let states = &mut self.states[rows];
        match validity {
            _ if self.any_failed => {
                for (row, state) in states.iter_mut().enumerate() {
                    if *state != FAILED {
                        *state = validity.map_or(VALUE, |validity| validity[row]);
                    }
                }
            }
            Some(validity) => states.copy_from_slice(validity),
            None => states.fill(VALUE),
        }
    }

    /// Whether a row of the current piece has failed.
    pub(crate) fn has_failed(&self, row: usize) -> bool {
        self.state(self.offset + row) == FAILED
    }

    /// Whether any row of the batch has failed.
    pub(crate) fn any_failed(&self) -> bool {
        self.any_failed
    }

    /// Stores the texts of a range of rows, none of which has failed. `false`, and nothing is stored,
    /// if the batch has too much text for one array.
    pub(crate) fn put_texts(&mut self, rows: Range<usize>, array: StringArray) -> bool {
        if self.is_whole(&rows) {
            self.whole = Some(Arc::new(array));
            return true;
        }
        let texts = self.texts_up_to(self.offset + rows.start);
        if texts.append_array(&array).is_err() {
            return false;
        }
        self.open_rows();
        let states = &mut self.states[self.offset + rows.start..self.offset + rows.end];
        for (row, state) in states.iter_mut().enumerate() {
            *state = if array.is_valid(row) { VALUE } else { NULL };
        }
        true
    }

    pub(crate) fn push_text(&mut self, row: usize, text: &str) -> Result<(), LimitExceeded> {
        // Arrow's offsets have 32 bits.
        let texts = self.texts_up_to(self.offset + row);
        let bytes = texts.values_slice().len() + text.len();
        LimitExceeded::check("batch_text_bytes", "bytes", i32::MAX as usize, bytes)?;
        texts.append_value(text);
        self.open_rows();
        self.states[self.offset + row] = VALUE;
        Ok(())
    }

    /// The texts of the rows up to this one, without it.
    fn texts_up_to(&mut self, row: usize) -> &mut StringBuilder {
        use arrow_array::builder::ArrayBuilder;
        let empty = || StringBuilder::with_capacity(0, 0);
        let texts = self.texts.get_or_insert_with(empty);
        texts.append_nulls(row - texts.len());
        texts
    }

    /// Counts a document that failed.
    pub(crate) fn fail(
        &mut self,
        row: usize,
        document: String,
        message: String,
    ) -> Result<(), Failed> {
        if !self.keeps_messages {
            self.messages.clear();
        }
        self.messages.insert(row, Arc::from(&*message));
        let error = DocumentError { document, message };
        self.statistics.errors += 1;
        for samples in [&mut self.statistics.error_samples, &mut self.error_samples] {
            if samples.len() < ERROR_SAMPLES {
                samples.push(error.clone());
            }
        }
        self.open_rows();
        self.states[self.offset + row] = FAILED;
        self.any_failed = true;
        match self.on_error {
            OnError::Fail => Err(Failed(error)),
            OnError::Skip | OnError::Null => Ok(()),
        }
    }

    /// Counts rows that got their results without an evaluation.
    pub(crate) fn spare(&mut self, rows: u64) {
        self.spared += rows;
    }

    /// Gives the rows of the current piece the numbers of their slots, if all of these are values
    /// or null.
    pub(crate) fn spread(&mut self, slots: &[u32], numbers: &[u64], states: &[u8]) -> bool {
        let of = |slot: &u32| states[*slot as usize];
        let all_known = slots.iter().fold(NULL, |most, slot| most.max(of(slot))) <= VALUE;
        if !all_known || self.returns.is_text() {
            return false;
        }
        self.open_rows();
        let rows = self.offset..self.offset + slots.len();
        for (value, slot) in self.values[rows.clone()].iter_mut().zip(slots) {
            *value = numbers[*slot as usize];
        }
        for (state, slot) in self.states[rows].iter_mut().zip(slots) {
            *state = of(slot);
        }
        self.spare(slots.len() as u64);
        true
    }

    /// The result of a row, which is the last that has one.
    pub(crate) fn outcome(&self, row: usize) -> Outcome {
        match self.state(self.offset + row) {
            NULL => Outcome::Null,
            FAILED => Outcome::Failed(self.messages.get(&row).map(Arc::clone).unwrap_or_default()),
            _ if self.returns.is_text() => {
                let text = self.texts.as_ref().map_or_else(Default::default, |texts| {
                    let start = texts.offsets_slice().iter().rev().nth(1);
                    let start = start.map_or(0, |start| *start as usize);
                    String::from_utf8_lossy(&texts.values_slice()[start..])
                });
                Outcome::Text(Arc::from(&*text))
            }
            _ => Outcome::Number(self.values[self.offset + row]),
        }
    }

    /// A sink for rows whose results and errors are collected separately.
    pub(crate) fn alone(&self, rows: usize) -> Self {
        let mut alone = Self::new(self.returns);
        alone.on_error = self.on_error;
        alone.keeps_messages = true;
        alone.begin(rows);
        alone
    }

    /// The results of all rows.
    pub(crate) fn outcomes(&mut self) -> HashMap<usize, Outcome> {
        let rows = self.rows;
        let mut outcomes = self.errors();
        if self.returns.is_text() {
            let texts = self.texts_up_to(rows).finish();
            let texts = texts.iter().enumerate();
            outcomes.extend(
                texts.filter_map(|(row, text)| Some((row, Outcome::Text(Arc::from(text?))))),
            );
        }
        for row in 0..rows {
            let outcome = || match self.state(row) {
                NULL => Outcome::Null,
                _ => Outcome::Number(self.values[row]),
            };
            outcomes.entry(row).or_insert_with(outcome);
        }
        outcomes
    }

    /// The errors of all rows.
    pub(crate) fn errors(&mut self) -> HashMap<usize, Outcome> {
        let messages = std::mem::take(&mut self.messages).into_iter();
        messages
            .map(|(row, message)| (row, Outcome::Failed(message)))
            .collect()
    }

    /// Finishes a batch.
    pub(crate) fn finish(&mut self) -> Evaluated {
        let rows = self.rows;
        self.statistics.documents += rows as u64;
        self.statistics.evaluations += rows as u64 - self.spared;
        self.statistics.batches += 1;
        let failed = self
            .any_failed
            .then(|| BooleanBuffer::collect_bool(rows, |row| self.states[row] == FAILED));
        Evaluated {
            values: self.values(),
            failed,
            error_samples: std::mem::take(&mut self.error_samples),
        }
    }

    /// The results of the current batch, which are taken.
    pub(crate) fn values(&mut self) -> ArrayRef {
        if let Some(whole) = self.whole.take() {
            return whole;
        }
        let rows = self.rows;
        if self.returns.is_text() {
            return Arc::new(self.texts_up_to(rows).finish());
        }
        self.open_rows();
        // Without an early end, so that it is vectorised.
        let all = self
            .states
            .iter()
            .fold(true, |all, state| all & (*state == VALUE));
        let nulls = (!all).then(|| {
            NullBuffer::new(BooleanBuffer::collect_bool(rows, |row| {
                self.states[row] == VALUE
            }))
        });
        let values = std::mem::take(&mut self.values);
        if self.returns == Kind::Boolean {
            let bits = BooleanBuffer::collect_bool(rows, |row| values[row] != 0);
            return Arc::new(BooleanArray::new(bits, nulls));
        }
        array_of_words(self.returns, Buffer::from_vec(values), rows, nulls)
    }
}

/// Numbers as [`Sink::put_numbers`] takes them, as an array.
fn array_of(kind: Kind, validity: Option<&[u8]>, numbers: &[u8]) -> ArrayRef {
    let nulls = validity.map(|validity| NullBuffer::new(flags::to_bits(validity)));
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
    if kind == Kind::Boolean {
        return Arc::new(BooleanArray::new(flags::to_bits(numbers), nulls));
    }
    array_of_words(kind, Buffer::from(numbers), numbers.len() / 8, nulls)
}

/// An array of numbers in eight bytes each.
fn array_of_words(kind: Kind, words: Buffer, rows: usize, nulls: Option<NullBuffer>) -> ArrayRef {
    match kind {
        Kind::Float64 => Arc::new(Float64Array::new(ScalarBuffer::new(words, 0, rows), nulls)),
        Kind::Timestamp => {
            let values = ScalarBuffer::new(words, 0, rows);
            let array = TimestampMicrosecondArray::new(values, nulls);
            Arc::new(array.with_data_type(kind.data_type()))
        }
        Kind::Boolean | Kind::Int64 | Kind::Text | Kind::Json => {
            Arc::new(Int64Array::new(ScalarBuffer::new(words, 0, rows), nulls))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: usize = 77;

    fn collected(kind: Kind, put: impl Fn(&mut Sink, Range<usize>), parts: &[usize]) -> ArrayRef {
        let mut sink = Sink::new(kind);
        sink.begin(ROWS);
        let mut start = 0;
        for end in parts.iter().copied().chain([ROWS]) {
            put(&mut sink, start..end);
            start = end;
        }
        assert_eq!(sink.whole.is_some(), parts.is_empty());
        sink.finish().values
    }

    #[test]
    fn numbers_that_come_at_once_are_those_that_come_in_parts() {
        let validity: Vec<u8> = (0..ROWS).map(|row| u8::from(row % 5 != 0)).collect();
        let flags: Vec<u8> = (0..ROWS).map(|row| u8::from(row % 3 == 0)).collect();
        let words = (0..ROWS).map(|row| (row as f64 * 1.5).to_le_bytes());
        let words = words.collect::<Vec<_>>().into_flattened();
        for kind in [Kind::Boolean, Kind::Int64, Kind::Float64, Kind::Timestamp] {
            let (numbers, width) = match kind {
                Kind::Boolean => (&flags, 1),
                _ => (&words, 8),
            };
            for validity in [None, Some(&validity)] {
                let put = |sink: &mut Sink, rows: Range<usize>| {
                    let validity = validity.map(|validity| &validity[rows.clone()]);
                    let numbers = &numbers[rows.start * width..rows.end * width];
                    sink.put_numbers(rows, validity, numbers);
                };
                let whole = collected(kind, put, &[]);
                assert_eq!(whole.data_type(), &kind.data_type());
                assert_eq!(&whole, &collected(kind, put, &[1, 40]), "{kind}");
            }
        }
    }

    #[test]
    fn texts_that_come_at_once_are_those_that_come_in_parts() {
        let texts = (0..ROWS).map(|row| (row % 4 != 0).then(|| "é".repeat(row % 7)));
        let texts: StringArray = texts.collect();
        let put = |sink: &mut Sink, rows: Range<usize>| {
            assert!(sink.put_texts(rows.clone(), texts.slice(rows.start, rows.len())));
        };
        let expected: ArrayRef = Arc::new(texts.clone());
        assert_eq!(&collected(Kind::Text, put, &[]), &expected);
        assert_eq!(&collected(Kind::Text, put, &[3, 3, 50]), &expected);
    }

    #[test]
    fn a_row_that_failed_keeps_no_result_that_comes_later() {
        let mut sink = Sink::new(Kind::Int64);
        sink.on_error = OnError::Null;
        sink.begin(2);
        sink.fail(1, "b".to_owned(), "no price".to_owned())
            .expect("the query goes on");
        let numbers = [7_i64, 8].map(i64::to_le_bytes);
        sink.put_numbers(0..2, None, numbers.as_flattened());
        let evaluated = sink.finish();
        let expected: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None]));
        assert_eq!(&evaluated.values, &expected);
        assert!(evaluated.failed.is_some_and(|failed| failed.value(1)));
    }
}
