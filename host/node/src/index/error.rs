//! What can go wrong with a whole index, beside what is wrong with one operation.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::TantivyError;
use tantivy::directory::error::OpenWriteError;

use crate::mapping::MappingError;

/// Why an index cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// There is an index already.
    #[error("there is an index in `{}` already: open it, or take another folder", folder.display())]
    Exists {
        /// Where.
        folder: PathBuf,
    },
    /// There is no index.
    #[error("there is no index in `{}`: create one", folder.display())]
    Missing {
        /// Where.
        folder: PathBuf,
    },
    /// Someone has it open.
    #[error(
        "the index in `{}` is open already, here or in another process: close it there first",
        folder.display()
    )]
    Locked {
        /// Where.
        folder: PathBuf,
    },
    /// It was closed.
    #[error("the index is closed: open it again")]
    Closed,
    /// A file or folder cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Operations cannot be written to the log, and are not acknowledged.
    #[error(
        "cannot write to the log, so that the operations may be kept or not: make room on the disk, and repeat them"
    )]
    Log {
        /// What the system said, to all who waited for it together.
        source: Arc<io::Error>,
    },
    /// A file has other bytes than were written to it.
    #[error(
        "`{}` is damaged at byte {offset}: {reason}: restore the index's folder from a copy",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where, in bytes from its beginning.
        offset: u64,
        /// How it shows.
        reason: String,
    },
    /// A file has other bytes than were written to it, at an unknown place.
    #[error(
        "`{}` is damaged: its checksum is not that of its content: restore the index's directory \
         from a copy, or delete the index",
        path.display()
    )]
    Checksum {
        /// The file.
        path: PathBuf,
    },
    /// tantivy panicked.
    #[error("tantivy panicked when it was to {action}: {message}")]
    Panicked {
        /// What was tried.
        action: &'static str,
        /// What it said.
        message: String,
    },
    /// A mapping that cannot be.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// tantivy failed.
    #[error("tantivy cannot {action}")]
    Tantivy {
        /// What was tried.
        action: &'static str,
        /// What it said.
        source: TantivyError,
    },
}

impl IndexError {
    /// Whether files are damaged, so that it is of no use to try again.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. } | Self::Checksum { .. } | Self::Panicked { .. }
        )
    }

    /// Runs what tantivy does; a panic is an error.
    pub(super) fn caught<T>(
        action: &'static str,
        work: impl FnOnce() -> Result<T, Self>,
    ) -> Result<T, Self> {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(Self::Panicked {
                action,
                message: text.unwrap_or_else(|| "without a message".to_owned()),
            })
        })
    }

    /// For [`Result::map_err`] of what is done with a file.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }

    /// For [`Result::map_err`] of what tantivy does.
    pub(super) fn tantivy<E: Into<TantivyError>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Tantivy {
            action,
            source: source.into(),
        }
    }

    pub(super) fn damaged(path: &Path, offset: usize, reason: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            offset: offset as u64,
            reason: reason.into(),
        }
    }

    /// Whether the disk is full, or another limit keeps files from growing: it can be tried again
    /// once there is room.
    pub fn is_out_of_room(&self) -> bool {
        match self {
            Self::File { source, .. } => is_out_of_room(source),
            Self::Log { source } => is_out_of_room(source),
            Self::Tantivy { source, .. } => match source {
                TantivyError::IoError(error)
                | TantivyError::OpenWriteError(OpenWriteError::IoError {
                    io_error: error, ..
                }) => is_out_of_room(error),
                // tantivy's threads pass on the text alone.
                TantivyError::InternalError(text)
                | TantivyError::ErrorInThread(text)
                | TantivyError::SystemError(text) => is_out_of_room_by(text),
                _ => false,
            },
            _ => false,
        }
    }
}

/// What the system calls no space, too large a file, and a quota that is used up.
const OUT_OF_ROOM: [i32; 3] = [28, 27, 122];

fn is_out_of_room(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
        || is_out_of_room_by(&error.to_string())
}

fn is_out_of_room_by(text: &str) -> bool {
    let mut codes = OUT_OF_ROOM.iter();
    codes.any(|code| text.contains(&format!("(os error {code})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_whoever_met_it() {
        let full = || io::Error::from_raw_os_error(28);
        let text = full().to_string();
        let tantivy = |source| IndexError::tantivy::<TantivyError>("commit")(source);
        let write = OpenWriteError::wrap_io_error(full(), "a.fast".into());
        for error in [
            IndexError::file("write", Path::new("a"))(full()),
            IndexError::Log {
                source: Arc::new(full()),
            },
            tantivy(full().into()),
            tantivy(io::Error::other(full().to_string()).into()),
            tantivy(write.into()),
            tantivy(TantivyError::InternalError(text)),
        ] {
            assert!(error.is_out_of_room(), "{error:?}");
        }
        let other = io::Error::from_raw_os_error(5);
        let other = [tantivy(other.into()), IndexError::Closed];
        assert!(other.iter().all(|error| !error.is_out_of_room()));
    }
}
