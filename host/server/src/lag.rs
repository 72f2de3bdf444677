//! How long the threads of the runtime were held by one request, and could serve no other.
//!
//! Handlers run inside their connection's task, so each turn of such a task is timed, on whichever
//! thread it runs. What a thread waited for a processor, since others had it, does not count. A thread
//! of its own looks at the turns that have not ended, so that one that never does is logged and
//! measured too; and a timer on the runtime measures how late it is served, which also counts what
//! other threads and processes do to this one.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use crate::connections::{Connections, Place};

/// A turn that is longer is logged.
const LONG: Duration = Duration::from_millis(50);

/// How often turns that have not ended are looked at, and how long the timer runs.
const TICK: Duration = Duration::from_millis(20);

/// How old a reading of the time that a thread has waited may be.
const RECENT: Duration = Duration::from_millis(1);

/// The longest times.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    held: Longest,
    late: Longest,
}

/// A longest time, in microseconds.
#[derive(Debug, Default)]
struct Longest {
    since_start: AtomicU64,
    since_read: AtomicU64,
}

/// The longest times since the start, and since they were last read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LagStatistics {
    /// How long one turn held a thread.
    pub(crate) held: [Duration; 2],
    /// How late a timer was.
    pub(crate) late: [Duration; 2],
}

/// A turn that a thread works for a connection.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    started: Instant,
    /// What the kernel knows of the thread, if it tells, and how long the thread had waited for a
    /// processor when the turn began.
    waited: Option<(Arc<File>, Duration)>,
}

/// What a thread last read of the time that it has waited.
struct Waits {
    file: Arc<File>,
    read: Instant,
    waited: Duration,
}

thread_local! {
    static WAITS: RefCell<Option<Waits>> = RefCell::new(Waits::of_this_thread());
}

impl Waits {
    fn of_this_thread() -> Option<Self> {
        let file = File::open("/proc/thread-self/schedstat").ok()?;
        Some(Self {
            waited: waited(&file)?,
            file: Arc::new(file),
            read: Instant::now(),
        })
    }
}

/// How long a thread has waited for a processor, since its start.
fn waited(file: &File) -> Option<Duration> {
    let mut text = [0; 64];
    let length = file.read_at(&mut text, 0).ok()?;
    let text = std::str::from_utf8(&text[..length]).ok()?;
    let nanoseconds = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

impl Turn {
    fn begin() -> Self {
        let started = Instant::now();
        let waited = WAITS.with_borrow_mut(|waits| {
            let waits = waits.as_mut()?;
            if started.saturating_duration_since(waits.read) > RECENT {
                waits.waited = waited(&waits.file)?;
                waits.read = started;
            }
            Some((Arc::clone(&waits.file), waits.waited))
        });
        Self { started, waited }
    }

    /// How long it has held its thread.
    pub(crate) fn held(&self) -> Duration {
        let elapsed = self.started.elapsed();
        if elapsed <= RECENT {
            return elapsed;
        }
        let others = self
            .waited
            .as_ref()
            .and_then(|(file, before)| Some(waited(file)?.saturating_sub(*before)));
        elapsed.saturating_sub(others.unwrap_or_default())
    }
}

impl Longest {
    fn record(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.since_start.fetch_max(time, Ordering::Relaxed);
        self.since_read.fetch_max(time, Ordering::Relaxed);
    }

    fn read(&self) -> [Duration; 2] {
        let since_start = self.since_start.load(Ordering::Relaxed);
        let since_read = self.since_read.swap(0, Ordering::Relaxed);
        [since_start, since_read].map(Duration::from_micros)
    }
}

impl Lag {
    /// Times one turn of a connection's task.
    pub(crate) fn timed<T>(&self, place: &Place, turn: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let timed = Turn::begin();
        place.polled(Some(timed.clone()));
        let polled = turn();
        place.polled(None);
        self.held.record(timed.held());
        polled
    }

    /// Measures how late a timer is, without an end.
    pub(crate) async fn measure(&self) {
        loop {
            let started = Instant::now();
            tokio::time::sleep(TICK).await;
            self.late.record(started.elapsed().saturating_sub(TICK));
        }
    }

    pub(crate) fn statistics(&self) -> LagStatistics {
        LagStatistics {
            held: self.held.read(),
            late: self.late.read(),
        }
    }
}

/// Watches turns that do not end, on a thread that ends with the connections.
pub(crate) fn watch(connections: &Arc<Connections>, lag: &Arc<Lag>) -> std::io::Result<()> {
    let (connections, lag) = (Arc::downgrade(connections), Arc::downgrade(lag));
    let builder = thread::Builder::new().name("whittle-watchdog".to_owned());
    builder
        .spawn(move || watching(&connections, &lag))
        .map(|_| ())
}

fn watching(connections: &Weak<Connections>, lag: &Weak<Lag>) {
    let mut is_logged = false;
    while let (Some(connections), Some(lag)) = (connections.upgrade(), lag.upgrade()) {
        let turns = connections.turns().into_iter();
        let held = turns.map(|turn| turn.held()).max().unwrap_or_default();
        lag.held.record(held);
        // Once for each time that it is exceeded.
        if held >= LONG && !is_logged {
            let held_ms = held.as_millis() as u64;
            tracing::warn!(target: "whittle::node", held_ms, "a request holds a thread of the runtime");
        }
        is_logged = held >= LONG;
        drop((connections, lag));
        thread::sleep(TICK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_measured_when_it_ends_and_before() {
        let (connections, lag) = (Arc::new(Connections::new(1)), Arc::new(Lag::default()));
        watch(&connections, &lag).expect("a thread");
        let taken = connections.take().expect("a place");
        let before_its_end = lag.timed(taken.place(), || {
            thread::sleep(LONG * 2);
            Poll::Ready(lag.statistics().held[0])
        });
        assert!(matches!(before_its_end, Poll::Ready(held) if held >= LONG));
        let [since_start, since_read] = lag.statistics().held;
        assert!(since_start >= LONG * 2 && since_read >= LONG * 2);
        let [since_start, since_read] = lag.statistics().held;
        assert!(since_start >= LONG * 2 && since_read == Duration::ZERO);
    }
}
