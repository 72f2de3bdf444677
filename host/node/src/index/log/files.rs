//! The files of a log: a generation each, numbered in their order.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::index::IndexError;

const PREFIX: &str = "log-";

/// Where the file of a generation is.
pub(super) fn path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("{PREFIX}{generation:020}"))
}

/// The files of a log in their order.
///
/// # Errors
///
/// Where the system refuses.
pub(super) fn generations(folder: &Path) -> Result<Vec<(u64, PathBuf)>, IndexError> {
    let failed = |error| IndexError::file("list the folder", folder)(error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Cuts a file off behind a length in bytes; one of which nothing is left is deleted.
///
/// # Errors
///
/// Where the system refuses.
pub(super) fn cut(path: &Path, length: usize) -> io::Result<()> {
    if length == 0 {
        return fs::remove_file(path);
    }
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(length as u64)?;
    file.sync_all()
}
