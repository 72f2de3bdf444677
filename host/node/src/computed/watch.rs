//! Watching clauses at work: for how long each was asked, about how many documents, and how many it
//! had.
//!
//! Every question is timed, which costs more than most answers: for a look at one search, not for
//! all of them. A clause's time includes that of the clauses inside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, Term};

/// Watches a clause, in all segments. Clones watch the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    documents_in: AtomicU64,
    documents_out: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Watch {
    /// About how many documents it was asked, or how often for the next one.
    pub(crate) fn documents_in(&self) -> u64 {
        self.0.documents_in.load(Ordering::Relaxed)
    }

    /// How many documents it had.
    pub(crate) fn documents_out(&self) -> u64 {
        self.0.documents_out.load(Ordering::Relaxed)
    }

    /// How long that took, over all threads.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_nanos(self.0.nanoseconds.load(Ordering::Relaxed))
    }

    pub(super) fn saw(&self, documents_in: usize, documents_out: usize, since: Instant) {
        let add = |counter: &AtomicU64, more: u64| counter.fetch_add(more, Ordering::Relaxed);
        add(&self.0.documents_in, documents_in as u64);
        add(&self.0.documents_out, documents_out as u64);
        let took = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        add(&self.0.nanoseconds, took);
    }
}

/// A clause that the index answers, watched.
#[derive(Debug)]
pub(crate) struct WatchedQuery {
    pub(crate) query: Box<dyn Query>,
    pub(crate) watch: Watch,
}

impl Clone for WatchedQuery {
    fn clone(&self) -> Self {
        Self {
            query: self.query.box_clone(),
            watch: self.watch.clone(),
        }
    }
}

impl Query for WatchedQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(WatchedWeight {
            weight: self.query.weight(scoring)?,
            watch: self.watch.clone(),
        }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.query.query_terms(visitor);
    }
}

struct WatchedWeight {
    weight: Box<dyn Weight>,
    watch: Watch,
}

impl Weight for WatchedWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let started = Instant::now();
        let scorer = self.weight.scorer(reader, boost)?;
        let first = usize::from(scorer.doc() != TERMINATED);
        self.watch.saw(1, first, started);
        Ok(Box::new(WatchedScorer {
            scorer,
            watch: self.watch.clone(),
        }))
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        self.weight.explain(reader, document)
    }
}

struct WatchedScorer {
    scorer: Box<dyn Scorer>,
    watch: Watch,
}

impl WatchedScorer {
    fn watched(&mut self, ask: impl FnOnce(&mut dyn Scorer) -> DocId) -> DocId {
        let started = Instant::now();
        let document = ask(&mut *self.scorer);
        let had = usize::from(document != TERMINATED);
        self.watch.saw(1, had, started);
        document
    }
}

impl DocSet for WatchedScorer {
    fn advance(&mut self) -> DocId {
        self.watched(DocSet::advance)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.watched(|scorer| scorer.seek(target))
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

impl Scorer for WatchedScorer {
    fn score(&mut self) -> Score {
        self.scorer.score()
    }
}
