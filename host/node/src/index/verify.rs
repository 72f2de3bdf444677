//! Checksums of segments' files, which tantivy writes and does not look at when it opens them.
//!
//! All of a file is read, some 2 GB a second out of the system's cache. So a process checks what it
//! did not write itself, once: see [`Options::is_verified`](super::Options::is_verified).

use std::path::PathBuf;

use tantivy::directory::{Directory, ManagedDirectory};

use super::IndexError;

/// The least length of a footer, in bytes: its own length, and a number that tells it.
const FOOTER_BYTES: usize = 8;

/// Checks the files of all segments.
///
/// # Errors
///
/// The first file whose checksum is not that of its content; if one cannot be read.
pub(super) fn verify(directory: &dyn Directory, files: Vec<PathBuf>) -> Result<(), IndexError> {
    let managed = ManagedDirectory::wrap(directory.box_clone());
    let managed = managed.map_err(IndexError::tantivy("list its files"))?;
    for path in files {
        let file = directory.get_file_handle(&path);
        let file = file.map_err(IndexError::tantivy("open a segment"))?;
        // tantivy reads the end of a shorter file before its beginning.
        if file.len() < FOOTER_BYTES {
            return Err(IndexError::Checksum { path });
        }
        let is_whole = managed.validate_checksum(&path);
        if !is_whole.map_err(IndexError::tantivy("read a segment"))? {
            return Err(IndexError::Checksum { path });
        }
    }
    Ok(())
}
