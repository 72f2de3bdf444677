//! Operations whose documents were read and checked as far as that needs no index.

use super::operation::{Operation, Place, WriteError, check_id, parse};
use whittle_host::Members;

pub(super) struct Prepared {
    /// Without one, a new one is made.
    pub(super) id: Option<String>,
    pub(super) if_seq_no: Option<Place>,
    pub(super) action: Action,
}

pub(super) enum Action {
    Index(Document),
    Create(Document),
    Update {
        partial: Members,
        upsert: Option<Document>,
        detect_noop: bool,
    },
    Delete,
}

/// A document and the text that it was read from.
pub(super) struct Document {
    pub(super) members: Members,
    pub(super) source: Vec<u8>,
}

impl Document {
    /// # Errors
    ///
    /// A source that is not an object, or too large.
    pub(super) fn read(source: Vec<u8>) -> Result<Self, WriteError> {
        let members = parse(&source)?;
        Ok(Self { members, source })
    }
}

impl Prepared {
    /// Reads and checks an operation.
    ///
    /// # Errors
    ///
    /// An id that cannot be, a document that is too large or none.
    pub(super) fn new(operation: Operation) -> Result<Self, WriteError> {
        let (id, if_seq_no, action) = match operation {
            Operation::Index {
                id,
                source,
                if_seq_no,
            } => (id, if_seq_no, Action::Index(Document::read(source)?)),
            Operation::Create { id, source } => (id, None, Action::Create(Document::read(source)?)),
            Operation::Update {
                id,
                partial,
                upsert,
                detect_noop,
                if_seq_no,
            } => {
                let action = Action::Update {
                    partial: parse(&partial)?,
                    upsert: upsert.map(Document::read).transpose()?,
                    detect_noop,
                };
                (Some(id), if_seq_no, action)
            }
            Operation::Delete { id, if_seq_no } => (Some(id), if_seq_no, Action::Delete),
        };
        if let Some(id) = &id {
            check_id(id)?;
        }
        Ok(Self {
            id,
            if_seq_no,
            action,
        })
    }

    /// The whole document that is to be written, if it is known before the one that is there.
    pub(super) fn document(&self) -> Option<&Members> {
        match &self.action {
            Action::Index(document) | Action::Create(document) => Some(&document.members),
            Action::Update { .. } | Action::Delete => None,
        }
    }
}
