//! Expressions as sources of values: for aggregations, scores, sort keys and computed fields.
//!
//! It knows how tantivy loads values by block. A number that is not finite counts as null, since
//! scores and sums would not survive it.

use std::sync::Arc;

use tantivy::aggregation::JitExprValueSourceProvider;
use tantivy::aggregation::{ValueSource, ValueSourceDictionary, ValueSourceProvider};
use tantivy::columnar::{Cardinality, ColumnType, MonotonicallyMappableToU64 as _, RowId};
use tantivy::index::SegmentReader;
use tantivy::jitexpr::ast::{Literal, UntypedExpr};
use tantivy::{DocId, TantivyError};

use super::lower::Lowering;
use super::native_source::NativeSource;
use super::node::{Node, Type};
use super::segment;

/// An expression's values, at most one a document, in any segment.
#[derive(Clone, Debug)]
pub struct ExpressionValues {
    node: Arc<Node>,
    returns: super::ColumnType,
    /// Whether tantivy's jit evaluates it.
    compiled: bool,
}

impl ExpressionValues {
    pub(super) fn new(node: &Arc<Node>, returns: super::ColumnType) -> Self {
        // A segment that has all columns takes the most steps.
        let compiled = !node.native && Lowering::new(&|_, _| true).value(node).is_ok();
        Self {
            node: Arc::clone(node),
            returns,
            compiled,
        }
    }

    /// Their type.
    pub fn returns(&self) -> super::ColumnType {
        self.returns
    }

    /// The numbers of a segment's documents; true is 1, and false is 0.
    ///
    /// # Errors
    ///
    /// The values are strings, or a column cannot be read.
    pub fn numbers(&self, reader: &SegmentReader) -> tantivy::Result<Numbers> {
        let types = [ColumnType::I64, ColumnType::F64, ColumnType::Bool];
        let source = self.for_segment(reader, Some(&types))?.ok_or_else(|| {
            TantivyError::InvalidArgument("the expression gives no numbers".to_owned())
        })?;
        Ok(Numbers {
            source,
            values: Vec::new(),
            documents: Vec::new(),
            rows: Vec::new(),
        })
    }
}

impl ValueSourceProvider for ExpressionValues {
    fn for_segment(
        &self,
        reader: &SegmentReader,
        allowed: Option<&[ColumnType]>,
    ) -> tantivy::Result<Option<Box<dyn ValueSource>>> {
        if !self.compiled {
            let source = NativeSource::open(&self.node, reader, allowed)?;
            return Ok(Some(Box::new(source)));
        }
        let value = segment::lower(reader, |lowering| {
            let value = lowering.value(&self.node)?;
            match value {
                // The jit may take it for a long, though it is a double.
                Some(value) if self.node.type_ == Type::Double => {
                    lowering.builder.double(value).map(Some)
                }
                value => Ok(value),
            }
        })?;
        let expr = value.map_or(UntypedExpr::Literal(Literal::None), |value| {
            value.into_expr()
        });
        let source = JitExprValueSourceProvider::new(expr)
            .map_err(segment::refused)?
            .for_segment(reader, allowed)?;
        Ok(source.map(|source| -> Box<dyn ValueSource> {
            if source.column_type() == ColumnType::F64 {
                Box::new(Finite(source))
            } else {
                source
            }
        }))
    }
}

/// The numbers of one segment's documents.
#[derive(Debug)]
pub struct Numbers {
    source: Box<dyn ValueSource>,
    values: Vec<u64>,
    documents: Vec<DocId>,
    rows: Vec<RowId>,
}

impl Numbers {
    /// Appends the numbers of documents, whose ids ascend, in their order.
    pub fn load(&mut self, documents: &[DocId], numbers: &mut Vec<Option<f64>>) {
        let cardinality = self.source.load_block(
            documents,
            &mut self.values,
            &mut self.documents,
            &mut self.rows,
        );
        let number = match self.source.column_type() {
            ColumnType::F64 => |value| f64::from_u64(value),
            #[expect(clippy::cast_precision_loss, reason = "a score is a double")]
            ColumnType::I64 => |value| i64::from_u64(value) as f64,
            _ => |value| if value == 0 { 0.0 } else { 1.0 },
        };
        if cardinality == Cardinality::Full {
            numbers.extend(self.values.iter().map(|&value| Some(number(value))));
            return;
        }
        let mut present = self.documents.iter().zip(&self.values).peekable();
        numbers.extend(documents.iter().map(|document| {
            present
                .next_if(|(present, _)| *present == document)
                .map(|(_, &value)| number(value))
        }));
    }
}

/// A source of doubles without those that are not finite.
#[derive(Debug)]
struct Finite(Box<dyn ValueSource>);

impl ValueSource for Finite {
    fn column_type(&self) -> ColumnType {
        self.0.column_type()
    }

    fn load_block(
        &mut self,
        docs: &[DocId],
        values: &mut Vec<u64>,
        docids: &mut Vec<DocId>,
        row_ids: &mut Vec<RowId>,
    ) -> Cardinality {
        let cardinality = self.0.load_block(docs, values, docids, row_ids);
        let is_finite = |value: u64| f64::from_u64(value).is_finite();
        if values.iter().all(|&value| is_finite(value)) {
            return cardinality;
        }
        if cardinality == Cardinality::Full {
            docids.clear();
            docids.extend_from_slice(docs);
        }
        let mut kept = 0;
        for index in 0..values.len() {
            if is_finite(values[index]) {
                values[kept] = values[index];
                docids[kept] = docids[index];
                kept += 1;
            }
        }
        values.truncate(kept);
        docids.truncate(kept);
        Cardinality::Optional
    }

    fn to_f64(self: Box<Self>) -> Box<dyn ValueSource> {
        self
    }

    fn term_dictionary(&self) -> Option<&dyn ValueSourceDictionary> {
        self.0.term_dictionary()
    }
}
