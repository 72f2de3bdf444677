//! An expression at work on a segment: it loads the columns of a block of documents, and evaluates
//! the expression over them.
//!
//! It knows neither what the expression is, nor what its values are for.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array as _, BooleanArray, PrimitiveArray, UInt32Array};
use tantivy::columnar::{Column, ColumnType};
use tantivy::{DocId, Score, SegmentReader, TantivyError};

use super::Program;
use super::evaluate::{Block, Evaluated, Evaluator, Kept, Tables, Undone};
use super::node::{Node, Type};
use super::vector::{Text, Truth, Values};
use crate::allowance::Allowance;
use crate::columns::{Texts, first_values, full};
use crate::udf::UdfCall;

/// How many documents are evaluated at once.
const BLOCK_DOCUMENTS: usize = 1024;

/// What an expression reads of a segment, and the UDFs that it calls there.
pub(super) struct Segment {
    node: Arc<Node>,
    columns: Vec<(Arc<str>, Source)>,
    kept: Kept,
    allowance: Allowance,
}

enum Source {
    Boolean(Column<bool>),
    /// Longs, and dates in microseconds since 1970.
    Long(Column<i64>),
    Double(Column<f64>),
    Text(Texts),
}

impl Segment {
    /// Opens the columns, of which about `expected` documents will be asked for. A column that the
    /// segment does not have is null in all of its documents.
    pub(super) fn open(
        program: &Program,
        reader: &SegmentReader,
        expected: u32,
    ) -> tantivy::Result<Self> {
        let Program {
            node,
            udfs,
            dictionaries,
            allowance,
        } = program;
        let mut columns = Vec::new();
        for (name, type_) in node.columns() {
            if !has_column(reader, &name, type_) {
                continue;
            }
            let fast = reader.fast_fields();
            let source = match type_ {
                Type::Boolean => fast.column_opt(&name)?.map(Source::Boolean),
                Type::Long | Type::Date | Type::Day => fast.column_opt(&name)?.map(Source::Long),
                Type::Double => fast.column_opt(&name)?.map(Source::Double),
                Type::Text => Texts::open(reader, &name, dictionaries, expected)?.map(Source::Text),
                Type::Interval | Type::Null => None,
            };
            columns.extend(source.map(|source| (name, source)));
        }
        let costs: Vec<u64> = udfs.iter().map(UdfCall::cost_ns).collect();
        let udfs = udfs.iter().map(|udf| udf.for_documents(reader, expected));
        Ok(Self {
            node: Arc::clone(node),
            columns,
            kept: Kept {
                tables: Tables::default(),
                udfs: udfs.collect::<Result<_, _>>()?,
                costs: node.costs(&costs),
            },
            allowance: allowance.clone(),
        })
    }

    /// Evaluates documents, in ascending order, and gives what comes out in their order, in one
    /// piece or in several. Once the search is over, nothing comes out. UDFs get the documents'
    /// scores.
    ///
    /// # Errors
    ///
    /// A column cannot be read; a UDF has ended the search, and has the reason.
    pub(super) fn evaluate<T>(
        &mut self,
        documents: &[DocId],
        scores: &[Score],
        evaluate: fn(&mut Evaluator<'_>, &Arc<Node>) -> Evaluated<T>,
        take: &mut dyn FnMut(T),
    ) -> tantivy::Result<()> {
        let blocks = documents.chunks(BLOCK_DOCUMENTS);
        for (documents, scores) in blocks.zip(scores.chunks(BLOCK_DOCUMENTS)) {
            let block = self.load(documents, scores)?;
            let mut evaluator = Evaluator::new(&block, Some(&mut self.kept), &self.allowance);
            match evaluate(&mut evaluator, &self.node) {
                Ok(values) => take(values),
                Err(Undone::Over) => return Ok(()),
                Err(Undone::Failed) => {
                    let reason = "a function has ended the search".to_owned();
                    return Err(TantivyError::InternalError(reason));
                }
                Err(Undone::TooLarge) => {
                    let middle = documents.len() / 2;
                    let (first, rest) = documents.split_at(middle);
                    self.evaluate(first, &scores[..middle], evaluate, take)?;
                    self.evaluate(rest, &scores[middle..], evaluate, take)?;
                }
            }
        }
        Ok(())
    }

    fn load<'a>(&self, documents: &'a [DocId], scores: &'a [Score]) -> tantivy::Result<Block<'a>> {
        let mut columns = HashMap::with_capacity(self.columns.len());
        for (name, source) in &self.columns {
            columns.insert(Arc::clone(name), source.load(documents)?);
        }
        Ok(Block {
            rows: documents.len(),
            columns,
            documents,
            scores,
        })
    }
}

impl Source {
    fn load(&self, documents: &[DocId]) -> tantivy::Result<Values> {
        Ok(match self {
            Self::Boolean(column) => {
                let values: BooleanArray = first_values(column, documents).into_iter().collect();
                Values::Boolean(Truth::new(values.values(), values.nulls()))
            }
            Self::Long(column) => Values::Long(numbers(column, documents)),
            Self::Double(column) => Values::Double(numbers(column, documents)),
            Self::Text(texts) => Values::Text(match &texts.decoded {
                Some(decoded) => {
                    let ordinals = first_values(texts.column.ords(), documents).into_iter();
                    let ordinal = |ordinal| u32::try_from(ordinal).ok();
                    let ordinals: UInt32Array =
                        ordinals.map(|found| found.and_then(ordinal)).collect();
                    Text::Terms(ordinals, Arc::clone(decoded.texts()))
                }
                None => Text::Rows(texts.load(documents)?),
            }),
        })
    }
}

fn numbers<T>(column: &Column<T::Native>, documents: &[DocId]) -> PrimitiveArray<T>
where
    T: ArrowPrimitiveType,
    T::Native: PartialOrd + Send + Sync,
    PrimitiveArray<T>: From<Vec<T::Native>> + From<Vec<Option<T::Native>>>,
{
    match full(column, documents) {
        Some(values) => values.into(),
        None => first_values(column, documents).into(),
    }
}

/// Whether a segment has a column, and it is of a type. One whose documents' values are of
/// several types is not.
fn has_column(reader: &SegmentReader, name: &str, type_: Type) -> bool {
    let expected = match type_ {
        Type::Boolean => ColumnType::Bool,
        Type::Long | Type::Date | Type::Day => ColumnType::I64,
        Type::Double => ColumnType::F64,
        Type::Text => ColumnType::Str,
        Type::Interval | Type::Null => return false,
    };
    reader
        .fast_fields()
        .dynamic_column_handles(name)
        .is_ok_and(|handles| {
            let mut types = handles
                .iter()
                .map(tantivy::columnar::DynamicColumnHandle::column_type);
            types.next() == Some(expected) && types.next().is_none()
        })
}
