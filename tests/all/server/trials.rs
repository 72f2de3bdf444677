//! Trying a UDF on sample documents, over HTTP.

use serde_json::{Value as Json, json};
use whittle_tests::{ByHand, Node};

const LOGS: &str = r#"(import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#;

#[test]
fn values_and_errors_come_back_for_each_document() {
    let node = Node::start();
    assert_eq!(node.upload("string-distance").0, 201);
    let (status, answer) = node.ask(
        "POST",
        "/_udf/string-distance/_test",
        &json!({
            "params": {"field": "title", "target": "Star Wars"},
            "documents": [
                {"title": "Stir Wars"},
                {"_id": "x", "_source": {"title": "Alien"}},
                {"_id": "y"},
                {"_id": 7, "_source": {"title": "Star Wars"}, "_score": 2.5},
            ],
        }),
    );
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["results"],
        json!([
            {"_id": "0", "value": true},
            {"_id": "x", "value": false},
            {"_id": "2", "value": false},
            {"_id": "7", "value": true},
        ])
    );
    assert_eq!(answer["function"], "string_distance");
    assert_eq!(answer["stopped"], Json::Null);
    assert_eq!(answer["udf"]["documents"], 4);
    assert_eq!(answer["udf"]["fields"], json!(["title"]));
}

#[test]
fn what_stops_a_function_is_told_with_what_came_before_and_counts_nowhere() {
    let node = Node::start();
    // It logs its name, and traps at the second document.
    node.upload_by_hand(&ByHand {
        imports: LOGS,
        module: "(memory (export \"memory\") 1) (global $calls (mut i32) (i32.const 0))",
        evaluate: "(call $log (i32.const 3) (i32.const 0) (i32.const 7))
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (if (i32.gt_u (global.get $calls) (i32.const 1)) (then unreachable))
            (i32.const 512)",
        ..ByHand::default()
    });
    let body = json!({"documents": [{}, {}, {}]});
    // More often than its circuit breaker would bear.
    for _ in 0..20 {
        let (status, answer) = node.ask("POST", "/_udf/by-hand/_test", &body);
        assert_eq!(status, 200, "{answer}");
        let results = answer["results"].as_array().expect("a list");
        assert_eq!(results.len(), 2);
        assert_eq!(results[0], json!({"_id": "0", "value": 1.0}));
        assert_eq!(results[1]["error"], answer["stopped"]);
        let stopped = "function `f` was stopped at document `1`: the guest trapped: wasm \
            `unreachable` instruction executed";
        assert_eq!(answer["stopped"], stopped);
        let line = json!({"udf": "by-hand", "level": "warn", "message": "by-hand"});
        assert_eq!(answer["logs"], json!([line, line]));
    }
    let (_, statistics) = node.ask("GET", "/_udf/_stats", &Json::Null);
    let function = &statistics["functions"][0];
    assert_eq!(function["errors"]["traps"], 0, "{function}");
    assert_eq!(function["breaker"]["state"], "closed", "{function}");
}

#[test]
fn tries_the_highest_version_even_if_it_is_disabled() {
    let node = Node::start();
    for version in ["0.1.0", "0.2.0", "1.0.0-rc.1"] {
        node.upload_by_hand(&ByHand {
            version,
            ..ByHand::default()
        });
    }
    let disable = "/_udf/by-hand/0.2.0/_disable";
    assert_eq!(node.ask("POST", disable, &Json::Null).0, 200);
    for (asked, tried) in [
        (Json::Null, "1.0.0-rc.1"),
        (json!("0.2.0"), "0.2.0"),
        (json!("^0.1"), "0.1.0"),
    ] {
        let mut body = json!({"documents": [{}]});
        if asked.is_string() {
            body["version"] = asked;
        }
        let (status, answer) = node.ask("POST", "/_udf/by-hand/_test", &body);
        assert_eq!((status, answer["version"].as_str()), (200, Some(tried)));
    }
}

#[test]
fn what_a_trial_cannot_be_is_refused() {
    let node = Node::start();
    assert_eq!(node.upload("string-distance").0, 201);
    let refused = |body: Json| node.refused("POST", "/_udf/string-distance/_test", &body);
    insta::assert_snapshot!(node.refused("POST", "/_udf/none/_test", &json!({})), @"404 udf_not_found_exception: no such UDF `none`");
    insta::assert_snapshot!(refused(json!({"version": "2"})), @"404 udf_not_found_exception: no such UDF `string-distance@^2`");
    insta::assert_snapshot!(refused(json!({"version": "two"})), @"400 parsing_exception: `version`: `two` is neither a version such as `1.2.0` nor a range such as `^1.2`: unexpected character 't' while parsing major version number");
    insta::assert_snapshot!(refused(json!({"function": "other"})), @"400 illegal_argument_exception: unknown function `other`: expected `string_distance`");
    insta::assert_snapshot!(refused(json!({"params": {"field": "a", "target": 3}})), @"400 illegal_argument_exception: function `string_distance`: parameter `target` is text, but 3 was given");
    insta::assert_snapshot!(refused(json!({"params": []})), @"400 parsing_exception: `params` must be an object");
    insta::assert_snapshot!(refused(json!({"documents": {}})), @"400 parsing_exception: `documents` must be a list of objects");
    insta::assert_snapshot!(refused(json!({"documents": [{}, 3]})), @"400 parsing_exception: `documents[1]` must be an object");
    insta::assert_snapshot!(refused(json!({"documents": [{"_id": [], "_source": {}}]})), @"400 parsing_exception: `documents[0]._id` must be a string");
    insta::assert_snapshot!(refused(json!({"documents": [{"_score": "x", "_source": {}}]})), @"400 parsing_exception: `documents[0]._score` must be a number");
    insta::assert_snapshot!(refused(json!({"docs": []})), @"400 parsing_exception: unknown key `docs`; expected one of `documents`, `function`, `index`, `mapping`, `params`, `version`");
    insta::assert_snapshot!(refused(json!([])), @"400 parsing_exception: line 1, column 0: invalid type: sequence, expected a map");
}
