//! The kit for Python, in batches and document by document: what fields read, errors of documents,
//! and at which document a function was stopped. And its module in C, which is stored as text.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value as Json, json};
use whittle_host::{
    Budget, Document, EvaluateError, Evaluated, ExactJson, OnError, QueryContext, Udf,
};
use whittle_tests::{PATHS, arguments, cached_engine, guest_path, repository, told};

use crate::languages::languages;

/// What a function of the probe gave for documents, and its log.
type End = (Result<Evaluated, EvaluateError>, Vec<String>);

fn end(few_rows: usize, function: &str, documents: &[Json]) -> End {
    let component = fs::read(guest_path("python", "probe")).expect("`make guests` built it");
    let udf = Udf::new(&cached_engine(few_rows), &component).expect("registered");
    let query = QueryContext::new(Budget {
        wall_clock: Duration::from_secs(3),
        ..Budget::default()
    });
    let params = arguments(&json!({"field": "f"}));
    let mut bound = udf.bind(function, &params, &query).expect("bound");
    bound.set_on_error(OnError::Skip);
    let sources: Vec<ExactJson> = documents.iter().map(ExactJson::from).collect();
    let ids: Vec<String> = (0..documents.len()).map(|row| format!("d{row}")).collect();
    let documents: Vec<Document<'_>> = sources
        .iter()
        .zip(&ids)
        .enumerate()
        .map(|(row, (source, id))| Document {
            id,
            source,
            score: (row % 3 != 0).then_some(row as f64),
        })
        .collect();
    let batch = bound.load(&documents).expect("columns");
    let evaluated = bound.evaluate_rows(&batch);
    let log = query.take_log().into_iter().map(|line| line.message);
    (evaluated, log.collect())
}

/// What a function gives for documents with these values of `f`, which is the same on both paths.
fn same(function: &str, values: &[Json]) -> Option<End> {
    if !languages().contains(&"python".to_owned()) {
        return None;
    }
    let of = |value: &Json| match value {
        Json::Null => json!({}),
        value => json!({"f": value}),
    };
    let documents: Vec<Json> = values.iter().map(of).collect();
    let [batches, one_by_one] = PATHS.map(|few_rows| end(few_rows, function, &documents));
    match (&batches.0, &one_by_one.0) {
        (Ok(batches), Ok(one_by_one)) => {
            assert_eq!(&batches.values, &one_by_one.values, "{function}");
            assert_eq!(batches.failed, one_by_one.failed, "{function}");
            let samples = |evaluated: &Evaluated| format!("{:?}", evaluated.error_samples);
            assert_eq!(samples(batches), samples(one_by_one), "{function}");
        }
        (Err(batches), Err(one_by_one)) => {
            assert_eq!(without_measure(batches), without_measure(one_by_one));
        }
        ends => panic!("{function}: {ends:?}"),
    }
    assert_eq!(batches.1, one_by_one.1, "{function}");
    Some(batches)
}

/// An error without the time that was needed.
fn without_measure(error: &EvaluateError) -> String {
    let error = told(error);
    error.split(", and ").next().unwrap_or_default().to_owned()
}

/// Values of all kinds.
fn values() -> Vec<Json> {
    let some = json!([
        1, 2.5, "héllo", true, null, "2024-01-01T00:00:00Z", {"a": [1, 2]}, "", i64::MAX, [3, 4],
        "abc", false, -1e300, "\u{0}",
    ]);
    [some.as_array().expect("values").as_slice(); 2].concat()
}

#[test]
fn fields_read_the_same_in_batches() {
    // A text that the host keeps, because it is much larger than the others.
    let mut with_large = values();
    with_large[3] = json!("é".repeat(20_000));
    let all_texts: Vec<Json> = (0..100).map(|row| json!(format!("text {row}"))).collect();
    let ints: Vec<Json> = (0..100).map(|row| json!(row)).collect();
    for function in ["read_each", "read_whole"] {
        for values in [
            values(),
            with_large.clone(),
            all_texts.clone(),
            ints.clone(),
        ] {
            same(function, &values);
        }
    }
}

#[test]
fn errors_are_those_of_their_documents() {
    let asked: Vec<Json> = (0..100).map(|row| json!(row % 7 % 5)).collect();
    for function in ["mixed_each", "mixed_whole"] {
        let Some((Ok(evaluated), log)) = same(function, &asked) else {
            continue;
        };
        let samples = evaluated.error_samples.iter();
        let samples: Vec<String> = samples
            .map(|error| format!("{}: {}", error.document, error.message))
            .collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(samples.join("\n"), @r#"
            d2: "TypeError: str where float is declared"
            d3: "no good: 3"
            d4: "TypeError: bool where float is declared"
            d9: "TypeError: str where float is declared"
            d10: "no good: 3"
            "#);
        }
        if function == "mixed_each" {
            assert!(log.contains(&"asked for 4".to_owned()), "{log:?}");
        }
    }
    let digits: Vec<Json> = (0..100)
        .map(|row| match row % 10 {
            3 => json!("99999999999999999999"),
            5 => Json::Null,
            7 => json!("x"),
            _ => json!(row.to_string()),
        })
        .collect();
    same("digits", &digits);
    same("digits", &vec![[json!("1"), Json::Null]; 50].concat());
}

#[test]
fn a_function_is_stopped_at_its_document() {
    for (asked, reason) in [
        (5, "the guest trapped"),
        (6, "the time limit of 3000 ms is over"),
    ] {
        let mut all = vec![json!(0); 100];
        all[60] = json!(asked);
        let Some((Err(error), _)) = same("mixed_each", &all) else {
            continue;
        };
        let error = told(&error);
        let stopped = format!("function `mixed_each` was stopped at document `d60`: {reason}");
        assert!(error.starts_with(&stopped), "{error}");
    }
}

/// Writes the text anew if it differs, for the next commit.
#[test]
fn the_module_in_c_is_stored_as_compiled() {
    let kit = repository().join("guests/python/kit");
    let folder = tempfile::tempdir().expect("a directory");
    let module = folder.path().join("_batch");
    let mut compiler = Command::new(kit.join("native/build"));
    let status = compiler.arg(&module).status().expect("started");
    assert!(
        status.success(),
        "native/build failed: {status}; it needs clang 19 and wasm-ld 19, as the guests in C do"
    );

    let mut text = String::from(";; Compiled from native/batch.c, and printed by a test.\n");
    let module = fs::read(module).expect("compiled");
    wasmprinter::Config::new()
        .fold_instructions(true)
        .indent_text(" ")
        .print(&module, &mut wasmprinter::PrintFmtWrite(&mut text))
        .expect("a module");
    let stored = kit.join("whittle_guest/_batch.wat");
    if fs::read_to_string(&stored).is_ok_and(|stored| stored == text) {
        return;
    }
    fs::write(&stored, text).expect("written");
    panic!(
        "{} was out of date: it is written anew, so commit it",
        stored.display()
    );
}
