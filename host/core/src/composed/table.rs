//! The memory that accessor and driver read and write: a frame and a table of columns.
//!
//! The layout is declared here only. The WebAssembly text of accessor and driver takes its offsets
//! from [`constants`], so the two cannot differ; the assertions below check the other assumptions
//! of that text. All fields are in the store's data or reachable from it.
//!
//! ```text
//!  store data ──► Frame              Entry (64 bytes, one per column)
//!                 row                 kind, values_bit, validity_bit
//!                 columns ──────────► values   ──► Arrow values, or bytes of the texts
//!                 columns_bytes       offsets  ──► Arrow offsets (texts only; rows + 1 of i32)
//!                 values ──► results  validity ──► Arrow validity bitmap, or 0: all are valid
//!                 states ──► one byte per row
//! ```
//!
//! Lengths are in bytes and belong to the pointer before them. A bit offset applies only to the
//! bitmap in its name, never to offsets or to values of eight bytes: Arrow has already moved those
//! pointers. A column without values has the validity bitmap [`NO_VALUES`], so its values are never
//! read.
//!
//! Nothing here is unsafe by itself. It is sound because accessor and driver check every index
//! against the length beside its pointer, and because the pointers are valid while `run` is on the
//! stack: [`Frame::open`] borrows from what the store's data owns, and [`Frame::close`] clears the
//! pointers.

use std::mem::{align_of, offset_of, size_of};

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, BooleanArray, PrimitiveArray, StringArray};
use arrow_buffer::NullBuffer;

use crate::columns::Column;
use crate::state::PIECE_ROWS;
use crate::value::Kind;

/// The data at the address of the store's data, for accessor and driver.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct Frame {
    /// The current row; the driver increments it.
    row: u64,
    /// Address of the first [`Entry`].
    columns: u64,
    /// Zero outside `run`, so that every handle is unknown.
    columns_bytes: u64,
    /// Address of the results, eight bytes per row.
    values: u64,
    values_bytes: u64,
    /// Address of the states of the rows, one byte per row; the driver writes 1 after it wrote a
    /// value.
    states: u64,
    states_bytes: u64,
    /// The case of the contract's `value` for the kind that the function declares.
    returns: u64,
}

/// One column, as the accessor reads it.
#[repr(C)]
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// See [`code_of`].
    kind: u32,
    /// The bit of row 0 in the first byte of `values`: 0 to 7, for boolean columns.
    values_bit: u16,
    /// The bit of row 0 in the first byte of `validity`: 0 to 7.
    validity_bit: u16,
    values: u64,
    values_bytes: u64,
    offsets: u64,
    offsets_bytes: u64,
    validity: u64,
    validity_bytes: u64,
    /// Pads the size to a power of two, so that a handle is shifted and not multiplied.
    _reserved: u64,
}

/// Log2 of the size of an [`Entry`].
pub(super) const ENTRY_SHIFT: u32 = 6;

const _: () = {
    assert!(size_of::<Frame>() == 64 && align_of::<Frame>() == 8);
    assert!(size_of::<Entry>() == 1 << ENTRY_SHIFT && align_of::<Entry>() == 8);
    assert!(offset_of!(Frame, row).is_multiple_of(8));
    assert!(offset_of!(Entry, kind).is_multiple_of(4));
    assert!(offset_of!(Entry, values_bit).is_multiple_of(2));
    assert!(offset_of!(Entry, validity_bit).is_multiple_of(2));
    assert!(offset_of!(Entry, values).is_multiple_of(8));
    // Addresses are passed as u64, and text is read in little-endian words.
    assert!(size_of::<usize>() == 8);
    assert!(cfg!(target_endian = "little"));
};

/// The names of the layout in the WebAssembly text, with their values.
pub(super) fn constants() -> Vec<(&'static str, usize)> {
    vec![
        ("%frame.columns_bytes", offset_of!(Frame, columns_bytes)),
        ("%frame.columns", offset_of!(Frame, columns)),
        ("%frame.returns", offset_of!(Frame, returns)),
        ("%frame.row", offset_of!(Frame, row)),
        ("%frame.states_bytes", offset_of!(Frame, states_bytes)),
        ("%frame.states", offset_of!(Frame, states)),
        ("%frame.values_bytes", offset_of!(Frame, values_bytes)),
        ("%frame.values", offset_of!(Frame, values)),
        ("%entry.kind", offset_of!(Entry, kind)),
        ("%entry.offsets_bytes", offset_of!(Entry, offsets_bytes)),
        ("%entry.offsets", offset_of!(Entry, offsets)),
        ("%entry.shift", ENTRY_SHIFT as usize),
        ("%entry.validity_bit", offset_of!(Entry, validity_bit)),
        ("%entry.validity_bytes", offset_of!(Entry, validity_bytes)),
        ("%entry.validity", offset_of!(Entry, validity)),
        ("%entry.values_bit", offset_of!(Entry, values_bit)),
        ("%entry.values_bytes", offset_of!(Entry, values_bytes)),
        ("%entry.values", offset_of!(Entry, values)),
    ]
}

/// The number of the kind in [`Entry::kind`]: as in the contract, from 0.
pub(super) const fn code_of(kind: Kind) -> u32 {
    match kind {
        Kind::Boolean => 0,
        Kind::Int64 => 1,
        Kind::Float64 => 2,
        Kind::Text => 3,
        Kind::Timestamp => 4,
        Kind::Json => 5,
    }
}

/// The kind numbers of the two reserved entries, the document's id and its score. No getter of a
/// field asks for these numbers, so such a handle is refused like a forged one.
pub(super) const ID_CODE: u32 = 6;
pub(super) const SCORE_CODE: u32 = 7;

/// A validity bitmap for a column without a value in any row of a piece.
static NO_VALUES: [u8; PIECE_ROWS / 8] = [0; PIECE_ROWS / 8];

impl Frame {
    /// Points at the columns and results of one piece of a batch.
    pub(super) fn open(
        &mut self,
        entries: &[Entry],
        values: &mut [u64],
        states: &mut [u8],
        returns: Kind,
    ) {
        *self = Self {
            row: 0,
            columns: address(entries.as_ptr()),
            columns_bytes: size_of_val(entries) as u64,
            values_bytes: size_of_val(values) as u64,
            values: values.as_mut_ptr().expose_provenance() as u64,
            states_bytes: size_of_val(states) as u64,
            states: states.as_mut_ptr().expose_provenance() as u64,
            // The contract's `value` has the case `null` before the kinds.
            returns: u64::from(code_of(returns) + 1),
        };
    }

    /// Clears the pointers, and keeps the row.
    pub(super) fn close(&mut self) {
        *self = Self {
            row: self.row,
            ..Self::default()
        };
    }

    /// The current row of the piece.
    pub(crate) fn row(&self) -> usize {
        usize::try_from(self.row).unwrap_or(usize::MAX)
    }

    /// Sets the row: before a piece, and for the reference accessor, which has no driver to
    /// increment it.
    pub(crate) fn set_row(&mut self, row: usize) {
        self.row = row as u64;
    }
}

impl Entry {
    /// Describes a column. The entry is valid as long as the column lives.
    pub(super) fn new(column: &Column, code: u32) -> Self {
        match column {
            Column::Missing(_) => Self {
                validity: address(NO_VALUES.as_ptr()),
                validity_bytes: NO_VALUES.len() as u64,
                ..Self::empty(code)
            },
            Column::Boolean(array) => Self::of_booleans(array, code),
            Column::Int64(array) => Self::of_words(array, code),
            Column::Float64(array) => Self::of_words(array, code),
            Column::Timestamp(array) => Self::of_words(array, code),
            Column::Text(array) | Column::Json(array) => Self::of_texts(array, code),
        }
    }

    fn empty(code: u32) -> Self {
        Self {
            kind: code,
            values_bit: 0,
            validity_bit: 0,
            values: 0,
            values_bytes: 0,
            offsets: 0,
            offsets_bytes: 0,
            validity: 0,
            validity_bytes: 0,
            _reserved: 0,
        }
    }

    fn of_booleans(array: &BooleanArray, code: u32) -> Self {
        let bits = array.values();
        let (bytes, bit) = bitmap(bits.values(), bits.offset());
        Self {
            values: address(bytes.as_ptr()),
            values_bytes: bytes.len() as u64,
            values_bit: bit,
            ..Self::with_validity(array.nulls(), code)
        }
    }

    fn of_words<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, code: u32) -> Self {
        debug_assert_eq!(size_of::<T::Native>(), 8);
        let values: &[T::Native] = array.values();
        Self {
            values: address(values.as_ptr()),
            values_bytes: size_of_val(values) as u64,
            ..Self::with_validity(array.nulls(), code)
        }
    }

    fn of_texts(array: &StringArray, code: u32) -> Self {
        let bytes = array.value_data();
        let offsets: &[i32] = array.offsets();
        Self {
            values: address(bytes.as_ptr()),
            values_bytes: bytes.len() as u64,
            offsets: address(offsets.as_ptr()),
            offsets_bytes: size_of_val(offsets) as u64,
            ..Self::with_validity(array.nulls(), code)
        }
    }

    fn with_validity(nulls: Option<&NullBuffer>, code: u32) -> Self {
        let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else {
            return Self::empty(code);
        };
        let (bytes, bit) = bitmap(nulls.validity(), nulls.offset());
        Self {
            validity: address(bytes.as_ptr()),
            validity_bytes: bytes.len() as u64,
            validity_bit: bit,
            ..Self::empty(code)
        }
    }
}

/// A bitmap, starting at the byte with the bit at `offset`, and the position of the bit in that
/// byte.
fn bitmap(bytes: &[u8], offset: usize) -> (&[u8], u16) {
    (&bytes[offset / 8..], (offset % 8) as u16)
}

/// An address for WebAssembly. It is exposed, because Rust cannot see the loads there.
fn address<T>(pointer: *const T) -> u64 {
    pointer.expose_provenance() as u64
}

#[cfg(test)]
mod tests {
    use arrow_array::Int64Array;

    use super::*;

    #[test]
    fn a_sliced_column_keeps_its_buffers_and_moves_its_pointers() {
        let array = Int64Array::from_iter((0..20).map(|i| (i % 3 != 0).then_some(i)));
        let whole = Entry::new(&Column::Int64(array.clone()), 1);
        let sliced = Entry::new(&Column::Int64(array.slice(11, 5)), 1);
        assert_eq!(sliced.values, whole.values + 11 * 8);
        assert_eq!(sliced.values_bytes, 5 * 8);
        assert_eq!(sliced.validity, whole.validity + 1);
        assert_eq!(sliced.validity_bit, 3);
    }

    #[test]
    fn an_empty_bitmap_does_not_panic() {
        let array = Int64Array::from_iter((0..16).map(|i| (i > 3).then_some(i))).slice(16, 0);
        let entry = Entry::new(&Column::Int64(array), 1);
        assert_eq!(entry.values_bytes, 0);
    }
}
