//! Which files have changed.
//!
//! The files are listed ten times a second, and their times and sizes compared. That sees what
//! notifications of the system miss: changes on network drives and in containers, files that editors
//! replace by renaming, directories that come and go. A project has some dozens of files, so it costs
//! no time worth mentioning; for one with very many the pauses are longer.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::roots::roots;
use crate::sources::sources;

const INTERVAL: Duration = Duration::from_millis(100);

/// How long changes may go on before they are reported. An editor that saves several files, and git,
/// take less.
const PATIENCE: Duration = Duration::from_secs(1);

/// The files of a project and some others.
pub(super) struct Watch {
    dir: PathBuf,
    others: Vec<PathBuf>,
    /// The files as they were last reported, and as they were last seen.
    reported: Files,
    seen: Files,
    changing_since: Option<Instant>,
    next: Instant,
}

/// What shows that a file has changed.
type Stamp = (u64, i64, i64, u64);
type Files = BTreeMap<PathBuf, Stamp>;

impl Watch {
    /// Watches the project in `dir` and the files in `others`, which need not exist.
    pub(super) fn new(dir: &Path, others: Vec<PathBuf>) -> Self {
        let files = files(dir, &others);
        Self {
            dir: dir.to_owned(),
            others,
            reported: files.clone(),
            seen: files,
            changing_since: None,
            next: Instant::now() + INTERVAL,
        }
    }

    /// How many files are watched.
    pub(super) fn count(&self) -> usize {
        self.seen.len()
    }

    /// The files that have changed since the last time, once nothing changes any more.
    pub(super) fn changed(&mut self) -> Vec<PathBuf> {
        let start = Instant::now();
        if start < self.next {
            return Vec::new();
        }
        let files = files(&self.dir, &self.others);
        self.next = start + INTERVAL.max(start.elapsed() * 10);
        let is_still = files == self.seen;
        self.seen = files;
        if self.seen == self.reported {
            self.changing_since = None;
            return Vec::new();
        }
        let since = *self.changing_since.get_or_insert(start);
        if !is_still && since.elapsed() < PATIENCE {
            return Vec::new();
        }
        self.changing_since = None;
        let before = std::mem::replace(&mut self.reported, self.seen.clone());
        difference(&before, &self.reported)
    }
}

fn files(dir: &Path, others: &[PathBuf]) -> Files {
    // A directory that is being replaced has no files for a moment.
    let found = roots(dir)
        .into_iter()
        .flat_map(|root| sources(&root).unwrap_or_default());
    let found = found.chain(others.iter().cloned());
    found
        .filter_map(|path| {
            let metadata = fs::metadata(&path).ok()?;
            Some((path, stamp(&metadata)))
        })
        .collect()
}

/// A file that replaces another has its own number, even if its time and size are the same.
fn stamp(metadata: &Metadata) -> Stamp {
    (
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ino(),
    )
}

fn difference(before: &Files, after: &Files) -> Vec<PathBuf> {
    let removed = before.keys().filter(|path| !after.contains_key(*path));
    let changed = after
        .iter()
        .filter(|(path, stamp)| before.get(*path) != Some(stamp));
    let mut paths: Vec<PathBuf> = removed
        .chain(changed.map(|(path, _)| path))
        .cloned()
        .collect();
    paths.sort();
    paths
}
