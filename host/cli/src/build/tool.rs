//! Running the tools of other languages.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use whittle_host::{BATCH_CONTRACT, CONTRACT};

use crate::step;

/// Runs a tool and returns its standard output; its standard error goes to the user. `install` says
/// how to install the tool and is part of the error if it is missing.
pub(super) fn run(tool: &mut Command, install: &str) -> Result<Vec<u8>> {
    let program = name(tool);
    tool.stdin(Stdio::null()).stderr(Stdio::inherit());
    // cargo shows its own progress.
    let output = match &*program {
        "cargo" => tool.output(),
        _ => step::shown(&program, || tool.output()),
    };
    let output = output.map_err(|error| cannot_run(&program, error, install))?;
    if !output.status.success() {
        bail!("{program} failed: see its messages above");
    }
    Ok(output.stdout)
}

/// How often a tool is asked whether it has ended.
const INTERVAL: Duration = Duration::from_millis(10);

/// How long a tool may run the author's code. The slowest build on a busy machine takes half of it.
const LOADING: Duration = Duration::from_secs(300);

/// Like [`run`], for a tool that runs the author's `module`, and whose messages are about itself rather
/// than that code: if it fails, `explain` makes the error of its standard error, which otherwise goes
/// to the user. If it does not end, it is killed.
pub(super) fn run_module(
    tool: &mut Command,
    install: &str,
    module: &str,
    explain: impl FnOnce(&str) -> Option<String>,
) -> Result<()> {
    let program = name(tool);
    let ended = step::shown(&program, || messages_within(plain(tool), LOADING));
    let ended = ended.map_err(|error| cannot_run(&program, error, install))?;
    let Some((status, messages)) = ended else {
        bail!(endless(module, LOADING));
    };
    let messages = String::from_utf8_lossy(&messages);
    report(&program, status, &messages, explain)
}

/// Like [`run`], for a tool whose messages do not always say what to do: if it fails, `explain` makes
/// the error of them, if it can. Of the others the user sees those that `select` leaves.
pub(super) fn run_explained(
    tool: &mut Command,
    install: &str,
    explain: impl FnOnce(&str) -> Option<String>,
    select: impl FnOnce(&str) -> String,
) -> Result<()> {
    let program = name(tool);
    plain(tool).stdin(Stdio::null());
    let output = step::shown(&program, || tool.output());
    let output = output.map_err(|error| cannot_run(&program, error, install))?;
    let messages = select(&String::from_utf8_lossy(&output.stderr));
    report(&program, output.status, &messages, explain)
}

/// Makes the error of a tool that failed, and prints what `explain` does not explain.
fn report(
    program: &str,
    status: ExitStatus,
    messages: &str,
    explain: impl FnOnce(&str) -> Option<String>,
) -> Result<()> {
    let text = without_colors(messages);
    if !status.success()
        && let Some(explained) = explain(&text)
    {
        bail!(explained);
    }
    let mut stderr = io::stderr();
    // A tool writes colors if its caller has asked it to.
    match stderr.is_terminal() {
        true => stderr.write_all(messages.as_bytes())?,
        false => stderr.write_all(text.as_bytes())?,
    }
    if !status.success() {
        bail!("{program} failed: see its messages above");
    }
    Ok(())
}

fn endless(module: &str, limit: Duration) -> String {
    format!(
        "{module}: still loading after {} s: code outside of functions does not end, or takes too \
         long: correct it, or do its work in `prepare`",
        limit.as_secs()
    )
}

/// Runs a tool, and returns its standard error; its standard output is dropped. `None` if the tool was
/// killed at the limit.
fn messages_within(
    tool: &mut Command,
    limit: Duration,
) -> io::Result<Option<(ExitStatus, Vec<u8>)>> {
    // A file, so that nothing has to read it while the tool runs.
    let mut messages = tempfile::tempfile()?;
    let start = Instant::now();
    let mut child = tool
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(messages.try_clone()?)
        .spawn()?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(INTERVAL);
    };
    let mut bytes = Vec::new();
    messages.rewind()?;
    messages.read_to_end(&mut bytes)?;
    Ok(Some((status, bytes)))
}

/// Makes a tool whose output is captured write it without colors, which some write if `CI` or
/// `FORCE_COLOR` is set, whoever reads it.
fn plain(tool: &mut Command) -> &mut Command {
    tool.env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("CARGO_TERM_COLOR")
}

/// A text without the codes of colors and the like: ESC, `[`, and all up to a letter.
pub(super) fn without_colors(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.find(|c: char| c.is_ascii_alphabetic());
        plain.push_str(code.map_or("", |end| &part[end + 1..]));
    }
    plain
}

fn cannot_run(program: &str, error: io::Error, install: &str) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::NotFound => anyhow::anyhow!("{program} is missing: {install}"),
        _ => anyhow::Error::new(error).context(format!("cannot run {program}")),
    }
}

/// Checks that Node is installed, in this major version or a newer one.
pub(super) fn check_node(oldest: u32, install: &str) -> Result<()> {
    let version = run(Command::new("node").arg("--version"), install)?;
    let version = String::from_utf8_lossy(&version);
    let version = version.trim();
    if major(version).is_some_and(|major| major < oldest) {
        bail!("Node {version} is too old: {install}");
    }
    Ok(())
}

/// The major version in a text such as `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    let (major, _) = version.trim_start_matches('v').split_once('.')?;
    major.parse().ok()
}

fn name(tool: &Command) -> String {
    let program = Path::new(tool.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The build directory of a toolchain that has none of its own: in `CARGO_TARGET_DIR` if it is set,
/// or else `target` in the project. Source files are never changed.
pub(super) struct BuildFolder {
    path: PathBuf,
    /// Held until the build has ended, also by being killed.
    _lock: Option<fs::File>,
}

impl BuildFolder {
    /// The build directory of the project in `dir`, which is created. If another build uses it, this
    /// waits until that has ended.
    pub(super) fn of(dir: &Path, language: &str) -> Result<Self> {
        let mut folder = Self::beside_builds(dir, language)?;
        let path = folder.path.join(".lock");
        let locked = || -> io::Result<fs::File> {
            let lock = fs::File::create(&path)?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(fs::TryLockError::Error(error)) => return Err(error),
                Err(fs::TryLockError::WouldBlock) => {
                    // If standard error is closed, nobody reads it.
                    let dir = dir.display();
                    let _ = writeln!(io::stderr(), "waiting for another build of {dir}");
                    lock.lock()?;
                }
            }
            Ok(lock)
        };
        folder._lock = Some(locked().with_context(|| path.display().to_string())?);
        Ok(folder)
    }

    /// The same for what uses no file of a build, and so need not wait for it.
    pub(super) fn beside_builds(dir: &Path, language: &str) -> Result<Self> {
        let dir = fs::canonicalize(dir).with_context(|| dir.display().to_string())?;
        let shared: Option<OsString> =
            env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty());
        let path = match shared {
            Some(target) => std::path::absolute(target)?
                .join("whittle")
                .join(language)
                .join(folder_name(&dir)),
            None => dir.join("target/whittle"),
        };
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self { path, _lock: None })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A directory in it with the contract's WIT files, of which generators of bindings use the
    /// world `udf`: of the version for batches, or of the first one.
    pub(super) fn contract(&self, with_batches: bool) -> Result<PathBuf> {
        let folder = self.path.join("wit");
        let written = || -> io::Result<()> {
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            if !with_batches {
                fs::create_dir_all(&folder)?;
                return fs::write(folder.join("udf.wit"), CONTRACT);
            }
            let others = folder.join("deps/udf");
            fs::create_dir_all(&others)?;
            fs::write(others.join("udf.wit"), CONTRACT)?;
            fs::write(folder.join("batch.wit"), BATCH_CONTRACT)
        };
        written().with_context(|| folder.display().to_string())?;
        Ok(folder)
    }

    /// The default path of a project's component.
    pub(super) fn output(&self, dir: &Path) -> Result<PathBuf> {
        let dir = fs::canonicalize(dir)?;
        Ok(self.path.join(folder_name(&dir)).with_extension("wasm"))
    }
}

fn folder_name(dir: &Path) -> &Path {
    Path::new(dir.file_name().unwrap_or("udf".as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_named_with_how_to_install_it() {
        let install = "install it from https://example.com";
        let mut tool = Command::new("/nowhere/a-tool");
        let error = run(&mut tool, install).expect_err("there is none");
        insta::assert_snapshot!(error, @"a-tool is missing: install it from https://example.com");
        let error = run_module(&mut tool, install, "app", |_| None).expect_err("there is none");
        insta::assert_snapshot!(error, @"a-tool is missing: install it from https://example.com");
    }

    #[test]
    fn reads_the_major_version_of_node() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("v9.0.0"), Some(9));
        assert_eq!(major("unknown"), None);
    }

    #[cfg(unix)]
    #[test]
    fn captured_messages_have_no_colors() {
        let mut tool = Command::new("sh");
        let script = "printf '\\033[1;31m%s\\033[0m %s\\n' \"red${FORCE_COLOR}${CARGO_TERM_COLOR}\" \
                      \"$NO_COLOR\" >&2; exit 1";
        tool.args(["-c", script])
            .env("CI", "true")
            .env("FORCE_COLOR", "1")
            .env("CARGO_TERM_COLOR", "always");
        let error = run_explained(
            &mut tool,
            "",
            |messages| Some(messages.trim().to_owned()),
            str::to_owned,
        );
        assert_eq!(error.expect_err("it fails").to_string(), "red 1");
        assert_eq!(without_colors("a\x1b[31mb\x1b[0m\x1b[Kc"), "abc");
        assert_eq!(without_colors("a\x1b["), "a");
    }

    #[cfg(unix)]
    #[test]
    fn explains_the_messages_of_a_tool_that_fails() {
        let mut tool = Command::new("sh");
        tool.args(["-c", "echo noise >&2; exit 1"]);
        let explain = |messages: &str| Some(messages.replace("noise", "the cause"));
        let error = run_module(&mut tool, "", "app", explain).expect_err("it fails");
        insta::assert_snapshot!(error, @"the cause");
    }

    #[cfg(unix)]
    #[test]
    fn kills_a_tool_that_does_not_end() {
        let mut tool = Command::new("sh");
        tool.args(["-c", "echo noise >&2; exec sleep 600"]);
        let ended = messages_within(&mut tool, Duration::from_millis(200));
        assert!(ended.expect("it runs").is_none());
        insta::assert_snapshot!(endless("the module `app`", LOADING), @"the module `app`: still loading after 300 s: code outside of functions does not end, or takes too long: correct it, or do its work in `prepare`");
    }
}
