//! Slow steps of a build, which are skipped if nothing that they depend on has changed.
//!
//! A step makes a file. A record beside it has the fingerprints of the step's inputs and of the
//! file. The step is skipped only if both are as recorded, so a file that is missing, truncated or
//! made from something else is made again. Files are compared by their contents and not by their
//! times, which editors, git and archives set as they like; only installed packages, of which there
//! are thousands, are compared by size and time.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::sources::files;

/// Makes `output`, unless it was made from the same inputs before.
///
/// # Errors
///
/// Those of `make`; inputs that cannot be read.
pub(super) fn make(
    output: &Path,
    inputs: impl Fn() -> Result<Fingerprint>,
    make: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let record = record_of(output);
    let before = inputs()?.finish();
    if is_made(output, &record, &before).unwrap_or(false) {
        return Ok(());
    }
    let of_record = || record.display().to_string();
    match fs::remove_file(&record) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(of_record);
        }
        _ => {}
    }
    make()?;
    // A file that was saved while the step ran may be in the output or not.
    if inputs()?.finish() == before {
        let made = fingerprint_of(output)?;
        fs::write(&record, format!("{before}\n{made}\n")).with_context(of_record)?;
    }
    Ok(())
}

fn record_of(output: &Path) -> PathBuf {
    output.with_extension("inputs")
}

fn is_made(output: &Path, record: &Path, inputs: &str) -> Result<bool> {
    let recorded = fs::read_to_string(record)?;
    Ok(recorded == format!("{inputs}\n{}\n", fingerprint_of(output)?))
}

fn fingerprint_of(file: &Path) -> Result<blake3::Hash> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    Ok(blake3::hash(&bytes))
}

/// A hash of a step's inputs.
#[derive(Clone)]
pub(super) struct Fingerprint(blake3::Hasher);

impl Fingerprint {
    /// The inputs of every step: this version of the command.
    pub(super) fn new() -> Self {
        let mut fingerprint = Self(blake3::Hasher::new());
        fingerprint.add(env!("CARGO_PKG_VERSION").as_bytes());
        fingerprint
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        // With its length, so that no two lists of inputs are the same bytes.
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// The program, the arguments and the environment of a command, with the variables that it
    /// inherits from this process and that start with one of `prefixes`.
    pub(super) fn command(&mut self, command: &Command, prefixes: &[&str]) {
        self.add(command.get_program().as_encoded_bytes());
        for argument in command.get_args() {
            self.add(argument.as_encoded_bytes());
        }
        let is_inherited = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
        let inherited =
            std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_inherited));
        let mut variables: Vec<_> = inherited.map(|(name, value)| (name, Some(value))).collect();
        variables.extend(
            command
                .get_envs()
                .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))),
        );
        variables.sort();
        for (name, value) in variables {
            self.add(name.as_encoded_bytes());
            self.add(value.unwrap_or_default().as_encoded_bytes());
        }
    }

    /// A file's path and contents. One that is missing is an input too.
    pub(super) fn file(&mut self, path: &Path) -> Result<()> {
        self.add(path.as_os_str().as_encoded_bytes());
        match fs::read(path) {
            Ok(bytes) => self.add(&bytes),
            Err(error) if is_missing(&error) => self.add(b"missing"),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
        Ok(())
    }

    /// All files under a directory: the paths and contents.
    pub(super) fn folder(&mut self, dir: &Path) -> Result<()> {
        let found = files(dir, &is_input).with_context(|| dir.display().to_string())?;
        found.iter().try_for_each(|path| self.file(path))
    }

    /// All files under a directory of installed packages: their paths, sizes and times. A directory
    /// that does not exist has no packages.
    pub(super) fn packages(&mut self, dir: &Path) -> Result<()> {
        if !dir.is_dir() {
            return Ok(());
        }
        for path in files(dir, &is_input).with_context(|| dir.display().to_string())? {
            self.stamp(&path);
        }
        Ok(())
    }

    /// The version of a program that npm installed: the program and npm's record of all versions in
    /// the same `node_modules`.
    pub(super) fn npm_program(&mut self, program: &Path) -> Result<()> {
        let program = fs::canonicalize(program).with_context(|| program.display().to_string())?;
        self.stamp(&program);
        let mut above = program.ancestors();
        match above.find(|path| path.file_name() == Some("node_modules".as_ref())) {
            Some(packages) => self.file(&packages.join(".package-lock.json")),
            None => Ok(()),
        }
    }

    /// A file's path, size and times. That of the last change of its metadata is among them, which
    /// an editor cannot set back.
    fn stamp(&mut self, path: &Path) {
        self.add(path.as_os_str().as_encoded_bytes());
        let Ok(metadata) = fs::metadata(path) else {
            return self.add(b"missing");
        };
        self.add(&metadata.len().to_le_bytes());
        let times = [
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ctime(),
            metadata.ctime_nsec(),
        ];
        for time in times {
            self.add(&time.to_le_bytes());
        }
    }

    pub(super) fn finish(self) -> String {
        self.0.finalize().to_string()
    }
}

/// Whether there is no such file: a path may also lead through another file.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Whether a file or directory is an input. Python writes its compiled modules beside the sources
/// while a step runs.
fn is_input(path: &Path) -> bool {
    path.file_name() != Some("__pycache__".as_ref())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::UNIX_EPOCH;

    use super::*;

    /// A step that copies the text of a directory's files.
    struct Step {
        folder: tempfile::TempDir,
        runs: Cell<usize>,
    }

    impl Step {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a directory");
            fs::create_dir_all(folder.path().join("src/inner")).expect("made");
            let step = Self {
                folder,
                runs: Cell::new(0),
            };
            step.write("src/a.py", "a");
            step.write("src/inner/b.py", "b");
            step
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.path(name), text).expect("written");
        }

        /// Whether the step ran.
        fn runs(&self, command: &Command, meanwhile: impl Fn()) -> bool {
            let before = self.runs.get();
            let inputs = || {
                let mut inputs = Fingerprint::new();
                inputs.command(command, &[]);
                inputs.folder(&self.path("src"))?;
                Ok(inputs)
            };
            let output = self.path("out.wasm");
            make(&output, inputs, || {
                self.runs.set(before + 1);
                meanwhile();
                Ok(fs::write(&output, "made")?)
            })
            .expect("made");
            self.runs.get() > before
        }
    }

    #[test]
    fn runs_again_after_every_change_and_only_then() {
        let step = Step::new();
        let mut command = Command::new("tool");
        let runs = |command: &Command| step.runs(command, || ());
        assert!(runs(&command));
        assert!(!runs(&command));
        let changes: [(&str, &dyn Fn()); 8] = [
            ("edited", &|| step.write("src/a.py", "A")),
            ("edited in a subfolder", &|| {
                step.write("src/inner/b.py", "B");
            }),
            ("added", &|| step.write("src/c.py", "")),
            ("removed", &|| {
                fs::remove_file(step.path("src/c.py")).expect("removed");
            }),
            ("renamed", &|| {
                fs::rename(step.path("src/a.py"), step.path("src/d.py")).expect("renamed");
            }),
            ("no output", &|| {
                fs::remove_file(step.path("out.wasm")).expect("removed");
            }),
            ("another output", &|| step.write("out.wasm", "mad")),
            ("no record", &|| {
                fs::remove_file(step.path("out.inputs")).expect("removed");
            }),
        ];
        for (name, change) in changes {
            change();
            assert!(runs(&command), "{name}");
            assert!(!runs(&command), "{name}");
        }
        command.arg("-O2");
        assert!(runs(&command));
        command.env("FLAGS", "-O3");
        assert!(runs(&command));
        assert!(!runs(&command));
        // The same contents are no change, whatever the time of the file is.
        step.write("src/d.py", "A");
        assert!(!runs(&command));
    }

    #[test]
    fn an_edit_while_the_step_runs_is_not_lost() {
        let step = Step::new();
        let command = Command::new("tool");
        assert!(step.runs(&command, || step.write("src/a.py", "edited")));
        // Back as it was when the step began, but the output may be of the edited text.
        step.write("src/a.py", "a");
        assert!(step.runs(&command, || ()));
        assert!(!step.runs(&command, || ()));
    }

    #[test]
    fn a_step_that_fails_leaves_no_record() {
        let step = Step::new();
        let command = Command::new("tool");
        assert!(step.runs(&command, || ()));
        step.write("src/a.py", "broken");
        let output = step.path("out.wasm");
        let inputs = || {
            let mut inputs = Fingerprint::new();
            inputs.folder(&step.path("src"))?;
            Ok(inputs)
        };
        make(&output, inputs, || anyhow::bail!("a syntax error")).expect_err("it failed");
        assert!(step.runs(&command, || ()));
    }

    #[test]
    fn packages_are_compared_by_size_and_time() {
        let step = Step::new();
        let stamps = || {
            let mut inputs = Fingerprint::new();
            inputs.packages(&step.path("src")).expect("read");
            inputs.packages(&step.path("missing")).expect("read");
            inputs.finish()
        };
        let before = stamps();
        assert_eq!(stamps(), before);
        step.write("src/a.py", "longer");
        let longer = stamps();
        assert_ne!(longer, before);
        let file = fs::File::options().write(true).open(step.path("src/a.py"));
        file.and_then(|file| file.set_modified(UNIX_EPOCH))
            .expect("set");
        assert_ne!(stamps(), longer);
    }
}
