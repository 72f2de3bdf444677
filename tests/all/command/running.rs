//! The command beside a running node: what it changes in the node's directory is refused or seen.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use whittle_tests::Node;

use super::Desk;

/// Waits until the node shows what is expected of its UDFs.
fn wait_for(node: &Node, expected: &Json) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let (_, shown) = node.ask("GET", "/_udf", &Json::Null);
        let udfs = shown["udfs"].as_array().expect("a list").iter();
        let udfs: Json = udfs
            .map(|udf| json!([udf["name"], udf["enabled"]]))
            .collect();
        if udfs == *expected {
            return;
        }
        assert!(Instant::now() < end, "{udfs}, not {expected}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_node_sees_what_the_command_changes_in_its_registry() {
    let desk = Desk::new();
    let node = Node::start_at(&desk.path(""), &[]);
    let registry = "--registry data/registry";
    desk.good(&format!("registry add string-distance.wasm {registry}"));
    wait_for(&node, &json!([["string-distance", true]]));
    let version = "string-distance@0.1.0";
    desk.good(&format!("registry disable {version} {registry}"));
    wait_for(&node, &json!([["string-distance", false]]));
    desk.good(&format!("registry enable {version} {registry}"));
    wait_for(&node, &json!([["string-distance", true]]));
    desk.good(&format!("registry remove {version} {registry}"));
    wait_for(&node, &json!([]));
}

#[test]
fn the_command_makes_no_index_that_a_running_node_does_not_know() {
    let desk = Desk::new();
    let node = Node::start_at(&desk.path(""), &[]);
    for data in ["data", "./data", "data/../data"] {
        let refused = desk.bad(&format!("index --data {data} films --docs films.json"));
        assert_eq!(
            refused,
            format!(
                "error: the directory `{data}` is in use by another process (a node?): use \
                 `--server URL`, or stop it"
            )
        );
    }
    assert_eq!(node.ask("GET", "/films", &Json::Null).0, 404);
    assert_eq!(node.ask("PUT", "/films", &Json::Null).0, 200);
    let server = format!("--server http://{}", node.address);
    desk.good(&format!("index {server} films --docs films.json"));
    assert_eq!(node.ask("GET", "/films/_count", &Json::Null).1["count"], 4);
}

#[test]
fn the_table_of_hits_shows_what_nobody_would_see() {
    let desk = Desk::new();
    let title = "a\u{202e}b\u{200b}c\u{1b}[31m";
    desk.write(
        "strange.json",
        json!([{"title": title, "\u{2066}k": 1}]).to_string(),
    );
    desk.write(
        "all.json",
        r#"{"query": {"match_all": {}}, "aggs": {"t\u202e": {"max": {"field": "\u2066k"}}}}"#,
    );
    let table = desk.good("query --docs strange.json --udf string-distance.wasm --query all.json");
    assert!(table.contains(r"a\u{202e}b\u{200b}c"), "{table:?}");
    assert!(table.contains(r"\u{2066}k"), "{table:?}");
    assert!(table.contains(r"t\u{202e}"), "{table:?}");
    for character in ['\u{202e}', '\u{200b}', '\u{2066}', '\u{1b}'] {
        assert!(!table.contains(character), "{table:?}");
    }
    // Data stays as it is for programs.
    let query = "query --docs strange.json --udf string-distance.wasm --query all.json --json";
    let answer: Json = serde_json::from_str(&desk.good(query)).expect("JSON");
    assert_eq!(answer["hits"]["hits"][0]["_source"]["title"], title);
}
