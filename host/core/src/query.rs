//! The context of a query: its clock, its cancellation, and how much of its budget is used.
//!
//! Every instance of every function of a query holds the same [`QueryContext`], so a budget
//! bounds their sum. It is all atomics: workers count without waiting for each other. Only log
//! lines, which are rare and bounded, are behind a lock.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Stopped;
use crate::limits::{Budget, LimitExceeded, LimitKind};
use crate::words::one_line;

/// The context of one query. Clones share it.
#[derive(Debug, Clone)]
pub struct QueryContext {
    account: Arc<Account>,
    /// What one function of the query has used, in the context of its instances.
    share: Option<Arc<Share>>,
}

#[derive(Debug)]
struct Account {
    budget: Budget,
    /// What the operator allows, where the budget may be less.
    limits: Budget,
    started: Instant,
    cancelled: AtomicBool,
    cpu_ns: AtomicU64,
    memory_bytes: AtomicUsize,
    memory_peak_bytes: AtomicUsize,
    log_bytes: AtomicUsize,
    result_bytes: AtomicUsize,
    log: Mutex<Vec<LogLine>>,
}

/// What a query has used of its [`Budget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Time since the query began.
    pub wall_clock: Duration,
    /// Processor time in guest code, over all functions and workers.
    pub cpu_time: Duration,
    /// The most memory that its instances held at once, in bytes.
    pub memory_peak_bytes: usize,
    /// Bytes of log messages.
    pub log_bytes: usize,
    /// Bytes of text and JSON results.
    pub result_bytes: usize,
}

/// What one function of a query has used, over all of its instances: the part of the query's
/// [`Usage`] that is its own doing.
#[derive(Debug, Default)]
pub(crate) struct Share {
    cpu_ns: AtomicU64,
    memory_bytes: AtomicUsize,
    memory_wanted_bytes: AtomicUsize,
    log_bytes: AtomicUsize,
    result_bytes: AtomicUsize,
}

impl Share {
    fn want_memory(&self, bytes: usize) {
        let held = self.memory_bytes.load(Ordering::Relaxed);
        self.memory_wanted_bytes
            .fetch_max(held.saturating_add(bytes), Ordering::Relaxed);
    }
}

#[cfg(feature = "registry")]
impl Share {
    pub(crate) fn cpu_time(&self) -> Duration {
        Duration::from_nanos(self.cpu_ns.load(Ordering::Relaxed))
    }

    /// The most memory that its instances asked for at once, in bytes, granted or not.
    pub(crate) fn memory_wanted_bytes(&self) -> usize {
        self.memory_wanted_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn log_bytes(&self) -> usize {
        self.log_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn result_bytes(&self) -> usize {
        self.result_bytes.load(Ordering::Relaxed)
    }
}

/// The severity of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of every logging library")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// The name in lower case.
impl fmt::Display for LogLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        })
    }
}

/// A line that a UDF logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The UDF's name from its manifest; empty while it is being described.
    pub udf: Arc<str>,
    /// The severity.
    pub level: LogLevel,
    /// The guest's message, printable as [`one_line`](crate::one_line) makes it: it cannot look
    /// like two lines or control a terminal.
    pub message: String,
}

impl QueryContext {
    /// Starts a query: its time begins now.
    pub fn new(budget: Budget) -> Self {
        Self::lowered(budget.clone(), budget)
    }

    /// Starts a query that may use less than its operator allows, such as one whose client set a
    /// short timeout: that it ran out says nothing about its functions, and counts for no circuit
    /// breaker.
    pub fn lowered(budget: Budget, limits: Budget) -> Self {
        Self {
            account: Arc::new(Account {
                budget,
                limits,
                started: Instant::now(),
                cancelled: AtomicBool::new(false),
                cpu_ns: AtomicU64::new(0),
                memory_bytes: AtomicUsize::new(0),
                memory_peak_bytes: AtomicUsize::new(0),
                log_bytes: AtomicUsize::new(0),
                result_bytes: AtomicUsize::new(0),
                log: Mutex::new(Vec::new()),
            }),
            share: None,
        }
    }

    /// The query's budget.
    pub fn budget(&self) -> &Budget {
        &self.account.budget
    }

    /// What the operator allows a query; a query's own budget may be less.
    pub fn limits(&self) -> &Budget {
        &self.account.limits
    }

    /// The same query, which also counts into a share.
    #[cfg(feature = "registry")]
    pub(crate) fn sharing(&self, share: &Arc<Share>) -> Self {
        Self {
            account: Arc::clone(&self.account),
            share: Some(Arc::clone(share)),
        }
    }

    /// Cancels the query for good: guest code stops within 2 ms with [`Stopped::Cancelled`].
    pub fn cancel(&self) {
        self.account.cancelled.store(true, Ordering::Relaxed);
    }

    /// What the query has used so far.
    pub fn usage(&self) -> Usage {
        Usage {
            wall_clock: self.account.started.elapsed(),
            cpu_time: Duration::from_nanos(self.account.cpu_ns.load(Ordering::Relaxed)),
            memory_peak_bytes: self.account.memory_peak_bytes.load(Ordering::Relaxed),
            log_bytes: self.account.log_bytes.load(Ordering::Relaxed),
            result_bytes: self.account.result_bytes.load(Ordering::Relaxed),
        }
    }

    /// The lines logged since the last call, oldest first.
    pub fn take_log(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.log_lines())
    }

    fn log_lines(&self) -> MutexGuard<'_, Vec<LogLine>> {
        let log = self.account.log.lock();
        log.unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts processor time of guest code.
    pub(crate) fn add_cpu_time(&self, time: Duration) {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.account.cpu_ns.fetch_add(ns, Ordering::Relaxed);
        if let Some(share) = &self.share {
            share.cpu_ns.fetch_add(ns, Ordering::Relaxed);
        }
    }

    /// Fails if the query is cancelled or out of time: for an embedder's own work between
    /// evaluations.
    ///
    /// # Errors
    ///
    /// [`Stopped::Cancelled`], or the time limit that was exceeded.
    pub fn check(&self) -> Result<(), Stopped> {
        self.check_at(Instant::now())
    }

    /// Like [`QueryContext::check`], for a caller that has just read the clock.
    pub(crate) fn check_at(&self, now: Instant) -> Result<(), Stopped> {
        if self.account.cancelled.load(Ordering::Relaxed) {
            return Err(Stopped::Cancelled);
        }
        let Budget {
            wall_clock,
            cpu_time,
            ..
        } = self.account.budget;
        let used = Duration::from_nanos(self.account.cpu_ns.load(Ordering::Relaxed));
        check_time(LimitKind::CpuTime, "cpu_time", cpu_time, used)?;
        check_time(
            LimitKind::WallClock,
            "wall_clock",
            wall_clock,
            now.saturating_duration_since(self.account.started),
        )
    }

    /// Takes memory from the budget; if there is too little left, fails and takes nothing.
    pub(crate) fn take_memory(&self, bytes: usize) -> Result<(), LimitExceeded> {
        let allowed = self.account.budget.memory_bytes;
        if let Some(share) = &self.share {
            share.want_memory(bytes);
        }
        let taken =
            self.account
                .memory_bytes
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                    held.checked_add(bytes).filter(|sum| *sum <= allowed)
                });
        match taken {
            Ok(held) => {
                self.account
                    .memory_peak_bytes
                    .fetch_max(held + bytes, Ordering::Relaxed);
                if let Some(share) = &self.share {
                    share.memory_bytes.fetch_add(bytes, Ordering::Relaxed);
                }
                Ok(())
            }
            Err(held) => {
                LimitExceeded::check("memory_bytes", "bytes", allowed, held.saturating_add(bytes))
            }
        }
    }

    /// Returns memory to the budget.
    pub(crate) fn return_memory(&self, bytes: usize) {
        self.account
            .memory_bytes
            .fetch_sub(bytes, Ordering::Relaxed);
        if let Some(share) = &self.share {
            share.memory_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    /// Takes the bytes of one result from the budget.
    pub(crate) fn take_result(&self, bytes: usize) -> Result<(), LimitExceeded> {
        let budget = &self.account.budget;
        LimitExceeded::check("value_bytes", "bytes", budget.value_bytes, bytes)?;
        let met = self.add_results(bytes);
        LimitExceeded::check("result_bytes", "bytes", budget.result_bytes, met)
    }

    /// Whether the budget allows several results of so many bytes in all, of which the longest has
    /// `longest`.
    pub(crate) fn has_room_for_results(&self, longest: usize, bytes: usize) -> bool {
        let budget = &self.account.budget;
        let met = self.account.result_bytes.load(Ordering::Relaxed);
        longest <= budget.value_bytes && met.saturating_add(bytes) <= budget.result_bytes
    }

    /// Counts the bytes of results, and returns how many there are now.
    pub(crate) fn add_results(&self, bytes: usize) -> usize {
        if let Some(share) = &self.share {
            share.result_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        self.account
            .result_bytes
            .fetch_add(bytes, Ordering::Relaxed)
            + bytes
    }

    /// Keeps a log line, truncated to the budget's `message_bytes`.
    pub(crate) fn log(
        &self,
        udf: &Arc<str>,
        level: LogLevel,
        message: &str,
    ) -> Result<(), LimitExceeded> {
        let message = self.bounded(message);
        let bytes = message.len() + LOG_LINE_BYTES;
        if let Some(share) = &self.share {
            share.log_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        let met = self.account.log_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        LimitExceeded::check("log_bytes", "bytes", self.account.budget.log_bytes, met)?;
        let line = LogLine {
            udf: udf.clone(),
            level,
            message,
        };
        self.log_lines().push(line);
        Ok(())
    }

    /// A message from the guest, truncated to the budget's `message_bytes` and made printable.
    pub(crate) fn bounded(&self, message: &str) -> String {
        let end = message.floor_char_boundary(self.account.budget.message_bytes);
        let mut text = one_line(&message[..end]);
        if end < message.len() {
            text.push_str("...");
        }
        text
    }
}

/// The cost of a log line besides its message, so that a flood of empty lines is bounded too.
const LOG_LINE_BYTES: usize = 32;

fn check_time(
    kind: LimitKind,
    limit: &'static str,
    allowed: Duration,
    met: Duration,
) -> Result<(), Stopped> {
    if met <= allowed {
        return Ok(());
    }
    let allowed = milliseconds(allowed);
    Err(Stopped::Limit(LimitExceeded {
        kind,
        limit,
        unit: "ms",
        allowed,
        met: milliseconds(met).max(allowed + 1),
        line: None,
    }))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
