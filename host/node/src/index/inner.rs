//! What the clones of an index share, and its three steps: write, refresh, close.
//!
//! Three locks, in the order in which they may be taken: that of the segments is held as long as
//! tantivy works; that of decisions while operations are decided on, which may save a mapping; that
//! of the state for moments, and never while a file is written.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;

use super::decide::Decider;
use super::folder::Folder;
use super::gated::Gate;
use super::log::Log;
use super::prepared::Prepared;
use super::segments::Segments;
use super::state::State;
use super::terms::{Numbering, Terms};
use super::{IndexError, IndexStatistics, Operation, Options, WriteError, Written};

pub(super) struct Inner {
    pub(super) state: Mutex<State>,
    /// Who holds it decides on operations, and alone changes the mapping.
    pub(super) deciding: Mutex<Numbering>,
    pub(super) terms: Terms,
    /// `None` when it is closed.
    pub(super) segments: Mutex<Option<Segments>>,
    pub(super) gate: Gate,
    /// `None` for an index in memory.
    pub(super) disk: Option<Disk>,
    pub(super) options: Options,
    pub(super) refreshing: AtomicBool,
    /// Whether tantivy could not take in what is pending, when it was tried last.
    pub(super) failing: AtomicBool,
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

    /// What became of work on the index: whatever fails once nothing may be written any more fails
    /// since the index is closed.
    fn ended<T>(&self, work: Result<T, IndexError>) -> Result<T, IndexError> {
        work.map_err(|error| match self.gate.is_shut() {
            true => IndexError::Closed,
            false => error,
        })
    }

    pub(super) fn write(
        &self,
        operations: Vec<Operation>,
    ) -> Result<Vec<Result<Written, WriteError>>, IndexError> {
        self.ended(self.try_write(operations))
    }

    fn try_write(
        &self,
        operations: Vec<Operation>,
    ) -> Result<Vec<Result<Written, WriteError>>, IndexError> {
        self.make_room()?;
        let operations = operations.into_iter().map(Prepared::new).collect();
        let mut records = Vec::new();
        let (outcomes, group) = {
            let mut decider = Decider::new(&self.deciding, &self.state, self.folder())?;
            let outcomes = decider.carry_out(operations, &mut records);
            // In the order of decisions; if one failed, those before it.
            let disk = self.disk.as_ref().filter(|_| !records.is_empty());
            (outcomes, disk.map(|disk| (disk, disk.log.append(&records))))
        };
        if let Some((disk, group)) = group {
            disk.log.wait(&group)?;
        }
        outcomes
    }

    /// Waits if more is pending than may be, here or in all indexes that share the memory for it.
    fn make_room(&self) -> Result<(), IndexError> {
        let is_broken = self.disk.as_ref().is_some_and(|disk| disk.log.is_broken());
        let is_full = self.lock().pending.bytes >= 2 * self.options.log_bytes;
        if is_broken || is_full {
            self.refresh()?;
        }
        let resources = &self.options.resources;
        if !resources.is_over() {
            return Ok(());
        }
        for largest in resources.surplus() {
            // What fails is told to those who write to it, or refresh it.
            let _ = largest.refresh();
        }
        Ok(())
    }

    pub(super) fn refresh(&self) -> Result<(), IndexError> {
        let mut segments = lock(&self.segments);
        let open = segments.as_mut().ok_or(IndexError::Closed)?;
        self.ended(self.take_in(open))
    }

    /// Makes one segment of all that was acknowledged.
    pub(super) fn merge(&self) -> Result<(), IndexError> {
        let mut segments = lock(&self.segments);
        let open = segments.as_mut().ok_or(IndexError::Closed)?;
        let mut merge = || {
            self.take_in(open)?;
            caught("merge its segments", open, Segments::merge_all)?;
            self.take_in(open)
        };
        self.ended(merge())
    }

    /// Has tantivy take in what is pending.
    pub(super) fn take_in(&self, segments: &mut Segments) -> Result<(), IndexError> {
        let taken_in = self.try_take_in(segments);
        self.failing.store(taken_in.is_err(), Ordering::Relaxed);
        taken_in
    }

    fn try_take_in(&self, segments: &mut Segments) -> Result<(), IndexError> {
        let is_broken = self.disk.as_ref().is_some_and(|disk| disk.log.is_broken());
        if self.lock().is_taken_in() && !is_broken {
            if let Some(merged) = caught("open merged segments", segments, Segments::merged)? {
                self.lock().committed = merged;
            }
            return Ok(());
        }
        // First, so that all the older files have is taken in below.
        if let Some(disk) = &self.disk {
            disk.log.rotate()?;
        }
        let (pending, mapping, operations) = self.lock().take();
        let commit = |segments: &mut Segments| segments.commit(&pending, &mapping, operations);
        match caught("commit", segments, commit) {
            Ok(committed) => self.lock().taken_in(committed),
            Err(error) => {
                self.lock().not_taken_in();
                return Err(error);
            }
        }
        self.forget_log()
    }

    pub(super) fn forget_log(&self) -> Result<(), IndexError> {
        match &self.disk {
            Some(disk) => disk.log.forget_older(),
            None => Ok(()),
        }
    }

    pub(super) fn put_mapping(&self, json: &Json) -> Result<(), IndexError> {
        self.ended(self.try_put_mapping(json))
    }

    fn try_put_mapping(&self, json: &Json) -> Result<(), IndexError> {
        {
            let mut decider = Decider::new(&self.deciding, &self.state, self.folder())?;
            let mapping = decider.mapping().extended(json)?;
            decider.take_mapping(mapping)?;
        }
        self.refresh()
    }

    /// Operations that searches do not see yet.
    pub(super) fn pending(&self) -> u64 {
        let state = self.lock();
        let taken = state.taken.as_ref().map_or(0, |taken| taken.operations);
        state.pending.operations + taken
    }

    pub(super) fn statistics(&self) -> IndexStatistics {
        let committed = Arc::clone(&self.lock().committed);
        let pending = self.pending();
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

/// Has tantivy work. After a panic it reads what is on the disk anew.
fn caught<T>(
    action: &'static str,
    segments: &mut Segments,
    work: impl FnOnce(&mut Segments) -> Result<T, IndexError>,
) -> Result<T, IndexError> {
    let done = IndexError::caught(action, || work(segments));
    if let Err(IndexError::Panicked { .. }) = &done {
        segments.reset();
    }
    done
}

/// Locks, also after a panic of another thread, which was told there: what it left half done behind
/// these locks is put right by whoever comes next.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
