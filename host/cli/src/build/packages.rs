//! Whether the packages that npm has installed are those of the lock file.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value as Json};

/// Whether `node_modules` is there, with each package in the version of the lock file. npm keeps a
/// list of what it has installed; where that or the lock file is missing, the packages are the
/// author's affair, or another tool's.
pub(super) fn are_installed(root: &Path) -> bool {
    let modules = root.join("node_modules");
    let (locked, installed) = (
        packages(&root.join("package-lock.json")),
        packages(&modules.join(".package-lock.json")),
    );
    match (locked, installed) {
        (Some(locked), Some(installed)) => agree(&locked, &installed),
        // An installation that was interrupted leaves no list.
        (Some(_), None) => false,
        (None, _) => modules.is_dir(),
    }
}

/// The packages of a lock file, by their paths.
fn packages(file: &Path) -> Option<Map<String, Json>> {
    let lock: Json = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    match lock {
        Json::Object(mut lock) => match lock.remove("packages") {
            Some(Json::Object(packages)) => Some(packages),
            _ => None,
        },
        _ => None,
    }
}

fn agree(locked: &Map<String, Json>, installed: &Map<String, Json>) -> bool {
    locked.iter().all(|(path, package)| {
        let is = |key| package[key] == true;
        // npm leaves out what is for another platform; links are to members of a workspace.
        let is_needed = path.contains("node_modules/") && !is("optional") && !is("devOptional");
        !is_needed
            || is("link")
            || is("peer") && !installed.contains_key(path)
            || installed.get(path).map(|package| &package["version"]) == Some(&package["version"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKED: &str = r#"{"packages": {"": {"version": "1.0.0"},
        "node_modules/a": {"version": "1.0.0"},
        "node_modules/linux-only": {"version": "1.0.0", "optional": true},
        "node_modules/member": {"resolved": "member", "link": true}}}"#;

    /// A project with a lock file, and with what npm says that it has installed.
    fn project(locked: Option<&str>, installed: Option<&str>) -> bool {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: Option<&str>| {
            if let Some(text) = text {
                fs::write(dir.path().join(name), text).expect("written");
            }
        };
        fs::create_dir(dir.path().join("node_modules")).expect("made");
        write("package-lock.json", locked);
        write("node_modules/.package-lock.json", installed);
        are_installed(dir.path())
    }

    #[test]
    fn what_the_lock_file_says_has_to_be_installed() {
        let installed = |version: &str| {
            format!(r#"{{"packages": {{"node_modules/a": {{"version": "{version}"}}}}}}"#)
        };
        assert!(project(Some(LOCKED), Some(&installed("1.0.0"))));
        assert!(!project(Some(LOCKED), Some(&installed("1.0.1"))));
        assert!(!project(Some(LOCKED), Some(r#"{"packages": {}}"#)));
    }

    #[test]
    fn an_installation_that_was_interrupted_is_done_again() {
        assert!(!project(Some(LOCKED), None));
    }

    #[test]
    fn without_a_lock_file_the_packages_are_as_they_are() {
        assert!(project(None, None));
    }
}
