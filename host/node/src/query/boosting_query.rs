//! A query that lowers the scores of documents that another query has too; the engine has none.

use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, SegmentReader, TantivyError, Term};

/// The documents of `positive`; the scores of those that `negative` has too are multiplied. What
/// scores `negative` has does not matter, so that it is best one that does not score.
#[derive(Debug)]
pub(super) struct BoostingQuery {
    positive: Box<dyn Query>,
    negative: Box<dyn Query>,
    factor: Score,
}

impl BoostingQuery {
    pub(super) fn new(positive: Box<dyn Query>, negative: Box<dyn Query>, factor: Score) -> Self {
        Self {
            positive,
            negative,
            factor,
        }
    }
}

impl Clone for BoostingQuery {
    fn clone(&self) -> Self {
        Self::new(
            self.positive.box_clone(),
            self.negative.box_clone(),
            self.factor,
        )
    }
}

impl Query for BoostingQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let positive = self.positive.weight(scoring)?;
        if !scoring.is_scoring_enabled() {
            return Ok(positive);
        }
        Ok(Box::new(BoostingWeight {
            positive,
            negative: self.negative.weight(scoring)?,
            factor: self.factor,
        }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.positive.query_terms(visitor);
        self.negative.query_terms(visitor);
    }
}

struct BoostingWeight {
    positive: Box<dyn Weight>,
    negative: Box<dyn Weight>,
    factor: Score,
}

impl Weight for BoostingWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(Box::new(BoostingScorer {
            positive: self.positive.scorer(reader, boost)?,
            negative: self.negative.scorer(reader, 1.0)?,
            factor: self.factor,
        }))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() > doc || scorer.seek(doc) != doc {
            let reason = format!("document #({doc}) does not match");
            return Err(TantivyError::InvalidArgument(reason));
        }
        let mut explanation = Explanation::new("boosting", scorer.score());
        explanation.add_detail(self.positive.explain(reader, doc)?);
        Ok(explanation)
    }

    fn count(&self, reader: &SegmentReader) -> tantivy::Result<u32> {
        self.positive.count(reader)
    }
}

struct BoostingScorer {
    positive: Box<dyn Scorer>,
    negative: Box<dyn Scorer>,
    factor: Score,
}

impl DocSet for BoostingScorer {
    fn advance(&mut self) -> DocId {
        self.positive.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.positive.seek(target)
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        self.positive.seek_danger(target)
    }

    fn doc(&self) -> DocId {
        self.positive.doc()
    }

    fn size_hint(&self) -> u32 {
        self.positive.size_hint()
    }

    fn cost(&self) -> u64 {
        self.positive.cost()
    }
}

impl Scorer for BoostingScorer {
    fn score(&mut self) -> Score {
        let (doc, score) = (self.positive.doc(), self.positive.score());
        if self.negative.doc() < doc {
            self.negative.seek(doc);
        }
        if self.negative.doc() == doc {
            score * self.factor
        } else {
            score
        }
    }
}
