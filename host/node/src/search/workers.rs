//! The threads of a search: its own, and others that help with its segments, until the query's time
//! is over.
//!
//! The thread that searches never waits for another to be free, so that a search with a function
//! that does not end keeps nobody from searching: the system shares the processors among them.
//! Helpers are a bonus. One comes if instances of all UDFs in the request are free for it at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tantivy::{Searcher, SegmentOrdinal, SegmentReader};

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

/// Works on each segment; the results are in the order of the segments. `has_another` says whether there is an
/// instance of each function for one worker more.
///
/// # Errors
///
/// What ends a segment.
pub(super) fn each_segment<T: Send>(
    searcher: &Searcher,
    threads: &Threads,
    has_another: impl Fn() -> bool,
    segment: impl Fn(SegmentOrdinal, &SegmentReader) -> tantivy::Result<T> + Sync,
) -> tantivy::Result<Vec<T>> {
    let segments = searcher.segment_readers();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(segments.len()));
    let work = || {
        loop {
            let ordinal = next.fetch_add(1, Ordering::Relaxed);
            let Some(reader) = segments.get(ordinal) else {
                return;
            };
            let result = segment(ordinal as SegmentOrdinal, reader);
            if result.is_err() {
                // Nobody begins another.
                next.store(segments.len(), Ordering::Relaxed);
            }
            lock(&results).push((ordinal, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..segments.len() {
            let Some(helper) = threads.helper() else {
                break;
            };
            if !has_another() {
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
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(ordinal, _)| *ordinal);
    results.into_iter().map(|(_, result)| result).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
