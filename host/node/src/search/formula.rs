//! Formulas at work: what computes values of documents, for `fields` and for sort keys.
//!
//! Knows UDFs and expressions; neither which documents are hits, nor what becomes of the values.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef};
use tantivy::{DocId, Score, SegmentReader};
use whittle_host::{ExactJson, Kind};

use crate::expression::{ColumnType, ExpressionValues, Scalars};
use crate::udf::{SegmentCall, UdfCall};
use crate::value::Value;

/// A formula, ready to run on any segment.
#[derive(Debug, Clone)]
pub(crate) enum Computable {
    Udf(UdfCall),
    Expression(ExpressionValues),
}

/// A formula at work on a segment.
pub(crate) enum SegmentFormula {
    Udf(Box<SegmentCall>),
    Expression(Scalars),
}

impl Computable {
    /// The type of its values; `None` where they are JSON.
    pub(crate) fn value_type(&self) -> Option<ColumnType> {
        match self {
            Self::Udf(call) => match call.returns() {
                Kind::Boolean => Some(ColumnType::Boolean),
                Kind::Int64 => Some(ColumnType::Long),
                Kind::Float64 => Some(ColumnType::Double),
                Kind::Timestamp => Some(ColumnType::Date),
                Kind::Text => Some(ColumnType::Text),
                Kind::Json => None,
            },
            Self::Expression(values) => Some(values.returns()),
        }
    }

    /// For the documents of a segment, of which about `expected` will be needed.
    ///
    /// # Errors
    ///
    /// A UDF ended the search, and has the reason; the segment cannot be read.
    pub(crate) fn for_segment(
        &self,
        reader: &SegmentReader,
        expected: u32,
    ) -> tantivy::Result<SegmentFormula> {
        match self {
            Self::Udf(call) => {
                let segment = call.for_documents(reader, expected)?;
                Ok(SegmentFormula::Udf(Box::new(segment)))
            }
            Self::Expression(values) => {
                let scalars = values.scalars(reader, expected)?;
                Ok(SegmentFormula::Expression(scalars))
            }
        }
    }
}

impl SegmentFormula {
    /// The values of documents, in ascending order, with their scores. `None` ends the search; the
    /// UDF has the reason.
    pub(crate) fn load(&mut self, documents: &[DocId], scores: &[Score]) -> Option<Vec<Value>> {
        match self {
            Self::Udf(segment) => {
                let evaluated = segment.evaluate(documents, scores)?;
                Some(values(&evaluated.values, segment.returns()))
            }
            Self::Expression(scalars) => scalars.load(documents, scores).ok(),
        }
    }
}

fn values(array: &ArrayRef, kind: Kind) -> Vec<Value> {
    let value = |row: usize| match kind {
        Kind::Boolean => Value::Boolean(array.as_boolean().value(row)),
        Kind::Int64 => Value::Long(array.as_primitive::<Int64Type>().value(row)),
        Kind::Float64 => Value::Double(array.as_primitive::<Float64Type>().value(row)),
        Kind::Timestamp => Value::Date(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        Kind::Text => Value::Text(array.as_string::<i32>().value(row).to_owned()),
        // The host has checked that it is JSON.
        Kind::Json => {
            let text = array.as_string::<i32>().value(row);
            Value::Json(ExactJson::of_result(text))
        }
    };
    let row = |row| {
        if array.is_null(row) {
            Value::Null
        } else {
            value(row)
        }
    };
    (0..array.len()).map(row).collect()
}
