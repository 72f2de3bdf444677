//! A keyword column as a segment has it: ordinals and a dictionary, and for each text the list of its
//! documents.
//!
//! A function that reads nothing else is evaluated once for each text. Once all texts are known, a
//! filter is a union of lists.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, ArrayRef, BooleanArray, DictionaryArray, StringArray, UInt32Array};
use arrow_schema::DataType;
use tantivy::columnar::{ColumnIndex, StrColumn};
use tantivy::query::{BitSetDocSet, ConstScorer, EmptyScorer, Scorer};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, SegmentReader, Term};

use crate::columns::{Decoded, FEW_TERMS, first_values, full, internal};

/// A column of keywords as ordinals of its dictionary, of which the first of a document counts.
pub(super) struct Keyword {
    /// `None` if no document has the field.
    column: Option<StrColumn>,
    /// Where the documents of each text are listed, if they are.
    field: Option<Field>,
    /// The texts by their ordinals.
    values: ArrayRef,
}

impl Keyword {
    /// A field that no document has.
    pub(super) fn none() -> Self {
        Self {
            column: None,
            field: None,
            values: Arc::new(StringArray::from(Vec::<&str>::new())),
        }
    }

    /// A column with its dictionary; `field` lists the documents of each text, if one does.
    pub(super) fn new(column: StrColumn, decoded: &Decoded, field: Option<Field>) -> Self {
        Self {
            values: Arc::<StringArray>::clone(decoded.texts()),
            column: Some(column),
            field,
        }
    }

    /// The Arrow type of the column.
    pub(super) fn data_type() -> DataType {
        DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8))
    }

    /// All texts, and a missing value if there may be any.
    fn all(&self, column: &StrColumn) -> tantivy::Result<ArrayRef> {
        let keys = (0..column.num_terms()).map(|ordinal| u32::try_from(ordinal).ok());
        let is_full = matches!(column.ords().index, ColumnIndex::Full);
        let missing = (!is_full).then_some(None);
        self.array(keys.chain(missing).collect())
    }

    /// The documents from one on whose texts are among those that `known` has, as they are listed.
    /// `known` gives what it has for [all](Self::all).
    pub(super) fn listed(
        &self,
        reader: &SegmentReader,
        from: DocId,
        known: impl FnOnce(&ArrayRef) -> Option<BooleanArray>,
    ) -> tantivy::Result<Option<Box<dyn Scorer>>> {
        let (Some(column), Some(field)) = (&self.column, self.field) else {
            return Ok(None);
        };
        let single = matches!(
            column.ords().index,
            ColumnIndex::Full | ColumnIndex::Optional(_)
        );
        if !single || column.num_terms() > FEW_TERMS {
            return Ok(None);
        }
        let Some(known) = known(&self.all(column)?) else {
            return Ok(None);
        };
        let texts = self.values.as_string::<i32>();
        let index = reader.inverted_index(field)?;
        let mut lists = Vec::new();
        for ordinal in (0..known.len()).filter(|at| known.is_valid(*at) && known.value(*at)) {
            // The documents without a value are not listed.
            if ordinal == texts.len() {
                return Ok(None);
            }
            let term = Term::from_field_text(field, texts.value(ordinal));
            let Some(mut list) = index.read_postings(&term, IndexRecordOption::Basic)? else {
                return Ok(None);
            };
            if list.doc() < from {
                list.seek(from);
            }
            lists.push(list);
        }
        Ok(Some(match lists.len() {
            0 => Box::new(EmptyScorer),
            1 => Box::new(ConstScorer::new(lists.remove(0), 1.0)),
            _ => {
                let mut documents = BitSet::with_max_value(reader.max_doc());
                for mut list in lists {
                    let mut buffer = [0; COLLECT_BLOCK_BUFFER_LEN];
                    let mut count = buffer.len();
                    while count == buffer.len() {
                        count = list.fill_buffer(&mut buffer);
                        for document in &buffer[..count] {
                            documents.insert(*document);
                        }
                    }
                }
                Box::new(ConstScorer::new(BitSetDocSet::from(documents), 1.0))
            }
        }))
    }

    /// The column of a block of documents.
    pub(super) fn load(&self, documents: &[DocId]) -> tantivy::Result<ArrayRef> {
        let key = |ordinal| u32::try_from(ordinal).expect("a segment has fewer documents");
        let keys = match self.column.as_ref().map(|column| column.ords()) {
            None => UInt32Array::new_null(documents.len()),
            Some(ordinals) => match full(ordinals, documents) {
                Some(ordinals) => ordinals.into_iter().map(key).collect::<Vec<_>>().into(),
                None => {
                    let ordinals = first_values(ordinals, documents).into_iter();
                    ordinals.map(|ordinal| ordinal.map(key)).collect()
                }
            },
        };
        self.array(keys)
    }

    fn array(&self, keys: UInt32Array) -> tantivy::Result<ArrayRef> {
        let array = DictionaryArray::<UInt32Type>::try_new(keys, Arc::clone(&self.values));
        Ok(Arc::new(array.map_err(|error| internal(&error))?))
    }
}
