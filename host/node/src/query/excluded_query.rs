//! A query that can be asked about documents it has passed; what is excluded is asked so.
//!
//! The engine asks an exclusion about each candidate, also about those before the document that it
//! stands at. Its scan of a column subtracts the last document that it was asked about from the
//! next, and panics where overflows are checked. Here the answer is given without asking.

use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, SegmentReader, Term};

use super::native::NativeQuery;
use crate::allowance::{Allowance, Steps};

/// The documents of another query.
#[derive(Debug)]
pub(super) struct ExcludedQuery {
    pub(super) query: NativeQuery,
    pub(super) allowance: Allowance,
}

impl Clone for ExcludedQuery {
    fn clone(&self) -> Self {
        Self {
            query: self.query.box_clone(),
            allowance: self.allowance.clone(),
        }
    }
}

impl Query for ExcludedQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(ExcludedWeight {
            weight: self.query.weight(scoring)?,
            allowance: self.allowance.clone(),
        }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.query.query_terms(visitor);
    }
}

struct ExcludedWeight {
    weight: Box<dyn Weight>,
    allowance: Allowance,
}

impl Weight for ExcludedWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(Box::new(ExcludedScorer {
            scorer: self.weight.scorer(reader, boost)?,
            steps: Steps::new(&self.allowance),
        }))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        self.weight.explain(reader, doc)
    }

    fn count(&self, reader: &SegmentReader) -> tantivy::Result<u32> {
        self.weight.count(reader)
    }
}

/// Its `seek_danger` compares with where it stands first. When the search's time is over it excludes
/// nothing, so that the search for a document that is not excluded ends.
struct ExcludedScorer {
    scorer: Box<dyn Scorer>,
    steps: Steps,
}

impl DocSet for ExcludedScorer {
    fn advance(&mut self) -> DocId {
        self.scorer.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.scorer.seek(target)
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if !self.steps.goes_on(1) {
            return SeekDangerResult::SeekLowerBound(target.saturating_add(1));
        }
        let mut document = self.scorer.doc();
        if document < target {
            document = self.scorer.seek(target);
        }
        if document == target {
            SeekDangerResult::Found
        } else {
            SeekDangerResult::SeekLowerBound(document)
        }
    }

    fn doc(&self) -> DocId {
        self.scorer.doc()
    }

    fn size_hint(&self) -> u32 {
        self.scorer.size_hint()
    }

    fn cost(&self) -> u64 {
        self.scorer.cost()
    }
}

impl Scorer for ExcludedScorer {
    fn score(&mut self) -> Score {
        self.scorer.score()
    }
}
