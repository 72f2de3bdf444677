//! A node that is attacked while a good client uses it, and what may come of that.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use whittle_tests::Node;

use crate::good::{self, Good, Met};
use crate::process::{Held, Process};
use crate::target::Target;

/// Attacks measure time, so only one runs at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How long the good client is watched at least, before and beside the attack.
const QUIET: Duration = Duration::from_millis(500);
const BESIDE: Duration = Duration::from_millis(1_000);

/// A node that holds more is killed, so that the machine of a failing test survives.
const GUARD_MB: u64 = 4_096;

/// How often the process is looked at.
const SAMPLE: Duration = Duration::from_millis(20);

/// A p99 below this is no freeze, whatever the quiet node's: a build without optimization, two
/// processors that the attackers use too.
const FLOOR: Duration = Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 100 });

/// How long a request may hold a thread that serves connections, besides what it waits for a
/// processor: it may wait for a lock, whose holder waits for a processor that the attackers use. The
/// load test, which leaves some of the processors free, bounds it by 50 ms.
const LAG: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 200 });

/// A single answer of the good client may take so long.
const LONGEST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 2_000 } else { 1_200 });

/// What an attack may cost the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Memory during the attack above what the quiet node holds, in MiB.
    pub(crate) memory_mb: u64,
    /// Memory that is still held afterwards, in MiB.
    pub(crate) kept_mb: u64,
    /// Threads and open files above those of the quiet node.
    pub(crate) threads: u64,
    pub(crate) files: u64,
    /// How long the attack itself may take: a node that is busy with it answers nobody else.
    pub(crate) seconds: u64,
}

/// The budget for requests, which is 256 MiB, and some room for what the allocator keeps; the 74
/// threads for blocking work, which requests may all start, and some that merge segments.
pub(crate) const USUAL: Bounds = Bounds {
    memory_mb: 400,
    kept_mb: 100,
    threads: 90,
    files: 1_200,
    seconds: 20,
};

/// A node to attack.
#[derive(Debug)]
pub(crate) struct Arena {
    pub(crate) node: Node,
    folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Arena {
    /// A node with its default limits.
    pub(crate) fn start() -> Self {
        Self::start_after("", &[])
    }

    /// With limits of the system that a shell sets before, and flags.
    pub(crate) fn start_after(before: &str, flags: &[&str]) -> Self {
        let alone = alone();
        let folder = tempfile::tempdir().expect("a folder");
        let flags = [&["--timeout", "10000"], flags].concat();
        let node = Node::start_after(folder.path(), before, &flags).expect("a node");
        good::prepare(&node);
        Self {
            node,
            folder,
            _alone: alone,
        }
    }

    /// The node's data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder of an index.
    pub(crate) fn index(&self, name: &str) -> PathBuf {
        self.data().join("indexes").join(name)
    }

    /// Attacks the node, and fails with all that went beyond the bounds.
    ///
    /// # Panics
    ///
    /// If anything did.
    pub(crate) fn attack(&self, name: &str, bounds: Bounds, attack: impl FnOnce(&Target<'_>)) {
        let faults = self.faults(name, bounds, attack);
        let log = self.node.log();
        let end: Vec<&str> = log.lines().rev().take(10).collect();
        assert!(
            faults.is_empty(),
            "{name}:\n{}\nthe log's end:\n{}",
            faults.join("\n"),
            end.join("\n")
        );
    }

    /// As [`Arena::attack`]; what went beyond the bounds.
    pub(crate) fn faults(
        &self,
        name: &str,
        bounds: Bounds,
        attack: impl FnOnce(&Target<'_>),
    ) -> Vec<String> {
        let process = Process(self.node.id());
        let quiet = self.good_for(QUIET);
        self.lag();
        let before = process.held();
        process.forget_peak();
        let started = Instant::now();
        let over = AtomicBool::new(false);
        let target = Target::new(&self.node);
        let (beside, most, took, attacked) = thread::scope(|scope| {
            let is_over = || over.load(Ordering::Relaxed);
            let good = scope.spawn(move || Good::new(target.address).run(is_over));
            let most = scope.spawn(move || most(process, is_over));
            let attacked = catch_unwind(AssertUnwindSafe(|| attack(&target)));
            let took = started.elapsed();
            thread::sleep(BESIDE.saturating_sub(took));
            over.store(true, Ordering::Relaxed);
            let (good, most) = (good.join(), most.join());
            (
                good.expect("no panic"),
                most.expect("no panic"),
                took,
                attacked,
            )
        });
        let after = settled(process, before, bounds);
        let peak = process.peak_mb();
        let good_again = self.good_for(Duration::ZERO);
        let lag = self.lag();
        let grown = |most: u64, before: u64| most.saturating_sub(before);
        let line = format!(
            "{name}: {:.1} s; memory {} + {} MiB, {} kept; threads {} + {}; files {} + {}; \
             good p99 {:.0?} of {} (quiet {:.0?}), longest {:.0?}, {}; a thread held {lag:.0?}",
            took.as_secs_f64(),
            before.memory_mb,
            grown(peak, before.memory_mb),
            grown(after.memory_mb, before.memory_mb),
            before.threads,
            grown(most.threads, before.threads),
            before.files,
            grown(most.files, before.files),
            beside.p99(),
            beside.times.len(),
            quiet.p99(),
            beside.longest(),
            beside.slowest,
        );
        report(&line);
        let mut faults = Vec::new();
        let mut check = |holds: bool, what: String| {
            if !holds {
                faults.push(what);
            }
        };
        check(
            most.memory_mb <= GUARD_MB,
            format!("it was killed at {} MiB", most.memory_mb),
        );
        check(process.is_alive(), "the node ended".into());
        if let Err(panic) = attacked {
            check(false, format!("the attack: {}", text(panic.as_ref())));
        }
        for (when, met) in [
            ("before", &quiet),
            ("beside", &beside),
            ("after", &good_again),
        ] {
            let count = met.faults.len();
            for fault in met.faults.iter().take(3) {
                check(false, format!("{when} it, one of {count}: {fault}"));
            }
        }
        let limit = FLOOR.max(quiet.p99() * 5);
        // Of fewer answers it is the longest, which has a limit of its own.
        check(
            beside.times.len() < 100 || beside.p99() <= limit,
            format!("the good client's p99: {line}"),
        );
        check(lag <= LAG, format!("a thread was held for {lag:.0?}"));
        check(
            beside.longest() <= LONGEST,
            format!("the good client's longest: {line}"),
        );
        for (what, most, before, bound) in [
            ("memory", peak, before.memory_mb, bounds.memory_mb),
            (
                "kept memory",
                after.memory_mb,
                before.memory_mb,
                bounds.kept_mb,
            ),
            ("threads", most.threads, before.threads, bounds.threads),
            ("files", most.files, before.files, bounds.files),
            (
                "connections that stay",
                after.sockets,
                before.sockets,
                SOCKETS,
            ),
            ("seconds", took.as_secs(), 0, bounds.seconds),
        ] {
            check(
                grown(most, before) <= bound,
                format!("{what}: more than {bound}: {line}"),
            );
        }
        faults
    }

    /// The longest time that a request held a thread since this was asked before; nothing if the
    /// node ended.
    fn lag(&self) -> Duration {
        let is_alive = Process(self.node.id()).is_alive();
        let seconds = is_alive.then(|| self.node.lag_seconds("scrape"));
        Duration::from_secs_f64(seconds.unwrap_or_default())
    }

    fn good_for(&self, time: Duration) -> Met {
        let started = Instant::now();
        Good::new(&self.node.address).run(|| started.elapsed() >= time)
    }
}

/// Waits until no other test attacks a node.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connections that may be there still: the good client's last ones.
const SOCKETS: u64 = 3;

/// How long the node has to be as it was before.
const SETTLE: Duration = Duration::from_secs(8);

/// What the process holds when it is as before, or when it had time enough to be.
fn settled(process: Process, before: Held, bounds: Bounds) -> Held {
    let started = Instant::now();
    loop {
        let held = process.held();
        let is_settled = held.memory_mb <= before.memory_mb + bounds.kept_mb
            && held.sockets <= before.sockets + SOCKETS;
        if is_settled || started.elapsed() > SETTLE {
            return held;
        }
        thread::sleep(SAMPLE * 5);
    }
}

/// The most that a process holds until it is over.
fn most(process: Process, is_over: impl Fn() -> bool) -> Held {
    let mut most = Held::default();
    while !is_over() {
        let held = process.held();
        most.memory_mb = most.memory_mb.max(held.memory_mb);
        most.threads = most.threads.max(held.threads);
        most.files = most.files.max(held.files);
        most.sockets = most.sockets.max(held.sockets);
        if held.memory_mb > GUARD_MB {
            process.kill();
        }
        thread::sleep(SAMPLE);
    }
    most
}

/// A panic's message.
fn text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic")
}

/// Prints a measurement, and adds it to the file that `ATTACK_REPORT` names.
#[expect(clippy::print_stdout, reason = "measurements are for people")]
pub(crate) fn report(line: &str) {
    println!("{line}");
    if let Some(path) = std::env::var_os("ATTACK_REPORT") {
        append(Path::new(&path), line);
    }
}

fn append(path: &Path, line: &str) {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    let file = options.append(true).create(true).open(path);
    writeln!(file.expect("a file"), "{line}").expect("written");
}
