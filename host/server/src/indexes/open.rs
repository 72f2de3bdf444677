//! Which indexes are open: a bounded number, those that were used last.
//!
//! An open index has its files mapped, a lock file, and what was written lately in memory. One that
//! nobody used for the longest time is parked when there are too many: all of that is let go, and
//! its statistics are kept. It is opened again by the next request that needs it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use whittle_node::index::Resources;

use super::entry::{Entry, lock};

/// The indexes that are open.
pub(super) struct OpenIndexes {
    at_most: usize,
    pub(super) resources: Resources,
    /// Counts uses.
    clock: AtomicU64,
    entries: Mutex<Vec<Weak<Entry>>>,
    /// Whether the node is closing, so that nothing is opened any more.
    closing: AtomicBool,
}

impl OpenIndexes {
    pub(super) fn new(at_most: usize) -> Self {
        Self {
            at_most: at_most.max(1),
            resources: Resources::default(),
            clock: AtomicU64::new(0),
            entries: Mutex::new(Vec::new()),
            closing: AtomicBool::new(false),
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// All that are open.
    pub(super) fn all(&self) -> Vec<Arc<Entry>> {
        let entries = lock(&self.entries);
        entries.iter().filter_map(Weak::upgrade).collect()
    }

    /// Notes that an index was opened, and parks others if there are too many.
    pub(super) fn opened(&self, entry: &Arc<Entry>) {
        {
            let mut entries = lock(&self.entries);
            let this = Arc::downgrade(entry);
            entries.retain(|other| other.strong_count() > 0 && !other.ptr_eq(&this));
            entries.push(this);
        }
        self.park_surplus();
    }

    /// Parks indexes if too many are open: those that a request still used when others were opened
    /// are parked when it has ended.
    pub(super) fn park_surplus(&self) {
        let mut open = self.all();
        let surplus = open.len().saturating_sub(self.at_most);
        if surplus == 0 {
            return;
        }
        open.sort_by_key(|entry| entry.used());
        // One that is in use stays, and the next one is parked in its place.
        open.iter()
            .filter(|entry| entry.park())
            .take(surplus)
            .count();
    }

    /// Notes that an index is not open any more.
    pub(super) fn closed(&self, entry: &Entry) {
        lock(&self.entries).retain(|other| !std::ptr::eq(other.as_ptr(), entry));
    }
}
