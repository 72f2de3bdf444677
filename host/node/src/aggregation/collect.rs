//! Aggregations as a collector of hits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::error::AggregationError;
use super::finish::{Budget, finish_all};
use super::partial::Partial;
use super::plan::Plan;
use super::result::AggregationResults;
use super::segment::{Node, blocks_of};
use crate::allowance::{Allowance, Steps};
use crate::computed::BLOCK_DOCUMENTS;

/// What the buckets of a search may take, in bytes: a quarter of what a node has for all requests
/// by default, since many searches run at once. Half a million buckets are merged, sorted and
/// dropped in the time that a search may take beyond its limit.
const MOST_BYTES: u64 = if cfg!(test) { 8 << 20 } else { 64 << 20 };

/// The memory that the aggregations of one search may take, over all of its segments, and the
/// search's own allowance.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    taken: Arc<AtomicU64>,
    pub(super) allowance: Allowance,
}

impl Memory {
    pub(super) fn new(allowance: &Allowance) -> Self {
        Self {
            taken: Arc::default(),
            allowance: allowance.clone(),
        }
    }

    /// Whether so many bytes could be taken.
    pub(super) fn check(&self, bytes: u64) -> Result<(), AggregationError> {
        let limit_bytes = MOST_BYTES;
        let taken = self.taken.load(Ordering::Relaxed);
        if taken.saturating_add(bytes) > limit_bytes {
            return Err(AggregationError::TooMuchMemory { limit_bytes });
        }
        Ok(self.allowance.check()?)
    }

    pub(super) fn take(&self, bytes: u64) -> Result<(), AggregationError> {
        if bytes > 0 {
            self.check(bytes)?;
            self.taken.fetch_add(bytes, Ordering::Relaxed);
            self.allowance.take(bytes)?;
        }
        Ok(())
    }
}

/// Aggregates the hits of a search.
pub(crate) struct Counting {
    plans: Vec<Arc<Plan>>,
    memory: Memory,
}

/// What the hits contribute, by aggregation.
pub(crate) type Counted = Result<Vec<Partial>, AggregationError>;

impl Counting {
    pub(crate) fn new(plans: &[Arc<Plan>], allowance: &Allowance) -> Self {
        Self {
            plans: plans.to_vec(),
            memory: Memory::new(allowance),
        }
    }
}

/// Makes an answer of what was counted.
///
/// # Errors
///
/// It takes too much memory, or would have too many buckets, or the search's time is over.
pub(crate) fn finish(
    plans: &[Arc<Plan>],
    counted: Counted,
    allowance: &Allowance,
) -> Result<AggregationResults, AggregationError> {
    finish_all(plans, counted?, &mut Budget::new(allowance))
}

impl Collector for Counting {
    type Fruit = Counted;
    type Child = CountingSegment;

    fn for_segment(
        &self,
        _: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<CountingSegment> {
        let nodes = self.plans.iter();
        let nodes = nodes.map(|plan| Node::open(plan, reader, true, &self.memory));
        Ok(CountingSegment {
            reader: reader.clone(),
            nodes: nodes.collect::<tantivy::Result<_>>()?,
            waiting: Vec::with_capacity(BLOCK_DOCUMENTS),
            memory: self.memory.clone(),
            failed: None,
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Counted>>) -> tantivy::Result<Counted> {
        let mut by_plan: Vec<Vec<Partial>> = vec![Vec::new(); self.plans.len()];
        for fruit in fruits {
            match fruit? {
                Err(error) => return Ok(Err(error)),
                Ok(partials) => {
                    for (of_plan, partial) in by_plan.iter_mut().zip(partials) {
                        of_plan.push(partial);
                    }
                }
            }
        }
        let mut steps = Steps::new(&self.memory.allowance);
        let merged = self.plans.iter().zip(by_plan);
        let merged = merged.map(|(plan, partials)| Partial::merge(plan, partials, &mut steps));
        Ok(Ok(merged.collect()))
    }
}

/// Aggregates the hits of a segment.
pub(crate) struct CountingSegment {
    reader: SegmentReader,
    nodes: Vec<Node>,
    /// Hits that are not aggregated yet.
    waiting: Vec<DocId>,
    memory: Memory,
    failed: Option<AggregationError>,
}

/// The bucket that hits lie in, outside of all aggregations.
const NO_BUCKETS: [u32; BLOCK_DOCUMENTS] = [0; BLOCK_DOCUMENTS];

impl CountingSegment {
    fn count(&mut self, global: bool) {
        if self.failed.is_none() {
            let around = &NO_BUCKETS[..self.waiting.len()];
            let nodes = self.nodes.iter_mut();
            for node in nodes.filter(|node| node.is_global() == global) {
                if let Err(error) = node.collect(&self.waiting, around, 1, &self.memory) {
                    self.failed = Some(error);
                }
            }
        }
        self.waiting.clear();
    }

    fn finish(mut self) -> tantivy::Result<Counted> {
        self.count(false);
        if self.nodes.iter().any(Node::is_global) {
            let reader = self.reader.clone();
            for block in blocks_of(&reader) {
                self.memory.allowance.check()?;
                self.waiting = block;
                self.count(true);
            }
        }
        if let Some(error) = self.failed {
            return Ok(Err(error));
        }
        let mut partials = Vec::with_capacity(self.nodes.len());
        for node in self.nodes {
            match node.harvest(&self.reader, 1, &self.memory)? {
                Ok(partial) => partials.extend(partial),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(partials))
    }
}

impl SegmentCollector for CountingSegment {
    type Fruit = tantivy::Result<Counted>;

    fn collect(&mut self, document: DocId, _: Score) {
        self.waiting.push(document);
        if self.waiting.len() == BLOCK_DOCUMENTS {
            self.count(false);
        }
    }

    fn collect_block(&mut self, documents: &[DocId]) {
        for block in documents.chunks(BLOCK_DOCUMENTS) {
            if self.waiting.len() + block.len() > BLOCK_DOCUMENTS {
                self.count(false);
            }
            self.waiting.extend_from_slice(block);
        }
    }

    fn harvest(self) -> Self::Fruit {
        self.finish()
    }
}
