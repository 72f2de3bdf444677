//! What becomes of operations: decided on one after the other, and numbered.
//!
//! One at a time decides on an index. The state is locked for moments in between, so that neither
//! searches nor reads wait while a mapping is saved or a large document is checked.

use std::sync::{Arc, Mutex, MutexGuard};

use super::folder::Folder;
use super::inner::lock;
use super::log::Record;
use super::lookup::Current;
use super::operation::{Place, WriteError, WriteResult, Written, check_size, merge, parse};
use super::prepared::{Action, Document, Prepared};
use super::state::State;
use super::terms::Numbering;
use super::{IndexError, ids};
use crate::mapping::{Mapping, fields_of};
use whittle_host::{ExactJson, Members};

/// An operation that was decided on: what the log gets to know, and what its caller does.
struct Decided {
    record: Option<Record>,
    written: Written,
}

/// How often the documents of a request are looked at together.
const TRIES: usize = 4;

/// Decides on operations, alone.
pub(super) struct Decider<'a> {
    numbering: MutexGuard<'a, Numbering>,
    state: &'a Mutex<State>,
    /// Where the mapping is saved.
    folder: Option<&'a Folder>,
    /// The index's mapping, which nobody else changes meanwhile.
    mapping: Arc<Mapping>,
}

impl<'a> Decider<'a> {
    /// Waits until nobody else decides.
    ///
    /// # Errors
    ///
    /// If the index is closed.
    pub(super) fn new(
        numbering: &'a Mutex<Numbering>,
        state: &'a Mutex<State>,
        folder: Option<&'a Folder>,
    ) -> Result<Self, IndexError> {
        let numbering = lock(numbering);
        let mapping = match &*lock(state) {
            State { closed: true, .. } => return Err(IndexError::Closed),
            open => Arc::clone(&open.mapping),
        };
        Ok(Self {
            numbering,
            state,
            folder,
            mapping,
        })
    }

    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    fn state(&self) -> MutexGuard<'a, State> {
        lock(self.state)
    }

    /// Makes a mapping the index's, once it is saved.
    ///
    /// # Errors
    ///
    /// If it cannot be saved.
    pub(super) fn take_mapping(&mut self, mapping: Mapping) -> Result<(), IndexError> {
        if let Some(folder) = self.folder {
            folder.save_mapping(&mapping)?;
        }
        self.mapping = Arc::new(mapping);
        self.state().mapping = Arc::clone(&self.mapping);
        Ok(())
    }

    /// Carries out operations, in their order, and appends their records.
    ///
    /// # Errors
    ///
    /// If the primary term or the mapping cannot be saved, or tantivy's segments cannot be read. The
    /// operations before that one are carried out.
    pub(super) fn carry_out(
        &mut self,
        operations: Vec<Result<Prepared, WriteError>>,
        records: &mut Vec<u8>,
    ) -> Result<Vec<Result<Written, WriteError>>, IndexError> {
        let next = self.state().next_seq_no;
        self.numbering.begin(self.folder, next)?;
        self.grow_together(&operations)?;
        let mut outcomes = Vec::with_capacity(operations.len());
        for operation in operations {
            let decided = match operation {
                Ok(operation) => self.decide(operation)?,
                Err(error) => Err(error),
            };
            outcomes.push(decided.map(|decided| {
                if let Some(record) = decided.record {
                    self.state().put(record, records);
                }
                decided.written
            }));
        }
        Ok(outcomes)
    }

    /// Adds the fields that several documents bring, looked at together, so that integers before
    /// other numbers make no field of integers. Those that are refused bring none.
    fn grow_together(
        &mut self,
        operations: &[Result<Prepared, WriteError>],
    ) -> Result<(), IndexError> {
        let operations = operations.iter().flatten();
        let mut documents: Vec<&Members> = operations.filter_map(Prepared::document).collect();
        if documents.len() < 2 {
            return Ok(());
        }
        // Without those that are refused, the others may show other types.
        for _ in 0..TRIES {
            // Where it cannot grow so far, documents are judged one by one.
            let Ok(Some(grown)) = self.mapping.grown(documents.iter().copied()) else {
                return Ok(());
            };
            let before = documents.len();
            documents.retain(|document| fields_of(&grown, document).is_ok());
            if documents.len() == before {
                return self.take_mapping(grown);
            }
        }
        Ok(())
    }

    fn decide(&mut self, operation: Prepared) -> Result<Result<Decided, WriteError>, IndexError> {
        let Prepared {
            id,
            if_seq_no,
            action,
        } = operation;
        let (id, current) = match id {
            Some(id) => {
                let lookup = self.state().lookup(&id);
                let current = lookup.current(&id)?;
                (id, current)
            }
            None => (self.new_id()?, None),
        };
        let found = current.as_ref().map(|current| self.place(current.seq_no));
        if let Some(asked) = if_seq_no
            && found != if_seq_no
        {
            return Ok(Err(WriteError::SeqNo { id, asked, found }));
        }
        let document = match (action, &current) {
            (Action::Create(_), Some(Current { version, .. })) => {
                let version = *version;
                return Ok(Err(WriteError::Exists { id, version }));
            }
            (Action::Update { upsert: None, .. }, None) => {
                return Ok(Err(WriteError::Missing { id }));
            }
            (Action::Delete, current) => return Ok(Ok(self.delete(id, current.as_ref()))),
            (Action::Index(document) | Action::Create(document), _)
            | (
                Action::Update {
                    upsert: Some(document),
                    ..
                },
                None,
            ) => document,
            (
                Action::Update {
                    partial,
                    detect_noop,
                    ..
                },
                Some(current),
            ) => {
                let before = current.source.read()?;
                let before = match parse(&before) {
                    Ok(before) => before,
                    Err(error) => return Ok(Err(error)),
                };
                match updated(before, partial, detect_noop) {
                    Ok(Some(updated)) => updated,
                    Ok(None) => {
                        return Ok(Ok(Decided {
                            record: None,
                            written: Written {
                                id,
                                version: current.version,
                                place: self.place(current.seq_no),
                                result: WriteResult::Noop,
                            },
                        }));
                    }
                    Err(error) => return Ok(Err(error)),
                }
            }
        };
        // Only a document that is accepted brings its fields.
        let grown = match self.mapping.grown([&document.members]) {
            Ok(grown) => grown,
            Err(error) => return Ok(Err(WriteError::Mapping(error))),
        };
        let mapping = grown.as_ref().unwrap_or(&*self.mapping);
        if let Err(error) = fields_of(mapping, &document.members) {
            return Ok(Err(WriteError::Document(error.in_document(&id))));
        }
        if let Some(grown) = grown {
            self.take_mapping(grown)?;
        }
        let (version, result) = match current {
            None => {
                let version = self.state().version_of_deleted(&id) + 1;
                (version, WriteResult::Created)
            }
            Some(current) => (current.version + 1, WriteResult::Updated),
        };
        Ok(Ok(self.decided(id, version, Some(document.source), result)))
    }

    fn delete(&mut self, id: String, current: Option<&Current>) -> Decided {
        if let Some(current) = current {
            return self.decided(id, current.version + 1, None, WriteResult::Deleted);
        }
        let mut state = self.state();
        let version = state.version_of_deleted(&id) + 1;
        state.remember_deleted(id.clone(), version);
        // It has a number, and leaves no trace in the log.
        let written = Written {
            id,
            version,
            place: self.place(state.next_seq_no),
            result: WriteResult::NotFound,
        };
        state.next_seq_no += 1;
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
        result: WriteResult,
    ) -> Decided {
        let seq_no = self.state().next_seq_no;
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
                place: self.place(seq_no),
                result,
            },
        }
    }

    fn place(&self, seq_no: u64) -> Place {
        Place::of(seq_no, &self.numbering.terms)
    }

    fn new_id(&self) -> Result<String, IndexError> {
        loop {
            let id = ids::make();
            let lookup = self.state().lookup(&id);
            if lookup.current(&id)?.is_none() {
                return Ok(id);
            }
        }
    }
}

/// A document with other values; `None` if they are those that it has, which is then detected.
fn updated(
    mut document: Members,
    partial: Members,
    detect_noop: bool,
) -> Result<Option<Document>, WriteError> {
    let before = detect_noop.then(|| document.clone());
    merge(&mut document, partial);
    if before.is_some_and(|before| before == document) {
        return Ok(None);
    }
    let document = ExactJson::Object(document);
    let source = serde_json::to_vec(&document).expect("keys are texts, and a vector takes all");
    check_size(&source)?;
    Document::read(source).map(Some)
}
