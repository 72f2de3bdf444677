//! What the documents name exists: paths, and tests.

use std::fs;
use std::path::PathBuf;

use whittle_tests::repository;

const DOCUMENTS: [&str; 2] = ["README.md", "docs/ARCHITECTURE.md"];

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
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read(path, text);
            } else {
                text.push_str(&fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    let mut text = String::new();
    read(repository().join("tests/all"), &mut text);
    text
}

#[test]
fn what_the_documents_name_exists() {
    let sources = sources();
    for document in DOCUMENTS {
        let path = repository().join(document);
        let text = fs::read_to_string(&path).expect("the document");
        // Blocks of code are no names.
        let prose: String = text.split("```").step_by(2).collect();
        for name in names(&prose) {
            let is_path = name.contains('/') && !name.contains([' ', ':', '<']);
            let is_test =
                name.contains('_') && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if is_path {
                let folder = path.parent().expect("a folder");
                let exists = folder.join(&name).exists() || repository().join(&name).exists();
                assert!(exists, "{document} names {name}, which is not there");
            } else if is_test && name.len() > 20 {
                assert!(
                    sources.contains(&format!("fn {name}(")),
                    "{document} names the test {name}, which is not there"
                );
            }
        }
    }
}
