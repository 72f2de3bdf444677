//! A program that runs beside the watcher, and that ends when nobody wants its result any more.
//!
//! The program leads a process group, so that the tools which it starts end with it. Its input and
//! output are files, so nothing has to read or write while it runs.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// A running program. It is killed when this is dropped.
pub(super) struct Process {
    child: Child,
    output: File,
    start: Instant,
}

/// What a program has left.
pub(super) struct Ended {
    pub(super) has_succeeded: bool,
    pub(super) output: String,
    /// How long it ran.
    pub(super) elapsed: Duration,
}

impl Process {
    /// Starts a program with `input` as its standard input. Its standard error is the user's.
    pub(super) fn start(command: &mut Command, input: &[u8]) -> io::Result<Self> {
        let mut given = tempfile::tempfile()?;
        given.write_all(input)?;
        given.rewind()?;
        let output = tempfile::tempfile()?;
        command
            .stdin(given)
            .stdout(Stdio::from(output.try_clone()?))
            .process_group(0);
        Ok(Self {
            child: command.spawn()?,
            output,
            start: Instant::now(),
        })
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// How many bytes the program has printed so far.
    pub(super) fn written(&self) -> io::Result<u64> {
        Ok(self.output.metadata()?.len())
    }

    /// What the program has printed so far.
    pub(super) fn output(&self) -> io::Result<String> {
        // Without moving the position, which the program has too.
        let mut bytes = vec![0; usize::try_from(self.written()?).unwrap_or(usize::MAX)];
        self.output.read_exact_at(&mut bytes, 0)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What the program has left, if it has ended.
    pub(super) fn ended(&mut self) -> io::Result<Option<Ended>> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(None);
        };
        Ok(Some(Ended {
            has_succeeded: status.success(),
            output: self.output()?,
            elapsed: self.elapsed(),
        }))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Until it has been waited for, no other process can have its id. The group may be gone.
        if let (Ok(None), Some(group)) = (
            self.child.try_wait(),
            Pid::from_raw(self.child.id().cast_signed()),
        ) {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_output_of_a_program() {
        let mut cat = Process::start(&mut Command::new("cat"), b"text").expect("started");
        let ended = loop {
            if let Some(ended) = cat.ended().expect("asked") {
                break ended;
            }
        };
        assert!(ended.has_succeeded);
        assert_eq!(ended.output, "text");
    }

    #[test]
    fn what_a_program_has_started_ends_with_it() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 60 & echo $!; wait"]);
        let mut process = Process::start(&mut shell, b"").expect("started");
        let sleeper = loop {
            assert!(process.ended().expect("asked").is_none());
            let text = process.output().expect("read");
            if let Ok(id) = text.trim().parse::<u32>() {
                break id;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        drop(process);
        // It may stay for a moment, dead, until its new parent has noticed.
        let status = || std::fs::read_to_string(format!("/proc/{sleeper}/stat"));
        let is_alive = || status().is_ok_and(|status| !status.contains(") Z "));
        let start = Instant::now();
        while is_alive() {
            assert!(start.elapsed() < Duration::from_secs(10), "it still runs");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
