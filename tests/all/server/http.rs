//! HTTP as clients speak it: packed bodies, kinds of content, what an answer can be asked for, and
//! connections that are used again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value as Json, json};
use whittle_tests::Node;

/// `{"index":{"_id":"z"}}` and `{"a":1}`, a line each, packed with gzip.
const PACKED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\xcc\x4b\x49\xad\x50\xb2\xaa\x56\x8a\xcf\x4c\x51\xb2\x52\xaa\x52\xaa\xad\xe5\xaa\x56\x4a\x54\xb2\x32\xac\xe5\x02\x00\xe7\xcf\xd2\xbf\x1e\x00\x00\x00";

#[test]
fn bodies_and_answers_are_packed_with_gzip() {
    let node = Node::start();
    let packed = "Content-Encoding: gzip\r\n";
    let (status, answer) = node.with_headers("POST", "/films/_bulk?refresh", packed, PACKED);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        node.ask("GET", "/films/_source/z", &Json::Null).1,
        json!({"a": 1})
    );
    let wants = "Accept-Encoding: gzip\r\n";
    let (_, head, body) = node.exchange("GET", "/films/_search", wants, b"");
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(body.windows(2).any(|bytes| bytes == [0x1f, 0x8b]));
    for encoding in ["br", "deflate", "zstd"] {
        let headers = format!("Content-Encoding: {encoding}\r\n");
        let (status, answer) = node.with_headers("POST", "/films/_bulk", &headers, PACKED);
        assert_eq!(status, 415, "{answer}");
    }
    let (status, answer) = node.with_headers("POST", "/films/_bulk", packed, b"not gzip");
    assert_eq!(status, 400, "{answer}");
    // All members of a packed body are read, and nothing else may follow.
    let (status, answer) = node.with_headers("POST", "/films/_bulk", packed, &PACKED.repeat(3));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer.matches("\"_id\":\"z\"").count(), 3, "{answer}");
    let garbage = [PACKED, b"garbage"].concat();
    let (status, answer) = node.with_headers("POST", "/films/_bulk", packed, &garbage);
    assert_eq!(status, 400, "{answer}");
}

#[test]
fn a_request_whose_length_is_said_twice_ends_its_connection() {
    let node = Node::start();
    let lengths = ["Content-Length: 4\r\n", "Transfer-Encoding: chunked\r\n"];
    for [first, second] in [lengths, [lengths[1], lengths[0]]] {
        let mut stream = TcpStream::connect(&node.address).expect("it listens");
        let smuggled = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
        let request = format!(
            "POST /_search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             {first}{second}\r\n2\r\n{{}}\r\n0\r\n\r\n{smuggled}"
        );
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("the node closes the connection");
        assert!(answer.contains("connection: close"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}

#[test]
fn a_request_without_one_host_is_refused() {
    let node = Node::start();
    let ask = |hosts: &str| {
        let mut stream = TcpStream::connect(&node.address).expect("it listens");
        let request = format!("GET /health HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    assert!(ask("Host: localhost\r\n").starts_with("HTTP/1.1 200"));
    for hosts in ["", "Host: localhost\r\nHost: localhost\r\n"] {
        let answer = ask(hosts);
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(answer.contains("send exactly one"), "{answer}");
    }
}

#[test]
fn a_body_that_breaks_off_says_why_once() {
    let node = Node::start();
    let mut stream = TcpStream::connect(&node.address).expect("it listens");
    let request = "POST /_search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                   Transfer-Encoding: chunked\r\n\r\nno number\r\n";
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = String::new();
    // What the node did not read may reset the connection behind the answer.
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    let body: Json = serde_json::from_str(body).expect("JSON");
    insta::assert_snapshot!(body["error"]["reason"].as_str().expect("a text"), @"cannot read the body: Invalid chunk size line: missing size digit: send the request again");
}

#[test]
fn a_body_is_json_or_refused() {
    let node = Node::start();
    let refused = |headers: &str, path: &str| {
        let (status, answer) = node.with_headers("POST", path, headers, b"{}\n");
        let answer: Json = serde_json::from_str(&answer).expect("JSON");
        format!(
            "{status} {}",
            answer["error"]["reason"].as_str().expect("a text")
        )
    };
    insta::assert_snapshot!(refused("Content-Type: text/plain\r\n", "/films/_doc"), @"406 Content-Type header [text/plain] is not supported: send application/json");
    insta::assert_snapshot!(refused("Content-Type: application/x-ndjson\r\n", "/films/_doc"), @"406 Content-Type header [application/x-ndjson] is not supported: send application/json");
    insta::assert_snapshot!(refused("", "/films/_refresh"), @"400 request [POST /films/_refresh] does not support having a body");
    let utf8 = "Content-Type: application/json; charset=UTF-8\r\n";
    assert_eq!(node.with_headers("POST", "/films/_doc", utf8, b"{}").0, 201);
    let (status, answer) = node.with_headers("POST", "/films/_doc", "", b"");
    assert_eq!(
        (status, answer.contains("request body is required")),
        (400, true),
        "{answer}"
    );
}

#[test]
fn an_answer_has_the_parts_and_the_form_that_were_asked_for() {
    let node = Node::start();
    let document = br#"{"n": 12345678901234567890123, "t": "x"}"#;
    let (status, head, _) =
        node.exchange("PUT", "/films/_doc/a%2Fb", "X-Opaque-Id: 7\r\n", document);
    assert_eq!(status, 201);
    for header in [
        "x-opaque-id: 7",
        "location: /films/_doc/a%2Fb",
        "content-type: application/json; charset=UTF-8",
    ] {
        assert!(head.contains(header), "{head}");
    }
    let get = |path: &str| node.with_headers("GET", path, "", b"").1;
    insta::assert_snapshot!(get("/films/_doc/a%2Fb?filter_path=_source.n,found&pretty"), @r#"
    {
      "found" : true,
      "_source" : {
        "n" : 12345678901234567890123
      }
    }
    "#);
    insta::assert_snapshot!(get("/films/_doc/a%2Fb/?_source_excludes=n&filter_path=-_seq_no,-_primary_term"), @r#"{"_index":"films","_id":"a/b","_version":1,"found":true,"_source":{"t":"x"}}"#);
    // Errors are sent whole.
    insta::assert_snapshot!(get("/none/_doc/1?filter_path=nothing"), @r#"{"error":{"root_cause":[{"type":"index_not_found_exception","reason":"no such index [none]","index":"none","resource.id":"none","resource.type":"index_or_alias","index_uuid":"_na_"}],"type":"index_not_found_exception","reason":"no such index [none]","index":"none","resource.id":"none","resource.type":"index_or_alias","index_uuid":"_na_"},"status":404}"#);
    for (path, status) in [
        ("/films/_doc/1?format=yaml", 406),
        ("/films/_doc/1?format=text", 400),
        ("/films/_doc/1?pretty=yes", 400),
        ("/films/?colour=red", 400),
        ("/films/?local&local", 400),
        ("/films/?local=yes", 400),
    ] {
        assert_eq!(node.with_headers("GET", path, "", b"").0, status, "{path}");
    }
    let (status, head, body) = node.exchange("HEAD", "/films/_doc/a%2Fb", "", b"");
    assert_eq!((status, body.len()), (200, 0), "{head}");
    assert_eq!(node.exchange("HEAD", "/films/_doc/1", "", b"").0, 404);
    assert_eq!(node.exchange("HEAD", "/films", "", b"").0, 200);
    assert_eq!(node.exchange("HEAD", "/none", "", b"").0, 404);
}

/// Sends a request on a connection and reads its answer.
fn on(stream: &mut BufReader<TcpStream>, head: &str, body: &[u8]) -> u16 {
    let length = body.len();
    let head = format!("{head}\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    stream
        .get_mut()
        .write_all(head.as_bytes())
        .expect("it is sent");
    stream.get_mut().write_all(body).expect("it is sent");
    let (mut status, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).expect("the connection is open");
        let line = line.trim_end();
        if status.is_none() {
            status = line.split(' ').nth(1).map(str::to_owned);
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().expect("a number");
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("the whole body");
    status
        .and_then(|status| status.parse().ok())
        .expect("a status")
}

#[test]
fn a_body_that_nobody_reads_does_not_break_the_next_request() {
    let node = Node::start();
    let stream = TcpStream::connect(&node.address).expect("it listens");
    let mut stream = BufReader::new(stream);
    let large = vec![b' '; 3 << 20];
    let kind = "Content-Type: application/json";
    for (head, status) in [
        (format!("POST /no/such/route/here HTTP/1.1\r\n{kind}"), 404),
        (format!("DELETE /films HTTP/1.1\r\n{kind}"), 400),
        (format!("PATCH /films HTTP/1.1\r\n{kind}"), 405),
        (
            "POST /films/_doc HTTP/1.1\r\nContent-Type: text/plain".to_owned(),
            406,
        ),
        (
            format!("POST /films/_bulk?colour=red HTTP/1.1\r\n{kind}"),
            400,
        ),
    ] {
        assert_eq!(on(&mut stream, &head, &large), status, "{head}");
        assert_eq!(
            on(&mut stream, "GET /health HTTP/1.1", b""),
            200,
            "after {head}"
        );
    }
}

#[test]
fn routes_that_do_not_exist_here_say_why() {
    let node = Node::start();
    let refused = |method: &str, path: &str| node.refused(method, path, &json!({}));
    insta::assert_snapshot!(refused("POST", "/films/_delete_by_query"), @"400 illegal_argument_exception: [POST /films/_delete_by_query] is not supported: documents are changed by their ids; search for them, then use _bulk");
    insta::assert_snapshot!(refused("POST", "/_aliases"), @"400 illegal_argument_exception: [POST /_aliases] is not supported: there are no aliases; use the names of indexes, or patterns");
    insta::assert_snapshot!(refused("PUT", "/_index_template/a"), @"400 illegal_argument_exception: [PUT /_index_template/a] is not supported: there are no templates; give the mapping when an index is made");
    insta::assert_snapshot!(refused("POST", "/_search/scroll"), @"400 illegal_argument_exception: [POST /_search/scroll] is not supported: there are no scrolls; use `search_after` with `_id` as the last sort key");
    assert_eq!(node.exchange("HEAD", "/_index_template/a", "", b"").0, 404);
}
