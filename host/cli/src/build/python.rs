//! UDFs in Python: componentize-py runs CPython until the project's module `app` has been imported,
//! and stores that state as a component.
//!
//! The project and the kit are first copied to the build directory, because CPython writes compiled
//! modules beside the ones that it imports. CPython sees the copies at paths like `/0/app.py`, so
//! the path of the project does not end up in the component.

mod imports;
mod inputs;
mod library;
mod mistakes;
mod native;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use self::inputs::Inputs;
pub(super) use self::native::native;
use super::memo;
use super::tool::{BuildFolder, run_module};
use super::{Built, Code};

const TOOL: &str = "componentize-py";

const INSTALL: &str = "install Python 3.11 or newer from https://www.python.org, and run \
                       `pip install componentize-py==0.25.1` in a virtual environment";

/// The kit's package, and the module in it with the exports of the WIT world.
const KIT: &str = "whittle_guest";
const COMPONENT: &str = "whittle_guest.component";

/// The directory of the programs in a virtual environment.
const PROGRAMS: &str = if cfg!(windows) { "Scripts" } else { "bin" };

pub(super) fn owns(dir: &Path) -> bool {
    dir.join("pyproject.toml").is_file()
}

pub(super) fn build(dir: &Path) -> Result<Built> {
    if !["app.py", "app/__init__.py"]
        .iter()
        .any(|app| dir.join(app).is_file())
    {
        bail!("the module `app` is missing: declare the functions in `app.py`");
    }
    let folder = BuildFolder::of(dir, "python")?;
    let stage = folder.path().join("stage");
    let environment = env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    mistakes::check_syntax(dir, environments(dir, environment.as_deref()))?;
    copy_project(dir, environment.as_deref(), &stage)
        .with_context(|| stage.display().to_string())?;
    imports::check(&stage, &stage.join(KIT))?;
    let has_batches = library::prepare(&stage.join(KIT))?;
    let contract = folder.contract(has_batches)?;
    let component = folder.path().join("componentized.wasm");
    let path = env::var_os("PATH");
    let mut tool = componentize(dir, environment.as_deref(), path.as_deref())?;
    tool.arg("--quiet")
        .arg("--wit-path")
        .arg(&contract)
        .args(["--world", "udf", "componentize", COMPONENT])
        .arg("--python-path")
        .arg(&stage)
        .arg("--stub-wasi")
        .arg("--output")
        .arg(&component)
        // Its own backtrace does not help with a mistake in the project; Python's traceback is
        // printed in any case.
        .env("RUST_BACKTRACE", "0");
    let inputs = Inputs::of(&tool, &[&stage, &contract]);
    memo::make(
        &component,
        || inputs.fingerprint(),
        || run_module(&mut tool, INSTALL, "the module `app`", mistakes::explained),
    )?;
    let bytes = fs::read(&component).with_context(|| component.display().to_string())?;
    Ok(Built {
        code: Code::Component(bytes),
        output: folder.output(dir)?,
    })
}

/// The active virtual environment, if there is one, and then the project's own.
fn environments(dir: &Path, active: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    active
        .map(Path::to_owned)
        .into_iter()
        .chain([dir.join(".venv")])
}

/// componentize-py from the active virtual environment, or else from the project's `.venv`, or else
/// from `path`.
fn componentize(dir: &Path, active: Option<&Path>, path: Option<&OsStr>) -> Result<Command> {
    let in_path = path.and_then(environment_in);
    for environment in environments(dir, active).chain(in_path) {
        let program = environment.join(PROGRAMS).join(TOOL);
        let program = program.with_extension(env::consts::EXE_EXTENSION);
        if program.is_file() {
            // Absolute, because the tool runs in another directory.
            let environment = std::path::absolute(environment)?;
            let mut tool = Command::new(std::path::absolute(program)?);
            // This makes the packages of the environment importable.
            tool.env("VIRTUAL_ENV", environment);
            return Ok(tool);
        }
    }
    Ok(Command::new(TOOL))
}

/// The virtual environment of the tool that a search path finds, which may be a link to it.
fn environment_in(path: &OsStr) -> Option<PathBuf> {
    let mut places = env::split_paths(path).map(|place| place.join(TOOL));
    let program = fs::canonicalize(places.find(|program| program.is_file())?).ok()?;
    let environment = program.parent()?.parent()?;
    let is_one = environment.join("pyvenv.cfg").is_file();
    is_one.then(|| environment.to_owned())
}

/// Copies a project and its kit, but not the vectors, to `stage`, and removes everything else there.
fn copy_project(dir: &Path, active: Option<&Path>, stage: &Path) -> Result<()> {
    if stage.exists() {
        fs::remove_dir_all(stage)?;
    }
    // Editing the vectors must not change what a component is made of.
    let others = ["kit", "target", "vectors.json"].map(|name| dir.join(name));
    copy(dir, stage, &|path| {
        is_source(path) && !others.iter().any(|other| other == path)
    })?;
    match kit(dir, active) {
        Some(kit) => copy(&kit, &stage.join(KIT), &is_source),
        None => Ok(()),
    }
}

/// The kit's package: in the project, beside it, or among the packages of an environment.
fn kit(dir: &Path, active: Option<&Path>) -> Option<PathBuf> {
    let own = [dir.join("kit"), dir.join("../kit")];
    let installed = environments(dir, active).filter_map(|environment| packages(&environment));
    let mut kits = own
        .into_iter()
        .chain(installed)
        .map(|folder| folder.join(KIT));
    kits.find(|kit| kit.is_dir())
}

/// Where a virtual environment has its packages.
fn packages(environment: &Path) -> Option<PathBuf> {
    if cfg!(windows) {
        return Some(environment.join("Lib/site-packages"));
    }
    let versions = fs::read_dir(environment.join("lib")).ok()?;
    let mut packages =
        versions.filter_map(|version| Some(version.ok()?.path().join("site-packages")));
    packages.find(|packages| packages.is_dir())
}

/// Whether a file or directory can be part of a project: it is not hidden, not compiled and not a
/// virtual environment.
fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    !name.as_encoded_bytes().starts_with(b".")
        && name != OsStr::new("__pycache__")
        && path.extension() != Some(OsStr::new("wasm"))
        && !path.join("pyvenv.cfg").is_file()
}

/// Copies the `wanted` part of a directory. Links to directories are skipped, because they may form
/// a cycle.
fn copy(from: &Path, to: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if !wanted(&path) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&path, &copied, wanted)?;
        } else if path.is_file() {
            fs::copy(&path, &copied).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a directory");
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("it is in a directory")).expect("made");
            fs::write(path, "").expect("written");
        }
        folder
    }

    fn files(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            if path.is_dir() {
                found.extend(files(&path).iter().map(|file| format!("{name}/{file}")));
            } else {
                found.push(name.into_owned());
            }
        }
        found.sort();
        found
    }

    #[test]
    fn copies_sources_and_data_with_the_package_of_the_kit() {
        let project = folder_with(&[
            "pyproject.toml",
            "app.py",
            "words/__init__.py",
            "words/list.txt",
            "words/target/list.txt",
            "words/__pycache__/list.pyc",
            ".git/config",
            "target/whittle/old.wasm",
            "vectors.json",
            "kit/pyproject.toml",
            "kit/whittle_guest/__init__.py",
            "kit/whittle_guest/__pycache__/udf.pyc",
            "environment/pyvenv.cfg",
            "environment/lib/app.py",
            "built.wasm",
        ]);
        let stage = project.path().join("target/whittle/stage");
        fs::create_dir_all(&stage).expect("made");
        fs::write(stage.join("removed.py"), "").expect("written");
        copy_project(project.path(), None, &stage).expect("copied");
        let expected = [
            "app.py",
            "pyproject.toml",
            "whittle_guest/__init__.py",
            "words/__init__.py",
            "words/list.txt",
            "words/target/list.txt",
        ];
        assert_eq!(files(&stage), expected);
    }

    #[test]
    fn copies_a_kit_beside_the_project_if_there_is_one() {
        let guests = folder_with(&["kit/whittle_guest/__init__.py", "one/app.py"]);
        let stage = guests.path().join("stage");
        copy_project(&guests.path().join("one"), None, &stage).expect("copied");
        assert_eq!(files(&stage), ["app.py", "whittle_guest/__init__.py"]);

        let alone = folder_with(&["one/app.py"]);
        let stage = alone.path().join("stage");
        copy_project(&alone.path().join("one"), None, &stage).expect("copied");
        assert_eq!(files(&stage), ["app.py"]);
    }

    #[cfg(unix)]
    #[test]
    fn copies_a_kit_that_is_installed() {
        let package = "lib/python3.11/site-packages/whittle_guest/__init__.py";
        let (environment, project) = (folder_with(&[package]), folder_with(&["app.py"]));
        let stage = environment.path().join("stage");
        copy_project(project.path(), Some(environment.path()), &stage).expect("copied");
        assert_eq!(files(&stage), ["app.py", "whittle_guest/__init__.py"]);
    }

    #[test]
    fn a_kit_without_the_module_in_c_has_no_batches() {
        let kit = folder_with(&["component.py"]);
        assert!(!library::prepare(kit.path()).expect("there is nothing to prepare"));
        fs::write(kit.path().join("_batch.wat"), "(module)").expect("written");
        assert!(library::prepare(kit.path()).expect("prepared"));
        let staged = fs::read(kit.path().join("_batch.cpython-314-wasm32-wasi.so"));
        let staged = staged.expect("it is there");
        assert!(String::from_utf8_lossy(&staged).contains("whittle:batch/results@0.2.0"));
    }

    #[test]
    fn prefers_the_active_environment_and_uses_the_path_last() {
        let tool = format!("{PROGRAMS}/{TOOL}");
        let tool = Path::new(&tool).with_extension(env::consts::EXE_EXTENSION);
        let tool = tool.to_str().expect("a text");
        let own = format!(".venv/{tool}");
        let (active, project) = (folder_with(&[tool]), folder_with(&[&own]));
        let (active, project) = (active.path(), project.path());
        let empty = folder_with(&[]);
        let program = |dir: &Path, active: Option<&Path>| {
            let tool = componentize(dir, active, None).expect("found");
            PathBuf::from(tool.get_program())
        };
        assert_eq!(program(project, Some(active)), active.join(tool));
        assert_eq!(program(project, Some(empty.path())), project.join(&own));
        assert_eq!(program(project, None), project.join(&own));
        assert_eq!(program(empty.path(), None), Path::new(TOOL));
    }

    #[cfg(unix)]
    #[test]
    fn finds_the_environment_of_a_linked_tool() {
        let tool = format!("{PROGRAMS}/{TOOL}");
        let (environment, bin) = (folder_with(&["pyvenv.cfg", &tool]), folder_with(&[]));
        let link = bin.path().join(TOOL);
        std::os::unix::fs::symlink(environment.path().join(tool), link).expect("linked");
        let expected = fs::canonicalize(environment.path()).expect("a path");
        assert_eq!(environment_in(bin.path().as_os_str()), Some(expected));
        assert_eq!(environment_in(OsStr::new("")), None);
    }

    #[test]
    fn rejects_a_project_without_the_module() {
        let project = folder_with(&["pyproject.toml"]);
        assert!(owns(project.path()));
        let error = build(project.path())
            .err()
            .expect("there is nothing to build");
        insta::assert_snapshot!(error.to_string(), @"the module `app` is missing: declare the functions in `app.py`");
    }
}
