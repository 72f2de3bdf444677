//! The indexes of a node, each a world of its own.
//!
//! | in the directory | what |
//! |---|---|
//! | `NAME` | an index ([`whittle_node::index`]), and its settings in `settings.json` |
//! | `.deleted-...` | what was an index: it is being deleted, or a crash left it, and it is deleted when the node starts |
//!
//! The map of names is locked for moments, never while a file is touched. A name is taken while its
//! index is made or deleted. What fails in one index is noted at its [`Entry`], and keeps no other
//! from being opened, refreshed, or closed.

mod entry;
mod name;
mod open;
mod refreshing;
mod settings_file;

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use whittle_node::index::{Index, IndexError};
use whittle_node::mapping::Mapping;

pub(crate) use entry::{Condition, Entry, Outcome, Unavailable};
use entry::{Phase, lock};
use open::OpenIndexes;
use refreshing::Refreshing;

use crate::data::failed;
use crate::log;
use crate::node::NodeError;
use crate::settings::Settings;

/// How the directory of an index is named when it is deleted; no index can have such a name.
const DELETED: &str = ".deleted-";

/// How long indexes are checked before the node serves; the others are checked meanwhile.
const CHECK: Duration = Duration::from_secs(2);

/// Threads that check indexes, and threads that close them.
const THREADS: usize = 4;

/// The indexes of a node. Clones are the same.
#[derive(Clone)]
pub(crate) struct Indexes(Arc<Shared>);

struct Shared {
    directory: PathBuf,
    /// How many there may be.
    at_most: usize,
    by_name: Mutex<BTreeMap<String, Arc<Entry>>>,
    open: Arc<OpenIndexes>,
    refreshing: Arc<Refreshing>,
}

/// Why an index cannot be made.
pub(crate) enum CreateError {
    /// The name breaks a rule, which is given.
    Name(&'static str),
    /// There is one, with this identifier.
    Exists(String),
    /// There are as many as there may be.
    TooMany(usize),
    /// There is one, and it cannot be used.
    Unavailable(Unavailable),
    Index(IndexError),
}

impl Indexes {
    /// The indexes of a directory. None of them keeps the others from being served, whatever is
    /// wrong with it.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read.
    pub(crate) fn load(
        directory: &Path,
        at_most: usize,
        open_at_most: usize,
    ) -> Result<Self, NodeError> {
        let open = Arc::new(OpenIndexes::new(open_at_most));
        let mut by_name = BTreeMap::new();
        let mut leftovers = Vec::new();
        for found in fs::read_dir(directory).map_err(failed("read", directory))? {
            let path = found.map_err(failed("read", directory))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(DELETED) || Index::is_unfinished(&path).unwrap_or(false) {
                leftovers.push(path);
            } else if name::check(&name).is_ok() {
                let entry = found_in(&path, &name, &open);
                by_name.insert(name.into_owned(), Arc::new(entry));
            }
        }
        let indexes = Self(Arc::new(Shared {
            directory: directory.to_owned(),
            at_most,
            by_name: Mutex::new(by_name),
            open,
            refreshing: Arc::default(),
        }));
        for leftover in leftovers {
            remove(&leftover);
        }
        indexes.check();
        Ok(indexes)
    }

    /// Opens all indexes once, so that damage is known; for a while before this returns, and the
    /// others in the background.
    fn check(&self) {
        let entries: Arc<[Arc<Entry>]> = self.lock().values().cloned().collect();
        let next = Arc::new(AtomicUsize::new(0));
        let check = {
            let open = Arc::clone(&self.0.open);
            move |until: Option<Instant>| {
                while !open.is_closing() && until.is_none_or(|until| Instant::now() < until) {
                    let Some(entry) = entries.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        return;
                    };
                    // What is wrong is noted there.
                    let _ = entry.open();
                }
            }
        };
        let until = Instant::now() + CHECK;
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| check(Some(until)));
            }
        });
        let rest = thread::Builder::new().name("whittle-check".to_owned());
        // Without the thread, indexes are checked when they are used.
        let _ = rest.spawn(move || check(None));
    }

    /// The index of a name, unless it is being made or deleted.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Entry>> {
        let entry = self.lock().get(name).map(Arc::clone)?;
        entry.is_there().then_some(entry)
    }

    /// All indexes, by name.
    pub(crate) fn all(&self) -> Vec<(String, Arc<Entry>)> {
        let indexes = self.lock();
        let there = indexes.iter().filter(|(_, entry)| entry.is_there());
        there
            .map(|(name, entry)| (name.clone(), Arc::clone(entry)))
            .collect()
    }

    /// Makes an index.
    ///
    /// # Errors
    ///
    /// A name that cannot be, or is taken; too many indexes; if the system refuses. Nothing is left
    /// of it then.
    pub(crate) fn create(
        &self,
        name: &str,
        mapping: Mapping,
        settings: Settings,
    ) -> Result<Index, CreateError> {
        name::check(name).map_err(CreateError::Name)?;
        let directory = self.0.directory.join(name);
        let (phase, open) = (Phase::Creating, &self.0.open);
        let entry = Entry::new(directory, name, settings.clone(), phase, open);
        let entry = Arc::new(entry);
        let changing = entry.change();
        self.reserve(name, &entry)?;
        match self.make(&entry, mapping, &settings) {
            Ok(index) => {
                entry.made(&index);
                drop(changing);
                self.0.open.opened(&entry);
                log::changed("created the index", name);
                Ok(index)
            }
            Err(error) => {
                *entry.phase() = Phase::Deleted;
                let _ = self.bury(entry.directory());
                self.lock().remove(name);
                Err(CreateError::Index(error))
            }
        }
    }

    /// Takes a name for an index that is made; waits for the deletion of one that had it.
    fn reserve(&self, name: &str, entry: &Arc<Entry>) -> Result<(), CreateError> {
        loop {
            let mut indexes = self.lock();
            let count = indexes.len();
            let other = match indexes.entry(name.to_owned()) {
                btree_map::Entry::Vacant(_) if count >= self.0.at_most => {
                    return Err(CreateError::TooMany(count));
                }
                btree_map::Entry::Vacant(vacant) => {
                    vacant.insert(Arc::clone(entry));
                    return Ok(());
                }
                btree_map::Entry::Occupied(other) => Arc::clone(other.get()),
            };
            drop(indexes);
            if !other.is_deleted() {
                return Err(CreateError::Exists(other.settings().uuid));
            }
            drop(other.change());
        }
    }

    fn make(
        &self,
        entry: &Entry,
        mapping: Mapping,
        settings: &Settings,
    ) -> Result<Index, IndexError> {
        let directory = entry.directory();
        fs::create_dir_all(directory).map_err(|source| IndexError::File {
            action: "create the directory",
            path: directory.to_owned(),
            source,
        })?;
        // Before the index, which is there once its mapping is.
        settings_file::save(directory, settings)?;
        Index::create_with(directory, mapping, entry.options(true))
    }

    /// The index of a name, open; it is made if there is none.
    ///
    /// # Errors
    ///
    /// As [`Indexes::create`], and if there is one that cannot be used.
    pub(crate) fn get_or_create(&self, name: &str) -> Result<Index, CreateError> {
        loop {
            let found = self.lock().get(name).map(Arc::clone);
            match found.map(|entry| entry.open()) {
                Some(Ok(index)) => return Ok(index),
                Some(Err(Unavailable::Gone)) | None => {}
                Some(Err(error)) => return Err(CreateError::Unavailable(error)),
            }
            match self.create(name, Mapping::dynamic(), Settings::new()) {
                // Another request was faster.
                Err(CreateError::Exists(_)) => {}
                made => return made,
            }
        }
    }

    /// Deletes an index, whatever is wrong with it; false if there is none. What was written to it
    /// and is in no segment is dropped; searches that are under way go on, and its space is free
    /// when they end.
    ///
    /// # Errors
    ///
    /// If the system refuses to rename its directory; it is there then, with all that was
    /// acknowledged.
    pub(crate) fn delete(&self, name: &str) -> Result<bool, IndexError> {
        let Some(entry) = self.get(name) else {
            return Ok(false);
        };
        {
            let _changing = entry.change();
            let before = std::mem::replace(&mut *entry.phase(), Phase::Deleted);
            if matches!(before, Phase::Deleted) {
                return Ok(false);
            }
            // First, so that requests which still use it learn that it is gone, and nothing of it is
            // written into the directory of another index of its name.
            let closed = match before {
                Phase::Open(index) => {
                    index.discard();
                    Phase::Parked { statistics: None }
                }
                other => other,
            };
            self.0.open.closed(&entry);
            // Renaming takes no space. From here on it is deleted, also if the node ends now.
            let buried = match self.bury(entry.directory()) {
                Ok(buried) => buried,
                Err(error) => {
                    *entry.phase() = closed;
                    return Err(error);
                }
            };
            self.lock().remove(name);
            if let Some(buried) = buried {
                remove(&buried);
            }
        }
        log::changed("deleted the index", name);
        Ok(true)
    }

    /// Gives a directory a name that is that of no index; `None` if there is no such directory.
    fn bury(&self, directory: &Path) -> Result<Option<PathBuf>, IndexError> {
        let name = format!("{DELETED}{}", uuid::Uuid::new_v4().simple());
        let buried = self.0.directory.join(name);
        match fs::rename(directory, &buried) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(IndexError::File {
                    action: "rename, to delete it,",
                    path: directory.to_owned(),
                    source,
                });
            }
        }
        // After a power failure it may be there again, which is better than to refuse.
        let _ = fs::File::open(&self.0.directory).and_then(|directory| directory.sync_all());
        Ok(Some(buried))
    }

    /// Shows searches what was written to the indexes whose interval is over. It begins that, and
    /// does not wait for it.
    pub(crate) fn refresh(&self) {
        self.0.refreshing.begin(&self.0.open);
        self.0.open.park_surplus();
    }

    /// Closes all indexes; none is opened any more.
    ///
    /// # Errors
    ///
    /// The first that cannot be closed; the others are closed, and nothing is lost.
    pub(crate) fn close(&self) -> Result<(), NodeError> {
        self.0.open.close();
        self.0.refreshing.finish();
        let open = self.0.open.all();
        let (next, first) = (AtomicUsize::new(0), Mutex::new(None));
        let close = || {
            while let Some(entry) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(source) = entry.close() {
                    log::failing("cannot close the index", entry.name(), &source.to_string());
                    let name = entry.name().to_owned();
                    lock(&first).get_or_insert(NodeError::Index { name, source });
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(close);
            }
        });
        lock(&first).take().map_or(Ok(()), Err)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Entry>>> {
        lock(&self.0.by_name)
    }
}

/// An index that is found when the node starts.
fn found_in(path: &Path, name: &str, open: &Arc<OpenIndexes>) -> Entry {
    let settings = entry::check_mapping(path).and_then(|()| settings_file::load(path));
    let phase = match &settings {
        Ok(_) => Phase::Parked { statistics: None },
        Err(error) => Entry::failed(error),
    };
    if let Phase::Failed(failure) = &phase {
        log::failing("cannot open the index", name, failure.reason());
    }
    let settings = settings.unwrap_or_else(|_| Settings::new());
    Entry::new(path.to_owned(), name, settings, phase, open)
}

/// Deletes what was an index. What cannot be deleted is tried again when the node starts.
fn remove(path: &Path) {
    let removed = match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
    if let Err(error) = removed {
        let path = path.display().to_string();
        log::failing("cannot delete all of", &path, &error.to_string());
    }
}
