//! What runs after an edit, and what it prints.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread::Scope;
use std::time::Duration;

use anyhow::Result;
use whittle_host::{Engine, Udf, one_line};

use super::Dev;
use super::component::{Ran, Running};
use super::native::{End, Native};
use super::process::Process;
use super::report::{History, Outcome};
use super::resident::Resident;
use super::work::Work;
use crate::build;
use crate::setup;
use crate::vectors::NativeCase;

/// The files that builds write as well. A build is not killed for them.
const LOCK_FILES: [&str; 3] = ["Cargo.lock", "package-lock.json", "go.sum"];

/// How many changed files are named.
const NAMED: usize = 3;

/// What runs, and what is to run.
pub(super) struct Session<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    dev: &'env Dev,
    /// The files that a build does not read.
    data: Vec<PathBuf>,
    engine: Engine,
    history: History,
    /// What to run, unless it cannot be read.
    work: Option<Arc<Work>>,
    /// The vectors that run natively.
    native: Option<Native>,
    resident: Resident,
    build: Option<Process>,
    /// The component of the sources as they are.
    component: Option<Udf>,
    /// The vectors that run with the component, and what is to be said of them.
    running: Option<(Running, String)>,
    wants_work: bool,
    wants_build: bool,
    wants_run: bool,
    is_waiting: bool,
}

impl<'scope, 'env> Session<'scope, 'env> {
    pub(super) fn new(scope: &'scope Scope<'scope, 'env>, dev: &'env Dev) -> Result<Self> {
        Ok(Self {
            scope,
            dev,
            data: dev.data(),
            engine: dev.run.engine()?,
            history: History::default(),
            work: None,
            native: None,
            resident: Resident::new()?,
            build: None,
            component: None,
            running: None,
            wants_work: true,
            wants_build: true,
            wants_run: false,
            is_waiting: false,
        })
    }

    pub(super) fn begin(&self, files: usize) -> Result<()> {
        let dir = self.dev.dir.display();
        say(&format!("watching {files} files of {dir}; Ctrl-C ends it"))
    }

    /// Plans what follows from an edit, and ends what it has made useless.
    pub(super) fn edited(&mut self, changed: &[PathBuf]) -> Result<()> {
        say(&format!("\nchanged: {}", named(&self.dev.dir, changed)))?;
        self.history.begin();
        self.is_waiting = false;
        self.native = None;
        self.running = None;
        self.wants_work = true;
        let sources: Vec<&PathBuf> = changed
            .iter()
            .filter(|path| !self.data.contains(path))
            .collect();
        if sources.is_empty() {
            self.wants_run = true;
            return Ok(());
        }
        self.wants_build = true;
        self.component = None;
        if !self.is_installing() && !sources.iter().all(|path| is_written_by_builds(path)) {
            self.build = None;
        }
        Ok(())
    }

    /// Whether the first build is installing packages, which would stay incomplete if it were killed.
    fn is_installing(&self) -> bool {
        let has = |name: &str| self.dev.dir.join(name).exists();
        has("package.json") && !has("node_modules/.package-lock.json")
    }

    /// Looks at what has ended, and starts what is next.
    pub(super) fn step(&mut self) -> Result<()> {
        if self.wants_work {
            self.wants_work = false;
            self.read()?;
            self.start_native()?;
        }
        self.end_native()?;
        if self.wants_build && self.native.is_none() && self.build.is_none() {
            self.wants_build = false;
            self.resident.keep(&self.dev.dir)?;
            let mut build = Command::new(env::current_exe()?);
            build.arg("build").arg(&self.dev.dir);
            self.resident.offer(&mut build);
            self.build = Some(Process::start(&mut build, b"")?);
        }
        self.end_build()?;
        let is_idle = |session: &Self| session.native.is_none() && session.build.is_none();
        if is_idle(self) && self.wants_run {
            self.wants_run = false;
            self.start_run(String::new())?;
        }
        self.end_run()?;
        if is_idle(self) && !self.wants_build && self.running.is_none() && !self.is_waiting {
            self.is_waiting = true;
            say("waiting for changes")?;
        }
        Ok(())
    }

    /// Reads what to run. What cannot be read is reported, and is read again when it changes.
    fn read(&mut self) -> Result<()> {
        match Work::read(self.dev) {
            Ok(work) => self.work = Some(Arc::new(work)),
            Err(error) => {
                self.work = None;
                say(&format!("error: {}", one_line(&format!("{error:#}"))))?;
            }
        }
        Ok(())
    }

    fn start_native(&mut self) -> Result<()> {
        // Only the host knows mappings. What is wrong with a project is reported by its build.
        let native = match self.dev.mapping.path() {
            None => build::native(&self.dev.dir).ok().flatten(),
            Some(_) => None,
        };
        if let (Some(native), Some(work)) = (native, &self.work) {
            // Without the language on this machine, the component has to do.
            self.native = Native::start(native, &work.text, self.dev.run.timeout()).ok();
        }
        Ok(())
    }

    fn end_native(&mut self) -> Result<()> {
        let Some(native) = &mut self.native else {
            return Ok(());
        };
        let Some(end) = native.end()? else {
            return Ok(());
        };
        let elapsed = native.elapsed();
        self.native = None;
        let limit = self.dev.run.timeout().as_millis();
        match end {
            End::Whole(found) => self.report_native(&found, elapsed),
            End::Stopped(found) => {
                let reason = format!("was stopped: the time limit of {limit} ms is over");
                self.report_native_up_to(found, &reason, elapsed)
            }
            End::Exited(found) => {
                let reason = "has ended the process: see its messages above";
                self.report_native_up_to(found, reason, elapsed)
            }
            End::Loading(limit) => {
                // The component would not be built either.
                self.wants_build = false;
                let seconds = limit.as_secs();
                say(&format!(
                    "natively: the project was still loading after {seconds} s: code outside of \
                     functions does not end, or takes too long; correct it, or do its work in \
                     `prepare`; no component was built"
                ))
            }
            End::Failed => say("natively: the project does not run; see its messages above"),
            End::NotCompiled => Ok(()),
        }
    }

    /// Reports cases, of which the last has failed for a `reason`, and those after it have not run.
    fn report_native_up_to(
        &mut self,
        mut found: Vec<NativeCase>,
        reason: &str,
        elapsed: Duration,
    ) -> Result<()> {
        let function = self
            .work
            .as_ref()
            .and_then(|work| work.function(found.len()));
        if let Some(function) = function {
            let error = format!("function `{function}` {reason}");
            found.push(NativeCase::failed(error));
        }
        self.report_native(&found, elapsed)
    }

    fn report_native(&mut self, found: &[NativeCase], elapsed: Duration) -> Result<()> {
        let Some(work) = self.work.clone() else {
            return Ok(());
        };
        let outcomes = work.native_outcomes(found);
        let cases = work.cases().count();
        let skipped = found.iter().filter(|case| !case.has_run()).count();
        let note = match (skipped, cases.saturating_sub(found.len())) {
            (0, 0) => String::new(),
            (0, 1) => ", 1 has not run".to_owned(),
            (0, more) => format!(", {more} have not run"),
            (1, 0) => ", 1 needs the component".to_owned(),
            (skipped, more) => format!(", {} need the component", skipped + more),
        };
        let note = format!("{note} ({:.1} s)", elapsed.as_secs_f64());
        self.print_logs(&outcomes);
        let mut out = io::stdout().lock();
        self.history
            .report(&mut out, "natively", &note, &outcomes)?;
        if let (Some(call), Some(case)) = (&work.call, found.get(cases)) {
            call.print_native(&mut out, case)?;
        }
        out.flush()?;
        Ok(())
    }

    fn end_build(&mut self) -> Result<()> {
        let Some(build) = &mut self.build else {
            return Ok(());
        };
        let Some(ended) = build.ended()? else {
            return Ok(());
        };
        self.build = None;
        // The first build has installed it.
        self.resident.keep(&self.dev.dir)?;
        let took = format!("{:.1} s", ended.elapsed.as_secs_f64());
        if !ended.has_succeeded {
            return say(&format!("build failed after {took}"));
        }
        if self.wants_build {
            // Something was edited meanwhile.
            return Ok(());
        }
        let path = ended.output.lines().last().unwrap_or_default();
        self.component = Some(setup::udf(&self.engine, Path::new(path))?);
        self.wants_run = false;
        self.start_run(format!(" (built in {took})"))
    }

    /// Starts the vectors with the component, and the documents to show.
    fn start_run(&mut self, note: String) -> Result<()> {
        let Some(udf) = &self.component else {
            return Ok(());
        };
        let Some(work) = &self.work else {
            return say(&format!("component: not tested{note}"));
        };
        let running = Running::start(self.scope, self.dev, udf.clone(), Arc::clone(work));
        self.running = Some((running, note));
        Ok(())
    }

    fn end_run(&mut self) -> Result<()> {
        let Some((running, note)) = &self.running else {
            return Ok(());
        };
        let Some(ran) = running.ended() else {
            return Ok(());
        };
        let (note, Ran { outcomes, shown }) = (note.clone(), ran?);
        self.running = None;
        self.print_logs(&outcomes);
        let mut out = io::stdout().lock();
        self.history
            .report(&mut out, "component", &note, &outcomes)?;
        out.write_all(&shown)?;
        out.flush()?;
        Ok(())
    }

    fn print_logs(&self, outcomes: &[Outcome]) {
        let failures = outcomes
            .iter()
            .filter_map(|outcome| outcome.failure.as_ref());
        for failure in failures {
            (self.dev.log).print_lines(failure.log(), &failure.to_string());
        }
    }
}

fn is_written_by_builds(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    LOCK_FILES.iter().any(|lock| name == *lock)
}

/// The names of the first files, relative to the project.
fn named(dir: &Path, changed: &[PathBuf]) -> String {
    let names = changed.iter().take(NAMED).map(|path| {
        let path = path.strip_prefix(dir).unwrap_or(path);
        one_line(&path.display().to_string())
    });
    let names = names.collect::<Vec<_>>().join(", ");
    match changed.len().saturating_sub(NAMED) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

fn say(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
