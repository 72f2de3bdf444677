//! The paths, tests and make targets that the documents name exist.

use std::fs;
use std::path::PathBuf;

use whittle_tests::repository;

const DOCUMENTS: [&str; 5] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/ARCHITECTURE.md",
    "docs/SECURITY.md",
];

/// The names in backticks and the targets of links.
fn names(text: &str) -> Vec<String> {
    let code = text.split('`').skip(1).step_by(2).map(str::to_owned);
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    code.chain(links.map(|(target, _)| target.to_owned()))
        .collect()
}

fn sources() -> String {
    fn read(folder: PathBuf, text: &mut String) {
        for entry in fs::read_dir(folder).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read(path, text);
            } else {
                text.push_str(&fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    let mut text = String::new();
    for tests in ["tests/all", "tests/attack", "tests/hostile", "tests/kills"] {
        read(repository().join(tests), &mut text);
    }
    text
}

#[test]
fn the_documents_name_only_existing_paths_tests_and_make_targets() {
    let sources = sources();
    let makefile = fs::read_to_string(repository().join("Makefile")).expect("the Makefile");
    let phony = makefile.replace("\\\n", " ");
    let phony = phony.lines().find_map(|line| line.strip_prefix(".PHONY:"));
    let targets: Vec<&str> = phony.expect("the targets").split_whitespace().collect();
    for document in DOCUMENTS {
        let path = repository().join(document);
        let text = fs::read_to_string(&path).expect("the document");
        // Skips blocks of code.
        let prose: String = text.split("```").step_by(2).collect();
        for name in names(&prose) {
            // What is built may be elsewhere.
            let is_built = name.starts_with("target/");
            let is_path = name.contains('/') && !name.contains([' ', ':', '<']) && !is_built;
            if let Some(target) = name.strip_prefix("make ") {
                assert!(targets.contains(&target), "{document} names `{name}`");
            }
            let is_test =
                name.contains('_') && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if is_path {
                let folder = path.parent().expect("a directory");
                let exists = folder.join(&name).exists() || repository().join(&name).exists();
                assert!(exists, "{document} names {name}, which does not exist");
            } else if is_test && name.len() > 20 {
                assert!(
                    sources.contains(&format!("fn {name}(")),
                    "{document} names the test {name}, which does not exist"
                );
            }
        }
    }
}
