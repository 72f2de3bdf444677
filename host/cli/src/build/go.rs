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
use whittle_host::{LineTable, TextEncoding};

pub(super) use self::native::native;
use super::functions::{Function, functions};
use super::lines::with_lines;
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
    let listed = run(&mut for_wasm(dir, &["list", "-f", LISTED, "."]), INSTALL)?;
    let listed = String::from_utf8_lossy(&listed);
    let (settings, path) = listed.trim_end().split_once('\n').unwrap_or_default();
    let mut command = for_wasm(dir, &["build"]);
    command
        .args(FLAGS)
        .arg(linker_flags(settings))
        .arg("-o")
        .arg(&module)
        .arg(".");
    run(&mut command, INSTALL)?;
    let bytes = fs::read(&module).with_context(|| module.display().to_string())?;
    Ok(Built {
        code: Code::Module(with_lines(&bytes, table(&bytes, path))?, TextEncoding::Utf8),
        output: folder.output(dir)?,
    })
}

/// The package's settings of the runtime, and the path of its module.
const LISTED: &str = "{{.DefaultGODEBUG}}\n{{.Module.Path}}";

const FLAGS: [&str; 3] = [
    "-buildmode=c-shared",
    // Panics name source files, but the paths of this machine do not belong in a component.
    "-trimpath",
    // With the state of the git repository in it, the component would differ from commit to commit.
    "-buildvcs=false",
];

/// The author's functions, without lines: Go has no debug information for WebAssembly. Its panics
/// know their lines, and a loop goes through the start of its function every time.
fn table(module: &[u8], path: &str) -> Result<LineTable> {
    let (code_start, functions) = functions(module)?;
    let mut table = LineTable::default();
    for Function { body, name } in &functions {
        let function = authors(name, path);
        let function = function.as_deref().map(|function| ("", 0, function));
        table.push(body.start - code_start, function);
    }
    Ok(table)
}

/// A function of the author's module as Go writes it; the linker has `_` for all punctuation but dots.
fn authors(name: &str, path: &str) -> Option<String> {
    let package = path.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_");
    let in_package = name.strip_prefix(&package);
    let is_own = in_package.is_some_and(|rest| rest.starts_with(['.', '_']));
    (is_own || name.starts_with("main.")).then(|| {
        let method = name.split_once(".__").and_then(|(package, method)| {
            let (receiver, method) = method.split_once("_.")?;
            Some(format!("{package}.(*{receiver}).{method}"))
        });
        method.unwrap_or_else(|| name.to_owned())
    })
}

/// Go's garbage collector runs concurrently and is paced by the clock. A component has one thread,
/// and a clock that advances only when it is read. By that clock the collector seems to take all the
/// time, so it holds back, and memory grows to its limit. `gcstoptheworld` makes it stop the program
/// instead. It is added to the `settings` of the program's `go.mod`.
fn linker_flags(settings: &str) -> String {
    let separator = if settings.is_empty() { "" } else { "," };
    format!(
        "-ldflags=-w -buildid= \
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
        let flags = "-ldflags=-w -buildid= -X=runtime.godebugDefault=";
        assert_eq!(linker_flags(""), format!("{flags}gcstoptheworld=1"));
        assert_eq!(
            linker_flags("a=0,b=1"),
            format!("{flags}a=0,b=1,gcstoptheworld=1")
        );
    }

    #[test]
    fn functions_of_the_module_are_the_authors() {
        let authors = |name| authors(name, "example.com/my-udf");
        for (name, shown) in [
            ("main.depth", "main.depth"),
            ("main.__fails_.Evaluate", "main.(*fails).Evaluate"),
            (
                "example.com_my_udf_words.Split",
                "example.com_my_udf_words.Split",
            ),
        ] {
            assert_eq!(authors(name).as_deref(), Some(shown), "{name}");
        }
        for other in ["runtime.main", "github.com_whittle_udf_kit.Export", ""] {
            assert_eq!(authors(other), None, "{other}");
        }
    }

    #[test]
    fn owns_a_directory_with_go_mod() {
        let folder = tempfile::tempdir().expect("a directory");
        assert!(!owns(folder.path()));
        fs::write(folder.path().join("go.mod"), "module a\n").expect("written");
        assert!(owns(folder.path()));
    }
}
