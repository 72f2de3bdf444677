//! `docs/LIBRARIES.md` and what tests it: the guests `libraries`, which use the libraries, and projects
//! that `whittle build` refuses.
//!
//! A line of the page has a case of the same name in the vectors of its language, or there is a project
//! here that is refused. The versions are those in the lock files.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::{Value as Json, json};
use whittle_host::{Budget, Document, ExactJson, QueryContext};
use whittle_tests::{PATHS, arguments, repository, target, told, whittle};

use crate::languages::{Guest, languages, path};

const PAGE: &str = "docs/LIBRARIES.md";

/// The languages by the headings of the page.
const LANGUAGES: [(&str, &str); 6] = [
    ("Rust", "rust"),
    ("Go", "go"),
    ("AssemblyScript", "assemblyscript"),
    ("JavaScript and TypeScript", "javascript"),
    ("Python", "python"),
    ("C", "c"),
];

/// The case that no line is about: what libraries see while they load.
const LOADING: &str = "loading";

/// What `whittle build` refuses.
const REFUSED: [(&str, &[&str]); 4] = [
    ("rust", &["getrandom", "wasm-bindgen"]),
    (
        "assemblyscript",
        &["Math.random", "Date.now", "console.log"],
    ),
    ("javascript", &["fs", "node:http"]),
    (
        "python",
        &[
            "numpy", "pandas", "scipy", "sklearn", "torch", "pydantic", "orjson", "regex", "lxml",
            "ssl",
        ],
    ),
];

/// A line of a table.
#[derive(Debug)]
struct Line {
    library: String,
    version: String,
    works: bool,
}

/// The lines of a language.
fn lines(heading: &str) -> Vec<Line> {
    let page = fs::read_to_string(repository().join(PAGE)).expect("the page");
    let section = page
        .split("\n## ")
        .find_map(|section| section.strip_prefix(&format!("{heading}\n")));
    let section = section.unwrap_or_else(|| panic!("{PAGE} has no section {heading}"));
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let lines = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, library, version, works, _, _] = cells.as_slice() else {
            panic!("{PAGE}: {row}")
        };
        Line {
            library: library.trim_matches('`').to_owned(),
            version: (*version).to_owned(),
            works: match *works {
                "yes" | "partly" => true,
                "no" => false,
                _ => panic!("{PAGE}: {row}"),
            },
        }
    });
    lines.collect()
}

fn guest(language: &str) -> Guest {
    Guest {
        language: language.to_owned(),
        name: "libraries".to_owned(),
    }
}

fn vectors(language: &str) -> PathBuf {
    guest(language).folder().join("vectors.json")
}

fn refused(language: &str) -> &'static [&'static str] {
    let mut refused = REFUSED.iter().filter(|(of, _)| *of == language);
    refused.next().map_or(&[], |(_, names)| names)
}

#[test]
fn each_line_of_the_page_is_tested() {
    for (heading, language) in LANGUAGES {
        let text = fs::read_to_string(vectors(language)).expect("vectors");
        let vectors: Json = serde_json::from_str(&text).expect("JSON");
        let cases = vectors["cases"].as_array().expect("cases");
        let mut tested: BTreeSet<&str> = refused(language).iter().copied().collect();
        tested.extend(cases.iter().filter_map(|case| case["name"].as_str()));
        tested.remove(LOADING);
        let lines = lines(heading);
        let listed: BTreeSet<&str> = lines.iter().map(|line| line.library.as_str()).collect();
        assert_eq!(
            listed.len(),
            lines.len(),
            "{language}: a library has two lines"
        );
        assert_eq!(listed, tested, "{language}");

        for line in &lines {
            let case = cases.iter().find(|case| case["name"] == *line.library);
            assert_eq!(
                case.map(|case| &case["params"]["name"]),
                case.map(|case| &case["name"])
            );
            let values = case.and_then(|case| case["values"].as_array());
            let has_value =
                values.is_some_and(|values| values.iter().any(|value| !value.is_null()));
            // Where a library gives a value that is of no use.
            let is_useless = ["time.Now", "time", "mbstowcs"].contains(&line.library.as_str());
            assert!(
                has_value == line.works || is_useless,
                "{language}: {line:?}, and its values are {values:?}"
            );
        }
    }
}

#[test]
fn the_page_has_the_locked_versions() {
    for (heading, language) in LANGUAGES {
        let guests = repository().join("guests").join(language);
        let (lock, is_locked): (_, fn(&str, &Line) -> bool) = match language {
            "rust" => ("Cargo.lock", |lock, line| {
                let Line {
                    library, version, ..
                } = line;
                lock.contains(&format!("name = \"{library}\"\nversion = \"{version}\"\n"))
            }),
            "go" => ("libraries/go.mod", |lock, line| {
                lock.contains(&format!("\t{} {}\n", line.library, line.version))
            }),
            "python" => ("libraries/requirements.txt", |lock, line| {
                lock.contains(&format!("\n{}=={}\n", line.library, line.version))
            }),
            _ => ("package-lock.json", |lock, line| {
                let lock: Json = serde_json::from_str(lock).expect("a lock file");
                let package = &lock["packages"][format!("node_modules/{}", line.library)];
                package["version"] == *line.version
            }),
        };
        let mut lines = lines(heading);
        lines.retain(|line| !line.version.is_empty());
        if lines.is_empty() {
            continue;
        }
        let lock = fs::read_to_string(guests.join(lock)).expect("a lock file");
        for line in &lines {
            assert!(is_locked(&lock, line), "{language}: {line:?}");
        }
    }
}

#[test]
fn the_libraries_of_each_language_behave_as_the_page_says() {
    for language in languages() {
        let guest = guest(&language);
        guest.test(&vectors(&language), &[]);
        guest.test(&vectors(&language), &["--by-document"]);
    }
}

/// In JavaScript and Python, vectors hold the values too: each build gives the same.
#[test]
fn libraries_see_the_same_in_each_instance_while_they_load() {
    let source = ExactJson::Null;
    for language in languages() {
        if !["go", "javascript", "python"].contains(&language.as_str()) {
            continue;
        }
        let see = |few_rows| {
            let query = QueryContext::new(Budget::default());
            let udf = guest(&language).udf(few_rows);
            let bound = udf.bind("library", &arguments(&json!({"name": LOADING})), &query);
            let document = Document {
                id: "a",
                source: &source,
                score: None,
            };
            let value = bound.expect("bound").evaluate_document(document);
            value.unwrap_or_else(|error| panic!("{language}: {}", told(&error)))
        };
        let seen: Vec<_> = PATHS.into_iter().chain(PATHS).map(see).collect();
        assert!(
            seen.iter().all(|value| *value == seen[0]),
            "{language}: {seen:?}"
        );
    }
}

#[test]
fn a_build_names_the_library_that_cannot_work() {
    let languages = languages();
    thread::scope(|scope| {
        for (language, names) in REFUSED {
            if languages.iter().any(|built| built == language) {
                scope.spawn(move || {
                    for name in names {
                        is_refused(language, name);
                    }
                });
            }
        }
    });
}

fn is_refused(language: &str, name: &str) {
    let project = tempfile::tempdir().expect("a directory");
    let write = |file: &str, text: &str| {
        let path = project.path().join(file);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, text).expect("written");
    };
    let guests = repository().join("guests").join(language);
    let link = |name: &str| symlink(guests.join(name), project.path().join(name)).expect("linked");
    let package = |main: &str| {
        let package = json!({"name": "a", "version": "1.0.0", "description": "A.", "main": main});
        package.to_string()
    };
    match language {
        "rust" => {
            let (dependency, used) = match name {
                "wasm-bindgen" => ("chrono = \"0.4\"", "chrono::Utc::now().to_string()"),
                _ => (
                    "getrandom = \"0.4\"",
                    "getrandom::u32().map(|n| n.to_string()).unwrap_or_default()",
                ),
            };
            let sdk = guests.join("sdk");
            let sdk = sdk.display();
            write(
                "Cargo.toml",
                &format!(
                    "[workspace]\n[package]\nname = \"refused\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\
                 description = \"A.\"\n[lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\n{dependency}\n\
                 whittle-guest = {{ path = \"{sdk}\" }}\n"
                ),
            );
            write(
                "src/lib.rs",
                &format!(
                    "use whittle_guest::{{Parameters, export, udf}};\n/// A.\n#[derive(Parameters)]\n\
                 struct A {{}}\n#[udf]\nimpl A {{ fn value(&self) -> String {{ {used} }} }}\nexport!(A);\n"
                ),
            );
            fs::copy(guests.join("Cargo.lock"), project.path().join("Cargo.lock")).expect("copied");
        }
        "assemblyscript" => {
            let used = match name {
                "console.log" => "(console.log(\"a\"), 1.0)".to_owned(),
                call => format!("f64({call}())"),
            };
            // asc knows files by their real paths, so the kit must not be a link.
            copy(&guests.join("kit"), &project.path().join("kit"));
            fs::create_dir(project.path().join("node_modules")).expect("made");
            for package in ["assemblyscript", "binaryen", "long"] {
                link(&format!("node_modules/{package}"));
            }
            symlink("../kit", project.path().join("node_modules/whittle-kit")).expect("linked");
            write("package.json", &package("a"));
            write(
                "asconfig.json",
                &json!({
                    "extends": "./kit/asconfig.json",
                    "entries": ["assembly/index.ts", "kit/assembly/exports.ts"],
                })
                .to_string(),
            );
            write(
                "assembly/index.ts",
                &format!(
                    "import {{ Score, register }} from \"../kit/assembly\";\nclass A extends Score {{\n\
                 constructor() {{ super(\"a\", \"A.\"); }}\nscore(): f64 {{ return {used}; }}\n}}\n\
                 register(new A());\n"
                ),
            );
        }
        "javascript" => {
            link("node_modules");
            write("package.json", &package("udf.js"));
            write(
                "udf.js",
                &format!("import a from \"{name}\";\nexport const functions = a;\n"),
            );
        }
        _ => {
            write(
                "pyproject.toml",
                "[project]\nname = \"a\"\nversion = \"1.0.0\"\n",
            );
            write("app.py", &format!("import {name}\n"));
        }
    }
    let error = build(project.path());
    let is_named = error.contains(name);
    assert!(is_named, "{language}: {name} is not named: {error}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("made");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).expect("copied");
        }
    }
}

/// Builds a project, which fails, and returns its messages.
fn build(project: &Path) -> String {
    let output = Command::new(whittle())
        .arg("build")
        .arg(project)
        .env("CARGO_TARGET_DIR", target().join("guest-build"))
        .env("WHITTLE_CACHE", target().join("cache"))
        .env("PATH", path())
        .output()
        .expect("the command runs");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success(),
        "{} builds: {error}",
        project.display()
    );
    error
}
