//! `whittle publish`: from a project or a component to a node.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;

use serde_json::Value as Json;
use whittle_tests::{ByHand, Node, target};

use super::{Desk, text};
use crate::languages::{languages, path};

const TOKEN: &str = "mFz4kqE7Tq0yV1xw";

fn node(desk: &Desk) -> Node {
    desk.write("token", format!("{TOKEN}\n"));
    let file = desk.path("token");
    Node::start_with(&["--token-file", file.to_str().expect("a path in UTF-8")])
}

/// The output of a successful upload, without the node's address.
fn published(desk: &Desk, node: &Node, component: &str) -> String {
    let server = format!("http://{}", node.address);
    let output = desk.good(&format!(
        "publish {component} --server {server}/ --token-file token"
    ));
    output.replace(&server, "http://NODE")
}

#[test]
fn registers_a_component_and_says_what_a_query_must_say() {
    let desk = Desk::new();
    let node = node(&desk);
    let shown = published(&desk, &node, "string-distance.wasm");
    insta::assert_snapshot!(shown, @r#"
    string-distance 0.1.0 is registered on http://NODE
    use it in a search:
      {"query":{"wasm_udf":{"function":"string_distance","params":{"field":"...","target":"..."}}}}
    "#);
    assert_eq!(
        published(&desk, &node, "string-distance.wasm"),
        shown,
        "again"
    );

    desk.write("one.wasm", ByHand::default().component());
    published(&desk, &node, "one.wasm");
    let another = |name, version| ByHand {
        name,
        version,
        returns: 3,
        evaluate: "unreachable",
        ..ByHand::default()
    };
    desk.write("text.wasm", another("text", "1.0.0").component());
    insta::assert_snapshot!(published(&desk, &node, "text.wasm"), @r#"
    text 1.0.0 is registered on http://NODE
    use it in a search:
      other components have a function `f` too: queries must name the component
      {"fields":{"f":{"wasm_udf":{"function":"text.f","params":{}}}}}
    "#);
    desk.write("older.wasm", another("text", "0.9.0").component());
    insta::assert_snapshot!(published(&desk, &node, "older.wasm"), @r#"
    text 0.9.0 is registered on http://NODE
    queries get 1.0.0, which is newer, unless they name this version
    use it in a search:
      other components have a function `f` too: queries must name the component
      {"fields":{"f":{"wasm_udf":{"function":"text.f@0.9.0","params":{}}}}}
    "#);
}

#[test]
fn says_what_to_do_if_the_node_refuses() {
    let desk = Desk::new();
    let node = node(&desk);
    let server = format!("http://{}", node.address);
    let refused = |arguments: &str| {
        let error = desk.bad(&format!("publish {arguments} --server {server}"));
        error.replace(&server, "http://NODE")
    };
    let component = "string-distance.wasm";
    insta::assert_snapshot!(refused(component), @"error: http://NODE: changing UDFs requires the node's token: give the file of `whittle serve --token-file` as `--token-file FILE`");
    desk.write("wrong", "wrongwrongwrongwrong");
    insta::assert_snapshot!(refused(&format!("{component} --token-file wrong")), @"error: http://NODE: the token is wrong: `wrong` is not the file of `whittle serve --token-file`");
    desk.write("empty", "\n");
    insta::assert_snapshot!(refused(&format!("{component} --token-file empty")), @"error: `empty` has no token: expected one line of ASCII without spaces");
    insta::assert_snapshot!(refused("none.wasm --token-file token"), @"error: none.wasm: No such file or directory (os error 2)");

    desk.write("one.wasm", ByHand::default().component());
    published(&desk, &node, "one.wasm");
    let changed = ByHand {
        evaluate: "(i32.const 513) (drop) (i32.const 512)",
        ..ByHand::default()
    };
    desk.write("changed.wasm", changed.component());
    let conflict = refused("changed.wasm --token-file token");
    let hash = conflict.split(['(', ')']).nth(1).expect("a hash");
    insta::assert_snapshot!(conflict.replace(hash, "SHA-256 ..."), @"error: http://NODE: `by-hand` 0.1.0 is already registered with another component (SHA-256 ...): give the new component a new version, in its source");

    let nobody = Node::start_with(&["--listen", "0.0.0.0:0"]);
    let other = format!("http://{}", nobody.address);
    let error = desk.bad(&format!("publish {component} --server {other}"));
    insta::assert_snapshot!(error.replace(&other, "http://NODE"), @"error: http://NODE: this node refuses changes of UDFs: start it with a token (`whittle serve --token-file FILE`), and give the same file here");
    drop(nobody);
    let error = desk.bad(&format!("publish {component} --server {other}"));
    let error = error.replace(&other, "http://NODE");
    assert!(
        error.starts_with("error: cannot reach a node at http://NODE: "),
        "{error}"
    );
    let advice = ": check the URL, or start a node with `whittle serve`";
    assert!(error.ends_with(advice), "{error}");
}

#[test]
fn a_server_that_cannot_be_used_is_found_before_anything_is_built() {
    let desk = Desk::new();
    desk.good("new c my-udf");
    fs::write(desk.path("my-udf/my_udf.c"), "not C").expect("written");
    let publish = |server: &str| desk.bad(&format!("publish my-udf --server {server}"));
    insta::assert_snapshot!(publish("https://node:9200"), @"error: this command does not speak HTTPS: in place of `https://node:9200`, give the node's own `http://` address, or that of a tunnel to it, as `ssh -L 9200:127.0.0.1:9200 HOST` makes");
    // It accepts connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = format!("http://{}", silent.local_addr().expect("an address"));
    insta::assert_snapshot!(publish(&server).replace(&server, "http://SILENT"), @"error: cannot reach a node at http://SILENT: no response within 10 s: check the URL, or start a node with `whittle serve`");
}

#[test]
fn a_node_that_does_not_respond_to_an_upload_ends_the_command() {
    let desk = Desk::new();
    let slow = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = format!("http://{}", slow.local_addr().expect("an address"));
    let answers = thread::spawn(move || {
        let (mut first, _) = slow.accept().expect("a connection");
        let mut request = [0; 1024];
        let _ = first.read(&mut request).expect("a request");
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        first.write_all(answer.as_bytes()).expect("answered");
        drop(first);
        slow.accept().expect("another connection")
    });
    let error = desk.bad(&format!(
        "publish string-distance.wasm --server {server} --upload-timeout 1"
    ));
    insta::assert_snapshot!(error.replace(&server, "http://SLOW"), @"error: the node at http://SLOW did not respond within 1 s: it may still compile the component, so look whether it is registered, or set `--upload-timeout`");
    drop(answers.join().expect("it has answered once"));
}

#[test]
fn a_component_whose_vectors_fail_is_not_registered() {
    let desk = Desk::new();
    let node = node(&desk);
    desk.write("one.wasm", ByHand::default().component());
    desk.write(
        "vectors.json",
        r#"{"function": "f", "cases": [{"name": "n", "documents": [{}], "values": [7]}]}"#,
    );
    let output = desk.run(&format!(
        "publish one.wasm --vectors vectors.json --server http://{} --token-file token",
        node.address
    ));
    assert_eq!(
        text(&output.stderr),
        "error: one.wasm: 1 of 1 cases failed\n"
    );
    let (_, listed) = node.ask("GET", "/_udf", &Json::Null);
    assert_eq!(listed["udfs"], Json::Array(Vec::new()));
}

#[test]
fn a_project_is_built_and_tested_first() {
    if !languages().contains(&"c".to_owned()) {
        return;
    }
    let desk = Desk::new();
    let node = node(&desk);
    desk.good("new c my-udf");
    let output = desk
        .command(&format!(
            "publish my-udf --server http://{} --token-file token",
            node.address
        ))
        .env("CARGO_TARGET_DIR", target().join("guest-build"))
        .env("PATH", path())
        .stdin(Stdio::null())
        .output()
        .expect("the command runs");
    let shown = text(&output.stdout).replace(&node.address, "NODE");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        shown.contains("cases pass\nmy-udf 0.1.0 is registered on http://NODE\n"),
        "{shown}"
    );
    let (_, listed) = node.ask("GET", "/_udf/my-udf", &Json::Null);
    assert_eq!(listed["versions"][0]["version"], "0.1.0");
}

#[test]
fn a_test_says_what_is_built_and_that_the_description_is_the_templates() {
    if !languages().contains(&"c".to_owned()) {
        return;
    }
    let desk = Desk::new();
    desk.good("new c my-udf");
    let said = || {
        let mut test = desk.command("test my-udf");
        test.env("CARGO_TARGET_DIR", target().join("guest-build"))
            .env("PATH", path());
        let output = test.output().expect("the command runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    insta::assert_snapshot!(said(), @"building my-udf (C)");
    // The function is the author's now.
    let file = desk.path("my-udf/my_udf.c");
    let source = fs::read_to_string(&file).expect("the template");
    let own = source.replace("Tells whether a number is", "Tells whether a price is");
    assert_ne!(own, source);
    fs::write(&file, &own).expect("written");
    insta::assert_snapshot!(said(), @r#"
    building my-udf (C)
    warning: the description of my-udf is still the template's, "Numbers within bounds.": write what its functions are for, in its source
    "#);
    fs::write(&file, own.replace("Numbers within bounds.", "Prices.")).expect("written");
    insta::assert_snapshot!(said(), @"building my-udf (C)");
}
