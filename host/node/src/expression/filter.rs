//! Boolean expressions as clauses that are computed.

use std::fmt;
use std::sync::Arc;

use tantivy::query::{AllQuery, Query};
use tantivy::{DocId, Score, SegmentReader};

use super::Program;
use super::segment::Segment;
use super::vector::Truth;
use crate::computed::{Computation, Computed, ComputedQuery, Failure, Matcher, Outcome};

/// The documents for which a boolean is true, with a score of 1.
#[derive(Clone, Debug)]
pub(crate) struct Filter(pub(super) Program);

impl Filter {
    /// As a query of its own, which ends when the search's time is over.
    pub(super) fn into_query(self) -> Box<dyn Query> {
        let allowance = self.0.allowance.clone();
        let of = Box::new(Matcher::approximation());
        Box::new(ComputedQuery {
            approximation: Arc::new(AllQuery),
            matcher: Matcher::Computed(of, Arc::new(self)),
            failure: Failure::default(),
            allowance,
        })
    }
}

impl Computed for Filter {
    fn for_segment(
        &self,
        reader: &SegmentReader,
        expected: u32,
    ) -> tantivy::Result<Box<dyn Computation>> {
        let segment = Segment::open(&self.0, reader, expected)?;
        Ok(Box::new(SegmentFilter(segment)))
    }

    fn cost(&self) -> u64 {
        self.0.cost()
    }
}

struct SegmentFilter(Segment);

impl fmt::Debug for SegmentFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SegmentFilter")
    }
}

impl Computation for SegmentFilter {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "a method is of one lifetime, and these are for all"
    )]
    fn compute(&mut self, documents: &[DocId], scores: &[Score]) -> Option<Vec<Outcome>> {
        let mut outcomes = vec![Outcome::No; documents.len()];
        let mut first = 0;
        let mut take = |truth: Truth| {
            for row in truth.yes().set_indices() {
                outcomes[first + row] = Outcome::Yes(1.0);
            }
            first += truth.len();
        };
        let evaluated = self.0.evaluate(
            documents,
            scores,
            |evaluator, node| evaluator.boolean(node),
            &mut take,
        );
        evaluated.ok().map(|()| outcomes)
    }
}
