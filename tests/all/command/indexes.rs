//! `whittle index` and `whittle search`: an index on disk or on a node, and a process that is killed
//! while it writes.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use serde_json::{Value as Json, json};
use whittle_host::{Budget, QueryContext};
use whittle_node::index::Index;
use whittle_node::{SearchRequest, Udfs, search};

use super::{Desk, without_numbers};
use whittle_tests::Node;

const INDEX: &str = "index --data data films --docs films.json";

#[test]
fn replaces_documents_by_id_and_searches_them_in_another_process() {
    let desk = Desk::new();
    let index = "index --data data films --docs some.json --id-field title";
    desk.write(
        "some.json",
        r#"[{"title": "Star Wars", "rating": 8.6}, {"title": "Alien"}]"#,
    );
    insta::assert_snapshot!(desk.good(index), @"2 created, 0 replaced, 0 refused");
    desk.write(
        "some.json",
        r#"[{"title": "Star Wars", "rating": 9}, {"title": "Stir Wars"}]"#,
    );
    insta::assert_snapshot!(desk.good(index), @"1 created, 1 replaced, 0 refused");
    let search = "search --data data films --query fuzzy.json";
    let with_file = format!("{search} --udf string-distance.wasm");
    insta::assert_snapshot!(without_numbers(&desk.good(&with_file), &[" ms", " KiB"]), @r"
     score  id         document
    1.0000  Star Wars  title: Star Wars  rating: 9
    1.0000  Stir Wars  title: Stir Wars

    2 hits in N ms
    string_distance: 3 documents in N ms, after N ms to bind and N ms to load columns, 0 errors, N KiB
    ");
    insta::assert_snapshot!(desk.bad(search), @"error: unknown function `string_distance`; no component is loaded: load one, or use a registry");
    desk.good("registry add string-distance.wasm --registry data/registry");
    assert_eq!(
        desk.good(search).lines().next(),
        desk.good(&with_file).lines().next()
    );
    let json: Json = serde_json::from_str(&desk.good(&format!("{search} --json"))).expect("JSON");
    assert_eq!(json["hits"]["total"]["value"], 2);
}

#[test]
fn indexes_and_searches_a_node_like_a_directory() {
    let desk = Desk::new();
    let node = Node::start();
    assert_eq!(node.upload("string-distance").0, 201);
    desk.good("registry add string-distance.wasm --registry data/registry");
    desk.write(
        "types.json",
        r#"{"properties": {"rating": {"type": "long"}}}"#,
    );
    desk.write(
        "some.json",
        r#"[{"title": "Star Wars", "rating": 8}, {"title": "Alien"}, {"title": "Heat", "rating": "x"}]"#,
    );
    desk.write(
        "profile.json",
        r#"{"query": {"match_all": {}}, "profile": true, "aggs": {"best": {"max": {"field": "rating"}}}}"#,
    );
    let output = |place: &str| {
        let index = format!("index {place} films --docs some.json --id-field title");
        let first = desk.run(&format!("{index} --mapping types.json"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let numbers = [" ms", " KiB"];
        let search = |query: &str| {
            let found = desk.good(&format!("search {place} films --query {query}"));
            without_numbers(&found, &numbers)
        };
        let profile = search("profile.json");
        let (hits, _) = profile.split_once("  clause").expect("a profile");
        let hits = hits.rsplit_once('\n').expect("a line").0.to_owned();
        [
            text(&first.stdout),
            text(&first.stderr),
            desk.run(&index).status.to_string(),
            search("fuzzy.json"),
            hits,
        ]
    };
    let directory = output("--data data");
    let server = format!("--server http://{}", node.address);
    assert_eq!(directory, output(&server));
    insta::assert_snapshot!(directory.join("\n"), @r#"
    2 created, 0 replaced, 1 refused

    warning: document 2: failed to parse field [rating] of type [long] in document with id 'Heat'. Preview of field's value: 'x'
    error: 1 document was refused

    exit status: 1
     score  id         document
    1.0000  Star Wars  title: Star Wars  rating: 8

    1 hit in N ms
    string_distance: 2 documents in N ms, after N ms to bind and N ms to load columns, 0 errors, N KiB

     score  id         document
    1.0000  Star Wars  title: Star Wars  rating: 8
    1.0000  Alien      title: Alien

    2 hits in N ms
    {
      "best": {
        "value": 8.0
      }
    }
    "#);

    let server = format!("--server http://{} films", node.address);
    insta::assert_snapshot!(desk.bad(&format!("search {server} --query fuzzy.json --udf string-distance.wasm")), @"error: a node has its own functions: remove `--udf` and `--registry`");
    desk.write(
        "bad.json",
        r#"{"query": {"wasm_udf": {"function": "strong_distance"}}}"#,
    );
    insta::assert_snapshot!(desk.bad(&format!("search {server} --query bad.json")), @"error: unknown function `strong_distance`: did you mean `string_distance`?");
    let exists = desk.bad(&format!(
        "index {server} --docs some.json --mapping types.json"
    ));
    assert!(exists.starts_with("error: index [films/"), "{exists}");
    assert!(exists.ends_with("] already exists"), "{exists}");
    insta::assert_snapshot!(desk.bad("search --server localhost:9200 films --query fuzzy.json"), @"error: invalid node URL `localhost:9200`: expected one such as `http://127.0.0.1:9200`");
    let gone = desk.bad("search --server http://127.0.0.1:1 films --query fuzzy.json");
    assert!(
        gone.starts_with("error: http://127.0.0.1:1/films/_search"),
        "{gone}"
    );
}

#[test]
fn reports_why_an_index_or_a_document_is_refused() {
    let desk = Desk::new();
    desk.write(
        "typed.json",
        r#"{"properties": {"rating": {"type": "long", "coerce": false}}}"#,
    );
    desk.write(
        "bad-type.json",
        r#"{"properties": {"rating": {"type": "decimal"}}}"#,
    );
    desk.write("query.json", r#"{"query": {"match": {"title": "wars"}}}"#);
    insta::assert_snapshot!(desk.bad("search --data data films --query query.json"), @"error: there are no indexes in the directory `data`");
    insta::assert_snapshot!(desk.bad("index --data data Films --docs films.json"), @"error: invalid index name `Films`: use lower-case letters, digits, `-`, `_` and `.`, beginning with a letter or a digit");
    insta::assert_snapshot!(desk.bad("index --data data ../films --docs films.json"), @"error: invalid index name `../films`: use lower-case letters, digits, `-`, `_` and `.`, beginning with a letter or a digit");
    insta::assert_snapshot!(desk.bad(&format!("{INDEX} --mapping bad-type.json")), @r#"error: bad-type.json: the type `decimal` of `properties.rating` is not supported: use another type; the types are `boolean`, `byte`, `short`, `integer`, `long`, `half_float`, `float`, `double`, `scaled_float`, `date`, `keyword`, `text`, `object`"#);
    insta::assert_snapshot!(desk.bad(&format!("{INDEX} --id-field name")), @"error: films.json: document 0 has no id: its field `name` is missing; it must be a string or an integer; nothing was written");
    let output = desk.run(&format!("{INDEX} --mapping typed.json --id-field title"));
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout), @"2 created, 0 replaced, 2 refused");
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stderr), @r"
    warning: document 0: failed to parse field [rating] of type [long] in document with id 'Star Wars'. Preview of field's value: '8.6'
    warning: document 2: failed to parse field [rating] of type [long] in document with id 'Alien'. Preview of field's value: '8.5'
    error: 2 documents were refused
    ");
    insta::assert_snapshot!(desk.bad(&format!("{INDEX} --mapping typed.json")), @"error: the index exists, so `--mapping` cannot be applied: leave it out, or write to a new index");
}

#[test]
fn a_command_leaves_a_directory_alone_that_a_node_is_serving() {
    let desk = Desk::new();
    let node = Node::start_at(&desk.path(""), &[]);
    insta::assert_snapshot!(desk.bad(INDEX), @"error: the directory `data` is in use by another process (a node?): use `--server URL`, or stop it");
    insta::assert_snapshot!(desk.bad("search --data data films --query fuzzy.json"), @"error: the directory `data` is in use by another process (a node?): use `--server URL`, or stop it");
    insta::assert_snapshot!(desk.bad("serve --data data --listen 127.0.0.1:0"), @"error: the directory `data` is in use by another process (a node?)");
    drop(node);
    insta::assert_snapshot!(desk.good(INDEX), @"4 created, 0 replaced, 0 refused");
}

#[test]
fn an_index_needs_a_directory_or_a_node() {
    let desk = Desk::new();
    let output = desk.run("index films --docs films.json");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("<--data <DIR>|--server <URL>>"), "{error}");
}

/// How many times a process is killed.
const ROUNDS: u32 = 50;
const DOCUMENTS: u32 = 4_000;

/// The ids of a round's documents, in the order of writing.
fn ids(round: u32) -> impl Iterator<Item = u32> {
    round * DOCUMENTS..(round + 1) * DOCUMENTS
}

#[test]
fn a_killed_process_keeps_each_acknowledged_document_once() {
    let desk = Desk::new();
    let mut acknowledged: Vec<u32> = Vec::new();
    let mut cut_short = 0;
    for round in 0..ROUNDS {
        let lines =
            ids(round).map(|id| json!({"id": id, "text": format!("text {id}")}).to_string());
        desk.write("docs.json", lines.collect::<Vec<_>>().join("\n"));
        let arguments = "index --data data killed --docs docs.json --id-field id --batch 20 --json";
        let mut command = desk.command(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command runs");
        let stdout = child.stdout.take().expect("it is piped");
        // Kills at a different moment in each round, beginning before the first batch.
        let (batches, after) = (round % 40, Duration::from_millis(u64::from(round) * 7 % 11));
        let (acknowledge, acknowledgements) = channel();
        let created = thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut created = 0;
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    // The last line may be incomplete.
                    if let Ok(line) = serde_json::from_str::<Json>(&line) {
                        created = line["created"].as_u64().expect("a number");
                        acknowledge.send(()).expect("somebody waits");
                    }
                }
                created
            });
            let seen = (0..batches).map_while(|_| acknowledgements.recv().ok());
            assert_eq!(seen.count(), batches as usize, "it wrote to the end");
            thread::sleep(after);
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
            reader.join().expect("no panic")
        });
        let created = usize::try_from(created).expect("few");
        cut_short += u32::from(created > 0 && created < DOCUMENTS as usize);
        acknowledged.extend(ids(round).take(created));
    }
    assert!(
        cut_short > ROUNDS / 2,
        "{cut_short} were killed while they wrote"
    );

    let index = Index::open(&desk.path("data/indexes/killed")).expect("it opens");
    let snapshot = index.snapshot();
    let mut found = HashSet::new();
    let mut request = json!({"sort": ["_doc"], "size": 10_000, "_source": false});
    loop {
        let parsed = SearchRequest::parse(request.to_string().as_bytes()).expect("a search");
        let query = QueryContext::new(Budget::default());
        let udfs = Udfs::new([]).expect("none");
        let page = search(&snapshot, &parsed, &udfs, &query, |_| ()).expect("an answer");
        let Some(last) = page.hits.hits.last() else {
            break;
        };
        request["search_after"] = json!(last.sort);
        for hit in page.hits.hits {
            let id: u32 = hit.id.parse().expect("a number");
            assert!(found.insert(id), "{id} was found twice");
        }
    }
    for id in &acknowledged {
        assert!(found.contains(id), "{id} was acknowledged but is lost");
    }
    assert!(found.iter().all(|id| *id < ROUNDS * DOCUMENTS));
    for id in acknowledged.iter().step_by(97) {
        let stored = index
            .get(&id.to_string())
            .expect("read")
            .expect("it is there");
        let source: Json = serde_json::from_slice(&stored.source).expect("JSON");
        assert_eq!(source["text"], format!("text {id}"));
        assert_eq!(stored.version, 1);
    }
}
