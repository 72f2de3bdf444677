//! An expression's values as documents have them, each of its own type: for computed fields and
//! sort keys.

use std::collections::HashMap;

use tantivy::aggregation::{ValueSource, ValueSourceProvider as _};
use tantivy::columnar::{
    Cardinality, ColumnType as TantivyType, MonotonicallyMappableToU64 as _, RowId,
};
use tantivy::index::SegmentReader;
use tantivy::{DocId, TantivyError};

use super::ColumnType;
use super::values::ExpressionValues;
use crate::value::Value;

/// The values of one segment's documents.
pub struct Scalars {
    source: Box<dyn ValueSource>,
    /// Whether its numbers are dates, in microseconds since 1970.
    dates: bool,
    values: Vec<u64>,
    documents: Vec<DocId>,
    rows: Vec<RowId>,
}

impl ExpressionValues {
    /// The values of a segment's documents.
    ///
    /// # Errors
    ///
    /// A column cannot be read.
    pub fn scalars(&self, reader: &SegmentReader) -> tantivy::Result<Scalars> {
        let source = self.for_segment(reader, None)?.ok_or_else(|| {
            TantivyError::InternalError("the expression gives nothing".to_owned())
        })?;
        Ok(Scalars {
            source,
            dates: self.returns() == ColumnType::Date,
            values: Vec::new(),
            documents: Vec::new(),
            rows: Vec::new(),
        })
    }
}

impl Scalars {
    /// The values of documents, whose numbers ascend, in their order.
    pub fn load(&mut self, documents: &[DocId]) -> Vec<Value> {
        let cardinality = self.source.load_block(
            documents,
            &mut self.values,
            &mut self.documents,
            &mut self.rows,
        );
        let values = self.typed();
        if cardinality == Cardinality::Full {
            return values;
        }
        let mut present = self.documents.iter().zip(values).peekable();
        let of = |document: &DocId| {
            let value = present.next_if(|(present, _)| *present == document);
            value.map_or(Value::Null, |(_, value)| value)
        };
        documents.iter().map(of).collect()
    }

    fn typed(&self) -> Vec<Value> {
        let value: fn(u64) -> Value = match self.source.column_type() {
            TantivyType::Bool => |value| Value::Boolean(value != 0),
            TantivyType::I64 if self.dates => |value| Value::Date(i64::from_u64(value)),
            TantivyType::I64 => |value| Value::Long(i64::from_u64(value)),
            TantivyType::F64 => |value| Value::Double(f64::from_u64(value)),
            TantivyType::Str => return self.texts(),
            _ => |_| Value::Null,
        };
        self.values.iter().map(|raw| value(*raw)).collect()
    }

    /// The terms of the loaded numbers.
    fn texts(&self) -> Vec<Value> {
        let Some(dictionary) = self.source.term_dictionary() else {
            return vec![Value::Null; self.values.len()];
        };
        let mut ordinals = self.values.clone();
        ordinals.sort_unstable();
        ordinals.dedup();
        let mut texts = Vec::with_capacity(ordinals.len());
        let mut take = |term: &[u8]| texts.push(String::from_utf8_lossy(term).into_owned());
        // If it cannot be read, the strings from there on are null.
        let _ = dictionary.sorted_ords_to_term_cb(&ordinals, &mut take);
        let texts: HashMap<u64, String> = ordinals.into_iter().zip(texts).collect();
        let text = |ordinal| texts.get(ordinal).cloned().map_or(Value::Null, Value::Text);
        self.values.iter().map(text).collect()
    }
}
