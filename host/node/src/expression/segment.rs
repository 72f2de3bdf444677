//! An expression at work on a segment: it loads the columns of a block of documents, and evaluates
//! the expression over them.
//!
//! It knows neither what the expression is, nor what its values are for.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array as _, BooleanArray, PrimitiveArray, UInt32Array};
use tantivy::columnar::{Column, ColumnType};
use tantivy::{DocId, SegmentReader};

use super::evaluate::{Block, Evaluator, Loaded, Tables, Undone};
use super::node::{Node, Type};
use super::vector::{Text, Truth};
use crate::allowance::Allowance;
use crate::columns::{Dictionaries, Texts, first_values, full};

/// How many documents are evaluated at once.
const BLOCK_DOCUMENTS: usize = 1024;

/// The columns of a segment that an expression reads.
pub(super) struct Segment {
    node: Arc<Node>,
    columns: Vec<(Arc<str>, Source)>,
    tables: Tables,
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
        node: &Arc<Node>,
        reader: &SegmentReader,
        expected: u32,
        dictionaries: &Dictionaries,
        allowance: &Allowance,
    ) -> tantivy::Result<Self> {
        let mut columns = Vec::new();
        for (name, type_) in node.columns() {
            if !has_column(reader, &name, type_) {
                continue;
            }
            let fast = reader.fast_fields();
            let source = match type_ {
                Type::Boolean => fast.column_opt(&name)?.map(Source::Boolean),
                Type::Long | Type::Date => fast.column_opt(&name)?.map(Source::Long),
                Type::Double => fast.column_opt(&name)?.map(Source::Double),
                Type::Text => Texts::open(reader, &name, dictionaries, expected)?.map(Source::Text),
                Type::Null => None,
            };
            columns.extend(source.map(|source| (name, source)));
        }
        Ok(Self {
            node: Arc::clone(node),
            columns,
            tables: Tables::default(),
            allowance: allowance.clone(),
        })
    }

    /// Evaluates documents, in ascending order, and gives what comes out in their order, in one
    /// piece or in several. Once the search is over, nothing comes out.
    pub(super) fn evaluate<T>(
        &mut self,
        documents: &[DocId],
        evaluate: fn(&mut Evaluator<'_>, &Node) -> Result<T, Undone>,
        take: &mut dyn FnMut(T),
    ) -> tantivy::Result<()> {
        for documents in documents.chunks(BLOCK_DOCUMENTS) {
            let block = self.load(documents)?;
            let mut evaluator = Evaluator {
                block: &block,
                tables: Some(&mut self.tables),
                allowance: &self.allowance,
            };
            match evaluate(&mut evaluator, &self.node) {
                Ok(values) => take(values),
                Err(Undone::Over) => return Ok(()),
                Err(Undone::TooLarge) => {
                    let (first, rest) = documents.split_at(documents.len() / 2);
                    self.evaluate(first, evaluate, take)?;
                    self.evaluate(rest, evaluate, take)?;
                }
            }
        }
        Ok(())
    }

    fn load(&self, documents: &[DocId]) -> tantivy::Result<Block> {
        let mut columns = HashMap::with_capacity(self.columns.len());
        for (name, source) in &self.columns {
            columns.insert(Arc::clone(name), source.load(documents)?);
        }
        Ok(Block {
            rows: documents.len(),
            columns,
        })
    }
}

impl Source {
    fn load(&self, documents: &[DocId]) -> tantivy::Result<Loaded> {
        Ok(match self {
            Self::Boolean(column) => {
                let values: BooleanArray = first_values(column, documents).into_iter().collect();
                Loaded::Boolean(Truth::new(values.values(), values.nulls()))
            }
            Self::Long(column) => Loaded::Long(numbers(column, documents)),
            Self::Double(column) => Loaded::Double(numbers(column, documents)),
            Self::Text(texts) => Loaded::Text(match &texts.decoded {
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
        Type::Long | Type::Date => ColumnType::I64,
        Type::Double => ColumnType::F64,
        Type::Text => ColumnType::Str,
        Type::Null => return false,
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
