//! A node that is killed while clients write.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use whittle_tests::Node;

/// How often it is killed.
const ROUNDS: u32 = 50;
/// Clients that write at once.
const CLIENTS: u32 = 3;
/// Documents of one request.
const BATCH: u32 = 20;

/// How long it may take until some batches are written.
const PATIENCE: Duration = Duration::from_secs(30);

/// A bulk request: every other document gets its id from the node.
fn bulk(keys: std::ops::Range<u32>) -> String {
    let document = |key: u32| {
        let action = match key % 2 {
            0 => json!({"create": {"_id": format!("id-{key}")}}),
            _ => json!({"index": {}}),
        };
        format!(
            "{action}\n{}\n",
            json!({"key": key, "text": format!("text {key}")})
        )
    };
    keys.map(document).collect()
}

/// The answer of a request over a connection that may end at any time.
fn answer(address: &str, body: &str) -> Option<Json> {
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!(
        "POST /killed/_bulk HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-ndjson\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

/// Writes until the node is gone, and gives the keys that were acknowledged.
fn write(address: &str, next: &AtomicU32, batches: &AtomicU32) -> Vec<u32> {
    let mut acknowledged = Vec::new();
    loop {
        let first = next.fetch_add(BATCH, Ordering::Relaxed);
        let keys = first..first + BATCH;
        let Some(answer) = answer(address, &bulk(keys.clone())) else {
            return acknowledged;
        };
        let items = answer["items"].as_array().expect("a list");
        for (key, item) in keys.zip(items) {
            let item = item.get("create").or(item.get("index"));
            assert_eq!(item.expect("an action")["status"], 201, "{answer}");
            acknowledged.push(key);
        }
        batches.fetch_add(1, Ordering::Relaxed);
    }
}

/// How often each key is there.
fn found(node: &Node) -> HashMap<u32, u32> {
    let mut found = HashMap::new();
    let mut request = json!({"sort": ["_doc"], "size": 10_000, "_source": ["key"]});
    loop {
        let (status, answer) = node.ask("POST", "/killed/_search", &request);
        assert_eq!(status, 200, "{answer}");
        let hits = answer["hits"]["hits"].as_array().expect("hits");
        let Some(last) = hits.last() else {
            return found;
        };
        request["search_after"] = last["sort"].clone();
        for hit in hits {
            let key = hit["_source"]["key"].as_u64().expect("a number");
            *found.entry(key as u32).or_default() += 1;
        }
    }
}

#[test]
fn every_acknowledged_write_is_there_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let next = AtomicU32::new(0);
    let mut acknowledged = Vec::new();
    let mut cut_short = 0;
    for round in 0..ROUNDS {
        let mut node = Node::start_at(folder.path(), &[]);
        let before = acknowledged.len();
        let (address, batches) = (node.address.clone(), AtomicU32::new(0));
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| scope.spawn(|| write(&address, &next, &batches)))
                .collect();
            // Moments that differ from round to round, from before the first batch on.
            let started = Instant::now();
            while batches.load(Ordering::Relaxed) < round % 25 && started.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(Duration::from_millis(u64::from(round) * 7 % 11));
            node.kill();
            for client in clients {
                acknowledged.extend(client.join().expect("no panic"));
            }
        });
        cut_short += u32::from(acknowledged.len() > before);
    }
    assert!(
        cut_short > ROUNDS / 2,
        "{cut_short} were killed while they wrote"
    );

    let node = Node::start_at(folder.path(), &[]);
    assert_eq!(node.ask("POST", "/killed/_refresh", &Json::Null).0, 200);
    let found = found(&node);
    for key in &acknowledged {
        assert!(
            found.contains_key(key),
            "{key} was acknowledged, and is gone"
        );
    }
    assert!(
        found.values().all(|times| *times == 1),
        "none is there twice"
    );
    let written = next.load(Ordering::Relaxed);
    assert!(found.keys().all(|key| *key < written));
    let count = node.ask("GET", "/killed/_count", &Json::Null).1;
    assert_eq!(count["count"], found.len());
}
