//! The best hits of a search, by any sort keys.
//!
//! Most hits are not among the best. A hit is compared with the worst of the best so far by its
//! first key, for a block of hits at once, and only what may be better is looked at again. Where all
//! hits of a segment rank alike, as those of filters do, the order of writing decides, and the
//! segment is left as soon as it has no earlier ones.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::mem::{swap, take};
use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::index::SegmentId;
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader, TERMINATED};

use super::rank::Rank;
use super::sort::IndexKey;
use super::values::SegmentKey;
use super::written::{Runs, WritingOrder};
use crate::allowance::{Allowance, Ended};
use crate::computed::{BLOCK_DOCUMENTS, Block};
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
    /// The best score of all hits.
    pub(super) max_score: Option<Score>,
    /// The first hits, in their order.
    pub(super) first: Vec<Candidate>,
}

/// Collects the best hits.
pub(super) struct Best {
    /// How many.
    pub(super) limit: usize,
    pub(super) keys: Vec<IndexKey>,
    /// Whether hits have scores.
    pub(super) scores: bool,
    pub(super) order: WritingOrder,
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
    id: SegmentId,
    limit: usize,
    keys: Vec<SegmentKey>,
    computes: bool,
    /// Whether hits come in the order of writing, as far as the keys say.
    level: bool,
    after: Option<Vec<Rank>>,
    scores: bool,
    written: Column<u64>,
    order: WritingOrder,
    /// Found when they are needed.
    runs: Option<Arc<Runs>>,
    max_score: Option<Score>,
    /// Hits whose formulas are still to be computed.
    waiting: Block,
    /// Whether a UDF has ended the search, or its time or memory is over.
    ended: bool,
    /// The worst of the best on top.
    best: BinaryHeap<Ranked>,
    ranks: Vec<Rank>,
    allowance: Allowance,
    /// What the best hits take, in bytes, and what they took at most.
    bytes: u64,
    taken: u64,
}

impl Best {
    /// The best hits of a segment, all of which score `constant` if that is given.
    ///
    /// # Errors
    ///
    /// A column that cannot be read.
    pub(super) fn for_segment(
        &self,
        segment: SegmentOrdinal,
        reader: &SegmentReader,
        constant: Option<Score>,
    ) -> tantivy::Result<BestOfSegment> {
        let keys = self.keys.iter().map(|key| SegmentKey::open(key, reader));
        let keys: Vec<SegmentKey> = keys.collect::<tantivy::Result<_>>()?;
        let after: Option<Vec<Rank>> = keys.iter().map(|key| key.after.clone()).collect();
        let computes = keys.iter().any(SegmentKey::computes);
        let mut deciding = keys.iter();
        let deciding = deciding.find(|key| !key.is_constant(constant.is_some()));
        let level = deciding.is_none_or(SegmentKey::is_order_of_writing);
        Ok(BestOfSegment {
            segment,
            id: reader.segment_id(),
            limit: self.limit,
            computes,
            // A function is asked about every hit.
            level: level && !computes,
            after: after.filter(|after| !after.is_empty()),
            keys,
            scores: self.scores,
            written: reader.fast_fields().u64(SEQ_NO)?,
            order: self.order.clone(),
            runs: None,
            max_score: None,
            waiting: Block::default(),
            ended: false,
            best: BinaryHeap::new(),
            ranks: Vec::new(),
            allowance: self.allowance.clone(),
            bytes: 0,
            taken: 0,
        })
    }

    /// The best hits of all segments.
    pub(super) fn merge(&self, segments: Vec<BestHits>) -> BestHits {
        let mut all = BestHits::default();
        for BestHits { max_score, first } in segments {
            all.max_score = best_of(all.max_score, max_score);
            all.first.extend(first);
        }
        let order = |left: &Candidate, right: &Candidate| self.order(left, right);
        if self.limit > 0 && all.first.len() > self.limit {
            all.first.select_nth_unstable_by(self.limit - 1, order);
        }
        all.first.truncate(self.limit);
        all.first.sort_by(order);
        all
    }

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

impl BestOfSegment {
    /// Whether it takes no more hits.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The first document from `document` on that may be among the best.
    pub(super) fn next(&mut self, mut document: DocId) -> DocId {
        if self.limit == 0 || self.ended {
            return TERMINATED;
        }
        let worst = self.best.peek().filter(|_| self.best.len() >= self.limit);
        let Some(latest) = worst.filter(|_| self.level).map(|worst| worst.written) else {
            return document;
        };
        let Some(runs) = self.runs() else {
            return TERMINATED;
        };
        while document < self.written.num_docs() {
            if self.written(document) <= latest {
                return document;
            }
            document = runs.end(document);
        }
        TERMINATED
    }

    /// Takes hits in ascending order.
    pub(super) fn collect(&mut self, block: &Block) {
        let (Some(first), Some(last)) = (block.documents.first(), block.documents.last()) else {
            return;
        };
        if self.scores {
            let scores = block.scores.iter().copied();
            self.max_score = best_of(self.max_score, scores.reduce(Score::max));
        }
        if self.next(*first) > *last {
            return;
        }
        if !self.computes {
            self.rank(block);
            return;
        }
        for (document, score) in block.documents.iter().zip(&block.scores) {
            self.waiting.push(*document, *score);
            if self.waiting.len() == BLOCK_DOCUMENTS {
                self.compute();
            }
        }
    }

    /// # Errors
    ///
    /// The search has ended; a text that cannot be read.
    pub(super) fn harvest(mut self) -> tantivy::Result<BestHits> {
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
            max_score: self.max_score,
            first,
        })
    }

    /// Ranks the hits that wait for what their formulas give.
    fn compute(&mut self) {
        let mut block = take(&mut self.waiting);
        if block.len() > 0 {
            self.rank(&block);
        }
        block.clear();
        self.waiting = block;
    }

    /// Keeps those hits of a block that are among the best so far.
    fn rank(&mut self, block: &Block) {
        if self.ended {
            return;
        }
        for (number, key) in self.keys.iter_mut().enumerate() {
            // Of the other keys few values are needed, unless they are computed.
            let needed = number == 0 || key.computes();
            if needed && key.load(&block.documents, &block.scores).is_none() {
                self.ended = true;
                return;
            }
        }
        let mut row = 0;
        while row < block.len() && !self.ended {
            if let Some(worst) = self.best.peek().filter(|_| self.best.len() >= self.limit) {
                let ties = self.keys.len() == 1 && self.runs.as_ref().is_some_and(|it| it.is_one());
                row = self.keys[0].first_before(row, &worst.ranks[0], ties);
                if row == block.len() {
                    return;
                }
            }
            self.offer(block.documents[row], block.scores[row], row);
            row += 1;
        }
    }

    /// Keeps a hit, at a row of the block that was loaded, if it is one of the best so far.
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
        match worst.map(|worst| self.ranks.cmp(&worst.ranks)) {
            Some(Ordering::Greater) => return,
            Some(Ordering::Equal) if self.runs().is_none_or(|runs| runs.is_one()) => return,
            _ => {}
        }
        let mut ranked = Ranked {
            ranks: take(&mut self.ranks),
            written: self.written(document),
            document,
            score_bits: score.to_bits(),
        };
        if !full {
            self.bytes += ranked.bytes();
            self.best.push(ranked);
        } else if let Some(mut worst) = self.best.peek_mut() {
            if ranked < *worst {
                self.bytes += ranked.bytes();
                self.bytes -= worst.bytes();
                swap(&mut ranked, &mut *worst);
            }
            // The memory of the one that is not kept.
            self.ranks = ranked.ranks;
        }
        if self.bytes > self.taken && self.take().is_err() {
            self.ended = true;
        }
    }

    /// Takes the memory of the best hits, and some for those to come.
    fn take(&mut self) -> Result<(), Ended> {
        const AT_ONCE: u64 = 16 << 10;
        let more = (self.bytes - self.taken).max(AT_ONCE);
        self.taken += more;
        self.allowance.take(more)
    }

    /// When a document was written.
    fn written(&self, document: DocId) -> u64 {
        self.written.first(document).unwrap_or_default()
    }

    /// The runs of the segment; `None` if the search's time is over.
    fn runs(&mut self) -> Option<Arc<Runs>> {
        if self.runs.is_none() {
            self.runs = self
                .order
                .of(self.id, &self.written, &self.allowance)
                .inspect_err(|_| self.ended = true)
                .ok();
        }
        self.runs.clone()
    }
}

impl Ranked {
    fn bytes(&self) -> u64 {
        let texts: usize = self.ranks.iter().map(Rank::text_bytes).sum();
        (size_of::<Self>() + self.ranks.len() * size_of::<Rank>() + texts) as u64
    }
}
