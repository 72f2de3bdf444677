//! Columns as arguments of a call: Arrow's buffers where they have the contract's form already,
//! copies where they do not (bitmaps, and the offsets of a slice).

use std::ops::Range;

use arrow_array::{Array, StringArray};
use arrow_buffer::NullBuffer;
use wasmtime::component::{ComponentType, Lower};

use super::CALL_TEXT_BYTES;
use crate::columns::Column;
use crate::flags;
use crate::state::{Columns, FIRST_HANDLE};

// Numbers are passed as they lie in Arrow's buffers.
const _: () = assert!(cfg!(target_endian = "little"));

/// Texts of more bytes than this, on average over the rows of a call, are not copied into the
/// guest whether it reads them or not.
const LARGE_BYTES: usize = 1024;

/// `column` of the contract.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct Argument<'a> {
    field: u32,
    validity: Option<&'a [u8]>,
    values: Values<'a>,
}

/// `values` of the contract.
#[derive(ComponentType, Lower)]
#[component(variant)]
pub(super) enum Values<'a> {
    #[component(name = "missing")]
    Missing,
    #[component(name = "numbers")]
    Numbers(&'a [u8]),
    #[component(name = "texts")]
    Texts(Texts<'a>),
    #[component(name = "large")]
    Large,
}

/// `texts` of the contract.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct Texts<'a> {
    offsets: &'a [u8],
    bytes: &'a [u8],
}

impl Columns {
    /// Shortens a range of rows until their texts are few enough for one call. Large texts do not
    /// count: they stay outside, so that a single row always fits.
    pub(super) fn cut(&self, mut rows: Range<usize>) -> Range<usize> {
        while rows.len() > 1 && self.text_bytes(&rows) > CALL_TEXT_BYTES {
            rows.end = rows.start + rows.len() / 2;
        }
        rows
    }

    fn text_bytes(&self, rows: &Range<usize>) -> usize {
        let texts = self.fields.iter().filter_map(texts);
        let bytes = texts.map(|texts| bytes_of(texts, rows).len());
        bytes.filter(|bytes| !large(*bytes, rows)).sum()
    }
}

fn texts(column: &Column) -> Option<&StringArray> {
    match column {
        Column::Text(texts) | Column::Json(texts) => Some(texts),
        Column::Missing(_)
        | Column::Boolean(_)
        | Column::Int64(_)
        | Column::Float64(_)
        | Column::Timestamp(_) => None,
    }
}

/// Where the texts of the rows lie in the array's values.
fn bytes_of(texts: &StringArray, rows: &Range<usize>) -> Range<usize> {
    let offset = |row: usize| usize::try_from(texts.value_offsets()[row]).unwrap_or_default();
    offset(rows.start)..offset(rows.end)
}

fn large(bytes: usize, rows: &Range<usize>) -> bool {
    bytes > LARGE_BYTES * rows.len()
}

/// What has to be copied for the arguments of one call.
pub(super) struct Copies {
    columns: Vec<ColumnCopy>,
    scores: Option<Vec<u8>>,
}

#[derive(Default)]
struct ColumnCopy {
    /// One byte per row, if a row has no value.
    validity: Option<Vec<u8>>,
    /// Booleans, one byte per row, or offsets that begin with zero.
    values: Vec<u8>,
}

impl Copies {
    pub(super) fn of(columns: &Columns, rows: Range<usize>, scores: bool) -> Self {
        let scores = match &columns.score {
            Column::Float64(array) if scores => {
                let score = |row: usize| {
                    if array.is_valid(row) {
                        array.value(row)
                    } else {
                        1.0
                    }
                };
                let score = |row: usize| score(row).to_le_bytes();
                let scores: Vec<_> = rows.clone().map(score).collect();
                Some(scores.into_flattened())
            }
            _ => None,
        };
        Self {
            columns: columns
                .fields
                .iter()
                .map(|column| ColumnCopy::of(column, &rows))
                .collect(),
            scores,
        }
    }

    pub(super) fn scores(&self) -> Option<&[u8]> {
        self.scores.as_deref()
    }

    /// The arguments for the columns that were copied from.
    pub(super) fn arguments<'a>(
        &'a self,
        columns: &'a Columns,
        rows: &Range<usize>,
    ) -> Vec<Argument<'a>> {
        let columns = (FIRST_HANDLE..).zip(columns.fields.iter().zip(&self.columns));
        let argument = |(field, (column, copy)): (u32, (&'a Column, &'a ColumnCopy))| Argument {
            field,
            validity: copy.validity.as_deref(),
            values: copy.values(column, rows),
        };
        columns.map(argument).collect()
    }
}

impl ColumnCopy {
    fn of(column: &Column, rows: &Range<usize>) -> Self {
        match column {
            Column::Missing(_) => Self::default(),
            Column::Boolean(array) => Self {
                validity: validity(array.nulls(), rows),
                values: flags::to_bytes(&array.values().slice(rows.start, rows.len())),
            },
            Column::Int64(array) => Self::of_validity(array, rows),
            Column::Float64(array) => Self::of_validity(array, rows),
            Column::Timestamp(array) => Self::of_validity(array, rows),
            Column::Text(texts) | Column::Json(texts) => {
                let mut copy = Self::of_validity(texts, rows);
                if !large(bytes_of(texts, rows).len(), rows) {
                    copy.values = offsets(texts, rows);
                }
                copy
            }
        }
    }

    fn of_validity(array: &impl Array, rows: &Range<usize>) -> Self {
        Self {
            validity: validity(array.nulls(), rows),
            values: Vec::new(),
        }
    }

    fn values<'a>(&'a self, column: &'a Column, rows: &Range<usize>) -> Values<'a> {
        let words = |buffer: &'a arrow_buffer::Buffer| {
            Values::Numbers(&buffer.as_slice()[rows.start * 8..rows.end * 8])
        };
        match column {
            Column::Missing(_) => Values::Missing,
            Column::Boolean(_) => Values::Numbers(&self.values),
            Column::Int64(array) => words(array.values().inner()),
            Column::Float64(array) => words(array.values().inner()),
            Column::Timestamp(array) => words(array.values().inner()),
            // There is at least one row, so offsets that were copied are not empty.
            Column::Text(_) | Column::Json(_) if self.values.is_empty() => Values::Large,
            Column::Text(texts) | Column::Json(texts) => Values::Texts(Texts {
                offsets: &self.values,
                bytes: &texts.value_data()[bytes_of(texts, rows)],
            }),
        }
    }
}

fn validity(nulls: Option<&NullBuffer>, rows: &Range<usize>) -> Option<Vec<u8>> {
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0)?;
    Some(flags::to_bytes(
        &nulls.inner().slice(rows.start, rows.len()),
    ))
}

/// The offsets of the rows, from zero.
fn offsets(texts: &StringArray, rows: &Range<usize>) -> Vec<u8> {
    let offsets = &texts.value_offsets()[rows.start..=rows.end];
    let first = offsets[0];
    // Offsets grow: no difference overflows.
    let offset = |offset: &i32| offset.wrapping_sub(first).to_le_bytes();
    let offsets: Vec<_> = offsets.iter().map(offset).collect();
    offsets.into_flattened()
}

#[cfg(test)]
mod tests {
    use arrow_array::StringArray;

    use super::*;
    use crate::value::Kind;

    #[test]
    fn a_long_text_among_short_ones_is_left_outside() {
        let short = "x".repeat(100);
        let long = "y".repeat(CALL_TEXT_BYTES);
        let texts: StringArray = (0..4096)
            .map(|row| Some(if row == 1000 { &*long } else { &*short }))
            .collect();
        let columns = Columns {
            id: Column::Missing(Kind::Text),
            score: Column::Missing(Kind::Float64),
            fields: vec![Column::Text(texts)],
        };
        let mut start = 0;
        let mut copied = Vec::new();
        while start < 4096 {
            let rows = columns.cut(start..4096);
            let copies = Copies::of(&columns, rows.clone(), false);
            let arguments = copies.arguments(&columns, &rows);
            match &arguments[0].values {
                Values::Texts(texts) => {
                    assert!(texts.bytes.len() <= CALL_TEXT_BYTES);
                    copied.extend(rows.clone());
                }
                Values::Large => assert!(rows.contains(&1000)),
                Values::Missing | Values::Numbers(_) => panic!("they are texts"),
            }
            start = rows.end;
        }
        assert!(!copied.contains(&1000));
        assert!(copied.len() > 3000, "{}", copied.len());
    }
}
