//! Refreshes that are due, on a few threads, so that one that takes long holds up no other.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use super::entry::{Entry, lock};
use super::open::OpenIndexes;

/// Indexes that are refreshed at once.
const THREADS: usize = 4;

#[derive(Default)]
pub(super) struct Refreshing {
    queue: Mutex<Queue>,
    ended: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Arc<Entry>>,
    threads: usize,
}

impl Refreshing {
    /// Refreshes the indexes that are due, on threads that end when nothing is left to do.
    pub(super) fn begin(self: &Arc<Self>, open: &OpenIndexes) {
        let due = open.all().into_iter().filter(|entry| entry.begin_refresh());
        let due: Vec<_> = due.collect();
        let mut queue = lock(&self.queue);
        queue.waiting.extend(due);
        while queue.threads < THREADS && queue.threads < queue.waiting.len() {
            let this = Arc::clone(self);
            let builder = thread::Builder::new().name("whittle-refresh".to_owned());
            // Without a thread they wait for the next time.
            if builder.spawn(move || this.run()).is_err() {
                return;
            }
            queue.threads += 1;
        }
    }

    fn run(&self) {
        loop {
            let entry = {
                let mut queue = lock(&self.queue);
                let Some(entry) = queue.waiting.pop_front() else {
                    queue.threads -= 1;
                    self.ended.notify_all();
                    return;
                };
                entry
            };
            entry.refresh_begun();
        }
    }

    /// Waits for the refreshes under way, and forgets the others.
    pub(super) fn finish(&self) {
        let mut queue = lock(&self.queue);
        queue.waiting.clear();
        while queue.threads > 0 {
            let waited = self.ended.wait(queue);
            queue = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}
