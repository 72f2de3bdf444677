//! Clauses that are computed: what no index answers, in the place of any clause of a query.
//!
//! A UDF, or an expression that scores, is expensive and wants many documents at once; an index
//! answers one clause at a time, document after document. So a query with such clauses runs in two
//! phases, as Lucene's `TwoPhaseIterator` does, but in blocks: an *approximation*, made of the
//! clauses that the index answers, gives candidates, which are a superset of the matches; and for
//! each block of [`BLOCK_DOCUMENTS`] candidates a [`Matcher`], of the query's own shape, says which
//! of them match and with what score. Cheap clauses cut a block down before a computed one sees it.
//!
//! The price: under `should` a document may be looked at by clauses that another one made
//! unnecessary, and the score of an index clause there is asked for one document at a time.
//!
//! Knows nothing of the query language, nor of what computes.

mod blocks;
mod matcher;
mod query;
mod watch;

use std::fmt::Debug;

use tantivy::query::Scorer;
use tantivy::{DocId, Score, SegmentReader};

pub(crate) use blocks::{Block, Blocks, STEP_DOCUMENTS};
pub(crate) use matcher::{Bool, Matcher};
pub(crate) use query::{ComputedQuery, ComputedScorer, Failure};
pub(crate) use watch::{Watch, WatchedQuery};

/// How many documents are computed at once.
pub(crate) const BLOCK_DOCUMENTS: usize = 1024;

/// What a document comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    /// It does not match.
    No,
    /// It matches with a score.
    Yes(Score),
}

/// A computed clause of a query.
pub(crate) trait Computed: Debug + Send + Sync + 'static {
    /// Makes it ready for a segment's documents, of which about so many will be asked for.
    fn for_segment(
        &self,
        reader: &SegmentReader,
        expected: u32,
    ) -> tantivy::Result<Box<dyn Computation>>;

    /// What its functions cost a document, in nanoseconds: clauses that cost less come first. The
    /// default: it has no functions, and comes before all clauses that have.
    fn cost(&self) -> u64 {
        0
    }
}

/// A computed clause at work on a segment.
pub(crate) trait Computation: Send {
    /// Computes documents, in ascending order, with the scores that the clause's own query gave
    /// them: an outcome for each. `None` ends the search; whoever computes has told why.
    fn compute(&mut self, documents: &[DocId], scores: &[Score]) -> Option<Vec<Outcome>>;

    /// All documents of the segment from one on that match, if an index knows them by now and they
    /// keep their scores. They may include deleted ones. The documents from there on then count as
    /// computed. The default: no index.
    fn rest(&mut self, from: DocId) -> tantivy::Result<Option<Box<dyn Scorer>>> {
        let _ = from;
        Ok(None)
    }
}
