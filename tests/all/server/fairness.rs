//! Users who share a node: what one of them sends keeps no other from searching.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use whittle_tests::{ByHand, Node};

/// A function that takes some milliseconds for each document.
const SLOW: &str = "(global.set $i (i32.const 0))
    (loop $again
        (global.set $i (i32.add (global.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (global.get $i) (i32.const 3000000))))
    (i32.const 512)";

const ENDLESS: &str = "(loop $forever (br $forever)) unreachable";

fn upload(node: &Node, version: &str, evaluate: &str) {
    node.upload_by_hand(&ByHand {
        version,
        module: "(memory (export \"memory\") 1) (global $i (mut i32) (i32.const 0))",
        evaluate,
        ..ByHand::default()
    });
}

/// A node with ten documents.
fn node() -> Node {
    let node = Node::start_with(&["--timeout", "1000"]);
    let lines: String = (0..10)
        .map(|number| format!("{{\"index\":{{}}}}\n{{\"number\":{number}}}\n"))
        .collect();
    let (status, _) = node.with_headers("POST", "/films/_bulk?refresh=true", "", lines.as_bytes());
    assert_eq!(status, 200);
    node
}

fn search(node: &Node, function: &str, timeout: Option<&str>) -> u16 {
    let mut search = json!({"query": {"wasm_udf": {"function": function}}});
    if let Some(timeout) = timeout {
        search["timeout"] = json!(timeout);
    }
    node.ask("POST", "/films/_search", &search).0
}

#[test]
fn a_short_timeout_switches_no_function_off() {
    let node = node();
    upload(&node, "1.0.0", SLOW);
    upload(&node, "2.0.0", ENDLESS);
    for _ in 0..8 {
        assert_eq!(search(&node, "f@1", Some("1ms")), 408);
        assert_eq!(search(&node, "f@2", Some("50ms")), 408);
    }
    assert_eq!(search(&node, "f@1", None), 200);
    let (_, statistics) = node.ask("GET", "/_udf/_stats", &Json::Null);
    for function in statistics["functions"].as_array().expect("a list") {
        assert_eq!(function["breaker"]["state"], "closed", "{function}");
    }
    // Its time is the operator's: the function is what is slow.
    let ends: Vec<u16> = (0..6).map(|_| search(&node, "f@2", None)).collect();
    assert_eq!(ends, [408, 408, 408, 408, 408, 429]);
}

#[test]
fn trials_that_never_end_keep_no_search_waiting_and_are_refused() {
    let node = node();
    upload(&node, "1.0.0", "(i32.const 512)");
    upload(&node, "2.0.0", ENDLESS);
    let trial = |version: &str| json!({"version": version, "documents": [{}]});
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..36)
            .map(|_| {
                scope.spawn(|| {
                    let mut refused = None;
                    while !over.load(Ordering::Relaxed) {
                        let (status, answer) =
                            node.ask("POST", "/_udf/by-hand/_test", &trial("2.0.0"));
                        assert!([200, 429].contains(&status), "{answer}");
                        if answer["error"]["type"] == "circuit_breaking_exception" {
                            refused = Some(answer["error"]["reason"].clone());
                        }
                    }
                    refused
                })
            })
            .collect();
        let end = Instant::now() + Duration::from_secs(8);
        while Instant::now() < end {
            assert_eq!(search(&node, "f@1", None), 200);
        }
        over.store(true, Ordering::Relaxed);
        let refused = clients
            .into_iter()
            .filter_map(|client| client.join().expect("right"));
        let reason = refused.last().expect("somebody was refused");
        let reason = reason.as_str().expect("a string");
        let start = "trials of function `f` of by-hand@2.0.0 are refused because they kept running \
                     out of time: try again in ";
        assert!(reason.starts_with(start), "{reason}");
    });
    // Trials of the other version run, and searches may still call the function.
    assert_eq!(
        node.ask("POST", "/_udf/by-hand/_test", &trial("1.0.0")).0,
        200
    );
    assert_eq!(search(&node, "f@2", Some("50ms")), 408);
    let (_, statistics) = node.ask("GET", "/_udf/_stats", &Json::Null);
    for function in statistics["functions"].as_array().expect("a list") {
        assert_eq!(function["breaker"]["state"], "closed", "{function}");
    }
}

#[test]
fn characters_that_nobody_can_see_are_refused_in_names_and_shown_elsewhere() {
    let node = Node::start();
    for character in [
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{200e}",
        "\u{feff}",
        "\u{e0041}",
        "\u{85}",
    ] {
        let name: String = format!("a{character}b")
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect();
        let error = node.refused("PUT", &format!("/{name}"), &Json::Null);
        let rule = "must not contain control characters or characters that nobody can see";
        assert!(error.ends_with(rule), "{error}");
        assert!(!error.contains(character), "{error:?}");
        let missing = node.refused("GET", &format!("/{name}"), &Json::Null);
        assert!(!missing.contains(character), "{missing:?}");
        let udf = node.refused("GET", &format!("/_udf/{name}"), &Json::Null);
        assert!(!udf.contains(character), "{udf:?}");
    }
    // User data stays as it is.
    let source = json!({"title": "a\u{202e}b"});
    assert_eq!(node.ask("PUT", "/films/_doc/1", &source).0, 201);
    assert_eq!(node.ask("GET", "/films/_source/1", &Json::Null).1, source);
}

#[test]
fn descriptions_of_functions_show_what_nobody_would_see() {
    let node = Node::start();
    // The descriptions of the component and of its function are 5 bytes: `a`, U+202E and `b`.
    let described = r#"(memory (export "memory") 1) (data (i32.const 2000) "a\e2\80\aeb")
        (data (i32.const 80) "\d0\07\00\00\05\00\00\00")
        (data (i32.const 136) "\d0\07\00\00\05\00\00\00")"#;
    node.upload_by_hand(&ByHand {
        module: described,
        ..ByHand::default()
    });
    for path in ["/_udf", "/_udf/by-hand", "/_udf/by-hand/0.1.0"] {
        let (_, text) = node.with_headers("GET", path, "", b"");
        assert!(!text.contains('\u{202e}'), "{text:?}");
        assert!(text.contains(r"a\\u{202e}b"), "{text:?}");
    }
}
