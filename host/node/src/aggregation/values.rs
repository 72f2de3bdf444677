//! The values of documents in a segment, by block.
//!
//! A value is 64 bits in the order of the values: of a long, a double or a boolean tantivy's own
//! mapping, of a date its milliseconds, of a keyword its number in the segment's dictionary. Texts
//! that are computed get numbers as they come up.

use std::collections::HashMap;

use tantivy::columnar::{
    Column, ColumnIndex, ColumnType as Stored, MonotonicallyMappableToU64 as _, RowId, StrColumn,
};
use tantivy::{DocId, Score, SegmentReader};

use super::format::Format;
use crate::allowance::{Allowance, Ended};
use crate::expression::ColumnType;
use crate::search::formula::{Computable, SegmentFormula};
use crate::value::Value;

/// Which values, in any segment.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) input: Input,
    pub(super) value_type: ColumnType,
    /// What stands for the value of documents that have none.
    pub(super) missing: Option<Missing>,
    pub(super) format: Format,
}

#[derive(Debug)]
pub(super) enum Input {
    /// No document has any.
    Nothing,
    /// tantivy's column of this name, and whether longs in it become doubles.
    Column(String, bool),
    Formula(Computable),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Missing {
    Number(u64),
    Text(String),
}

/// The number that a value stands for.
pub(super) fn number(value_type: ColumnType, value: u64) -> f64 {
    match value_type {
        ColumnType::Boolean => value as f64,
        ColumnType::Long | ColumnType::Date => i64::from_u64(value) as f64,
        ColumnType::Double => f64::from_u64(value),
        ColumnType::Text => f64::NAN,
    }
}

/// The values of a segment.
pub(super) struct SegmentValues {
    input: SegmentInput,
    pub(super) value_type: ColumnType,
    missing: Option<u64>,
    missing_text: String,
    documents: Vec<DocId>,
    rows: Vec<RowId>,
    with_values: Vec<DocId>,
    values: Vec<u64>,
    /// Where the values of each document end; empty where each has one.
    ends: Vec<usize>,
    /// For how many values there is memory.
    room: u64,
}

/// What a value of a document takes while it is loaded, in bytes.
const VALUE_BYTES: u64 = 24;

enum SegmentInput {
    Nothing,
    Numbers(Column<u64>, bool),
    Texts(StrColumn),
    Formula(SegmentFormula, Texts),
}

/// Texts by their numbers.
#[derive(Default)]
struct Texts {
    numbers: HashMap<String, u64>,
    texts: Vec<String>,
}

impl Texts {
    fn number(&mut self, text: String) -> u64 {
        let next = self.texts.len() as u64;
        let texts = &mut self.texts;
        *self.numbers.entry(text).or_insert_with_key(|text| {
            texts.push(text.clone());
            next
        })
    }
}

impl Values {
    pub(super) fn open(&self, reader: &SegmentReader) -> tantivy::Result<SegmentValues> {
        let fast = reader.fast_fields();
        let input = match &self.input {
            Input::Nothing => None,
            Input::Column(name, _) if self.value_type == ColumnType::Text => {
                fast.str(name)?.map(SegmentInput::Texts)
            }
            Input::Column(name, as_doubles) => {
                let stored = match self.value_type {
                    ColumnType::Boolean => Stored::Bool,
                    ColumnType::Double if !as_doubles => Stored::F64,
                    _ => Stored::I64,
                };
                let column = fast.u64_lenient_for_type(Some(&[stored]), name)?;
                column.map(|(column, _)| SegmentInput::Numbers(column, *as_doubles))
            }
            Input::Formula(formula) => {
                let segment = formula.for_segment(reader, reader.max_doc())?;
                Some(SegmentInput::Formula(segment, Texts::default()))
            }
        };
        let mut values = SegmentValues {
            input: input.unwrap_or(SegmentInput::Nothing),
            value_type: self.value_type,
            missing: None,
            missing_text: String::new(),
            documents: Vec::new(),
            rows: Vec::new(),
            with_values: Vec::new(),
            values: Vec::new(),
            ends: Vec::new(),
            room: 0,
        };
        values.missing = match &self.missing {
            None => None,
            Some(Missing::Number(number)) => Some(*number),
            Some(Missing::Text(text)) => {
                values.missing_text.clone_from(text);
                Some(match &mut values.input {
                    SegmentInput::Texts(column) => {
                        let known = column.dictionary().term_ord(text)?;
                        known.unwrap_or(column.num_terms() as u64)
                    }
                    SegmentInput::Formula(_, texts) => texts.number(text.clone()),
                    SegmentInput::Nothing | SegmentInput::Numbers(..) => 0,
                })
            }
        };
        Ok(values)
    }
}

impl SegmentValues {
    /// How many different texts there can be at most, where that is known.
    pub(super) fn width(&self) -> Option<usize> {
        match &self.input {
            SegmentInput::Texts(column) => Some(column.num_terms() + 1),
            _ => None,
        }
    }

    /// Takes the memory of the values of documents that have many.
    ///
    /// # Errors
    ///
    /// There is too little.
    pub(super) fn make_room(
        &mut self,
        documents: &[DocId],
        allowance: &Allowance,
    ) -> Result<(), Ended> {
        let index = match &self.input {
            SegmentInput::Numbers(column, _) => &column.index,
            SegmentInput::Texts(column) => &column.ords().index,
            SegmentInput::Nothing | SegmentInput::Formula(..) => return Ok(()),
        };
        if !matches!(index, ColumnIndex::Multivalued(_)) {
            return Ok(());
        }
        let (mut values, mut last) = (0, None);
        for document in documents {
            if last != Some(*document) {
                values += index.value_row_ids(*document).len() as u64;
                last = Some(*document);
            }
        }
        let more = values.saturating_sub(self.room);
        if more > 0 {
            allowance.take(more.saturating_mul(VALUE_BYTES))?;
            self.room = values;
        }
        Ok(())
    }

    /// Loads the values of documents, whose numbers ascend and may repeat.
    pub(super) fn load(&mut self, documents: &[DocId]) {
        self.documents.clear();
        self.documents.extend_from_slice(documents);
        self.documents.dedup();
        self.values.clear();
        self.ends.clear();
        match &mut self.input {
            SegmentInput::Nothing => self.ends.resize(self.documents.len(), 0),
            SegmentInput::Numbers(column, as_doubles) => {
                let as_doubles = *as_doubles;
                let column = column.clone();
                self.load_column(&column);
                if self.value_type == ColumnType::Date {
                    for value in &mut self.values {
                        *value = i64::from_u64(*value).div_euclid(1_000).to_u64();
                    }
                } else if as_doubles {
                    for value in &mut self.values {
                        *value = (i64::from_u64(*value) as f64).to_u64();
                    }
                }
            }
            SegmentInput::Texts(column) => {
                let column = column.ords().clone();
                self.load_column(&column);
            }
            SegmentInput::Formula(formula, texts) => {
                let scores: Vec<Score> = vec![0.0; self.documents.len()];
                // Where a UDF ends the search, it has the reason.
                let computed = formula.load(&self.documents, &scores).unwrap_or_default();
                for value in computed {
                    let value = match value {
                        Value::Boolean(value) => Some(u64::from(value)),
                        Value::Long(value) => Some(value.to_u64()),
                        Value::Double(value) => value.is_finite().then(|| value.to_u64()),
                        Value::Date(micros) => Some(micros.div_euclid(1_000).to_u64()),
                        Value::Text(text) => Some(texts.number(text)),
                        Value::Null | Value::Json(_) => None,
                    };
                    self.values.extend(value);
                    self.ends.push(self.values.len());
                }
                self.ends.resize(self.documents.len(), self.values.len());
            }
        }
        if let Some(missing) = self.missing {
            self.fill(missing);
        }
    }

    fn load_column(&mut self, column: &Column<u64>) {
        if column.index.get_cardinality().is_full() {
            self.values.resize(self.documents.len(), 0);
            column.values.get_vals(&self.documents, &mut self.values);
            return;
        }
        self.rows.clear();
        self.with_values.clear();
        column.row_ids_for_docs(&self.documents, &mut self.with_values, &mut self.rows);
        self.values.resize(self.rows.len(), 0);
        column.values.get_vals(&self.rows, &mut self.values);
        let mut end = 0;
        for document in &self.documents {
            while self.with_values.get(end) == Some(document) {
                end += 1;
            }
            self.ends.push(end);
        }
    }

    fn fill(&mut self, missing: u64) {
        if self.ends.is_empty() {
            return;
        }
        let loaded = std::mem::take(&mut self.values);
        let mut start = 0;
        for end in &mut self.ends {
            let of_document = &loaded[start..*end];
            start = *end;
            if of_document.is_empty() {
                self.values.push(missing);
            }
            self.values.extend_from_slice(of_document);
            *end = self.values.len();
        }
    }

    /// Puts the values of each document in their order, each once.
    pub(super) fn distinct(&mut self) {
        let (mut start, mut kept) = (0, 0);
        for end in &mut self.ends {
            self.values[start..*end].sort_unstable();
            let first = kept;
            for at in start..*end {
                if kept == first || self.values[kept - 1] != self.values[at] {
                    self.values[kept] = self.values[at];
                    kept += 1;
                }
            }
            start = *end;
            *end = kept;
        }
        if !self.ends.is_empty() {
            self.values.truncate(kept);
        }
    }

    /// How many documents were loaded.
    pub(super) fn len(&self) -> usize {
        self.documents.len()
    }

    /// The values of a document, by its place among those that were loaded, without repetitions.
    pub(super) fn of(&self, place: usize) -> &[u64] {
        if self.ends.is_empty() {
            return &self.values[place..=place];
        }
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.values[start..self.ends[place]]
    }

    /// Takes the texts of ascending numbers, in their order.
    pub(super) fn texts(&self, numbers: &[u64], mut take: impl FnMut(&str)) -> tantivy::Result<()> {
        let mut known = 0;
        match &self.input {
            SegmentInput::Texts(column) => {
                let terms = column.num_terms() as u64;
                known = numbers.partition_point(|number| *number < terms);
                let mut take = |text: &[u8]| take(&String::from_utf8_lossy(text));
                let dictionary = column.dictionary();
                dictionary.sorted_ords_to_term_cb(&numbers[..known], &mut take)?;
            }
            SegmentInput::Formula(_, interned) => {
                known = numbers.len();
                for number in numbers {
                    take(&interned.texts[*number as usize]);
                }
            }
            SegmentInput::Nothing | SegmentInput::Numbers(..) => {}
        }
        for _ in known..numbers.len() {
            take(&self.missing_text);
        }
        Ok(())
    }
}
