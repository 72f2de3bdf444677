//! A sort key's values in a segment.

use std::cmp::{Ordering, Reverse};
use std::fmt::Debug;
use std::mem::take;

use tantivy::columnar::{Cardinality, Column, MonotonicallyMappableToU64, StrColumn};
use tantivy::{DocId, Score, SegmentReader};

use super::formula::SegmentFormula;
use super::rank::{Rank, number_of, number_of_ordinal, ordinal_of_number};
use super::sort::{By, IndexKey, MissingValue};
use crate::computed::STEP_DOCUMENTS;
use crate::dates;
use crate::expression::ColumnType;
use crate::mapping::{FieldType, ID, SEQ_NO};
use crate::request::SortMode;
use crate::value::Value;

/// A sort key at work on a segment.
pub(super) struct SegmentKey {
    key: IndexKey,
    values: Values,
    missing: Rank,
    /// The rank of the last hit of the previous page.
    pub(super) after: Option<Rank>,
    /// The numbers of the block that was loaded, in the order of the hits.
    numbers: Vec<Option<u64>>,
    /// The values of that block, if they are texts that were computed.
    texts: Vec<Value>,
}

enum Values {
    Score,
    Written(Column<u64>),
    Boolean(Column<bool>),
    Long(Column<i64>),
    /// And whether the values are floats of 32 bits, which are shown as such.
    Double(Column<f64>, bool),
    /// Microseconds, of which hits are ordered by milliseconds, as clients see them.
    Date(Column<i64>),
    Text(StrColumn),
    /// What a formula gives.
    Computed(SegmentFormula, Option<ColumnType>),
    /// No document has the field.
    None,
}

impl SegmentKey {
    pub(super) fn open(key: &IndexKey, reader: &SegmentReader) -> tantivy::Result<Self> {
        let values = Values::open(&key.by, reader)?;
        let texts = match &values {
            Values::Text(column) => Some(column),
            _ => None,
        };
        let missing = Rank::missing(key, texts)?;
        let after = match &key.after {
            None => None,
            Some(Value::Null) => Some(missing.clone()),
            Some(value) => Some(Rank::of(value, key, texts)?),
        };
        Ok(Self {
            key: key.clone(),
            values,
            missing,
            after,
            numbers: Vec::new(),
            texts: Vec::new(),
        })
    }

    pub(super) fn computes(&self) -> bool {
        matches!(self.values, Values::Computed(..))
    }

    /// Whether all hits of the segment have one value, if all have one score or not.
    pub(super) fn is_constant(&self, score: bool) -> bool {
        match self.values {
            Values::Score => score,
            Values::None => true,
            _ => false,
        }
    }

    /// Whether hits come in the order in which they were written.
    pub(super) fn is_order_of_writing(&self) -> bool {
        matches!(self.values, Values::Written(_)) && !self.key.descending
    }

    /// Loads the values of a block; `None` ends the search.
    pub(super) fn load(&mut self, documents: &[DocId], scores: &[Score]) -> Option<()> {
        self.numbers.clear();
        self.texts.clear();
        if let Values::Computed(segment, returns) = &mut self.values {
            let values = segment.load(documents, scores)?;
            self.numbers.extend(values.iter().map(number_of));
            if *returns == Some(ColumnType::Text) {
                self.texts = values;
            }
        } else {
            let mode = self.key.mode;
            self.values.load(mode, documents, scores, &mut self.numbers);
        }
        if self.key.descending {
            for number in self.numbers.iter_mut().flatten() {
                *number = !*number;
            }
        }
        Some(())
    }

    /// The first row of the loaded block, from one on, whose rank may come before another, or be the
    /// same unless `ties` are behind it, too; the number of rows if no row may.
    pub(super) fn first_before(&self, from: usize, other: &Rank, ties: bool) -> usize {
        if !self.texts.is_empty() {
            return from;
        }
        let missing = self.missing.cmp(other);
        let is_behind = |order: Ordering| order.is_gt() || ties && order.is_eq();
        let is_behind = |number: &Option<u64>| match (number, other) {
            (Some(number), Rank::Number(other)) => is_behind(number.cmp(other)),
            (Some(number), other) => is_behind(Rank::Number(*number).cmp(other)),
            (None, _) => is_behind(missing),
        };
        let mut left = self.numbers[from..].iter();
        left.position(|number| !is_behind(number))
            .map_or(self.numbers.len(), |position| from + position)
    }

    /// The rank of a document, at a row of the block if that was loaded.
    pub(super) fn rank(&mut self, document: DocId, score: Score, row: usize) -> Rank {
        let descending = self.key.descending;
        if let Some(Value::Text(text)) = self.texts.get_mut(row) {
            return Rank::text(take(text), descending);
        }
        let number = match self.numbers.get(row) {
            Some(loaded) => loaded.map(Rank::Number),
            None => {
                let number = self.values.number(self.key.mode, document, score);
                number.map(|number| Rank::number(number, descending))
            }
        };
        number.unwrap_or_else(|| self.missing.clone())
    }

    /// The value of a rank.
    pub(super) fn value(&self, rank: &Rank) -> tantivy::Result<Value> {
        let number = match rank {
            Rank::BeforeAll | Rank::AfterAll => return Ok(Value::Null),
            Rank::Ascending(text) | Rank::Descending(Reverse(text)) => {
                return Ok(Value::Text(text.clone()));
            }
            Rank::Number(number) if self.key.descending => !*number,
            Rank::Number(number) => *number,
        };
        match (self.values.value(number)?, &self.key.missing) {
            (Value::Null, MissingValue::Value(value)) => Ok(value.clone()),
            (value, _) => Ok(value),
        }
    }
}

impl Values {
    fn open(by: &By, reader: &SegmentReader) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        let values = match by {
            By::Score => Some(Self::Score),
            By::Written => Some(Self::Written(fast.u64(SEQ_NO)?)),
            By::Id => fast.str(ID)?.map(Self::Text),
            By::Formula(formula) => {
                let segment = formula.for_segment(reader, reader.max_doc())?;
                Some(Self::Computed(segment, formula.value_type()))
            }
            By::Column {
                name,
                field_type,
                narrow,
            } => match field_type {
                FieldType::Boolean => fast.column_opt(name)?.map(Self::Boolean),
                FieldType::Long => fast.column_opt(name)?.map(Self::Long),
                FieldType::Double => {
                    let column = fast.column_opt(name)?;
                    column.map(|column| Self::Double(column, *narrow))
                }
                FieldType::Date => fast.column_opt(name)?.map(Self::Date),
                FieldType::Keyword | FieldType::Text => fast.str(name)?.map(Self::Text),
            },
            By::Nothing => None,
        };
        Ok(values.unwrap_or(Self::None))
    }

    /// Numbers in the order of the values, for a block of documents.
    fn load(
        &self,
        mode: SortMode,
        documents: &[DocId],
        scores: &[Score],
        numbers: &mut Vec<Option<u64>>,
    ) {
        match self {
            Self::Score => {
                let scores = scores.iter();
                numbers.extend(scores.map(|score| Some(f64::from(*score).to_u64())));
            }
            Self::Written(column) => {
                load_first(column, documents, numbers, |number| long(number).to_u64());
            }
            Self::Boolean(column) if has_one(column) => {
                load_first(column, documents, numbers, |flag| i64::from(flag).to_u64());
            }
            Self::Long(column) if has_one(column) => {
                load_first(column, documents, numbers, i64::to_u64);
            }
            Self::Double(column, _) if has_one(column) => {
                load_first(column, documents, numbers, f64::to_u64);
            }
            Self::Date(column) if has_one(column) => {
                let millis = |micros| dates::to_millis(micros).to_u64();
                load_first(column, documents, numbers, millis);
            }
            Self::Text(column) if has_one(column.ords()) => {
                load_first(column.ords(), documents, numbers, number_of_ordinal);
            }
            _ => {
                let documents = documents.iter().zip(scores);
                numbers.extend(
                    documents.map(|(document, score)| self.number(mode, *document, *score)),
                );
            }
        }
    }

    /// A number in the order of the values.
    fn number(&self, mode: SortMode, document: DocId, score: Score) -> Option<u64> {
        match self {
            Self::Score => Some(f64::from(score).to_u64()),
            Self::Written(column) => column.first(document).map(|number| long(number).to_u64()),
            Self::Boolean(column) => {
                chosen(column.values_for_doc(document).map(i64::from), mode).map(i64::to_u64)
            }
            Self::Long(column) => chosen(column.values_for_doc(document), mode).map(i64::to_u64),
            Self::Double(column, _) => {
                chosen(column.values_for_doc(document), mode).map(f64::to_u64)
            }
            Self::Date(column) => {
                let micros = column.values_for_doc(document);
                chosen(micros.map(dates::to_millis), mode).map(i64::to_u64)
            }
            Self::Text(column) => {
                let ordinals = column.ords().values_for_doc(document);
                let ordinal = match mode {
                    SortMode::Max => ordinals.max(),
                    SortMode::Min | SortMode::Sum | SortMode::Avg | SortMode::Median => {
                        ordinals.min()
                    }
                };
                ordinal.map(number_of_ordinal)
            }
            Self::Computed(..) | Self::None => None,
        }
    }

    /// The value of a number; null if it is that of a text which is not in the dictionary, or if
    /// no document has the field.
    fn value(&self, number: u64) -> tantivy::Result<Value> {
        Ok(match self {
            Self::Double(_, true) => Value::Double(narrowed(f64::from_u64(number))),
            Self::Score | Self::Double(..) | Self::Computed(_, Some(ColumnType::Double)) => {
                Value::Double(f64::from_u64(number))
            }
            Self::Written(_) | Self::Boolean(_) | Self::Long(_) | Self::Date(_) => {
                Value::Long(i64::from_u64(number))
            }
            Self::Computed(_, Some(ColumnType::Boolean | ColumnType::Long | ColumnType::Date)) => {
                Value::Long(i64::from_u64(number))
            }
            Self::Text(column) => {
                let Some(ordinal) = ordinal_of_number(number) else {
                    return Ok(Value::Null);
                };
                let mut text = String::new();
                column.ord_to_str(ordinal, &mut text)?;
                Value::Text(text)
            }
            Self::Computed(_, Some(ColumnType::Text) | None) | Self::None => Value::Null,
        })
    }
}

/// Whether no document has several values, of which a mode would choose.
fn has_one<T: Copy + PartialOrd + Debug + Send + Sync + 'static>(column: &Column<T>) -> bool {
    column.get_cardinality() != Cardinality::Multivalued
}

/// Loads the first value of each document as a number.
fn load_first<T: Copy + PartialOrd + Debug + Send + Sync + 'static>(
    column: &Column<T>,
    documents: &[DocId],
    numbers: &mut Vec<Option<u64>>,
    number: impl Fn(T) -> u64,
) {
    for documents in documents.chunks(STEP_DOCUMENTS) {
        // tantivy leaves rows without a value as they are.
        let mut values = [None; STEP_DOCUMENTS];
        let values = &mut values[..documents.len()];
        column.first_vals(documents, values);
        numbers.extend(values.iter().map(|value| value.map(&number)));
    }
}

/// A sequence number, as clients get it.
fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Numbers that have a sum.
trait Number: MonotonicallyMappableToU64 + Copy {
    fn add(self, other: Self) -> Self;

    /// A sum in so many parts.
    fn parted(self, parts: usize) -> Self;
}

impl Number for i64 {
    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }

    /// Rounded, halves up, as OpenSearch does.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a mean is within the range of its values"
    )]
    fn parted(self, parts: usize) -> Self {
        let (sum, parts) = (i128::from(self), parts as i128);
        (2 * sum + parts).div_euclid(2 * parts) as Self
    }
}

impl Number for f64 {
    fn add(self, other: Self) -> Self {
        self + other
    }

    fn parted(self, parts: usize) -> Self {
        self / parts as Self
    }
}

/// A float of 32 bits as the shortest decimal that is the same.
pub(super) fn narrowed(value: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "it has 32 bits")]
    let value = value as f32;
    super::hits::widened(value)
}

/// Values in ascending order, in which OpenSearch adds them up.
fn sorted<T: Number>(values: impl Iterator<Item = T>) -> Vec<u64> {
    let mut sorted: Vec<u64> = values.map(T::to_u64).collect();
    sorted.sort_unstable();
    sorted
}

/// The value that counts of a document's values.
fn chosen<T: Number>(values: impl Iterator<Item = T>, mode: SortMode) -> Option<T> {
    match mode {
        SortMode::Min => values.map(T::to_u64).min().map(T::from_u64),
        SortMode::Max => values.map(T::to_u64).max().map(T::from_u64),
        SortMode::Sum => sorted(values).into_iter().map(T::from_u64).reduce(T::add),
        SortMode::Avg => {
            let values = sorted(values);
            let sum = values
                .iter()
                .map(|value| T::from_u64(*value))
                .reduce(T::add)?;
            Some(sum.parted(values.len()))
        }
        SortMode::Median => {
            let sorted = sorted(values);
            let upper = T::from_u64(*sorted.get(sorted.len() / 2)?);
            if sorted.len().is_multiple_of(2) {
                let lower = T::from_u64(sorted[sorted.len() / 2 - 1]);
                return Some(lower.add(upper).parted(2));
            }
            Some(upper)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_chooses_one_value() {
        let longs = |values: &[i64], mode| chosen(values.iter().copied(), mode);
        let doubles = |values: &[f64], mode| chosen(values.iter().copied(), mode);
        for (mode, long, double) in [
            (SortMode::Min, -5, 0.5),
            (SortMode::Max, 8, 4.0),
            (SortMode::Sum, 6, 6.0),
            (SortMode::Avg, 2, 2.0),
            (SortMode::Median, 3, 1.5),
        ] {
            assert_eq!(longs(&[3, -5, 8], mode), Some(long), "{mode:?}");
            assert_eq!(doubles(&[1.5, 4.0, 0.5], mode), Some(double), "{mode:?}");
            assert_eq!(longs(&[], mode), None, "{mode:?}");
        }
        assert_eq!(longs(&[1, 2], SortMode::Avg), Some(2));
        assert_eq!(longs(&[-1, -2], SortMode::Avg), Some(-1));
        assert_eq!(longs(&[4, 1, 9, 2], SortMode::Median), Some(3));
        assert_eq!(longs(&[i64::MAX, i64::MAX], SortMode::Sum), Some(i64::MAX));
    }
}
