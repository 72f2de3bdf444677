//! The file that the log goes on in.
//!
//! Knows nothing of the files before it, nor of who waits for what is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::files::path;
use super::frame;
use crate::index::{IndexError, folder};

pub(super) struct Tail {
    pub(super) file: File,
    pub(super) path: PathBuf,
    salt: u64,
    /// Its length as far as it is on the disk, in bytes.
    end: u64,
    /// Whether it may have other bytes behind its end.
    pub(super) broken: bool,
}

impl Tail {
    /// Makes the file of a generation; it is on the disk, and so is its name.
    ///
    /// # Errors
    ///
    /// Where there is one already, or the system refuses.
    pub(super) fn create(folder: &Path, generation: u64) -> Result<Self, IndexError> {
        let path = path(folder, generation);
        let salt = Uuid::new_v4().as_u64_pair().0;
        let create = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)?;
            file.write_all(&frame::file_header(salt))?;
            file.sync_all()?;
            Ok(file)
        };
        let file = create().map_err(|error| {
            // Where that fails too, the file is empty or torn, which is no harm.
            let _ = fs::remove_file(&path);
            IndexError::file("make", &path)(error)
        })?;
        folder::sync(folder)?;
        Ok(Self {
            file,
            path,
            salt,
            end: frame::FILE_HEADER as u64,
            broken: false,
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
        let header = frame::frame_header(self.salt, self.end, records);
        if let Err(error) = self.write_at_end(&header, records) {
            self.broken = self.cut().is_err();
            return Err(error);
        }
        // A failed sync may have dropped the bytes and called them written: no further sync of
        // them says anything.
        self.file.sync_data().inspect_err(|_| self.broken = true)?;
        self.end += (header.len() + records.len()) as u64;
        Ok(())
    }

    fn write_at_end(&mut self, header: &[u8], records: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(header)?;
        self.file.write_all(records)
    }

    fn cut(&self) -> io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.sync_all()
    }

    /// Leaves nothing behind its end, which would look like damage once another file follows.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub(super) fn repair(&mut self) -> Result<(), IndexError> {
        if self.broken {
            self.cut().map_err(IndexError::file("cut", &self.path))?;
            self.broken = false;
        }
        Ok(())
    }
}
