//! An index that is deleted, refused a mapping, damaged, or that cannot write: the others are
//! served.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use whittle_tests::{Node, wait_until};

use crate::arena::{Arena, USUAL, alone};
use crate::target::Target;

/// An index with writes that no search sees yet.
fn pending(target: &Target<'_>, index: &str, count: usize) {
    let settings = r#"{"settings": {"refresh_interval": "-1"}}"#;
    target.done("PUT", &format!("/{index}"), settings);
    let words = "many words of a text that takes a while to be indexed ".repeat(10);
    let line = format!("{{\"index\": {{}}}}\n{{\"text\": \"{words}\", \"number\": 7}}\n");
    let lines = line.repeat(1_000);
    for _ in 0..count {
        target.done("POST", &format!("/{index}/_bulk"), &lines);
    }
}

pub(crate) fn deletion(target: &Target<'_>) {
    pending(target, "big", 10);
    target.done("DELETE", "/big", "");
    assert_eq!(target.ask("GET", "/big", "").status, 404);
}

#[test]
fn deleting_an_index_with_pending_writes_freezes_nobody() {
    Arena::start().attack("DELETE with 10,000 pending writes", USUAL, deletion);
}

/// What else needs an index's pending writes, or must not.
pub(crate) fn upkeep(target: &Target<'_>) {
    pending(target, "busy", 10);
    let refused = r#"{"properties": {"number": {"type": "keyword"}}}"#;
    target.refused("PUT", "/busy/_mapping", refused, Duration::from_secs(5));
    let accepted = r#"{"properties": {"other": {"type": "keyword"}}}"#;
    target.done("PUT", "/busy/_mapping", accepted);
    for path in [
        "/busy/_refresh",
        "/busy/_flush",
        "/busy/_forcemerge?max_num_segments=1",
    ] {
        target.done("POST", path, "");
    }
    let settings = r#"{"index": {"refresh_interval": "1s"}}"#;
    target.done("PUT", "/busy/_settings", settings);
    target.done("DELETE", "/busy", "");
}

#[test]
fn mappings_and_merges_freeze_nobody() {
    Arena::start().attack("a refused mapping, a merge", USUAL, upkeep);
}

/// The state of an index, as the node's health has it.
fn health(node: &Node, index: &str) -> Json {
    let path = format!("/_cluster/health/{index}");
    node.ask("GET", &path, &Json::Null).1["status"].clone()
}

/// Waits until it holds, for as long as a node that mends itself may take.
fn soon(what: &str, holds: impl Fn() -> bool) {
    wait_until(what, Duration::from_secs(8), holds);
}

#[test]
fn an_index_that_cannot_refresh_keeps_no_other_from_it() {
    let arena = Arena::start();
    let node = &arena.node;
    let write = |index: &str, id: u32| {
        let path = format!("/{index}/_doc/{id}");
        node.ask("PUT", &path, &json!({"a": id})).0
    };
    // Its name comes first, wherever indexes are taken in turn.
    assert_eq!(write("a-broken", 1), 201);
    assert_eq!(write("z-whole", 1), 201);
    soon("both are refreshed", || {
        node.count("z-whole") == 1 && node.count("a-broken") == 1
    });
    let segments = arena.index("a-broken").join("segments");
    let aside = arena.data().with_file_name("aside");
    fs::rename(&segments, &aside).expect("moved");
    fs::write(&segments, "no folder").expect("written");
    arena.attack("an index that cannot refresh", USUAL, |target| {
        target.ask("PUT", "/a-broken/_doc/2", "{}");
        assert_eq!(write("z-whole", 2), 201);
        soon("the other is refreshed", || node.count("z-whole") == 2);
        soon("health says so", || health(node, "a-broken") == "red");
        soon("the node's health says so", || {
            node.ask("GET", "/_cluster/health", &Json::Null).1["status"] == "red"
        });
        assert_eq!(health(node, "z-whole"), "green");
    });
    assert_eq!(node.ask("DELETE", "/a-broken", &Json::Null).0, 200);
    soon("health is well again", || {
        node.ask("GET", "/_cluster/health", &Json::Null).1["status"] != "red"
    });
    assert!(!arena.index("a-broken").exists());
    assert_eq!(write("a-broken", 1), 201);
}

/// Ways to damage an index.
const DAMAGES: [&str; 22] = [
    "meta-garbage",
    "meta-empty",
    "meta-gone",
    "mapping-garbage",
    "mapping-gone",
    "settings-garbage",
    "settings-gone",
    "settings-folder",
    "segments-gone",
    "segments-file",
    "term-gone",
    "store-empty",
    "store-short",
    "fast-flipped",
    "term-flipped",
    "store-flipped",
    "idx-flipped",
    "log-garbage",
    "log-flipped",
    "log-gone",
    "folder-empty",
    "folder-file",
];

/// Damages an index in its folder, in one of the ways.
fn damage(way: &str, index: &Path) {
    let meta = index.join("segments/meta.json");
    let (mapping, settings) = (index.join("mapping.json"), index.join("settings.json"));
    let segments = index.join("segments");
    match way {
        "meta-garbage" => put(&meta, b"{garbage"),
        "meta-empty" => put(&meta, b""),
        "meta-gone" => gone(&meta),
        "mapping-garbage" => put(&mapping, b"\xff\xfe"),
        "mapping-gone" => gone(&mapping),
        "settings-garbage" => put(&settings, b"[1"),
        "settings-gone" => gone(&settings),
        "settings-folder" => {
            gone(&settings);
            fs::create_dir(&settings).expect("made");
        }
        "segments-gone" => all_gone(&segments),
        "segments-file" => {
            all_gone(&segments);
            put(&segments, b"no folder");
        }
        "term-gone" => gone(&segment(index, "term")),
        "store-empty" => put(&segment(index, "store"), b""),
        "store-short" => change(&segment(index, "store"), |bytes| bytes.truncate(30)),
        "fast-flipped" => change(&segment(index, "fast"), |bytes| flip(bytes)),
        "term-flipped" => change(&segment(index, "term"), |bytes| flip(bytes)),
        "store-flipped" => change(&segment(index, "store"), |bytes| flip(bytes)),
        "idx-flipped" => change(&segment(index, "idx"), |bytes| flip(bytes)),
        "log-garbage" => put(&log(index), &[0xa5; 5_000]),
        "log-flipped" => change(&log(index), |bytes| flip(bytes)),
        "log-gone" => gone(&log(index)),
        "folder-empty" => {
            all_gone(index);
            fs::create_dir(index).expect("made");
        }
        "folder-file" => {
            all_gone(index);
            put(index, b"no folder");
        }
        other => panic!("no way to damage an index: {other}"),
    }
}

fn put(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("written");
}

fn gone(path: &Path) {
    fs::remove_file(path).expect("gone");
}

fn all_gone(folder: &Path) {
    fs::remove_dir_all(folder).expect("gone");
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("read");
    change(&mut bytes);
    put(path, &bytes);
}

/// Turns a bit in the middle.
fn flip(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
}

/// The file of the index's segment with such an ending.
fn segment(index: &Path, ending: &str) -> std::path::PathBuf {
    file(&index.join("segments"), |name| {
        name.ends_with(&format!(".{ending}"))
    })
}

/// The log of an index's operations.
fn log(index: &Path) -> std::path::PathBuf {
    file(index, |name| name.starts_with("log-"))
}

/// The largest of the files that it is.
fn file(folder: &Path, is_it: impl Fn(&str) -> bool) -> std::path::PathBuf {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let found = entries
        .filter(|entry| is_it(&entry.file_name().to_string_lossy()))
        .max_by_key(|entry| entry.metadata().map_or(0, |file| file.len()));
    let found = found.unwrap_or_else(|| panic!("no such file in {}", folder.display()));
    found.path()
}

#[test]
fn damaged_indexes_keep_no_other_from_being_served() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let mut node = Node::start_at(folder.path(), &[]);
    let lines: String = (0..50)
        .map(|number| format!("{{\"index\": {{\"_id\": \"{number}\"}}}}\n{{\"n\": {number}, \"t\": \"word{number}\"}}\n"))
        .collect();
    // Without refreshes of its own, so that what comes last stays in the log.
    let settings = json!({"settings": {"refresh_interval": "-1"}});
    for name in DAMAGES {
        assert_eq!(node.ask("PUT", &format!("/{name}"), &settings).0, 200);
        let path = format!("/{name}/_bulk?refresh");
        assert_eq!(
            node.with_headers("POST", &path, "", lines.as_bytes()).0,
            200
        );
        let path = format!("/{name}/_flush");
        assert_eq!(node.ask("POST", &path, &Json::Null).0, 200);
        // One more operation, which is in the log alone.
        let path = format!("/{name}/_doc/last");
        assert_eq!(node.ask("PUT", &path, &json!({"n": 50})).0, 201);
    }
    assert_eq!(node.ask("PUT", "/whole/_doc/1", &json!({"n": 1})).0, 201);
    node.kill();
    drop(node);
    let index = |name: &str| folder.path().join("data/indexes").join(name);
    for name in DAMAGES {
        damage(name, &index(name));
    }

    let started = Instant::now();
    let node = Node::start_after(folder.path(), "", &[]).expect("the node starts");
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(
        node.ask("GET", "/whole/_doc/1", &Json::Null).1["_source"]["n"],
        1
    );
    assert_eq!(
        node.ask("GET", "/_cluster/health", &Json::Null).1["status"],
        "red"
    );
    let mut faults = Vec::new();
    for name in DAMAGES {
        // Everything that reads it: a right answer, or an error that says why.
        let find = json!({"size": 60, "query": {"match_all": {}}, "sort": [{"n": "asc"}],
            "aggs": {"s": {"sum": {"field": "n"}}}});
        let (status, answer) = node.ask("POST", &format!("/{name}/_search"), &find);
        let hits = answer["hits"]["hits"].as_array().map_or(0, Vec::len);
        let is_right = status == 200
            && (50..=51).contains(&hits)
            && answer["hits"]["hits"][49]["_source"] == json!({"n": 49, "t": "word49"});
        let is_refused = status >= 400 && !answer["error"]["reason"].to_string().contains("panic");
        if !is_right && !is_refused {
            faults.push(format!("{name}: {status}, {hits} hits"));
        }
        if is_refused && health(&node, name) != "red" && ![404, 405].contains(&status) {
            faults.push(format!(
                "{name}: refused, but its health is not red: {answer}"
            ));
        }
        let (status, answer) = node.ask("DELETE", &format!("/{name}"), &Json::Null);
        if ![200, 404].contains(&status) || index(name).exists() {
            faults.push(format!("{name}: not deleted: {status} {answer}"));
        }
        let (status, answer) = node.ask("PUT", &format!("/{name}/_doc/1"), &json!({"n": 1}));
        if status != 201 {
            faults.push(format!("{name}: not made anew: {status} {answer}"));
        }
    }
    let log = node.log();
    if log.contains("panicked") {
        faults.push(format!("a panic: {log}"));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(node.count("whole"), 1);
    assert_ne!(
        node.ask("GET", "/_cluster/health", &Json::Null).1["status"],
        "red"
    );
}

/// What the process may write in a file from now on, in bytes.
fn limit_files(node: &Node, bytes: &str) {
    let limit = format!("--fsize={bytes}:");
    let id = node.id().to_string();
    let status = Command::new("prlimit")
        .args(["--pid", &id, &limit])
        .status();
    assert!(status.expect("prlimit runs").success());
}

/// A disk on which nothing can be written is made of the process's limit of a file's size.
#[test]
fn an_index_is_deleted_on_a_full_disk() {
    let arena = Arena::start_after("trap '' XFSZ", &[]);
    let node = &arena.node;
    for index in ["full", "other"] {
        let lines = "{\"index\": {}}\n{\"a\": \"some words\"}\n".repeat(2_000);
        let path = format!("/{index}/_bulk?refresh");
        assert_eq!(
            node.with_headers("POST", &path, "", lines.as_bytes()).0,
            200
        );
        // And some that are pending when the disk is full.
        let path = format!("/{index}/_bulk");
        assert_eq!(
            node.with_headers("POST", &path, "", lines.as_bytes()).0,
            200
        );
    }
    limit_files(node, "0");
    let (status, answer) = node.ask("PUT", "/full/_doc/1", &json!({"a": "b"}));
    assert!(
        status >= 400,
        "nothing is acknowledged that is not written: {answer}"
    );
    let started = Instant::now();
    let (status, answer) = node.ask("DELETE", "/full", &Json::Null);
    assert_eq!(status, 200, "{answer}");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(!arena.index("full").exists(), "its space is freed");
    assert_eq!(node.ask("GET", "/full", &Json::Null).0, 404);
    assert_eq!(node.ask("GET", "/good/_doc/7", &Json::Null).0, 200);
    limit_files(node, "unlimited");
    // No restart is needed for anything.
    soon("the other is written again", || {
        node.ask("PUT", "/other/_doc/1", &json!({"a": "b"})).0 < 300
    });
    soon("all of it is found", || {
        node.ask("POST", "/other/_refresh", &Json::Null);
        node.count("other") == 4_001
    });
    assert_eq!(node.ask("PUT", "/full/_doc/1", &json!({"a": "b"})).0, 201);
    arena.attack("after a full disk", USUAL, |_| ());
}

/// A refresh that fails does not make a write that stands an error: it would be written again.
#[test]
fn a_write_that_stands_is_acknowledged_even_if_its_refresh_fails() {
    let arena = Arena::start();
    let node = &arena.node;
    assert_eq!(
        node.ask("PUT", "/a/_doc/1?refresh", &json!({"a": 1})).0,
        201
    );
    let segments = arena.index("a").join("segments");
    fs::rename(&segments, arena.data().with_file_name("aside")).expect("moved");
    fs::write(&segments, "no folder").expect("written");
    let (status, answer) = node.ask("PUT", "/a/_doc/2?refresh=true", &json!({"a": 2}));
    let (found, _) = node.ask("GET", "/a/_doc/2", &Json::Null);
    match found {
        200 => assert!(status < 300, "it stands, but {status}: {answer}"),
        _ => assert!(
            status >= 400,
            "it was acknowledged, but it is not there: {answer}"
        ),
    }
}

/// Many indexes share threads and files.
#[test]
fn many_indexes_share_threads() {
    let arena = Arena::start();
    let bounds = crate::arena::Bounds {
        memory_mb: 200,
        kept_mb: 200,
        seconds: 60,
        ..USUAL
    };
    arena.attack("100 indexes with a document each", bounds, |target| {
        let lines: String = (0..100)
            .map(|number| {
                format!("{{\"index\": {{\"_index\": \"many{number}\"}}}}\n{{\"a\": 1}}\n")
            })
            .collect();
        let answer = target.done("POST", "/_bulk?refresh", lines);
        assert_eq!(answer.json()["errors"], false, "{}", answer.start());
        let found = target.done("POST", "/many*/_count", "").json();
        assert_eq!(found["count"], 100);
    });
    let started = Instant::now();
    let folder = arena.data().parent().expect("a folder").to_owned();
    let mut arena = arena;
    arena.node.kill();
    let node = Node::start_at(&folder, &[]);
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(node.count("many*"), 100);
}
