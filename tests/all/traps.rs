//! What an author reads when a function ends a query: each language names the line, in components as
//! `whittle build` makes them.

use std::time::Duration;

use serde_json::json;
use whittle_host::{Budget, Document, ExactJson, QueryContext, Udf};
use whittle_tests::{PATHS, arguments, engine, guest_path, told};

use crate::languages::{Guest, languages};

/// The errors of the guest `failures` in a language, which both paths share; `None` if the language
/// is skipped.
fn errors(language: &str, failures: &[&str]) -> Option<String> {
    if !languages().contains(&language.to_owned()) {
        return None;
    }
    let guest = Guest {
        language: language.to_owned(),
        name: "failures".to_owned(),
    };
    let [batches, documents] = PATHS.map(|few_rows| {
        let udf = guest.udf(few_rows);
        let lines = failures
            .iter()
            .map(|failure| format!("{failure}: {}", error(&udf, failure)));
        lines.collect::<Vec<_>>().join("\n")
    });
    assert_eq!(batches, documents, "{language}");
    Some(batches)
}

fn error(udf: &Udf, failure: &str) -> String {
    let query = QueryContext::new(Budget {
        wall_clock: Duration::from_secs(1),
        ..Budget::default()
    });
    let bound = udf.bind("fails", &arguments(&json!({"field": "f"})), &query);
    let value = bound.expect("bound").evaluate_document(Document {
        id: "d",
        source: &ExactJson::from(&json!({"f": failure})),
        score: None,
    });
    let error = told(&value.expect_err(failure));
    let start = "function `fails` was stopped at document `d`: ";
    error.strip_prefix(start).unwrap_or(&error).to_owned()
}

#[test]
fn c_names_the_line_of_a_trap() {
    let failures = [
        "divide", "bounds", "recurse", "locals", "loop", "abort", "exit", "kind",
    ];
    let Some(errors) = errors("c", &failures) else {
        return;
    };
    insta::assert_snapshot!(errors, @r#"
    divide: the guest trapped: integer divide by zero, at failures.c:25 in `divide`
    bounds: the guest trapped: out of bounds memory access, at failures.c:30 in `read_outside`
    recurse: the guest trapped: call stack exhausted, at failures.c:37 in `depth`, which calls itself: limit the depth, or use a loop
    locals: the guest trapped: out of bounds memory access, at failures.c:42 in `wide`, which calls itself: if its local variables filled the stack, limit the depth or use a loop
    loop: the time limit of 1000 ms is over, at failures.c:51 in `loop`
    abort: the guest trapped: wasm `unreachable` instruction executed, at failures.c:79 in `fails`, where it aborted or exited: return an error instead
    exit: the guest panicked: "a UDF cannot exit: return an error instead", at failures.c:81 in `fails`
    kind: the guest broke the contract: it read the field `f` as int64, but resolved it as text, at failures.c:83 in `fails`
    "#);
}

#[test]
fn rust_names_the_line_of_a_trap() {
    let failures = ["divide", "bounds", "recurse", "loop", "abort", "exit"];
    let Some(errors) = errors("rust", &failures) else {
        return;
    };
    insta::assert_snapshot!(errors, @r#"
    divide: the guest panicked: "panicked at failures/src/lib.rs:22:25: attempt to divide by zero"
    bounds: the guest panicked: "panicked at failures/src/lib.rs:23:25: index out of bounds: the len is 3 but the index is 7"
    recurse: the guest trapped: call stack exhausted, at failures/src/lib.rs:39 in `failures::depth`, which calls itself: limit the depth, or use a loop
    loop: the time limit of 1000 ms is over, at failures/src/lib.rs:45 in `failures::endless`
    abort: the guest trapped: wasm `unreachable` instruction executed, at failures/src/lib.rs:26 in `failures::Fails::matches`, where it aborted or exited: return an error instead
    exit: the guest trapped: wasm `unreachable` instruction executed, at failures/src/lib.rs:27 in `failures::Fails::matches`, where it aborted or exited: return an error instead
    "#);
}

#[test]
fn assemblyscript_names_the_line_of_a_trap() {
    let failures = ["divide", "bounds", "recurse", "loop", "abort"];
    let Some(errors) = errors("assemblyscript", &failures) else {
        return;
    };
    insta::assert_snapshot!(errors, @r#"
    divide: the guest trapped: integer divide by zero, at assembly/index.ts:10
    bounds: the guest trapped: out of bounds memory access, at assembly/index.ts:40
    recurse: the guest trapped: call stack exhausted, at assembly/index.ts:15 in `depth`, which calls itself: limit the depth, or use a loop
    loop: the time limit of 1000 ms is over, at assembly/index.ts:20
    abort: the guest trapped: wasm `unreachable` instruction executed, at assembly/index.ts:45, where it aborted or exited: return an error instead
    "#);
}

/// Its panics are errors of documents, and its log has the lines of the first.
#[test]
fn go_names_the_function_of_a_trap() {
    let failures = ["divide", "bounds", "recurse", "loop", "exit"];
    let Some(errors) = errors("go", &failures) else {
        return;
    };
    insta::assert_snapshot!(errors, @r#"
    divide: function `fails` failed for document `d`: "runtime error: integer divide by zero"
    bounds: function `fails` failed for document `d`: "runtime error: index out of range [1000000000] with length 3"
    recurse: the guest trapped: call stack exhausted, in `main.depth`, which calls itself: limit the depth, or use a loop
    loop: the time limit of 1000 ms is over, in `main.(*fails).Evaluate`
    exit: the guest panicked: "a UDF cannot exit: return an error instead", in `main.(*fails).Evaluate`
    "#);
}

/// The table of lines is the guest's, and so are its errors: a component without one and a component
/// with a damaged one run as well.
#[test]
fn a_damaged_table_of_lines_changes_nothing_but_the_error() {
    if !languages().contains(&"c".to_owned()) {
        return;
    }
    let component = std::fs::read(guest_path("c", "failures")).expect("`make guests` built it");
    let name = b"whittle:lines";
    let at = component.windows(name.len()).position(|part| part == name);
    let table = at.expect("it has lines") + name.len();
    // The version, a length of a list, of a name, and a name.
    for (offset, byte) in [(0, 2), (1, 0xff), (2, 0xff), (3, 0xff), (30, 0xff)] {
        let mut damaged = component.clone();
        damaged[table + offset] = byte;
        let udf = Udf::new(&engine(), &damaged).expect("registered");
        let error = error(&udf, "divide");
        let expected = "the guest trapped: integer divide by zero";
        assert!(error.starts_with(expected), "{offset}: {error}");
    }
    // Another section, which nobody reads.
    let mut other = component.clone();
    other[table - 1] = b'x';
    let udf = Udf::new(&engine(), &other).expect("registered");
    assert_eq!(
        error(&udf, "divide"),
        "the guest trapped: integer divide by zero"
    );
}
