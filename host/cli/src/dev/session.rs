//! What runs after an edit, and what it prints.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::value::RawValue;
use whittle_host::{Engine, Udf, one_line};
use whittle_node::mapping::Mapping;

use super::Dev;
use super::process::{Ended, Process};
use super::report::{History, Outcome};
use super::samples::Call;
use crate::build;
use crate::setup;
use crate::vectors::{self, Failure, NativeCase, Vectors};

/// How long vectors may take natively, where no limit of the host holds.
const NATIVE_LIMIT: Duration = Duration::from_secs(10);

/// The files that builds write as well. A build is not killed for them.
const LOCK_FILES: [&str; 3] = ["Cargo.lock", "package-lock.json", "go.sum"];

/// How many changed files are named.
const NAMED: usize = 3;

/// What runs, and what is to run.
pub(super) struct Session<'a> {
    dev: &'a Dev,
    /// The files that a build does not read.
    data: Vec<PathBuf>,
    engine: Engine,
    history: History,
    /// What to run, unless it cannot be read.
    work: Option<Work>,
    /// The vectors that run natively.
    native: Option<Process>,
    build: Option<Process>,
    /// The component of the sources as they are.
    component: Option<Udf>,
    wants_work: bool,
    wants_build: bool,
    wants_run: bool,
    is_waiting: bool,
}

/// What is run at every edit.
struct Work {
    suites: Vec<Vectors>,
    mapping: Option<Mapping>,
    call: Option<Call>,
    /// The suites and the call, for the kits' runners.
    text: String,
}

impl<'a> Session<'a> {
    pub(super) fn new(dev: &'a Dev) -> Result<Self> {
        Ok(Self {
            dev,
            data: dev.data(),
            engine: dev.run.engine()?,
            history: History::default(),
            work: None,
            native: None,
            build: None,
            component: None,
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
            let mut build = Command::new(env::current_exe()?);
            build.arg("build").arg(&self.dev.dir);
            self.build = Some(Process::start(&mut build, b"")?);
        }
        self.end_build()?;
        let is_idle = self.native.is_none() && self.build.is_none();
        if is_idle && self.wants_run {
            self.wants_run = false;
            self.run("")?;
        }
        if is_idle && !self.wants_build && !self.is_waiting {
            self.is_waiting = true;
            say("waiting for changes")?;
        }
        Ok(())
    }

    /// Reads what to run. What cannot be read is reported, and is read again when it changes.
    fn read(&mut self) -> Result<()> {
        match Work::read(self.dev) {
            Ok(work) => self.work = Some(work),
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
        if let (Some(mut command), Some(work)) = (native, &self.work) {
            // Without the language on this machine, the component has to do.
            self.native = Process::start(&mut command, work.text.as_bytes()).ok();
        }
        Ok(())
    }

    fn end_native(&mut self) -> Result<()> {
        let (Some(native), Some(work)) = (&mut self.native, &self.work) else {
            return Ok(());
        };
        let Some(ended) = native.ended()? else {
            if native.elapsed() > NATIVE_LIMIT {
                self.native = None;
                let seconds = NATIVE_LIMIT.as_secs();
                say(&format!(
                    "natively: stopped after {seconds} s: a function does not end, or there are \
                     many cases; the component's run says which"
                ))?;
            }
            return Ok(());
        };
        self.native = None;
        let Ended {
            has_succeeded,
            output,
            elapsed,
        } = ended;
        let found = output.lines().map(serde_json::from_str);
        let found: Vec<NativeCase> = match found.collect() {
            Ok(found) if has_succeeded => found,
            _ => return say("natively: the project does not run; see its messages above"),
        };
        let mut out = io::stdout().lock();
        let (outcomes, skipped) = work.native_outcomes(&found);
        let note = match skipped {
            0 => String::new(),
            skipped => format!(", {skipped} need the component"),
        };
        let note = format!("{note} ({:.1} s)", elapsed.as_secs_f64());
        self.print_logs(&outcomes);
        self.history
            .report(&mut out, "natively", &note, &outcomes)?;
        if let (Some(call), Some(case)) = (&work.call, found.last()) {
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
        self.run(&format!(" (built in {took})"))
    }

    /// Runs the vectors with the component, and the documents to show.
    fn run(&mut self, note: &str) -> Result<()> {
        let Some(udf) = &self.component else {
            return Ok(());
        };
        let Some(work) = &self.work else {
            return say(&format!("component: not tested{note}"));
        };
        let cases = work.cases().map(|(suite, case)| {
            let query = self.dev.run.query();
            let result = vectors::run(udf, suite, case, work.mapping.as_ref(), &query);
            Outcome::new(&suite.function, &case.name, result)
        });
        let outcomes: Vec<Outcome> = cases.collect();
        self.print_logs(&outcomes);
        let mut out = io::stdout().lock();
        self.history
            .report(&mut out, "component", note, &outcomes)?;
        if let Some(call) = &work.call {
            call.run(&mut out, udf, &self.dev.mapping, &self.dev.run)?;
        }
        out.flush()?;
        Ok(())
    }

    fn print_logs(&self, outcomes: &[Outcome]) {
        let failures = outcomes
            .iter()
            .filter_map(|outcome| outcome.failure.as_ref());
        for failure in failures {
            self.dev.log.print_lines(Failure::log(failure));
        }
    }
}

impl Work {
    fn read(dev: &Dev) -> Result<Self> {
        let mut suites = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        for file in dev.vectors() {
            let bytes = vectors::read(&file)?;
            let of_file = || file.display().to_string();
            suites.extend(Vectors::parse(&bytes).with_context(of_file)?);
            let raw: Vec<&RawValue> = match bytes.trim_ascii().first() {
                Some(b'[') => serde_json::from_slice(&bytes)?,
                _ => vec![serde_json::from_slice(&bytes)?],
            };
            texts.extend(raw.into_iter().map(|suite| suite.get().to_owned()));
        }
        let call = dev.samples.call(&suites)?;
        if let Some(call) = &call {
            texts.push(call.as_vectors());
        }
        Ok(Self {
            suites,
            mapping: dev.mapping.read()?,
            call,
            text: format!("[{}]", texts.join(",")),
        })
    }

    fn cases(&self) -> impl Iterator<Item = (&Vectors, &vectors::Case)> {
        let suites = self.suites.iter();
        suites.flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)))
    }

    /// The outcomes of the cases that a kit has run, and how many others there are.
    fn native_outcomes(&self, found: &[NativeCase]) -> (Vec<Outcome>, usize) {
        let pairs = self.cases().zip(found).filter(|(_, found)| found.has_run());
        let outcomes = pairs.map(|((suite, case), found)| {
            Outcome::new(&suite.function, &case.name, found.check(suite, case))
        });
        let outcomes: Vec<Outcome> = outcomes.collect();
        let skipped = self.cases().count() - outcomes.len();
        (outcomes, skipped)
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
