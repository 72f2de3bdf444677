//! Writes that are stale, that are many, that are large, or that name too much.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::arena::{Arena, Bounds, USUAL};
use crate::target::Target;

/// Ways to give a stale sequence number, a wrong term or another word: none may overwrite.
pub(crate) fn stale(target: &Target<'_>) {
    let path = "/written/_doc/stale";
    let first = target.done("PUT", path, r#"{"is": "old"}"#).json()["_seq_no"].clone();
    let second = target.done("PUT", path, r#"{"is": "new"}"#).json()["_seq_no"].clone();
    let (first, second) = (
        first.as_u64().expect("a number"),
        second.as_u64().expect("a number"),
    );
    let unchanged = |what: &str| {
        let found = target.done("GET", path, "").json();
        assert_eq!(found["_source"], json!({"is": "new"}), "{what}");
    };
    let text = first.to_string();
    for (number, term) in [
        (json!(first), json!(1)),
        (json!(text), json!(1)),
        (json!(first as f64), json!(1)),
        (json!(-1), json!(1)),
        (json!(-2), json!(1)),
        (json!([]), json!(1)),
        (json!([first]), json!(1)),
        (json!({}), json!(1)),
        (json!(true), json!(1)),
        (json!(""), json!(1)),
        (json!(u64::MAX), json!(1)),
        (json!(second), json!(2)),
        (json!(second), json!(0)),
        (json!(second), json!(-1)),
        (json!(second), json!("2")),
        (json!(second), json!([1])),
        (json!(first), Json::Null),
        (Json::Null, json!(2)),
    ] {
        for action in ["index", "delete", "update"] {
            let head = json!({action: {"_id": "stale", "if_seq_no": number,
                "if_primary_term": term}});
            let line = match action {
                "index" => "{\"is\": \"stale\"}\n",
                "update" => "{\"doc\": {\"is\": \"stale\"}}\n",
                _ => "",
            };
            let answer = target.ask("POST", "/written/_bulk", format!("{head}\n{line}"));
            let item = &answer.json()["items"][0][action]["status"];
            let status = item.as_u64().unwrap_or(answer.status.into());
            assert!([400, 409].contains(&status), "{head}: {}", answer.start());
            unchanged(&head.to_string());
        }
        let plain = |json: &Json| json.as_str().map_or(json.to_string(), str::to_owned);
        let query = format!(
            "if_seq_no={}&if_primary_term={}",
            plain(&number),
            plain(&term)
        );
        let query = query.replace(['{', '}'], "%7B");
        for (method, path, body) in [
            ("PUT", path, r#"{"is": "stale"}"#),
            ("DELETE", path, ""),
            (
                "POST",
                "/written/_update/stale",
                r#"{"doc": {"is": "stale"}}"#,
            ),
        ] {
            let answer = target.ask(method, &format!("{path}?{query}"), body);
            let status = answer.status;
            assert!([400, 409].contains(&status), "{query}: {}", answer.start());
            unchanged(&query);
        }
    }
    for parameter in [
        "op_type=Create",
        "op_type=CREATE",
        "op_type=create",
        "op_type=%20create",
    ] {
        let answer = target.ask("PUT", &format!("{path}?{parameter}"), r#"{"is": "stale"}"#);
        assert!(
            [400, 409].contains(&answer.status),
            "{parameter}: {}",
            answer.start()
        );
        unchanged(parameter);
    }
}

#[test]
fn a_stale_write_is_never_accepted() {
    Arena::start().attack("stale writes", USUAL, stale);
}

/// Small lines, each of which is a document.
pub(crate) fn many_documents(target: &Target<'_>) {
    let lines = "{\"index\":{}}\n{}\n".repeat(200_000);
    let answer = target.ask("POST", "/many/_bulk", &lines);
    assert!(
        [200, 413, 429].contains(&answer.status),
        "{}",
        answer.start()
    );
    target.ask("DELETE", "/many", "");
}

#[test]
fn many_documents_of_one_request_are_bounded() {
    let bounds = Bounds {
        seconds: 40,
        ..USUAL
    };
    Arena::start().attack("bulk of 200,000 empty documents", bounds, many_documents);
}

/// Documents and mappings with names that are too long or too many: refused in few words.
pub(crate) fn names(target: &Target<'_>) {
    let within = Duration::from_secs(3);
    let long = "n".repeat(4 << 20);
    let path = vec!["a"; 100_000].join(".");
    let many: serde_json::Map<String, Json> = (0..100_000)
        .map(|number| (format!("f{number}"), json!(1)))
        .collect();
    let kinds: serde_json::Map<String, Json> = (0..100_000)
        .map(|number| (format!("f{number}"), json!({"type": "long"})))
        .collect();
    let is_brief = |what: &str, answer: crate::wire::Answer| {
        let item = &answer.json()["items"][0]["index"]["status"];
        let status = item.as_u64().unwrap_or(answer.status.into());
        assert!((400..500).contains(&status), "{what}: {}", answer.start());
        assert!(
            answer.body.len() < 32 << 10,
            "{what}: {} bytes",
            answer.body.len()
        );
        answer.is_within(what, within);
    };
    for (what, document) in [
        ("a long name", json!({long.as_str(): 1}).to_string()),
        ("a long path", json!({path.as_str(): 1}).to_string()),
        ("many names", Json::Object(many).to_string()),
    ] {
        is_brief(what, target.ask("PUT", "/written/_doc/names", &document));
        let line = format!("{{\"index\": {{}}}}\n{document}\n");
        is_brief(what, target.ask("POST", "/written/_bulk", line));
        let update = format!(r#"{{"doc": {document}, "doc_as_upsert": true}}"#);
        is_brief(what, target.ask("POST", "/written/_update/names", update));
    }
    for (what, properties) in [
        ("a long name", json!({long.as_str(): {"type": "long"}})),
        ("a long path", json!({path.as_str(): {"type": "long"}})),
        ("a long type", json!({"a": {"type": long}})),
        (
            "a long key",
            json!({"a": {"type": "long", long.as_str(): 1}}),
        ),
        (
            "a long format",
            json!({"a": {"type": "date", "format": long}}),
        ),
        ("many names", Json::Object(kinds)),
    ] {
        let properties = json!({"properties": properties});
        is_brief(
            what,
            target.ask("PUT", "/written/_mapping", properties.to_string()),
        );
        let mappings = json!({"mappings": properties});
        is_brief(what, target.ask("PUT", "/names", mappings.to_string()));
    }
    for action in [
        json!({"index": {"_id": long}}),
        json!({"index": {"_index": long}}),
        json!({"index": {long.as_str(): 1}}),
        json!({long.as_str(): {}}),
    ] {
        let line = format!("{action}\n{{}}\n");
        is_brief("a long action", target.ask("POST", "/written/_bulk", line));
    }
    let settings = json!({"settings": {long.as_str(): 1}}).to_string();
    is_brief("a long setting", target.ask("PUT", "/names", settings));
    for query in [
        json!({"term": {long.as_str(): 1}}),
        json!({long.as_str(): {}}),
        json!({"match": {"title": {"query": "a", "analyzer": long}}}),
        json!({"expression": long}),
        json!({"wasm_udf": {"function": long}}),
        json!({"range": {"number": {"gt": long}}}),
    ] {
        let body = json!({"query": query}).to_string();
        let answer = target.ask("POST", "/good/_search", body);
        if answer.status != 200 {
            is_brief("a query with a long name", answer);
        }
    }
}

#[test]
fn long_and_many_names_are_refused_in_few_words() {
    Arena::start().attack("names of 4 MB, and 100,000 names", USUAL, names);
}

/// Documents as large as they may be, from many clients at once.
pub(crate) fn large_writes(target: &Target<'_>) {
    let long = format!(r#"{{"text": "{}"}}"#, "word ".repeat(2 << 20));
    let numbers = vec!["1"; 5 << 20].join(",");
    let list = format!(r#"{{"list": [{numbers}]}}"#);
    for document in [long, list] {
        for answer in target.ask_at_once(12, "POST", "/largest/_doc", &document) {
            let is_answer = [201, 400, 408, 413, 429].contains(&answer.status);
            assert!(is_answer, "{}", answer.start());
        }
    }
    target.ask("DELETE", "/largest", "");
}

#[test]
fn large_documents_of_many_clients_are_bounded() {
    let bounds = Bounds {
        seconds: 60,
        ..USUAL
    };
    Arena::start().attack("12 documents of 10 MB, twice", bounds, large_writes);
}

/// Indexes that a bulk request makes.
pub(crate) fn many_indexes(target: &Target<'_>) {
    let mut lines = String::new();
    for number in 0..100_000 {
        writeln!(
            lines,
            "{{\"index\": {{\"_index\": \"made{number}\"}}}}\n{{\"a\": 1}}"
        )
        .expect("written");
    }
    let answer = target.ask("POST", "/_bulk", lines);
    assert!(
        [200, 400, 413, 429].contains(&answer.status),
        "{}",
        answer.start()
    );
    let started = std::time::Instant::now();
    while target
        .ask("GET", "/_cat/indices/made*?h=index", "")
        .body
        .len()
        > 1
    {
        target.ask("DELETE", "/made*", "");
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "the indexes stay"
        );
    }
}

#[test]
fn indexes_made_by_a_bulk_request_are_bounded() {
    let bounds = Bounds {
        seconds: 40,
        ..USUAL
    };
    // A build without optimization takes a while to make the 2,000 that there may be by default.
    let arena = Arena::start_after("", &["--indexes", "100"]);
    arena.attack("bulk into 100,000 new indexes", bounds, many_indexes);
}
