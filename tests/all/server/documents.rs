//! Documents: conditions, updates and what is read of them, over HTTP.

use serde_json::{Value as Json, json};
use whittle_tests::Node;

#[test]
fn a_write_happens_on_its_conditions() {
    let node = Node::start();
    let put = |path: &str| node.ask("PUT", path, &json!({"a": 1})).0;
    let refused = |path: &str| node.refused("PUT", path, &json!({"a": 1}));
    assert_eq!(put("/films/_doc/1?refresh=true&op_type=create"), 201);
    assert_eq!(put("/films/_doc/1?if_seq_no=0&if_primary_term=1"), 200);
    assert_eq!(put("/films/_doc/1?op_type=CREATE"), 409);
    assert_eq!(put("/films/_doc/1?if_seq_no=0&if_primary_term=1"), 409);
    assert_eq!(
        put("/films/_doc/1?pipeline=_none&routing=a&timeout=5s"),
        200
    );
    insta::assert_snapshot!(refused("/films/_doc/1?if_seq_no=2&if_primary_term=7"), @"409 version_conflict_engine_exception: the document `1` must have the sequence number 2, of the primary term 7, but has 2 of 1: read it again");
    insta::assert_snapshot!(refused("/films/_doc/1?if_seq_no=2"), @"400 action_request_validation_exception: Validation Failed: 1: ifSeqNo is set, but primary term is [0];");
    insta::assert_snapshot!(refused("/films/_doc/1?if_seq_no=-1&if_primary_term=1"), @"400 illegal_argument_exception: sequence numbers must be non negative. got [-1].");
    insta::assert_snapshot!(refused("/films/_doc/1?op_type=upsert"), @"400 illegal_argument_exception: opType must be 'create' or 'index', found: [upsert]");
    insta::assert_snapshot!(refused("/films/_doc/1?version=3"), @"400 action_request_validation_exception: Validation Failed: 1: internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and `if_primary_term` instead;");
    insta::assert_snapshot!(refused("/films/_doc/1?pipeline=mine"), @"400 illegal_argument_exception: pipeline with id [mine] does not exist");
    insta::assert_snapshot!(refused("/films/_doc/1?require_alias"), @"404 index_not_found_exception: no such index [films] and [require_alias] request flag is [true] and [films] is not an alias");
    insta::assert_snapshot!(refused("/films/_doc/1?wait_for_active_shards=2"), @"503 unavailable_shards_exception: [films][0] Not enough active copies to meet shard count of [2] (have 1, needed 2): this node holds one copy, and there are no others");
    insta::assert_snapshot!(refused("/films/_doc/1?refresh=soon"), @"400 illegal_argument_exception: Unknown value for refresh: [soon].");
    assert_eq!(put("/films/_doc/1?wait_for_active_shards=all"), 200);
}

#[test]
fn an_update_merges_upserts_and_shows_what_it_left() {
    let node = Node::start();
    let update = |body: &str, parameters: &str| {
        let path = format!("/films/_update/1?{parameters}");
        let (status, answer) = node.with_headers("POST", &path, "", body.as_bytes());
        (status, answer)
    };
    let body = r#"{"doc": {"a": 1}, "upsert": {"n": 12345678901234567890123}}"#;
    let (status, answer) = update(body, "_source=true&refresh=true");
    insta::assert_snapshot!(answer, @r#"{"_index":"films","_id":"1","_version":1,"result":"created","forced_refresh":true,"_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"get":{"_seq_no":0,"_primary_term":1,"found":true,"_source":{"n": 12345678901234567890123}}}"#);
    assert_eq!(status, 201);
    let (_, answer) = update(body, "_source_includes=n");
    assert!(
        answer.contains(r#""_source":{"n":12345678901234567890123}"#),
        "{answer}"
    );
    let (_, answer) = update(body, "");
    insta::assert_snapshot!(answer, @r#"{"_index":"films","_id":"1","_version":2,"result":"noop","_shards":{"total":0,"successful":0,"failed":0},"_seq_no":1,"_primary_term":1}"#);
    let (_, answer) = update(
        r#"{"doc": {"a": 1}, "detect_noop": false}"#,
        "retry_on_conflict=3",
    );
    assert!(answer.contains(r#""result":"updated""#), "{answer}");
    let refused = |body: Json| node.refused("POST", "/films/_update/1", &body);
    insta::assert_snapshot!(refused(json!({"script": "x"})), @"400 illegal_argument_exception: scripts are not supported: give the changed fields as `doc`");
    insta::assert_snapshot!(refused(json!({"doc_as_upsert": true})), @"400 action_request_validation_exception: Validation Failed: 1: script or doc is missing;");
}

#[test]
fn a_document_is_read_in_parts_and_as_searches_see_it() {
    let node = Node::start();
    let put = |body: Json| node.ask("PUT", "/films/_doc/1", &body).0;
    let manual = json!({"settings": {"refresh_interval": "-1"}});
    assert_eq!(node.ask("PUT", "/films", &manual).0, 200);
    put(json!({"a": {"b": 1, "c": 2}, "d": 3}));
    let get = |parameters: &str| {
        let path = format!("/films/_doc/1?{parameters}");
        node.ask("GET", &path, &Json::Null)
    };
    assert_eq!(get("realtime=false").0, 404);
    assert_eq!(get("realtime=false&refresh=true").0, 200);
    assert_eq!(
        get("_source=a.b,d").1["_source"],
        json!({"a": {"b": 1}, "d": 3})
    );
    assert_eq!(
        get("_source_includes=a&_source_excludes=*.c").1["_source"],
        json!({"a": {"b": 1}})
    );
    assert_eq!(get("_source=false").1.get("_source"), None);
    assert_eq!(get("stored_fields=_none_").1.get("_source"), None);
    assert_eq!(get("stored_fields=a").0, 400);
    assert_eq!(get("version=1").0, 200);
    assert_eq!(get("version=2").0, 409);
    let (status, answer) = node.ask(
        "POST",
        "/_mget",
        &json!({"docs": [
            {"_index": "films", "_id": 1, "_source": ["d"]},
            {"_index": "films", "_id": "2"},
            {"_index": "none", "_id": "1"},
        ]}),
    );
    assert_eq!(status, 200);
    assert_eq!(answer["docs"][0]["_source"], json!({"d": 3}));
    assert_eq!(answer["docs"][1]["found"], false);
    assert_eq!(
        answer["docs"][2]["error"]["type"],
        "index_not_found_exception"
    );
}

#[test]
fn what_is_empty_is_no_field_that_a_strict_mapping_lacks() {
    let node = Node::start();
    let mapping = json!({"mappings": {"dynamic": "strict", "properties": {
        "n": {"type": "long"}, "o": {"properties": {"a": {"type": "long"}}}}}});
    assert_eq!(node.ask("PUT", "/films", &mapping).0, 200);
    for document in [
        json!({"n": []}),
        json!({"n": null, "o": {}}),
        json!({"o": [null, {"a": []}]}),
    ] {
        let (status, answer) = node.ask("PUT", "/films/_doc/1", &document);
        assert!(status < 300, "{document}: {answer}");
    }
    let refused = |document: Json| node.refused("PUT", "/films/_doc/1", &document);
    for empty in [
        json!(null),
        json!([]),
        json!({}),
        json!([null]),
        json!([{}]),
    ] {
        assert_eq!(
            refused(json!({"z": empty})),
            "400 strict_dynamic_mapping_exception: mapping set to strict, dynamic introduction of [z] within [_doc] is not allowed"
        );
    }
    insta::assert_snapshot!(refused(json!({"n": {}})), @"400 mapper_parsing_exception: failed to parse field [n] of type [long] in document with id '1'. Preview of field's value: '{}'");
    insta::assert_snapshot!(refused(json!({"n": {"x": null}})), @"400 mapper_parsing_exception: failed to parse field [n] of type [long] in document with id '1'. Preview of field's value: '{x=null}'");
}
