//! The file that the log goes on in.
//!
//! Knows nothing of the files before it, nor of who waits for what is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::files::path;
use super::frame;
use crate::index::IndexError;

pub(super) struct Tail {
    folder: PathBuf,
    /// `None` until something is written.
    pub(super) file: Option<Arc<File>>,
    pub(super) path: PathBuf,
    salt: u64,
    /// Its length as far as it is on the disk, in bytes.
    end: u64,
    /// Whether it may have other bytes behind its end.
    pub(super) broken: bool,
    #[cfg(test)]
    pub(super) panics: bool,
}

impl Tail {
    /// The file of a generation, which is made when something is written.
    pub(super) fn new(folder: &Path, generation: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            file: None,
            path: path(folder, generation),
            salt: Uuid::new_v4().as_u64_pair().0,
            end: frame::FILE_HEADER as u64,
            broken: false,
            #[cfg(test)]
            panics: false,
        }
    }

    /// Makes the file; it is on the disk, and so is its name.
    fn create(&self) -> io::Result<File> {
        let create = || {
            // A failed attempt may have left a file, without records.
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create(true)
                .truncate(true)
                .open(&self.path)?;
            file.write_all(&frame::file_header(self.salt))?;
            file.sync_all()?;
            File::open(&self.folder)?.sync_all()?;
            Ok(file)
        };
        create().inspect_err(|_| {
            // If that fails too, the file is empty or torn, which is no harm.
            let _ = fs::remove_file(&self.path);
        })
    }

    /// Whether it has no records.
    pub(super) fn is_new(&self) -> bool {
        self.end == frame::FILE_HEADER as u64 && !self.broken
    }

    /// Writes records and waits until they are on the disk.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub(super) fn write(&mut self, records: &[u8]) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        if self.broken {
            return Err(io::Error::other("an earlier write to the log failed"));
        }
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => Arc::clone(self.file.insert(Arc::new(self.create()?))),
        };
        let header = frame::frame_header(self.salt, self.end, records);
        // Until all is on the disk, also if this panics.
        self.broken = true;
        #[cfg(test)]
        assert!(!self.panics, "as a test asks for");
        let write = || {
            let mut file = &*file;
            file.seek(SeekFrom::Start(self.end))?;
            file.write_all(&header)?;
            file.write_all(records)
        };
        if let Err(error) = write() {
            self.broken = self.cut(&file).is_err();
            return Err(error);
        }
        // A failed sync may have dropped the bytes and called them written: no further sync of
        // them says anything.
        file.sync_data()?;
        self.broken = false;
        self.end += (header.len() + records.len()) as u64;
        Ok(())
    }

    fn cut(&self, file: &File) -> io::Result<()> {
        file.set_len(self.end)?;
        file.sync_all()
    }

    /// Leaves nothing behind its end, which would look like damage once another file follows.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub(super) fn repair(&mut self) -> Result<(), IndexError> {
        if let Some(file) = self.file.as_ref().filter(|_| self.broken) {
            self.cut(file)
                .map_err(IndexError::file("cut", &self.path))?;
            self.broken = false;
        }
        Ok(())
    }
}
