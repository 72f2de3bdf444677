//! Queries that end with their search's time.
//!
//! tantivy's iterators look for the next document for as long as it takes: an intersection of two
//! clauses that have no document in common walks through both, and so it does before it has found
//! its first. It walks by asking its clauses, so that they look at the clock in its place, and have
//! no more documents when the time is over. What cannot be asked so is a phrase, whose words are
//! its own: it is walked in steps, by asking it about one document at a time.
//!
//! The price is one more call a document. Terms that stand alone, and unions of them, pay nothing:
//! whoever collects their documents looks at the clock.

use tantivy::query::{AllScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, Term};

use super::native::NativeQuery;
use crate::allowance::{Allowance, Steps};

/// How a query is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// It does not begin a segment when the time is over.
    Begin,
    /// It has no more documents when the time is over.
    Walk,
    /// It is asked about one document at a time.
    Ask,
}

/// The documents of another query, until the search's time is over.
#[derive(Debug)]
pub(super) struct WatchfulQuery {
    query: NativeQuery,
    how: How,
    allowance: Allowance,
}

impl WatchfulQuery {
    fn new(query: NativeQuery, how: How, allowance: &Allowance) -> NativeQuery {
        let allowance = allowance.clone();
        Box::new(Self {
            query,
            how,
            allowance,
        })
    }

    /// A query that takes its time where it begins a segment.
    pub(super) fn begins(query: NativeQuery, allowance: &Allowance) -> NativeQuery {
        Self::new(query, How::Begin, allowance)
    }

    /// A query that another one walks through in search of documents that both have.
    pub(super) fn walked(query: NativeQuery, allowance: &Allowance) -> NativeQuery {
        Self::new(query, How::Walk, allowance)
    }

    /// A query that looks for its own next document, and can be asked about one instead.
    pub(super) fn asked(query: NativeQuery, allowance: &Allowance) -> NativeQuery {
        Self::new(query, How::Ask, allowance)
    }
}

impl Clone for WatchfulQuery {
    fn clone(&self) -> Self {
        Self {
            query: self.query.box_clone(),
            how: self.how,
            allowance: self.allowance.clone(),
        }
    }
}

impl Query for WatchfulQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        self.allowance.check()?;
        Ok(Box::new(WatchfulWeight {
            weight: self.query.weight(scoring)?,
            how: self.how,
            allowance: self.allowance.clone(),
        }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.query.query_terms(visitor);
    }
}

struct WatchfulWeight {
    weight: Box<dyn Weight>,
    how: How,
    allowance: Allowance,
}

impl WatchfulWeight {
    fn watched(&self, scorer: Box<dyn Scorer>) -> Box<dyn Scorer> {
        // What has all documents, or none, tantivy takes out of an intersection.
        if self.how == How::Begin || scorer.is::<AllScorer>() || scorer.is::<EmptyScorer>() {
            return scorer;
        }
        let steps = Steps::new(&self.allowance);
        Box::new(WalkedScorer { scorer, steps })
    }
}

impl Weight for WatchfulWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        self.allowance.check()?;
        if self.how != How::Ask {
            return Ok(self.watched(self.weight.scorer(reader, boost)?));
        }
        let (first, scorer) = self.weight.scorer_danger(reader, 0, boost)?;
        let mut scorer = AskedScorer {
            scorer,
            document: 0,
            steps: Steps::new(&self.allowance),
        };
        if let SeekDangerResult::SeekLowerBound(least) = first {
            scorer.find(least);
        }
        Ok(Box::new(scorer))
    }

    fn scorer_danger(
        &self,
        reader: &SegmentReader,
        target: DocId,
        boost: Score,
    ) -> tantivy::Result<(SeekDangerResult, Box<dyn Scorer>)> {
        self.allowance.check()?;
        let (result, scorer) = self.weight.scorer_danger(reader, target, boost)?;
        if self.how != How::Ask {
            return Ok((result, self.watched(scorer)));
        }
        let scorer = AskedScorer {
            scorer,
            document: target,
            steps: Steps::new(&self.allowance),
        };
        Ok((result, Box::new(scorer)))
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        self.weight.explain(reader, document)
    }

    fn count(&self, reader: &SegmentReader) -> tantivy::Result<u32> {
        self.weight.count(reader)
    }
}

/// Has no more documents when the time is over.
struct WalkedScorer {
    scorer: Box<dyn Scorer>,
    steps: Steps,
}

impl DocSet for WalkedScorer {
    #[inline]
    fn advance(&mut self) -> DocId {
        if self.steps.goes_on(1) {
            self.scorer.advance()
        } else {
            TERMINATED
        }
    }

    #[inline]
    fn seek(&mut self, target: DocId) -> DocId {
        if self.steps.goes_on(1) {
            self.scorer.seek(target)
        } else {
            TERMINATED
        }
    }

    #[inline]
    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if self.steps.goes_on(1) {
            self.scorer.seek_danger(target)
        } else {
            SeekDangerResult::SeekLowerBound(TERMINATED)
        }
    }

    #[inline]
    fn doc(&self) -> DocId {
        if self.steps.are_over() {
            TERMINATED
        } else {
            self.scorer.doc()
        }
    }

    fn size_hint(&self) -> u32 {
        self.scorer.size_hint()
    }

    fn cost(&self) -> u64 {
        self.scorer.cost()
    }
}

impl Scorer for WalkedScorer {
    #[inline]
    fn score(&mut self) -> Score {
        self.scorer.score()
    }
}

/// Finds its next document by asking about one after the other.
struct AskedScorer {
    scorer: Box<dyn Scorer>,
    /// Where it stands.
    document: DocId,
    steps: Steps,
}

impl AskedScorer {
    /// Goes to the first document from `least` on.
    fn find(&mut self, mut least: DocId) -> DocId {
        while least < TERMINATED {
            match self.seek_danger(least) {
                SeekDangerResult::Found => return least,
                SeekDangerResult::SeekLowerBound(next) => least = next,
            }
        }
        self.document = TERMINATED;
        TERMINATED
    }
}

impl DocSet for AskedScorer {
    fn advance(&mut self) -> DocId {
        self.find(self.document.saturating_add(1))
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if target <= self.document {
            return self.document;
        }
        self.find(target)
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= TERMINATED || !self.steps.goes_on(1) {
            self.document = TERMINATED;
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        let result = self.scorer.seek_danger(target);
        if result == SeekDangerResult::Found {
            self.document = target;
        }
        result
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        self.scorer.size_hint()
    }

    fn cost(&self) -> u64 {
        self.scorer.cost()
    }
}

impl Scorer for AskedScorer {
    fn score(&mut self) -> Score {
        self.scorer.score()
    }
}
