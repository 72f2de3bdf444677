//! A node that gets SIGTERM beside clients that never end, and nodes that start at once.

use std::process::Command;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use whittle_tests::{ByHand, Node, whittle};

use crate::arena::{Arena, alone};
use crate::connections::large_documents;
use crate::process::Process;
use crate::target::Target;
use crate::wire::{Connection, request};

/// A node has so long to stop: a search's limit of time, and some more.
const STOPPED: Duration = Duration::from_secs(15);

#[test]
fn sigterm_ends_the_node_whatever_its_clients_do() {
    let arena = Arena::start();
    let target = Target::new(&arena.node);
    arena.node.upload_by_hand(&ByHand {
        evaluate: "(loop (br 0)) (i32.const 512)",
        ..ByHand::default()
    });
    large_documents(&target, "large", 20);
    let endless = json!({"query": {"wasm_udf": {"function": "f"}}}).to_string();
    let trial = json!({"documents": [{}]}).to_string();
    let begun = [
        Vec::new(),
        b"GET /heal".to_vec(),
        b"POST /good/_search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
          Content-Length: 100\r\n\r\n{"
            .to_vec(),
        b"POST /written/_bulk HTTP/1.1\r\nHost: localhost\r\n\
          Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"
            .to_vec(),
        request("GET", "/large/_search?size=20", "", b""),
        request("GET", "/large/_search?size=20", "", b"").repeat(50),
        request("POST", "/good/_search", "", endless.as_bytes()),
        request("POST", "/_udf/by-hand/_test", "", trial.as_bytes()),
    ];
    let connections: Vec<Connection> = begun
        .iter()
        .map(|bytes| {
            let mut connection = Connection::open(target.address).expect("it listens");
            connection.send(bytes).expect("sent");
            connection
        })
        .collect();
    thread::sleep(Duration::from_millis(500));
    target.done("PUT", "/written/_doc/last", r#"{"is": "there"}"#);
    let process = Process(arena.node.id());
    let started = Instant::now();
    arena.node.terminate();
    while process.is_alive() {
        assert!(
            started.elapsed() < STOPPED,
            "it still runs: {}",
            arena.node.log()
        );
        thread::sleep(Duration::from_millis(20));
    }
    drop(connections);
    let folder = arena.data().parent().expect("a folder").to_owned();
    let node = Node::start_at(&folder, &[]);
    let (status, found) = node.ask("GET", "/written/_doc/last", &Json::Null);
    assert_eq!((status, &found["_source"]["is"]), (200, &json!("there")));
}

#[test]
fn of_nodes_that_start_at_once_in_an_empty_folder_one_serves() {
    let _alone = alone();
    for _ in 0..5 {
        let folder = tempfile::tempdir().expect("a folder");
        let started: Vec<_> = thread::scope(|scope| {
            let start = || Node::start_after(folder.path(), "", &[]);
            let nodes: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            let nodes = nodes.into_iter().map(ScopedJoinHandle::join);
            nodes.map(|node| node.expect("no panic")).collect()
        });
        let serving = started.iter().filter(|node| node.is_ok()).count();
        assert_eq!(serving, 1, "of 4 nodes, so many serve one folder");
        let node = started.into_iter().flatten().next().expect("one");
        assert_eq!(node.ask("PUT", "/films/_doc/1", &json!({"a": 1})).0, 201);
    }
}

#[test]
fn the_command_makes_no_index_under_a_running_node() {
    let arena = Arena::start();
    let documents = arena.data().with_file_name("documents.json");
    std::fs::write(&documents, "{\"a\": 1}\n").expect("written");
    for index in ["new", "good"] {
        let output = Command::new(whittle())
            .arg("index")
            .arg("--data")
            .arg(arena.data())
            .arg(index)
            .arg("--docs")
            .arg(&documents)
            .output()
            .expect("the command runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{index}: {text}");
        assert!(text.contains("in use"), "{index}: {text}");
    }
    let nothing = Json::Null;
    assert_eq!(arena.node.ask("GET", "/new", &nothing).0, 404);
    assert_eq!(arena.node.ask("PUT", "/new", &nothing).0, 200);
    assert_eq!(
        arena.node.ask("GET", "/good/_count", &nothing).1["count"],
        500
    );
}
