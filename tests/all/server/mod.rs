//! A node over HTTP, as a program without a client library meets it: statuses, and whole errors.

mod documents;
mod edge;
mod fairness;
mod http;
mod indexes;
mod operating;
mod requests;
mod trials;
mod worlds;

use serde_json::{Value as Json, json};
use whittle_tests::{ByHand, Node};

#[test]
fn every_failure_has_its_status_and_says_what_to_do() {
    let node = Node::start();
    let document = json!({"title": "Star Wars", "rating": 8.6});
    assert_eq!(node.ask("PUT", "/films/_doc/1?refresh", &document).0, 201);
    assert_eq!(node.upload("string-distance").0, 201);
    for (version, evaluate) in [
        ("0.1.0", "(loop (br 0)) (i32.const 512)"),
        ("0.2.0", "unreachable"),
    ] {
        node.upload_by_hand(&ByHand {
            version,
            evaluate,
            ..ByHand::default()
        });
    }
    let search = |body: Json| node.refused("POST", "/films/_search", &body);
    let udf = |function: &str, params: Json| {
        search(json!({"query": {"wasm_udf": {"function": function, "params": params}}}))
    };
    let nothing = Json::Null;
    insta::assert_snapshot!(node.refused("GET", "/none/_search", &nothing), @"404 index_not_found_exception: no such index [none]");
    insta::assert_snapshot!(node.refused("GET", "/films/_search?colour=red", &nothing), @"400 illegal_argument_exception: request [/films/_search] contains unrecognized parameter: [colour]");
    insta::assert_snapshot!(node.refused("GET", "/films/_search?q=star", &nothing), @"400 parsing_exception: `q` is not supported: there are no query strings in the address; put a `match` query in the body");
    insta::assert_snapshot!(node.refused("GET", "/films/_search?size=many", &nothing), @r#"400 parsing_exception: `size` must be an integer from 0 to 10000, but is "many""#);
    insta::assert_snapshot!(node.refused("PATCH", "/a/b/c/d", &nothing), @"404 illegal_argument_exception: no handler found for uri [/a/b/c/d] and method [PATCH]");
    insta::assert_snapshot!(node.refused("PATCH", "/films", &nothing), @"405 illegal_argument_exception: incorrect HTTP method for uri [/films] and method [PATCH]");
    insta::assert_snapshot!(node.refused("PUT", "/Films", &nothing), @"400 invalid_index_name_exception: Invalid index name [Films], must be lowercase");
    let exists = node.refused("PUT", "/films", &nothing);
    let start = "400 resource_already_exists_exception: index [films/";
    assert!(exists.starts_with(start), "{exists}");
    insta::assert_snapshot!(node.refused("PUT", "/other", &json!({"mapping": {}})), @"400 parsing_exception: line 1, column 10: unknown field `mapping`, expected one of `mappings`, `settings`, `aliases`");
    insta::assert_snapshot!(node.refused("PUT", "/other", &json!({"mappings": {"properties": {"a": {"type": "x"}}}})), @"400 mapper_parsing_exception: the type `x` of `properties.a` is not supported: use another type; the types are `boolean`, `byte`, `short`, `integer`, `long`, `half_float`, `float`, `double`, `scaled_float`, `date`, `keyword`, `text`, `object`");
    insta::assert_snapshot!(node.refused("PUT", "/films/_create/1", &document), @"409 version_conflict_engine_exception: the document `1` is there already, in version 1: give it another id, or index it");
    insta::assert_snapshot!(node.refused("PUT", "/films/_doc/2", &json!({"rating": "good"})), @"400 mapper_parsing_exception: failed to parse field [rating] of type [double] in document with id '2'. Preview of field's value: 'good'");
    insta::assert_snapshot!(node.refused("PUT", "/films/_doc/1?if_seq_no=9&if_primary_term=1", &document), @"409 version_conflict_engine_exception: the document `1` must have the sequence number 9, but has 0: read it again");
    insta::assert_snapshot!(node.refused("POST", "/films/_update/2", &json!({"doc": {}})), @"404 document_missing_exception: there is no document `2` to update: index it");
    insta::assert_snapshot!(node.refused("POST", "/films/_update/1", &json!({"script": "x"})), @"400 illegal_argument_exception: scripts are not supported: give the changed fields as `doc`");
    insta::assert_snapshot!(search(json!({"qurey": {}})), @"400 parsing_exception: unknown key `qurey`; expected one of `_source`, `aggregations`, `aggs`, `docvalue_fields`, `explain`, `fields`, `from`, `min_score`, `post_filter`, `profile`, `query`, `rescore`, `script_fields`, `search_after`, `seq_no_primary_term`, `size`, `sort`, `stored_fields`, `terminate_after`, `timeout`, `track_scores`, `track_total_hits`, `version`");
    insta::assert_snapshot!(search(json!({"query": {"term": {"rating": "good"}}})), @r#"400 query_shard_exception: `query.term.rating`: `"good"` is not a valid `double` for the field `rating`; expected a number"#);
    insta::assert_snapshot!(search(json!({"query": {"expression": "ratink > 1"}})), @"400 parsing_exception: in `query.expression`: expression, column 1: unknown column `ratink`: did you mean `rating`?");
    insta::assert_snapshot!(udf("string_distanse", json!({})), @"400 illegal_argument_exception: unknown function `string_distanse`: did you mean `string_distance`?");
    insta::assert_snapshot!(udf("string_distance@2", json!({})), @"400 illegal_argument_exception: no version matches `string_distance@2`: registered are 0.1.0");
    insta::assert_snapshot!(udf("string_distance", json!({"field": "title"})), @"400 illegal_argument_exception: function `string_distance`: missing parameter `target` (text): The text that it is compared with.");
    insta::assert_snapshot!(udf("f@0.2.0", json!({})), @"422 udf_exception: function `f` was stopped at document `1`: the guest trapped: wasm `unreachable` instruction executed");
    let endless = udf("f@0.1.0", json!({}));
    assert!(endless.starts_with("408 timeout_exception: "), "{endless}");
    insta::assert_snapshot!(node.refused("PUT", "/_udf", &json!("no component")), @r#"422 udf_exception: not a valid WebAssembly component: it does not begin with the bytes `\0asm`"#);
    insta::assert_snapshot!(node.refused("DELETE", "/_udf/by-hand/9.0.0", &nothing), @"404 udf_not_found_exception: no such UDF `by-hand@9.0.0`");
    insta::assert_snapshot!(node.refused("GET", "/_udf/none", &nothing), @"404 udf_not_found_exception: no such UDF `none`");
    // After all that, it answers.
    assert_eq!(node.ask("GET", "/films/_count", &nothing).1["count"], 1);
}

#[test]
fn a_second_component_with_the_same_function_makes_its_bare_name_ambiguous() {
    let node = Node::start();
    let document = json!({"title": "Star Wars"});
    assert_eq!(node.ask("PUT", "/films/_doc/1?refresh", &document).0, 201);
    let upload = |name: &str| {
        let guest = ByHand {
            name,
            ..ByHand::default()
        };
        let (status, answer) = node.with_headers("PUT", "/_udf", "", &guest.component());
        assert_eq!(status, 201, "{answer}");
        let answer: Json = serde_json::from_str(&answer).expect("JSON");
        answer["ambiguous"].clone()
    };
    let body = |function: &str| json!({"query": {"wasm_udf": {"function": function}}});
    let search = |function: &str| node.ask("POST", "/films/_search", &body(function));
    assert_eq!(upload("one"), json!({}));
    assert_eq!(search("f").0, 200);
    assert_eq!(upload("two"), json!({"f": ["one.f", "two.f"]}));
    insta::assert_snapshot!(node.refused("POST", "/films/_search", &body("f")), @"400 illegal_argument_exception: several components have a function `f`: use `one.f` or `two.f`");
    let warned = "several components have a function: queries must name one of them";
    assert!(node.log().contains(warned), "{}", node.log());
    for function in ["one.f", "two.f", "two.f@0.1.0"] {
        let (status, answer) = search(function);
        let name = function.split('@').next();
        assert_eq!(
            (status, answer["udf"][0]["function"].as_str()),
            (200, name),
            "{answer}"
        );
    }
    let disabled = node.ask("POST", "/_udf/one/0.1.0/_disable", &Json::Null);
    assert_eq!(disabled.0, 200);
    assert_eq!(search("f").0, 200, "only `two` is left");
}

#[test]
fn a_version_is_registered_disabled_and_deleted() {
    let node = Node::start();
    let nothing = Json::Null;
    assert_eq!(node.upload("string-distance").0, 201);
    // The same again changes nothing.
    assert_eq!(node.upload("string-distance").0, 201);
    let (_, answer) = node.ask("GET", "/_udf", &nothing);
    let function = &answer["udfs"][0]["manifest"]["functions"][0];
    assert_eq!(function["name"], "string_distance");
    assert_eq!(function["parameters"][2]["default"], 2);
    let (_, answer) = node.ask("GET", "/_udf/string-distance", &nothing);
    let version = answer["versions"][0]["version"]
        .as_str()
        .expect("a version")
        .to_owned();
    let at = format!("/_udf/string-distance/{version}");
    assert_eq!(node.ask("GET", &at, &nothing).1["enabled"], true);
    assert_eq!(
        node.ask(
            "PUT",
            "/films/_doc/1?refresh",
            &json!({"title": "Star Wars"})
        )
        .0,
        201
    );
    let query = json!({"query": {"wasm_udf": {"function": "string_distance",
        "params": {"field": "title", "target": "Star Wars"}}}});
    let hits = || node.ask("GET", "/films/_search", &query);
    assert_eq!(hits().1["hits"]["total"]["value"], 1);
    assert_eq!(node.ask("POST", &format!("{at}/_disable"), &nothing).0, 200);
    insta::assert_snapshot!(node.refused("GET", "/films/_search", &query), @"400 illegal_argument_exception: function `string_distance` cannot be used: string-distance@0.1.0 is disabled");
    assert_eq!(node.ask("POST", &format!("{at}/_enable"), &nothing).0, 200);
    assert_eq!(hits().0, 200);
    let (_, statistics) = node.ask("GET", "/_udf/_stats", &nothing);
    assert_eq!(statistics["functions"][0]["documents"], 2);
    assert_eq!(node.ask("DELETE", &at, &nothing).0, 200);
    assert_eq!(node.ask("GET", &at, &nothing).0, 404);
}

#[test]
fn what_another_sites_page_sends_is_refused() {
    let node = Node::start();
    let own = format!("Origin: http://{}\r\n", node.address);
    assert_eq!(node.with_headers("PUT", "/mine", &own, b"").0, 200);
    for headers in [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Host: evil.example\r\n",
        "Host: evil.example\r\nOrigin: http://evil.example\r\n",
    ] {
        let (status, answer) = node.with_headers("DELETE", "/mine", headers, b"");
        assert_eq!(status, 403, "{headers}: {answer}");
    }
    assert_eq!(node.ask("GET", "/mine", &Json::Null).0, 200);
}

#[test]
fn a_bulk_request_answers_for_each_of_its_lines() {
    let node = Node::start();
    let lines = concat!(
        "{\"index\": {\"_id\": 7}}\n{\"a\": 1}\n",
        "{\"create\": {\"_id\": \"7\"}}\n{\"a\": 2}\n",
        "{\"update\": {\"_id\": \"7\"}}\n{\"doc\": {\"b\": true}}\n",
        "{\"delete\": {\"_id\": \"8\"}}\n",
        "{\"index\": {\"_index\": \"Bad\"}}\n{}\n",
        "{\"index\": {}}\n{\"a\": \"x\"}\n",
    );
    let (status, answer) =
        node.with_headers("POST", "/of/_bulk?refresh=true", "", lines.as_bytes());
    assert_eq!(status, 200);
    let answer: Json = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["errors"], true);
    let items = answer["items"].as_array().expect("a list").iter();
    let statuses: Vec<(String, u64)> = items
        .map(|item| {
            let (action, answer) = item
                .as_object()
                .expect("an object")
                .iter()
                .next()
                .expect("one");
            (action.clone(), answer["status"].as_u64().expect("a number"))
        })
        .collect();
    let expected = [
        ("index", 201),
        ("create", 409),
        ("update", 200),
        ("delete", 404),
        ("index", 400),
        ("index", 400),
    ];
    assert_eq!(
        statuses,
        expected.map(|(action, status)| (action.to_owned(), status))
    );
    assert_eq!(
        node.ask("GET", "/of/_source/7", &Json::Null).1,
        json!({"a": 1, "b": true})
    );
    for (lines, reason) in [
        (
            "{\"index\": {}}\n",
            "line 1: the action has no document after it",
        ),
        (
            "{\"index\": {}\n{}\n",
            "line 1, column 12: broken JSON: EOF while parsing an object",
        ),
        (
            "{\"drop\": {}}\n",
            "Malformed action/metadata line [1]: unknown variant `drop`, expected one of `index`, `create`, `update`, `delete` at line 1 column 7",
        ),
    ] {
        let (status, answer) = node.with_headers("POST", "/of/_bulk", "", lines.as_bytes());
        let answer: Json = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(
            (status, answer["error"]["reason"].as_str()),
            (400, Some(reason))
        );
    }
}
