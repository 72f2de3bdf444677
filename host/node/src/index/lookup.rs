//! Finding a document by its id: in what was written lately, or else in segments.

use std::sync::Arc;

use super::IndexError;
use super::committed::{Committed, CommittedDocument};
use super::operation::{Place, Stored};
use super::pending::Entry;
use super::terms::Terms;

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
    /// If a segment cannot be read.
    pub(super) fn stored(self, id: &str, terms: &Terms) -> Result<Option<Stored>, IndexError> {
        let Some(current) = self.current(id)? else {
            return Ok(None);
        };
        Ok(Some(Stored {
            id: id.to_owned(),
            place: Place::of(current.seq_no, terms),
            version: current.version,
            source: current.source.read()?,
        }))
    }

    /// The document, with its source where that was read already.
    ///
    /// # Errors
    ///
    /// If a segment cannot be read.
    pub(super) fn current(self, id: &str) -> Result<Option<Current>, IndexError> {
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
pub(super) struct Current {
    pub(super) seq_no: u64,
    pub(super) version: u64,
    pub(super) source: Source,
}

/// Its source, which only updates and readers need.
pub(super) enum Source {
    Here(Arc<[u8]>),
    Committed(Arc<Committed>, CommittedDocument),
}

impl Source {
    /// # Errors
    ///
    /// If a segment cannot be read.
    pub(super) fn read(&self) -> Result<Arc<[u8]>, IndexError> {
        match self {
            Self::Here(source) => Ok(Arc::clone(source)),
            Self::Committed(committed, found) => committed.source(found),
        }
    }
}
