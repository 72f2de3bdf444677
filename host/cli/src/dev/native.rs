//! Vectors that run natively, by a kit's fake host, and how they end if a function does not.
//!
//! The kit prints an empty line when the project is loaded, and then a line for each case. So if
//! nothing is printed for too long, it is known what did not end.

use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use super::process::Process;
use crate::vectors::NativeCase;

/// How long a project may take to load. Go compiles its library meanwhile, the first time.
pub(super) const LOADING: Duration = Duration::from_secs(30);

/// How much longer than its limit a case may take: a kit that can stop a case itself knows where it
/// was, and goes on with the next.
const GRACE: Duration = Duration::from_secs(1);

/// Vectors that run natively. They are ended when this is dropped.
pub(super) struct Native {
    process: Process,
    /// The time limit of a case.
    limit: Duration,
    /// The size of what is printed, and since when it has not changed.
    printed: u64,
    since: Instant,
}

/// How vectors have ended.
#[derive(Debug)]
pub(super) enum End {
    /// All cases have run.
    Whole(Vec<NativeCase>),
    /// The case after these has not ended in time, and was stopped.
    Stopped(Vec<NativeCase>),
    /// The case after these has ended the process.
    Exited(Vec<NativeCase>),
    /// The project has not been loaded in time.
    Loading,
    /// The project cannot be loaded. It has printed why.
    Failed,
}

impl Native {
    /// Starts a kit's runner with vectors.
    pub(super) fn start(command: &mut Command, vectors: &str, limit: Duration) -> io::Result<Self> {
        command
            .env("WHITTLE_LOADING_MS", LOADING.as_millis().to_string())
            .env("WHITTLE_TIMEOUT_MS", limit.as_millis().to_string());
        Ok(Self {
            process: Process::start(command, vectors.as_bytes())?,
            limit,
            printed: 0,
            since: Instant::now(),
        })
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.process.elapsed()
    }

    /// How the vectors have ended, if they have.
    pub(super) fn end(&mut self) -> io::Result<Option<End>> {
        if let Some(ended) = self.process.ended()? {
            let cases = cases(&ended.output);
            return Ok(Some(match cases {
                Some(cases) if ended.has_succeeded => End::Whole(cases),
                Some(cases) if !ended.output.is_empty() => End::Exited(cases),
                _ if ended.elapsed >= LOADING => End::Loading,
                _ => End::Failed,
            }));
        }
        let printed = self.process.written()?;
        if printed != self.printed {
            self.printed = printed;
            self.since = Instant::now();
        }
        let limit = match printed {
            0 => LOADING + GRACE,
            _ => self.limit + GRACE,
        };
        if self.since.elapsed() < limit {
            return Ok(None);
        }
        Ok(Some(match cases(&self.process.output()?) {
            _ if printed == 0 => End::Loading,
            Some(cases) => End::Stopped(cases),
            None => End::Failed,
        }))
    }
}

/// The cases that have been printed, if all lines are such.
fn cases(output: &str) -> Option<Vec<NativeCase>> {
    let lines = output.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a script ends that gets 100 ms for each case.
    fn end(script: &str) -> String {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        let limit = Duration::from_millis(100);
        let mut native = Native::start(&mut shell, "", limit).expect("started");
        loop {
            if let Some(end) = native.end().expect("asked") {
                return match end {
                    End::Whole(cases) => format!("{} cases", cases.len()),
                    End::Stopped(cases) => format!("stopped after {} cases", cases.len()),
                    End::Exited(cases) => format!("exited after {} cases", cases.len()),
                    End::Loading | End::Failed => format!("{end:?}"),
                };
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn says_after_how_many_cases_the_vectors_have_ended() {
        let one = r#"echo; echo '{"values": [1]}'; "#;
        assert_eq!(end(one), "1 cases");
        assert_eq!(end(&format!("{one} sleep 60")), "stopped after 1 cases");
        assert_eq!(end(&format!("{one} exit 1")), "exited after 1 cases");
        assert_eq!(end("echo; exit 1"), "exited after 0 cases");
        assert_eq!(end("exit 1"), "Failed");
        assert_eq!(end("echo a library prints"), "Failed");
        // The limit is that of a case, and not of all together.
        let more = "echo; for case in 1 2 3; do sleep 0.5; echo '{\"values\": []}'; done";
        assert_eq!(end(more), "3 cases");
    }
}
