//! Boolean expressions as tantivy's queries.

use std::sync::Arc;

use tantivy::DocId;
use tantivy::index::SegmentReader;
use tantivy::query::Query;
use tantivy::query::doc_predicate_query::{
    ConstOrVariableSegmentPredicate, DocPredicate, DocPredicateQuery, JitExprEvalState,
    JitExprPredicate, SegmentDocPredicate,
};

use super::lower::Lowering;
use super::native_source::NativePredicate;
use super::node::Node;
use super::segment;
use crate::allowance::{Allowance, Steps};

/// How many steps one evaluation without the jit counts as: it may look at long texts.
const NATIVE_STEPS: u32 = 16;

/// The query of the documents for which a boolean is true, until the search's time is over.
pub(super) fn query(node: &Arc<Node>, allowance: &Allowance) -> Box<dyn Query> {
    let (node, allowance) = (Arc::clone(node), allowance.clone());
    // A segment that has all columns takes the most steps.
    let fits = !node.native && Lowering::new(&|_, _| true).holds(&node, true).is_ok();
    Box::new(if fits {
        DocPredicateQuery::from(Timely {
            predicate: JitPredicate(node),
            steps: 1,
            allowance,
        })
    } else {
        DocPredicateQuery::from(Timely {
            predicate: NativePredicate(node),
            steps: NATIVE_STEPS,
            allowance,
        })
    })
}

/// A predicate that is true when the search's time is over, so that tantivy stops looking for the
/// next match.
#[derive(Debug)]
struct Timely<P> {
    predicate: P,
    /// How many steps an evaluation counts as.
    steps: u32,
    allowance: Allowance,
}

/// The same in a segment.
struct SegmentTimely<P> {
    predicate: P,
    each: u32,
    steps: Steps,
}

impl<P: DocPredicate> DocPredicate for Timely<P> {
    type SegmentDocPredicate = SegmentTimely<P::SegmentDocPredicate>;

    fn doc_predicate(
        &self,
        reader: &SegmentReader,
    ) -> tantivy::Result<ConstOrVariableSegmentPredicate<Self::SegmentDocPredicate>> {
        Ok(match self.predicate.doc_predicate(reader)? {
            ConstOrVariableSegmentPredicate::Const(always) => {
                ConstOrVariableSegmentPredicate::Const(always)
            }
            ConstOrVariableSegmentPredicate::Variable {
                predicate,
                necessary_condition,
            } => ConstOrVariableSegmentPredicate::Variable {
                predicate: SegmentTimely {
                    predicate,
                    each: self.steps,
                    steps: Steps::new(&self.allowance),
                },
                necessary_condition,
            },
        })
    }
}

impl<P: SegmentDocPredicate> SegmentDocPredicate for SegmentTimely<P> {
    #[inline]
    fn eval(&mut self, document: DocId) -> bool {
        !self.steps.goes_on(self.each) || self.predicate.eval(document)
    }

    fn cost(&self) -> u64 {
        self.predicate.cost()
    }
}

/// The documents for which a boolean is true, by tantivy's jit.
#[derive(Debug)]
struct JitPredicate(Arc<Node>);

impl DocPredicate for JitPredicate {
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
