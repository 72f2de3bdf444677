//! Boolean expressions as tantivy's queries.

use std::sync::Arc;

use tantivy::index::SegmentReader;
use tantivy::query::Query;
use tantivy::query::doc_predicate_query::{
    ConstOrVariableSegmentPredicate, DocPredicate, DocPredicateQuery, JitExprEvalState,
    JitExprPredicate,
};

use super::lower::Lowering;
use super::native_source::NativePredicate;
use super::node::Node;
use super::segment;

/// The query of the documents for which a boolean is true.
pub(super) fn query(node: &Arc<Node>) -> Box<dyn Query> {
    let node = Arc::clone(node);
    // A segment that has all columns takes the most steps.
    let fits = !node.native && Lowering::new(&|_, _| true).holds(&node, true).is_ok();
    Box::new(if fits {
        DocPredicateQuery::from(JitPredicate(node))
    } else {
        DocPredicateQuery::from(NativePredicate(node))
    })
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
