//! What an index is at this moment: its mapping, what was written lately, and what tantivy has.
//!
//! Whoever holds this holds up all writes, so that nothing here waits for a disk but the saving of
//! a mapping that grew. Looking for an id may read segments, which are mapped into memory.
//!
//! Knows nothing of operations, nor of how records come to the disk.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::IndexError;
use super::committed::Committed;
use super::folder::Folder;
use super::log::Record;
use super::lookup::Lookup;
use super::pending::{Entry, Pending};
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
}

impl State {
    /// The state of an index of which tantivy has so many operations, and nothing else is.
    pub(super) fn new(mapping: Arc<Mapping>, committed: Arc<Committed>, operations: u64) -> Self {
        Self {
            mapping,
            pending: Pending::default(),
            taken: None,
            committed,
            deleted: HashMap::new(),
            next_seq_no: operations,
            closed: false,
        }
    }

    /// Takes a record in as written.
    pub(super) fn put(&mut self, record: Record, records: &mut Vec<u8>) {
        let before = records.len();
        record.encode(records);
        self.next_seq_no = self.next_seq_no.max(record.seq_no + 1);
        match record.source {
            Some(_) => drop(self.deleted.remove(&record.id)),
            None => {
                let deleted = (record.version, Instant::now());
                self.deleted.insert(record.id.clone(), deleted);
            }
        }
        let entry = Entry {
            seq_no: record.seq_no,
            version: record.version,
            source: record.source,
            mapping: Arc::clone(&self.mapping),
        };
        self.pending.put(record.id, entry, records.len() - before);
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

    /// Whether tantivy has all that was written, and the mapping.
    pub(super) fn is_taken_in(&self) -> bool {
        self.pending.is_empty()
            && self.taken.is_none()
            && Arc::ptr_eq(&self.mapping, &self.committed.snapshot.mapping)
    }

    /// What tantivy is to take in now, with which mapping, and of how many operations.
    pub(super) fn take(&mut self) -> (Arc<Pending>, Arc<Mapping>, u64) {
        if let Some(left) = self.taken.take() {
            // What became of it is unknown after a panic.
            self.pending.put_back(&left);
        }
        self.deleted
            .retain(|_, (_, deleted)| deleted.elapsed() < DELETED_FOR);
        let pending = Arc::new(mem::take(&mut self.pending));
        self.taken = Some(Arc::clone(&pending));
        (pending, Arc::clone(&self.mapping), self.next_seq_no)
    }

    /// Takes a mapping for its own, once it is saved.
    ///
    /// # Errors
    ///
    /// Where it cannot be saved.
    pub(super) fn take_mapping(
        &mut self,
        mapping: Mapping,
        folder: Option<&Folder>,
    ) -> Result<(), IndexError> {
        if let Some(folder) = folder {
            folder.save_mapping(&mapping)?;
        }
        self.mapping = Arc::new(mapping);
        Ok(())
    }
}
