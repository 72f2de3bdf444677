//! Indexes: selected by patterns, their settings, and tables of them.

use serde_json::{Value as Json, json};
use whittle_tests::Node;

#[test]
fn patterns_select_indexes() {
    let node = Node::start();
    for name in ["films", "logs-1", "logs-2"] {
        assert_eq!(node.ask("PUT", &format!("/{name}"), &Json::Null).0, 200);
    }
    let names = |path: &str| -> Vec<String> {
        let (status, answer) = node.ask("GET", path, &Json::Null);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
            .as_object()
            .expect("indexes")
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(names("/logs-*/_mapping"), ["logs-1", "logs-2"]);
    assert_eq!(names("/*,-logs-1/_settings"), ["films", "logs-2"]);
    assert_eq!(names("/films,none?ignore_unavailable"), ["films"]);
    assert_eq!(names("/none*"), [""; 0]);
    assert_eq!(
        node.ask("GET", "/none*?allow_no_indices=false", &Json::Null)
            .0,
        404
    );
    assert_eq!(
        node.ask("GET", "/logs-*?expand_wildcards=some", &Json::Null)
            .0,
        400
    );
    assert_eq!(node.ask("DELETE", "/logs-*", &Json::Null).0, 200);
    assert_eq!(names("/_all"), ["films"]);
}

#[test]
fn settings_are_obeyed_or_refused_and_outlive_the_node() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut node = Node::start_at(folder.path(), &[]);
    let body = json!({"settings": {"number_of_replicas": 2, "index.refresh_interval": "-1"}});
    assert_eq!(node.ask("PUT", "/films", &body).0, 200);
    let refused = |body: Json| node.refused("PUT", "/other", &body);
    insta::assert_snapshot!(refused(json!({"settings": {"number_of_shards": 5}})), @"400 illegal_argument_exception: [index.number_of_shards] is [5], but this node keeps an index in one shard: leave the setting out, or give 1");
    insta::assert_snapshot!(refused(json!({"aliases": {"a": {}}})), @"400 illegal_argument_exception: aliases are not supported: remove `aliases`");
    let waiting = json!({"settings": {"number_of_replicas": 1}});
    let (status, answer) = node.ask("PUT", "/waiting?wait_for_active_shards=all", &waiting);
    assert_eq!(
        (status, &answer["shards_acknowledged"]),
        (200, &json!(false))
    );
    assert_eq!(
        node.ask("PUT", "/more?wait_for_active_shards=3", &waiting)
            .0,
        400
    );
    assert_eq!(node.ask("DELETE", "/waiting", &Json::Null).0, 200);
    let shown = |node: &Node| {
        let (_, answer) = node.ask("GET", "/films/_settings?flat_settings", &Json::Null);
        answer["films"]["settings"].clone()
    };
    let before = shown(&node);
    assert_eq!(before["index.number_of_replicas"], "2");
    let health = node.ask(
        "GET",
        "/_cluster/health?wait_for_status=yellow",
        &Json::Null,
    );
    assert_eq!((health.0, &health.1["unassigned_shards"]), (200, &json!(2)));
    let beyond = node.ask("GET", "/_cluster/health?wait_for_status=green", &Json::Null);
    assert_eq!((beyond.0, &beyond.1["timed_out"]), (408, &json!(true)));
    node.kill();
    drop(node);
    let node = Node::start_at(folder.path(), &[]);
    assert_eq!(shown(&node), before);
    let fewer = json!({"index": {"number_of_replicas": 0}});
    assert_eq!(node.ask("PUT", "/films/_settings", &fewer).0, 200);
    assert_eq!(shown(&node)["index.number_of_replicas"], "0");
}

#[test]
fn tables_are_text_or_json() {
    let node = Node::start();
    for (id, index) in ["a", "b", "b"].iter().enumerate() {
        let path = format!("/{index}/_doc/{id}?refresh");
        assert_eq!(node.ask("PUT", &path, &json!({"n": 1})).0, 201);
    }
    let table = |path: &str, headers: &str| node.with_headers("GET", path, headers, b"");
    insta::assert_snapshot!(table("/_cat/indices?h=health,i,dc&s=dc:desc&v", "").1, @"
    health i dc
    green  b  2
    green  a  1
    ");
    let json = "Accept: application/json\r\n";
    insta::assert_snapshot!(table("/_cat/indices?h=i,pri,rep&s=i", json).1, @r#"[{"i":"a","pri":"1","rep":"0"},{"i":"b","pri":"1","rep":"0"}]"#);
    insta::assert_snapshot!(table("/_cat/count/b?h=count", "").1, @"2");
    insta::assert_snapshot!(table("/_cat/shards/a?h=index,shard,prirep,state,docs&format=text", json).1, @"a 0 p STARTED 1");
    assert_eq!(table("/_cat/indices?h=colour", "").0, 400);
    assert_eq!(table("/_cat/aliases", "").1, "");
}

#[test]
fn a_merge_leaves_one_segment_without_deleted_documents() {
    let node = Node::start();
    for id in 0..4 {
        let path = format!("/films/_doc/{}?refresh", id % 3);
        assert!(node.ask("PUT", &path, &json!({"n": id})).0 < 300);
    }
    assert_eq!(
        node.ask("POST", "/films/_forcemerge?max_num_segments=1", &Json::Null)
            .0,
        200
    );
    let (_, answer) = node.ask("GET", "/films/_stats", &Json::Null);
    let total = &answer["_all"]["total"];
    assert_eq!(total["segments"]["count"], 1);
    assert_eq!(total["docs"], json!({"count": 3, "deleted": 0}));
    let none = "/films/_forcemerge?max_num_segments=0";
    assert_eq!(node.ask("POST", none, &Json::Null).0, 400);
    let impatient = "/films/_flush?force=true&wait_if_ongoing=false";
    assert_eq!(node.ask("POST", impatient, &Json::Null).0, 400);
}

#[test]
fn fields_are_described_one_by_one() {
    let node = Node::start();
    let mapping = json!({"mappings": {"properties": {
        "title": {"type": "text"}, "by": {"properties": {"name": {"type": "keyword"}}}}}});
    assert_eq!(node.ask("PUT", "/films", &mapping).0, 200);
    let (_, answer) = node.ask("GET", "/films/_mapping/field/by.*,x", &Json::Null);
    let expected = json!({"films": {"mappings": {"by.name": {
        "full_name": "by.name", "mapping": {"name": {"type": "keyword"}}}}}});
    assert_eq!(answer, expected);
    let more = json!({"properties": {"year": {"type": "long"}}});
    assert_eq!(node.ask("PUT", "/films/_mappings", &more).0, 200);
    let (_, answer) = node.ask("GET", "/films/_mappings", &Json::Null);
    assert_eq!(
        answer["films"]["mappings"]["properties"]["year"]["type"],
        "long"
    );
}
