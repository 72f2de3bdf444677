//! An index: documents in, segments out, and nothing that was acknowledged is ever lost.
//!
//! 1. **Write.** Operations are decided on one after the other ([`state`]), against what was
//!    written lately ([`pending`]) and what the engine has ([`committed`]); their records go to the
//!    write-ahead log ([`log`]), and when it has them on the disk, the caller gets its answer.
//!    Callers that come at once share the wait.
//! 2. **Refresh.** The engine ([`engine`]) takes in what is pending, and brings it to the disk with
//!    the number of operations that it has taken in so far. Searches from then on see it, and the
//!    log's files from before are deleted. Writing goes on meanwhile. The engine is given nothing
//!    before, so that whatever fails in it can be tried again.
//! 3. **Open.** What the log has beyond the engine's number is pending again, and is taken in.
//!
//! Where a document has new fields, the mapping grows and is saved before anything else; the
//! engine's schema follows at the next refresh.
//!
//! Knows nothing of queries, HTTP or UDFs.

mod committed;
mod engine;
mod error;
mod folder;
mod ids;
mod log;
mod operation;
mod pending;
mod prepared;
mod state;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::Value as Json;
use tantivy::directory::{Directory, MmapDirectory, RamDirectory};

pub use committed::Snapshot;
pub use error::IndexError;
pub use operation::{ID_BYTES, Operation, Outcome, SOURCE_BYTES, Stored, WriteError, Written};

use crate::mapping::Mapping;
use engine::Engine;
use folder::Folder;
use log::Log;
use prepared::Prepared;
use state::State;

/// An index of documents. Its clones are the same index; when the last one goes, it is closed.
#[derive(Clone)]
pub struct Index {
    handle: Arc<Handle>,
}

/// How an index works, which is not kept in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Threads that make segments, 1 to 4.
    pub threads: usize,
    /// How much may be written until it is brought into segments without being asked, in bytes.
    pub log_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 1,
            log_bytes: 64 << 20,
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
        let held = Folder::hold(folder)?;
        if Folder::has_index(folder) {
            let folder = folder.to_owned();
            return Err(IndexError::Exists { folder });
        }
        // What is there was left by one that did not get as far as its mapping.
        Log::clear(folder)?;
        let segments = held.make_segments()?;
        Engine::create(&*directory(&segments)?, &mapping)?;
        held.save_mapping(&mapping)?;
        Self::start(held, options)
    }

    /// Opens an index. Searches see all that was ever acknowledged.
    ///
    /// # Errors
    ///
    /// Where there is none, it is open elsewhere, a file is damaged, or the system refuses.
    pub fn open(folder: &Path) -> Result<Self, IndexError> {
        Self::open_with(folder, Options::default())
    }

    /// As [`Index::open`], with options.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_with(folder: &Path, options: Options) -> Result<Self, IndexError> {
        if !Folder::has_index(folder) {
            let folder = folder.to_owned();
            return Err(IndexError::Missing { folder });
        }
        Self::start(Folder::hold(folder)?, options)
    }

    /// Makes an index that is gone when it is closed.
    ///
    /// # Errors
    ///
    /// Where the system refuses to start threads.
    pub fn in_memory(mapping: Mapping) -> Result<Self, IndexError> {
        let directory = RamDirectory::create();
        Engine::create(&directory, &mapping)?;
        let mapping = Arc::new(mapping);
        let options = Options::default();
        let (engine, committed, operations) = Engine::open(Box::new(directory), &mapping, options)?;
        let state = State::new(mapping, committed, operations);
        Ok(Self::of(Inner {
            state: Mutex::new(state),
            engine: Mutex::new(Some(engine)),
            disk: None,
            options,
            refreshing: AtomicBool::new(false),
        }))
    }

    fn start(folder: Folder, options: Options) -> Result<Self, IndexError> {
        let mapping = Arc::new(folder.load_mapping()?);
        let directory = directory(&folder.segments())?;
        let (engine, committed, operations) = Engine::open(directory, &mapping, options)?;
        let (log, records) = Log::open(folder.path())?;
        let mut state = State::new(mapping, committed, operations);
        let mut bytes = Vec::new();
        for record in records {
            if record.seq_no >= operations {
                bytes.clear();
                state.put(record, &mut bytes);
            }
        }
        let is_whole = state.pending.is_empty();
        let index = Self::of(Inner {
            state: Mutex::new(state),
            engine: Mutex::new(Some(engine)),
            disk: Some(Disk { folder, log }),
            options,
            refreshing: AtomicBool::new(false),
        });
        if is_whole {
            index.handle.inner.forget_log()?;
        } else {
            index.refresh()?;
        }
        Ok(index)
    }

    fn of(inner: Inner) -> Self {
        Self {
            handle: Arc::new(Handle {
                inner: Arc::new(inner),
                refresher: Mutex::new(None),
            }),
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

    /// The document with an id, as it was written last, whether searches see it or not.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn get(&self, id: &str) -> Result<Option<Stored>, IndexError> {
        // The engine is read without holding up writes.
        let find = self.handle.inner.lock().lookup(id);
        find.stored(id)
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

    /// Closes it, for its clones too: what was written is in segments, and the log is empty.
    ///
    /// # Errors
    ///
    /// Where the system refuses. Nothing is lost, then: the log has it.
    pub fn close(self) -> Result<(), IndexError> {
        self.handle.finish()
    }
}

/// What is gone with the last clone.
struct Handle {
    inner: Arc<Inner>,
    /// Refreshes where nobody asked to.
    refresher: Mutex<Option<JoinHandle<()>>>,
}

impl Handle {
    fn refresh_where_much_is_pending(&self) {
        let inner = &self.inner;
        if inner.lock().pending.bytes < inner.options.log_bytes
            || inner.refreshing.swap(true, Ordering::AcqRel)
        {
            return;
        }
        let refreshed = Arc::clone(inner);
        let refresher = thread::Builder::new()
            .name("whittle-refresh".to_owned())
            .spawn(move || {
                // Where it fails, it is tried again, until a write is told: see `make_room`.
                let _ = refreshed.refresh();
                refreshed.refreshing.store(false, Ordering::Release);
            });
        match refresher {
            Ok(refresher) => *lock(&self.refresher) = Some(refresher),
            Err(_) => inner.refreshing.store(false, Ordering::Release),
        }
    }

    fn finish(&self) -> Result<(), IndexError> {
        self.inner.lock().closed = true;
        if let Some(refresher) = lock(&self.refresher).take() {
            // What it failed at is tried below.
            let _ = refresher.join();
        }
        let mut engine = lock(&self.inner.engine);
        let Some(open) = engine.as_mut() else {
            return Ok(());
        };
        let taken_in = self.inner.take_in(open);
        let closed = open.close();
        *engine = None;
        taken_in.and(closed)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // The log keeps what cannot be brought into segments now.
        let _ = self.finish();
    }
}

struct Inner {
    /// Never waited for while holding it: the log, the engine.
    state: Mutex<State>,
    /// `None` when it is closed. Who holds it may lock the state, not the other way round.
    engine: Mutex<Option<Engine>>,
    /// `None` for an index in memory.
    disk: Option<Disk>,
    options: Options,
    refreshing: AtomicBool,
}

struct Disk {
    folder: Folder,
    log: Log,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn folder(&self) -> Option<&Folder> {
        self.disk.as_ref().map(|disk| &disk.folder)
    }

    fn write(
        &self,
        operations: Vec<Operation>,
    ) -> Result<Vec<Result<Written, WriteError>>, IndexError> {
        self.make_room()?;
        let operations = operations.into_iter().map(Prepared::new).collect();
        let mut records = Vec::new();
        let (outcomes, group) = {
            let mut state = self.lock();
            if state.closed {
                return Err(IndexError::Closed);
            }
            let outcomes = state.carry_out(operations, self.folder(), &mut records);
            // In the state's order, and where it failed on the way, what was carried out.
            let disk = self.disk.as_ref().filter(|_| !records.is_empty());
            (outcomes, disk.map(|disk| (disk, disk.log.append(&records))))
        };
        if let Some((disk, group)) = group {
            disk.log.wait(&group)?;
        }
        outcomes
    }

    /// Waits where more is pending than may be, and tells what keeps it from being taken in.
    fn make_room(&self) -> Result<(), IndexError> {
        let is_broken = self.disk.as_ref().is_some_and(|disk| disk.log.is_broken());
        let is_full = self.lock().pending.bytes >= 2 * self.options.log_bytes;
        if is_broken || is_full {
            self.refresh()?;
        }
        Ok(())
    }

    fn refresh(&self) -> Result<(), IndexError> {
        let mut engine = lock(&self.engine);
        let open = engine.as_mut().ok_or(IndexError::Closed)?;
        self.take_in(open)
    }

    /// Has the engine take in what is pending.
    fn take_in(&self, engine: &mut Engine) -> Result<(), IndexError> {
        let is_broken = self.disk.as_ref().is_some_and(|disk| disk.log.is_broken());
        if self.lock().is_taken_in() && !is_broken {
            return Ok(());
        }
        // First, so that all the older files have is taken in below.
        if let Some(disk) = &self.disk {
            disk.log.rotate()?;
        }
        let (pending, mapping, operations) = self.lock().take();
        let committed = engine.commit(&pending, &mapping, operations);
        let committed = {
            let mut state = self.lock();
            state.taken = None;
            match committed {
                Ok(committed) => {
                    state.committed = committed;
                    Ok(())
                }
                Err(error) => {
                    state.pending.put_back(&pending);
                    Err(error)
                }
            }
        };
        committed?;
        self.forget_log()
    }

    fn forget_log(&self) -> Result<(), IndexError> {
        match &self.disk {
            Some(disk) => disk.log.forget_older(),
            None => Ok(()),
        }
    }

    fn put_mapping(&self, json: &Json) -> Result<(), IndexError> {
        {
            let mut state = self.lock();
            if state.closed {
                return Err(IndexError::Closed);
            }
            let mapping = state.mapping.extended(json, state.given)?;
            state.take_mapping(mapping, self.folder())?;
        }
        self.refresh()
    }

    fn statistics(&self) -> IndexStatistics {
        let (committed, pending) = {
            let state = self.lock();
            let taken = state.taken.as_ref().map_or(0, |taken| taken.operations);
            (
                Arc::clone(&state.committed),
                state.pending.operations + taken,
            )
        };
        let segments = committed.snapshot.searcher.segment_readers();
        let deleted = segments
            .iter()
            .map(|segment| u64::from(segment.num_deleted_docs()));
        IndexStatistics {
            documents: committed.snapshot.searcher.num_docs(),
            deleted: deleted.sum(),
            bytes: self.folder().map_or(0, Folder::bytes),
            segments: segments.len(),
            pending,
        }
    }
}

/// The engine's view of a folder.
fn directory(segments: &Path) -> Result<Box<dyn Directory>, IndexError> {
    MmapDirectory::open(segments)
        .map(|directory| Box::new(directory) as Box<dyn Directory>)
        .map_err(IndexError::engine("open its folder"))
}

/// A panic elsewhere is told there; what is behind these locks is whole at every line that can.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
