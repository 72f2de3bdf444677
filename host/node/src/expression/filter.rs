//! Boolean expressions as the engine's queries.
//!
//! The engine's expressions see no dates. So comparisons of dates are queries of their own, put
//! together with the rest by the engine's boolean queries, which can be done as long as they stand
//! under `and`, `or` and `not` only.

use std::sync::Arc;

use tantivy::index::SegmentReader;
use tantivy::query::doc_predicate_query::{
    ConstOrVariableSegmentPredicate, DocPredicate, DocPredicateQuery, JitExprEvalState,
    JitExprPredicate,
};
use tantivy::query::{AllQuery, BooleanQuery, ConstScoreQuery, Occur, Query};

use super::dates::{DatePredicate, Instants};
use super::node::{Kind, Node, Type};
use super::segment;

/// A condition, split into what the engine can evaluate.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// Without dates.
    Plain(Arc<Node>),
    Dates(DatePredicate),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

/// A date stands where it cannot be evaluated.
#[derive(Debug)]
pub(super) struct Misplaced;

impl Condition {
    /// Splits the condition that a boolean is what is wanted.
    pub(super) fn new(node: &Arc<Node>, wanted: bool) -> Result<Self, Misplaced> {
        if !node.dates {
            let node = node.clone();
            return Ok(Self::Plain(if wanted { node } else { Node::not(node) }));
        }
        match &node.kind {
            Kind::And(operands) => Self::join(operands, wanted, wanted),
            Kind::Or(operands) => Self::join(operands, wanted, !wanted),
            Kind::Not(operand) => Self::new(operand, !wanted),
            Kind::Is(operand, value) => {
                let condition = Self::new(operand, *value)?;
                Ok(if wanted {
                    condition
                } else {
                    Self::Not(Box::new(condition))
                })
            }
            Kind::Compare(comparison, left, right) => {
                let comparison = if wanted {
                    *comparison
                } else {
                    comparison.negated()
                };
                let (left, right) = (instants(left)?, instants(right)?);
                Ok(Self::Dates(DatePredicate::Compare(comparison, left, right)))
            }
            Kind::IsNull(operand) => Ok(Self::Dates(DatePredicate::IsNull(
                instants(operand)?,
                wanted,
            ))),
            _ => Err(Misplaced),
        }
    }

    /// What has no dates stays together, so that it is compiled once.
    fn join(operands: &[Arc<Node>], wanted: bool, all: bool) -> Result<Self, Misplaced> {
        let (plain, dates): (Vec<_>, Vec<_>) =
            operands.iter().cloned().partition(|operand| !operand.dates);
        let mut conditions = Vec::with_capacity(dates.len() + 1);
        if !plain.is_empty() {
            let kind = if all == wanted {
                Kind::And(plain)
            } else {
                Kind::Or(plain)
            };
            conditions.push(Self::new(&Node::new(kind, Type::Boolean), wanted)?);
        }
        for operand in &dates {
            conditions.push(Self::new(operand, wanted)?);
        }
        Ok(if all {
            Self::All(conditions)
        } else {
            Self::Any(conditions)
        })
    }

    /// The query of the documents for which it is true.
    pub(super) fn query(&self) -> Box<dyn Query> {
        match self {
            Self::Plain(node) => Box::new(DocPredicateQuery::from(PlainPredicate(node.clone()))),
            Self::Dates(predicate) => Box::new(DocPredicateQuery::from(predicate.clone())),
            Self::All(conditions) => boolean(Occur::Must, conditions),
            Self::Any(conditions) => boolean(Occur::Should, conditions),
            Self::Not(condition) => constant(vec![
                (Occur::Must, Box::new(AllQuery)),
                (Occur::MustNot, condition.query()),
            ]),
        }
    }
}

/// A column of dates, or a date.
fn instants(node: &Node) -> Result<Instants, Misplaced> {
    match &node.kind {
        Kind::Column(name) if node.type_ == Type::Date => Ok(Instants::Column(name.clone())),
        Kind::Instant(micros) => Ok(Instants::Literal(*micros)),
        Kind::Null => Ok(Instants::Null),
        _ => Err(Misplaced),
    }
}

fn boolean(occur: Occur, conditions: &[Condition]) -> Box<dyn Query> {
    constant(
        conditions
            .iter()
            .map(|condition| (occur, condition.query()))
            .collect(),
    )
}

/// A filter's score says nothing.
fn constant(clauses: Vec<(Occur, Box<dyn Query>)>) -> Box<dyn Query> {
    let query = Box::new(BooleanQuery::new(clauses));
    Box::new(ConstScoreQuery::new(query, 1.0))
}

/// The documents for which a boolean without dates is true.
#[derive(Debug)]
struct PlainPredicate(Arc<Node>);

impl DocPredicate for PlainPredicate {
    type SegmentDocPredicate = JitExprEvalState;

    fn doc_predicate(
        &self,
        reader: &SegmentReader,
    ) -> tantivy::Result<ConstOrVariableSegmentPredicate<JitExprEvalState>> {
        let condition = segment::lower(reader, |lowering| lowering.holds(&self.0, true))?;
        JitExprPredicate::new(condition.into_expr())
            .map_err(segment::refused)?
            .doc_predicate(reader)
    }
}
