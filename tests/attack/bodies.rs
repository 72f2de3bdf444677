//! Bodies that do not end, that grow when they are unpacked, that nest, or that are not what they
//! say.

use std::io::Write;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::arena::{Arena, Bounds, USUAL};
use crate::target::Target;
use crate::wire::{Connection, request};

/// Routes that take a body of JSON.
const ROUTES: [(&str, &str); 16] = [
    ("POST", "/good/_search"),
    ("POST", "/_search"),
    ("POST", "/good/_count"),
    ("POST", "/_msearch"),
    ("POST", "/good/_msearch"),
    ("POST", "/_bulk"),
    ("POST", "/written/_bulk"),
    ("POST", "/_mget"),
    ("POST", "/good/_mget"),
    ("PUT", "/written/_doc/deep"),
    ("POST", "/written/_doc"),
    ("PUT", "/written/_create/deep"),
    ("POST", "/written/_update/deep"),
    ("PUT", "/deep"),
    ("PUT", "/written/_mapping"),
    ("POST", "/_udf/string-distance/_test"),
];

/// Most of a body, and then nothing.
pub(crate) fn endless(target: &Target<'_>) {
    let part = " ".repeat(20 << 20);
    let head = "POST /written/_bulk HTTP/1.1\r\nHost: localhost\r\n\
        Content-Type: application/x-ndjson\r\nContent-Length: 22000000\r\n\r\n";
    thread::scope(|scope| {
        for _ in 0..60 {
            scope.spawn(|| {
                let Ok(mut connection) = Connection::open(target.address) else {
                    return;
                };
                let patience = Some(Duration::from_millis(2_500));
                connection
                    .stream()
                    .set_write_timeout(patience)
                    .expect("set");
                let _ = connection.send(head.as_bytes());
                let _ = connection.send(part.as_bytes());
                thread::sleep(Duration::from_millis(500));
            });
        }
    });
}

#[test]
fn bodies_that_never_end_are_bounded() {
    Arena::start().attack("60 bodies of 20 MB that never end", USUAL, endless);
}

/// Bodies of which a byte comes now and then.
pub(crate) fn slow(target: &Target<'_>) {
    let head = "POST /good/_search HTTP/1.1\r\nHost: localhost\r\n\
        Content-Type: application/json\r\nContent-Length: 60000000\r\n\r\n";
    let mut connections = target.connections(200);
    for connection in &mut connections {
        let _ = connection.send(head.as_bytes());
    }
    for _ in 0..20 {
        for connection in &mut connections {
            let _ = connection.send(b" ");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn slow_bodies_keep_nobody_waiting() {
    Arena::start().attack("200 bodies that come slowly", USUAL, slow);
}

pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("packed");
    encoder.finish().expect("packed")
}

/// A few hundred kilobytes that are 400 MB when they are unpacked.
pub(crate) fn bombs(target: &Target<'_>) {
    // Members of one file; zeros are no JSON, spaces might be the start of some.
    let bomb = packed(&vec![b' '; 50 << 20]).repeat(8);
    thread::scope(|scope| {
        for (method, path) in ROUTES.into_iter().take(8) {
            let bomb = &bomb;
            scope.spawn(move || {
                let headers = "Content-Encoding: gzip\r\nConnection: close\r\n";
                let answer = target.send(&request(method, path, headers, bomb));
                answer.is_refused_within(path, Duration::from_secs(5));
            });
        }
    });
}

#[test]
fn bodies_that_grow_when_unpacked_are_refused() {
    Arena::start().attack("8 bodies of 400 MB, packed", USUAL, bombs);
}

/// Packed bodies within the limit, of many clients.
pub(crate) fn packed_bodies(target: &Target<'_>) {
    let body = packed(&vec![b' '; 20 << 20]);
    let headers = "Content-Encoding: gzip\r\nConnection: close\r\n";
    let bytes = request("POST", "/good/_search", headers, &body);
    thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| {
                let answer = target.send(&bytes);
                let is_answer = [200, 400, 413, 429].contains(&answer.status);
                assert!(is_answer, "{}", answer.start());
            });
        }
    });
}

#[test]
fn many_packed_bodies_are_bounded() {
    Arena::start().attack("40 packed bodies of 20 MB", USUAL, packed_bodies);
}

/// JSON that nests more deeply than a stack holds.
pub(crate) fn deep(target: &Target<'_>) {
    let within = Duration::from_secs(1);
    for (open, close) in [
        ("[", "]"),
        (r#"{"a":"#, "}"),
        (r#"{"bool":{"must":["#, "]}}"),
    ] {
        let value = |depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        for (method, path) in ROUTES {
            let deep = value(100_000);
            let wrapped = match path.rsplit('/').next() {
                Some("_search" | "_count") => format!(r#"{{"query": {deep}}}"#),
                Some("_bulk" | "_msearch") => format!("{{\"index\": {{}}}}\n{{\"a\": {deep}}}\n"),
                Some("_update") => format!(r#"{{"doc": {{"a": {deep}}}}}"#),
                _ => format!(r#"{{"a": {deep}}}"#),
            };
            for body in [deep, wrapped] {
                let answer = target.ask(method, path, &body);
                // A bulk request, or several searches, are refused item by item.
                if answer.status == 200 && (path.ends_with("_bulk") || path.ends_with("_msearch")) {
                    assert!(answer.body.len() < 10_000, "{path}: {}", answer.start());
                } else {
                    answer.is_refused_within(&format!("{method} {path} {open}"), within);
                }
            }
        }
    }
}

#[test]
fn deep_json_is_refused_by_every_route() {
    Arena::start().attack("100,000 levels of JSON", USUAL, deep);
}

/// A body in chunks of a byte.
pub(crate) fn tiny_chunks(target: &Target<'_>) {
    let head = "POST /good/_search HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
        Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunks = "1\r\n \r\n".repeat(150_000);
    let body = format!("{head}{chunks}2\r\n{{}}\r\n0\r\n\r\n");
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let answer = target.send(body.as_bytes());
                let is_answer = [200, 408, 413, 429].contains(&answer.status);
                assert!(is_answer, "{}", answer.start());
            });
        }
    });
}

#[test]
fn bodies_in_tiny_chunks_cost_little() {
    let bounds = Bounds {
        memory_mb: 100,
        ..USUAL
    };
    Arena::start().attack("150,000 chunks of a byte, twice", bounds, tiny_chunks);
}

/// Bodies that are announced and do not come, or are not as long as they say.
pub(crate) fn false_lengths(target: &Target<'_>) {
    let start =
        "POST /good/_search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let kinds = [
        "Expect: 100-continue\r\nContent-Length: 60000000\r\n\r\n",
        "Content-Length: 18446744073709551615\r\n\r\n{}",
        "Content-Length: 99999999999999999999999\r\n\r\n{}",
        "Content-Length: -1\r\n\r\n{}",
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}",
        "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nTrailer: x\r\n\r\n",
    ];
    let mut connections = target.connections(100);
    for (connection, kind) in connections.iter_mut().zip(kinds.iter().cycle()) {
        let _ = connection.send(format!("{start}{kind}").as_bytes());
    }
    thread::sleep(Duration::from_millis(1_000));
}

#[test]
fn bodies_of_a_false_length_cost_little() {
    let bounds = Bounds {
        memory_mb: 60,
        kept_mb: 40,
        ..USUAL
    };
    Arena::start().attack("100 bodies of false lengths", bounds, false_lengths);
}
