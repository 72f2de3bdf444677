//! Columns of a segment, for a block of documents: numbers out of tantivy's columns, texts through
//! their dictionaries.
//!
//! Knows nothing of what is computed from them.

mod dictionary;
mod texts;

use tantivy::columnar::{Column, ColumnIndex};
use tantivy::{DocId, TantivyError};

pub(crate) use dictionary::{Decoded, Dictionaries};
pub(crate) use texts::{FEW_TERMS, Texts};

/// The values of a column that has one for every document.
pub(crate) fn full<T: Copy + Default + PartialOrd + std::fmt::Debug + Send + Sync + 'static>(
    column: &Column<T>,
    documents: &[DocId],
) -> Option<Vec<T>> {
    let ColumnIndex::Full = column.index else {
        return None;
    };
    let mut values = vec![T::default(); documents.len()];
    match (documents.first(), documents.last()) {
        // One run of documents: tantivy unpacks it at once.
        (Some(first), Some(last)) if (last - first) as usize + 1 == documents.len() => {
            column.values.get_range(u64::from(*first), &mut values);
        }
        _ => column.values.get_vals(documents, &mut values),
    }
    Some(values)
}

/// The first value of each document, in ascending order.
pub(crate) fn first_values<T: Copy + PartialOrd + std::fmt::Debug + Send + Sync + 'static>(
    column: &Column<T>,
    documents: &[DocId],
) -> Vec<Option<T>> {
    // tantivy leaves rows without a value as they are.
    let mut values = vec![None; documents.len()];
    column.first_vals(documents, &mut values);
    values
}

/// What happened to a column that cannot be read.
pub(crate) fn internal(error: &dyn std::error::Error) -> TantivyError {
    TantivyError::InternalError(error.to_string())
}
