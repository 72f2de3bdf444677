//! What `whittle call` and `whittle inspect` show of a function besides its values.

use std::fs;

use serde_json::{Value as Json, json};
use whittle_tests::{ByHand, guest, guest_path};

use super::{Desk, text};

#[test]
fn call_prints_what_the_function_took_at_the_end() {
    let desk = Desk::new();
    let logging = ByHand {
        imports: r#"(import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#,
        evaluate: "(call $log (i32.const 3) (i32.const 0) (i32.const 7)) (i32.const 512)",
        ..ByHand::default()
    };
    desk.write("logging.wasm", logging.component());
    let output = desk.run("call logging.wasm f --docs films.json --stats --log error");
    assert!(output.status.success());
    assert_eq!(text(&output.stdout).lines().count(), 4);
    let shown = text(&output.stderr);
    let figures = shown.lines().map(|line| {
        let (name, figure) = line.split_once(' ').expect("a name and a figure");
        let figure: u64 = figure.trim().parse().expect("a number");
        (name, figure)
    });
    let figures: Vec<(&str, u64)> = figures.collect();
    let names: Vec<&str> = figures.iter().map(|(name, _)| *name).collect();
    let expected = [
        "documents",
        "evaluations",
        "errors",
        "time_us",
        "load_time_us",
        "bind_time_us",
        "cpu_time_us",
        "memory_bytes",
        "log_lines",
        "log_bytes",
        "result_bytes",
    ];
    assert_eq!(names, expected);
    for (name, expected) in [
        ("documents", 4),
        ("evaluations", 4),
        ("errors", 0),
        ("log_lines", 4),
    ] {
        assert!(figures.contains(&(name, expected)), "{shown}");
    }
}

/// The lines of `whittle inspect` on what functions read.
fn reads(desk: &Desk, arguments: &str) -> String {
    let shown = desk.good(&format!("inspect {arguments}"));
    let lines = shown.lines().filter(|line| line.starts_with("  reads"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn inspect_shows_the_kind_that_each_field_is_read_as() {
    let desk = Desk::new();
    desk.write("probe.wasm", guest("probe"));
    insta::assert_snapshot!(reads(&desk, "custom-score.wasm"), @r"
      reads `price` as float64, named by `price_field`
      reads `rating` as float64, named by `rating_field`
      reads `popularity` as float64, named by `popularity_field`
    ");
    let params = r#"--params {"price_field":"a.b"}"#;
    insta::assert_snapshot!(reads(&desk, &format!("custom-score.wasm {params}")), @r"
      reads `a.b` as float64, named by `price_field`
      reads `rating` as float64, named by `rating_field`
      reads `popularity` as float64, named by `popularity_field`
    ");
    insta::assert_snapshot!(reads(&desk, "string-distance.wasm"), @"  reads the field that `field` names as text");
    insta::assert_snapshot!(reads(&desk, "probe.wasm read_id"), @"  reads no fields");
    insta::assert_snapshot!(reads(&desk, "probe.wasm has"), @"  reads fields that depend on the parameters: give `--params`");
    let params = r#"--params {"field":"n","kind":"int64"}"#;
    insta::assert_snapshot!(reads(&desk, &format!("probe.wasm has {params}")), @"  reads `n` as int64, named by `field`");
    let json = desk.good("inspect string-distance.wasm --json");
    let json: Json = serde_json::from_str(&json).expect("JSON");
    let fields = json!([{"path": null, "kind": "text", "parameter": "field"}]);
    let expected = json!([{"function": "string_distance", "fields": fields, "problem": null}]);
    assert_eq!(json["reads"], expected);
}

#[test]
fn inspect_refuses_parameters_that_the_function_would_refuse() {
    let desk = Desk::new();
    desk.write("probe.wasm", guest("probe"));
    insta::assert_snapshot!(desk.bad(r#"inspect custom-score.wasm --params {"prize_field":"a"}"#), @"error: function `custom_score`: unknown parameter `prize_field`: did you mean `price_field`?");
    insta::assert_snapshot!(desk.bad("inspect custom-score.wasm custom_skore"), @"error: unknown function `custom_skore`: did you mean `custom_score`?");
    let several = desk.bad("inspect probe.wasm --params {}");
    let expected = "error: the component has several functions: name the one with these \
                    parameters, one of read_boolean, ";
    assert!(several.starts_with(expected), "{several}");
}

/// Calls a function with parameters: what it prints to standard output and to standard error.
fn called(desk: &Desk, call: &str, params: &str) -> [String; 2] {
    let mut command = desk.command(call);
    let output = command.args(["--params", params]).output();
    let output = output.expect("the command runs");
    [text(&output.stdout), text(&output.stderr)]
}

#[test]
fn call_warns_of_fields_that_a_function_cannot_read() {
    let desk = Desk::new();
    let call = "call string-distance.wasm string_distance --docs films.json";
    let [values, warning] = called(&desk, call, r#"{"field": "titel", "target": "Alien"}"#);
    assert_eq!(values.lines().count(), 4);
    insta::assert_snapshot!(warning, @"warning: no document has the field `titel`; did you mean `title`?");
    let [_, warning] = called(&desk, call, r#"{"field": "rating", "target": "Alien"}"#);
    insta::assert_snapshot!(warning, @"warning: the field `rating` has type double, and the function reads text");
}

#[test]
fn a_panic_is_printed_once() {
    let desk = Desk::new();
    let probe = guest_path("rust", "probe");
    fs::copy(probe, desk.path("probe.wasm")).expect("build the guests first: make guests");
    desk.write("x.json", r#"{"t": "x"}"#);
    let [values, error] = called(
        &desk,
        "call probe.wasm throws --docs x.json",
        r#"{"field": "t"}"#,
    );
    assert_eq!(values, "");
    insta::assert_snapshot!(error, @r#"error: function `throws` was stopped at document `0`: the guest panicked: "panicked at probe/src/answer.rs:101:13: no good: x""#);
    desk.write(
        "vectors.json",
        r#"{"function": "throws", "cases": [{"name": "x", "params": {"field": "t"},
            "documents": [{"t": "x"}], "values": [true]}]}"#,
    );
    let tested = desk.run("test probe.wasm --vectors vectors.json");
    insta::assert_snapshot!(text(&tested.stdout), @r#"
    throws: x
      - 1 value
      + error: function `throws` was stopped at document `0`: the guest panicked: "panicked at probe/src/answer.rs:101:13: no good: x"
    throws: 0 of 1 cases pass
    "#);
    insta::assert_snapshot!(text(&tested.stderr), @"error: probe.wasm: 1 of 1 cases failed");
}
