//! Vectors that run natively, by a kit's fake host, and how they end if a function does not.
//!
//! The kit prints an empty line when the project is loaded, and then a line for each case. So if
//! nothing is printed for too long, it is known what did not end.

use std::fs::File;
use std::io::{self, Seek};
use std::time::{Duration, Instant};

use super::process::Process;
use crate::build::NativeRun;
use crate::vectors::NativeCase;

/// How long a project may take to load. Go compiles its library meanwhile, the first time.
pub(super) const LOADING: Duration = Duration::from_secs(30);

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
    /// The size of what is printed, and since when it has not changed.
    printed: u64,
    since: Instant,
    is_loaded: bool,
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
    /// The project cannot be loaded.
    Failed {
        /// Whether it has printed why. Otherwise the build does.
        has_printed: bool,
    },
}

impl Native {
    /// Starts a kit's runner with vectors.
    pub(super) fn start(run: NativeRun, vectors: &str, limit: Duration) -> io::Result<Self> {
        let NativeRun {
            mut command,
            build_explains,
        } = run;
        command
            .env("WHITTLE_LOADING_MS", LOADING.as_millis().to_string())
            .env("WHITTLE_TIMEOUT_MS", limit.as_millis().to_string());
        let errors = match build_explains {
            true => Some(tempfile::tempfile()?),
            false => None,
        };
        if let Some(errors) = &errors {
            command.stderr(errors.try_clone()?);
        }
        Ok(Self {
            process: Process::start(&mut command, vectors.as_bytes())?,
            errors,
            limit,
            printed: 0,
            since: Instant::now(),
            is_loaded: false,
        })
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.process.elapsed()
    }

    /// How the vectors have ended, if they have.
    pub(super) fn end(&mut self) -> io::Result<Option<End>> {
        let end = self.found()?;
        if let (Some(errors), Some(end)) = (&mut self.errors, &end)
            && !matches!(end, End::Failed { .. })
        {
            errors.rewind()?;
            io::copy(errors, &mut io::stderr())?;
        }
        Ok(end)
    }

    fn found(&mut self) -> io::Result<Option<End>> {
        let failed = End::Failed {
            has_printed: self.errors.is_none(),
        };
        if let Some(ended) = self.process.ended()? {
            return Ok(Some(match cases(&ended.output) {
                Some(cases) if ended.has_succeeded => End::Whole(cases),
                Some(cases) => End::Exited(cases),
                None if ended.elapsed >= LOADING => End::Loading,
                None => failed,
            }));
        }
        let printed = self.process.written()?;
        if printed != self.printed {
            self.printed = printed;
            self.since = Instant::now();
            self.is_loaded = is_loaded(&self.process.output()?);
        }
        let limit = match self.is_loaded {
            true => self.limit,
            false => LOADING,
        };
        if self.since.elapsed() < limit + GRACE {
            return Ok(None);
        }
        Ok(Some(match cases(&self.process.output()?) {
            Some(cases) => End::Stopped(cases),
            None if !self.is_loaded => End::Loading,
            None => failed,
        }))
    }
}

fn is_loaded(output: &str) -> bool {
    output.lines().any(str::is_empty)
}

/// The cases that have been printed, if the project has been loaded and has printed nothing else
/// since.
fn cases(output: &str) -> Option<Vec<NativeCase>> {
    if !is_loaded(output) {
        return None;
    }
    let lines = output.lines().skip_while(|line| !line.is_empty()).skip(1);
    lines.map(|line| serde_json::from_str(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// How a script ends that gets 100 ms for each case.
    fn end(script: &str) -> String {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let limit = Duration::from_millis(100);
        let run = NativeRun {
            command,
            build_explains: false,
        };
        let mut native = Native::start(run, "", limit).expect("started");
        loop {
            if let Some(end) = native.end().expect("asked") {
                return match end {
                    End::Whole(cases) => format!("{} cases", cases.len()),
                    End::Stopped(cases) => format!("stopped after {} cases", cases.len()),
                    End::Exited(cases) => format!("exited after {} cases", cases.len()),
                    End::Loading | End::Failed { .. } => format!("{end:?}"),
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
        assert_eq!(end("exit 1"), "Failed { has_printed: true }");
        assert_eq!(end("echo loading; exit 1"), "Failed { has_printed: true }");
        assert_eq!(end(&format!("echo loading; {one}")), "1 cases");
        assert_eq!(
            end(&format!("{one} echo more")),
            "Failed { has_printed: true }"
        );
        // The limit is that of a case, and not of all together.
        let more = "echo; for case in 1 2 3; do sleep 0.5; echo '{\"values\": []}'; done";
        assert_eq!(end(more), "3 cases");
    }
}
