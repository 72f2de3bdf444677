//! Links between documents lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use whittle_tests::repository;

/// The documents that readers begin with, and all under `docs`.
fn documents() -> Vec<PathBuf> {
    let folder = fs::read_dir(repository().join("docs")).expect("a directory");
    let pages = folder.map(|entry| entry.expect("an entry").path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let first = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    let first = first.map(|name| repository().join(name));
    pages.chain(first).collect()
}

fn prose(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a document");
    text.split("```").step_by(2).collect()
}

/// A heading as GitHub names it in links.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The mistakes in a document's links.
fn dead(document: &Path) -> Vec<String> {
    let text = prose(document);
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0));
    let leads = |target: &&str| {
        let (file, section) = target.split_once('#').unwrap_or((target, ""));
        let file = if file.is_empty() {
            document.to_path_buf()
        } else {
            document.parent().expect("a directory").join(file)
        };
        let has_section = || {
            section.is_empty()
                || prose(&file)
                    .lines()
                    .any(|line| line.starts_with('#') && anchor(line) == section)
        };
        target.contains("://") || (file.exists() && has_section())
    };
    targets
        .filter(|target| !leads(target))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    for document in documents() {
        let dead = dead(&document);
        assert!(dead.is_empty(), "{}: {dead:?}", document.display());
    }
}
