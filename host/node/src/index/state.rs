//! What an index is at this moment: its mapping, what was written lately, and what the engine has.
//!
//! An operation is decided on and numbered here. Whoever holds this holds up all writes, so that
//! nothing here waits for a disk but the saving of a mapping that grew.
//!
//! Knows nothing of how records come to the disk.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::committed::{Committed, Found};
use super::folder::Folder;
use super::log::Record;
use super::operation::{Outcome, Stored, WriteError, Written, check_size, merge, parse};
use super::pending::{Entry, Pending};
use super::prepared::{Action, Prepared};
use super::{IndexError, ids};
use crate::mapping::{Mapping, MappingError, fields_of};

pub(super) struct State {
    pub(super) mapping: Arc<Mapping>,
    /// What the engine has not been given.
    pub(super) pending: Pending,
    /// What the engine is taking in.
    pub(super) taken: Option<Arc<Pending>>,
    pub(super) committed: Arc<Committed>,
    /// The number of the operation that comes next.
    pub(super) next_seq_no: u64,
    /// Whether the engine was ever given a document, so that its schema can only grow in the ways
    /// that [`crate::mapping`] tells of.
    pub(super) given: bool,
    pub(super) closed: bool,
}

/// Where the document with an id is, if there is one.
pub(super) enum Lookup {
    Written(Entry),
    Before(Arc<Committed>),
}

impl Lookup {
    /// The document.
    ///
    /// # Errors
    ///
    /// Where the engine cannot be read.
    pub(super) fn stored(self, id: &str) -> Result<Option<Stored>, IndexError> {
        let Some(current) = self.current(id)? else {
            return Ok(None);
        };
        Ok(Some(Stored {
            id: id.to_owned(),
            seq_no: current.seq_no,
            version: current.version,
            source: current.source.read()?,
        }))
    }

    fn current(self, id: &str) -> Result<Option<Current>, IndexError> {
        match self {
            Self::Written(entry) => Ok(entry.source.map(|source| Current {
                seq_no: entry.seq_no,
                version: entry.version,
                source: Source::Here(source),
            })),
            Self::Before(committed) => Ok(committed.find(id)?.map(|found| Current {
                seq_no: found.seq_no,
                version: found.version,
                source: Source::Committed(committed, found),
            })),
        }
    }
}

/// The document that has an id.
struct Current {
    seq_no: u64,
    version: u64,
    source: Source,
}

enum Source {
    Here(Arc<[u8]>),
    Committed(Arc<Committed>, Found),
}

impl Source {
    fn read(&self) -> Result<Arc<[u8]>, IndexError> {
        match self {
            Self::Here(source) => Ok(Arc::clone(source)),
            Self::Committed(committed, found) => committed.source(found),
        }
    }
}

/// An operation that was decided on: what the log gets to know, and what its caller does.
struct Decided {
    record: Option<Record>,
    written: Written,
}

impl State {
    /// The state of an index of which the engine has so many operations, and nothing else is.
    pub(super) fn new(mapping: Arc<Mapping>, committed: Arc<Committed>, operations: u64) -> Self {
        Self {
            mapping,
            pending: Pending::default(),
            taken: None,
            committed,
            next_seq_no: operations,
            given: operations > 0,
            closed: false,
        }
    }

    /// Carries out operations, in their order, and appends their records.
    ///
    /// # Errors
    ///
    /// Where the mapping cannot be saved or the engine not be read. The operations before that one
    /// are carried out.
    pub(super) fn carry_out(
        &mut self,
        operations: Vec<Result<Prepared, WriteError>>,
        folder: Option<&Folder>,
        records: &mut Vec<u8>,
    ) -> Result<Vec<Result<Written, WriteError>>, IndexError> {
        let mut refused = self.grow(&operations, folder)?;
        let mut outcomes = Vec::with_capacity(operations.len());
        for (number, operation) in operations.into_iter().enumerate() {
            let decided = match (refused.remove(&number), operation) {
                (Some(error), Ok(_)) => Err(WriteError::Mapping(error)),
                (_, Err(error)) => Err(error),
                (None, Ok(operation)) => self.decide(operation)?,
            };
            outcomes.push(decided.map(|decided| {
                if let Some(record) = decided.record {
                    self.put(record, records);
                }
                decided.written
            }));
        }
        Ok(outcomes)
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

    /// Whether the engine has all that was written, and the mapping.
    pub(super) fn is_taken_in(&self) -> bool {
        self.pending.is_empty() && Arc::ptr_eq(&self.mapping, &self.committed.snapshot.mapping)
    }

    /// What the engine is to take in now, with which mapping, and of how many operations.
    pub(super) fn take(&mut self) -> (Arc<Pending>, Arc<Mapping>, u64) {
        let pending = Arc::new(mem::take(&mut self.pending));
        self.taken = Some(Arc::clone(&pending));
        self.given |= !pending.is_empty();
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

    /// Adds the fields that documents bring. Gives the operations whose fields there is no room
    /// for, by their places.
    fn grow(
        &mut self,
        operations: &[Result<Prepared, WriteError>],
        folder: Option<&Folder>,
    ) -> Result<BTreeMap<usize, MappingError>, IndexError> {
        let documents = operations
            .iter()
            .enumerate()
            .filter_map(|(number, operation)| {
                let document = operation.as_ref().ok()?.document()?;
                Some((number, document))
            });
        let mut refused = BTreeMap::new();
        let together = documents.clone().map(|(_, document)| document);
        let mut grown = self.mapping.grown(together, self.given);
        if grown.is_err() {
            let mut one_by_one: Option<Mapping> = None;
            for (number, document) in documents {
                let mapping = one_by_one.as_ref().unwrap_or(&self.mapping);
                match mapping.grown([document], self.given) {
                    Ok(more) => one_by_one = more.or(one_by_one),
                    Err(error) => drop(refused.insert(number, error)),
                }
            }
            grown = Ok(one_by_one);
        }
        if let Some(grown) = grown? {
            self.take_mapping(grown, folder)?;
        }
        Ok(refused)
    }

    fn decide(&mut self, operation: Prepared) -> Result<Result<Decided, WriteError>, IndexError> {
        let Prepared {
            id,
            if_seq_no,
            action,
        } = operation;
        let (id, current) = match id {
            Some(id) => {
                let current = self.current(&id)?;
                (id, current)
            }
            None => (self.new_id()?, None),
        };
        let found = current.as_ref().map(|current| current.seq_no);
        if let Some(asked) = if_seq_no
            && found != if_seq_no
        {
            return Ok(Err(WriteError::SeqNo { id, asked, found }));
        }
        let (document, source) = match (action, &current) {
            (Action::Create { .. }, Some(Current { version, .. })) => {
                let version = *version;
                return Ok(Err(WriteError::Exists { id, version }));
            }
            (Action::Update { upsert: false, .. }, None) => {
                return Ok(Err(WriteError::Missing { id }));
            }
            (Action::Delete, current) => return Ok(Ok(self.delete(id, current.as_ref()))),
            (Action::Index { document, source } | Action::Create { document, source }, _)
            | (
                Action::Update {
                    partial: document,
                    source,
                    ..
                },
                None,
            ) => (document, source),
            (Action::Update { partial, .. }, Some(current)) => {
                let before = current.source.read()?;
                let before = match parse(&before) {
                    Ok(before) => before,
                    Err(error) => return Ok(Err(error)),
                };
                match updated(before, partial) {
                    Ok(Some(updated)) => updated,
                    Ok(None) => {
                        return Ok(Ok(Decided {
                            record: None,
                            written: Written {
                                id,
                                version: current.version,
                                seq_no: current.seq_no,
                                outcome: Outcome::Noop,
                            },
                        }));
                    }
                    Err(error) => return Ok(Err(error)),
                }
            }
        };
        if let Err(error) = fields_of(&self.mapping, &document) {
            return Ok(Err(WriteError::Document(error)));
        }
        let (version, outcome) = match current {
            None => (1, Outcome::Created),
            Some(current) => (current.version + 1, Outcome::Updated),
        };
        Ok(Ok(self.decided(id, version, Some(source), outcome)))
    }

    fn delete(&mut self, id: String, current: Option<&Current>) -> Decided {
        if let Some(current) = current {
            return self.decided(id, current.version + 1, None, Outcome::Deleted);
        }
        let written = self.decided(id, 1, None, Outcome::NotFound).written;
        // It has a number, and leaves no trace.
        self.next_seq_no += 1;
        Decided {
            record: None,
            written,
        }
    }

    fn decided(
        &self,
        id: String,
        version: u64,
        source: Option<Vec<u8>>,
        outcome: Outcome,
    ) -> Decided {
        let seq_no = self.next_seq_no;
        Decided {
            record: Some(Record {
                id: id.clone(),
                seq_no,
                version,
                source: source.map(Arc::from),
            }),
            written: Written {
                id,
                version,
                seq_no,
                outcome,
            },
        }
    }

    fn new_id(&self) -> Result<String, IndexError> {
        loop {
            let id = ids::make();
            if self.current(&id)?.is_none() {
                return Ok(id);
            }
        }
    }

    fn current(&self, id: &str) -> Result<Option<Current>, IndexError> {
        self.lookup(id).current(id)
    }
}

/// A document with other values, and its source; `None` where they are those that it has.
fn updated(
    before: Map<String, Json>,
    partial: Map<String, Json>,
) -> Result<Option<(Map<String, Json>, Vec<u8>)>, WriteError> {
    let mut after = before.clone();
    merge(&mut after, partial);
    if after == before {
        return Ok(None);
    }
    let source = serde_json::to_vec(&after).expect("keys are texts, and a vector takes all");
    check_size(&source)?;
    Ok(Some((after, source)))
}
