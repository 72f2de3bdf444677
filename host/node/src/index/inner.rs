//! What the clones of an index share, and its three steps: write, refresh, close.
//!
//! Two locks: that of the state is held for moments; that of the segments as long as tantivy works, and
//! who holds it may take the other, but not the other way round.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;

use super::folder::Folder;
use super::log::Log;
use super::prepared::Prepared;
use super::segments::Segments;
use super::state::State;
use super::{IndexError, IndexStatistics, Operation, Options, WriteError, Written};

pub(super) struct Inner {
    /// Never waited for while holding it: the log, tantivy.
    pub(super) state: Mutex<State>,
    /// `None` when it is closed. Who holds it may lock the state, not the other way round.
    pub(super) segments: Mutex<Option<Segments>>,
    /// `None` for an index in memory.
    pub(super) disk: Option<Disk>,
    pub(super) options: Options,
    pub(super) refreshing: AtomicBool,
}

pub(super) struct Disk {
    pub(super) folder: Folder,
    pub(super) log: Log,
}

impl Inner {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn folder(&self) -> Option<&Folder> {
        self.disk.as_ref().map(|disk| &disk.folder)
    }

    pub(super) fn write(
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

    pub(super) fn refresh(&self) -> Result<(), IndexError> {
        let mut segments = lock(&self.segments);
        let open = segments.as_mut().ok_or(IndexError::Closed)?;
        self.take_in(open)
    }

    /// Makes one segment of all that was acknowledged.
    pub(super) fn merge(&self) -> Result<(), IndexError> {
        let mut segments = lock(&self.segments);
        let open = segments.as_mut().ok_or(IndexError::Closed)?;
        self.take_in(open)?;
        open.merge_all()?;
        self.take_in(open)
    }

    /// Has tantivy take in what is pending.
    pub(super) fn take_in(&self, segments: &mut Segments) -> Result<(), IndexError> {
        let is_broken = self.disk.as_ref().is_some_and(|disk| disk.log.is_broken());
        if self.lock().is_taken_in() && !is_broken {
            if let Some(merged) = segments.merged()? {
                self.lock().committed = merged;
            }
            return Ok(());
        }
        // First, so that all the older files have is taken in below.
        if let Some(disk) = &self.disk {
            disk.log.rotate()?;
        }
        let (pending, mapping, operations) = self.lock().take();
        let committed = segments.commit(&pending, &mapping, operations);
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

    pub(super) fn forget_log(&self) -> Result<(), IndexError> {
        match &self.disk {
            Some(disk) => disk.log.forget_older(),
            None => Ok(()),
        }
    }

    pub(super) fn put_mapping(&self, json: &Json) -> Result<(), IndexError> {
        {
            let mut state = self.lock();
            if state.closed {
                return Err(IndexError::Closed);
            }
            let mapping = state.mapping.extended(json)?;
            state.take_mapping(mapping, self.folder())?;
        }
        self.refresh()
    }

    pub(super) fn statistics(&self) -> IndexStatistics {
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

/// Locks, also after a panic of another thread, which was told there: what it left half done behind
/// these locks is put right by whoever comes next.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
