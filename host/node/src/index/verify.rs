//! Checksums of segments' files, which tantivy writes and does not look at when it opens them.
//!
//! All of a file is read, some 2 GB a second out of the system's cache. So a process checks what it
//! did not write itself, once: see [`Options::is_verified`](super::Options::is_verified).

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tantivy::directory::error::OpenReadError;
use tantivy::directory::{Directory, ManagedDirectory};

use super::IndexError;

/// The least length of a footer, in bytes: its own length, and a number that tells it.
const FOOTER_BYTES: usize = 8;

/// Checks the files of all segments, which are in a directory.
///
/// # Errors
///
/// The first file whose checksum is not that of its content; if one cannot be read.
pub(super) fn verify(
    directory: &dyn Directory,
    path: &Path,
    files: &[PathBuf],
) -> Result<(), IndexError> {
    let managed = ManagedDirectory::wrap(directory.box_clone());
    let managed = managed.map_err(IndexError::tantivy("list its files"))?;
    for file in files {
        match is_whole(&managed, directory, file) {
            Ok(true) => {}
            Ok(false) => {
                let path = path.join(file);
                return Err(IndexError::Checksum { path });
            }
            Err(error) => return Err(IndexError::tantivy("read a segment")(error)),
        }
    }
    Ok(())
}

fn is_whole(
    managed: &ManagedDirectory,
    directory: &dyn Directory,
    file: &Path,
) -> Result<bool, OpenReadError> {
    // tantivy reads the end of a shorter file before its beginning.
    if directory.get_file_handle(file)?.len() < FOOTER_BYTES {
        return Ok(false);
    }
    match managed.validate_checksum(file) {
        // The footer, where the checksum is, cannot be read.
        Err(OpenReadError::IoError { io_error, .. }) if is_content(io_error.kind()) => Ok(false),
        checked => checked,
    }
}

/// Whether an error is about what is in a file, not about reading it.
fn is_content(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::Other
    )
}
