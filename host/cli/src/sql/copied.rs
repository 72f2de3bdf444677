//! `COPY ... TO` one file of this machine: the engine writes another file beside it, which takes the place when it is
//! complete. A statement that fails leaves the file as it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use datafusion::error::{DataFusionError, Result};
use datafusion::sql::parser::Statement;
use tempfile::{Builder, TempPath};

/// A file that a statement writes. It is deleted unless it is put in its place.
pub(super) struct Copied {
    written: TempPath,
    place: PathBuf,
}

impl Copied {
    /// Gives a statement that writes one file of this machine another target, beside its own and with the same
    /// extension, which says the format.
    pub(super) fn aside(statement: &mut Statement) -> Result<Option<Self>> {
        let Statement::CopyTo(copy) = statement else {
            return Ok(None);
        };
        let place = PathBuf::from(&copy.target);
        let is_file = !copy.target.contains("://")
            && copy.partitioned_by.is_empty()
            && !copy.target.ends_with('/')
            && place.extension().is_some()
            && !place.is_dir();
        let parent = match place.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        // What does not exist has no file to lose, and the engine makes it.
        let name = place.file_name().filter(|_| is_file && parent.is_dir());
        let Some(name) = name.and_then(|name| name.to_str()) else {
            return Ok(None);
        };
        let suffix = format!("-{name}");
        let mut file = Builder::new();
        let file = file.prefix(".").suffix(&suffix).tempfile_in(parent);
        let file = file.map_err(|error| at(&place, error))?;
        let written = file.into_temp_path();
        // The engine makes it, with the permissions that its files have.
        fs::remove_file(&written).map_err(|error| at(&place, error))?;
        copy.target = written.to_string_lossy().into_owned();
        Ok(Some(Self { written, place }))
    }

    /// Puts the file in its place.
    pub(super) fn put(self) -> Result<()> {
        let Self { written, place } = self;
        let put = written.persist(&place);
        put.map_err(|error| at(&place, error.error))
    }
}

fn at(place: &Path, error: io::Error) -> DataFusionError {
    DataFusionError::External(format!("{}: {error}", place.display()).into())
}
