//! Formulas: what computes a value of a document that is a hit, for `fields` and for sort keys.
//!
//! It knows UDFs and expressions, and neither which documents are asked for nor what becomes of
//! their values.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef};
use serde_json::Value as Json;
use tantivy::{DocId, Score, SegmentReader};
use whittle_host::Kind;

use super::SearchError;
use crate::expression::{ColumnType, Expression, ExpressionValues, Scalars};
use crate::object::{Object, wrong};
use crate::query::{FunctionCall, expression_error};
use crate::request::RequestError;
use crate::udf::{SegmentCall, UdfCall};
use crate::value::Value;

/// What computes a value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// A UDF. A document that it fails for has no value, unless that ends the search.
    Udf(FunctionCall),
    /// An expression, in SQL.
    Expression(String),
}

impl Formula {
    /// Reads `{"wasm_udf": {...}}` or `{"expression": "..."}`.
    pub(crate) fn read(json: &Json, path: &str) -> Result<Self, RequestError> {
        const KNOWN: &[&str] = &["wasm_udf", "expression"];
        let object = Object::read(json, path)?;
        object.knows(KNOWN)?;
        let (name, json) = object.only("`wasm_udf` or `expression`")?;
        Self::named(name, json, &object.path(name))
    }

    /// Reads what stands under the name of a formula's kind.
    pub(crate) fn named(name: &str, json: &Json, path: &str) -> Result<Self, RequestError> {
        if name == "wasm_udf" {
            let call = Object::read(json, path)?;
            call.knows(&["function", "params", "on_error"])?;
            return Ok(Self::Udf(FunctionCall::read(call)?));
        }
        let text = json.as_str().map(str::to_owned);
        text.map(Self::Expression)
            .ok_or_else(|| wrong(path, "a text", json))
    }
}

/// A formula, ready to run on any segment.
#[derive(Debug, Clone)]
pub(super) enum Computable {
    Udf(UdfCall),
    Expression(ExpressionValues),
}

/// A formula at work on a segment.
pub(super) enum SegmentFormula {
    Udf(Box<SegmentCall>),
    Expression(Scalars),
}

impl Computable {
    /// An expression at a path of the request.
    ///
    /// # Errors
    ///
    /// It has no values, as one of dates.
    pub(super) fn expression(expression: &Expression, path: &str) -> Result<Self, SearchError> {
        let values = expression.values().map_err(expression_error(path))?;
        Ok(Self::Expression(values))
    }

    /// The type of its values; `None` where they are JSON.
    pub(super) fn value_type(&self) -> Option<ColumnType> {
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

    /// For the documents of a segment, of which about `expected` will be asked for.
    ///
    /// # Errors
    ///
    /// A UDF ended the search, and has the reason; the segment cannot be read.
    pub(super) fn for_segment(
        &self,
        reader: &SegmentReader,
        expected: u32,
    ) -> tantivy::Result<SegmentFormula> {
        match self {
            Self::Udf(call) => {
                let segment = call.for_documents(reader, expected)?;
                Ok(SegmentFormula::Udf(Box::new(segment)))
            }
            Self::Expression(values) => values.scalars(reader).map(SegmentFormula::Expression),
        }
    }
}

impl SegmentFormula {
    /// The values of documents, in ascending order, with their scores. `None` ends the search; the
    /// UDF has the reason.
    pub(super) fn load(&mut self, documents: &[DocId], scores: &[Score]) -> Option<Vec<Value>> {
        match self {
            Self::Udf(segment) => {
                let evaluated = segment.evaluate(documents, scores)?;
                Some(values(&evaluated.values, segment.returns()))
            }
            Self::Expression(scalars) => Some(scalars.load(documents)),
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
            serde_json::from_str(text).map_or(Value::Null, Value::Json)
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
