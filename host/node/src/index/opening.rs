//! Making an index, and opening one that is there.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use tantivy::directory::{Directory, MmapDirectory, RamDirectory};

use super::engine::Engine;
use super::folder::{self, Folder};
use super::inner::{Disk, Inner};
use super::log::Log;
use super::state::State;
use super::{IndexError, Options};
use crate::mapping::Mapping;

impl Inner {
    /// Makes an index in a folder.
    ///
    /// # Errors
    ///
    /// Where there is one already, or the system refuses.
    pub(super) fn create(
        path: &Path,
        mapping: Mapping,
        options: Options,
    ) -> Result<Self, IndexError> {
        let folder = Folder::hold(path)?;
        if Folder::has_index(path) {
            return Err(IndexError::Exists {
                folder: path.to_owned(),
            });
        }
        // What is there was left by one that did not get as far as its mapping.
        Log::clear(path)?;
        let segments = folder.make_segments()?;
        Engine::create(&*directory(&segments)?, &mapping)?;
        folder::sync(&segments)?;
        folder.save_mapping(&mapping)?;
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            folder::sync(parent)?;
        }
        Self::start(folder, options)
    }

    /// Opens the index in a folder.
    ///
    /// # Errors
    ///
    /// Where there is none, it is open elsewhere, a file is damaged, or the system refuses.
    pub(super) fn open(path: &Path, options: Options) -> Result<Self, IndexError> {
        if !Folder::has_index(path) {
            return Err(IndexError::Missing {
                folder: path.to_owned(),
            });
        }
        Self::start(Folder::hold(path)?, options)
    }

    /// Makes an index without a folder.
    ///
    /// # Errors
    ///
    /// Where the system refuses to start threads.
    pub(super) fn in_memory(mapping: Mapping, options: Options) -> Result<Self, IndexError> {
        let directory = RamDirectory::create();
        Engine::create(&directory, &mapping)?;
        let mapping = Arc::new(mapping);
        let (engine, committed, operations) = Engine::open(Box::new(directory), &mapping, options)?;
        let state = State::new(mapping, committed, operations);
        Ok(Self::of(state, engine, None, options))
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
        let inner = Self::of(state, engine, Some(Disk { folder, log }), options);
        if is_whole {
            inner.forget_log()?;
        } else {
            inner.refresh()?;
        }
        Ok(inner)
    }

    fn of(state: State, engine: Engine, disk: Option<Disk>, options: Options) -> Self {
        Self {
            state: Mutex::new(state),
            engine: Mutex::new(Some(engine)),
            disk,
            options,
            refreshing: AtomicBool::new(false),
        }
    }
}

/// The engine's view of a folder.
fn directory(segments: &Path) -> Result<Box<dyn Directory>, IndexError> {
    MmapDirectory::open(segments)
        .map(|directory| Box::new(directory) as Box<dyn Directory>)
        .map_err(IndexError::engine("open its folder"))
}
