//! Comparisons of dates, document by document.
//!
//! They are the engine's predicates, and know nothing of expressions.

use std::sync::Arc;

use tantivy::DocId;
use tantivy::columnar::Column;
use tantivy::index::SegmentReader;
use tantivy::query::AllScorer;
use tantivy::query::doc_predicate_query::{ConstOrVariableSegmentPredicate, DocPredicate};

use super::node::Comparison;

/// A date in every document.
#[derive(Clone, Debug)]
pub(super) enum Instants {
    Null,
    /// Microseconds since 1970.
    Literal(i64),
    /// The first one of a column, by the engine's name.
    Column(Arc<str>),
}

/// A condition on dates.
#[derive(Clone, Debug)]
pub(super) enum DatePredicate {
    /// Both are there, and compare so.
    Compare(Comparison, Instants, Instants),
    /// It is not there, or it is.
    IsNull(Instants, bool),
}

/// A condition on one segment's documents.
type SegmentCondition = Box<dyn Fn(DocId) -> bool + Send + Sync>;

impl DocPredicate for DatePredicate {
    type SegmentDocPredicate = SegmentCondition;

    fn doc_predicate(
        &self,
        reader: &SegmentReader,
    ) -> tantivy::Result<ConstOrVariableSegmentPredicate<SegmentCondition>> {
        let predicate: SegmentCondition = match self {
            Self::Compare(comparison, left, right) => {
                let (left, right) = (left.open(reader)?, right.open(reader)?);
                let comparison = *comparison;
                Box::new(move |document| {
                    matches!(
                        (left.get(document), right.get(document)),
                        (Some(left), Some(right)) if compares(comparison, left, right)
                    )
                })
            }
            Self::IsNull(instants, wanted) => {
                let instants = instants.open(reader)?;
                let wanted = *wanted;
                Box::new(move |document| instants.get(document).is_none() == wanted)
            }
        };
        Ok(ConstOrVariableSegmentPredicate::Variable {
            predicate,
            necessary_condition: Box::new(AllScorer::new(reader.max_doc())),
        })
    }
}

impl Instants {
    fn open(&self, reader: &SegmentReader) -> tantivy::Result<SegmentInstants> {
        Ok(match self {
            Self::Null => SegmentInstants::Constant(None),
            Self::Literal(micros) => SegmentInstants::Constant(Some(*micros)),
            Self::Column(name) => match reader.fast_fields().column_opt::<i64>(name)? {
                None => SegmentInstants::Constant(None),
                Some(column) => SegmentInstants::Column(column),
            },
        })
    }
}

/// A date in every document of a segment.
enum SegmentInstants {
    Constant(Option<i64>),
    Column(Column<i64>),
}

impl SegmentInstants {
    fn get(&self, document: DocId) -> Option<i64> {
        match self {
            Self::Constant(micros) => *micros,
            Self::Column(column) => column.first(document),
        }
    }
}

fn compares(comparison: Comparison, left: i64, right: i64) -> bool {
    match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
    }
}
