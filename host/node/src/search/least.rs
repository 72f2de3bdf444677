//! `min_score`: hits and aggregations without the documents that score lower.

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

/// Collects documents that score at least so much; all of them if there is no limit.
pub(super) struct AtLeast<C> {
    pub(super) collector: C,
    pub(super) score: Option<Score>,
}

/// The same in a segment.
pub(super) struct SegmentAtLeast<S> {
    collector: S,
    score: Option<Score>,
}

impl<C: Collector> Collector for AtLeast<C> {
    type Fruit = C::Fruit;
    type Child = SegmentAtLeast<C::Child>;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<Self::Child> {
        Ok(SegmentAtLeast {
            collector: self.collector.for_segment(segment, reader)?,
            score: self.score,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.score.is_some() || self.collector.requires_scoring()
    }

    fn merge_fruits(
        &self,
        fruits: Vec<<C::Child as SegmentCollector>::Fruit>,
    ) -> tantivy::Result<C::Fruit> {
        self.collector.merge_fruits(fruits)
    }
}

impl<S: SegmentCollector> SegmentCollector for SegmentAtLeast<S> {
    type Fruit = S::Fruit;

    fn collect(&mut self, document: DocId, score: Score) {
        if self.score.is_none_or(|least| score >= least) {
            self.collector.collect(document, score);
        }
    }

    /// Blocks have no scores, and come only if none are required.
    fn collect_block(&mut self, documents: &[DocId]) {
        self.collector.collect_block(documents);
    }

    fn harvest(self) -> S::Fruit {
        self.collector.harvest()
    }
}
