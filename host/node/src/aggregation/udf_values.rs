//! A UDF's values as those that the engine aggregates.
//!
//! Texts get numbers as they come up, for as long as a segment is looked at.

use std::collections::HashMap;
use std::fmt;
use std::io;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use tantivy::aggregation::{ValueSource, ValueSourceDictionary, ValueSourceProvider};
use tantivy::columnar::{Cardinality, ColumnType, MonotonicallyMappableToU64, RowId};
use tantivy::{DocId, Score, SegmentReader};
use whittle_host::Kind;

use crate::udf::{SegmentCall, UdfCall};

/// A UDF's values, in any segment.
pub(crate) struct UdfValues(pub(crate) UdfCall);

impl ValueSourceProvider for UdfValues {
    fn for_segment(
        &self,
        reader: &SegmentReader,
        allowed: Option<&[ColumnType]>,
    ) -> tantivy::Result<Option<Box<dyn ValueSource>>> {
        let column_type = match self.0.returns() {
            Kind::Boolean => ColumnType::Bool,
            Kind::Int64 | Kind::Timestamp => ColumnType::I64,
            Kind::Float64 => ColumnType::F64,
            Kind::Text | Kind::Json => ColumnType::Str,
        };
        if allowed.is_some_and(|allowed| !allowed.contains(&column_type)) {
            return Ok(None);
        }
        Ok(Some(Box::new(SegmentValues {
            call: self.0.for_documents(reader, reader.max_doc())?,
            column_type,
            texts: Texts::default(),
            as_floats: false,
        })))
    }
}

/// The values in one segment.
struct SegmentValues {
    call: SegmentCall,
    column_type: ColumnType,
    texts: Texts,
    /// Whether integers are told as floats.
    as_floats: bool,
}

impl fmt::Debug for SegmentValues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SegmentValues")
    }
}

impl ValueSource for SegmentValues {
    fn column_type(&self) -> ColumnType {
        if self.as_floats {
            ColumnType::F64
        } else {
            self.column_type
        }
    }

    fn load_block(
        &mut self,
        documents: &[DocId],
        values: &mut Vec<u64>,
        with_values: &mut Vec<DocId>,
        _row_ids: &mut Vec<RowId>,
    ) -> Cardinality {
        values.clear();
        with_values.clear();
        let scores: Vec<Score> = vec![0.0; documents.len()];
        // Where the UDF ends the search, it has the reason.
        let Some(evaluated) = self.call.evaluate(documents, &scores) else {
            return Cardinality::Optional;
        };
        let array = evaluated.values;
        for (row, document) in documents.iter().enumerate() {
            if array.is_null(row) {
                continue;
            }
            let value = match self.column_type {
                ColumnType::Bool => u64::from(array.as_boolean().value(row)),
                ColumnType::I64 => {
                    let value = match self.call.returns() {
                        Kind::Timestamp => {
                            array.as_primitive::<TimestampMicrosecondType>().value(row)
                        }
                        _ => array.as_primitive::<Int64Type>().value(row),
                    };
                    #[expect(clippy::cast_precision_loss, reason = "the engine asks for floats")]
                    if self.as_floats {
                        (value as f64).to_u64()
                    } else {
                        value.to_u64()
                    }
                }
                ColumnType::F64 => {
                    let value = array.as_primitive::<Float64Type>().value(row);
                    if !value.is_finite() {
                        // Sums would not survive it.
                        continue;
                    }
                    value.to_u64()
                }
                _ => self.texts.number(array.as_string::<i32>().value(row)),
            };
            values.push(value);
            with_values.push(*document);
        }
        if values.len() == documents.len() {
            Cardinality::Full
        } else {
            Cardinality::Optional
        }
    }

    fn to_f64(mut self: Box<Self>) -> Box<dyn ValueSource> {
        self.as_floats = self.column_type == ColumnType::I64;
        self
    }

    fn term_dictionary(&self) -> Option<&dyn ValueSourceDictionary> {
        (self.column_type == ColumnType::Str).then_some(&self.texts)
    }
}

/// Texts by their numbers.
#[derive(Default)]
struct Texts {
    numbers: HashMap<String, u64>,
    texts: Vec<String>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u64 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u64;
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

impl ValueSourceDictionary for Texts {
    fn num_terms(&self) -> u64 {
        self.texts.len() as u64
    }

    fn sorted_ords_to_term_cb(
        &self,
        numbers: &[u64],
        take: &mut dyn FnMut(&[u8]),
    ) -> io::Result<bool> {
        for number in numbers {
            let text = usize::try_from(*number)
                .ok()
                .and_then(|at| self.texts.get(at));
            let Some(text) = text else {
                return Ok(false);
            };
            take(text.as_bytes());
        }
        Ok(true)
    }
}
