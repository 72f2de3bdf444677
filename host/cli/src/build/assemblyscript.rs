//! UDFs in AssemblyScript: npm installs the compiler, asc, in the version that the project pins.
//!
//! The project's `asconfig.json` extends the kit's, which has the options that every UDF needs. So
//! asc does the same when an author runs it by hand.

mod imports;
mod inputs;
mod lines;
mod resident;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;
use whittle_host::TextEncoding;

use self::inputs::Inputs;
use super::lines::with_lines;
use super::memo;
use super::packages;
use super::tool::{BuildFolder, check_node, run};
use super::{Built, Code};

const INSTALL: &str = "install Node.js 20 or newer, with npm, from https://nodejs.org";

/// The path of asc, relative to the directory with `node_modules`, and that of its module, relative
/// to asc.
const COMPILER: &str = "node_modules/assemblyscript/bin/asc.js";
const COMPILER_MODULE: &str = "../../dist/asc.js";

/// The last two change no instruction.
const OPTIONS: [&str; 6] = [
    "--config",
    "asconfig.json",
    "--target",
    "release",
    "--debug",
    "--sourceMap",
];

pub(super) fn owns(dir: &Path) -> bool {
    dir.join("asconfig.json").is_file()
}

pub(super) fn build(dir: &Path) -> Result<Built> {
    // The paths that asc takes and prints are relative to the directory in which it runs.
    let dir = fs::canonicalize(dir)?;
    let folder = BuildFolder::of(&dir, "assemblyscript")?;
    check_node(20, INSTALL)?;
    let compiler = compiler(&dir)?;
    let module = folder.path().join("module.wasm");
    let compiled = folder.path().join("compiled.wasm");
    let mut asc = Command::new("node");
    asc.current_dir(&dir)
        .arg(&compiler)
        .args(OPTIONS)
        .arg("--outFile")
        .arg(&compiled);
    let inputs = Inputs::of(&asc, &dir, npm_root(&dir));
    memo::make(
        &module,
        || inputs.fingerprint(),
        || {
            if !resident::compile(&compiled, &inputs.programs()?)? {
                run(&mut asc, INSTALL)?;
            }
            let bytes = read(&compiled)?;
            let lines = map(&compiled).and_then(|map| lines::table(&bytes, &map));
            fs::write(&module, with_lines(&bytes, lines)?)
                .with_context(|| module.display().to_string())
        },
    )?;
    let bytes = read(&module)?;
    imports::check(&dir, &bytes)?;
    Ok(Built {
        code: Code::Module(bytes, TextEncoding::Utf16),
        output: folder.output(&dir)?,
    })
}

/// The command that keeps the compiler running, if it is installed.
pub(super) fn resident(dir: &Path, socket: &Path) -> Result<Option<Command>> {
    let dir = fs::canonicalize(dir)?;
    let root = npm_root(&dir);
    let Some(compiler) = installed(&dir, root).filter(|_| packages::are_installed(root)) else {
        return Ok(None);
    };
    let inputs = Inputs::of(&Command::new("node"), &dir, root);
    Ok(Some(resident::command(
        &dir,
        &compiler.join(COMPILER_MODULE),
        &OPTIONS,
        &inputs.programs()?,
        socket,
    )))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

/// The source map that asc writes beside a module.
fn map(module: &Path) -> Result<String> {
    Ok(String::from_utf8(read(
        &module.with_extension("wasm.map"),
    )?)?)
}

/// The compiler that the project pins; npm installs the project's packages if any is missing.
fn compiler(dir: &Path) -> Result<PathBuf> {
    let root = npm_root(dir);
    if let Some(compiler) = installed(dir, root).filter(|_| packages::are_installed(root)) {
        return Ok(compiler);
    }
    let mut npm = Command::new("npm");
    npm.current_dir(root).args(install_arguments(root));
    run(&mut npm, INSTALL)?;
    match installed(dir, root) {
        Some(compiler) => Ok(compiler),
        None => bail!("asc is missing: add it with `npm install --save-dev assemblyscript`"),
    }
}

/// The compiler, if it is installed. npm installs the packages of a workspace's member at the root,
/// unless the versions of members differ.
fn installed(dir: &Path, root: &Path) -> Option<PathBuf> {
    let candidates = [dir, root].map(|folder| folder.join(COMPILER));
    candidates.into_iter().find(|compiler| compiler.is_file())
}

/// The directory where npm installs a project's dependencies: the project, or the root of its
/// workspace.
fn npm_root(dir: &Path) -> &Path {
    let mut above = dir.ancestors().skip(1);
    above.find(|root| has_member(root, dir)).unwrap_or(dir)
}

/// Whether `root` is an npm workspace with the member `dir`. Of the patterns that npm knows, this
/// knows only `*` at the end, the one in common use.
fn has_member(root: &Path, dir: &Path) -> bool {
    let manifest = fs::read(root.join("package.json")).unwrap_or_default();
    let manifest: Json = serde_json::from_slice(&manifest).unwrap_or_default();
    let workspaces = &manifest["workspaces"];
    // In Yarn's form the list is one level deeper.
    let members = workspaces
        .as_array()
        .or_else(|| workspaces["packages"].as_array());
    members
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .any(|member| match member.strip_suffix("/*") {
            Some(parent) => dir.parent() == Some(&plain(root, parent)),
            None => dir == plain(root, member),
        })
}

/// The path of a member, without a leading `./` or a trailing `/`.
fn plain(root: &Path, member: &str) -> PathBuf {
    root.join(member).components().collect()
}

/// With a lock file, installs exactly what it says and leaves it unchanged. npm prints errors only.
fn install_arguments(root: &Path) -> [&'static str; 4] {
    let command = if root.join("package-lock.json").is_file() {
        "ci"
    } else {
        "install"
    };
    [command, "--no-audit", "--no-fund", "--loglevel=error"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npm_installs_at_the_root_of_the_workspace() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let root = folder.path();
        for project in ["guests/score", "guests/apart", "more/other", "alone"] {
            fs::create_dir_all(root.join(project)).expect("a directory");
        }
        let manifest = r#"{"workspaces": ["./guests/score/", "more/*"]}"#;
        fs::write(root.join("package.json"), manifest).expect("a file");
        for (project, expected) in [
            ("guests/score", ""),
            ("more/other", ""),
            ("guests/apart", "guests/apart"),
            ("alone", "alone"),
        ] {
            let dir = root.join(project);
            let expected: PathBuf = root.join(expected).components().collect();
            assert_eq!(npm_root(&dir), expected, "{project}");
        }
    }

    #[test]
    fn a_lock_file_is_obeyed() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let root = folder.path();
        assert_eq!(install_arguments(root)[0], "install");
        fs::write(root.join("package-lock.json"), "{}").expect("a file");
        assert_eq!(install_arguments(root)[0], "ci");
    }

    #[test]
    fn finds_the_compiler_in_the_project_before_the_workspace() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let root = folder.path();
        let dir = root.join("guests/score");
        assert_eq!(installed(&dir, root), None);
        for above in [root, &dir] {
            let compiler = above.join(COMPILER);
            fs::create_dir_all(compiler.parent().expect("a parent")).expect("a directory");
            fs::write(&compiler, "").expect("a file");
            assert_eq!(installed(&dir, root), Some(compiler));
        }
    }
}
