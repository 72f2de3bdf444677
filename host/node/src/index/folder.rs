//! The folder of an index: what lies where, and writing so that it is there after a crash.
//!
//! | what | holds |
//! |---|---|
//! | `lock` | nothing: who has the index open holds the file's lock |
//! | `mapping.json` | the mapping; written last when an index is made, so that it says there is one |
//! | `terms.json` | the primary terms |
//! | `log-...` | the write-ahead log, a file a generation |
//! | `segments` | tantivy's files |
//!
//! Knows nothing of what is in the files.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::IndexError;
use super::sealed::{read_sealed, replace_sealed};
use crate::mapping::Mapping;

/// The length of a log without records, in bytes.
const FILE_HEADER: u64 = super::log::FILE_HEADER as u64;

/// An index's folder, held by this process alone.
pub(super) struct Folder {
    path: PathBuf,
    /// The system lets go of its lock when it is closed.
    _lock: File,
}

impl Folder {
    /// Takes hold of the folder, which is made where there is none.
    ///
    /// # Errors
    ///
    /// Where another has it, or the system refuses.
    pub(super) fn hold(path: &Path) -> Result<Self, IndexError> {
        fs::create_dir_all(path).map_err(IndexError::file("make the folder", path))?;
        let file = path.join("lock");
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).open(&file);
        let lock = lock.map_err(IndexError::file("open", &file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(IndexError::Locked {
                folder: path.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(IndexError::file("lock", &file)(error)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where tantivy's files are.
    pub(super) fn segments(&self) -> PathBuf {
        self.path.join("segments")
    }

    /// Makes the folder for tantivy's files, without what may be in it.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub(super) fn make_segments(&self) -> Result<PathBuf, IndexError> {
        let segments = self.segments();
        match fs::remove_dir_all(&segments) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(IndexError::file("delete", &segments)(error));
            }
            Ok(()) | Err(_) => {}
        }
        fs::create_dir(&segments).map_err(IndexError::file("make the folder", &segments))?;
        sync(&self.path)?;
        Ok(segments)
    }

    fn mapping_file(path: &Path) -> PathBuf {
        path.join("mapping.json")
    }

    /// Whether an index is there, in whole.
    pub(super) fn has_index(path: &Path) -> bool {
        Self::mapping_file(path).exists()
    }

    /// Whether a folder without a mapping is what is left of a creation that was never finished:
    /// nothing was written to it.
    pub(super) fn is_unfinished(path: &Path) -> io::Result<bool> {
        if !path.is_dir() || Self::has_index(path) {
            return Ok(false);
        }
        let has_records = |entry: &fs::DirEntry| {
            let is_log = entry.file_name().to_string_lossy().starts_with("log-");
            is_log
                && entry
                    .metadata()
                    .is_ok_and(|metadata| metadata.len() > FILE_HEADER)
        };
        for entry in fs::read_dir(path)? {
            if has_records(&entry?) {
                return Ok(false);
            }
        }
        match fs::read_dir(path.join("segments")) {
            Ok(mut entries) => Ok(!entries.any(|entry| {
                entry.is_ok_and(|entry| segment_of(&entry.file_name().to_string_lossy()).is_some())
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The mapping that was saved last.
    ///
    /// # Errors
    ///
    /// Where there is none, or none that can be read.
    pub(super) fn load_mapping(&self) -> Result<Mapping, IndexError> {
        Self::read_mapping(&self.path)
    }

    /// The mapping of the index in a folder, which may be open.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot be read.
    pub(super) fn read_mapping(path: &Path) -> Result<Mapping, IndexError> {
        let file = Self::mapping_file(path);
        let text = read_sealed(&file)?;
        let json: Json = serde_json::from_slice(&text)
            .map_err(|error| IndexError::damaged(&file, 0, error.to_string()))?;
        Mapping::restore(&json).map_err(|error| IndexError::damaged(&file, 0, error.to_string()))
    }

    /// Saves the mapping; it is there after a crash, and until then the one before it.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub(super) fn save_mapping(&self, mapping: &Mapping) -> Result<(), IndexError> {
        let file = Self::mapping_file(&self.path);
        replace_sealed(&file, mapping.save().to_string().as_bytes())?;
        sync(&self.path)
    }

    /// The size of all files, in bytes; files that go away meanwhile do not count.
    pub(super) fn bytes(&self) -> u64 {
        fn of(folder: &Path) -> u64 {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let sizes = entries.filter_map(|entry| {
                let metadata = entry.metadata().ok()?;
                Some(if metadata.is_dir() {
                    of(&entry.path())
                } else {
                    metadata.len()
                })
            });
            sizes.sum()
        }
        of(&self.path)
    }
}

/// The segment that a file is of: it is named by 32 hexadecimal digits.
pub(super) fn segment_of(name: &str) -> Option<&str> {
    let (segment, _) = name.split_once('.')?;
    let is_number = segment.len() == 32 && segment.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then_some(segment)
}

/// Waits until the names in a folder are on the disk.
///
/// # Errors
///
/// Where the system refuses.
pub(super) fn sync(folder: &Path) -> Result<(), IndexError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(IndexError::file("sync the folder", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = Folder::hold(folder.path()).expect("it is free");
        assert!(matches!(
            Folder::hold(folder.path()),
            Err(IndexError::Locked { .. })
        ));
        drop(held);
        Folder::hold(folder.path()).expect("it is free again");
    }

    #[test]
    fn a_mapping_is_as_it_was_saved_whatever_a_crash_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = Folder::hold(folder.path()).expect("it is free");
        assert!(!Folder::has_index(folder.path()));
        let json = serde_json::json!({"properties": {"a": {"type": "long"}}});
        let mapping = Mapping::parse(&json).expect("a mapping");
        held.save_mapping(&mapping).expect("there is room");
        fs::write(folder.path().join("mapping.new"), "{").expect("a torn file");
        assert!(Folder::has_index(folder.path()));
        assert_eq!(held.load_mapping().expect("there").to_json(), json);
        held.save_mapping(&Mapping::dynamic()).expect("over it");
        assert_eq!(held.load_mapping().expect("there").types().count(), 0);
    }
}
