//! The best hits of a search, by any sort keys, and how many hits there are.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::mem::take;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

use super::rank::Rank;
use super::sort::IndexKey;
use super::values::SegmentKey;
use crate::allowance::{Allowance, Ended};
use crate::computed::BLOCK_DOCUMENTS;
use crate::mapping::SEQ_NO;
use crate::value::Value;

/// A hit, before its document is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) address: DocAddress,
    pub(super) score: Option<Score>,
    pub(super) sort: Vec<Value>,
    /// The order in which documents were written decides between equals.
    written: u64,
}

/// The best hits.
#[derive(Debug, Default)]
pub(super) struct BestHits {
    /// How many hits there are.
    pub(super) total: usize,
    /// The best score of them all.
    pub(super) max_score: Option<Score>,
    /// The first hits, in their order.
    pub(super) first: Vec<Candidate>,
}

/// Collects the best hits.
pub(super) struct Best {
    /// How many.
    pub(super) limit: usize,
    pub(super) keys: Vec<IndexKey>,
    pub(super) scores: bool,
    pub(super) allowance: Allowance,
}

/// A hit of a segment's best.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    ranks: Vec<Rank>,
    written: u64,
    document: DocId,
    score_bits: u32,
}

/// Collects the best hits of a segment.
pub(super) struct BestOfSegment {
    segment: SegmentOrdinal,
    limit: usize,
    keys: Vec<SegmentKey>,
    computes: bool,
    after: Option<Vec<Rank>>,
    scores: bool,
    written: Column<u64>,
    total: usize,
    max_score: Option<Score>,
    /// Hits whose formulas are still to be computed.
    waiting: Vec<DocId>,
    waiting_scores: Vec<Score>,
    /// Whether a UDF has ended the search.
    ended: bool,
    /// The worst of the best on top.
    best: BinaryHeap<Ranked>,
    ranks: Vec<Rank>,
    allowance: Allowance,
    /// What the best hits take, in bytes, and what they took at most.
    bytes: u64,
    taken: u64,
}

impl Collector for Best {
    type Fruit = BestHits;
    type Child = BestOfSegment;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<BestOfSegment> {
        let keys = self.keys.iter().map(|key| SegmentKey::open(key, reader));
        let keys: Vec<SegmentKey> = keys.collect::<tantivy::Result<_>>()?;
        let after: Option<Vec<Rank>> = keys.iter().map(|key| key.after.clone()).collect();
        Ok(BestOfSegment {
            segment,
            limit: self.limit,
            computes: keys.iter().any(SegmentKey::computes),
            after: after.filter(|after| !after.is_empty()),
            keys,
            scores: self.scores,
            written: reader.fast_fields().u64(SEQ_NO)?,
            total: 0,
            max_score: None,
            waiting: Vec::new(),
            waiting_scores: Vec::new(),
            ended: false,
            best: BinaryHeap::new(),
            ranks: Vec::new(),
            allowance: self.allowance.clone(),
            bytes: 0,
            taken: 0,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.scores
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<BestHits>>) -> tantivy::Result<BestHits> {
        let mut all = BestHits::default();
        for fruit in fruits {
            let BestHits {
                total,
                max_score,
                first,
            } = fruit?;
            all.total += total;
            all.max_score = best_of(all.max_score, max_score);
            all.first.extend(first);
        }
        let order = |left: &Candidate, right: &Candidate| self.order(left, right);
        if self.limit > 0 && all.first.len() > self.limit {
            all.first.select_nth_unstable_by(self.limit - 1, order);
        }
        all.first.truncate(self.limit);
        all.first.sort_by(order);
        Ok(all)
    }
}

impl Best {
    fn order(&self, left: &Candidate, right: &Candidate) -> Ordering {
        let values = self.keys.iter().zip(left.sort.iter().zip(&right.sort));
        let mut orders = values.map(|(key, (left, right))| key.compare(left, right));
        let by_keys = orders.find(|order| order.is_ne());
        by_keys.unwrap_or_else(|| left.written.cmp(&right.written))
    }
}

fn best_of(left: Option<Score>, right: Option<Score>) -> Option<Score> {
    [left, right].into_iter().flatten().reduce(Score::max)
}

impl SegmentCollector for BestOfSegment {
    type Fruit = tantivy::Result<BestHits>;

    fn collect(&mut self, document: DocId, score: Score) {
        // A zero has no sign: which one a sum has depends on how tantivy adds.
        let score = score + 0.0;
        self.total += 1;
        if self.scores {
            self.max_score = best_of(self.max_score, Some(score));
        }
        if self.limit == 0 {
            return;
        }
        if self.computes {
            self.waiting.push(document);
            self.waiting_scores.push(score);
            if self.waiting.len() == BLOCK_DOCUMENTS {
                self.compute();
            }
        } else {
            self.offer(document, score, 0);
        }
    }

    fn harvest(mut self) -> tantivy::Result<BestHits> {
        self.compute();
        self.allowance.check()?;
        let candidate = size_of::<Candidate>() + self.keys.len() * size_of::<Value>();
        self.allowance.take((self.best.len() * candidate) as u64)?;
        let mut first = Vec::with_capacity(self.best.len());
        for ranked in self.best {
            let score = Score::from_bits(ranked.score_bits);
            let keys = self.keys.iter().zip(&ranked.ranks);
            let sort = keys.map(|(key, rank)| {
                let value = key.value(rank)?;
                self.allowance.take(value.text_bytes())?;
                Ok(value)
            });
            first.push(Candidate {
                address: DocAddress::new(self.segment, ranked.document),
                score: self.scores.then_some(score),
                sort: sort.collect::<tantivy::Result<_>>()?,
                written: ranked.written,
            });
        }
        Ok(BestHits {
            total: self.total,
            max_score: self.max_score,
            first,
        })
    }
}

impl BestOfSegment {
    /// Computes the sort values of hits that wait for them, and offers the hits.
    fn compute(&mut self) {
        let (documents, scores) = (take(&mut self.waiting), take(&mut self.waiting_scores));
        if self.ended || documents.is_empty() {
            return;
        }
        for key in &mut self.keys {
            if key.load(&documents, &scores).is_none() {
                self.ended = true;
                return;
            }
        }
        for (row, (document, score)) in documents.iter().zip(&scores).enumerate() {
            self.offer(*document, *score, row);
        }
    }

    /// Keeps a hit, at a row of the block that was computed, if it is one of the best so far.
    fn offer(&mut self, document: DocId, score: Score, row: usize) {
        self.ranks.clear();
        let keys = self.keys.iter_mut();
        self.ranks
            .extend(keys.map(|key| key.rank(document, score, row)));
        if self
            .after
            .as_ref()
            .is_some_and(|after| self.ranks <= *after)
        {
            return;
        }
        let full = self.best.len() >= self.limit;
        let worst = self.best.peek().filter(|_| full);
        if worst.is_some_and(|worst| self.ranks > worst.ranks) {
            return;
        }
        let ranked = Ranked {
            ranks: self.ranks.clone(),
            written: self.written.first(document).unwrap_or_default(),
            document,
            score_bits: score.to_bits(),
        };
        if worst.is_some_and(|worst| ranked > *worst) {
            return;
        }
        self.bytes += ranked.bytes();
        if let Some(worse) = full.then(|| self.best.pop()).flatten() {
            self.bytes -= worse.bytes();
        }
        self.best.push(ranked);
        if self.bytes > self.taken && self.take().is_err() {
            self.ended = true;
            self.limit = 0;
        }
    }

    /// Takes the memory of the best hits, and some for those to come.
    fn take(&mut self) -> Result<(), Ended> {
        const AT_ONCE: u64 = 16 << 10;
        let more = (self.bytes - self.taken).max(AT_ONCE);
        self.taken += more;
        self.allowance.take(more)
    }
}

impl Ranked {
    fn bytes(&self) -> u64 {
        let texts: usize = self.ranks.iter().map(Rank::text_bytes).sum();
        (size_of::<Self>() + self.ranks.len() * size_of::<Rank>() + texts) as u64
    }
}
