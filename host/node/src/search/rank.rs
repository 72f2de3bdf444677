//! Ranks: what hits of one segment are compared by.
//!
//! The rank of a value is a number whose order is that of the values; that of a text is its place
//! in the segment's dictionary. Only what a segment's best hits are ordered by is looked up, to
//! compare them with those of other segments.

use std::cmp::{Ordering, Reverse};

use tantivy::columnar::{MonotonicallyMappableToU64, StrColumn};

use super::sort::{IndexKey, MissingValue};
use crate::dates;
use crate::value::Value;

/// Of a hit and a sort key: smaller comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Without a value, if such hits come first.
    BeforeAll,
    /// A number in the order of the values.
    Number(u64),
    /// A text that was computed, and is in no dictionary.
    Ascending(String),
    /// The same, if the greatest comes first.
    Descending(Reverse<String>),
    /// Without a value, if such hits come last.
    AfterAll,
}

impl Rank {
    pub(super) fn number(number: u64, descending: bool) -> Self {
        Self::Number(if descending { !number } else { number })
    }

    pub(super) fn text(text: String, descending: bool) -> Self {
        if descending {
            Self::Descending(Reverse(text))
        } else {
            Self::Ascending(text)
        }
    }

    /// What its text takes, in bytes.
    pub(super) fn text_bytes(&self) -> usize {
        match self {
            Self::Ascending(text) | Self::Descending(Reverse(text)) => text.len(),
            Self::BeforeAll | Self::Number(_) | Self::AfterAll => 0,
        }
    }

    /// That of hits without a value.
    pub(super) fn missing(key: &IndexKey, texts: Option<&StrColumn>) -> tantivy::Result<Self> {
        match &key.missing {
            MissingValue::First => Ok(Self::BeforeAll),
            MissingValue::Last => Ok(Self::AfterAll),
            MissingValue::Value(value) => Self::of(value, key, texts),
        }
    }

    /// That of a value which is not missing; a text's in a dictionary, if there is one.
    pub(super) fn of(
        value: &Value,
        key: &IndexKey,
        texts: Option<&StrColumn>,
    ) -> tantivy::Result<Self> {
        let descending = key.descending;
        let number = match (value, texts) {
            (Value::Text(text), Some(texts)) => place(texts, text, &key.missing)?,
            (Value::Text(text), None) => return Ok(Self::text(text.clone(), descending)),
            (value, _) => number_of(value).unwrap_or_default(),
        };
        Ok(Self::number(number, descending))
    }
}

/// A number in the order of the values of one type: booleans are 0 and 1, dates milliseconds.
pub(super) fn number_of(value: &Value) -> Option<u64> {
    match value {
        Value::Boolean(value) => Some(i64::from(*value).to_u64()),
        Value::Long(value) => Some(value.to_u64()),
        Value::Date(micros) => Some(dates::to_millis(*micros).to_u64()),
        Value::Double(value) => Some(value.to_u64()),
        Value::Null | Value::Text(_) | Value::Json(_) => None,
    }
}

/// The number of a text: that of its ordinal if the dictionary has it, and else one between those
/// of its neighbours. There are three between any two: for the text that stands for missing values,
/// and for one before it or after it.
fn place(column: &StrColumn, text: &str, missing: &MissingValue) -> tantivy::Result<u64> {
    let dictionary = column.dictionary();
    if let Some(ordinal) = dictionary.term_ord(text)? {
        return Ok(number_of_ordinal(ordinal));
    }
    let mut after = dictionary.range().ge(text).into_stream()?;
    let next = if after.advance() {
        after.term_ord()
    } else {
        column.num_terms() as u64
    };
    let beside = match missing {
        MissingValue::Value(Value::Text(missing)) => text.cmp(missing),
        _ => Ordering::Equal,
    };
    Ok(match beside {
        Ordering::Less => 4 * next,
        Ordering::Equal => 4 * next + 1,
        Ordering::Greater => 4 * next + 2,
    })
}

/// The number of a text in a dictionary.
pub(super) fn number_of_ordinal(ordinal: u64) -> u64 {
    4 * ordinal + 3
}

/// The ordinal of a number, if its text is in the dictionary.
pub(super) fn ordinal_of_number(number: u64) -> Option<u64> {
    (number % 4 == 3).then_some(number / 4)
}
