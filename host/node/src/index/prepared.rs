//! Operations whose documents were read and checked as far as that needs no index.

use serde_json::{Map, Value as Json};

use super::operation::{Operation, WriteError, check_id, parse};

pub(super) struct Prepared {
    /// Without one, a new one is made.
    pub(super) id: Option<String>,
    pub(super) if_seq_no: Option<u64>,
    pub(super) action: Action,
}

pub(super) enum Action {
    Index {
        document: Map<String, Json>,
        source: Vec<u8>,
    },
    Create {
        document: Map<String, Json>,
        source: Vec<u8>,
    },
    Update {
        partial: Map<String, Json>,
        source: Vec<u8>,
        upsert: Option<(Map<String, Json>, Vec<u8>)>,
        detect_noop: bool,
    },
    Delete,
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
            } => {
                let document = parse(&source)?;
                (id, if_seq_no, Action::Index { document, source })
            }
            Operation::Create { id, source } => {
                let document = parse(&source)?;
                (id, None, Action::Create { document, source })
            }
            Operation::Update {
                id,
                partial: source,
                upsert,
                detect_noop,
                if_seq_no,
            } => {
                let partial = parse(&source)?;
                let upsert = upsert.map(|source| parse(&source).map(|document| (document, source)));
                let action = Action::Update {
                    partial,
                    source,
                    upsert: upsert.transpose()?,
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

    /// The documents, or parts of one, that may bring new fields.
    pub(super) fn documents(&self) -> impl Iterator<Item = &Map<String, Json>> {
        let (document, upsert) = match &self.action {
            Action::Index { document, .. } | Action::Create { document, .. } => {
                (Some(document), None)
            }
            Action::Update {
                partial, upsert, ..
            } => (Some(partial), upsert.as_ref().map(|(upsert, _)| upsert)),
            Action::Delete => (None, None),
        };
        document.into_iter().chain(upsert)
    }
}
