//! What operators have of a node: who may change UDFs, metrics, the log, the API's description, and
//! an end that loses nothing.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use whittle_tests::{ByHand, Node};

const TOKEN: &str = "mFz4kqE7Tq0yV1xw";

#[test]
fn changes_of_udfs_take_the_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).expect("written");
    let node = Node::start_with(&["--token-file", file.to_str().expect("a path")]);
    let component = ByHand::default().component();
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    for headers in [
        "",
        "Authorization: Bearer other-than-that-one\r\n",
        "Authorization: Basic YTpi\r\n",
    ] {
        for (method, path, body) in [
            ("PUT", "/_udf", &component[..]),
            ("POST", "/_udf", &component[..]),
            ("DELETE", "/_udf/by-hand/0.1.0", b""),
            ("POST", "/_udf/by-hand/0.1.0/_disable", b""),
            ("POST", "/_udf/by-hand/0.1.0/_enable", b""),
        ] {
            let (status, answer) = node.with_headers(method, path, headers, body);
            assert_eq!(status, 401, "{method} {path}: {answer}");
        }
    }
    let (_, answer) = node.with_headers("PUT", "/_udf", "", &component);
    insta::assert_snapshot!(answer, @r#"{"error":{"root_cause":[{"type":"security_exception","reason":"changing UDFs requires the node's token: send `Authorization: Bearer TOKEN`"}],"type":"security_exception","reason":"changing UDFs requires the node's token: send `Authorization: Bearer TOKEN`"},"status":401}"#);
    let wrong = "Authorization: Bearer other-than-that-one\r\n";
    let (_, answer) = node.with_headers("PUT", "/_udf", wrong, &component);
    insta::assert_snapshot!(answer, @r#"{"error":{"root_cause":[{"type":"security_exception","reason":"the token is wrong"}],"type":"security_exception","reason":"the token is wrong"},"status":401}"#);
    assert_eq!(node.with_headers("PUT", "/_udf", &token, &component).0, 201);
    // All else takes none.
    assert_eq!(node.ask("GET", "/_udf/by-hand", &Json::Null).0, 200);
    let trial = json!({"documents": [{}]});
    assert_eq!(node.ask("POST", "/_udf/by-hand/_test", &trial).0, 200);
    assert_eq!(node.ask("PUT", "/films/_doc/1", &json!({"a": 1})).0, 201);
    let at = "/_udf/by-hand/0.1.0";
    assert_eq!(node.with_headers("DELETE", at, &token, b"").0, 200);
}

#[test]
fn without_a_token_udfs_of_a_node_in_a_network_cannot_be_changed() {
    let node = Node::start_with(&["--listen", "0.0.0.0:0"]);
    let component = ByHand::default().component();
    let (status, answer) = node.with_headers("PUT", "/_udf", "", &component);
    assert_eq!(status, 403);
    insta::assert_snapshot!(answer, @r#"{"error":{"root_cause":[{"type":"security_exception","reason":"this node refuses changes of UDFs: start it with a token"}],"type":"security_exception","reason":"this node refuses changes of UDFs: start it with a token"},"status":403}"#);
    assert_eq!(node.ask("PUT", "/films/_doc/1", &json!({"a": 1})).0, 201);
}

#[test]
fn metrics_are_those_of_what_was_done() {
    let node = Node::start();
    node.upload_by_hand(&ByHand::default());
    node.upload_by_hand(&ByHand {
        version: "0.2.0",
        evaluate: "unreachable",
        ..ByHand::default()
    });
    for id in 0..3 {
        let at = format!("/films/_doc/{id}?refresh");
        assert_eq!(node.ask("PUT", &at, &json!({"a": id})).0, 201);
    }
    let search = |function: &str| {
        let query = json!({"query": {"wasm_udf": {"function": function}}});
        node.ask("POST", "/films/_search", &query).0
    };
    assert_eq!((search("f@0.1.0"), search("f@0.2.0")), (200, 422));
    let (status, text) = node.with_headers("GET", "/metrics", "", b"");
    assert_eq!(status, 200);
    assert!(text.ends_with("# EOF\n"), "{text}");
    // The exposition's lines: a name with labels, and a number.
    let samples: BTreeMap<&str, f64> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            (name, value.parse().expect("a number"))
        })
        .collect();
    let sample = |name: &str| {
        *samples
            .get(name)
            .unwrap_or_else(|| panic!("{name} in {text}"))
    };
    assert_eq!(
        sample(
            r#"whittle_http_requests_total{method="PUT",route="/{index}/_doc/{id}",status="201"}"#
        ),
        3.0
    );
    assert_eq!(
        sample(
            r#"whittle_http_requests_total{method="POST",route="/{index}/_search",status="422"}"#
        ),
        1.0
    );
    assert_eq!(
        sample(
            r#"whittle_http_request_duration_seconds_count{method="POST",route="/{index}/_search"}"#
        ),
        2.0
    );
    assert_eq!(sample(r#"whittle_index_documents{index="films"}"#), 3.0);
    let good = r#"name="by-hand",version="0.1.0",function="f""#;
    let bad = r#"name="by-hand",version="0.2.0",function="f""#;
    assert_eq!(
        sample(&format!("whittle_udf_documents_total{{{good}}}")),
        3.0
    );
    assert_eq!(sample(&format!("whittle_udf_queries_total{{{good}}}")), 1.0);
    // Each of the workers may have met it.
    assert!(sample(&format!("whittle_udf_errors_total{{{bad},kind=\"trap\"}}")) >= 1.0);
    assert_eq!(
        sample(&format!(
            "whittle_udf_query_duration_seconds_bucket{{le=\"+Inf\",{good}}}"
        )),
        1.0
    );
    assert_eq!(sample(&format!("whittle_udf_switched_off{{{good}}}")), 0.0);
    assert!(sample("whittle_pool_instances") > 0.0);
    assert_eq!(sample("whittle_registry_versions"), 2.0);
}

#[test]
fn the_log_has_requests_and_what_udfs_log_as_json() {
    let node = Node::start_with(&["--log", "whittle=debug", "--log-format", "json"]);
    node.upload_by_hand(&ByHand {
        imports: r#"(import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#,
        evaluate: "(call $log (i32.const 4) (i32.const 0) (i32.const 7)) (i32.const 512)",
        ..ByHand::default()
    });
    assert_eq!(
        node.ask("PUT", "/films/_doc/1?refresh", &json!({"a": 1})).0,
        201
    );
    let query = json!({"query": {"wasm_udf": {"function": "f"}}});
    assert_eq!(node.ask("POST", "/films/_search", &query).0, 200);
    let log = node.log();
    let lines: Vec<Json> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let of = |target: &'static str| lines.iter().filter(move |line| line["target"] == target);
    let line = of("whittle::udf").next().expect("the guest's line");
    assert_eq!(
        (line["level"].as_str(), line["udf"].as_str()),
        (Some("ERROR"), Some("by-hand"))
    );
    assert_eq!(
        (line["of"].as_str(), line["message"].as_str()),
        (Some("films"), Some("by-hand"))
    );
    let search = of("whittle::http").find(|line| line["path"] == "/films/_search");
    let search = search.expect("the request");
    assert_eq!(
        (search["method"].as_str(), search["status"].as_u64()),
        (Some("POST"), Some(200))
    );
    let changed = of("whittle::node").map(|line| line["message"].as_str().expect("a text"));
    assert_eq!(
        changed.collect::<Vec<_>>(),
        ["registered", "created the index"]
    );
}

#[test]
fn every_operation_that_is_described_is_there() {
    let node = Node::start();
    let (status, described) = node.ask("GET", "/_openapi.json", &Json::Null);
    assert_eq!(status, 200);
    assert_eq!(described["openapi"], "3.1.0");
    let mut operations = 0;
    let mut ids = Vec::new();
    for (path, item) in described["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            ids.push(
                operation["operationId"]
                    .as_str()
                    .expect("a text")
                    .to_owned(),
            );
            assert!(operation["summary"].is_string(), "{method} {path}");
            let named = operation["parameters"].as_array().into_iter().flatten();
            let named = named.filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(named, path.matches('{').count(), "{method} {path}");
            let path = path.replace("{version}", "1.0.0").replace(['{', '}'], "");
            let (status, answer) = node.with_headers(&method.to_uppercase(), &path, "", b"");
            assert!(
                !answer.contains("no handler found") && status != 405,
                "{method} {path}"
            );
            operations += 1;
        }
    }
    assert!(operations > 40, "{operations}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), operations, "an operation's name is its own");
}

#[test]
fn a_browser_is_shown_the_page_and_a_client_the_banner() {
    let node = Node::start();
    let (_, banner) = node.ask("GET", "/", &Json::Null);
    assert_eq!(banner["version"]["distribution"], "opensearch");
    let (status, page) = node.with_headers("GET", "/", "Accept: text/html,*/*;q=0.8\r\n", b"");
    assert_eq!(status, 200);
    for file in ["/_page/page.css", "/_page/page.js"] {
        assert!(page.contains(file), "{page}");
        assert_eq!(node.with_headers("GET", file, "", b"").0, 200);
    }
    assert_eq!(node.with_headers("GET", "/_page/other", "", b"").0, 404);
}
