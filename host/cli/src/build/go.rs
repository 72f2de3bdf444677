//! UDFs in Go: the ordinary compiler, for `wasip1`.
//!
//! The module is a reactor (`c-shared`) rather than a program, so that its exports can be called
//! after the runtime has started. The WASI functions that Go's runtime imports are replaced by stubs
//! when the module is encoded as a component.

mod native;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use whittle_host::TextEncoding;

pub(super) use self::native::native;
use super::tool::{BuildFolder, run};
use super::{Built, Code};

const INSTALL: &str = "install Go 1.24 or newer from https://go.dev/dl";

/// The first minor version of Go 1 with `//go:wasmexport` and reactors.
const OLDEST: u32 = 24;

pub(super) fn owns(dir: &Path) -> bool {
    dir.join("go.mod").is_file()
}

pub(super) fn build(dir: &Path) -> Result<Built> {
    let version = run(&mut go(dir, &["env", "GOVERSION"]), INSTALL)?;
    let version = String::from_utf8_lossy(&version);
    if is_too_old(version.trim()) {
        bail!("{} is too old: {INSTALL}", version.trim());
    }
    let folder = BuildFolder::of(dir, "go")?;
    let module = folder.path().join("module.wasm");
    let settings = run(
        &mut for_wasm(dir, &["list", "-f", "{{.DefaultGODEBUG}}", "."]),
        INSTALL,
    )?;
    let mut command = for_wasm(dir, &["build"]);
    command
        .args(FLAGS)
        .arg(linker_flags(String::from_utf8_lossy(&settings).trim()))
        .arg("-o")
        .arg(&module)
        .arg(".");
    run(&mut command, INSTALL)?;
    let bytes = fs::read(&module).with_context(|| module.display().to_string())?;
    Ok(Built {
        code: Code::Module(bytes, TextEncoding::Utf8),
        output: folder.output(dir)?,
    })
}

const FLAGS: [&str; 3] = [
    "-buildmode=c-shared",
    // Panics name source files, but the paths of this machine do not belong in a component.
    "-trimpath",
    // With the state of the git repository in it, the component would differ from commit to commit.
    "-buildvcs=false",
];

/// Omits symbols and debug information, which leaves a third of the size. Panics keep their traces.
///
/// Go's garbage collector runs concurrently and is paced by the clock. A component has one thread,
/// and a clock that advances only when it is read. By that clock the collector seems to take all the
/// time, so it holds back, and memory grows to its limit. `gcstoptheworld` makes it stop the program
/// instead. It is added to the `settings` of the program's `go.mod`.
fn linker_flags(settings: &str) -> String {
    let separator = if settings.is_empty() { "" } else { "," };
    format!(
        "-ldflags=-s -w -buildid= \
         -X=runtime.godebugDefault={settings}{separator}gcstoptheworld=1"
    )
}

fn for_wasm(dir: &Path, arguments: &[&str]) -> Command {
    let mut go = go(dir, arguments);
    go.env("GOOS", "wasip1")
        .env("GOARCH", "wasm")
        .env("CGO_ENABLED", "0");
    go
}

/// Runs in the project's directory, because its `go.mod` chooses the toolchain.
fn go(dir: &Path, arguments: &[&str]) -> Command {
    let mut go = Command::new("go");
    go.current_dir(dir).args(arguments);
    go
}

/// Checks the output of `go env GOVERSION`, such as `go1.26.8`. Accepts a version that it cannot
/// parse, such as that of a compiler built from Go's repository.
fn is_too_old(version: &str) -> bool {
    let minor = version.strip_prefix("go1.").map(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit());
        &rest[..digits.unwrap_or(rest.len())]
    });
    minor
        .and_then(|minor| minor.parse::<u32>().ok())
        .is_some_and(|minor| minor < OLDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_before_1_24_are_too_old() {
        for old in ["go1.9", "go1.21.13", "go1.23", "go1.23rc1"] {
            assert!(is_too_old(old), "{old}");
        }
        for new in [
            "go1.24",
            "go1.24rc2",
            "go1.26.8",
            "go1.30",
            "go2.0",
            "devel go1.27-5c8a1d4",
            "",
        ] {
            assert!(!is_too_old(new), "{new}");
        }
    }

    #[test]
    fn keeps_the_programs_own_settings() {
        let flags = "-ldflags=-s -w -buildid= -X=runtime.godebugDefault=";
        assert_eq!(linker_flags(""), format!("{flags}gcstoptheworld=1"));
        assert_eq!(
            linker_flags("a=0,b=1"),
            format!("{flags}a=0,b=1,gcstoptheworld=1")
        );
    }

    #[test]
    fn owns_a_directory_with_go_mod() {
        let folder = tempfile::tempdir().expect("a directory");
        assert!(!owns(folder.path()));
        fs::write(folder.path().join("go.mod"), "module a\n").expect("written");
        assert!(owns(folder.path()));
    }
}
