//! The `whittle` command as a user runs it: its output, its errors and its exit code.

mod bench;
mod figures;
mod indexes;
mod kits;
mod projects;
mod publish;
mod running;
mod sql;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;
use whittle_tests::{ByHand, guest_path, whittle};

/// A directory with the files of a query, in which the command runs.
struct Desk {
    folder: TempDir,
}

const FILMS: &str = r#"{"title": "Star Wars", "rating": 8.6}
{"title": "Stir Wars", "rating": 2}
{"title": "Alien", "rating": 8.5}
{"title": 1941, "rating": null}
"#;

const FUZZY: &str = r#"{"query": {"wasm_udf": {"function": "string_distance",
    "params": {"field": "title", "target": "Star Wars"}}}}"#;

impl Desk {
    fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().expect("a directory"),
        };
        desk.write("films.json", FILMS);
        desk.write("fuzzy.json", FUZZY);
        for name in ["string-distance", "custom-score"] {
            fs::copy(guest_path("rust", name), desk.path(&format!("{name}.wasm")))
                .expect("build the guests first: make guests");
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("it can be written");
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(whittle());
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env("WHITTLE_CACHE", self.path("cache"))
            .env("RUST_BACKTRACE", "1");
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("the command runs")
    }

    /// The standard output of a command that succeeds without a warning.
    fn good(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert_eq!(
            (text(&output.stderr), output.status.code()),
            (String::new(), Some(0))
        );
        text(&output.stdout)
    }

    /// The error of a command that fails: one line, with nothing on standard output.
    fn bad(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert_eq!(
            (text(&output.stdout), output.status.code()),
            (String::new(), Some(1))
        );
        let error = text(&output.stderr);
        assert_eq!(error.lines().count(), 1, "{error}");
        error.trim_end().to_owned()
    }

    fn search(&self, docs: &str, udf: &str, query: &str) -> Json {
        let arguments = format!("query --docs {docs} --udf {udf} --query {query} --json");
        serde_json::from_str(&self.good(&arguments)).expect("it prints JSON")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_boolean_function_filters() {
    let desk = Desk::new();
    let mut answer = desk.search("films.json", "string-distance.wasm", "fuzzy.json");
    for changing in ["time_us", "load_time_us", "bind_time_us", "memory_bytes"] {
        assert!(answer["udf"][0][changing].take().is_u64());
    }
    assert!(answer["took"].take().is_u64());
    let expected = serde_json::json!({
        "took": null,
        "timed_out": false,
        "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
        "hits": {"total": {"value": 2, "relation": "eq"}, "max_score": 1.0, "hits": [
            {"_id": "0", "_score": 1.0, "_source": {"title": "Star Wars", "rating": 8.6}},
            {"_id": "1", "_score": 1.0, "_source": {"title": "Stir Wars", "rating": 2}},
        ]},
        "udf": [{"function": "string_distance", "documents": 4, "evaluations": 4, "errors": 0, "error_samples": [],
                 "batches": 1, "instances": 1, "time_us": null, "load_time_us": null, "bind_time_us": null,
                 "memory_bytes": null}],
    });
    assert_eq!(answer, expected);
}

#[test]
fn a_numeric_function_scores_in_descending_order_with_ties_by_id() {
    let desk = Desk::new();
    desk.write(
        "docs.json",
        r#"[{"key": "b", "rating": 1}, {"key": "a", "rating": 1}, {"key": "c", "rating": 2},
            {"key": "d"}]"#,
    );
    desk.write(
        "best.json",
        r#"{"query": {"wasm_udf": {"function": "custom_score", "params": {"rating_weight": 1}}},
            "size": 3}"#,
    );
    let arguments =
        "query --docs docs.json --udf custom-score.wasm --query best.json --id-field key --json";
    let answer: Json = serde_json::from_str(&desk.good(arguments)).expect("it prints JSON");
    let hits = answer["hits"]["hits"].as_array().expect("hits");
    let hits: Vec<_> = hits
        .iter()
        .map(|hit| (hit["_id"].clone(), hit["_score"].clone()))
        .collect();
    let expected = [("c", 2.0), ("a", 1.0), ("b", 1.0)];
    assert_eq!(
        hits,
        expected.map(|(id, score)| (Json::from(id), Json::from(score)))
    );
    assert_eq!(answer["hits"]["total"]["value"], 4);
}

#[test]
fn batches_documents_and_a_full_cache_give_the_same_hits() {
    let desk = Desk::new();
    let hits = |more: &str| {
        let arguments = format!(
            "query --docs films.json --udf string-distance.wasm --query fuzzy.json --json {more}"
        );
        let answer: Json = serde_json::from_str(&desk.good(&arguments)).expect("it prints JSON");
        answer["hits"].clone()
    };
    let first = hits("");
    assert!(
        fs::read_dir(desk.path("cache"))
            .expect("it is made")
            .count()
            > 0
    );
    assert_eq!(hits(""), first);
    assert_eq!(hits("--by-document"), first);
}

#[test]
fn prints_hits_as_a_table() {
    let desk = Desk::new();
    let table = desk.good("query --docs films.json --udf string-distance.wasm --query fuzzy.json");
    let table = without_numbers(&table, &[" ms", " KiB"]);
    insta::assert_snapshot!(table, @r##"
     score  id  document
    1.0000  0   title: Star Wars  rating: 8.6
    1.0000  1   title: Stir Wars  rating: 2

    2 hits in N ms
    string_distance: 4 documents in N ms, after N ms to bind and N ms to load columns, 0 errors, N KiB
    "##);
}

#[test]
fn runs_match_and_expression_clauses_without_a_udf() {
    let desk = Desk::new();
    let query = r#"{"query": {"bool": {"must": {"match": {"title": "wars"}},
        "filter": {"expression": "rating > 5"}}}, "fields": {"half": {"expression": "rating / 2"}}}"#;
    desk.write("words.json", query);
    let shown = desk.good("query --docs films.json --query words.json");
    insta::assert_snapshot!(without_numbers(&shown, &[" ms"]), @r"
     score  id  document
    0.6100  0   half: 4.3  title: Star Wars  rating: 8.6

    1 hit in N ms
    ");
}

#[test]
fn no_documents_give_no_hits() {
    let desk = Desk::new();
    desk.write("empty.json", "");
    let answer = desk.search("empty.json", "string-distance.wasm", "fuzzy.json");
    assert_eq!(
        answer["hits"],
        serde_json::json!({"total": {"value": 0, "relation": "eq"}, "max_score": null, "hits": []})
    );
}

#[test]
fn reads_documents_or_the_query_from_standard_input() {
    let desk = Desk::new();
    for (arguments, input) in [
        (
            "query --docs - --udf string-distance.wasm --query fuzzy.json --json",
            FILMS,
        ),
        (
            "query --docs films.json --udf string-distance.wasm --query - --json",
            FUZZY,
        ),
    ] {
        let mut command = desk.command(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(input.as_bytes()).expect("it is read");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let answer: Json = serde_json::from_slice(&output.stdout).expect("it prints JSON");
        assert_eq!(answer["hits"]["total"]["value"], 2);
    }
}

#[test]
fn reports_bad_input_in_one_line_with_exit_code_1() {
    let desk = Desk::new();
    let by_hand = ByHand::default();
    desk.write("core.wasm", by_hand.core_module());
    desk.write("by-hand.wasm", by_hand.component());
    desk.write(
        "other.wasm",
        wat::parse_str("(component)").expect("a component"),
    );
    let foreign = r#"(component (import "acme:net/http@1.0.0" (instance)) (instance $i)
        (export "whittle:udf/functions@0.1.0" (instance $i)))"#;
    desk.write(
        "foreign.wasm",
        wat::parse_str(foreign).expect("a component"),
    );
    desk.write("broken.json", "{\"title\": \"a\"}\n{\"title\": \"b\",}\n");
    desk.write("list.json", "[{}, 3]");
    let query = |name: &str, function: &str, params: &str| {
        let text = format!(
            r#"{{"query": {{"wasm_udf": {{"function": "{function}", "params": {params}}}}}}}"#
        );
        desk.write(name, text);
    };
    query("unknown-function.json", "string_distanse", "{}");
    query(
        "unknown-parameter.json",
        "string_distance",
        r#"{"field": "title", "tarket": "x"}"#,
    );
    query(
        "missing-parameter.json",
        "string_distance",
        r#"{"field": "title"}"#,
    );
    query(
        "wrong-type.json",
        "string_distance",
        r#"{"field": "title", "target": 3}"#,
    );
    desk.write("script.json", r#"{"query": {"script": {}}}"#);

    let search = |docs: &str, udf: &str, query: &str| {
        desk.bad(&format!("query --docs {docs} --udf {udf} --query {query}"))
    };
    let docs = |docs| search(docs, "string-distance.wasm", "fuzzy.json");
    let udf = |udf| search("films.json", udf, "fuzzy.json");
    let query = |query| search("films.json", "string-distance.wasm", query);
    insta::assert_snapshot!(docs("none.json"), @"error: none.json: No such file or directory (os error 2)");
    insta::assert_snapshot!(docs("broken.json"), @"error: broken.json: line 2, column 15: broken JSON: key must be a string");
    insta::assert_snapshot!(docs("list.json"), @"error: list.json: document 1 is a number, not an object");
    insta::assert_snapshot!(udf("none.wasm"), @"error: none.wasm: No such file or directory (os error 2)");
    insta::assert_snapshot!(udf("films.json"), @r##"error: films.json: not a valid WebAssembly component: it does not begin with the bytes `\0asm`"##);
    insta::assert_snapshot!(udf("core.wasm"), @"error: core.wasm: this is a core WebAssembly module, not a component: build the project with `whittle build DIR`");
    insta::assert_snapshot!(udf("other.wasm"), @"error: other.wasm: the component does not export `whittle:udf/functions@0.1.0`: it exports nothing; declare the functions as the kit's README shows, in Rust with `export!`, and build again");
    insta::assert_snapshot!(udf("foreign.wasm"), @"error: foreign.wasm: the component imports `acme:net/http@1.0.0`, which is not part of the contract `whittle:udf@0.1.0`");
    insta::assert_snapshot!(udf("by-hand.wasm"), @"error: unknown function `string_distance`; the components have `f`");
    insta::assert_snapshot!(query("none.json"), @"error: none.json: No such file or directory (os error 2)");
    insta::assert_snapshot!(query("broken.json"), @"error: broken.json: line 2, column 1: invalid JSON: trailing characters");
    insta::assert_snapshot!(query("script.json"), @"error: script.json: `query.script`: the clause `script` is not supported; use `expression` or `wasm_udf`");
    insta::assert_snapshot!(query("unknown-function.json"), @"error: unknown function `string_distanse`; the components have `string_distance`");
    insta::assert_snapshot!(query("unknown-parameter.json"), @"error: function `string_distance`: unknown parameter `tarket`: did you mean `target`?");
    insta::assert_snapshot!(query("missing-parameter.json"), @"error: function `string_distance`: missing parameter `target` (text): The text that it is compared with.");
    insta::assert_snapshot!(query("wrong-type.json"), @"error: function `string_distance`: parameter `target` is text, but 3 was given");
    insta::assert_snapshot!(desk.bad("inspect core.wasm"), @"error: core.wasm: this is a core WebAssembly module, not a component: build the project with `whittle build DIR`");
    insta::assert_snapshot!(desk.bad("call . f --docs films.json"), @"error: no UDF found in .: expected one of the files Cargo.toml, go.mod, asconfig.json, package.json, pyproject.toml, *.c");
    insta::assert_snapshot!(desk.bad("inspect ."), @"error: no UDF found in .: expected one of the files Cargo.toml, go.mod, asconfig.json, package.json, pyproject.toml, *.c");
    insta::assert_snapshot!(desk.bad("build none"), @"error: none: No such file or directory (os error 2)");
    insta::assert_snapshot!(desk.bad("build ."), @"error: no UDF found in .: expected one of the files Cargo.toml, go.mod, asconfig.json, package.json, pyproject.toml, *.c");
    let twice = "query --docs films.json --udf string-distance.wasm --udf string-distance.wasm \
                 --query fuzzy.json";
    insta::assert_snapshot!(desk.bad(twice), @"error: two components are `string-distance` 0.1.0: give one of them");
}

#[test]
fn a_query_names_the_component_if_two_have_the_function() {
    let desk = Desk::new();
    for (file, name, version) in [
        ("one.wasm", "one", "1.0.0"),
        ("two.wasm", "two", "1.0.0"),
        ("newer.wasm", "one", "1.1.0"),
    ] {
        let guest = ByHand {
            name,
            version,
            ..ByHand::default()
        };
        desk.write(file, guest.component());
    }
    let query = |function: &str| {
        desk.write(
            "f.json",
            format!(r#"{{"query": {{"wasm_udf": {{"function": "{function}"}}}}}}"#),
        );
        "query --docs films.json --udf one.wasm --udf newer.wasm --udf two.wasm --query f.json --json"
    };
    insta::assert_snapshot!(desk.bad(query("f")), @"error: several components have a function `f`: use `one.f` or `two.f`");
    insta::assert_snapshot!(desk.bad(query("three.f")), @"error: unknown function `three.f`; the components have `one.f`, `two.f`");
    insta::assert_snapshot!(desk.bad(query("two.f@2")), @"error: no version matches `two.f@2`: registered are 1.0.0");
    for function in ["one.f", "two.f", "one.f@1.1.0"] {
        let answer: Json = serde_json::from_str(&desk.good(query(function))).expect("JSON");
        let name = function.split('@').next();
        assert_eq!(answer["udf"][0]["function"].as_str(), name);
    }
    // Two functions of one name in the same query are told apart.
    desk.write(
        "both.json",
        r#"{"query": {"wasm_udf": {"function": "one.f"}}, "fields": {"g": {"wasm_udf": {"function": "two.f"}}}}"#,
    );
    let both = "query --docs films.json --udf one.wasm --udf two.wasm --query both.json --json";
    let answer: Json = serde_json::from_str(&desk.good(both)).expect("JSON");
    let reports = answer["udf"].as_array().expect("a list").iter();
    let names: Vec<&Json> = reports.map(|report| &report["function"]).collect();
    assert_eq!(names, ["one.f", "two.f"]);
}

#[test]
fn inspect_shows_functions_parameters_and_imports() {
    let desk = Desk::new();
    let shown = desk.good("inspect string-distance.wasm");
    insta::assert_snapshot!(without_numbers(&shown, &[" bytes", " compiled"]), @r##"
    string-distance 0.1.0
    Fuzzy matching of texts by edit distance.
    The Whittle authors

    string_distance(field: text, target: text, max_distance: int64 = 2) -> boolean
      Tells whether a text is within a number of edits (insertions, deletions and substitutions of characters) of a target. A document without the field does not match.
        field: The field whose text is compared.
        target: The text that it is compared with.
        max_distance: How many edits still match.
      reads the field that `field` names as text

    imports
      whittle:udf/types@0.1.0
      whittle:batch/results@0.2.0
      whittle:udf/document@0.1.0
      whittle:udf/logging@0.1.0
      whittle:batch/columns@0.2.0

    exports
      whittle:batch/functions@0.2.0
      whittle:udf/functions@0.1.0

    N bytes, N compiled
    "##);
    let json: Json =
        serde_json::from_str(&desk.good("inspect string-distance.wasm --json")).expect("JSON");
    let parameter = &json["manifest"]["functions"][0]["parameters"][2];
    let expected = serde_json::json!({
        "name": "max_distance", "description": parameter["description"], "kind": "int64",
        "required": false, "default": 2,
    });
    assert_eq!(*parameter, expected);
    assert_eq!(
        json["exports"],
        serde_json::json!([
            "whittle:batch/functions@0.2.0",
            "whittle:udf/functions@0.1.0"
        ])
    );
}

/// The answer to a search of the films by a function under `on_error`, or its error.
fn under(desk: &Desk, function: &str, on_error: &str) -> Result<Json, String> {
    let query = format!(
        r#"{{"query": {{"wasm_udf": {{"function": "{function}", "on_error": "{on_error}"}}}}}}"#
    );
    desk.write("query.json", query);
    let search = "query --docs films.json --udf udf.wasm --query query.json --json";
    if on_error == "fail" {
        return Err(desk.bad(search));
    }
    Ok(serde_json::from_str(&desk.good(search)).expect("it prints JSON"))
}

fn ids_and_scores(answer: &Json) -> Vec<(&str, Option<f64>)> {
    let hits = answer["hits"]["hits"].as_array().expect("hits");
    hits.iter()
        .map(|hit| (hit["_id"].as_str().expect("an id"), hit["_score"].as_f64()))
        .collect()
}

#[test]
fn a_failing_document_ends_the_query_is_skipped_or_gets_no_score() {
    let desk = Desk::new();
    // Fails for every other document, from the first on.
    let guest = ByHand {
        module: r#"(memory (export "memory") 1) (global $calls (mut i32) (i32.const 0))"#,
        evaluate: "(global.set $calls (i32.add (global.get $calls) (i32.const 1))) \
                   (i32.store8 (i32.const 600) (i32.const 1)) \
                   (i32.store8 (i32.const 608) (i32.const 1)) \
                   (i32.store (i32.const 616) (i32.const 7)) \
                   (select (i32.const 600) (i32.const 512) \
                     (i32.and (global.get $calls) (i32.const 1)))",
        ..ByHand::default()
    };
    desk.write("udf.wasm", guest.component());

    let error = under(&desk, "f", "fail").expect_err("it fails");
    assert_eq!(
        error,
        "error: function `f` failed for document `0`: \"by-hand\""
    );

    let samples = serde_json::json!([
        {"_id": "0", "message": "by-hand"}, {"_id": "2", "message": "by-hand"},
    ]);
    let skipped = under(&desk, "f", "skip").expect("an answer");
    assert_eq!(
        ids_and_scores(&skipped),
        [("1", Some(1.0)), ("3", Some(1.0))]
    );
    assert_eq!(
        (
            &skipped["hits"]["total"]["value"],
            &skipped["udf"][0]["errors"]
        ),
        (&2.into(), &2.into())
    );
    assert_eq!(skipped["udf"][0]["error_samples"], samples);

    let null = under(&desk, "f", "null").expect("an answer");
    let expected = [
        ("1", Some(1.0)),
        ("3", Some(1.0)),
        ("0", Some(0.0)),
        ("2", Some(0.0)),
    ];
    assert_eq!(ids_and_scores(&null), expected);
    assert_eq!(
        (&null["hits"]["total"]["value"], &null["udf"][0]["errors"]),
        (&4.into(), &2.into())
    );
    assert_eq!(null["udf"][0]["error_samples"], samples);
}

#[test]
fn a_score_of_nan_is_an_error_of_the_document() {
    let desk = Desk::new();
    desk.write("udf.wasm", whittle_tests::guest("probe"));
    let error = under(&desk, "not_a_number", "fail").expect_err("it fails");
    assert_eq!(
        error,
        "error: function `not_a_number` failed for document `0`: its score is not a number"
    );
    let skipped = under(&desk, "not_a_number", "skip").expect("an answer");
    assert_eq!(
        (
            &skipped["hits"]["total"]["value"],
            &skipped["udf"][0]["errors"]
        ),
        (&0.into(), &4.into())
    );
    let null = under(&desk, "not_a_number", "null").expect("an answer");
    assert_eq!(
        ids_and_scores(&null),
        ["0", "1", "2", "3"].map(|id| (id, Some(0.0)))
    );
    assert_eq!(null["udf"][0]["errors"], 4);
}

#[test]
fn rejects_a_clause_of_a_function_that_neither_filters_nor_scores() {
    let desk = Desk::new();
    desk.write("udf.wasm", whittle_tests::guest("probe"));
    assert_eq!(
        under(&desk, "read_id", "fail").expect_err("it is refused"),
        "error: function `read_id` returns text: a query clause must be boolean, int64 or float64"
    );
}

#[test]
fn vectors_expect_errors_logs_ids_scores_and_timestamps() {
    let desk = Desk::new();
    desk.write("udf.wasm", whittle_tests::guest("probe"));
    let fail_on = serde_json::json!({"field": "t", "needle": "b"});
    let vectors = serde_json::json!([
        {"function": "fail_on", "cases": [{
            "name": "one of three", "params": fail_on,
            "documents": [{"t": "a"}, {"t": "b"}, {"t": "c"}],
            "values": ["a", null, "c"], "errors": {"1": "found b in 1"},
        }]},
        {"function": "read_score", "cases": [{
            "name": "scores", "documents": [{"_score": 2.5, "_source": {}}, {}], "values": [2.5, 1],
        }]},
        {"function": "read_id", "cases": [{
            "name": "ids", "documents": [{"_id": "x", "_source": {}}, {}], "values": ["x", "1"],
        }]},
        {"function": "read_timestamp", "cases": [{
            "name": "times", "params": {"field": "t"},
            "documents": [{"t": "2024-01-01T00:00:00+01:00"}, {}],
            "values": ["2023-12-31T23:00:00Z", null],
        }]},
        {"function": "log_lines", "cases": [{
            "name": "a log", "params": {"count": 1, "bytes": 3}, "documents": [{}],
            "values": [true], "logs": ["trace: xxx", "trace: xxx"],
        }]},
    ]);
    desk.write("vectors.json", vectors.to_string());
    insta::assert_snapshot!(desk.good("test udf.wasm"), @r"
    fail_on: 1 of 1 cases pass
    read_score: 1 of 1 cases pass
    read_id: 1 of 1 cases pass
    read_timestamp: 1 of 1 cases pass
    log_lines: 1 of 1 cases pass
    ");
    let wrong = serde_json::json!([
        {"function": "fail_on", "cases": [
            {"name": "another error", "params": fail_on, "documents": [{"t": "b"}],
             "values": [null], "errors": {"0": "no good"}},
            {"name": "no error", "params": fail_on, "documents": [{"t": "b"}], "values": ["b"]},
            {"name": "an error", "params": fail_on, "documents": [{"t": "a"}],
             "values": [null], "errors": {"0": "no good"}},
        ]},
        {"function": "all_kinds", "cases": [{
            "name": "a member", "params": {"field": "t"}, "documents": [{"t": 1}],
            "values": [{"int64": 2}],
        }]},
        {"function": "log_lines", "cases": [{
            "name": "no log", "params": {"count": 1, "bytes": 3}, "documents": [{}],
            "values": [true], "logs": [],
        }]},
    ]);
    desk.write("wrong.json", wrong.to_string());
    let failed = desk.run("test udf.wasm --vectors wrong.json --log error");
    assert_eq!(
        text(&failed.stderr),
        "error: udf.wasm: 5 of 5 cases failed\n"
    );
    insta::assert_snapshot!(text(&failed.stdout), @r#"
    fail_on: another error
      document 0: {"t":"b"}
      - error: no good
      + error: found b in 0
    fail_on: no error
      document 0: {"t":"b"}
      - "b"
      + error: found b in 0
    fail_on: an error
      document 0: {"t":"a"}
      - error: no good
      + "a"
    fail_on: 0 of 3 cases pass
    all_kinds: a member
      document 0: {"t":1}
      at int64
      - 2
      + 1
    all_kinds: 0 of 1 cases pass
    log_lines: no log
      - no log
      + log: trace: xxx | trace: xxx
    log_lines: 0 of 1 cases pass
    "#);
}

/// A machine or a container may limit the address space: the engine then reserves a smaller pool, or
/// none, and still works.
#[cfg(target_os = "linux")]
#[test]
fn runs_in_a_small_address_space() {
    let desk = Desk::new();
    for (kib, warnings) in [
        ("300000000", 0),
        ("40000000", 2),
        ("2000000", 2),
        ("1000000", 2),
    ] {
        let whittle = whittle();
        let output = Command::new("sh")
            .arg("-c")
            .arg("ulimit -v $0; exec \"$1\" query --docs films.json --udf string-distance.wasm --query fuzzy.json --json")
            .args([kib, whittle.to_str().expect("a path in UTF-8")])
            .current_dir(desk.folder.path())
            .env("WHITTLE_CACHE", "")
            .output()
            .expect("the command runs");
        let stderr = text(&output.stderr);
        let warned = stderr
            .lines()
            .filter(|line| line.starts_with("warning: no address space "));
        assert_eq!(warned.count(), warnings, "{kib} KiB: {stderr}");
        assert_eq!(stderr.lines().count(), warnings, "{kib} KiB: {stderr}");
        let answer: Json = serde_json::from_slice(&output.stdout).expect("it prints JSON");
        assert_eq!(answer["hits"]["total"]["value"], 2);
    }
}

#[test]
fn reports_a_query_that_exceeds_the_time_limit() {
    let desk = Desk::new();
    let endless = "(loop $forever (br $forever)) unreachable";
    desk.write(
        "endless.wasm",
        ByHand {
            evaluate: endless,
            ..ByHand::default()
        }
        .component(),
    );
    desk.write("f.json", r#"{"query": {"wasm_udf": {"function": "f"}}}"#);
    let error = desk.bad("query --docs films.json --udf endless.wasm --query f.json --timeout 50");
    assert_eq!(
        error,
        "error: function `f` was stopped at document `0`: the time limit of 50 ms is over"
    );
}

/// Replaces each number before one of the units, because it differs from run to run.
fn without_numbers(text: &str, units: &[&str]) -> String {
    let mut text = text.to_owned();
    for unit in units {
        let parts: Vec<&str> = text.split(unit).collect();
        let last = parts.len() - 1;
        let parts = parts.iter().enumerate().map(|(index, part)| {
            if index == last {
                return (*part).to_owned();
            }
            let number = |c: char| c.is_ascii_digit() || c == '.';
            format!("{}N", part.trim_end_matches(number))
        });
        text = parts.collect::<Vec<_>>().join(unit);
    }
    text
}

#[test]
fn a_registry_is_a_directory_that_exists_or_an_object_store() {
    let desk = Desk::new();
    insta::assert_snapshot!(desk.bad("registry list --registry udfs"), @"error: there is no registry in `udfs`");
    insta::assert_snapshot!(desk.bad("query --docs films.json --registry udfs --query fuzzy.json"), @"error: there is no registry in `udfs`");
    assert!(!desk.path("udfs").exists());
    insta::assert_snapshot!(desk.bad("registry list --registry http://127.0.0.1:9200"), @"error: `http://127.0.0.1:9200` is not a registry: expected a directory, or the URL of an object store such as `s3://bucket/prefix`; to change the UDFs of a node, use `PUT` and `DELETE` of `/_udf`");
    insta::assert_snapshot!(desk.bad("registry list --registry ftp://udfs"), @"error: `ftp://udfs` is not a registry: expected a directory, or the URL of an object store such as `s3://bucket/prefix`; to change the UDFs of a node, use `PUT` and `DELETE` of `/_udf`");
    desk.good("registry add string-distance.wasm --registry udfs");
    let listed = desk.good("registry list --registry udfs");
    assert!(listed.starts_with("string-distance@0.1.0  "), "{listed}");
    for name in ["one", "two"] {
        let guest = ByHand {
            name,
            ..ByHand::default()
        };
        desk.write("by-hand.wasm", guest.component());
        let added = desk.good("registry add by-hand.wasm --registry udfs");
        let ambiguous =
            "  several components have a function `f`: queries must use `one.f` or `two.f`\n";
        assert_eq!(added.ends_with(ambiguous), name == "two", "{added}");
    }
}
