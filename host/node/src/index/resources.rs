//! What the indexes of a node share: tantivy's writers, memory for writes that no segment has yet,
//! and the cache of dictionaries.
//!
//! A writer of tantivy has four threads and a heap. So an index has one only while it commits, and
//! after that until another index needs it ([`super::writer`]).
//!
//! Knows nothing of segments and documents.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::Duration;

use super::inner::{Inner, lock};
use super::writer::Slot;
use crate::columns::Dictionaries;
use crate::snapshot::DICTIONARY_BYTES;

/// How long who waits for a writer sleeps before it looks around again.
const LOOK_AROUND: Duration = Duration::from_millis(20);

/// How much indexes may use together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceLimits {
    /// Indexes that commit or merge at once, from 2; by default 4. Each takes four threads and up
    /// to 64 MiB.
    pub writers: usize,
    /// What was written and is in no segment yet, in bytes; by default 128 MiB. Whoever writes more
    /// waits until the index with most of it has taken it in.
    pub pending_bytes: u64,
    /// What decoded dictionaries of texts may take in memory, in bytes; by default 256 MiB. Searches
    /// with UDFs that read texts are much faster if they fit.
    pub dictionary_bytes: usize,
}

impl Default for ResourceLimits {
    fn default() -> Self {
        Self {
            writers: 4,
            pending_bytes: 128 << 20,
            dictionary_bytes: DICTIONARY_BYTES,
        }
    }
}

/// What indexes share. Clones are the same.
#[derive(Clone)]
pub struct Resources(Arc<Shared>);

struct Shared {
    limits: ResourceLimits,
    writers: Permits,
    merges: Permits,
    /// The writers that are there, from the one that was used longest ago.
    slots: Mutex<Vec<Weak<Slot>>>,
    pending_bytes: AtomicU64,
    members: Mutex<Vec<Weak<Inner>>>,
    dictionaries: Dictionaries,
}

impl Default for Resources {
    fn default() -> Self {
        Self::new(ResourceLimits::default())
    }
}

impl std::fmt::Debug for Resources {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Resources")
            .field("limits", &self.0.limits)
            .field("pending_bytes", &self.pending_bytes())
            .finish_non_exhaustive()
    }
}

impl Resources {
    /// Resources within limits.
    pub fn new(limits: ResourceLimits) -> Self {
        let writers = limits.writers.max(2);
        Self(Arc::new(Shared {
            limits,
            writers: Permits::new(writers),
            // So that merges, which may take minutes, never keep all indexes from committing.
            merges: Permits::new(writers / 2),
            slots: Mutex::new(Vec::new()),
            pending_bytes: AtomicU64::new(0),
            members: Mutex::new(Vec::new()),
            dictionaries: Dictionaries::new(limits.dictionary_bytes),
        }))
    }

    /// What was written and is in no segment yet, in bytes.
    pub fn pending_bytes(&self) -> u64 {
        self.0.pending_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn add_pending(&self, bytes: u64) {
        self.0.pending_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn remove_pending(&self, bytes: u64) {
        self.0.pending_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether more was written than may wait.
    pub(super) fn is_over(&self) -> bool {
        self.pending_bytes() > self.0.limits.pending_bytes
    }

    /// Dictionaries of one index.
    pub(super) fn dictionaries(&self) -> Dictionaries {
        self.0.dictionaries.of_another()
    }

    /// Counts an index among those whose pending writes may have to be taken in.
    pub(super) fn join(&self, inner: &Arc<Inner>) {
        let mut members = lock(&self.0.members);
        members.retain(|member| member.strong_count() > 0);
        members.push(Arc::downgrade(inner));
    }

    /// The indexes that must be taken in so that half of the memory is free, from the one with most.
    /// One that fails is left out, since it would hold up the others again and again; what it has
    /// pending is bounded for each index.
    pub(super) fn surplus(&self) -> Vec<Arc<Inner>> {
        let members: Vec<_> = lock(&self.0.members)
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|member| !member.failing.load(Ordering::Relaxed))
            .collect();
        let sized = members.into_iter().map(|member| {
            let bytes = member.lock().pending.bytes;
            (bytes, member)
        });
        let mut sized: Vec<_> = sized.collect();
        sized.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        let mut left: u64 = sized.iter().map(|(bytes, _)| bytes).sum();
        let half = self.0.limits.pending_bytes / 2;
        let surplus = sized.into_iter().take_while(|(bytes, _)| {
            let is_surplus = left > half;
            left -= bytes;
            is_surplus
        });
        surplus.map(|(_, member)| member).collect()
    }

    /// Waits for the permit to have a writer, and takes one from an index that does not need it.
    pub(super) fn writer(&self) -> Permit {
        loop {
            if let Some(permit) = self.0.writers.try_take() {
                return permit;
            }
            let slots: Vec<_> = lock(&self.0.slots).clone();
            // Its permit is free then.
            let is_closed =
                |slot: &Weak<Slot>| slot.upgrade().is_some_and(|slot| slot.yield_idle());
            if !slots.iter().any(is_closed) {
                self.0.writers.wait(LOOK_AROUND);
            }
        }
    }

    /// Whether an index waits for a writer.
    pub(super) fn is_writer_wanted(&self) -> bool {
        self.0.writers.is_wanted()
    }

    /// The permit for a merge, if there is one now.
    pub(super) fn try_merge(&self) -> Option<Permit> {
        self.0.merges.try_take()
    }

    /// Waits for the permit for a merge, as long as it is wanted.
    pub(super) fn merge(&self, is_wanted: impl Fn() -> bool) -> Option<Permit> {
        while is_wanted() {
            if let Some(permit) = self.0.merges.try_take() {
                return Some(permit);
            }
            self.0.merges.wait(LOOK_AROUND);
        }
        None
    }

    /// Notes that a writer is used.
    pub(super) fn used(&self, slot: &Arc<Slot>) {
        let mut slots = lock(&self.0.slots);
        let this = Arc::downgrade(slot);
        slots.retain(|slot| slot.strong_count() > 0 && !slot.ptr_eq(&this));
        slots.push(this);
    }
}

/// A bounded number of permits.
struct Permits(Arc<(Mutex<Count>, Condvar)>);

struct Count {
    free: usize,
    waiting: usize,
}

/// One of them, until it is dropped.
pub(super) struct Permit(Arc<(Mutex<Count>, Condvar)>);

impl Permits {
    fn new(free: usize) -> Self {
        let count = Count { free, waiting: 0 };
        Self(Arc::new((Mutex::new(count), Condvar::new())))
    }

    fn try_take(&self) -> Option<Permit> {
        let mut count = lock(&self.0.0);
        count.free = count.free.checked_sub(1)?;
        Some(Permit(Arc::clone(&self.0)))
    }

    /// Waits until one may be free, or for a while.
    fn wait(&self, at_most: Duration) {
        let mut count = lock(&self.0.0);
        if count.free > 0 {
            return;
        }
        count.waiting += 1;
        let waited = self.0.1.wait_timeout(count, at_most);
        let (mut count, _) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
        count.waiting -= 1;
    }

    fn is_wanted(&self) -> bool {
        lock(&self.0.0).waiting > 0
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        lock(&self.0.0).free += 1;
        self.0.1.notify_one();
    }
}
