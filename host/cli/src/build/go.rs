//! UDFs in Go: the ordinary compiler, for `wasip1`.
//!
//! What Go's runtime asks of WASI is answered at encoding. A reactor (`c-shared`) rather than a
//! program, so that exports can be called after the runtime has begun.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use whittle_host::TextEncoding;

use super::tool::{BuildFolder, run};
use super::{Built, Code};

const INSTALL: &str = "install Go 1.24 or newer from https://go.dev/dl";

/// The first minor version of Go 1 that has `//go:wasmexport` and reactors.
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
    // Panics name source files; the folders of this machine do not belong in components.
    "-trimpath",
    // What git says of the folder would make each commit's component another.
    "-buildvcs=false",
];

/// Neither symbols nor debug information: a third of the size. Panics keep their traces.
///
/// Go's collector works beside the program and is paced by the clock, but a component has one thread
/// and a clock that counts the looks at it. By that clock the collector takes all the time, so it
/// holds back, and memory grows to its limit. So it is told to stop the program instead, in addition
/// to the `settings` that the program has of its `go.mod`.
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

/// The folder matters: its `go.mod` chooses the toolchain.
fn go(dir: &Path, arguments: &[&str]) -> Command {
    let mut go = Command::new("go");
    go.current_dir(dir).args(arguments);
    go
}

/// Of what `go env GOVERSION` prints, such as `go1.26.8`. A version that it cannot read, as of a
/// compiler from Go's repository, is let through.
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
    fn the_programs_own_settings_are_kept() {
        let flags = "-ldflags=-s -w -buildid= -X=runtime.godebugDefault=";
        assert_eq!(linker_flags(""), format!("{flags}gcstoptheworld=1"));
        assert_eq!(
            linker_flags("a=0,b=1"),
            format!("{flags}a=0,b=1,gcstoptheworld=1")
        );
    }

    #[test]
    fn a_folder_with_a_module_is_owned() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!owns(folder.path()));
        fs::write(folder.path().join("go.mod"), "module a\n").expect("written");
        assert!(owns(folder.path()));
    }
}
