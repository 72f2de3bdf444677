//! Vectors that run natively, by a kit's fake host, and how they end if a function does not.
//!
//! The kit prints an empty line when the project is loaded, and then a line for each case. So if
//! nothing is printed for too long, it is known what did not end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, Write};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::process::Process;
use crate::build::NativeRun;
use crate::vectors::NativeCase;

/// How long a project may take to load.
const LOADING: Duration = Duration::from_secs(20);

/// How long it may take to compile. The first time, Go compiles its library too.
const COMPILING: Duration = Duration::from_secs(120);

/// How many lines are shown of what a program prints on its standard error.
const LINES: usize = 20;

/// How much longer than its limit a case may take: a kit that can stop a case itself knows where it
/// was, and goes on with the next.
const GRACE: Duration = Duration::from_secs(1);

/// Vectors that run natively. They are ended when this is dropped.
pub(super) struct Native {
    process: Process,
    /// Its standard error, unless that is the user's.
    errors: Option<File>,
    /// The time limit of a case.
    limit: Duration,
    /// What it does, and the size of what it has printed, which has not changed since.
    phase: Phase,
    printed: u64,
    since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Compiling,
    Loading,
    Running,
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
    /// The project has not been loaded in this time.
    Loading(Duration),
    /// The project cannot be loaded. It has printed why.
    Failed,
    /// The project cannot be compiled. The build says why.
    NotCompiled,
}

impl Native {
    /// Starts a kit's runner with vectors.
    pub(super) fn start(run: NativeRun, vectors: &str, limit: Duration) -> io::Result<Self> {
        let NativeRun {
            mut command,
            compiles,
        } = run;
        command
            .env("WHITTLE_LOADING_MS", LOADING.as_millis().to_string())
            .env("WHITTLE_TIMEOUT_MS", limit.as_millis().to_string());
        let (phase, errors) = match compiles {
            true => (Phase::Compiling, Some(tempfile::tempfile()?)),
            false => (Phase::Loading, None),
        };
        if let Some(errors) = &errors {
            command.stderr(errors.try_clone()?);
        }
        Ok(Self {
            process: Process::start(&mut command, vectors.as_bytes())?,
            errors,
            limit,
            phase,
            printed: 0,
            since: Instant::now(),
        })
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.process.elapsed()
    }

    /// How the vectors have ended, if they have.
    pub(super) fn end(&mut self) -> Result<Option<End>> {
        let ended = self.process.ended()?;
        let printed = self.process.written()?;
        if printed != self.printed {
            self.printed = printed;
            self.since = Instant::now();
            self.phase = match is_loaded(&self.process.output()?) {
                true => Phase::Running,
                false => Phase::Loading,
            };
        }
        let limit = match self.phase {
            Phase::Compiling => COMPILING,
            Phase::Loading => LOADING + GRACE,
            Phase::Running => self.limit + GRACE,
        };
        if ended.is_none() && self.since.elapsed() < limit {
            return Ok(None);
        }
        if self.phase != Phase::Compiling {
            self.print_errors()?;
        }
        let cases = cases(&self.process.output()?);
        let last = cases.as_ref().and_then(|cases| cases.last());
        let ends = last.is_some_and(NativeCase::ends);
        let has_succeeded = ended.map(|ended| ended.has_succeeded || ends);
        Ok(Some(match (self.phase, has_succeeded, cases) {
            (Phase::Compiling, ..) => End::NotCompiled,
            (Phase::Loading, ..) if self.since.elapsed() + GRACE >= LOADING => {
                End::Loading(LOADING)
            }
            (Phase::Loading, ..) | (Phase::Running, _, None) => End::Failed,
            (Phase::Running, Some(true), Some(cases)) => End::Whole(cases),
            (Phase::Running, Some(false), Some(cases)) => End::Exited(cases),
            (Phase::Running, None, Some(cases)) => End::Stopped(cases),
        }))
    }

    /// Prints the first lines of the program's standard error: a stack that has overflowed has many.
    fn print_errors(&mut self) -> Result<()> {
        let Some(errors) = &mut self.errors else {
            return Ok(());
        };
        errors.rewind()?;
        let lines = BufReader::new(errors).lines().take(LINES);
        let mut stderr = io::stderr().lock();
        for line in lines.map_while(Result::ok) {
            writeln!(stderr, "{line}")?;
        }
        Ok(())
    }
}

fn is_loaded(output: &str) -> bool {
    output.lines().any(str::is_empty)
}

/// The cases that have been printed, if the project has printed nothing else since it was loaded.
fn cases(output: &str) -> Option<Vec<NativeCase>> {
    let lines = output.lines().skip_while(|line| !line.is_empty()).skip(1);
    lines.map(|line| serde_json::from_str(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// How a script ends that gets 100 ms for each case.
    fn end(compiles: bool, script: &str) -> String {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let run = NativeRun { command, compiles };
        let mut native = Native::start(run, "", Duration::from_millis(100)).expect("started");
        loop {
            if let Some(end) = native.end().expect("asked") {
                return match end {
                    End::Whole(cases) => format!("{} cases", cases.len()),
                    End::Stopped(cases) => format!("stopped after {} cases", cases.len()),
                    End::Exited(cases) => format!("exited after {} cases", cases.len()),
                    End::Loading(_) | End::Failed | End::NotCompiled => format!("{end:?}"),
                };
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn says_after_how_many_cases_the_vectors_have_ended() {
        let one = r#"echo; echo '{"values": [1]}'; "#;
        let end = |script: &str| end(false, script);
        assert_eq!(end(one), "1 cases");
        assert_eq!(end(&format!("{one} sleep 60")), "stopped after 1 cases");
        assert_eq!(end(&format!("{one} exit 1")), "exited after 1 cases");
        assert_eq!(end("echo; exit 1"), "exited after 0 cases");
        let ends = r#"echo '{"error": "too long", "ends": true}'; kill -9 $$"#;
        assert_eq!(end(&format!("{one} {ends}")), "2 cases");
        assert_eq!(end("exit 1"), "Failed");
        assert_eq!(end("echo loading; exit 1"), "Failed");
        assert_eq!(end(&format!("echo loading; {one}")), "1 cases");
        assert_eq!(end(&format!("{one} echo more")), "Failed");
        // The limit is that of a case, and not of all together.
        let more = "echo; for case in 1 2 3; do sleep 0.5; echo '{\"values\": []}'; done";
        assert_eq!(end(more), "3 cases");
    }

    #[test]
    fn a_project_that_is_compiled_may_fail_in_two_ways() {
        assert_eq!(end(true, "exit 1"), "NotCompiled");
        assert_eq!(end(true, "echo started; exit 1"), "Failed");
        assert_eq!(
            end(true, "echo started; echo; exit 1"),
            "exited after 0 cases"
        );
    }
}
