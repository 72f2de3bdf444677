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
pub(crate) struct Guest {
    pub(crate) language: String,
    pub(crate) name: String,
}

impl Guest {
    pub(crate) fn path(&self) -> PathBuf {
        guest_path(&self.language, &self.name)
    }

    pub(crate) fn folder(&self) -> PathBuf {
        let guests = repository().join("guests");
        guests.join(&self.language).join(&self.name)
    }

    /// Runs vectors with the command, as its author would.
    pub(crate) fn test(&self, vectors: &Path, flags: &[&str]) {
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

    pub(crate) fn udf(&self, few_rows: usize) -> Udf {
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
pub(crate) fn languages() -> Vec<String> {
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

pub(crate) fn guests() -> Vec<Guest> {
    let of = |language: String| {
        let names = folders(&repository().join("guests").join(&language));
        let no_guests = ["kit", "kit.test", "sdk", "node_modules", "target"];
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
pub(crate) const FOR_TESTS: [&str; 5] = ["evil", "failures", "libraries", "plain", "probe"];

#[test]
fn every_guest_passes_the_vectors_of_its_functions() {
    let shared = |function: &str| {
        let folder = repository().join("tests/vectors");
        folder.join(function).with_extension("json")
    };
    let mut run = BTreeSet::new();
    for guest in guests().iter().filter(|guest| guest.name != "evil") {
        let udf = guest.udf(BATCHES);
        let functions = udf.manifest().functions.iter();
        let mut files: Vec<PathBuf> = functions.map(|function| shared(&function.name)).collect();
        if FOR_TESTS.contains(&guest.name.as_str()) {
            // They have functions of their own too.
            files.retain(|file| file.exists());
        }
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

/// Version 0.1 of the contract stays: these guests are built from its text alone, as it was before
/// there were batches.
#[test]
fn every_component_names_its_language() {
    for guest in everywhere("custom-score") {
        let language = guest.udf(BATCHES).language();
        let name = language.map(|language| language.name().to_lowercase());
        assert_eq!(name, Some(guest.language));
    }
}

#[test]
fn a_component_without_a_kit_runs_in_every_language() {
    let vectors = repository().join("tests/vectors/custom_score.json");
    for guest in everywhere("plain") {
        let udf = guest.udf(BATCHES);
        let language = guest.language.as_str();
        assert!(!udf.takes_batches(), "{language}");
        let of_batches = |import: &String| import.starts_with("whittle:batch/");
        assert!(!udf.imports().iter().any(of_batches), "{language}");
        guest.test(&vectors, &[]);
    }
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
                let stopped = "function `throws` was stopped at document `b`: the guest panicked: ";
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

/// Some of them evaluate single documents, others whole columns.
#[test]
fn all_guests_of_a_function_give_the_same_values() {
    let column = |field: usize| -> ArrayRef {
        let value = |row: usize| (row * (7 + field) % 101) as f64 / 8.0;
        let values = (0..1000).map(|row| (!(row + field).is_multiple_of(8)).then(|| value(row)));
        Arc::new(values.collect::<Float64Array>())
    };
    // Popularity is missing.
    let batch = [("price", column(0), true), ("rating", column(1), true)];
    let batch = RecordBatch::try_from_iter_with_nullable(batch).expect("a batch");
    let mut first = None;
    for guest in guests() {
        for few_rows in PATHS {
            let udf = guest.udf(few_rows);
            if udf.manifest().function("custom_score").is_none() {
                continue;
            }
            let query = QueryContext::new(Budget::default());
            let bound = udf.bind("custom_score", &arguments(&json!({})), &query);
            let values = bound.expect("bound").evaluate(&batch).expect("values");
            let path = guest.path();
            let first = first.get_or_insert_with(|| Arc::clone(&values));
            assert_eq!(&values, first, "{}", path.display());
        }
    }
    assert!(first.is_some());
}

/// A kit of batches keeps the number of the row where the host finds it at any time. In some languages
/// this depends on what their tools generate.
#[test]
fn names_the_document_that_was_running_when_the_query_ended() {
    let ids: Vec<String> = (0..40).map(|row| format!("d{row}")).collect();
    let run = |guest: &Guest, few_rows, what: &[Option<&str>; 40]| {
        let columns: [(&str, ArrayRef); 2] = [
            ("_id", Arc::new(StringArray::from(ids.clone()))),
            ("t", Arc::new(StringArray::from(what.to_vec()))),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("a batch");
        let query = QueryContext::new(Budget {
            wall_clock: std::time::Duration::from_secs(1),
            ..Budget::default()
        });
        let udf = guest.udf(few_rows);
        let bound = udf.bind("runs", &arguments(&json!({"field": "t"})), &query);
        let values = bound.expect("bound").evaluate(&batch);
        values.map_err(|error| told(&error))
    };
    let has_it = |guest: &&Guest| guest.udf(BATCHES).manifest().function("runs").is_some();
    let probes = everywhere("probe");
    for (guest, few_rows) in probes
        .iter()
        .filter(has_it)
        .flat_map(|guest| PATHS.map(|few_rows| (guest, few_rows)))
    {
        let values = run(guest, few_rows, &[None; 40]).expect("values");
        let expected: ArrayRef = Arc::new(StringArray::from(ids.clone()));
        assert_eq!(&values, &expected);
        let mut what = [None; 40];
        what[17] = Some("loop");
        let error = run(guest, few_rows, &what).expect_err("no time");
        let stopped = "function `runs` was stopped at document `d17`: ";
        let language = &guest.language;
        assert!(error.starts_with(stopped), "{language}: {error}");
        what[17] = Some("recurse");
        match run(guest, few_rows, &what) {
            Err(error) => assert!(
                error.contains("at document `d17`: ") || error.contains("document `d17` failed"),
                "{language}: {error}"
            ),
            Ok(values) => panic!("{language}: {values:?}"),
        }
    }
}

const DOCUMENTS: usize = 200_000;
const BATCH_ROWS: usize = 1000;

/// Evaluates a function for 200,000 documents. After half of them, memory use has all but ended to
/// grow: what a document leaves behind is collected. Go's collector takes 256 KiB more after 160,000
/// of them and nothing after that, up to two million; five bytes a document would be too much.
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
    assert!(
        statistics.memory_peak_bytes <= half + half / 16,
        "{}: memory grows from {half} to {} bytes",
        guest.path().display(),
        statistics.memory_peak_bytes
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
    let columns = guests().into_iter();
    let columns = columns.filter(|guest| guest.name == "column-score");
    for guest in everywhere("custom-score").into_iter().chain(columns) {
        long_run(&guest, "custom_score", &json!({}), &numbers);
    }
    for guest in everywhere("string-distance") {
        long_run(&guest, "string_distance", &params, &titles);
    }
}

/// `PATH` with the tools that `make guests` installed.
pub(crate) fn path() -> OsString {
    let tools = target().join("toolchains/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).expect("a path")
}

/// The command that runs the unit tests of a new project, which was built.
fn unit_tests(language: &str) -> Command {
    let pytest = target().join("toolchains/python/bin/pytest");
    let (program, arguments): (_, &[&str]) = match language {
        "rust" => ("cargo".into(), &["test", "--quiet"]),
        "go" => ("go".into(), &["test", "."]),
        "python" => (pytest, &["--quiet"]),
        "assemblyscript" | "javascript" | "typescript" => ("npm".into(), &["test"]),
        "c" => ("make".into(), &["test"]),
        _ => panic!("the unit tests in {language} are not known"),
    };
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

#[test]
fn a_new_project_builds_and_passes_its_tests_and_vectors() {
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
    let mut languages = languages();
    if languages.iter().any(|language| language == "javascript") {
        languages.push("typescript".to_owned());
    }
    for language in languages {
        let project = format!("my-{language}-udf");
        run(&["new", &language, &project]);
        let built = run(&["build", &project]);
        let function = project.replace('-', "_");
        assert!(built.contains(&function), "{built}");
        let tested = run(&["test", &project]);
        assert!(tested.contains("cases pass"), "{tested}");
        let output = unit_tests(&language)
            .current_dir(folder.path().join(&project))
            .env("CARGO_TARGET_DIR", target().join("guest-build"))
            .env("PATH", path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .expect("the unit tests run");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert!(output.status.success(), "{language}: {told}");
    }
}
