//! The results of a batch, as the host gets them.

use crate::bindings::whittle::udf::types::{self, Kind, Value};
use crate::host::results;
use crate::output::kind_of;

/// A row's result.
pub(super) type Result = std::result::Result<Value, crate::Error>;

/// Gives the host the results of a kind that `next` has for each row.
///
/// The loops have no call of the host while rows have a value: see `enter_here`.
#[inline(always)]
pub(super) fn put(kind: Kind, rows: u32, next: impl FnMut(u32) -> Result) {
    match kind {
        Kind::Boolean => flags(rows, next),
        Kind::Int64 | Kind::Float64 | Kind::Timestamp => words(kind, rows, next),
        Kind::Text | Kind::Json => texts(kind, rows, next),
    }
}

/// Which rows have a value; allocated at the first one that has none.
struct Validity {
    rows: u32,
    bytes: Option<Vec<u8>>,
}

impl Validity {
    fn new(rows: u32) -> Self {
        Self { rows, bytes: None }
    }

    /// A row has no value of the declared kind: it is null, or the document's error.
    #[cold]
    #[inline(never)]
    fn none(&mut self, row: u32, result: Result) {
        match result.map(|value| kind_of(&value)) {
            Ok(None) => {}
            Ok(Some(found)) => results::wrong_kind(row, found),
            Err(error) => results::fail(row, &types::Error::from(error)),
        }
        let rows = self.rows as usize;
        let bytes = self.bytes.get_or_insert_with(|| vec![1; rows]);
        bytes[row as usize] = 0;
    }
}

#[inline(always)]
fn flags(rows: u32, mut next: impl FnMut(u32) -> Result) {
    let mut values = vec![0; rows as usize];
    let mut validity = Validity::new(rows);
    let mut places = (0..rows).zip(&mut values);
    while let Some((row, other)) = places.find_map(|(row, value)| match next(row) {
        Ok(Value::Boolean(flag)) => {
            *value = u8::from(flag);
            None
        }
        other => Some((row, other)),
    }) {
        validity.none(row, other);
    }
    results::put(validity.bytes.as_deref(), &values, None);
}

#[inline(always)]
fn words(kind: Kind, rows: u32, mut next: impl FnMut(u32) -> Result) {
    let mut values = Vec::<[u8; 8]>::with_capacity(rows as usize);
    let mut validity = Validity::new(rows);
    let mut places = (0..rows).zip(values.spare_capacity_mut());
    while let Some((row, other)) = places.find_map(|(row, place)| {
        let (word, other) = match (next(row), kind) {
            (Ok(Value::Float64(number)), Kind::Float64) => (number.to_bits(), None),
            (Ok(Value::Int64(number)), Kind::Int64)
            | (Ok(Value::Timestamp(number)), Kind::Timestamp) => (number.cast_unsigned(), None),
            (other, _) => (0, Some(other)),
        };
        place.write(word.to_le_bytes());
        other.map(|other| (row, other))
    }) {
        validity.none(row, other);
    }
    #[expect(unsafe_code, reason = "the loop leaves out a check of the capacity")]
    // SAFETY: the loop has written each row, or it has not come to its end.
    unsafe {
        values.set_len(rows as usize);
    }
    results::put(validity.bytes.as_deref(), values.as_flattened(), None);
}

/// Texts of so many bytes are given to the host before the batch is over.
const TEXT_BYTES: usize = 1 << 16;

#[inline(always)]
fn texts(kind: Kind, rows: u32, mut next: impl FnMut(u32) -> Result) {
    let mut bytes = Vec::new();
    let mut offsets = vec![[0; 4]];
    let mut validity = Validity::new(rows);
    let mut given = 0;
    for row in 0..rows {
        match (next(row), kind) {
            (Ok(Value::Text(text)), Kind::Text) | (Ok(Value::Json(text)), Kind::Json) => {
                bytes.extend_from_slice(text.as_bytes());
            }
            (other, _) => validity.none(row, other),
        }
        let end = u32::try_from(bytes.len()).expect("the texts of a batch fit in the memory");
        offsets.push(end.to_le_bytes());
        if bytes.len() >= TEXT_BYTES || row + 1 == rows {
            let validity = validity.bytes.as_ref();
            let validity = validity.map(|bytes| &bytes[given..=row as usize]);
            results::put(validity, &bytes, Some(offsets.as_flattened()));
            given = row as usize + 1;
            bytes.clear();
            offsets.truncate(1);
        }
    }
}
