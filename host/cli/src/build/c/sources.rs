//! The C files of a project.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Directories that have no part of the component: the kit, which is compiled on its own, what is
/// built, and unit tests, which run on the author's machine.
const LEFT_OUT: [&str; 3] = ["kit", "target", "tests"];

/// The C files of a project, in its subdirectories too, sorted by path. Left out are hidden
/// directories, and `kit`, `target` and `tests` in the project's directory itself.
pub(super) fn in_project(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = in_folder(dir)?;
    for folder in entries(dir)? {
        let is_left_out = LEFT_OUT.iter().any(|name| folder.ends_with(name));
        if !is_left_out {
            add_below(&folder, &mut files)?;
        }
    }
    files.sort();
    Ok(files)
}

/// The C files of a directory itself, sorted by path.
pub(super) fn in_folder(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = entries(dir)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    files.sort();
    Ok(files)
}

/// Adds the C files of a directory and of all below. Links to directories are not followed.
fn add_below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let is_hidden = folder
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    if is_hidden || folder.is_symlink() || !folder.is_dir() {
        return Ok(());
    }
    files.extend(in_folder(folder)?);
    for folder in entries(folder)? {
        add_below(&folder, files)?;
    }
    Ok(())
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| dir.display().to_string())?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    Ok(paths.collect::<io::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projects_files_are_in_subdirectories_too() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        for file in [
            "udf.c",
            "udf.h",
            "src/deep/b.c",
            "src/tests/c.c",
            "a/a.c",
            "kit/whittle.c",
            "tests/test.c",
            "target/whittle/bindings/udf.c",
            ".git/d.c",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, "").expect("a file");
        }
        let files = in_project(folder.path()).expect("the files");
        let files: Vec<_> = files
            .iter()
            .map(|path| path.strip_prefix(folder.path()).expect("below"))
            .collect();
        let expected = ["a/a.c", "src/deep/b.c", "src/tests/c.c", "udf.c"];
        assert_eq!(files, expected.map(Path::new));
    }
}
