//! A data directory, which one process at a time uses: a node, or a command that writes into it.
//!
//! | in the directory | what |
//! |---|---|
//! | `lock` | nothing: the process that uses the directory holds a lock on the file |
//! | `indexes/NAME` | an index, and its settings in `settings.json` |
//! | `registry` | the versions of UDFs, which other processes may read and change |
//!
//! Each index has a lock of its own. It does not keep another process from creating an index that
//! the node would not know.

use std::fs::{self, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::node::NodeError;

const INDEXES: &str = "indexes";

/// A data directory that no other process uses until this is dropped, or the process ends.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    /// The system releases its lock when it is closed.
    _lock: fs::File,
}

impl DataDirectory {
    /// Locks a data directory, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// Another process uses it, or the system refuses.
    pub fn create(path: &Path) -> Result<Self, NodeError> {
        let indexes = path.join(INDEXES);
        fs::create_dir_all(&indexes).map_err(failed("create", &indexes))?;
        Self::open(path)
    }

    /// Locks a data directory that exists.
    ///
    /// # Errors
    ///
    /// There is none, another process uses it, or the system refuses.
    pub fn open(path: &Path) -> Result<Self, NodeError> {
        let path = path.to_owned();
        if !path.join(INDEXES).is_dir() {
            return Err(NodeError::NoIndexes { path });
        }
        let file = path.join("lock");
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).open(&file);
        let lock = lock.map_err(failed("open", &file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(NodeError::InUse { path }),
            Err(TryLockError::Error(error)) => Err(failed("lock", &file)(error)),
        }
    }

    /// The directory of the indexes.
    pub fn indexes(&self) -> PathBuf {
        self.path.join(INDEXES)
    }

    /// The directory of the registry.
    pub fn registry(&self) -> PathBuf {
        self.path.join("registry")
    }
}

/// The error of an operation on a path.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> NodeError {
    let path = path.to_owned();
    move |source| NodeError::Folder {
        action,
        path,
        source,
    }
}
