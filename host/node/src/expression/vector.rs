//! The values of an expression for a block of documents, by column.
//!
//! Numbers are Arrow's arrays. A boolean is two bitmaps, of the rows in which it is true and of
//! those in which it is false, so that SQL's three truth values are plain operations on bitmaps. It
//! knows nothing of expressions.

use std::sync::Arc;

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, Float64Array, Int64Array, PrimitiveArray, StringArray, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};

use super::interval::Interval;

/// Values in the rows of a block, some of which may be null.
pub(super) trait Vector: Clone {
    /// Whether a row has a value.
    fn is_valid(&self, row: usize) -> bool;

    /// The rows in which there are values.
    fn valid(&self) -> BooleanBuffer;

    /// In each row, the value that another row has.
    fn take(&self, rows: &[u32]) -> Self;

    /// In each row, the value that one of several vectors has there, by its number.
    fn choose(vectors: &[Self], numbers: &[u32]) -> Self;
}

/// Three truth values.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    yes: BooleanBuffer,
    no: BooleanBuffer,
}

impl Truth {
    /// True or false in the rows that are valid, and null in the others.
    pub(super) fn new(values: &BooleanBuffer, valid: Option<&NullBuffer>) -> Self {
        match valid {
            None => Self {
                yes: values.clone(),
                no: !values,
            },
            Some(valid) => Self {
                yes: values & valid.inner(),
                no: &!values & valid.inner(),
            },
        }
    }

    pub(super) fn constant(value: bool, rows: usize) -> Self {
        let (set, unset) = (BooleanBuffer::new_set(rows), BooleanBuffer::new_unset(rows));
        if value {
            Self {
                yes: set,
                no: unset,
            }
        } else {
            Self {
                yes: unset,
                no: set,
            }
        }
    }

    pub(super) fn null(rows: usize) -> Self {
        let unset = BooleanBuffer::new_unset(rows);
        Self {
            yes: unset.clone(),
            no: unset,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.yes.len()
    }

    /// The rows in which it is true.
    pub(super) fn yes(&self) -> &BooleanBuffer {
        &self.yes
    }

    /// The rows in which it is false.
    pub(super) fn no(&self) -> &BooleanBuffer {
        &self.no
    }

    /// The value of a row.
    pub(super) fn value(&self, row: usize) -> Option<bool> {
        if self.yes.value(row) {
            Some(true)
        } else {
            self.no.value(row).then_some(false)
        }
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            yes: &self.yes & &other.yes,
            no: &self.no | &other.no,
        }
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        Self {
            yes: &self.yes | &other.yes,
            no: &self.no & &other.no,
        }
    }

    pub(super) fn not(self) -> Self {
        Self {
            yes: self.no,
            no: self.yes,
        }
    }

    /// Whether it is this very value, and not null.
    pub(super) fn is(self, wanted: bool) -> Self {
        let yes = if wanted { self.yes } else { self.no };
        Self { no: !&yes, yes }
    }
}

impl Vector for Truth {
    fn is_valid(&self, row: usize) -> bool {
        self.yes.value(row) || self.no.value(row)
    }

    fn valid(&self) -> BooleanBuffer {
        &self.yes | &self.no
    }

    fn take(&self, rows: &[u32]) -> Self {
        let take = |bits: &BooleanBuffer| {
            BooleanBuffer::collect_bool(rows.len(), |row| bits.value(rows[row] as usize))
        };
        Self {
            yes: take(&self.yes),
            no: take(&self.no),
        }
    }

    fn choose(vectors: &[Self], numbers: &[u32]) -> Self {
        let choose = |bits: fn(&Self) -> &BooleanBuffer| {
            BooleanBuffer::collect_bool(numbers.len(), |row| {
                bits(&vectors[numbers[row] as usize]).value(row)
            })
        };
        Self {
            yes: choose(|vector| &vector.yes),
            no: choose(|vector| &vector.no),
        }
    }
}

impl<T: ArrowPrimitiveType> Vector for PrimitiveArray<T> {
    fn is_valid(&self, row: usize) -> bool {
        Array::is_valid(self, row)
    }

    fn valid(&self) -> BooleanBuffer {
        match self.nulls() {
            Some(nulls) => nulls.inner().clone(),
            None => BooleanBuffer::new_set(self.len()),
        }
    }

    fn take(&self, rows: &[u32]) -> Self {
        let values = self.values();
        let taken: Vec<T::Native> = rows.iter().map(|row| values[*row as usize]).collect();
        let nulls = self.nulls().map(|nulls| {
            BooleanBuffer::collect_bool(rows.len(), |row| nulls.is_valid(rows[row] as usize))
        });
        Self::new(taken.into(), nulls.map(NullBuffer::new))
    }

    fn choose(vectors: &[Self], numbers: &[u32]) -> Self {
        let chosen = |row: usize| &vectors[numbers[row] as usize];
        let values: Vec<T::Native> = (0..numbers.len())
            .map(|row| chosen(row).values()[row])
            .collect();
        let valid = |row: usize| Array::is_valid(chosen(row), row);
        let nulls = vectors
            .iter()
            .any(|vector| vector.null_count() > 0)
            .then(|| NullBuffer::new(BooleanBuffer::collect_bool(numbers.len(), valid)));
        Self::new(values.into(), nulls)
    }
}

/// Strings.
#[derive(Clone, Debug)]
pub(super) enum Text {
    /// One in each row.
    Rows(StringArray),
    /// Those of a dictionary, by their ordinals.
    Terms(UInt32Array, Arc<StringArray>),
    /// The same in so many rows.
    Constant(Arc<str>, usize),
}

impl Text {
    pub(super) fn null(rows: usize) -> Self {
        Self::Rows(StringArray::new_null(rows))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Rows(texts) => texts.len(),
            Self::Terms(ordinals, _) => ordinals.len(),
            Self::Constant(_, rows) => *rows,
        }
    }

    /// The string of a row.
    pub(super) fn value(&self, row: usize) -> Option<&str> {
        match self {
            Self::Rows(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::Terms(ordinals, terms) => {
                let ordinal = Array::is_valid(ordinals, row).then(|| ordinals.value(row));
                ordinal.map(|ordinal| terms.value(ordinal as usize))
            }
            Self::Constant(text, _) => Some(text),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|row| self.value(row))
    }
}

impl Vector for Text {
    fn is_valid(&self, row: usize) -> bool {
        match self {
            Self::Rows(texts) => texts.is_valid(row),
            Self::Terms(ordinals, _) => Array::is_valid(ordinals, row),
            Self::Constant(..) => true,
        }
    }

    fn valid(&self) -> BooleanBuffer {
        match self {
            Self::Rows(texts) => match texts.nulls() {
                Some(nulls) => nulls.inner().clone(),
                None => BooleanBuffer::new_set(texts.len()),
            },
            Self::Terms(ordinals, _) => ordinals.valid(),
            Self::Constant(_, rows) => BooleanBuffer::new_set(*rows),
        }
    }

    fn take(&self, rows: &[u32]) -> Self {
        match self {
            Self::Constant(text, _) => Self::Constant(Arc::clone(text), rows.len()),
            Self::Terms(ordinals, terms) => Self::Terms(ordinals.take(rows), Arc::clone(terms)),
            // The rows are those of a dictionary.
            Self::Rows(texts) => {
                let valid = |row: &u32| texts.is_valid(*row as usize);
                let ordinals = rows.iter().map(|row| valid(row).then_some(*row));
                Self::Terms(ordinals.collect(), Arc::new(texts.clone()))
            }
        }
    }

    fn choose(vectors: &[Self], numbers: &[u32]) -> Self {
        let rows = numbers.iter().enumerate();
        let chosen = rows.map(|(row, number)| vectors[*number as usize].value(row));
        Self::Rows(chosen.collect())
    }
}

/// Intervals.
#[derive(Clone, Debug)]
pub(super) struct Intervals(Arc<[Option<Interval>]>);

impl Intervals {
    pub(super) fn constant(interval: Option<Interval>, rows: usize) -> Self {
        Self(std::iter::repeat_n(interval, rows).collect())
    }

    /// The interval of a row.
    pub(super) fn value(&self, row: usize) -> Option<Interval> {
        self.0[row]
    }
}

impl FromIterator<Option<Interval>> for Intervals {
    fn from_iter<I: IntoIterator<Item = Option<Interval>>>(intervals: I) -> Self {
        Self(intervals.into_iter().collect())
    }
}

impl Vector for Intervals {
    fn is_valid(&self, row: usize) -> bool {
        self.0[row].is_some()
    }

    fn valid(&self) -> BooleanBuffer {
        BooleanBuffer::collect_bool(self.0.len(), |row| self.is_valid(row))
    }

    fn take(&self, rows: &[u32]) -> Self {
        rows.iter().map(|row| self.0[*row as usize]).collect()
    }

    fn choose(vectors: &[Self], numbers: &[u32]) -> Self {
        let rows = numbers.iter().enumerate();
        rows.map(|(row, number)| vectors[*number as usize].0[row])
            .collect()
    }
}

/// Values of any type.
#[derive(Clone, Debug)]
pub(super) enum Values {
    Boolean(Truth),
    /// Longs, and dates in microseconds since 1970.
    Long(Int64Array),
    Double(Float64Array),
    Interval(Intervals),
    Text(Text),
}

impl Values {
    /// The rows in which there are values.
    pub(super) fn valid(&self) -> BooleanBuffer {
        match self {
            Self::Boolean(truth) => truth.valid(),
            Self::Long(longs) => longs.valid(),
            Self::Double(doubles) => doubles.valid(),
            Self::Interval(intervals) => intervals.valid(),
            Self::Text(texts) => texts.valid(),
        }
    }
}

/// Longs that are the same in all rows.
pub(super) fn longs(value: i64, rows: usize) -> Int64Array {
    Int64Array::from_value(value, rows)
}

/// Doubles that are the same in all rows.
pub(super) fn doubles(value: f64, rows: usize) -> Float64Array {
    Float64Array::from_value(value, rows)
}
