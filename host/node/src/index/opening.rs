//! Making an index, and opening one that is there.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use tantivy::directory::{Directory, MmapDirectory, RamDirectory};
use tantivy::index::SegmentComponent;

use super::folder::{self, Folder};
use super::inner::{Disk, Inner};
use super::log::Log;
use super::segments::Segments;
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
        Segments::create(&*directory(&segments)?, &mapping)?;
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
        Segments::create(&directory, &mapping)?;
        let mapping = Arc::new(mapping);
        let (segments, committed, operations) =
            Segments::open(Box::new(directory), &mapping, options)?;
        let state = State::new(mapping, committed, operations);
        Ok(Self::of(state, segments, None, options))
    }

    fn start(folder: Folder, options: Options) -> Result<Self, IndexError> {
        let mapping = Arc::new(folder.load_mapping()?);
        let directory = directory(&folder.segments())?;
        sweep(&folder.segments(), &*directory)?;
        let (segments, committed, operations) = Segments::open(directory, &mapping, options)?;
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
        let inner = Self::of(state, segments, Some(Disk { folder, log }), options);
        if is_whole {
            inner.forget_log()?;
        } else {
            inner.refresh()?;
        }
        Ok(inner)
    }

    fn of(state: State, segments: Segments, disk: Option<Disk>, options: Options) -> Self {
        Self {
            state: Mutex::new(state),
            segments: Mutex::new(Some(segments)),
            disk,
            options,
            refreshing: AtomicBool::new(false),
        }
    }
}

/// Deletes what a crash left of segments, and of deletions in them, that were never committed:
/// tantivy gives its next files the same names, and refuses to write over any.
fn sweep(segments: &Path, directory: &dyn Directory) -> Result<(), IndexError> {
    let metas = tantivy::Index::open(directory.box_clone()).and_then(|index| index.load_metas());
    let metas = metas.map_err(IndexError::tantivy("read its segments"))?;
    let is_committed = |name: &str, segment: &str| {
        let mut committed = metas.segments.iter();
        let found = committed.find(|committed| committed.id().uuid_string() == segment);
        found.is_some_and(|committed| {
            let deletions = committed.relative_path(SegmentComponent::Delete);
            !has_extension(name, "del") || deletions == Path::new(name)
        })
    };
    for entry in fs::read_dir(segments).map_err(IndexError::file("read", segments))? {
        let path = entry.map_err(IndexError::file("read", segments))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if segment_of(name).is_some_and(|segment| !is_committed(name, segment)) {
            fs::remove_file(&path).map_err(IndexError::file("delete", &path))?;
        }
    }
    Ok(())
}

/// The segment that a file is of: it is named by 32 hexadecimal digits.
fn segment_of(name: &str) -> Option<&str> {
    let (segment, _) = name.split_once('.')?;
    let is_number = segment.len() == 32 && segment.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then_some(segment)
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|of| of == extension)
}

/// tantivy's view of a folder.
fn directory(segments: &Path) -> Result<Box<dyn Directory>, IndexError> {
    MmapDirectory::open(segments)
        .map(|directory| Box::new(directory) as Box<dyn Directory>)
        .map_err(IndexError::tantivy("open its folder"))
}
