//! One index of a node: whether it is open, parked, or has failed, and why.
//!
//! Two locks: that of the phase is held for moments; who holds the other opens, parks, deletes or
//! changes the index, which may take long, so that a slow disk holds up this index alone. Both are
//! for threads for blocking work.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use whittle_node::index::{Index, IndexError, IndexStatistics, Options};
use whittle_node::mapping::Mapping;

use super::open::OpenIndexes;
use super::settings_file;
use crate::error::reason;
use crate::log;
use crate::parameters::Health;
use crate::settings::Settings;

/// The longest time between two attempts at what fails, and so how long an index may be refused after
/// a full disk has room again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What is written to an index before it is brought into segments without being asked, in bytes. An
/// index that cannot be refreshed takes at most twice as much, half of what all may take together.
const LOG_BYTES: u64 = 32 << 20;

/// An index.
pub(crate) struct Entry {
    name: String,
    directory: PathBuf,
    open: Arc<OpenIndexes>,
    settings: Mutex<Settings>,
    phase: Mutex<Phase>,
    changing: Mutex<()>,
    refresh: Mutex<Refresh>,
    /// When it was used last, as [`OpenIndexes`] counts.
    used: AtomicU64,
}

/// What an index is at this moment.
pub(super) enum Phase {
    /// It is being made.
    Creating,
    Open(Index),
    /// Its files are closed.
    Parked {
        /// As of when it was closed; `None` if it was not open since the node started.
        statistics: Option<IndexStatistics>,
    },
    Failed(Failure),
    /// It is being deleted, or gone.
    Deleted,
}

/// Why something fails, and when it is tried again.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    reason: String,
    tries: u32,
    /// `None`: never.
    again: Option<Instant>,
}

impl Failure {
    fn new(error: &IndexError, before: Option<&Self>) -> Self {
        let tries = before.map_or(0, |before| before.tries).saturating_add(1);
        let pause = Duration::from_secs(1 << tries.min(3)).min(LONGEST_PAUSE);
        Self {
            reason: reason(error),
            tries,
            again: (!error.is_damage()).then(|| Instant::now() + pause),
        }
    }

    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether it is time to try again.
    fn is_over(&self) -> bool {
        self.again.is_some_and(|again| Instant::now() >= again)
    }
}

/// How showing searches what was written goes on.
struct Refresh {
    /// When it began last.
    last: Instant,
    is_running: bool,
    failure: Option<Failure>,
}

/// What the node shows of an index without opening it.
pub(crate) struct Condition {
    pub(crate) settings: Settings,
    /// Whether its documents can be searched.
    pub(crate) is_active: bool,
    /// What is wrong with it.
    pub(crate) failure: Option<String>,
}

impl Condition {
    /// Red if it has failed, yellow if a copy is missing.
    pub(crate) fn health(&self) -> Health {
        match self.failure {
            Some(_) => Health::Red,
            None => self.settings.health(),
        }
    }
}

/// Why an index cannot be used.
#[derive(Debug)]
pub(crate) enum Unavailable {
    /// It was deleted.
    Gone,
    /// It failed.
    Failed(String),
    /// The node is closing.
    Closing,
}

/// What became of work on an index: that it could not be used, or what the work gave.
pub(crate) type Outcome = Result<Result<(), IndexError>, Unavailable>;

impl Entry {
    pub(super) fn new(
        directory: PathBuf,
        name: &str,
        settings: Settings,
        phase: Phase,
        open: &Arc<OpenIndexes>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            directory,
            open: Arc::clone(open),
            settings: Mutex::new(settings),
            phase: Mutex::new(phase),
            changing: Mutex::new(()),
            refresh: Mutex::new(Refresh {
                last: Instant::now(),
                is_running: false,
                failure: None,
            }),
            used: AtomicU64::new(0),
        }
    }

    /// One that cannot be opened.
    pub(super) fn failed(error: &IndexError) -> Phase {
        Phase::Failed(Failure::new(error, None))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    /// Waits until nobody makes, opens, parks or deletes it.
    pub(super) fn change(&self) -> MutexGuard<'_, ()> {
        lock(&self.changing)
    }

    pub(super) fn phase(&self) -> MutexGuard<'_, Phase> {
        lock(&self.phase)
    }

    /// Whether it is there: made, and not deleted.
    pub(super) fn is_there(&self) -> bool {
        !matches!(*self.phase(), Phase::Creating | Phase::Deleted)
    }

    pub(super) fn is_deleted(&self) -> bool {
        matches!(*self.phase(), Phase::Deleted)
    }

    /// The index, which is opened if it is not.
    ///
    /// # Errors
    ///
    /// If it was deleted, or cannot be opened.
    pub(crate) fn open(self: &Arc<Self>) -> Result<Index, Unavailable> {
        self.used.store(self.open.now(), Ordering::Relaxed);
        if let Some(known) = self.known() {
            return known;
        }
        let opened = {
            let _changing = self.change();
            if let Some(known) = self.known() {
                return known;
            }
            self.opened()
        };
        if opened.is_ok() {
            self.open.opened(self);
        }
        opened
    }

    /// The index if it is open, or why it cannot be opened.
    fn known(&self) -> Option<Result<Index, Unavailable>> {
        match &*self.phase() {
            Phase::Open(index) => Some(Ok(index.clone())),
            Phase::Failed(failure) if failure.is_over() => None,
            Phase::Failed(failure) => Some(Err(Unavailable::Failed(failure.reason.clone()))),
            Phase::Creating | Phase::Parked { .. } => None,
            Phase::Deleted => Some(Err(Unavailable::Gone)),
        }
    }

    fn opened(&self) -> Result<Index, Unavailable> {
        if self.open.is_closing() {
            return Err(Unavailable::Closing);
        }
        let is_verified = matches!(
            &*self.phase(),
            Phase::Parked {
                statistics: Some(_)
            }
        );
        let opened = check_mapping(&self.directory)
            .and_then(|()| Index::open_with(&self.directory, self.options(is_verified)));
        let mut phase = self.phase();
        match opened {
            Ok(index) => {
                *phase = Phase::Open(index.clone());
                drop(phase);
                if index.pending() > 0 {
                    // What its log has could not be taken in: now it is noted why.
                    let _ = self.noted(index.refresh());
                }
                Ok(index)
            }
            Err(error) => {
                let before = match &*phase {
                    Phase::Failed(failure) => Some(failure),
                    _ => None,
                };
                let failure = Failure::new(&error, before);
                if failure.tries == 1 {
                    log::failing("cannot open the index", &self.name, &failure.reason);
                }
                let reason = failure.reason.clone();
                *phase = Phase::Failed(failure);
                Err(Unavailable::Failed(reason))
            }
        }
    }

    pub(super) fn options(&self, is_verified: bool) -> Options {
        Options {
            resources: self.open.resources.clone(),
            log_bytes: LOG_BYTES,
            is_verified,
            ..Options::default()
        }
    }

    /// Notes that it was made.
    pub(super) fn made(&self, index: &Index) {
        self.used.store(self.open.now(), Ordering::Relaxed);
        *self.phase() = Phase::Open(index.clone());
    }

    /// Closes the index's files if nobody uses it, and keeps its statistics; whether it did.
    pub(super) fn park(&self) -> bool {
        let Ok(_changing) = self.changing.try_lock() else {
            return false;
        };
        let index = match &*self.phase() {
            Phase::Open(index) if !index.is_merging() => index.clone(),
            _ => return false,
        };
        // This clone and the entry's own.
        if index.clones() > 2 {
            return false;
        }
        // One that fails stays open, so that it is tried again.
        if index.pending() > 0 && self.noted(index.refresh()).is_err() {
            return false;
        }
        let statistics = Some(index.statistics());
        let mut phase = self.phase();
        let Phase::Open(own) = std::mem::replace(&mut *phase, Phase::Parked { statistics }) else {
            return false;
        };
        drop(own);
        // Whoever comes now waits for `changing`, and opens it again.
        drop(phase);
        match index.close_unshared() {
            Ok(_) => {
                self.open.closed(self);
                true
            }
            Err(index) => {
                *self.phase() = Phase::Open(index);
                false
            }
        }
    }

    /// Closes it for good, since the node ends.
    ///
    /// # Errors
    ///
    /// If what was written cannot be brought into segments; the log has it.
    pub(super) fn close(&self) -> Result<(), IndexError> {
        let _changing = self.change();
        let parked = Phase::Parked { statistics: None };
        let mut phase = self.phase();
        match std::mem::replace(&mut *phase, parked) {
            Phase::Open(index) => {
                drop(phase);
                index.close()
            }
            other => {
                *phase = other;
                Ok(())
            }
        }
    }

    /// The index in numbers; it is opened if they are not known.
    ///
    /// # Errors
    ///
    /// As [`Entry::open`].
    pub(crate) fn statistics(self: &Arc<Self>) -> Result<IndexStatistics, Unavailable> {
        match self.known_statistics() {
            Some(statistics) => Ok(statistics),
            None => Ok(self.open()?.statistics()),
        }
    }

    /// The index in numbers, if it need not be opened for them.
    pub(crate) fn known_statistics(&self) -> Option<IndexStatistics> {
        let index = match &*self.phase() {
            Phase::Open(index) => index.clone(),
            Phase::Parked { statistics } => return statistics.clone(),
            _ => return None,
        };
        Some(index.statistics())
    }

    /// The fields of the documents, which are read from the disk if it is not open.
    ///
    /// # Errors
    ///
    /// If it was deleted, or its mapping cannot be read.
    pub(crate) fn mapping(&self) -> Result<Arc<Mapping>, Unavailable> {
        match &*self.phase() {
            Phase::Open(index) => return Ok(index.mapping()),
            Phase::Deleted => return Err(Unavailable::Gone),
            _ => {}
        }
        let _changing = self.change();
        match &*self.phase() {
            Phase::Open(index) => return Ok(index.mapping()),
            Phase::Deleted => return Err(Unavailable::Gone),
            _ => {}
        }
        let mapping = Index::saved_mapping(&self.directory);
        mapping
            .map(Arc::new)
            .map_err(|error| Unavailable::Failed(reason(&error)))
    }

    /// Gives it other settings.
    ///
    /// # Errors
    ///
    /// If they cannot be saved.
    pub(crate) fn set_settings(&self, settings: Settings) -> Result<(), IndexError> {
        let _changing = self.change();
        if !self.is_there() {
            return Err(IndexError::Closed);
        }
        settings_file::save(&self.directory, &settings)?;
        *lock(&self.settings) = settings;
        Ok(())
    }

    pub(crate) fn condition(&self) -> Condition {
        let failed = match &*self.phase() {
            Phase::Failed(failure) => Some(failure.reason.clone()),
            _ => None,
        };
        let is_active = failed.is_none();
        let refresh = || {
            lock(&self.refresh)
                .failure
                .as_ref()
                .map(|of| of.reason.clone())
        };
        Condition {
            settings: self.settings(),
            is_active,
            failure: failed.or_else(refresh),
        }
    }

    /// Whether it is time for a refresh; the refresh then counts as begun.
    pub(super) fn begin_refresh(&self) -> bool {
        let pending = match &*self.phase() {
            Phase::Open(index) => index.pending(),
            _ => return false,
        };
        let interval = lock(&self.settings).refresh_interval();
        let mut refresh = lock(&self.refresh);
        if pending == 0 {
            // A request refreshed it.
            refresh.failure = None;
        }
        let is_due = match &refresh.failure {
            Some(failure) => failure.is_over(),
            None => interval.is_some_and(|interval| refresh.last.elapsed() >= interval),
        };
        let begins = pending > 0 && is_due && !refresh.is_running;
        if begins {
            refresh.is_running = true;
            refresh.last = Instant::now();
        }
        begins
    }

    /// Shows searches what was written, if the index is open.
    pub(super) fn refresh_begun(&self) {
        let index = match &*self.phase() {
            Phase::Open(index) => Some(index.clone()),
            _ => None,
        };
        let refreshed = index.map_or(Ok(()), |index| index.refresh());
        lock(&self.refresh).is_running = false;
        // Its user learns of it, or nobody needs to.
        let _ = self.noted(refreshed);
    }

    /// Shows searches what was written. A parked index has nothing to show.
    ///
    /// # Errors
    ///
    /// As [`Entry::open`], and what the refresh fails with.
    pub(crate) fn refresh(self: &Arc<Self>) -> Outcome {
        if let Phase::Parked {
            statistics: Some(statistics),
        } = &*self.phase()
            && statistics.pending == 0
        {
            return Ok(Ok(()));
        }
        let refreshed = self.open()?.refresh();
        Ok(self.noted(refreshed))
    }

    fn noted(&self, refreshed: Result<(), IndexError>) -> Result<(), IndexError> {
        let mut refresh = lock(&self.refresh);
        match &refreshed {
            Ok(()) => {
                if refresh.failure.take().is_some() {
                    log::changed("can refresh again the index", &self.name);
                }
            }
            Err(IndexError::Closed) => {}
            Err(error) => {
                let failure = Failure::new(error, refresh.failure.as_ref());
                if failure.tries == 1 {
                    log::failing("cannot refresh the index", &self.name, &failure.reason);
                }
                refresh.failure = Some(failure);
            }
        }
        refreshed
    }
}

/// Whether an index was there: its mapping is written last when it is made.
///
/// # Errors
///
/// If it was not, or its directory is none.
pub(super) fn check_mapping(directory: &Path) -> Result<(), IndexError> {
    let failed = |action, path: PathBuf, kind: io::ErrorKind| IndexError::File {
        action,
        path,
        source: kind.into(),
    };
    if !directory.is_dir() {
        let kind = io::ErrorKind::NotADirectory;
        return Err(failed("open the directory", directory.to_owned(), kind));
    }
    let mapping = directory.join("mapping.json");
    match mapping.exists() {
        true => Ok(()),
        false => Err(failed("find", mapping, io::ErrorKind::NotFound)),
    }
}

/// Locks, also after a panic: nothing behind these locks is changed by halves.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
