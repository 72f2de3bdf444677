//! `whittle bench`: the time of a function, alone and beside another component.

use serde_json::Value as Json;
use whittle_tests::ByHand;

use super::{Desk, text, without_numbers};

/// Two components with the function `f`, of which the second gives 2 and logs a line.
fn two(desk: &Desk) {
    desk.write("one.wasm", ByHand::default().component());
    let second = ByHand {
        version: "0.2.0",
        evaluate: "(f64.store (i32.const 528) (f64.const 2)) (i32.const 512)",
        ..ByHand::default()
    };
    desk.write("two.wasm", second.component());
}

/// The table without its figures, whose widths differ.
fn without_figures(table: &str) -> String {
    let lines = table.lines().map(|line| {
        let words = line.split_whitespace().filter(|word| {
            let plain = word.trim_start_matches('±').replace('.', "");
            plain.parse::<u64>().is_err() && !["ns", "µs", "ms", "s", "%"].contains(word)
        });
        words.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn measures_the_functions_that_have_vectors() {
    let desk = Desk::new();
    two(&desk);
    desk.write(
        "vectors.json",
        r#"{"function": "f", "cases": [
            {"name": "an error", "documents": [{}, {}, {}], "error": "no"},
            {"name": "two documents", "documents": [{}, {}], "values": [1, 1]}]}"#,
    );
    insta::assert_snapshot!(without_figures(&desk.good("bench one.wasm")), @r#"
    f: documents of the vectors, case "two documents"
    one.wasm: by-hand
    one document
    a document in a batch
    bind
    load
    compile
    memory KiB
    component KiB
    "#);
    let json: Json = serde_json::from_str(&desk.good("bench one.wasm f --json")).expect("JSON");
    let report = &json[0];
    assert_eq!(report["function"], "f");
    assert_eq!(report["documents"], 2);
    assert_eq!(report["batch_documents"], 1024);
    let component = &report["components"][0];
    let (one, batch) = (&component["document_ns"], &component["batch_document_ns"]);
    let median = |times: &Json| times["median"].as_f64().expect("a number");
    assert!(median(one) > median(batch), "{report}");
    assert!(
        component["memory_bytes"].as_u64() > Some(65_535),
        "{report}"
    );
    assert_eq!(report["ratios"]["document"], Json::Null);
}

#[test]
fn compares_the_values_before_the_times() {
    let desk = Desk::new();
    two(&desk);
    let same = desk.good("bench one.wasm --against one.wasm --docs films.json");
    insta::assert_snapshot!(without_figures(&same), @r"
    f: documents of films.json
    first one.wasm: by-hand
    second one.wasm: by-hand
    first second ratio
    one document
    a document in a batch
    bind
    load
    compile in the cache
    memory KiB KiB
    component KiB KiB
    ");
    let differ = desk.run("bench one.wasm --against two.wasm --docs films.json");
    assert_eq!(
        text(&differ.stderr),
        "error: the components give different values for 4 documents\n"
    );
    assert_eq!(differ.status.code(), Some(1));
    let shown = text(&differ.stdout);
    let document = "  document 0: {\"title\": \"Star Wars\", \"rating\": 8.6}\n  - first:  1.0\n  + second: 2.0\n";
    assert!(shown.contains(document), "{shown}");
    assert!(shown.contains("one document"), "{shown}");
}

#[test]
fn documents_that_fail_are_counted_and_if_all_fail_nothing_is_measured() {
    let desk = Desk::new();
    two(&desk);
    // An error of the contract, and the text of it in the memory of the component.
    let failing = ByHand {
        evaluate: "(i32.store8 (i32.const 512) (i32.const 1)) \
                   (i32.store8 (i32.const 520) (i32.const 1)) \
                   (i32.store (i32.const 524) (i32.const 0)) \
                   (i32.store (i32.const 528) (i32.const 7)) (i32.const 512)",
        ..ByHand::default()
    };
    desk.write("failing.wasm", failing.component());
    insta::assert_snapshot!(desk.bad("bench failing.wasm --docs films.json"), @r#"error: failing.wasm: function `f`: 4 of 4 documents failed, the first is `0`: "by-hand""#);
    insta::assert_snapshot!(desk.bad("bench one.wasm --against failing.wasm --docs films.json --json"), @r#"error: failing.wasm: function `f`: 4 of 4 documents failed, the first is `0`: "by-hand""#);
    // Every second document fails.
    let sometimes = ByHand {
        evaluate: "(i32.store (i32.const 600) (i32.add (i32.load (i32.const 600)) (i32.const 1))) \
                   (if (i32.and (i32.load (i32.const 600)) (i32.const 1)) \
                     (then (i32.store8 (i32.const 512) (i32.const 0)) \
                           (i32.store8 (i32.const 520) (i32.const 3)) \
                           (f64.store (i32.const 528) (f64.const 1))) \
                     (else (i32.store8 (i32.const 512) (i32.const 1)) \
                           (i32.store8 (i32.const 520) (i32.const 1)) \
                           (i32.store (i32.const 524) (i32.const 0)) \
                           (i32.store (i32.const 528) (i32.const 7)))) \
                   (i32.const 512)",
        ..ByHand::default()
    };
    desk.write("sometimes.wasm", sometimes.component());
    let some = desk.good("bench sometimes.wasm --docs films.json");
    let line = "  2 of 4 documents failed, the first is `1`: \"by-hand\"\n";
    assert!(some.contains(line), "{some}");
    let json = desk.good("bench sometimes.wasm --docs films.json --json");
    let json: Json = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json[0]["components"][0]["failed_documents"], 2);
}

#[test]
fn a_function_that_logs_or_never_ends_is_held_to_the_limits_of_a_search() {
    let desk = Desk::new();
    let logging = ByHand {
        imports: r#"(import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#,
        evaluate: "(call $log (i32.const 3) (i32.const 0) (i32.const 7)) (i32.const 512)",
        ..ByHand::default()
    };
    desk.write("logging.wasm", logging.component());
    desk.good("bench logging.wasm --docs films.json");
    let endless = ByHand {
        evaluate: "(loop $forever (br $forever)) unreachable",
        ..ByHand::default()
    };
    desk.write("endless.wasm", endless.component());
    insta::assert_snapshot!(desk.bad("bench endless.wasm --docs films.json --timeout 50"), @"error: endless.wasm: function `f` was stopped at document `0`: the time limit of 50 ms is over");
}

#[test]
fn says_what_is_missing() {
    let desk = Desk::new();
    two(&desk);
    insta::assert_snapshot!(desk.bad("bench one.wasm"), @"error: there are no vectors in `vectors.json`: give documents with `--docs FILE` or vectors with `--vectors FILE`");
    insta::assert_snapshot!(desk.bad("bench one.wasm g --docs films.json"), @"error: one.wasm: unknown function `g`: expected `f`");
    insta::assert_snapshot!(desk.bad("bench one.wasm --against string-distance.wasm --docs films.json"), @"error: string-distance.wasm: unknown function `f`: expected `string_distance`");
    desk.write("none.json", "");
    insta::assert_snapshot!(desk.bad("bench one.wasm --docs none.json"), @"error: none.json: there are no documents");
    desk.write(
        "vectors.json",
        r#"{"function": "f", "cases": [{"name": "n", "documents": [], "error": "no"}]}"#,
    );
    insta::assert_snapshot!(desk.bad("bench one.wasm"), @"error: vectors.json: no case of any function has documents and values: give documents with `--docs FILE`");
    let help = desk.good("bench --help");
    assert!(without_numbers(&help, &[","]).contains("half of the interquartile range"));
}
