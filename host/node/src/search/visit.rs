//! A search at work on a segment: visits the query's documents in blocks, counts them, and hands
//! them to what collects the page and the aggregations.
//!
//! A segment is left as soon as nobody needs more of it: no hit to come can be among the best, the
//! total is known or past its limit, and nothing is aggregated. Scores are asked for only if
//! something reads them.
//!
//! tantivy's pruning of blocks that score low (block-max WAND) is not used. The bound that a segment
//! has for a block is that of the document which scored best by the average length of texts when the
//! segment was written; by the average over all segments another document may score better, and
//! would be missed.

use std::sync::atomic::{AtomicUsize, Ordering};

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::query::{EnableScoring, Scorer, Weight};
use tantivy::{DocId, Score, Searcher, SegmentOrdinal, SegmentReader, TERMINATED};

use super::collect::{Best, BestHits};
use crate::aggregation::{Counted, Counting};
use crate::allowance::{Allowance, Steps};
use crate::computed::{Block, Blocks, ComputedScorer, STEP_DOCUMENTS};
use crate::query::{ConstantScore, NativeQuery, Query};
use crate::request::SearchRequest;

/// How many documents are visited, and then handed on, at once.
const VISITED: usize = 8 * STEP_DOCUMENTS;

/// A search, ready for the segments.
pub(super) struct Visit {
    weight: Box<dyn Weight>,
    /// Whether something reads the scores.
    scores: bool,
    best: Best,
    counting: Option<Counting>,
    min_score: Option<Score>,
    total: Total,
    count: Count,
    /// Whether all hits are visited, even if nobody needs them.
    visits_all: bool,
    allowance: Allowance,
}

/// How many hits there are, as far as somebody wants to know.
struct Total {
    so_far: AtomicUsize,
    /// How many are enough to know.
    enough: usize,
}

/// What a search found in a segment.
pub(super) type Found = (BestHits, Option<tantivy::Result<Counted>>);

impl Total {
    fn add(&self, hits: usize) {
        self.so_far.fetch_add(hits, Ordering::Relaxed);
    }

    fn is_known(&self) -> bool {
        self.so_far.load(Ordering::Relaxed) >= self.enough
    }
}

/// What is left of a segment's documents.
pub(super) enum Walk {
    Native(Blocks),
    /// A query with functions comes in blocks of its own, without deleted documents.
    Computed(Box<ComputedScorer>),
}

impl Visit {
    /// # Errors
    ///
    /// tantivy refuses the query.
    pub(super) fn new(
        searcher: &Searcher,
        query: &NativeQuery,
        best: Best,
        counting: Option<Counting>,
        request: &SearchRequest,
        allowance: &Allowance,
    ) -> tantivy::Result<Self> {
        let scores = best.scores || request.min_score.is_some();
        let scoring = if scores {
            EnableScoring::enabled_from_searcher(searcher)
        } else {
            EnableScoring::disabled_from_searcher(searcher)
        };
        let enough = match request.total_hits_limit {
            _ if !request.track_total_hits => 0,
            // One more tells that there are more.
            Some(limit) => limit.saturating_add(1),
            None => usize::MAX,
        };
        Ok(Self {
            weight: query.weight(scoring)?,
            scores,
            best,
            counting,
            min_score: request.min_score,
            total: Total {
                so_far: AtomicUsize::new(0),
                enough,
            },
            count: match request.min_score {
                None => Count::of(&request.query),
                Some(_) => Count::Visits,
            },
            // A profile shows what each clause has in all.
            visits_all: request.profile,
            allowance: allowance.clone(),
        })
    }

    /// Searches a segment.
    ///
    /// # Errors
    ///
    /// The end of the search, and what cannot be read.
    pub(super) fn segment(
        &self,
        ordinal: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<Found> {
        self.allowance.check()?;
        let known = self.known(reader)?;
        self.total.add(known.unwrap_or_default());
        if known.is_some() && self.best.limit == 0 && self.counting.is_none() {
            return Ok(Found::default());
        }
        let mut walk = Walk::new(self.weight.scorer(reader, 1.0)?, reader, self.scores);
        let constant = walk.constant();
        let mut best = self.best.for_segment(ordinal, reader, constant)?;
        let counting = self.counting.as_ref();
        let mut counting = counting
            .map(|counting| counting.for_segment(ordinal, reader))
            .transpose()?;
        let may_leave = counting.is_none() && !self.visits_all && constant.is_some();
        let mut steps = Steps::new(&self.allowance);
        let (mut block, mut next, mut more) = (Block::default(), 0, true);
        while more && !best.has_ended() {
            if may_leave && (known.is_some() || self.total.is_known()) {
                let least = best.next(next);
                if least == TERMINATED {
                    break;
                }
                walk.seek(least);
            }
            more = walk.fill(&mut block, &mut steps)?;
            let Some(last) = block.documents.last() else {
                continue;
            };
            next = last + 1;
            for score in &mut block.scores {
                // A zero has no sign: which one a sum has depends on how tantivy adds.
                *score += 0.0;
            }
            if let Some(least) = self.min_score {
                block.keep_from(least);
            }
            if known.is_none() {
                self.total.add(block.len());
            }
            best.collect(&block);
            if let Some(counting) = &mut counting {
                counting.collect_block(&block.documents);
            }
        }
        drop(walk);
        let best = best.harvest()?;
        Ok((best, counting.map(SegmentCollector::harvest)))
    }

    /// What the search found in all segments: how many hits, the best, and what was counted.
    ///
    /// # Errors
    ///
    /// What ended a segment's aggregations.
    pub(super) fn merge(
        self,
        found: Vec<Found>,
    ) -> tantivy::Result<(usize, BestHits, Option<Counted>)> {
        let (best, counted): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let counted = counted.into_iter().flatten().collect();
        let counting = self.counting.map(|counting| counting.merge_fruits(counted));
        let total = self.total.so_far.into_inner();
        Ok((total, self.best.merge(best), counting.transpose()?))
    }

    /// How many hits a segment has, if that is known without a look at them.
    fn known(&self, reader: &SegmentReader) -> tantivy::Result<Option<usize>> {
        Ok(match self.count {
            _ if self.visits_all => None,
            Count::Documents => Some(reader.num_docs() as usize),
            Count::Postings if !reader.has_deletes() => Some(self.weight.count(reader)? as usize),
            Count::Postings | Count::Visits => None,
        })
    }
}

impl Walk {
    pub(super) fn new(scorer: Box<dyn Scorer>, reader: &SegmentReader, scores: bool) -> Self {
        match scorer.downcast::<ComputedScorer>() {
            Ok(computed) => Self::Computed(computed),
            Err(scorer) => Self::Native(Blocks::new(scorer, reader, scores)),
        }
    }

    /// The score of all documents, if they have one score. Those of a query with functions are all
    /// visited: each is one that a function is asked about, or fails for.
    fn constant(&self) -> Option<Score> {
        match self {
            Self::Native(blocks) => blocks.constant(),
            Self::Computed(_) => None,
        }
    }

    fn seek(&mut self, document: DocId) {
        match self {
            Self::Native(blocks) => blocks.seek(document),
            Self::Computed(_) => {}
        }
    }

    /// Fills a block with the next documents; whether there may be more. It may stay empty.
    pub(super) fn fill(&mut self, block: &mut Block, steps: &mut Steps) -> tantivy::Result<bool> {
        match self {
            Self::Native(blocks) => {
                block.clear();
                // Scores take time.
                let cost = blocks.constant().map_or(STEP_DOCUMENTS, |_| CHEAP_STEPS);
                for _ in 0..VISITED / STEP_DOCUMENTS {
                    steps.check(cost)?;
                    if !blocks.append(block) {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Computed(computed) => {
                computed.take(block);
                Ok(block.len() > 0)
            }
        }
    }
}

/// How many steps [`STEP_DOCUMENTS`] count as if their scores are known.
const CHEAP_STEPS: usize = 16;

/// What knows how many documents match a query.
#[derive(Debug, Clone, Copy)]
enum Count {
    /// All documents match.
    Documents,
    /// A list of documents does, unless some are deleted.
    Postings,
    /// Nothing does, before they are visited.
    Visits,
}

impl Count {
    fn of(query: &Query) -> Self {
        match query {
            Query::MatchAll(_) => Self::Documents,
            Query::Term(_) => Self::Postings,
            Query::ConstantScore(ConstantScore { filter, .. }) => Self::of(filter),
            _ => Self::Visits,
        }
    }
}
