//! The threads of a search: its own, and others that help with its segments, until the query's time
//! is over.
//!
//! The thread that searches never waits for another to be free, so that a search with a function
//! that does not end keeps nobody from searching: the system shares the processors among them.
//! Helpers are a bonus. One comes if instances of all UDFs in the request are free for it at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::query::{EnableScoring, Query, Weight};
use tantivy::schema::Schema;
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, Searcher, SegmentOrdinal, SegmentReader, TERMINATED};

use crate::allowance::{Allowance, Steps};
use crate::udf::UdfCall;

/// Threads that help searches with their segments, besides those that search. Clones are the same
/// threads.
#[derive(Debug, Clone)]
pub struct Threads(Arc<AtomicUsize>);

impl Threads {
    /// None: a search has its own thread alone.
    pub fn none() -> Self {
        Self::new(0)
    }

    /// So many at once, over all searches.
    pub fn new(helpers: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(helpers)))
    }

    /// One of them, if one is free.
    fn helper(&self) -> Option<Helper> {
        let less = |free: usize| free.checked_sub(1);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.ok().map(|_| Helper(self.clone()))
    }
}

/// The right to one more thread.
struct Helper(Threads);

impl Drop for Helper {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Collects a query's documents over all segments.
///
/// # Errors
///
/// What ends a segment.
pub(super) fn collect<C: Collector>(
    searcher: &Searcher,
    query: &dyn Query,
    collector: &Timed<C>,
    threads: &Threads,
) -> tantivy::Result<C::Fruit> {
    let scoring = if collector.requires_scoring() {
        EnableScoring::enabled_from_searcher(searcher)
    } else {
        EnableScoring::disabled_from_searcher(searcher)
    };
    let weight = query.weight(scoring)?;
    collector.check_schema(searcher.schema())?;
    let segments = searcher.segment_readers();
    let next = AtomicUsize::new(0);
    let fruits = Mutex::new(Vec::with_capacity(segments.len()));
    let work = || {
        loop {
            let ordinal = next.fetch_add(1, Ordering::Relaxed);
            let Some(reader) = segments.get(ordinal) else {
                return;
            };
            let fruit = collector.collect_segment(weight.as_ref(), ordinal as u32, reader);
            if fruit.is_err() {
                // Nobody begins another.
                next.store(segments.len(), Ordering::Relaxed);
            }
            lock(&fruits).push((ordinal, fruit));
        }
    };
    thread::scope(|scope| {
        for _ in 1..segments.len() {
            let Some(helper) = threads.helper() else {
                break;
            };
            if !collector.has_another() {
                break;
            }
            let help = move || {
                let _helper = helper;
                work();
            };
            let name = "whittle-search".to_owned();
            let spawned = thread::Builder::new().name(name).spawn_scoped(scope, help);
            if spawned.is_err() {
                // The system has no more threads: the search goes on without.
                break;
            }
        }
        work();
    });
    let mut fruits = fruits.into_inner().unwrap_or_else(PoisonError::into_inner);
    fruits.sort_by_key(|(ordinal, _)| *ordinal);
    let fruits = fruits.into_iter().map(|(_, fruit)| fruit);
    collector.merge_fruits(fruits.collect::<tantivy::Result<_>>()?)
}

/// A collector that stops when the search's time is over.
pub(super) struct Timed<C> {
    collector: C,
    calls: Vec<UdfCall>,
    allowance: Allowance,
}

impl<C: Collector> Timed<C> {
    pub(super) fn new(collector: C, calls: &[UdfCall], allowance: &Allowance) -> Self {
        Self {
            collector,
            calls: calls.to_vec(),
            allowance: allowance.clone(),
        }
    }

    /// Whether there is an instance of each function for one worker more.
    fn has_another(&self) -> bool {
        UdfCall::bind_another(&self.calls)
    }
}

impl<C: Collector> Collector for Timed<C> {
    type Fruit = C::Fruit;
    type Child = C::Child;

    fn check_schema(&self, schema: &Schema) -> tantivy::Result<()> {
        self.collector.check_schema(schema)
    }

    fn for_segment(
        &self,
        ordinal: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<Self::Child> {
        self.allowance.check()?;
        self.collector.for_segment(ordinal, reader)
    }

    fn requires_scoring(&self) -> bool {
        self.collector.requires_scoring()
    }

    fn merge_fruits(
        &self,
        fruits: Vec<<C::Child as SegmentCollector>::Fruit>,
    ) -> tantivy::Result<C::Fruit> {
        self.collector.merge_fruits(fruits)
    }

    /// tantivy's own loop cannot be left before its end.
    fn collect_segment(
        &self,
        weight: &dyn Weight,
        ordinal: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<<C::Child as SegmentCollector>::Fruit> {
        let mut child = self.for_segment(ordinal, reader)?;
        let mut scorer = weight.scorer(reader, 1.0)?;
        let mut steps = Steps::new(&self.allowance);
        let alive = reader.alive_bitset();
        let is_alive = |document| alive.is_none_or(|alive| alive.is_alive(document));
        if self.requires_scoring() {
            let mut document = scorer.doc();
            while document != TERMINATED {
                if is_alive(document) {
                    child.collect(document, scorer.score());
                }
                steps.check(1)?;
                document = scorer.advance();
            }
        } else {
            let mut buffer = [0; COLLECT_BLOCK_BUFFER_LEN];
            loop {
                let count = scorer.fill_buffer(&mut buffer);
                let documents = &mut buffer[..count];
                if alive.is_none() {
                    child.collect_block(documents);
                } else {
                    for document in documents.iter().filter(|document| is_alive(**document)) {
                        child.collect(*document, 0.0);
                    }
                }
                steps.check(BUFFER_STEPS)?;
                if count < buffer.len() {
                    break;
                }
            }
        }
        drop(scorer);
        Ok(child.harvest())
    }
}

/// How many steps a buffer of documents counts as: those that a query counts without scoring them
/// are cheap.
const BUFFER_STEPS: usize = 16;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
