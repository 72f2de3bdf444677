//! One contract for all languages: the guests of all of them behave alike.
//!
//! `make guests` builds them. A language whose tools are missing is skipped with a warning; if `CI`
//! is `true`, that is a failure.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use serde_json::json;
use whittle_host::{Budget, OnError, QueryContext, Udf};
use whittle_tests::{
    BATCHES, PATHS, arguments, cached_engine, guest_path, repository, target, told, whittle,
};

/// A directory of `guests`.
struct Guest {
    language: String,
    name: String,
}

impl Guest {
    fn path(&self) -> PathBuf {
        guest_path(&self.language, &self.name)
    }

    fn folder(&self) -> PathBuf {
        let guests = repository().join("guests");
        guests.join(&self.language).join(&self.name)
    }

    /// Runs vectors with the command, as its author would.
    fn test(&self, vectors: &Path, flags: &[&str]) {
        let output = Command::new(whittle())
            .arg("test")
            .arg(self.path())
            .arg("--vectors")
            .arg(vectors)
            .args(flags)
            .env("WHITTLE_CACHE", target().join("cache"))
            .output()
            .expect("the command runs");
        let output_text = [output.stdout, output.stderr].concat();
        let output_text = String::from_utf8_lossy(&output_text);
        let path = self.path();
        assert!(
            output.status.success(),
            "{}, {flags:?}: {output_text}",
            path.display()
        );
    }

    fn udf(&self, few_rows: usize) -> Udf {
        let bytes = fs::read(self.path())
            .unwrap_or_else(|error| panic!("{}: {error}", self.path().display()));
        Udf::new(&cached_engine(few_rows), &bytes)
            .unwrap_or_else(|error| panic!("{}: {}", self.path().display(), told(&error)))
    }
}

fn folders(of: &Path) -> Vec<String> {
    let entries = fs::read_dir(of).expect("a directory");
    let entries = entries.map(|entry| entry.expect("an entry"));
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The languages whose guests were built.
#[expect(clippy::print_stderr, reason = "a skip is reported")]
fn languages() -> Vec<String> {
    let mut languages = folders(&repository().join("guests"));
    languages.retain(|language| {
        let skipped = fs::read_to_string(target().join("guests").join(language).join("SKIPPED"));
        let Ok(reason) = skipped else { return true };
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "{language} was skipped: {reason}");
        eprintln!("skipped {language}: {reason}");
        false
    });
    languages
}

fn guests() -> Vec<Guest> {
    let of = |language: String| {
        let names = folders(&repository().join("guests").join(&language));
        let no_guests = ["kit", "sdk", "node_modules", "target"];
        let names = names
            .into_iter()
            .filter(move |name| !no_guests.contains(&name.as_str()));
        names.map(move |name| Guest {
            language: language.clone(),
            name,
        })
    };
    languages().into_iter().flat_map(of).collect()
}

/// The guest of this name in every language.
fn everywhere(name: &str) -> Vec<Guest> {
    let guests: Vec<Guest> = guests().into_iter().filter(|g| g.name == name).collect();
    assert_eq!(
        guests.len(),
        languages().len(),
        "{name} is missing in a language"
    );
    guests
}

/// Guests that only the tests use; each has its own tests.
const FOR_TESTS: [&str; 2] = ["probe", "evil"];

#[test]
fn every_guest_passes_the_vectors_of_its_functions() {
    let shared = |function: &str| {
        let folder = repository().join("tests/vectors");
        folder.join(function).with_extension("json")
    };
    let mut run = BTreeSet::new();
    for guest in guests()
        .iter()
        .filter(|guest| !FOR_TESTS.contains(&guest.name.as_str()))
    {
        let udf = guest.udf(BATCHES);
        let functions = udf.manifest().functions.iter();
        let mut files: Vec<PathBuf> = functions.map(|function| shared(&function.name)).collect();
        run.extend(files.clone());
        // Vectors of this guest only.
        files.extend(Some(guest.folder().join("vectors.json")).filter(|own| own.exists()));
        for file in files {
            guest.test(&file, &[]);
            guest.test(&file, &["--by-document"]);
        }
    }
    let all = fs::read_dir(repository().join("tests/vectors")).expect("the vectors");
    let all: BTreeSet<PathBuf> = all.map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(run, all, "vectors that nothing runs");
}

/// Languages that cannot catch their exceptions: the guest traps, and the query ends.
const TRAPPING: [&str; 2] = ["assemblyscript", "rust"];

#[test]
fn reports_an_exception_with_its_message_and_the_documents_id() {
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec![None, Some("x"), None]));
    let batch = RecordBatch::try_from_iter_with_nullable([("_id", ids, false), ("t", texts, true)])
        .expect("a batch");
    for guest in everywhere("probe") {
        for few_rows in PATHS {
            let udf = guest.udf(few_rows);
            let query = QueryContext::new(Budget::default());
            let mut bound = udf
                .bind("throws", &arguments(&json!({"field": "t"})), &query)
                .expect("bound");
            bound.set_on_error(OnError::Skip);
            let evaluated = bound.evaluate_rows(&batch);
            let language = guest.language.as_str();
            if TRAPPING.contains(&language) {
                let error = told(&evaluated.expect_err("it traps"));
                let stopped = "function `throws` was stopped at document `b`: the guest trapped: ";
                assert!(error.starts_with(stopped), "{language}: {error}");
                assert!(error.contains("no good: x"), "{language}: {error}");
            } else {
                let samples = evaluated.expect("it goes on").error_samples;
                let [sample] = samples.as_slice() else {
                    panic!("{language}: {samples:?}")
                };
                assert_eq!(sample.document, "b", "{language}");
                assert_eq!(sample.message, "\"no good: x\"", "{language}");
            }
        }
    }
}

const DOCUMENTS: usize = 200_000;
const BATCH_ROWS: usize = 1000;

/// Evaluates a function for 200,000 documents. The memory use after half of them equals that after
/// all: what a document leaves behind is collected.
fn long_run(guest: &Guest, function: &str, params: &serde_json::Value, batch: &RecordBatch) {
    let udf = guest.udf(BATCHES);
    let query = QueryContext::new(Budget {
        wall_clock: std::time::Duration::from_secs(120),
        ..Budget::default()
    });
    let mut bound = udf
        .bind(function, &arguments(params), &query)
        .expect("bound");
    let mut half = 0;
    for round in 0..DOCUMENTS / BATCH_ROWS {
        let values = bound.evaluate(batch);
        let values =
            values.unwrap_or_else(|error| panic!("{}: {}", guest.path().display(), told(&error)));
        assert_eq!(values.null_count(), 0);
        if round == DOCUMENTS / BATCH_ROWS / 2 {
            half = bound.statistics().memory_peak_bytes;
        }
    }
    let statistics = bound.statistics();
    assert_eq!(statistics.documents, DOCUMENTS as u64);
    assert_eq!(
        statistics.memory_peak_bytes,
        half,
        "{}: memory grows",
        guest.path().display()
    );
}

#[test]
fn two_hundred_thousand_documents_leave_nothing_behind() {
    let prices: ArrayRef = Arc::new(Float64Array::from_iter_values(
        (0..BATCH_ROWS).map(|row| row as f64),
    ));
    let numbers = RecordBatch::try_from_iter(
        ["price", "rating", "popularity"].map(|name| (name, Arc::clone(&prices))),
    );
    let titles = (0..BATCH_ROWS).map(|row| format!("star wars {row} {}", "é".repeat(row % 50)));
    let titles: ArrayRef = Arc::new(StringArray::from_iter_values(titles));
    let titles = RecordBatch::try_from_iter([("title", titles)]).expect("a batch");
    let numbers = numbers.expect("a batch");
    let params = json!({"field": "title", "target": "star wars 1"});
    for guest in everywhere("custom-score") {
        long_run(&guest, "custom_score", &json!({}), &numbers);
    }
    for guest in everywhere("string-distance") {
        long_run(&guest, "string_distance", &params, &titles);
    }
}

/// `PATH` with the tools that `make guests` installed.
fn path() -> OsString {
    let tools = target().join("toolchains/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).expect("a path")
}

#[test]
fn a_new_project_builds_and_passes_its_vectors() {
    let folder = tempfile::tempdir().expect("a directory");
    let run = |arguments: &[&str]| {
        let output = Command::new(whittle())
            .args(arguments)
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", target().join("guest-build"))
            .env("WHITTLE_CACHE", target().join("cache"))
            .env("PATH", path())
            .stdin(Stdio::null())
            .output()
            .expect("the command runs");
        let output_text = [output.stdout, output.stderr].concat();
        let output_text = String::from_utf8_lossy(&output_text).into_owned();
        assert!(output.status.success(), "{arguments:?}: {output_text}");
        output_text
    };
    for language in languages() {
        let project = format!("my-{language}-udf");
        run(&["new", &language, &project]);
        let built = run(&["build", &project]);
        let function = project.replace('-', "_");
        assert!(built.contains(&function), "{built}");
        let tested = run(&["test", &project]);
        assert!(tested.contains("cases pass"), "{tested}");
    }
}
