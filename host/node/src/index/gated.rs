//! tantivy's view of a directory, which can be shut while tantivy works.
//!
//! An index that is deleted, or closed while a merge goes on, must write nothing more: its name may
//! soon be that of another index. When the gate is shut, whatever tantivy writes fails at once,
//! also into files that it has open, so that commits and merges end early.
//!
//! The record of the segments, which tantivy keeps without a checksum, is sealed on the way.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
};

use super::schema_file::META;
use super::sealed::{seal, unseal};

/// Whether an index may still write. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(Arc<RwLock<bool>>);

impl Gate {
    /// Makes every later write fail. When this returns, no write is under way.
    pub(super) fn shut(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = true;
    }

    pub(super) fn is_shut(&self) -> bool {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to write, unless the gate is shut; it is not shut while this is held.
    fn enter(&self) -> io::Result<RwLockReadGuard<'_, bool>> {
        let is_shut = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if *is_shut {
            return Err(io::Error::other("the index is closed"));
        }
        Ok(is_shut)
    }
}

/// A directory behind a gate.
#[derive(Debug, Clone)]
pub(super) struct Gated {
    directory: Box<dyn Directory>,
    gate: Gate,
}

impl Gated {
    pub(super) fn new(directory: Box<dyn Directory>, gate: &Gate) -> Self {
        Self {
            directory,
            gate: gate.clone(),
        }
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl Directory for Gated {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.directory.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let entered = self.gate.enter().map_err(|error| DeleteError::IoError {
            io_error: Arc::new(error),
            filepath: path.to_owned(),
        });
        let _entered = entered?;
        self.directory.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.directory.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let refused = |error| OpenWriteError::wrap_io_error(error, path.to_owned());
        let _entered = self.gate.enter().map_err(refused)?;
        Ok(BufWriter::new(Box::new(GatedFile {
            file: self.directory.open_write(path)?,
            gate: self.gate.clone(),
        })))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let bytes = self.directory.atomic_read(path)?;
        if path != Path::new(META) {
            return Ok(bytes);
        }
        unseal(&bytes).ok_or_else(|| {
            let text = "the file is damaged: its checksum is not that of its content";
            let error = io::Error::new(io::ErrorKind::InvalidData, text);
            OpenReadError::wrap_io_error(error, path.to_owned())
        })
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let _entered = self.gate.enter()?;
        match path == Path::new(META) {
            true => self.directory.atomic_write(path, &seal(data)),
            false => self.directory.atomic_write(path, data),
        }
    }

    fn sync_directory(&self) -> io::Result<()> {
        let _entered = self.gate.enter()?;
        self.directory.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.directory.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.directory.watch(callback)
    }
}

/// A file that is being written behind a gate.
struct GatedFile {
    file: WritePtr,
    gate: Gate,
}

impl Write for GatedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _entered = self.gate.enter()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let _entered = self.gate.enter()?;
        self.file.flush()
    }
}

impl TerminatingWrite for GatedFile {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        let _entered = self.gate.enter()?;
        self.file.terminate_ref(token)
    }
}

#[cfg(test)]
mod tests {
    use tantivy::directory::RamDirectory;

    use super::*;

    #[test]
    fn nothing_is_written_behind_a_gate_that_is_shut() {
        let gate = Gate::default();
        let directory = Gated::new(Box::new(RamDirectory::create()), &gate);
        let mut file = directory.open_write(Path::new("a")).expect("it is open");
        file.write_all(b"some").expect("it is open");
        file.flush().expect("it is open");
        directory
            .atomic_write(Path::new(META), br#"{"a":1}"#)
            .expect("it is open");
        gate.shut();
        file.write_all(b"more").expect("it is buffered");
        file.terminate().expect_err("it is shut");
        assert!(directory.open_write(Path::new("b")).is_err());
        assert!(directory.delete(Path::new("a")).is_err());
        assert!(directory.atomic_write(Path::new("c"), b"").is_err());
        // What is there is read.
        let meta = directory.atomic_read(Path::new(META)).expect("it is there");
        assert_eq!(meta, br#"{"a":1}"#);
    }

    #[test]
    fn a_changed_record_of_the_segments_is_noticed() {
        let plain = RamDirectory::create();
        let directory = Gated::new(Box::new(plain.clone()), &Gate::default());
        let meta = Path::new(META);
        directory.atomic_write(meta, br#"{"a":17}"#).expect("room");
        let mut bytes = plain.atomic_read(meta).expect("it is there");
        bytes[5] ^= 1;
        plain.atomic_write(meta, &bytes).expect("there is room");
        let error = directory.atomic_read(meta).expect_err("it was changed");
        assert!(error.to_string().contains(META), "{error}");
    }
}
