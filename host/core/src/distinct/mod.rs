//! Distinct values once: a function that reads one dictionary-encoded column, and nothing else of
//! a document, is evaluated once for each of the column's values.
//!
//! A function is deterministic, and it reads documents only by asking. Its fields are known from
//! `bind`, so the host knows when a single column determines its results. What else belongs to a
//! document (the id, the score) or to a call (a line of the log, WASI) is a call into the host, and
//! noticed: the result of an evaluation that made one is that document's own and is not kept. After
//! a few of them the query goes back to one evaluation per document.
//!
//! Results are kept by value, not by dictionary: the batches of a query may have many dictionaries
//! with the same values. A table per dictionary leads from its keys to the results, so a row whose
//! value is known costs two loads. Errors are kept like values. They count for each document, with
//! that document's id, in the order of the rows.
//!
//! It knows nothing of how guests are entered.

mod ahead;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::ArrowDictionaryKeyType;
use arrow_array::{Array, ArrayRef, DictionaryArray, downcast_dictionary_array};
use arrow_buffer::{ArrowNativeType, Buffer};
use arrow_schema::DataType;

use self::ahead::{Evaluated, evaluate};
use crate::columns::ColumnPath;
use crate::error::Stopped;
use crate::instance::{Instance, RunError};
use crate::query::QueryContext;
use crate::sink::{NULL, Outcome, Sink, VALUE};
use crate::state::State;

/// The most memory for results and the tables that lead to them, in bytes. A query with more
/// distinct values evaluates documents.
const MEMORY_BYTES: usize = 16 << 20;

/// The memory of a value besides its bytes: an entry of the map, and the result.
const VALUE_BYTES: usize = 96;

/// The most evaluations whose results are not kept, before the query goes back to documents.
const OWN_RESULTS: usize = 8;

/// A function that may read scores is evaluated value by value if there are no more new ones than
/// one in so many rows. If there are, a batch of the rows takes less time.
const ROWS_A_VALUE: usize = 4;

/// Up to this many new values are always evaluated one by one.
const FEW_VALUES: usize = 64;

/// The states of a slot besides those of a row.
const UNKNOWN: u8 = 3;
/// The row that is to be evaluated has been chosen.
const CHOSEN: u8 = 4;

/// The slot of rows without a value.
const MISSING: u32 = 0;
/// A key whose slot has not been looked up.
const UNSET: u32 = u32::MAX;

/// The results of a function for the values of one column. Each value has a slot.
pub(crate) struct Distinct {
    query: QueryContext,
    /// Whether the function may read scores.
    reads_scores: bool,
    column: Option<ColumnPath>,
    given_up: bool,
    /// Evaluations whose results were not kept.
    own: usize,
    dictionary: Option<Dictionary>,
    slots: HashMap<Box<[u8]>, u32>,
    /// For each slot the result, if it is a number, and its state.
    words: Vec<u64>,
    states: Vec<u8>,
    /// Results that are texts, and the messages of errors, by slot.
    texts: HashMap<u32, Arc<str>>,
    /// Taken from the query's memory, in bytes.
    taken: usize,
}

/// The dictionary of the last batch.
struct Dictionary {
    /// Held, so that no other array gets its address.
    values: ArrayRef,
    /// The bytes of values of a fixed width.
    bytes: Option<Buffer>,
    /// For each value its slot, or [`UNSET`].
    slots: Vec<u32>,
}

/// What the function gave for rows that were evaluated before the others.
#[derive(Default)]
struct Ahead {
    /// The rows whose values were new.
    rows: HashSet<usize>,
    /// Results of single documents.
    own: HashMap<usize, Outcome>,
    /// Whether the guest cannot be entered again.
    ended: bool,
    /// The row at which the function was stopped, if it was not by an error of its document.
    stopped: Option<(usize, Stopped)>,
}

/// Whether columns of the type are evaluated once for each distinct value.
pub(crate) fn has_values(found: &DataType) -> bool {
    let DataType::Dictionary(_, values) = found else {
        return false;
    };
    let text = matches!(
        **values,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    );
    text || **values == DataType::Boolean || values.primitive_width().is_some()
}

impl Distinct {
    pub(crate) fn new(query: QueryContext, reads_scores: bool) -> Self {
        let mut distinct = Self {
            query,
            reads_scores,
            column: None,
            given_up: false,
            own: 0,
            dictionary: None,
            slots: HashMap::new(),
            words: Vec::new(),
            states: Vec::new(),
            texts: HashMap::new(),
            taken: 0,
        };
        distinct.clear();
        distinct
    }

    /// Goes to a column. If it is another one, all results are forgotten.
    pub(crate) fn of(&mut self, column: &ColumnPath) {
        if self.column.as_ref() != Some(column) {
            self.clear();
            self.column = Some(column.clone());
        }
    }

    fn clear(&mut self) {
        self.dictionary = None;
        self.slots.clear();
        self.words = vec![0];
        self.states = vec![UNKNOWN];
        self.texts.clear();
        self.query.return_memory(self.taken);
        self.taken = 0;
    }

    /// As [`Distinct::slots`], for the last column.
    pub(crate) fn slots_again(&mut self, column: &ArrayRef) -> Option<Vec<u32>> {
        let known = self.column.is_some() && has_values(column.data_type());
        known.then(|| self.slots(column)).flatten()
    }

    /// The slots of a column's rows; `None` if documents are to be evaluated.
    pub(crate) fn slots(&mut self, column: &ArrayRef) -> Option<Vec<u32>> {
        if self.given_up || column.is_empty() {
            return None;
        }
        let slots = downcast_dictionary_array! {
            column => self.slots_of(column),
            _ => None,
        };
        // It does not come back to a column with more values than it may keep.
        self.given_up |= slots.is_none();
        slots
    }

    fn slots_of<K: ArrowDictionaryKeyType>(
        &mut self,
        column: &DictionaryArray<K>,
    ) -> Option<Vec<u32>> {
        self.open(column.values())?;
        let keys = column.keys();
        let mut slots = Vec::with_capacity(keys.len());
        for (row, key) in keys.values().iter().enumerate() {
            let slot = if keys.is_valid(row) {
                let dictionary = self.dictionary.as_ref()?;
                match dictionary.slots.get(key.as_usize())? {
                    &UNSET => self.slot(key.as_usize())?,
                    slot => *slot,
                }
            } else {
                MISSING
            };
            slots.push(slot);
        }
        Some(slots)
    }

    /// Goes to a dictionary, if it is not the last one.
    fn open(&mut self, values: &ArrayRef) -> Option<()> {
        let last = self.dictionary.as_ref();
        if last.is_some_and(|last| Arc::ptr_eq(&last.values, values)) {
            return Some(());
        }
        if let Some(last) = self.dictionary.take() {
            let bytes = last.slots.len() * size_of::<u32>();
            self.query.return_memory(bytes);
            self.taken -= bytes;
        }
        self.take_memory(values.len() * size_of::<u32>())?;
        self.dictionary = Some(Dictionary {
            values: Arc::clone(values),
            bytes: fixed_width(values),
            slots: vec![UNSET; values.len()],
        });
        Some(())
    }

    /// The slot of a key that has not come up in this dictionary.
    #[cold]
    fn slot(&mut self, key: usize) -> Option<u32> {
        let dictionary = self.dictionary.as_ref()?;
        let slot = match dictionary.value(key) {
            None => MISSING,
            Some(value) => match self.slots.get(value) {
                Some(slot) => *slot,
                None => {
                    let value: Box<[u8]> = value.into();
                    self.take_memory(value.len() + VALUE_BYTES)?;
                    let slot = u32::try_from(self.states.len()).ok()?;
                    self.slots.insert(value, slot);
                    self.words.push(0);
                    self.states.push(UNKNOWN);
                    slot
                }
            },
        };
        self.dictionary.as_mut()?.slots[key] = slot;
        Some(slot)
    }

    fn take_memory(&mut self, bytes: usize) -> Option<()> {
        if self.taken + bytes > MEMORY_BYTES {
            return None;
        }
        self.query.take_memory(bytes).ok()?;
        self.taken += bytes;
        Some(())
    }

    /// Gives rows their results, if all are known and numbers.
    pub(crate) fn spread(&self, slots: &[u32], sink: &mut Sink) -> bool {
        sink.spread(slots, &self.words, &self.states)
    }

    /// Whether the rows are evaluated faster as documents.
    pub(crate) fn is_too_varied(&self, slots: &[u32]) -> bool {
        if !self.reads_scores {
            return false;
        }
        let new: HashSet<u32> = slots
            .iter()
            .copied()
            .filter(|slot| self.is_new(*slot))
            .collect();
        new.len() > FEW_VALUES && new.len() * ROWS_A_VALUE > slots.len()
    }

    fn is_new(&self, slot: u32) -> bool {
        self.states[slot as usize] >= UNKNOWN
    }

    /// Gives the rows of the current columns their results, and evaluates the function for those
    /// whose values are new.
    pub(crate) fn run(&mut self, instance: &mut Instance, slots: &[u32]) -> Result<(), RunError> {
        instance.state_mut().asked.begin();
        let run = self.run_rows(instance, slots);
        instance.state_mut().asked.end();
        run
    }

    fn run_rows(&mut self, instance: &mut Instance, slots: &[u32]) -> Result<(), RunError> {
        let mut ahead = self.run_ahead(instance, slots);
        let mut spared = 0;
        for (row, slot) in slots.iter().enumerate() {
            if let Some((_, stopped)) = ahead.stopped.take_if(|(at, _)| *at == row) {
                instance.state_mut().row = row;
                return Err(RunError::Stopped(stopped));
            }
            let known = if self.is_new(*slot) {
                ahead.own.remove(&row)
            } else {
                Some(self.outcome(*slot))
            };
            match known {
                Some(outcome) => {
                    let was_evaluated = ahead.rows.contains(&row);
                    spared += u64::from(!was_evaluated);
                    settle(instance.state_mut(), row, outcome, was_evaluated)?;
                }
                // The query ends at a later row.
                None if ahead.ended => {}
                None => {
                    instance.run_row(row)?;
                    self.learn(instance.state_mut(), row, *slot);
                }
            }
        }
        instance.state_mut().sink.spare(spared);
        Ok(())
    }

    /// Evaluates the first rows with new values as a batch, if they are many and the component
    /// takes batches. Scores are given to a batch unasked, so nobody would know that they were
    /// read.
    fn run_ahead(&mut self, instance: &mut Instance, slots: &[u32]) -> Ahead {
        if self.reads_scores {
            return Ahead::default();
        }
        let rows = self.first_rows(slots);
        if !instance.takes_batch(rows.len()) {
            return Ahead::default();
        }
        let Ok(evaluated) = evaluate(instance, &rows) else {
            return Ahead::default();
        };
        let Evaluated {
            outcomes,
            ended,
            stopped,
        } = evaluated;
        let state = instance.state_mut();
        let mut ahead = Ahead {
            rows: rows.iter().copied().collect(),
            own: HashMap::new(),
            ended,
            stopped: stopped.map(|(index, stopped)| (rows[index], stopped)),
        };
        for (index, row) in rows.iter().enumerate() {
            let Some(outcome) = outcomes.get(&index).cloned() else {
                continue;
            };
            if state.asked.at(index) {
                self.own += 1;
                ahead.own.insert(*row, outcome);
            } else {
                self.keep(slots[*row], outcome);
            }
        }
        self.given_up |= self.own > OWN_RESULTS;
        state.asked.begin();
        ahead
    }

    /// The first row of each new value.
    fn first_rows(&mut self, slots: &[u32]) -> Vec<usize> {
        let mut rows = Vec::new();
        for (row, slot) in slots.iter().enumerate() {
            let state = &mut self.states[*slot as usize];
            if *state == UNKNOWN {
                *state = CHOSEN;
                rows.push(row);
            }
        }
        for row in &rows {
            self.states[slots[*row] as usize] = UNKNOWN;
        }
        rows
    }

    /// Keeps the result of a row that was evaluated, unless it is the document's own.
    fn learn(&mut self, state: &mut State, row: usize, slot: u32) {
        let is_own = state.asked.at(row);
        state.asked.begin();
        if is_own {
            self.own += 1;
            self.given_up |= self.own > OWN_RESULTS;
        } else {
            self.keep(slot, state.sink.outcome(row));
        }
    }

    fn keep(&mut self, slot: u32, outcome: Outcome) {
        let at = slot as usize;
        self.states[at] = outcome.state();
        match outcome {
            Outcome::Null => {}
            Outcome::Number(word) => self.words[at] = word,
            Outcome::Text(text) | Outcome::Failed(text) => {
                if self.take_memory(text.len() + VALUE_BYTES).is_none() {
                    self.given_up = true;
                    self.states[at] = UNKNOWN;
                    return;
                }
                self.texts.insert(slot, text);
            }
        }
    }

    fn outcome(&self, slot: u32) -> Outcome {
        let text = self.texts.get(&slot).map(Arc::clone);
        match (self.states[slot as usize], text) {
            (NULL, _) => Outcome::Null,
            (VALUE, None) => Outcome::Number(self.words[slot as usize]),
            (VALUE, Some(text)) => Outcome::Text(text),
            (_, text) => Outcome::Failed(text.unwrap_or_default()),
        }
    }
}

impl Drop for Distinct {
    fn drop(&mut self) {
        self.query.return_memory(self.taken);
    }
}

impl Dictionary {
    /// The bytes of a value; `None` if it is null.
    fn value(&self, key: usize) -> Option<&[u8]> {
        if self.values.is_null(key) {
            return None;
        }
        Some(match self.values.data_type() {
            DataType::Utf8 => self.values.as_string::<i32>().value(key).as_bytes(),
            DataType::LargeUtf8 => self.values.as_string::<i64>().value(key).as_bytes(),
            DataType::Utf8View => self.values.as_string_view().value(key).as_bytes(),
            DataType::Boolean if self.values.as_boolean().value(key) => &[1],
            DataType::Boolean => &[0],
            found => {
                let width = found.primitive_width()?;
                &self.bytes.as_ref()?[key * width..][..width]
            }
        })
    }
}

fn fixed_width(values: &ArrayRef) -> Option<Buffer> {
    let width = values.data_type().primitive_width()?;
    let data = values.to_data();
    let (start, length) = (data.offset() * width, data.len() * width);
    Some(data.buffers().first()?.slice_with_length(start, length))
}

/// Gives a row its result. A text that the function has just given for this row has been taken from
/// the budget.
fn settle(state: &mut State, row: usize, outcome: Outcome, is_taken: bool) -> Result<(), RunError> {
    let stopped = |limit| RunError::Stopped(Stopped::Limit(limit));
    state.row = row;
    match outcome {
        Outcome::Null => {}
        Outcome::Number(word) => state.sink.push_word(row, word),
        Outcome::Text(text) => {
            if !is_taken {
                state.query.take_result(text.len()).map_err(stopped)?;
            }
            state.sink.push_text(row, &text).map_err(stopped)?;
        }
        Outcome::Failed(message) => {
            let failed = state.fail(row, message.to_string());
            failed.map_err(RunError::Document)?;
        }
    }
    Ok(())
}

/// The rows whose evaluation asked for more than a field's values, or did more than give a result.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    watches: bool,
    rows: HashSet<usize>,
}

impl Asked {
    fn begin(&mut self) {
        self.watches = true;
        self.rows.clear();
    }

    fn end(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn note(&mut self, row: usize) {
        if self.watches {
            self.rows.insert(row);
        }
    }

    fn at(&self, row: usize) -> bool {
        self.rows.contains(&row)
    }
}
