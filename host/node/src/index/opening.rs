//! Making an index, and opening one that is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use tantivy::directory::{Directory, MmapDirectory, RamDirectory};
use tantivy::index::SegmentComponent;

use super::folder::{self, Folder, segment_of};
use super::gated::{Gate, Gated};
use super::inner::{Disk, Inner};
use super::log::Log;
use super::segments::Segments;
use super::state::State;
use super::terms::Numbering;
use super::verify::verify;
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
        Segments::create(&directory(&segments, &Gate::default())?, &mapping)?;
        folder::sync(&segments)?;
        folder.save_mapping(&mapping)?;
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            folder::sync(parent)?;
        }
        let options = Options {
            is_verified: true,
            ..options
        };
        Self::start(folder, options, Numbering::new())
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
        let folder = Folder::hold(path)?;
        IndexError::caught("open its files", || {
            let numbering = Numbering::load(&folder)?;
            Self::start(folder, options, numbering)
        })
    }

    /// Makes an index without a folder.
    ///
    /// # Errors
    ///
    /// Where the system refuses to start threads.
    pub(super) fn in_memory(mapping: Mapping, options: Options) -> Result<Self, IndexError> {
        let gate = Gate::default();
        let directory = Gated::new(Box::new(RamDirectory::create()), &gate);
        Segments::create(&directory, &mapping)?;
        let (mapping, numbering) = (Arc::new(mapping), Numbering::new());
        let (segments, committed, operations) =
            Segments::open(directory, &mapping, &options, &numbering.terms)?;
        let state = State::new(mapping, committed, operations, &options.resources);
        Ok(Self::of(state, numbering, segments, gate, None, options))
    }

    fn start(folder: Folder, options: Options, numbering: Numbering) -> Result<Self, IndexError> {
        let mapping = Arc::new(folder.load_mapping()?);
        let gate = Gate::default();
        let directory = directory(&folder.segments(), &gate)?;
        let committed = sweep(&folder.segments(), &directory)?;
        if !options.is_verified {
            verify(&directory, &folder.segments(), &committed)?;
        }
        let (segments, committed, operations) =
            Segments::open(directory, &mapping, &options, &numbering.terms)?;
        let (log, records) = Log::open(folder.path())?;
        let mut state = State::new(mapping, committed, operations, &options.resources);
        let mut bytes = Vec::new();
        for record in records {
            if record.seq_no >= operations {
                bytes.clear();
                state.put(record, &mut bytes);
            }
        }
        let is_whole = state.pending.is_empty();
        let disk = Some(Disk { folder, log });
        let inner = Self::of(state, numbering, segments, gate, disk, options);
        let cleared = match is_whole {
            true => inner.forget_log(),
            false => inner.refresh(),
        };
        match cleared {
            // The log has it, and a full disk is no reason not to search what there is.
            Err(error) if !error.is_damage() => Ok(inner),
            cleared => cleared.map(|()| inner),
        }
    }

    fn of(
        state: State,
        numbering: Numbering,
        segments: Segments,
        gate: Gate,
        disk: Option<Disk>,
        options: Options,
    ) -> Self {
        Self {
            state: Mutex::new(state),
            terms: numbering.terms.clone(),
            deciding: Mutex::new(numbering),
            segments: Mutex::new(Some(segments)),
            gate,
            disk,
            options,
            refreshing: AtomicBool::new(false),
            failing: AtomicBool::new(false),
        }
    }
}

/// Deletes what a crash left of segments, and of deletions in them, that were never committed:
/// tantivy gives its next files the same names, and refuses to write over any. Gives the names of
/// the files that were committed.
fn sweep(segments: &Path, directory: &dyn Directory) -> Result<Vec<PathBuf>, IndexError> {
    let metas = tantivy::Index::open(directory.box_clone()).and_then(|index| index.load_metas());
    let metas = metas.map_err(IndexError::tantivy("read its segments"))?;
    let is_committed = |name: &str, segment: &str| {
        let mut committed = metas.segments.iter();
        let found = committed.find(|committed| committed.id().uuid_string() == segment);
        found.is_some_and(|committed| {
            let deletions = committed.relative_path(SegmentComponent::Delete);
            !has_extension(name, "del") || (committed.has_deletes() && deletions == Path::new(name))
        })
    };
    let mut committed = Vec::new();
    for entry in fs::read_dir(segments).map_err(IndexError::file("read", segments))? {
        let path = entry.map_err(IndexError::file("read", segments))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        match segment_of(name) {
            Some(segment) if is_committed(name, segment) => committed.push(PathBuf::from(name)),
            Some(_) => fs::remove_file(&path).map_err(IndexError::file("delete", &path))?,
            None => {}
        }
    }
    Ok(committed)
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|of| of == extension)
}

/// tantivy's view of a folder.
fn directory(segments: &Path, gate: &Gate) -> Result<Gated, IndexError> {
    MmapDirectory::open(segments)
        .map(|directory| Gated::new(Box::new(directory), gate))
        .map_err(IndexError::tantivy("open its folder"))
}
