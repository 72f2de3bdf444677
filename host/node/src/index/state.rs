//! What an index is at this moment: its mapping, what was written lately, and what tantivy has.
//!
//! Whoever holds this holds up all writes, so that nothing here waits for a disk but the saving of
//! a mapping that grew. Looking for an id may read segments, which are mapped into memory.
//!
//! Knows nothing of operations, nor of how records come to the disk.

use std::mem;
use std::sync::Arc;

use super::IndexError;
use super::committed::Committed;
use super::folder::Folder;
use super::log::Record;
use super::lookup::Lookup;
use super::pending::{Entry, Pending};
use crate::mapping::Mapping;

pub(super) struct State {
    pub(super) mapping: Arc<Mapping>,
    /// What tantivy has not been given.
    pub(super) pending: Pending,
    /// What tantivy is taking in.
    pub(super) taken: Option<Arc<Pending>>,
    pub(super) committed: Arc<Committed>,
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
            next_seq_no: operations,
            closed: false,
        }
    }

    /// Takes a record in as written.
    pub(super) fn put(&mut self, record: Record, records: &mut Vec<u8>) {
        let before = records.len();
        record.encode(records);
        self.next_seq_no = self.next_seq_no.max(record.seq_no + 1);
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
