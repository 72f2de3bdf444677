//! Connections that say nothing, too little, too slowly or too much, and answers that nobody reads.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use crate::arena::{Arena, Bounds, USUAL};
use crate::target::Target;
use crate::wire::{Connection, request};

/// Memory that connections may take: not what requests may.
const CONNECTIONS: Bounds = Bounds {
    memory_mb: 120,
    kept_mb: 90,
    ..USUAL
};

pub(crate) fn silence(target: &Target<'_>) {
    let connections = target.connections(1_500);
    thread::sleep(Duration::from_millis(1_000));
    drop(connections);
}

#[test]
fn silent_connections_cost_little() {
    Arena::start().attack("1,500 silent connections", CONNECTIONS, silence);
}

/// Starts of requests, which never go on.
pub(crate) fn half_heads(target: &Target<'_>) {
    let half = format!("GET /good HTTP/1.1\r\nX-Long: {}", "x".repeat(8_000));
    let mut connections = target.connections(800);
    for connection in &mut connections {
        // The node may have closed it.
        let _ = connection.send(half.as_bytes());
    }
    thread::sleep(Duration::from_millis(1_000));
}

#[test]
fn heads_that_never_end_cost_little() {
    Arena::start().attack("800 halves of a head", CONNECTIONS, half_heads);
}

/// As [`half_heads`], but large ones, as far as the node reads them.
pub(crate) fn large_half_heads(target: &Target<'_>) {
    let line = format!("X-Long: {}\r\n", "x".repeat(5_000));
    let half = format!("GET /good HTTP/1.1\r\n{}", line.repeat(80));
    let mut connections = target.connections(400);
    for connection in &mut connections {
        let patience = Some(Duration::from_millis(200));
        let _ = connection.stream().set_write_timeout(patience);
        let _ = connection.send(half.as_bytes());
    }
    thread::sleep(Duration::from_millis(500));
}

#[test]
fn large_heads_that_never_end_cost_little() {
    Arena::start().attack("400 heads of 400 KB", CONNECTIONS, large_half_heads);
}

/// Connections that were busy before they fell silent, and whose buffers are large.
pub(crate) fn silence_after_work(target: &Target<'_>) {
    let body = format!("{}{{}}", " ".repeat(500_000));
    let bytes = request("POST", "/good/_count", "", body.as_bytes());
    let mut connections = target.connections(400);
    for connection in &mut connections {
        let _ = connection.send(&bytes);
        let _ = connection.answer();
    }
    thread::sleep(Duration::from_millis(500));
}

#[test]
fn connections_that_were_busy_cost_little() {
    let name = "400 connections that were busy";
    Arena::start().attack(name, CONNECTIONS, silence_after_work);
}

/// A byte now and then, so that the connection is never idle.
pub(crate) fn slow_heads(target: &Target<'_>) {
    let mut connections = target.connections(200);
    for byte in b"GET /good HTTP/1.1\r\nHost: x" {
        for connection in &mut connections {
            let _ = connection.send(&[*byte]);
        }
        thread::sleep(Duration::from_millis(40));
    }
}

#[test]
fn slow_heads_keep_nobody_waiting() {
    Arena::start().attack("200 slow heads", CONNECTIONS, slow_heads);
}

/// A connection is closed that falls silent, whatever it said so far.
#[test]
fn a_silent_connection_is_closed() {
    let arena = Arena::start();
    let starts: [(&str, &[u8]); 4] = [
        ("nothing", b""),
        ("half a line", b"GET /heal"),
        (
            "half a head",
            b"GET /health HTTP/1.1\r\nHost: localhost\r\n",
        ),
        (
            "half a body",
            b"POST /good/_search HTTP/1.1\r\nHost: localhost\r\n\
            Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        ),
    ];
    let bounds = Bounds {
        seconds: 30,
        ..CONNECTIONS
    };
    arena.attack("connections that fall silent", bounds, |target| {
        thread::scope(|scope| {
            for (what, start) in starts {
                scope.spawn(move || {
                    let mut connection = Connection::open(target.address).expect("it listens");
                    connection.send(start).expect("sent");
                    let stream = connection.stream();
                    let patience = Some(Duration::from_secs(30));
                    stream.set_read_timeout(patience).expect("set");
                    let ended = stream.read_to_end(&mut Vec::new());
                    assert!(ended.is_ok(), "{what}: {ended:?}");
                });
            }
        });
    });
}

/// More connections than the node may open files.
#[test]
fn a_node_with_few_files_serves_others_beside_silent_connections() {
    let arena = Arena::start_after("ulimit -n 64", &[]);
    arena.attack(
        "80 silent connections and 64 files",
        CONNECTIONS,
        |target| {
            let connections = target.connections(80);
            thread::sleep(Duration::from_millis(1_500));
            drop(connections);
        },
    );
}

/// Connections that come and go, half of them by a reset in the middle of an answer.
pub(crate) fn churn(target: &Target<'_>) {
    let ask = request("GET", "/good/_search?size=200", "", b"");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for turn in 0..500 {
                    let Ok(mut stream) = TcpStream::connect(target.address) else {
                        continue;
                    };
                    if turn % 2 == 0 {
                        let _ = stream.write_all(&ask);
                        // Closed with bytes that were not read: the system sends a reset.
                        let _ = stream.read(&mut [0]);
                    }
                }
            });
        }
    });
}

#[test]
fn connections_that_come_and_go_leave_nothing() {
    Arena::start().attack("2,000 short connections", CONNECTIONS, churn);
}

/// Many requests in one write; the answers are read late, or never.
pub(crate) fn pipelines(target: &Target<'_>) {
    let many = request("GET", "/good/_doc/1", "", b"").repeat(10_000);
    thread::scope(|scope| {
        for reads in [true, false] {
            let many = &many;
            scope.spawn(move || {
                let Ok(mut connection) = Connection::open(target.address) else {
                    return;
                };
                let patience = Some(Duration::from_secs(2));
                connection
                    .stream()
                    .set_write_timeout(patience)
                    .expect("set");
                let _ = connection.send(many);
                thread::sleep(Duration::from_millis(500));
                let answers = (0..100).map(|_| connection.answer());
                let count = if reads { 100 } else { 0 };
                for answer in answers.take(count) {
                    let answer = answer.expect("an answer");
                    assert_eq!(answer.json()["_id"], "1", "{}", answer.start());
                }
            });
        }
    });
}

#[test]
fn ten_thousand_requests_in_one_write_are_answered_in_turn() {
    Arena::start().attack("10,000 requests in a write", CONNECTIONS, pipelines);
}

/// Documents of a megabyte, for large answers.
pub(crate) fn large_documents(target: &Target<'_>, index: &str, count: usize) {
    if target.ask("GET", &format!("/{index}"), "").status == 200 {
        return;
    }
    let mapping = r#"{"mappings": {"properties": {"body": {"type": "text", "index": false},
        "title": {"type": "keyword"}}}}"#;
    target.done("PUT", &format!("/{index}"), mapping);
    for number in 0..count {
        let body = format!("{number} ").repeat(1 << 18);
        let document = format!(r#"{{"title": "t{number}", "body": "{body}"}}"#);
        target.done("PUT", &format!("/{index}/_doc/{number}"), document);
    }
    target.done("POST", &format!("/{index}/_refresh"), "");
}

/// Answers of 10 MB and more, which nobody reads.
pub(crate) fn unread(target: &Target<'_>) {
    large_documents(target, "large", 20);
    let ask = request("GET", "/large/_search?size=20", "", b"");
    // As many as searches run at once: others would be refused, and the good client with them.
    let mut connections = target.connections(28);
    for connection in &mut connections {
        let _ = connection.send(&ask);
    }
    thread::sleep(Duration::from_millis(3_000));
}

#[test]
fn answers_that_nobody_reads_are_bounded() {
    Arena::start().attack("28 unread answers of 14 MB", USUAL, unread);
}

/// As [`unread`], but each reads a little now and then.
pub(crate) fn slowly_read(target: &Target<'_>) {
    large_documents(target, "large", 20);
    let ask = request("GET", "/large/_search?size=20", "", b"");
    let mut connections = target.connections(28);
    for connection in &mut connections {
        let _ = connection.send(&ask);
    }
    for _ in 0..20 {
        for connection in &mut connections {
            let stream = connection.stream();
            let _ = stream.set_nonblocking(true);
            let _ = stream.read(&mut [0; 1_000]);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn answers_that_are_read_slowly_are_bounded() {
    Arena::start().attack("28 answers that are read slowly", USUAL, slowly_read);
}

/// Requests whose head is larger than a node needs.
pub(crate) fn large_heads(target: &Target<'_>) {
    let long = "x".repeat(1 << 20);
    let many = "X-A: b\r\n".repeat(10_000);
    let heads = [
        format!("GET /good HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n"),
        format!("GET /good HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),
        format!("GET /good/_doc/{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET /good?filter_path={long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("{long} /good HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ];
    thread::scope(|scope| {
        for head in heads.iter().cycle().take(40) {
            scope.spawn(move || {
                let answer = target.send(head.as_bytes());
                // Or the connection was cut while the head was on its way.
                let is_refused = answer.status == 0 || (400..500).contains(&answer.status);
                assert!(is_refused, "{:.40}: {}", head, answer.start());
                answer.is_within(&head[..40], Duration::from_secs(2));
            });
        }
    });
}

#[test]
fn large_heads_are_refused() {
    Arena::start().attack("heads of a megabyte", CONNECTIONS, large_heads);
}

/// Requests that are not HTTP, or barely.
pub(crate) fn oddities(target: &Target<'_>) {
    let starts: [&[u8]; 14] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /health HTTP/1.0\r\n\r\n",
        b"GET http://localhost/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /%00%ff%fe/_doc/%c3%28 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /good/_doc/%2e%2e%2f%2e%2e HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /good/_doc/% HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /good?a=%zz&%=1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"HEAD /good/_search HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT good:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"TRACE /good HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /good HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"\r\n\r\n\r\n\r\n\0\0\0\0",
    ];
    for start in starts.iter().cycle().take(140) {
        let mut connection = Connection::open(target.address).expect("it listens");
        let stream = connection.stream();
        let patience = Some(Duration::from_secs(10));
        stream.set_read_timeout(patience).expect("set");
        let _ = stream.write_all(start);
        // The other half may stay open for the answer.
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(start);
        assert!(ended.is_ok(), "{text}: {ended:?}");
        assert!(
            !answer.starts_with(b"HTTP/1.1 5"),
            "{text}: {}",
            answer.escape_ascii()
        );
    }
}

#[test]
fn odd_requests_are_refused_or_answered() {
    Arena::start().attack("odd requests", CONNECTIONS, oddities);
}
