//! An index: documents in, segments out, and nothing that was acknowledged is ever lost.
//!
//! 1. **Write.** Operations are decided on one after the other ([`decide`]), against what was
//!    written lately ([`pending`]) and what tantivy has ([`committed`]); their records go to the
//!    write-ahead log ([`log`]), and when it has them on the disk, the caller gets its answer.
//!    Callers that come at once share the wait.
//! 2. **Refresh.** tantivy ([`segments`]) takes in what is pending, and brings it to the disk with
//!    the number of operations that it has taken in so far. Searches from then on see it, and the
//!    log's files from before are deleted. Writing goes on meanwhile. tantivy is given nothing
//!    before, so that whatever fails in it can be tried again.
//! 3. **Open.** What the log has beyond tantivy's number is pending again, and is taken in.
//!
//! Where a document has new fields, the mapping grows and is saved before anything else; tantivy's schema
//! follows at the next refresh.
//!
//! Knows nothing of queries, HTTP or UDFs.

mod committed;
mod decide;
mod document;
mod error;
mod folder;
mod gated;
mod handle;
mod ids;
mod inner;
mod lengths;
mod log;
mod lookup;
mod opening;
mod operation;
mod pending;
mod prepared;
mod resources;
mod schema_file;
mod sealed;
mod segments;
mod state;
mod terms;
mod verify;
mod writer;

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

pub use error::IndexError;
pub use operation::{
    ID_BYTES, Operation, Place, SOURCE_BYTES, Stored, WriteError, WriteResult, Written,
};
pub use resources::{ResourceLimits, Resources};
pub use sealed::{read_sealed, replace_sealed};
pub(crate) use terms::Terms;

use crate::mapping::Mapping;
use crate::snapshot::Snapshot;
use folder::Folder;
use handle::Handle;
use inner::Inner;
use lookup::Lookup;
use segments::Segments;

/// An index of documents. Its clones are the same index; when the last one goes, it is closed.
#[derive(Clone)]
pub struct Index {
    handle: Arc<Handle>,
}

/// How an index works, which is not kept in its folder.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that make segments, 1 to 4.
    pub threads: usize,
    /// How much may be written until it is brought into segments without being asked, in bytes.
    pub log_bytes: u64,
    /// What it shares with other indexes; by default it shares nothing.
    pub resources: Resources,
    /// Whether this process has checked or written all files of the index, so that they are not
    /// read to compare their checksums; by default false.
    pub is_verified: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 1,
            log_bytes: 64 << 20,
            resources: Resources::default(),
            is_verified: false,
        }
    }
}

/// An index in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexStatistics {
    /// Documents that searches see.
    pub documents: u64,
    /// Documents that were deleted or replaced, and are still in segments.
    pub deleted: u64,
    /// What lies in the index's folder, in bytes.
    pub bytes: u64,
    /// Segments that searches see.
    pub segments: usize,
    /// Operations that searches do not see yet.
    pub pending: u64,
}

impl Index {
    /// Makes an index.
    ///
    /// # Errors
    ///
    /// Where there is one already, or the system refuses.
    pub fn create(folder: &Path, mapping: Mapping) -> Result<Self, IndexError> {
        Self::create_with(folder, mapping, Options::default())
    }

    /// As [`Index::create`], with options.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn create_with(
        folder: &Path,
        mapping: Mapping,
        options: Options,
    ) -> Result<Self, IndexError> {
        Inner::create(folder, mapping, options).map(Self::of)
    }

    /// Opens an index. Searches see all that was ever acknowledged; on a full disk only after a
    /// refresh that succeeds.
    ///
    /// # Errors
    ///
    /// If there is none, it is open elsewhere, a file is damaged, or the system refuses.
    pub fn open(folder: &Path) -> Result<Self, IndexError> {
        Self::open_with(folder, Options::default())
    }

    /// As [`Index::open`], with options.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_with(folder: &Path, options: Options) -> Result<Self, IndexError> {
        Inner::open(folder, options).map(Self::of)
    }

    /// Makes an index that is gone when it is closed.
    ///
    /// # Errors
    ///
    /// Where the system refuses to start threads.
    pub fn in_memory(mapping: Mapping) -> Result<Self, IndexError> {
        Inner::in_memory(mapping, Options::default()).map(Self::of)
    }

    fn of(inner: Inner) -> Self {
        Self {
            handle: Arc::new(Handle::new(inner)),
        }
    }

    /// Carries out operations in their order; they are on the disk when it returns. What is wrong
    /// with one does not touch the others.
    ///
    /// # Errors
    ///
    /// Where the system refuses, or the index is closed. Operations may then have been carried
    /// out, and may be kept or not.
    pub fn write(
        &self,
        operations: Vec<Operation>,
    ) -> Result<Vec<Result<Written, WriteError>>, IndexError> {
        let written = self.handle.inner.write(operations)?;
        self.handle.refresh_where_much_is_pending();
        Ok(written)
    }

    /// The document with an id, as it was written last, whether searches see it or not. It may be
    /// that of a write which is still on its way to the disk.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn get(&self, id: &str) -> Result<Option<Stored>, IndexError> {
        // Segments are read without holding up writes.
        let find = self.handle.inner.lock().lookup(id);
        find.stored(id, &self.handle.inner.terms)
    }

    /// The document with an id, as searches see it: as of the last refresh.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn get_refreshed(&self, id: &str) -> Result<Option<Stored>, IndexError> {
        let committed = Arc::clone(&self.handle.inner.lock().committed);
        Lookup::Before(committed).stored(id, &self.handle.inner.terms)
    }

    /// Merges all segments into one, without deleted documents, and shows searches what was
    /// written. Refreshes wait meanwhile, writes go on.
    ///
    /// # Errors
    ///
    /// If the system refuses, or the index is closed.
    pub fn merge(&self) -> Result<(), IndexError> {
        self.handle.inner.merge()
    }

    /// Has searches see all that was acknowledged.
    ///
    /// # Errors
    ///
    /// Where the system refuses, or the index is closed.
    pub fn refresh(&self) -> Result<(), IndexError> {
        self.handle.inner.refresh()
    }

    /// The index as of the last refresh.
    pub fn snapshot(&self) -> Snapshot {
        self.handle.inner.lock().committed.snapshot.clone()
    }

    /// The fields of the documents that were written up to now.
    pub fn mapping(&self) -> Arc<Mapping> {
        Arc::clone(&self.handle.inner.lock().mapping)
    }

    /// Adds fields, in the form of [`Mapping::parse`]. Documents that are there do not get them.
    ///
    /// # Errors
    ///
    /// A mapping that is wrong or does not go with the one that is there; where the system
    /// refuses, or the index is closed.
    pub fn put_mapping(&self, json: &Json) -> Result<(), IndexError> {
        self.handle.inner.put_mapping(json)
    }

    /// The index in numbers.
    pub fn statistics(&self) -> IndexStatistics {
        self.handle.inner.statistics()
    }

    /// Operations that searches do not see yet.
    pub fn pending(&self) -> u64 {
        self.handle.inner.pending()
    }

    /// Whether segments are being merged in the background.
    pub fn is_merging(&self) -> bool {
        let segments = self.handle.inner.segments.try_lock();
        segments.is_ok_and(|segments| segments.as_ref().is_some_and(Segments::is_merging))
    }

    /// How many clones there are, this one among them.
    pub fn clones(&self) -> usize {
        Arc::strong_count(&self.handle)
    }

    /// Closes it if this is its only clone; otherwise gives it back.
    ///
    /// # Errors
    ///
    /// The index, if it has other clones.
    pub fn close_unshared(self) -> Result<Result<(), IndexError>, Self> {
        match Arc::try_unwrap(self.handle) {
            Ok(handle) => Ok(handle.finish()),
            Err(handle) => Err(Self { handle }),
        }
    }

    /// Closes it at once, for its clones too, without bringing into segments what was written: the log
    /// has what was acknowledged. Nothing is written to its folder any more, which may be deleted.
    /// Whatever its clones do to it fails with [`IndexError::Closed`]; searches go on.
    pub fn discard(self) {
        self.handle.discard();
    }

    /// The mapping of the index in a folder, whether it is open or not.
    ///
    /// # Errors
    ///
    /// If there is no index, its mapping is damaged, or the system refuses.
    pub fn saved_mapping(folder: &Path) -> Result<Mapping, IndexError> {
        Folder::read_mapping(folder)
    }

    /// Whether a folder is what is left of an index that was never made to the end, to which nothing
    /// was written.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn is_unfinished(folder: &Path) -> std::io::Result<bool> {
        Folder::is_unfinished(folder)
    }

    /// Closes it, for its clones too: what was written is in segments, and the log is empty. When
    /// the last clone is gone, the folder can be opened again.
    ///
    /// # Errors
    ///
    /// Where the system refuses. Nothing is lost, then: the log has it.
    pub fn close(self) -> Result<(), IndexError> {
        self.handle.finish()
    }
}

#[cfg(test)]
mod tests;
