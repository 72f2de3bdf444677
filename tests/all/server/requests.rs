//! Requests that ask for much: they are bounded before they are carried out, and a good client
//! beside them is answered.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use whittle_tests::Node;

const LINES: &str = "Content-Type: application/x-ndjson\r\n";

fn send(node: &Node, method: &str, path: &str, body: &str) -> (u16, Json) {
    let headers = if path.contains("_bulk") || path.contains("_msearch") {
        LINES
    } else {
        ""
    };
    let (status, text) = node.with_headers(method, path, headers, body.as_bytes());
    (status, serde_json::from_str(&text).unwrap_or(Json::Null))
}

/// What the node holds in memory, in MiB: now, or at most since it started.
fn memory(node: &Node, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.id()));
    let status = status.expect("it runs");
    let line = status.lines().find_map(|text| text.strip_prefix(line));
    let kib = line.and_then(|text| {
        text.trim_matches([':', ' ', '\t'])
            .split(' ')
            .next()?
            .parse()
            .ok()
    });
    kib.map_or(0, |kib: u64| kib >> 10)
}

#[test]
fn a_body_that_is_too_much_is_refused_before_it_is_parsed() {
    let node = Node::start();
    let many = |item: &str, count: usize| vec![item; count].join(",");
    assert_eq!(send(&node, "PUT", "/films/_doc/1", r#"{"a": 1}"#).0, 201);
    let before = memory(&node, "VmHWM");
    for (method, path, body) in [
        (
            "POST",
            "/films/_search",
            format!(
                r#"{{"query": {{"terms": {{"a": [{}]}}}}}}"#,
                many("1", 4_000_000)
            ),
        ),
        (
            "POST",
            "/films/_count",
            format!(
                r#"{{"query": {{"ids": {{"values": [{}]}}}}}}"#,
                many("1", 4_000_000)
            ),
        ),
        (
            "PUT",
            "/films/_doc/1",
            format!(r#"{{"a": [{}]}}"#, many("1", 4_000_000)),
        ),
        (
            "POST",
            "/films/_update/1",
            format!(r#"{{"doc": {{"a": [{}]}}}}"#, many("{}", 2_000_000)),
        ),
        (
            "POST",
            "/films/_mget",
            format!(r#"{{"ids": [{}]}}"#, many("1", 4_000_000)),
        ),
        (
            "PUT",
            "/films/_mapping",
            format!(r#"{{"_meta": {{"a": [{}]}}}}"#, many("1", 4_000_000)),
        ),
        (
            "PUT",
            "/other",
            format!(
                r#"{{"mappings": {{"_meta": {{"a": [{}]}}}}}}"#,
                many("1", 4_000_000)
            ),
        ),
        (
            "PUT",
            "/films/_doc/1",
            format!(r#"{{"a": {}1"#, "[".repeat(1_000_000)),
        ),
    ] {
        let (status, answer) = send(&node, method, path, &body);
        assert_eq!(status, 413, "{path}: {answer}");
        assert_eq!(answer["error"]["type"], "circuit_breaking_exception");
        // The message says how much is too much, once.
        assert!(answer.to_string().len() < 1_000, "{path}");
    }
    let grown = memory(&node, "VmHWM") - before;
    assert!(grown < 128, "{grown} MiB");
    assert_eq!(send(&node, "GET", "/films/_doc/1", "").0, 200);
}

#[test]
fn counts_beyond_the_limits_are_refused_in_opensearchs_words() {
    let node = Node::start();
    assert_eq!(send(&node, "PUT", "/films/_doc/1", r#"{"a": 1}"#).0, 201);
    let search = |body: Json| node.refused("POST", "/films/_search", &body);
    insta::assert_snapshot!(search(json!({"query": {"terms": {"a": vec![1; 65_537]}}})), @"400 illegal_argument_exception: The number of terms [65537] used in the Terms Query request has exceeded the allowed maximum of [65536]: `query.terms.a`");
    insta::assert_snapshot!(search(json!({"query": {"regexp": {"a": "a".repeat(1_001)}}})), @"400 illegal_argument_exception: The length of regex [1001] used in the Regexp Query request has exceeded the allowed maximum of [1000]: `query.regexp.a.value`");
    insta::assert_snapshot!(search(json!({"query": {"bool": {"should": vec![json!({"term": {"a": 1}}); 1_025]}}})), @"400 too_many_nested_clauses: Query contains too many nested clauses; maxClauseCount is set to 1024: `query.bool.should[1024]`");
    insta::assert_snapshot!(search(json!({"docvalue_fields": vec!["a"; 101]})), @"400 illegal_argument_exception: Trying to retrieve too many docvalue_fields. Must be less than or equal to: [100] but was [101]");
    insta::assert_snapshot!(search(json!({"rescore": {"expression": "a", "window_size": 10_001}})), @"400 illegal_argument_exception: Rescore window [10001] is too large. It must be less than [10000]: `rescore.window_size`");
    insta::assert_snapshot!(search(json!({"sort": vec!["a"; 33]})), @"400 parsing_exception: `sort`: too many keys; the limit is 32");
    insta::assert_snapshot!(search(json!({"_source": vec!["a"; 1_001]})), @"400 parsing_exception: `_source`: too many patterns; the limit is 1000");
    let computed: serde_json::Map<String, Json> = (0..33)
        .map(|number| (number.to_string(), json!({"expression": "a"})))
        .collect();
    insta::assert_snapshot!(search(json!({"fields": computed})), @"400 illegal_argument_exception: Trying to retrieve too many computed fields. Must be less than or equal to: [32] but was [33]");
    insta::assert_snapshot!(node.refused("POST", "/films/_mget", &json!({"ids": vec!["1"; 10_001]})), @"400 illegal_argument_exception: the request asks for 10001 documents, and the limit is 10000: send several requests");
    let names = format!("/{}films/_search", "films,".repeat(1_024));
    insta::assert_snapshot!(node.refused("GET", &names, &Json::Null), @"400 illegal_argument_exception: a request names up to 1024 indexes: use a pattern");
}

#[test]
fn many_searches_in_one_request_hold_up_nobody() {
    let node = Node::start();
    let blank = "\n{}\n".repeat(100_000);
    let allowed = "\n{}\n".repeat(1_000);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (status, answer) = send(&node, "POST", "/nosuch/_msearch", &blank);
                assert_eq!(status, 400, "{answer}");
                let reason =
                    "the request has 100000 searches, and the limit is 1000: send several requests";
                assert_eq!(answer["error"]["reason"], reason);
            });
        }
        let allowed = scope.spawn(|| send(&node, "POST", "/nosuch/_msearch", &allowed));
        for _ in 0..10 {
            let started = Instant::now();
            assert_eq!(send(&node, "GET", "/health", "").0, 200);
            assert!(started.elapsed() < Duration::from_millis(500));
        }
        let (status, answer) = allowed.join().expect("it is answered");
        let responses = answer["responses"].as_array().expect("answers");
        assert_eq!((status, responses.len()), (200, 1_000));
        assert!(responses.iter().all(|response| response["status"] == 404));
    });
}

#[test]
fn searches_of_one_request_fail_alone() {
    let node = Node::start();
    assert_eq!(
        send(&node, "PUT", "/films/_doc/1?refresh", r#"{"a": 1}"#).0,
        201
    );
    let terms = vec!["1"; 4_000_000].join(",");
    let body = format!(
        "{{\"index\": \"films\"}}\n{{\"size\": 0}}\n{{}}\n{{\"query\": {{\"terms\": {{\"a\": [{terms}]}}}}}}\n\
         {{\"index\": \"none\"}}\n{{}}\n{{}}\n{{\"qurey\": {{}}}}\n{{}}\n{{}}\n"
    );
    let (status, answer) = send(&node, "POST", "/films/_msearch", &body);
    assert_eq!(status, 200);
    let responses = answer["responses"].as_array().expect("answers").iter();
    let statuses: Vec<u64> = responses
        .map(|response| response["status"].as_u64().expect("a status"))
        .collect();
    assert_eq!(statuses, [200, 413, 404, 400, 200]);
    assert!(answer["took"].is_u64() && answer["responses"][4]["hits"]["total"]["value"] == 1);
}

#[test]
fn updates_whose_documents_come_back_give_back_their_memory_one_by_one() {
    let node = Node::start_with(&["--requests-mb", "64"]);
    let text = "x".repeat(4_000);
    let update = |number: usize| {
        let action = json!({"update": {"_id": "1", "_source": ["n"]}});
        let document = json!({"doc": {"n": number, "text": text}, "doc_as_upsert": true});
        format!("{action}\n{document}\n")
    };
    let lines: String = (0..5_000).map(update).collect();
    let (status, answer) = send(&node, "POST", "/films/_bulk", &lines);
    assert_eq!((status, &answer["errors"]), (200, &json!(false)));
    let last = &answer["items"][4_999]["update"]["get"]["_source"];
    assert_eq!(last, &json!({"n": 4_999}));
}

#[test]
fn a_list_is_not_taken_for_an_object() {
    let node = Node::start();
    let refused = |method, path, body: &str| {
        let (status, answer) = send(&node, method, path, body);
        let error = &answer["error"]["reason"];
        format!("{status} {}", error.as_str().unwrap_or("no reason"))
    };
    insta::assert_snapshot!(refused("PUT", "/films", "[{}, {}, {}]"), @"400 line 1, column 0: invalid type: sequence, expected an object");
    insta::assert_snapshot!(refused("POST", "/none/_mapping?ignore_unavailable=true", "[]"), @"400 `mappings` must be an object, but is a list");
    insta::assert_snapshot!(refused("POST", "/films/_mget", "[[], [\"1\"]]"), @"400 line 1, column 0: invalid type: sequence, expected an object");
    insta::assert_snapshot!(refused("POST", "/films/_mget", "{\"docs\": [[\"films\", \"1\"]]}"), @"400 line 1, column 10: invalid type: sequence, expected an object");
    insta::assert_snapshot!(refused("POST", "/films/_update/1", "[{}, {}]"), @"400 line 1, column 0: invalid type: sequence, expected an object");
    insta::assert_snapshot!(refused("POST", "/films/_bulk", "{\"index\": []}\n{}\n"), @"400 Malformed action/metadata line [1]: invalid type: sequence, expected an object at line 1 column 10");
    insta::assert_snapshot!(refused("POST", "/_mget", "{\"docs\": [{\"_index\": \"films\", \"_id\": \"1\", \"_source\": [[\"a\"], []]}]}"), @"400 line 1, column 65: `_source` must be true, false, a field, a list of fields, or an object with `includes` and `excludes`");
}

#[test]
fn a_bulk_request_of_many_small_operations_is_carried_out_in_steps() {
    let node = Node::start();
    assert_eq!(send(&node, "PUT", "/films/_doc/0", r#"{"a": 1}"#).0, 201);
    let before = memory(&node, "VmRSS");
    // More than a step has room for, on few ids, so that each sees what came before it.
    let mut body = String::new();
    for number in 0..40_000 {
        let id = number % 7;
        body.push_str(&match number % 3 {
            0 => format!("{{\"index\": {{\"_id\": {id}}}}}\n{{\"n\": {number}}}\n"),
            1 => format!(
                "{{\"update\": {{\"_id\": {}}}}}\n{{\"doc\": {{\"u\": {number}}}}}\n",
                (number - 1) % 7
            ),
            _ => "{\"index\": {}}\n{}\n".to_owned(),
        });
    }
    let (status, answer) = send(&node, "POST", "/films/_bulk?refresh=true", &body);
    assert_eq!((status, &answer["errors"]), (200, &json!(false)));
    let items = answer["items"].as_array().expect("items");
    assert_eq!(items.len(), 40_000);
    let seq_nos = items.iter().map(|item| {
        let item = item.as_object().and_then(|item| item.values().next());
        item.and_then(|item| item["_seq_no"].as_u64())
    });
    assert!(seq_nos.eq((1..=40_000).map(Some)));
    insta::assert_snapshot!(items[1], @r#"{"update":{"_index":"films","_id":"0","_version":3,"result":"updated","forced_refresh":true,"_shards":{"total":1,"successful":1,"failed":0},"_seq_no":2,"_primary_term":1,"status":200}}"#);
    for id in 0..7 {
        let indexed = (0..40_000)
            .rev()
            .find(|number| number % 3 == 0 && number % 7 == id);
        let indexed = indexed.expect("one");
        let mut expected = json!({"n": indexed});
        // The update comes right behind it.
        if indexed + 1 < 40_000 {
            expected["u"] = json!(indexed + 1);
        }
        let (_, answer) = send(&node, "GET", &format!("/films/_source/{id}"), "");
        assert_eq!(answer, expected);
    }
    let grown = memory(&node, "VmHWM") - before;
    assert!(grown < 200, "{grown} MiB");
}

#[test]
fn a_bulk_request_whose_answer_has_no_room_writes_nothing() {
    let node = Node::start();
    assert_eq!(send(&node, "PUT", "/films/_doc/1", r#"{"a": 1}"#).0, 201);
    let body = "{\"index\":{}}\n{}\n".repeat(1_000_000);
    let (status, answer) = send(&node, "POST", "/films/_bulk", &body);
    let kind = &answer["error"]["type"];
    assert!(status == 413 || status == 429, "{status}");
    assert_eq!(kind, "circuit_breaking_exception");
    let (_, answer) = send(&node, "POST", "/films/_refresh", "");
    assert_eq!(answer["_shards"]["failed"], 0);
    let (_, answer) = send(&node, "GET", "/films/_count", "");
    assert_eq!(answer["count"], 1);
}

#[test]
fn an_operation_that_is_too_much_is_refused_alone() {
    let node = Node::start();
    let values = vec!["1"; 4_000_000].join(",");
    let body = format!(
        "{{\"index\": {{\"_id\": 1}}}}\n{{\"a\": 1}}\n{{\"index\": {{\"_id\": 2}}}}\n{{\"a\": [{values}]}}\n\
         {{\"update\": {{\"_id\": 1, \"_source\": true}}}}\n{{\"doc\": {{\"b\": 2}}}}\n"
    );
    let (status, answer) = send(&node, "POST", "/films/_bulk?refresh=wait_for", &body);
    assert_eq!((status, &answer["errors"]), (200, &json!(true)));
    let items = &answer["items"];
    assert_eq!(items[0]["index"]["status"], 201);
    assert_eq!(items[1]["index"]["status"], 413);
    assert_eq!(
        items[1]["index"]["error"]["type"],
        "circuit_breaking_exception"
    );
    assert_eq!(
        items[2]["update"]["get"]["_source"],
        json!({"a": 1, "b": 2})
    );
}

#[test]
fn conditions_of_bulk_operations_are_obeyed() {
    let node = Node::start();
    assert_eq!(send(&node, "PUT", "/films/_doc/1", r#"{"a": 1}"#).0, 201);
    let statuses = |action: &str, condition: &str| -> Json {
        let document = if action == "delete" {
            ""
        } else {
            "{\"doc\": {\"a\": 2}}\n"
        };
        let body = format!("{{\"{action}\": {{\"_id\": 1, {condition}}}}}\n{document}");
        let (status, answer) = send(&node, "POST", "/films/_bulk", &body);
        match status {
            200 => answer["items"][0][action]["status"].clone(),
            status => json!([status]),
        }
    };
    for action in ["index", "update", "delete"] {
        for (condition, expected) in [
            ("\"if_seq_no\": 7, \"if_primary_term\": 1", json!(409)),
            (
                "\"if_seq_no\": \"7\", \"if_primary_term\": \"1\"",
                json!(409),
            ),
            ("\"if_seq_no\": 7.0, \"if_primary_term\": 1.0", json!(409)),
            ("\"if_seq_no\": 0, \"if_primary_term\": 2", json!(409)),
            ("\"if_seq_no\": -1, \"if_primary_term\": 1", json!(400)),
            ("\"if_seq_no\": 0", json!(400)),
            ("\"if_seq_no\": [], \"if_primary_term\": 1", json!([400])),
            ("\"if_seq_no\": true, \"if_primary_term\": 1", json!([400])),
        ] {
            assert_eq!(
                statuses(action, condition),
                expected,
                "{action}: {condition}"
            );
        }
    }
    assert_eq!(statuses("index", "\"op_type\": \"create\""), 409);
    assert_eq!(statuses("index", "\"op_type\": \"Create\""), json!([400]));
    assert_eq!(
        statuses("update", "\"if_seq_no\": \"0\", \"if_primary_term\": 1.0"),
        200
    );
}

#[test]
fn names_of_fields_are_bounded_and_so_are_errors_about_them() {
    let node = Node::start();
    assert_eq!(send(&node, "PUT", "/films/_doc/1", r#"{"a": 1}"#).0, 201);
    let long = "n".repeat(4_000_000);
    let dots = vec!["a"; 2_000_000].join(".");
    let deep = vec!["a"; 22].join(".");
    let body = |name: &str| json!({ name: 1 }).to_string();
    let mapping = |name: &str| json!({"properties": {name: {"type": "text"}}}).to_string();
    let bulk = |name: &str| format!("{{\"index\": {{}}}}\n{}\n", body(name));
    for name in [&long, &dots, &deep] {
        for (method, path, body) in [
            ("PUT", "/films/_doc/2", body(name)),
            (
                "POST",
                "/films/_update/1",
                format!("{{\"doc\": {}}}", body(name)),
            ),
            ("POST", "/films/_bulk", bulk(name)),
            ("PUT", "/films/_mapping", mapping(name)),
            (
                "PUT",
                "/other",
                format!("{{\"mappings\": {}}}", mapping(name)),
            ),
            ("PUT", "/films/_mapping", body(name)),
            ("POST", "/films/_search", body(name)),
            (
                "POST",
                "/films/_search",
                format!("{{\"query\": {{\"match\": {}}}}}", json!({name: []})),
            ),
        ] {
            let (status, answer) = send(&node, method, path, &body);
            let status = answer["items"][0]["index"]["status"]
                .as_u64()
                .unwrap_or(status.into());
            assert_eq!(status, 400, "{method} {path}");
            assert!(answer.to_string().len() < 20_000, "{method} {path}");
        }
    }
    insta::assert_snapshot!(node.refused("PUT", "/films/_doc/2", &json!({ &long: 1 })), @"400 illegal_argument_exception: Field name [nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...] is too long. The limit is set to [1024] bytes but was [4000000] bytes");
    // As long as it may be.
    let longest = "n".repeat(1_024);
    assert_eq!(send(&node, "PUT", "/films/_doc/2", &body(&longest)).0, 201);
    // No text that is kept is without a bound.
    let meta = json!({"_meta": {"text": long.repeat(2)}});
    insta::assert_snapshot!(node.refused("PUT", "/films/_mapping", &meta), @"400 illegal_argument_exception: the mapping has 8001087 bytes, and its limit is 4194304: remove `meta`, `_meta` and what fields do not need");
}

#[test]
fn numbers_of_a_million_digits_are_numbers() {
    let node = Node::start();
    let mapping = json!({"mappings": {"properties": {"d": {"type": "date"}, "x": {"type": "double"},
        "l": {"type": "long"}}}});
    assert_eq!(node.ask("PUT", "/films", &mapping).0, 200);
    let digits = "7".repeat(1_000_000);
    let started = Instant::now();
    for (field, value, status) in [
        ("x", format!("0.{digits}"), 201),
        ("x", digits.clone(), 400),
        ("l", digits.clone(), 400),
        ("l", format!("\"{digits}\""), 400),
        ("l", "1e999999999999".to_owned(), 400),
        ("d", digits.clone(), 400),
        ("d", "1e999999999".to_owned(), 400),
        ("d", format!("\"{digits}\""), 400),
        ("d", format!("\"2020-01-01T00:00:00.{digits}Z\""), 400),
        ("new", format!("-0.{digits}e-300"), 201),
    ] {
        let body = format!("{{\"{field}\": {value}}}");
        let (found, answer) = send(&node, "POST", "/films/_doc", &body);
        let start = &value[..value.len().min(20)];
        assert_eq!(found, status, "{field}: {start}: {answer}");
        let search = format!("{{\"query\": {{\"range\": {{\"{field}\": {{\"gt\": {value}}}}}}}}}");
        let (found, answer) = send(&node, "POST", "/films/_search", &search);
        assert!(found == 200 || found == 400, "{field}: {start}: {answer}");
    }
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_refresh_that_fails_is_reported_with_the_write_which_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Node::start_at(folder.path(), &[]);
    let mapping = json!({"settings": {"refresh_interval": "-1"}});
    assert_eq!(node.ask("PUT", "/films", &mapping).0, 200);
    let segments = folder.path().join("data/indexes/films/segments");
    let away = segments.with_file_name("away");
    std::fs::rename(&segments, &away).expect("it can be moved");
    let (status, answer) = send(&node, "PUT", "/films/_doc/1?refresh=true", r#"{"a": 1}"#);
    let reported = |shards: &Json| {
        let numbers = ["total", "successful", "failed"].map(|key| shards[key].clone());
        assert_eq!(numbers, [json!(1), json!(0), json!(1)], "{shards}");
    };
    assert_eq!((status, &answer["result"]), (201, &json!("created")));
    assert_eq!(answer["forced_refresh"], false);
    reported(&answer["_shards"]);
    let failure = &answer["_shards"]["failures"][0];
    assert_eq!(
        (&failure["_index"], &failure["_shard"]),
        (&json!("films"), &json!(0))
    );
    assert!(failure["reason"]["reason"].is_string(), "{failure}");
    let body =
        "{\"index\": {\"_id\": 2}}\n{}\n{\"delete\": {\"_id\": 1}}\n{\"delete\": {\"_id\": 9}}\n";
    let (status, answer) = send(&node, "POST", "/films/_bulk?refresh=wait_for", body);
    assert_eq!((status, &answer["errors"]), (200, &json!(false)));
    let items = &answer["items"];
    assert_eq!(items[0]["index"]["status"], 201);
    assert_eq!(items[1]["delete"]["status"], 200);
    reported(&items[0]["index"]["_shards"]);
    reported(&items[1]["delete"]["_shards"]);
    // The reason is given once.
    assert!(items[0]["index"]["_shards"]["failures"].is_array());
    assert!(items[1]["delete"]["_shards"]["failures"].is_null());
    std::fs::rename(&away, &segments).expect("it can be moved");
    let (status, answer) = send(&node, "PUT", "/films/_doc/3?refresh=true", "{}");
    assert_eq!((status, &answer["forced_refresh"]), (201, &json!(true)));
    let (_, answer) = send(&node, "GET", "/films/_count", "");
    assert_eq!(answer["count"], 2);
}
