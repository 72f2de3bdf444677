//! Who works on a search: several segments at once, until the query's time is over.
//!
//! A worker needs an instance of each UDF in the request, for itself. The first has them from the
//! start; another comes in where all of them can be bound without waiting for other queries, since
//! workers that hold one instance and wait for the next could wait for each other. Whoever finds no
//! place waits until a worker of the same search is done with its segment.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::query::Weight;
use tantivy::schema::Schema;
use tantivy::{DocId, Executor, Score, SegmentOrdinal, SegmentReader, TantivyError};
use whittle_host::{QueryContext, Stopped};

use crate::udf::UdfCall;

/// Threads that searches share; each works on one segment at a time. Clones are the same threads.
#[derive(Clone)]
pub struct Threads(pub(crate) Executor);

impl Threads {
    /// The thread that searches, alone.
    pub fn none() -> Self {
        Self(Executor::single_thread())
    }

    /// So many threads.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn new(threads: usize) -> Result<Self, std::io::Error> {
        let pool = Executor::multi_thread(threads, "whittle-search-");
        pool.map(Self).map_err(std::io::Error::other)
    }
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Threads")
    }
}

/// A collector whose segments are worked on within a search's bounds.
pub(super) struct Bounded<C> {
    collector: C,
    calls: Vec<UdfCall>,
    places: Mutex<Places>,
    left: Condvar,
    bounds: Bounds,
}

/// The query's bounds, and which of them ended it.
#[derive(Clone)]
struct Bounds {
    query: QueryContext,
    stopped: Arc<Mutex<Option<Stopped>>>,
}

struct Places {
    /// How many workers have instances.
    there: usize,
    taken: usize,
}

impl<C: Collector> Bounded<C> {
    pub(super) fn new(collector: C, calls: &[UdfCall], query: &QueryContext) -> Self {
        Self {
            collector,
            calls: calls.to_vec(),
            places: Mutex::new(Places { there: 1, taken: 0 }),
            left: Condvar::new(),
            bounds: Bounds {
                query: query.clone(),
                stopped: Arc::default(),
            },
        }
    }

    /// What ended the search, where that was the query's time.
    pub(super) fn take_stopped(&self) -> Option<Stopped> {
        lock(&self.bounds.stopped).take()
    }

    fn enter(&self) -> Worker<'_, C> {
        let mut places = lock(&self.places);
        if places.taken == places.there && self.calls.iter().all(UdfCall::has_another) {
            places.there += 1;
        }
        while places.taken == places.there {
            let woken = self.left.wait(places);
            places = woken.unwrap_or_else(PoisonError::into_inner);
        }
        places.taken += 1;
        Worker(self)
    }
}

/// A place that is taken.
struct Worker<'a, C>(&'a Bounded<C>);

impl<C> Drop for Worker<'_, C> {
    fn drop(&mut self) {
        lock(&self.0.places).taken -= 1;
        self.0.left.notify_one();
    }
}

impl Bounds {
    fn is_over(&self) -> bool {
        match self.query.check() {
            Ok(()) => false,
            Err(stopped) => {
                lock(&self.stopped).get_or_insert(stopped);
                true
            }
        }
    }
}

impl<C: Collector> Collector for Bounded<C> {
    type Fruit = C::Fruit;
    type Child = Until<C::Child>;

    fn check_schema(&self, schema: &Schema) -> tantivy::Result<()> {
        self.collector.check_schema(schema)
    }

    fn for_segment(
        &self,
        ordinal: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<Self::Child> {
        if self.bounds.is_over() {
            let ended = "the query's time is over".to_owned();
            return Err(TantivyError::InternalError(ended));
        }
        Ok(Until {
            collector: self.collector.for_segment(ordinal, reader)?,
            bounds: self.bounds.clone(),
            over: false,
            until_look: LOOK_EVERY,
        })
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

    fn collect_segment(
        &self,
        weight: &dyn Weight,
        ordinal: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<<C::Child as SegmentCollector>::Fruit> {
        let _worker = self.enter();
        let mut child = self.for_segment(ordinal, reader)?;
        let alive = reader.alive_bitset();
        let is_alive = |document| alive.is_none_or(|alive| alive.is_alive(document));
        if self.requires_scoring() {
            weight.for_each(reader, &mut |document, score| {
                if is_alive(document) {
                    child.collect(document, score);
                }
            })?;
        } else {
            weight.for_each_no_score(reader, &mut |documents| {
                if alive.is_none() {
                    child.collect_block(documents);
                    return;
                }
                for document in documents.iter().filter(|document| is_alive(**document)) {
                    child.collect(*document, 0.0);
                }
            })?;
        }
        Ok(child.harvest())
    }
}

/// How many documents are collected between two looks at the clock.
const LOOK_EVERY: usize = 1_024;

/// Collects until the query's time is over; what comes then is dropped.
pub(super) struct Until<S> {
    collector: S,
    bounds: Bounds,
    over: bool,
    until_look: usize,
}

impl<S> Until<S> {
    fn goes_on(&mut self, documents: usize) -> bool {
        if self.until_look <= documents {
            self.until_look = LOOK_EVERY;
            self.over = self.over || self.bounds.is_over();
        } else {
            self.until_look -= documents;
        }
        !self.over
    }
}

impl<S: SegmentCollector> SegmentCollector for Until<S> {
    type Fruit = S::Fruit;

    fn collect(&mut self, document: DocId, score: Score) {
        if self.goes_on(1) {
            self.collector.collect(document, score);
        }
    }

    fn collect_block(&mut self, documents: &[DocId]) {
        if self.goes_on(documents.len()) {
            self.collector.collect_block(documents);
        }
    }

    fn harvest(self) -> S::Fruit {
        self.collector.harvest()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
