//! What the system says of a node's process.

use std::fs;
use std::process::Command;

/// A process of this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

/// What a process holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Held {
    pub(crate) memory_mb: u64,
    pub(crate) threads: u64,
    pub(crate) files: u64,
    pub(crate) sockets: u64,
}

impl Process {
    pub(crate) fn is_alive(self) -> bool {
        self.file("stat")
            .rsplit_once(')')
            .is_some_and(|(_, rest)| !rest.starts_with(" Z"))
    }

    /// What it holds now; nothing if it ended.
    pub(crate) fn held(self) -> Held {
        let status = self.file("status");
        let folder = fs::read_dir(self.path("fd")).into_iter().flatten();
        let files: Vec<_> = folder
            .flatten()
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .collect();
        let sockets = files
            .iter()
            .filter(|file| file.to_string_lossy().starts_with("socket:"));
        Held {
            memory_mb: number(&status, "VmRSS:") / 1024,
            threads: number(&status, "Threads:"),
            files: files.len() as u64,
            sockets: sockets.count() as u64,
        }
    }

    /// The most memory that it held since [`Process::forget_peak`], in MiB.
    pub(crate) fn peak_mb(self) -> u64 {
        number(&self.file("status"), "VmHWM:") / 1024
    }

    /// From now on the peak is that of what comes.
    pub(crate) fn forget_peak(self) {
        // A process that ended is noticed elsewhere.
        let _ = fs::write(self.path("clear_refs"), "5");
    }

    /// The processor time that it used so far, in seconds.
    pub(crate) fn cpu_seconds(self) -> f64 {
        let stat = self.file("stat");
        let Some((_, rest)) = stat.rsplit_once(')') else {
            return 0.0;
        };
        // Fields 14 and 15 of the line, in the hundredths that Linux counts on every machine.
        let ticks = rest.split_whitespace().skip(11).take(2);
        ticks
            .filter_map(|ticks| ticks.parse::<f64>().ok())
            .sum::<f64>()
            / 100.0
    }

    pub(crate) fn kill(self) {
        // It may have ended.
        let _ = Command::new("kill")
            .args(["-9", &self.0.to_string()])
            .status();
    }

    fn path(self, name: &str) -> String {
        format!("/proc/{}/{name}", self.0)
    }

    fn file(self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

fn number(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
