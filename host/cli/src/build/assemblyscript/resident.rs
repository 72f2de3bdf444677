//! An asc that keeps running while `whittle dev` does: a new one takes several times as long to
//! compile the same project, because it is compiled itself meanwhile.
//!
//! `whittle dev` starts it, and names its socket in the environment of builds. A build that cannot
//! reach it, or that has other programs than those that it has loaded, starts asc as ever. Both write
//! the same bytes.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::json;

use super::super::RESIDENT;
use crate::step;

/// How long the process may take until it listens.
const PATIENCE: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(10);

/// The command that keeps asc running. `programs` is the fingerprint of what it loads.
pub(super) fn command(
    dir: &Path,
    asc: &Path,
    options: &[&str],
    programs: &str,
    socket: &Path,
) -> Command {
    let mut node = Command::new("node");
    node.current_dir(dir)
        .args(["--enable-source-maps", "--input-type=module", "--eval"])
        .arg(include_str!("resident.mjs"))
        .arg(socket)
        .arg(asc)
        .arg(programs)
        .args(options);
    node
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    has_succeeded: bool,
    #[serde(default)]
    messages: String,
    /// Whether it has loaded other programs, and so has not compiled anything.
    #[serde(default)]
    is_stale: bool,
}

/// Compiles to `module`, if an asc runs for this build. Returns whether one does.
///
/// # Errors
///
/// asc has failed; its messages have been printed.
pub(super) fn compile(module: &Path, programs: &str) -> Result<bool> {
    let Some(socket) = env::var_os(RESIDENT) else {
        return Ok(false);
    };
    let request = json!({"outputs": ["--outFile", module], "programs": programs});
    let answer = step::shown("asc", || ask(Path::new(&socket), &request.to_string()));
    match answer {
        Ok(answer) if !answer.is_stale => {
            io::stderr().write_all(answer.messages.as_bytes())?;
            match answer.has_succeeded {
                true => Ok(true),
                false => bail!("asc failed: see its messages above"),
            }
        }
        _ => Ok(false),
    }
}

fn ask(socket: &Path, request: &str) -> io::Result<Answer> {
    let start = Instant::now();
    let mut stream = loop {
        match UnixStream::connect(socket) {
            Err(_) if start.elapsed() < PATIENCE => thread::sleep(INTERVAL),
            connected => break connected?,
        }
    };
    writeln!(stream, "{request}")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}
