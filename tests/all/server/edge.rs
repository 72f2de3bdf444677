//! Clients that do as they please: silent, slow, endless, many. A good client beside them is served.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use whittle_tests::Node;

/// Opens a connection and sends what it is given.
fn sends(node: &Node, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(&node.address).expect("it listens");
    let limit = Some(Duration::from_secs(60));
    stream.set_read_timeout(limit).expect("it can be set");
    // A node that refuses need not read everything.
    let _ = stream.write_all(bytes);
    stream
}

/// The head of a request with a body of a length.
fn head(node: &Node, path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
        node.address
    )
}

/// What the node sends until it closes the connection.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset is closed too.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The status of an answer.
fn status(answer: &str) -> u16 {
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no answer, but `{answer}`"))
}

fn film(node: &Node) {
    let film = json!({"title": "Star Wars"});
    assert_eq!(node.ask("PUT", "/films/_doc/1?refresh", &film).0, 201);
}

#[test]
fn silent_connections_lock_nobody_out() {
    let node = Node::start_with(&["--connections", "16"]);
    let silent: Vec<TcpStream> = (0..80).map(|_| sends(&node, b"")).collect();
    film(&node);
    assert_eq!(node.ask("GET", "/films/_search", &Json::Null).0, 200);
    assert!(node.metric("whittle_connections ") <= 32.0);
    assert!(node.metric("whittle_connections_closed_total ") >= 48.0);
    drop(silent);
}

#[test]
fn operators_are_served_when_every_connection_is_busy() {
    let node = Node::start_with(&["--connections", "2"]);
    let open = head(&node, "/films/_search", 9) + "{";
    let busy: Vec<TcpStream> = (0..2).map(|_| sends(&node, open.as_bytes())).collect();
    sleep(Duration::from_millis(200));
    assert_eq!(node.ask("GET", "/health", &Json::Null).0, 200);
    assert_eq!(node.metric("whittle_connections_limit "), 2.0);
    insta::assert_snapshot!(node.refused("GET", "/films/_search", &Json::Null), @"429 rejected_execution_exception: too many connections, each with a request under way: try again later");
    drop(busy);
    sleep(Duration::from_millis(200));
    assert_eq!(node.ask("GET", "/films/_search", &Json::Null).0, 404);
}

#[test]
fn bodies_that_never_end_leave_room_for_others() {
    let node = Node::start_with(&["--requests-mb", "8"]);
    film(&node);
    let mut endless: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut bytes = head(&node, "/films/_search", 3 << 20).into_bytes();
            bytes.resize(bytes.len() + (1 << 20), b' ');
            sends(&node, &bytes)
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(node.ask("GET", "/films/_search", &Json::Null).0, 200);
    }
    // Half of the memory is not for large bodies.
    assert!(node.metric("whittle_request_memory_bytes ") <= f64::from(5 << 20));
    assert!(node.metric("whittle_request_memory_refused_total ") >= 15.0);
    let larger = head(&node, "/films/_search", 5 << 20);
    let refused = rest(&mut sends(&node, larger.as_bytes()));
    assert_eq!(status(&refused), 413, "{refused}");
    assert!(refused.contains("larger than 4194304 bytes"), "{refused}");
    endless.clear();
    sleep(Duration::from_millis(300));
    assert_eq!(node.metric("whittle_request_memory_bytes "), 0.0);
}

#[test]
fn what_is_slow_or_silent_is_closed_in_time() {
    let node = Node::start();
    let started = Instant::now();
    let mut silent = sends(&node, b"");
    let mut slow_head = sends(&node, b"GET /health HTTP/1.1\r\nHost: a\r\nX: ");
    let body = head(&node, "/films/_search", 100) + "{";
    let mut slow_body = sends(&node, body.as_bytes());
    assert_eq!(rest(&mut slow_head), "");
    let answer = rest(&mut slow_body);
    assert_eq!(status(&answer), 408);
    assert!(answer.contains("too slowly"), "{answer}");
    let took = started.elapsed().as_secs();
    assert!((8..16).contains(&took), "{took} s");
    assert_eq!(rest(&mut silent), "");
    let took = started.elapsed().as_secs();
    assert!((18..28).contains(&took), "{took} s");
}

#[test]
fn an_answer_that_nobody_reads_is_given_up() {
    let node = Node::start();
    let film = json!({"text": "x".repeat(1 << 20)});
    for id in 0..16 {
        let path = format!("/films/_doc/{id}");
        assert_eq!(node.ask("PUT", &path, &film).0, 201);
    }
    assert_eq!(node.ask("POST", "/films/_refresh", &Json::Null).0, 200);
    let wanted = head(&node, "/films/_search?size=16", 0);
    let mut unread = sends(&node, wanted.as_bytes());
    sleep(Duration::from_secs(36));
    assert!(rest(&mut unread).len() < 16 << 20);
    assert!(node.metric("whittle_connections_closed_total ") >= 1.0);
    assert_eq!(node.metric("whittle_request_memory_bytes "), 0.0);
}

#[test]
fn heads_are_bounded_and_errors_short() {
    let node = Node::start();
    let host = &node.address;
    let asked = |head: String| rest(&mut sends(&node, head.as_bytes()));
    for number in 0..20 {
        let method = format!("M{number}{}", "X".repeat(5000));
        let answer = asked(format!(
            "{method} /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ));
        assert_eq!(status(&answer), 405);
        assert!(answer.len() < 1000, "{answer}");
    }
    let long = |length: usize| "x".repeat(length);
    let address = asked(format!(
        "GET /{} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        long(9000)
    ));
    assert_eq!(status(&address), 414, "{address}");
    let header = asked(format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX: {}\r\n\r\n",
        long(17_000)
    ));
    assert_eq!(status(&header), 431, "{header}");
    assert!(header.contains("the headers have"), "{header}");
    let whole = asked(format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n",
        long(400_000)
    ));
    assert!(whole.is_empty() || status(&whole) == 431, "{whole}");
    let (status, metrics) = node.with_headers("GET", "/metrics", "", b"");
    assert_eq!(status, 200);
    assert!(metrics.contains("method=\"other\""), "{metrics}");
    assert!(!metrics.contains("XX"));
    film(&node);
    let query = json!({"query": {"term": {"title": {long(1 << 20): 1}}}});
    let (status, answer) =
        node.with_headers("POST", "/films/_search", "", query.to_string().as_bytes());
    assert_eq!(status, 400);
    assert!(answer.len() < 16 << 10, "{} bytes", answer.len());
}

#[test]
fn a_node_ends_in_time_whatever_its_clients_do() {
    let mut node = Node::start();
    let body = head(&node, "/films/_search", 100) + "{";
    let _clients = [
        sends(&node, body.as_bytes()),
        sends(&node, b""),
        sends(&node, b"GET /"),
    ];
    sleep(Duration::from_millis(200));
    let started = Instant::now();
    node.terminate();
    assert_eq!(node.wait(), Some(0));
    let took = started.elapsed();
    assert!(took < Duration::from_secs(9), "{took:?}");
}

#[test]
fn a_second_signal_ends_a_node_at_once() {
    let mut node = Node::start();
    let body = head(&node, "/films/_search", 100) + "{";
    let _client = sends(&node, body.as_bytes());
    sleep(Duration::from_millis(200));
    node.terminate();
    sleep(Duration::from_millis(300));
    let started = Instant::now();
    node.terminate();
    assert_eq!(node.wait(), Some(1));
    let took = started.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_browser_reads_nothing_for_another_site() {
    let node = Node::start();
    film(&node);
    let get = |path: &str, headers: &str| node.with_headers("GET", path, headers, b"").0;
    for site in ["cross-site", "same-site"] {
        let headers = format!("Sec-Fetch-Site: {site}\r\n");
        assert_eq!(get("/films/_search", &headers), 403, "{site}");
        assert_eq!(get("/", &headers), 403, "{site}");
        let link = format!("{headers}Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n");
        assert_eq!(get("/", &link), 200, "{site}");
        assert_eq!(get("/films/_search", &link), 403, "{site}");
    }
    for site in ["same-origin", "none"] {
        let headers = format!("Sec-Fetch-Site: {site}\r\n");
        assert_eq!(get("/films/_search", &headers), 200, "{site}");
    }
}
