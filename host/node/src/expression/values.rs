//! Expressions as sources of values: for aggregations, scores, sort keys and computed fields.

use arrow_array::{Float64Array, Int64Array};
use tantivy::index::SegmentReader;
use tantivy::{DocId, Score, TantivyError};

use super::segment::Segment;
use super::vector::{Text, Truth};
use super::{ColumnType, Program};
use crate::value::Value;

/// An expression's values, at most one a document, in any segment.
#[derive(Clone, Debug)]
pub struct ExpressionValues {
    pub(super) program: Program,
    pub(super) returns: ColumnType,
}

impl ExpressionValues {
    /// Their type.
    pub fn returns(&self) -> ColumnType {
        self.returns
    }

    /// What the UDFs that are called cost a document, in nanoseconds.
    pub(crate) fn cost(&self) -> u64 {
        self.program.cost()
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
        Segment::open(&self.program, reader, expected)
    }
}

/// The numbers of one segment's documents.
pub struct Numbers {
    segment: Segment,
    returns: ColumnType,
}

impl Numbers {
    /// Appends the numbers of documents, whose ids ascend, in their order. UDFs get the documents'
    /// scores.
    ///
    /// # Errors
    ///
    /// A column cannot be read; a UDF has ended the search.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "a method is of one lifetime, and these are for all"
    )]
    pub fn load(
        &mut self,
        documents: &[DocId],
        scores: &[Score],
        numbers: &mut Vec<Option<f64>>,
    ) -> tantivy::Result<()> {
        let segment = &mut self.segment;
        match self.returns {
            ColumnType::Boolean => {
                let number = |value| if value { 1.0 } else { 0.0 };
                segment.evaluate(
                    documents,
                    scores,
                    |evaluator, node| evaluator.boolean(node),
                    &mut |truth: Truth| {
                        numbers.extend((0..truth.len()).map(|row| truth.value(row).map(number)));
                    },
                )
            }
            // A score is a double.
            ColumnType::Long | ColumnType::Double => {
                let take = &mut |values: Float64Array| numbers.extend(values.iter());
                segment.evaluate(
                    documents,
                    scores,
                    |evaluator, node| evaluator.double(node),
                    take,
                )
            }
            ColumnType::Date | ColumnType::Text => segment.evaluate(
                documents,
                scores,
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
    /// The values of documents, whose ids ascend, in their order. UDFs get the documents' scores.
    ///
    /// # Errors
    ///
    /// A column cannot be read; a UDF has ended the search.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "a method is of one lifetime, and these are for all"
    )]
    pub fn load(&mut self, documents: &[DocId], scores: &[Score]) -> tantivy::Result<Vec<Value>> {
        let segment = &mut self.segment;
        let mut all = Vec::with_capacity(documents.len());
        let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
        match self.returns {
            ColumnType::Boolean => segment.evaluate(
                documents,
                scores,
                |evaluator, node| evaluator.boolean(node),
                &mut |truth: Truth| {
                    let rows = 0..truth.len();
                    all.extend(rows.map(|row| or_null(truth.value(row).map(Value::Boolean))));
                },
            ),
            ColumnType::Long => segment.evaluate(
                documents,
                scores,
                |evaluator, node| evaluator.long(node),
                &mut |values: Int64Array| {
                    all.extend(values.iter().map(|value| or_null(value.map(Value::Long))));
                },
            ),
            ColumnType::Date => segment.evaluate(
                documents,
                scores,
                |evaluator, node| evaluator.long(node),
                &mut |values: Int64Array| {
                    all.extend(values.iter().map(|value| or_null(value.map(Value::Date))));
                },
            ),
            ColumnType::Double => segment.evaluate(
                documents,
                scores,
                |evaluator, node| evaluator.double(node),
                &mut |values: Float64Array| {
                    all.extend(values.iter().map(|value| or_null(value.map(Value::Double))));
                },
            ),
            ColumnType::Text => segment.evaluate(
                documents,
                scores,
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
