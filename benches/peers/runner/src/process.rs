//! A peer as a process, and the conversation with it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

/// A peer, as `peers.toml` has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    /// Its name in the table.
    pub(crate) name: String,
    /// What ends a call that takes too long: "time" and "memory" limits, or "none".
    pub(crate) limits: String,
    /// Builds it, as a command of a shell.
    build: String,
    /// Starts it, as a command of a shell.
    run: String,
}

/// What a peer answers to a work.
pub(crate) enum Prepared {
    /// The values of all rows.
    Values(Vec<Value>),
    /// Why it does not do the work.
    Unsupported(String),
}

/// A peer that runs.
pub(crate) struct Process {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Values { values: Vec<Value> },
    Unsupported { unsupported: String },
    Measured { calls: u64, nanoseconds: u64 },
}

/// Where peers are built, and where their commands run.
pub(crate) struct Workshop {
    pub(crate) folder: PathBuf,
    pub(crate) target: PathBuf,
}

impl Workshop {
    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("bash");
        shell
            .args(["-euo", "pipefail", "-c", command])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("BIN", self.target.join("release"));
        shell
    }

    /// Builds a peer, or says why it cannot be built: the first error that the build printed, or its last line.
    pub(crate) fn build(&self, peer: &Peer) -> Result<(), String> {
        let output = self.shell(&peer.build).output();
        let output = output.map_err(|error| format!("bash: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut lines = printed
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        // Not one such as `Compiling thiserror`.
        let reason = lines.clone().find(|line| line.starts_with("error"));
        let reason = reason.or_else(|| lines.next_back());
        Err(reason.map_or_else(|| output.status.to_string(), str::to_owned))
    }

    /// Starts a peer.
    pub(crate) fn start(&self, peer: &Peer) -> Result<Process> {
        // The shell gives way to the peer, so that the process that is killed is the peer itself.
        let mut command = self.shell(&format!("exec {}", peer.run));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| peer.run.clone())?;
        Ok(Process {
            requests: child.stdin.take().context("it is piped")?,
            answers: BufReader::new(child.stdout.take().context("it is piped")?),
            child,
        })
    }
}

impl Process {
    /// Prepares a work, and evaluates all rows once.
    pub(crate) fn prepare(&mut self, rows: &Path) -> Result<Prepared> {
        match self.ask(&json!({ "prepare": rows }))? {
            Answer::Values { values } => Ok(Prepared::Values(values)),
            Answer::Unsupported { unsupported } => Ok(Prepared::Unsupported(unsupported)),
            Answer::Measured { .. } => bail!("times instead of values"),
        }
    }

    /// Calls what is prepared for so long, and gives the mean time of a call.
    pub(crate) fn measure(&mut self, time: Duration) -> Result<Duration> {
        match self.ask(&json!({ "measure": time.as_millis() as u64 }))? {
            Answer::Measured { calls, nanoseconds } if calls > 0 => {
                Ok(Duration::from_nanos(nanoseconds).div_f64(calls as f64))
            }
            _ => bail!("no times"),
        }
    }

    fn ask(&mut self, request: &Value) -> Result<Answer> {
        writeln!(self.requests, "{request}").context("it has ended")?;
        self.requests.flush().context("it has ended")?;
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("it has ended: {}", self.child.wait()?);
        }
        serde_json::from_str(&line).with_context(|| format!("its answer {line}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has nothing to save.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The time from the start of a peer's process to its first answer, for one row.
pub(crate) fn cold_start(workshop: &Workshop, peer: &Peer, rows: &Path) -> Result<Duration> {
    let start = Instant::now();
    workshop.start(peer)?.prepare(rows)?;
    Ok(start.elapsed())
}
