//! The compiler that keeps running between builds, in languages where a new one starts slowly.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

use super::process::Process;
use crate::build;

pub(super) struct Resident {
    /// The directory of the socket. Paths of sockets must be short, so it is not in the project.
    folder: TempDir,
    process: Option<Process>,
}

impl Resident {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            folder: tempfile::Builder::new().prefix("whittle-").tempdir()?,
            process: None,
        })
    }

    /// Starts the compiler, unless it runs, is not installed or the project's language has none.
    pub(super) fn keep(&mut self, dir: &Path) -> Result<()> {
        if let Some(process) = &mut self.process
            && process.ended()?.is_none()
        {
            return Ok(());
        }
        let socket = self.socket();
        if socket.exists() {
            fs::remove_file(&socket)?;
        }
        // What is wrong with a project is reported by its build, which can do without.
        let command = build::resident(dir, &socket).ok().flatten();
        self.process = command.and_then(|mut command| Process::start(&mut command, b"").ok());
        Ok(())
    }

    /// Lets a build use the compiler.
    pub(super) fn offer(&self, build: &mut Command) {
        match self.process {
            Some(_) => build.env(build::RESIDENT, self.socket()),
            None => build.env_remove(build::RESIDENT),
        };
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("compiler")
    }
}
