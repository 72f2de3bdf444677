//! The files of a project that its author writes, found by walking its directory.
//!
//! Whether they have changed decides whether something is built again, so it is better to find a
//! file too many than one too few. What tools write is left out: build directories, installed
//! packages, caches, components and hidden files, of which only `.cargo` has settings of builds.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The files that an author writes under `dir`, sorted. Links are followed.
///
/// # Errors
///
/// A directory that cannot be read. Files that vanish meanwhile are left out.
pub(crate) fn sources(dir: &Path) -> io::Result<Vec<PathBuf>> {
    files(dir, &|path| is_written_by_hand(dir, path))
}

/// The files under `dir` whose paths are wanted, sorted. Links are followed, each directory once.
///
/// # Errors
///
/// A directory that cannot be read.
pub(crate) fn files(dir: &Path, wanted: &dyn Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut entered = HashSet::new();
    let mut pending = vec![dir.to_owned()];
    while let Some(folder) = pending.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder != dir => continue,
            entries => entries?,
        };
        // Links may form a cycle.
        if !entered.insert(fs::canonicalize(&folder)?) {
            continue;
        }
        for entry in entries {
            let path = entry?.path();
            if !wanted(&path) {
                continue;
            }
            if path.is_dir() {
                pending.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What tools write in a project, besides what they build: packages, caches, and how `whittle build`
/// compiles C.
const TOOLS_WRITE: [&str; 3] = ["node_modules", "__pycache__", "compile_commands.json"];

fn is_written_by_hand(dir: &Path, path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    if name.as_encoded_bytes().starts_with(b".") {
        return name == OsStr::new(".cargo");
    }
    let is_build_folder = name == OsStr::new("target")
        && (path.parent() == Some(dir)
            || path.join("CACHEDIR.TAG").is_file()
            || path.join("whittle").is_dir());
    !is_build_folder
        && !TOOLS_WRITE
            .iter()
            .any(|written| name == OsStr::new(written))
        && path.extension() != Some(OsStr::new("wasm"))
        && !path.join("pyvenv.cfg").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_an_author_writes() {
        let folder = tempfile::tempdir().expect("a directory");
        for file in [
            "app.py",
            "words/list.txt",
            "words/target/list.txt",
            ".cargo/config.toml",
            ".git/config",
            "target/whittle/app.js",
            "member/target/CACHEDIR.TAG",
            "node_modules/lodash/index.js",
            "words/__pycache__/list.pyc",
            "environment/pyvenv.cfg",
            "built.wasm",
            "compile_commands.json",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("it is in a directory")).expect("made");
            fs::write(path, "").expect("written");
        }
        let found = sources(folder.path()).expect("read");
        let found = found
            .iter()
            .map(|path| path.strip_prefix(folder.path()).expect("it is in it"));
        let expected = [
            ".cargo/config.toml",
            "app.py",
            "words/list.txt",
            "words/target/list.txt",
        ];
        assert_eq!(
            found.collect::<Vec<_>>(),
            expected.map(Path::new),
            "files in the project"
        );
    }

    #[cfg(unix)]
    #[test]
    fn follows_links_and_ends_in_a_cycle() {
        let folder = tempfile::tempdir().expect("a directory");
        let (project, shared) = (folder.path().join("project"), folder.path().join("shared"));
        fs::create_dir(&project).expect("made");
        fs::create_dir(&shared).expect("made");
        fs::write(shared.join("a.c"), "").expect("written");
        std::os::unix::fs::symlink(&shared, project.join("shared")).expect("linked");
        std::os::unix::fs::symlink(&project, project.join("self")).expect("linked");
        let found = sources(&project).expect("read");
        assert_eq!(found, [project.join("shared/a.c")]);
    }
}
