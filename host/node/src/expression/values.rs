//! Expressions as sources of values: for aggregations, scores, sort keys and computed fields.

use std::sync::Arc;

use arrow_array::{Float64Array, Int64Array};
use tantivy::index::SegmentReader;
use tantivy::{DocId, TantivyError};

use super::ColumnType;
use super::node::Node;
use super::segment::Segment;
use super::vector::{Text, Truth};
use crate::allowance::Allowance;
use crate::columns::Dictionaries;
use crate::value::Value;

/// An expression's values, at most one a document, in any segment.
#[derive(Clone, Debug)]
pub struct ExpressionValues {
    node: Arc<Node>,
    returns: ColumnType,
    dictionaries: Dictionaries,
    allowance: Allowance,
}

impl ExpressionValues {
    pub(super) fn new(
        node: &Arc<Node>,
        returns: ColumnType,
        dictionaries: &Dictionaries,
        allowance: &Allowance,
    ) -> Self {
        Self {
            node: Arc::clone(node),
            returns,
            dictionaries: dictionaries.clone(),
            allowance: allowance.clone(),
        }
    }

    /// Their type.
    pub fn returns(&self) -> ColumnType {
        self.returns
    }

    /// The numbers of a segment's documents, of which about `expected` will be asked for; true is
    /// 1, and false is 0.
    ///
    /// # Errors
    ///
    /// The values are strings, or a column cannot be read.
    pub fn numbers(&self, reader: &SegmentReader, expected: u32) -> tantivy::Result<Numbers> {
        if self.returns == ColumnType::Text {
            let error = "the expression gives no numbers".to_owned();
            return Err(TantivyError::InvalidArgument(error));
        }
        Ok(Numbers {
            segment: self.open(reader, expected)?,
            returns: self.returns,
        })
    }

    /// The values of a segment's documents, of which about `expected` will be asked for.
    ///
    /// # Errors
    ///
    /// A column cannot be read.
    pub fn scalars(&self, reader: &SegmentReader, expected: u32) -> tantivy::Result<Scalars> {
        Ok(Scalars {
            segment: self.open(reader, expected)?,
            returns: self.returns,
        })
    }

    fn open(&self, reader: &SegmentReader, expected: u32) -> tantivy::Result<Segment> {
        Segment::open(
            &self.node,
            reader,
            expected,
            &self.dictionaries,
            &self.allowance,
        )
    }
}

/// The numbers of one segment's documents.
pub struct Numbers {
    segment: Segment,
    returns: ColumnType,
}

impl Numbers {
    /// Appends the numbers of documents, whose ids ascend, in their order.
    ///
    /// # Errors
    ///
    /// A column cannot be read.
    pub fn load(
        &mut self,
        documents: &[DocId],
        numbers: &mut Vec<Option<f64>>,
    ) -> tantivy::Result<()> {
        let segment = &mut self.segment;
        match self.returns {
            ColumnType::Boolean => {
                let number = |value| if value { 1.0 } else { 0.0 };
                segment.evaluate(
                    documents,
                    |evaluator, node| evaluator.boolean(node),
                    &mut |truth: Truth| {
                        numbers.extend((0..truth.len()).map(|row| truth.value(row).map(number)));
                    },
                )
            }
            // A score is a double.
            ColumnType::Long | ColumnType::Double => {
                let take = &mut |values: Float64Array| numbers.extend(values.iter());
                segment.evaluate(documents, |evaluator, node| evaluator.double(node), take)
            }
            ColumnType::Date | ColumnType::Text => segment.evaluate(
                documents,
                |evaluator, node| evaluator.long(node),
                &mut |values: Int64Array| {
                    #[expect(clippy::cast_precision_loss, reason = "a score is a double")]
                    numbers.extend(values.iter().map(|value| value.map(|value| value as f64)));
                },
            ),
        }
    }
}

/// The values of one segment's documents as documents have them, each of its own type.
pub struct Scalars {
    segment: Segment,
    returns: ColumnType,
}

impl Scalars {
    /// The values of documents, whose numbers ascend, in their order.
    ///
    /// # Errors
    ///
    /// A column cannot be read.
    pub fn load(&mut self, documents: &[DocId]) -> tantivy::Result<Vec<Value>> {
        let segment = &mut self.segment;
        let mut all = Vec::with_capacity(documents.len());
        let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
        match self.returns {
            ColumnType::Boolean => segment.evaluate(
                documents,
                |evaluator, node| evaluator.boolean(node),
                &mut |truth: Truth| {
                    let rows = 0..truth.len();
                    all.extend(rows.map(|row| or_null(truth.value(row).map(Value::Boolean))));
                },
            ),
            ColumnType::Long => segment.evaluate(
                documents,
                |evaluator, node| evaluator.long(node),
                &mut |values: Int64Array| {
                    all.extend(values.iter().map(|value| or_null(value.map(Value::Long))));
                },
            ),
            ColumnType::Date => segment.evaluate(
                documents,
                |evaluator, node| evaluator.long(node),
                &mut |values: Int64Array| {
                    all.extend(values.iter().map(|value| or_null(value.map(Value::Date))));
                },
            ),
            ColumnType::Double => segment.evaluate(
                documents,
                |evaluator, node| evaluator.double(node),
                &mut |values: Float64Array| {
                    all.extend(values.iter().map(|value| or_null(value.map(Value::Double))));
                },
            ),
            ColumnType::Text => segment.evaluate(
                documents,
                |evaluator, node| evaluator.text(node),
                &mut |texts: Text| {
                    let text =
                        |text: Option<&str>| or_null(text.map(|text| Value::Text(text.to_owned())));
                    all.extend(texts.iter().map(text));
                },
            ),
        }?;
        // Once the search is over, nobody looks at them.
        all.resize(documents.len(), Value::Null);
        Ok(all)
    }
}
