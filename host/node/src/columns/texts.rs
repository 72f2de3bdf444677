//! A column of texts.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::StringArray;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use tantivy::columnar::StrColumn;
use tantivy::{DocId, SegmentReader};

use super::dictionary::{Decoded, Dictionaries, look_up};
use super::{first_values, internal};

/// A dictionary is decoded if at least one document in so many terms will be read through it: a
/// look-up costs as much as decoding some hundreds of terms.
const TERMS_A_LOOK_UP: usize = 300;

/// A column has few terms if it has at most so many, or at most a share of the documents that will
/// be read: each term costs as much as some documents.
pub(crate) const FEW_TERMS: usize = 1024;
const DOCUMENTS_A_TERM: usize = 4;

/// A column of texts, of which the first of a document counts.
pub(crate) struct Texts {
    pub(crate) column: StrColumn,
    /// The dictionary; without it, each text is looked up.
    pub(crate) decoded: Option<Arc<Decoded>>,
    /// Whether there are few terms.
    pub(crate) are_few: bool,
}

impl Texts {
    /// The column of a segment, of which about `expected` documents will be read.
    pub(crate) fn open(
        reader: &SegmentReader,
        name: &str,
        dictionaries: &Dictionaries,
        expected: u32,
    ) -> tantivy::Result<Option<Self>> {
        let Some(column) = reader.fast_fields().str(name)? else {
            return Ok(None);
        };
        let segment = reader.segment_id();
        let many = expected as usize * TERMS_A_LOOK_UP >= column.num_terms();
        let decoded = if many || dictionaries.has(segment, name) {
            dictionaries.of(segment, name, &column)?
        } else {
            None
        };
        let few = FEW_TERMS.max(expected as usize / DOCUMENTS_A_TERM);
        Ok(Some(Self {
            are_few: column.num_terms() <= few,
            column,
            decoded,
        }))
    }

    /// The texts of documents, in ascending order.
    pub(crate) fn load(&self, documents: &[DocId]) -> tantivy::Result<StringArray> {
        let ordinals = first_values(self.column.ords(), documents);
        match &self.decoded {
            Some(decoded) => gather(&ordinals, |ordinal| decoded.text(ordinal)),
            None => {
                let texts: HashMap<u64, Vec<u8>> = look_up(&self.column, &ordinals)?;
                gather(&ordinals, |ordinal| &texts[&ordinal])
            }
        }
    }
}

/// The texts of ordinals in a row.
fn gather<'a>(
    ordinals: &[Option<u64>],
    text: impl Fn(u64) -> &'a [u8],
) -> tantivy::Result<StringArray> {
    let mut offsets = Vec::with_capacity(ordinals.len() + 1);
    let mut bytes = Vec::with_capacity(ordinals.len() * 16);
    offsets.push(0);
    for ordinal in ordinals {
        if let Some(ordinal) = ordinal {
            bytes.extend_from_slice(text(*ordinal));
        }
        let end = i32::try_from(bytes.len()).map_err(|error| internal(&error))?;
        offsets.push(end);
    }
    let nulls: NullBuffer = ordinals.iter().map(Option::is_some).collect();
    StringArray::try_new(
        OffsetBuffer::new(ScalarBuffer::from(offsets)),
        Buffer::from_vec(bytes),
        (nulls.null_count() > 0).then_some(nulls),
    )
    .map_err(|error| internal(&error))
}
