//! Documents with a term that an automaton accepts: tantivy walks its sorted terms with it, and
//! passes over those that cannot fit.
//!
//! The walk runs when a segment is begun, and ends with the search's time.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tantivy::query::{
    AutomatonWeight, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight,
};
use tantivy::schema::Field;
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, Score, SegmentReader};
use tantivy_fst::Automaton;

use super::automaton::Listed;
use crate::allowance::Allowance;
use crate::memory::Reservation;

/// How many bytes of terms there are between two looks at the clock.
const STEPS: u32 = 128;

/// How many bytes a term that fits counts as: its documents are read.
const TERM_STEPS: u32 = 16;

/// Documents with a term that an automaton accepts, all with the score 1.
pub(super) struct TermsQuery<A> {
    field: Field,
    automaton: Arc<Timely<A>>,
    limit: Option<usize>,
}

impl<A> TermsQuery<A> {
    pub(super) fn new(field: Field, automaton: A, allowance: &Allowance) -> Self {
        Self {
            field,
            automaton: Arc::new(Timely {
                automaton,
                allowance: allowance.clone(),
                steps: AtomicU32::new(0),
                over: AtomicBool::new(false),
            }),
            limit: None,
        }
    }

    /// Only the first so many terms, in their order.
    pub(super) fn limited(self, limit: u32) -> Self {
        Self {
            limit: usize::try_from(limit).ok(),
            ..self
        }
    }
}

impl<A> Clone for TermsQuery<A> {
    fn clone(&self) -> Self {
        Self {
            field: self.field,
            automaton: Arc::clone(&self.automaton),
            limit: self.limit,
        }
    }
}

impl<A> fmt::Debug for TermsQuery<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("TermsQuery");
        shown.field("field", &self.field).finish_non_exhaustive()
    }
}

impl<A> Query for TermsQuery<A>
where
    A: Automaton + Send + Sync + 'static,
    A::State: Clone,
{
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let (Some(limit), Some(searcher)) = (self.limit, scoring.searcher()) else {
            return Ok(Box::new(TermsWeight {
                weight: AutomatonWeight::new(self.field, Arc::clone(&self.automaton)),
                allowance: self.automaton.allowance.clone(),
            }));
        };
        let mut terms = BTreeSet::new();
        for reader in searcher.segment_readers() {
            let index = reader.inverted_index(self.field)?;
            let mut stream = index.terms().search(&*self.automaton).into_stream()?;
            for _ in 0..limit {
                if !stream.advance() {
                    break;
                }
                terms.insert(stream.key().to_vec());
            }
        }
        let listed = Listed::new(terms.into_iter().take(limit));
        TermsQuery::new(self.field, listed, &self.automaton.allowance).weight(scoring)
    }
}

struct TermsWeight<A> {
    weight: AutomatonWeight<Timely<A>>,
    allowance: Allowance,
}

impl<A> Weight for TermsWeight<A>
where
    A: Automaton + Send + Sync + 'static,
    A::State: Clone,
{
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        self.allowance.check()?;
        // A bit for each document.
        let held = self.allowance.reserve(u64::from(reader.max_doc()) / 8)?;
        let scorer = self.weight.scorer(reader, boost)?;
        self.allowance.check()?;
        if scorer.is::<EmptyScorer>() {
            return Ok(scorer);
        }
        Ok(Box::new(Held {
            scorer,
            _held: held,
        }))
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        self.weight.explain(reader, document)
    }
}

/// A scorer, and the memory that it takes.
struct Held {
    scorer: Box<dyn Scorer>,
    _held: Reservation,
}

impl DocSet for Held {
    #[inline]
    fn advance(&mut self) -> DocId {
        self.scorer.advance()
    }

    #[inline]
    fn seek(&mut self, target: DocId) -> DocId {
        self.scorer.seek(target)
    }

    fn fill_buffer(&mut self, buffer: &mut [DocId; COLLECT_BLOCK_BUFFER_LEN]) -> usize {
        self.scorer.fill_buffer(buffer)
    }

    #[inline]
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

impl Scorer for Held {
    #[inline]
    fn score(&mut self) -> Score {
        self.scorer.score()
    }
}

/// An automaton that accepts nothing more when the search's time is over. Several threads may walk
/// with it: that one of them loses a step of another's does not matter.
struct Timely<A> {
    automaton: A,
    allowance: Allowance,
    steps: AtomicU32,
    over: AtomicBool,
}

impl<A> Timely<A> {
    fn count(&self, steps: u32) {
        let steps = self.steps.load(Ordering::Relaxed).saturating_add(steps);
        if steps < STEPS {
            self.steps.store(steps, Ordering::Relaxed);
            return;
        }
        self.steps.store(0, Ordering::Relaxed);
        if self.allowance.is_over() {
            self.over.store(true, Ordering::Relaxed);
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

impl<A: Automaton> Automaton for Timely<A> {
    type State = A::State;

    fn start(&self) -> A::State {
        self.automaton.start()
    }

    fn is_match(&self, state: &A::State) -> bool {
        let is_match = self.automaton.is_match(state) && !self.is_over();
        if is_match {
            self.count(TERM_STEPS);
        }
        is_match
    }

    fn can_match(&self, state: &A::State) -> bool {
        !self.is_over() && self.automaton.can_match(state)
    }

    fn will_always_match(&self, state: &A::State) -> bool {
        !self.is_over() && self.automaton.will_always_match(state)
    }

    fn accept(&self, state: &A::State, byte: u8) -> A::State {
        self.count(1);
        self.automaton.accept(state, byte)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tantivy::schema::{STRING, Schema};
    use tantivy::{Index, Searcher, TantivyDocument};
    use whittle_host::{Budget, QueryContext};

    use super::*;
    use crate::memory::Memory;
    use crate::query::automaton::Pattern;

    fn searcher(texts: impl IntoIterator<Item = String>) -> (Searcher, Field) {
        let mut schema = Schema::builder();
        let field = schema.add_text_field("text", STRING);
        let index = Index::create_in_ram(schema.build());
        let mut writer = index
            .writer_with_num_threads(1, 20_000_000)
            .expect("a writer");
        for text in texts {
            let mut document = TantivyDocument::new();
            document.add_text(field, text);
            writer.add_document(document).expect("there is room");
        }
        writer.commit().expect("there is room");
        (index.reader().expect("a reader").searcher(), field)
    }

    #[test]
    fn a_walk_ends_with_the_searchs_time() {
        let texts = (0..20_000).map(|number| format!("{number:05}{}", "a".repeat(500)));
        let (searcher, field) = searcher(texts);
        let wall_clock = Duration::from_millis(30);
        let budget = Budget {
            wall_clock,
            ..Budget::default()
        };
        let pattern = Pattern::wildcard(&"*a?".repeat(300), false);
        let started = Instant::now();
        let allowance = Allowance::new(&QueryContext::new(budget), &Memory::unlimited());
        let query = TermsQuery::new(field, pattern, &allowance);
        let count = query.count(&searcher);
        let took = started.elapsed();
        count.expect_err("the time is over");
        assert!(took < wall_clock + Duration::from_millis(400), "{took:?}");
        assert!(took >= wall_clock && allowance.ended().is_some());
    }

    #[test]
    fn a_walk_holds_memory_for_as_long_as_its_documents() {
        let (searcher, field) = searcher((0..1_000).map(|number| number.to_string()));
        let memory = Memory::new(200);
        let allowance = Allowance::new(&QueryContext::new(Budget::default()), &memory);
        let query = TermsQuery::new(field, Pattern::wildcard("1*", false), &allowance);
        let scoring = EnableScoring::disabled_from_searcher(&searcher);
        let weight = query.weight(scoring).expect("a weight");
        let reader = searcher.segment_reader(0);
        let scorer = weight.scorer(reader, 1.0).expect("there is memory for one");
        assert_eq!(memory.in_use(), 125);
        assert!(weight.scorer(reader, 1.0).is_err(), "there is none for two");
        drop(scorer);
        assert_eq!(memory.in_use(), 0);
    }
}
