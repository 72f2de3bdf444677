//! A directory in which the blocks of a guide run, in order, as a reader would run them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;
use whittle_tests::{repository, target, whittle};

use crate::languages;

/// The address of the node in the guides. The one of a test listens elsewhere.
const ADDRESS: &str = "127.0.0.1:9200";

pub(super) struct Session {
    folder: TempDir,
    /// The running node and its address.
    node: Mutex<Option<(Child, String)>>,
}

impl Session {
    /// One in which the paths of the repository that guides use exist.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let link = |from: &Path, to: &str| symlink(from, folder.path().join(to)).expect("linked");
        fs::create_dir(folder.path().join("target")).expect("made");
        for built in ["guests", "demo"] {
            link(&target().join(built), &format!("target/{built}"));
        }
        for committed in ["guests", "tests", "wit"] {
            link(&repository().join(committed), committed);
        }
        Self {
            folder,
            node: Mutex::default(),
        }
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let whittle = whittle();
        let mut path = whittle
            .parent()
            .expect("a directory")
            .as_os_str()
            .to_owned();
        // pytest is in the environment of componentize-py.
        for tools in [
            languages::path(),
            target().join("toolchains/python/bin").into(),
        ] {
            path.push(":");
            path.push(tools);
        }
        command
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("CARGO_TARGET_DIR", target().join("guest-build"))
            .env("WHITTLE_CACHE", target().join("cache"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env_remove("CI")
            .env_remove("RUST_BACKTRACE")
            .env_remove("VIRTUAL_ENV")
            .stdin(Stdio::null());
        command
    }

    /// Where the node listens; what guides say if there is none.
    fn address(&self) -> String {
        let node = self.node.lock().unwrap_or_else(PoisonError::into_inner);
        node.as_ref()
            .map_or_else(|| ADDRESS.to_owned(), |(_, address)| address.clone())
    }

    /// Runs commands: whether they succeeded, and what they printed on both outputs.
    pub(super) fn run(&self, commands: &str) -> (bool, String) {
        let address = self.address();
        let commands = commands.replace(ADDRESS, &address);
        let output = self
            .command("bash")
            .args(["-euo", "pipefail", "-c", &format!("exec 2>&1\n{commands}")])
            .output()
            .expect("bash runs");
        let text = String::from_utf8_lossy(&output.stdout).replace(&address, ADDRESS);
        // A reader has another directory.
        let folder = format!("{}/", self.folder.path().display());
        (output.status.success(), text.replace(&folder, ""))
    }

    /// Runs statements of SQL, as [`Self::run`] runs commands.
    pub(super) fn sql(&self, flags: &str, statements: &str) -> (bool, String) {
        self.run(&format!("whittle sql {flags} <<'SQL'\n{statements}\nSQL"))
    }

    /// Starts the node that `whittle serve` and its flags describe, and returns what it prints when it
    /// is ready.
    pub(super) fn serve(&self, command: &str) -> String {
        let arguments = command
            .trim()
            .strip_prefix("whittle ")
            .expect("whittle serve");
        let mut child = self
            .command(&whittle().to_string_lossy())
            .args(arguments.split_whitespace())
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it is read");
        let address = line.trim().rsplit_once("http://");
        let (_, address) = address.expect("the node did not start");
        let address = address.to_owned();
        let line = line.replace(&address, ADDRESS);
        *self.node.lock().unwrap_or_else(PoisonError::into_inner) = Some((child, address));
        line
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let node = self.node.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((node, _)) = node {
            // It may have ended already.
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}
