//! Primary terms: the times between two crashes of an index, numbered from 1.
//!
//! A write has a sequence number, and is read by its id, before its record is on the disk. If the node
//! dies in between, the number is given again, to another write. So the writes after a crash have another
//! primary term, and a condition on a write that is lost holds for none that came later.
//!
//! A term is where it begins in the order of operations, so that documents need not have it. It is kept
//! in `terms.json`, with a mark that the index was closed in order and needs no new term. A new index
//! gets the file when it is closed: one without is not known to be closed in order.
//!
//! Knows nothing of documents and the log.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::IndexError;
use super::folder::{Folder, sync};
use super::sealed::{read_sealed, replace_sealed};

/// The terms of an index. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Terms(Arc<RwLock<Vec<u64>>>);

impl Default for Terms {
    /// The first term alone.
    fn default() -> Self {
        Self(Arc::new(RwLock::new(vec![0])))
    }
}

impl Terms {
    /// The primary term of the operation with a sequence number.
    pub(crate) fn of(&self, seq_no: u64) -> u64 {
        let begins = self.0.read().unwrap_or_else(PoisonError::into_inner);
        begins.partition_point(|begin| *begin <= seq_no) as u64
    }
}

/// What is kept of them.
#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    /// The first sequence number of each term.
    begins: Vec<u64>,
    /// Whether no number may have been given that is not on the disk.
    is_closed: bool,
}

/// The right to give sequence numbers, which only who decides on operations has.
#[derive(Debug)]
pub(super) struct Numbering {
    pub(super) terms: Terms,
    /// Whether the term is one that began, or goes on, while the index is open.
    is_begun: bool,
    was_closed: bool,
}

impl Numbering {
    /// That of an index that is made.
    pub(super) fn new() -> Self {
        Self {
            terms: Terms::default(),
            is_begun: true,
            was_closed: false,
        }
    }

    /// That of an index that is there.
    ///
    /// # Errors
    ///
    /// If the file is damaged, or cannot be read.
    pub(super) fn load(folder: &Folder) -> Result<Self, IndexError> {
        let file = path(folder.path());
        let mut loaded = Self {
            is_begun: false,
            ..Self::new()
        };
        if file.exists() {
            let json = read_sealed(&file)?;
            let saved: Saved = serde_json::from_slice(&json)
                .map_err(|error| IndexError::damaged(&file, 0, error.to_string()))?;
            loaded.terms = Terms(Arc::new(RwLock::new(saved.begins)));
            loaded.was_closed = saved.is_closed;
        }
        Ok(loaded)
    }

    /// Begins a term at a sequence number if the index was not closed in order, before the first
    /// number is given.
    ///
    /// # Errors
    ///
    /// If it cannot be saved.
    pub(super) fn begin(&mut self, folder: Option<&Folder>, next: u64) -> Result<(), IndexError> {
        let Some(folder) = folder.filter(|_| !self.is_begun) else {
            return Ok(());
        };
        let mut begins = self.begins();
        if !self.was_closed {
            begins.push(next);
        }
        save(folder, &begins, false)?;
        *self.terms.0.write().unwrap_or_else(PoisonError::into_inner) = begins;
        self.is_begun = true;
        Ok(())
    }

    /// Notes that the index is closed in order: all numbers that were given are on the disk.
    ///
    /// # Errors
    ///
    /// If it cannot be saved; the next numbers have another term then.
    pub(super) fn close(&self, folder: &Folder) -> Result<(), IndexError> {
        match self.is_begun {
            true => save(folder, &self.begins(), true),
            false => Ok(()),
        }
    }

    fn begins(&self) -> Vec<u64> {
        let begins = self.terms.0.read();
        begins.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("terms.json")
}

fn save(folder: &Folder, begins: &[u64], is_closed: bool) -> Result<(), IndexError> {
    let begins = begins.to_vec();
    let saved = serde_json::to_vec(&Saved { begins, is_closed });
    let saved = saved.expect("numbers are JSON, and a vector takes all");
    replace_sealed(&path(folder.path()), &saved)?;
    sync(folder.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_index_that_was_not_closed_gets_another_term() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Folder::hold(folder.path()).expect("it is free");
        let load = || Numbering::load(&folder).expect("it is whole");
        let of = |numbering: &Numbering| [0, 4, 5, 9].map(|seq_no| numbering.terms.of(seq_no));
        let mut new = Numbering::new();
        new.begin(Some(&folder), 0).expect("there is room");
        assert_eq!(of(&new), [1; 4]);
        new.close(&folder).expect("there is room");
        let mut opened = load();
        // Nothing was written.
        opened.close(&folder).expect("there is nothing to save");
        opened.begin(Some(&folder), 5).expect("there is room");
        assert_eq!(of(&opened), [1; 4]);
        for term in 2..4 {
            let mut crashed = load();
            assert_eq!(crashed.terms.of(9), term - 1);
            crashed.begin(Some(&folder), 5).expect("there is room");
            assert_eq!(of(&crashed), [1, 1, term, term]);
        }
        load().close(&folder).expect("there is nothing to save");
        assert_eq!(of(&load()), [1, 1, 3, 3]);
    }

    #[test]
    fn an_index_without_terms_was_not_closed_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Folder::hold(folder.path()).expect("it is free");
        let mut numbering = Numbering::load(&folder).expect("there is no file");
        numbering.begin(Some(&folder), 7).expect("there is room");
        assert_eq!((numbering.terms.of(6), numbering.terms.of(7)), (1, 2));
    }
}
