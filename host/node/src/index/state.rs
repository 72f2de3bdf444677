//! What an index is at this moment: its mapping, what was written lately, and what tantivy has.
//!
//! Whoever holds this holds up searches and writes, so that nothing here waits for a disk.
//!
//! Knows nothing of operations, nor of how records come to the disk.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::committed::Committed;
use super::log::Record;
use super::lookup::Lookup;
use super::pending::{Entry, Pending};
use super::resources::Resources;
use crate::mapping::Mapping;

/// How long the version of a deleted document goes on, as OpenSearch has it by default.
const DELETED_FOR: Duration = Duration::from_secs(60);

pub(super) struct State {
    pub(super) mapping: Arc<Mapping>,
    /// What tantivy has not been given.
    pub(super) pending: Pending,
    /// What tantivy is taking in.
    pub(super) taken: Option<Arc<Pending>>,
    pub(super) committed: Arc<Committed>,
    /// The versions of documents that were deleted lately, and when, by id.
    deleted: HashMap<String, (u64, Instant)>,
    /// The number of the operation that comes next.
    pub(super) next_seq_no: u64,
    pub(super) closed: bool,
    resources: Resources,
}

impl State {
    /// The state of an index of which tantivy has so many operations, and nothing else is.
    pub(super) fn new(
        mapping: Arc<Mapping>,
        committed: Arc<Committed>,
        operations: u64,
        resources: &Resources,
    ) -> Self {
        Self {
            mapping,
            pending: Pending::default(),
            taken: None,
            committed,
            deleted: HashMap::new(),
            next_seq_no: operations,
            closed: false,
            resources: resources.clone(),
        }
    }

    /// Takes a record in as written.
    pub(super) fn put(&mut self, record: Record, records: &mut Vec<u8>) {
        let before = records.len();
        record.encode(records);
        self.next_seq_no = self.next_seq_no.max(record.seq_no + 1);
        match record.source {
            Some(_) => drop(self.deleted.remove(&record.id)),
            None => self.remember_deleted(record.id.clone(), record.version),
        }
        let entry = Entry {
            seq_no: record.seq_no,
            version: record.version,
            source: record.source,
            mapping: Arc::clone(&self.mapping),
        };
        let bytes = records.len() - before;
        self.resources.add_pending(bytes as u64);
        self.pending.put(record.id, entry, bytes);
    }

    /// Notes that tantivy has what it was given.
    pub(super) fn taken_in(&mut self, committed: Arc<Committed>) {
        if let Some(taken) = self.taken.take() {
            self.resources.remove_pending(taken.bytes);
        }
        self.committed = committed;
    }

    /// Notes that tantivy has nothing of what it was given.
    pub(super) fn not_taken_in(&mut self) {
        if let Some(taken) = self.taken.take() {
            self.pending.put_back(&taken);
        }
    }

    /// The document with an id, as far as memory knows.
    pub(super) fn lookup(&self, id: &str) -> Lookup {
        let taken = || self.taken.as_ref().and_then(|taken| taken.get(id));
        match self.pending.get(id).or_else(taken) {
            Some(entry) => Lookup::Written(entry.clone()),
            None => Lookup::Before(Arc::clone(&self.committed)),
        }
    }

    /// The version that a document was deleted with; 0 if it was not, or long ago.
    pub(super) fn version_of_deleted(&self, id: &str) -> u64 {
        self.deleted.get(id).map_or(0, |(version, _)| *version)
    }

    /// Keeps the version that a document was deleted with for a while.
    pub(super) fn remember_deleted(&mut self, id: String, version: u64) {
        self.deleted.insert(id, (version, Instant::now()));
    }

    /// Whether tantivy has all that was written, and the mapping.
    pub(super) fn is_taken_in(&self) -> bool {
        self.pending.is_empty()
            && self.taken.is_none()
            && Arc::ptr_eq(&self.mapping, &self.committed.snapshot.mapping)
    }

    /// What tantivy is to take in now, with which mapping, and of how many operations.
    pub(super) fn take(&mut self) -> (Arc<Pending>, Arc<Mapping>, u64) {
        // What became of it is unknown after a panic.
        self.not_taken_in();
        self.deleted
            .retain(|_, (_, deleted)| deleted.elapsed() < DELETED_FOR);
        let pending = Arc::new(mem::take(&mut self.pending));
        self.taken = Some(Arc::clone(&pending));
        (pending, Arc::clone(&self.mapping), self.next_seq_no)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let taken = self.taken.as_ref().map_or(0, |taken| taken.bytes);
        self.resources.remove_pending(self.pending.bytes + taken);
    }
}
