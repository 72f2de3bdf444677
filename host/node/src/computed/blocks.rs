//! The documents of a scorer in blocks, without those that are deleted.
//!
//! Where all documents have one score, as those of filters do, nobody asks for it document by
//! document.

use tantivy::fastfield::AliveBitSet;
use tantivy::query::{AllScorer, ConstScorer, EmptyScorer, Scorer};
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, Score, SegmentReader, TERMINATED};

/// How many documents are visited in one step.
pub(crate) const STEP_DOCUMENTS: usize = COLLECT_BLOCK_BUFFER_LEN;

/// Documents in ascending order, and their scores.
#[derive(Debug, Clone, Default)]
pub(crate) struct Block {
    pub(crate) documents: Vec<DocId>,
    pub(crate) scores: Vec<Score>,
}

/// The documents of a segment that a scorer has, in blocks.
pub(crate) struct Blocks {
    scorer: Box<dyn Scorer>,
    alive: Option<AliveBitSet>,
    /// The score of all documents.
    constant: Option<Score>,
}

impl Block {
    pub(crate) fn clear(&mut self) {
        self.documents.clear();
        self.scores.clear();
    }

    pub(crate) fn push(&mut self, document: DocId, score: Score) {
        self.documents.push(document);
        self.scores.push(score);
    }

    pub(crate) fn len(&self) -> usize {
        self.documents.len()
    }

    /// Keeps the documents that score at least so much.
    pub(crate) fn keep_from(&mut self, least: Score) {
        let mut kept = 0;
        for row in 0..self.len() {
            if self.scores[row] >= least {
                self.documents[kept] = self.documents[row];
                self.scores[kept] = self.scores[row];
                kept += 1;
            }
        }
        self.documents.truncate(kept);
        self.scores.truncate(kept);
    }
}

impl Blocks {
    /// The documents from the first on; with scores of 0 if nobody reads the scores.
    pub(crate) fn new(mut scorer: Box<dyn Scorer>, reader: &SegmentReader, scores: bool) -> Self {
        let constant = if scores {
            constant_score(&mut *scorer)
        } else {
            Some(0.0)
        };
        Self {
            scorer,
            alive: reader.alive_bitset().cloned(),
            constant,
        }
    }

    /// The documents from the first on, with one score.
    pub(super) fn of_one_score(
        scorer: Box<dyn Scorer>,
        reader: &SegmentReader,
        score: Score,
    ) -> Self {
        Self {
            scorer,
            alive: reader.alive_bitset().cloned(),
            constant: Some(score),
        }
    }

    /// The score of all documents, if they are all of the segment's.
    pub(super) fn of_all(&self) -> Option<Score> {
        self.constant
            .filter(|_| self.scorer.is::<ConstScorer<AllScorer>>() || self.scorer.is::<AllScorer>())
    }

    /// The score of all documents, if they have one score.
    pub(crate) fn constant(&self) -> Option<Score> {
        self.constant
    }

    /// About how many documents there are.
    pub(crate) fn size_hint(&self) -> u32 {
        self.scorer.size_hint()
    }

    pub(crate) fn cost(&self) -> u64 {
        self.scorer.cost()
    }

    /// Visits [`STEP_DOCUMENTS`] documents and appends those that are not deleted; whether there may
    /// be more.
    pub(crate) fn append(&mut self, block: &mut Block) -> bool {
        match self.constant {
            Some(score) => self.append_constant(block, score),
            None => self.append_scored(block),
        }
    }

    /// Goes to the first document from `target` on, if it is not there yet.
    pub(crate) fn seek(&mut self, target: DocId) {
        if self.scorer.doc() < target {
            self.scorer.seek(target);
        }
    }

    fn append_constant(&mut self, block: &mut Block, score: Score) -> bool {
        let mut buffer = [0; STEP_DOCUMENTS];
        let visited = self.scorer.fill_buffer(&mut buffer);
        let documents = &buffer[..visited];
        match &self.alive {
            None => block.documents.extend_from_slice(documents),
            Some(alive) => {
                let documents = documents.iter().copied();
                let documents = documents.filter(|document| alive.is_alive(*document));
                block.documents.extend(documents);
            }
        }
        block.scores.resize(block.len(), score);
        visited == STEP_DOCUMENTS
    }

    fn append_scored(&mut self, block: &mut Block) -> bool {
        let (mut documents, mut scores) = ([0; STEP_DOCUMENTS], [0.0; STEP_DOCUMENTS]);
        let (mut visited, mut kept) = (0, 0);
        let mut document = self.scorer.doc();
        while visited < STEP_DOCUMENTS && document != TERMINATED {
            let alive = self.alive.as_ref();
            if alive.is_none_or(|alive| alive.is_alive(document)) {
                documents[kept] = document;
                scores[kept] = self.scorer.score();
                kept += 1;
            }
            visited += 1;
            document = self.scorer.advance();
        }
        block.documents.extend_from_slice(&documents[..kept]);
        block.scores.extend_from_slice(&scores[..kept]);
        visited == STEP_DOCUMENTS
    }
}

/// The score of all documents of a scorer, if it is one of those that have one score.
fn constant_score(scorer: &mut dyn Scorer) -> Option<Score> {
    let is_constant = scorer.is::<ConstScorer<Box<dyn Scorer>>>()
        || scorer.is::<ConstScorer<AllScorer>>()
        || scorer.is::<AllScorer>()
        || scorer.is::<EmptyScorer>();
    is_constant.then(|| scorer.score())
}
