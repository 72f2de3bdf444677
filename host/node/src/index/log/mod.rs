//! The write-ahead log: what was acknowledged and is not yet in tantivy's files.
//!
//! Callers append records and wait; the first who waits writes for all and has the system bring it
//! to the disk, while the next ones gather. When tantivy is about to take in what was written,
//! the log goes on in a new file, a generation; when it has done so, the older ones are deleted.
//!
//! Knows nothing of documents, of tantivy, or of what is done with records that are read again.

mod files;
mod frame;
mod record;
mod tail;

use std::fs;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use super::IndexError;
use files::{cut, generations};
pub(super) use frame::FILE_HEADER;
pub(super) use record::Record;
use tail::Tail;

/// The log of an index.
pub(super) struct Log {
    folder: PathBuf,
    shared: Mutex<Shared>,
    /// Told when a group is written and the file is free.
    written: Condvar,
}

struct Shared {
    /// Records that wait to be written.
    gathered: Vec<u8>,
    group: Arc<Group>,
    /// `None` while one writes for all.
    tail: Option<Tail>,
    /// The files before it.
    older: Vec<PathBuf>,
    next_generation: u64,
    /// Whether nothing may be written any more.
    closed: bool,
}

/// Records that are written together.
#[derive(Default)]
pub(super) struct Group {
    outcome: OnceLock<Result<(), Arc<io::Error>>>,
}

impl Log {
    /// Opens the log of a folder: the records that are in it, from the oldest, and a log that goes
    /// on in a new file, which is made when something is written. A torn tail is cut off.
    ///
    /// # Errors
    ///
    /// A file that is damaged, and not only torn at its end; where the system refuses.
    pub(super) fn open(folder: &Path) -> Result<(Self, Vec<Record>), IndexError> {
        let generations = generations(folder)?;
        let mut contents = Vec::new();
        for (_, path) in &generations {
            let bytes = fs::read(path).map_err(IndexError::file("read", path))?;
            let content = frame::read(&bytes)
                .map_err(|broken| IndexError::damaged(path, broken.offset, broken.reason))?;
            contents.push(content);
        }
        let mut follows = false;
        for ((_, path), content) in generations.iter().zip(&contents).rev() {
            // Before its header is on the disk, a file has no records.
            if content.torn && follows && content.whole > 0 {
                let reason = "its end is missing, and records follow it in a later file";
                return Err(IndexError::damaged(path, content.whole, reason));
            }
            if content.torn {
                cut(path, content.whole).map_err(IndexError::file("cut", path))?;
            }
            follows |= !content.records.is_empty();
        }
        let generation = generations
            .last()
            .map_or(0, |(generation, _)| generation + 1);
        let log = Self {
            folder: folder.to_owned(),
            shared: Mutex::new(Shared {
                gathered: Vec::new(),
                group: Arc::default(),
                tail: Some(Tail::new(folder, generation)),
                older: generations.into_iter().map(|(_, path)| path).collect(),
                next_generation: generation + 1,
                closed: false,
            }),
            written: Condvar::new(),
        };
        let records = contents.into_iter().flat_map(|content| content.records);
        Ok((log, records.collect()))
    }

    /// Deletes what a log left in a folder.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub(super) fn clear(folder: &Path) -> Result<(), IndexError> {
        for (_, path) in generations(folder)? {
            fs::remove_file(&path).map_err(IndexError::file("delete", &path))?;
        }
        Ok(())
    }

    /// Appends records, whose bytes these are. They are durable when [`Log::wait`] says so.
    pub(super) fn append(&self, records: &[u8]) -> Arc<Group> {
        let mut shared = self.lock();
        shared.gathered.extend(records);
        Arc::clone(&shared.group)
    }

    /// Waits until a group is on the disk.
    ///
    /// # Errors
    ///
    /// If the system refused to write it, or the log is closed.
    pub(super) fn wait(&self, group: &Group) -> Result<(), IndexError> {
        let mut shared = self.lock();
        loop {
            if let Some(outcome) = group.outcome.get() {
                let failed = |source: &Arc<io::Error>| IndexError::Log {
                    source: Arc::clone(source),
                };
                return outcome.as_ref().copied().map_err(failed);
            }
            if shared.closed {
                return Err(IndexError::Closed);
            }
            let Some(mut tail) = shared.tail.take() else {
                shared = self.wait_turn(shared);
                continue;
            };
            let gathered = mem::take(&mut shared.gathered);
            let led = mem::take(&mut shared.group);
            drop(shared);
            // A panic must not keep the others waiting for the tail.
            let written = catch_unwind(AssertUnwindSafe(|| tail.write(&gathered)));
            let written = written.unwrap_or_else(|_| Err(io::Error::other("it panicked")));
            let outcome = written.map_err(Arc::new);
            shared = self.lock();
            shared.tail = Some(tail);
            let first = led.outcome.set(outcome).is_ok();
            debug_assert!(first, "a group is written once");
            self.written.notify_all();
        }
    }

    /// Ends writing: what is not on the disk when this returns never will be, and nobody makes a
    /// file any more.
    pub(super) fn close(&self) {
        let mut shared = self.lock();
        while shared.tail.is_none() {
            shared = self.wait_turn(shared);
        }
        shared.closed = true;
        self.written.notify_all();
    }

    /// Goes on in a new file. What was appended before may be in either. To be called by one at a
    /// time, so that the files' order is that of the records.
    ///
    /// # Errors
    ///
    /// Where the system refuses; the log then goes on as it was.
    pub(super) fn rotate(&self) -> Result<(), IndexError> {
        let mut shared = self.lock();
        loop {
            let Shared {
                tail,
                older,
                next_generation,
                ..
            } = &mut *shared;
            if let Some(tail) = tail {
                if tail.is_new() {
                    return Ok(());
                }
                tail.repair()?;
                let new = Tail::new(&self.folder, *next_generation);
                *next_generation += 1;
                older.push(mem::replace(tail, new).path);
                return Ok(());
            }
            shared = self.wait_turn(shared);
        }
    }

    /// Deletes the files from before the last [`Log::rotate`].
    ///
    /// # Errors
    ///
    /// Where the system refuses; they are deleted the next time.
    pub(super) fn forget_older(&self) -> Result<(), IndexError> {
        let mut shared = self.lock();
        while let Some(path) = shared.older.last() {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(IndexError::file("delete", path)(error));
                }
                Ok(()) | Err(_) => drop(shared.older.pop()),
            }
        }
        Ok(())
    }

    /// Whether nothing can be written until the log goes on in a new file.
    pub(super) fn is_broken(&self) -> bool {
        let shared = self.lock();
        shared.tail.as_ref().is_some_and(|tail| tail.broken)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Nothing in here is changed by halves.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_turn<'a>(&self, shared: MutexGuard<'a, Shared>) -> MutexGuard<'a, Shared> {
        let waited = self.written.wait(shared);
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(super) mod tests;
