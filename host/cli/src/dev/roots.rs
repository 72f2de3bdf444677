//! The directories whose files a project is made of: its own, and those beside it that it names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files in which a project names directories outside of it.
const MANIFESTS: [&str; 6] = [
    "Cargo.toml",
    "go.mod",
    "package.json",
    "asconfig.json",
    "tsconfig.json",
    "requirements.txt",
];

/// The project's directory, the workspace that it is a member of, and the directories beside it that
/// manifests name, such as `path = "../shared"` in a `Cargo.toml` and `replace` in a `go.mod`.
pub(super) fn roots(dir: &Path) -> Vec<PathBuf> {
    let mut roots = vec![dir.to_owned()];
    let mut seen: BTreeSet<PathBuf> = fs::canonicalize(dir).into_iter().collect();
    let mut next = 0;
    while let Some(root) = roots.get(next).cloned() {
        for named in named_by(&root) {
            let Ok(path) = fs::canonicalize(&named) else {
                continue;
            };
            let is_known = seen.iter().any(|known| path.starts_with(known));
            if path.is_dir() && !is_known {
                seen.insert(path);
                roots.push(named);
            }
        }
        next += 1;
    }
    roots
}

fn named_by(dir: &Path) -> Vec<PathBuf> {
    let mut named = Vec::new();
    for manifest in MANIFESTS {
        let text = fs::read_to_string(dir.join(manifest)).unwrap_or_default();
        let words = text.split(|character: char| {
            "\"'=,[](){}".contains(character) || character.is_whitespace()
        });
        let paths = words.map(|word| word.trim_start_matches("file:"));
        let outside = paths.filter(|path| path.starts_with("../"));
        named.extend(outside.map(|path| dir.join(path)));
        if manifest == "Cargo.toml" && text.contains("workspace = true") {
            named.extend(workspace(dir));
        }
    }
    // The kit of projects that share one.
    if !dir.join("kit").is_dir() {
        named.push(dir.join("../kit"));
    }
    named
}

/// The directory of the Cargo workspace that a package is a member of.
fn workspace(dir: &Path) -> Option<PathBuf> {
    let dir = fs::canonicalize(dir).ok()?;
    let mut above = dir.ancestors().skip(1);
    let is_workspace = |root: &&Path| {
        let text = fs::read_to_string(root.join("Cargo.toml"));
        text.is_ok_and(|text| text.contains("[workspace]"))
    };
    above.find(is_workspace).map(Path::to_owned)
}
