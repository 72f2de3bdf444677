//! An index is a world of its own: what is wrong with one, or how many there are, does not touch the
//! others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use whittle_tests::{Node, whittle};

const NOTHING: &Json = &Json::Null;

/// Writes documents with ids from 0, in one request for each index.
fn write(node: &Node, index: &str, documents: usize, parameters: &str) {
    let lines = (0..documents).map(|number| {
        let document = json!({"n": number, "text": format!("document {number}")});
        format!(
            "{}\n{document}\n",
            json!({"index": {"_id": number.to_string()}})
        )
    });
    let lines: String = lines.collect();
    let headers = "Content-Type: application/x-ndjson\r\n";
    let path = format!("/{index}/_bulk{parameters}");
    let (status, answer) = node.with_headers("POST", &path, headers, lines.as_bytes());
    assert!(
        status == 200 && answer.contains(r#""errors":false"#),
        "{answer}"
    );
}

/// Waits until something holds.
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    whittle_tests::wait_until(what, Duration::from_secs(30), holds);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("there is room");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("one");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("it has one").is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("there is room")),
        }
    }
}

/// The first file of a directory whose name has an end.
fn file(directory: &Path, end: &str) -> PathBuf {
    let files = fs::read_dir(directory).expect("a directory");
    let mut files = files.map(|file| file.expect("one").path());
    let found = files.find(|file| {
        let is_empty = fs::metadata(file).expect("it is there").len() <= 32;
        !is_empty && file.to_string_lossy().contains(end)
    });
    found.expect("there is one")
}

fn flip(file: &Path) {
    let mut bytes = fs::read(file).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 16;
    fs::write(file, bytes).expect("there is room");
}

/// What is done to an index, by the name that the index gets.
type Damage = (&'static str, fn(&Path));

const DAMAGES: &[Damage] = &[
    ("postings-flipped", |index| {
        flip(&file(&index.join("segments"), ".idx"));
    }),
    ("terms-flipped", |index| {
        flip(&file(&index.join("segments"), ".term"));
    }),
    ("lengths-flipped", |index| {
        flip(&file(&index.join("segments"), ".fieldnorm"));
    }),
    ("columns-flipped", |index| {
        flip(&file(&index.join("segments"), ".fast"));
    }),
    ("sources-flipped", |index| {
        flip(&file(&index.join("segments"), ".store"));
    }),
    ("deletions-flipped", |index| {
        flip(&file(&index.join("segments"), ".del"));
    }),
    ("lengths-truncated", |index| {
        let file = file(&index.join("segments"), ".fieldnorm");
        let bytes = fs::read(&file).expect("it is there");
        fs::write(&file, &bytes[..bytes.len() / 2]).expect("there is room");
    }),
    ("columns-empty", |index| {
        fs::write(file(&index.join("segments"), ".fast"), "").expect("there is room");
    }),
    ("terms-missing", |index| {
        fs::remove_file(file(&index.join("segments"), ".term")).expect("it is there");
    }),
    ("segments-missing", |index| {
        fs::remove_dir_all(index.join("segments")).expect("it is there");
    }),
    ("segments-a-file", |index| {
        fs::remove_dir_all(index.join("segments")).expect("it is there");
        fs::write(index.join("segments"), "x").expect("there is room");
    }),
    ("meta-flipped", |index| {
        flip(&index.join("segments/meta.json"));
    }),
    ("meta-garbage", |index| {
        fs::write(index.join("segments/meta.json"), [0xff, 0, 1]).expect("there is room");
    }),
    ("meta-missing", |index| {
        fs::remove_file(index.join("segments/meta.json")).expect("it is there");
    }),
    ("managed-garbage", |index| {
        fs::write(index.join("segments/.managed.json"), "{").expect("there is room");
    }),
    ("mapping-flipped", |index| flip(&index.join("mapping.json"))),
    ("mapping-empty", |index| {
        fs::write(index.join("mapping.json"), "").expect("there is room");
    }),
    ("mapping-missing", |index| {
        fs::remove_file(index.join("mapping.json")).expect("it is there");
    }),
    ("settings-flipped", |index| {
        flip(&index.join("settings.json"));
    }),
    ("settings-garbage", |index| {
        fs::write(index.join("settings.json"), "[1,").expect("there is room");
    }),
    ("log-flipped", |index| flip(&file(index, "log-"))),
    ("log-garbage", |index| {
        fs::write(file(index, "log-"), vec![7; 100]).expect("there is room");
    }),
    ("lock-a-directory", |index| {
        fs::remove_file(index.join("lock")).expect("it is there");
        fs::create_dir(index.join("lock")).expect("there is room");
    }),
    ("a-file", |index| {
        fs::remove_dir_all(index).expect("it is there");
        fs::write(index, "x").expect("there is room");
    }),
];

#[test]
fn damaged_indexes_keep_no_other_from_being_served() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let mut node = Node::start_at(folder.path(), &[]);
        write(&node, "good", 50, "?refresh=true");
        assert_eq!(
            node.ask("DELETE", "/good/_doc/7?refresh=true", NOTHING).0,
            200
        );
        let slow = json!({"refresh_interval": "-1"});
        assert_eq!(node.ask("PUT", "/good/_settings", &slow).0, 200);
        // In the log alone.
        for id in ["a", "b", "c"] {
            let path = format!("/good/_doc/{id}");
            assert_eq!(node.ask("PUT", &path, &json!({"n": 1})).0, 201);
        }
        node.kill();
    }
    let indexes = folder.path().join("data/indexes");
    for (name, damage) in DAMAGES {
        copy(&indexes.join("good"), &indexes.join(name));
        damage(&indexes.join(name));
    }
    let node = Node::start_at(folder.path(), &[]);
    let health = |index: &str| {
        let path = format!("/_cluster/health/{index}?level=indices");
        node.ask("GET", &path, NOTHING).1
    };
    wait_until("all are checked", || {
        health("_all")["unassigned_shards"] == DAMAGES.len()
    });
    assert_eq!(health("_all")["status"], "red");
    assert_eq!(
        (health("good")["status"].as_str(), node.count("good")),
        (Some("green"), json!(52))
    );
    assert_eq!(node.ask("GET", "/good/_doc/c", NOTHING).0, 200);
    // Several indexes: the hits of those that can be searched, unless the request wants all.
    let (status, answer) = node.ask("POST", "/_search", &json!({"track_total_hits": true}));
    assert_eq!(
        (status, &answer["hits"]["total"]["value"]),
        (200, &json!(52))
    );
    let shards = &answer["_shards"];
    assert_eq!(
        (&shards["successful"], &shards["failed"]),
        (&json!(1), &json!(DAMAGES.len()))
    );
    assert_eq!(
        shards["failures"][0]["reason"]["type"],
        "no_shard_available_action_exception"
    );
    let strict = node.refused(
        "POST",
        "/_search?allow_partial_search_results=false",
        NOTHING,
    );
    assert!(
        strict.starts_with("503 search_phase_execution_exception: "),
        "{strict}"
    );
    for (name, _) in DAMAGES {
        let of_index = health(name);
        assert_eq!(of_index["status"], "red", "{name}: {of_index}");
        let reason = of_index["indices"][name]["reason"]
            .as_str()
            .expect("a reason");
        assert!(!reason.contains("panic"), "{name}: {reason}");
        let (_, row) =
            node.with_headers("GET", &format!("/_cat/shards/{name}?h=state,ud"), "", b"");
        assert!(row.contains("UNASSIGNED") && row.contains(reason), "{row}");
        let (_, row) = node.with_headers("GET", &format!("/_cat/indices/{name}?h=health"), "", b"");
        assert_eq!(row.trim(), "red");
        for (method, path, body) in [
            ("GET", "_doc/1", NOTHING),
            ("PUT", "_doc/1", &json!({"n": 1})),
            ("POST", "_search", NOTHING),
            ("GET", "_count", NOTHING),
            ("POST", "_refresh", NOTHING),
        ] {
            let answer = node.refused(method, &format!("/{name}/{path}"), body);
            assert!(
                answer.starts_with("503 "),
                "{name}: {method} {path}: {answer}"
            );
            assert!(answer.contains(reason), "{name}: {answer}");
        }
        let exists = node.refused("PUT", &format!("/{name}"), NOTHING);
        assert!(
            exists.starts_with("400 resource_already_exists"),
            "{exists}"
        );
    }
    // The others are refreshed, and an index is deleted whatever is wrong with it.
    assert_eq!(node.ask("PUT", "/other/_doc/1", &json!({"n": 1})).0, 201);
    wait_until("it is refreshed", || node.count("other") == 1);
    for (name, _) in DAMAGES {
        let deleted = node.ask("DELETE", &format!("/{name}"), NOTHING);
        assert_eq!(deleted, (200, json!({"acknowledged": true})), "{name}");
        assert!(!indexes.join(name).exists());
        assert_eq!(
            node.ask("PUT", &format!("/{name}/_doc/1"), &json!({"a": 1}))
                .0,
            201
        );
    }
    assert_eq!(health("_all")["status"], "green");
    assert_eq!(node.count("good"), 52);
}

#[test]
fn an_index_that_cannot_be_refreshed_is_red_and_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Node::start_at(folder.path(), &[]);
    for index in ["good", "stuck"] {
        write(&node, index, 3, "?refresh=true");
    }
    // tantivy cannot write where its files are not.
    let segments = folder.path().join("data/indexes/stuck/segments");
    let away = folder.path().join("away");
    fs::rename(&segments, &away).expect("it can be moved");
    assert_eq!(node.ask("PUT", "/stuck/_doc/x", &json!({"n": 1})).0, 201);
    let status = || node.ask("GET", "/_cluster/health", NOTHING).1["status"].clone();
    wait_until("it is noticed", || status() == "red");
    let (_, row) = node.with_headers("GET", "/_cat/indices/stuck?h=health", "", b"");
    assert_eq!(row.trim(), "red");
    let (_, metrics) = node.with_headers("GET", "/metrics", "", b"");
    assert!(
        metrics.contains(r#"whittle_index_failed{index="stuck"} 1"#),
        "{metrics}"
    );
    assert_eq!(node.ask("PUT", "/good/_doc/x", &json!({"n": 1})).0, 201);
    wait_until("the other is refreshed", || node.count("good") == 4);
    // What was shown before is searched, and what was written is read.
    assert_eq!(node.count("stuck"), 3);
    assert_eq!(node.ask("GET", "/stuck/_doc/x", NOTHING).0, 200);
    let warned = node.log().matches("cannot refresh the index").count();
    assert_eq!(warned, 1, "{}", node.log());
    fs::rename(&away, &segments).expect("it can be moved");
    wait_until("it is tried again", || status() == "green");
    wait_until("it is refreshed", || node.count("stuck") == 4);
}

#[test]
fn what_a_crash_left_of_a_deletion_is_deleted_when_the_node_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let indexes = folder.path().join("data/indexes");
    {
        let mut node = Node::start_at(folder.path(), &[]);
        write(&node, "films", 3, "");
        node.kill();
    }
    copy(&indexes.join("films"), &indexes.join(".deleted-0123"));
    // A creation that did not get as far as the mapping.
    fs::create_dir_all(indexes.join("half/segments")).expect("there is room");
    fs::write(indexes.join("half/settings.json"), "{").expect("there is room");
    let node = Node::start_at(folder.path(), &[]);
    let names = fs::read_dir(&indexes).expect("a directory");
    let mut names: Vec<_> = names.map(|name| name.expect("one").file_name()).collect();
    names.sort();
    assert_eq!(names, ["films"]);
    assert_eq!(
        (node.count("films"), node.ask("GET", "/half", NOTHING).0),
        (json!(3), 404)
    );
    assert_eq!(node.ask("PUT", "/half", NOTHING).0, 200);
}

#[test]
fn an_index_is_deleted_with_pending_writes_while_it_is_searched_and_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Node::start_at(folder.path(), &[]);
    write(&node, "other", 10, "?refresh=true");
    for round in 0..5 {
        let slow = json!({"settings": {"refresh_interval": "-1"}});
        assert_eq!(node.ask("PUT", "/big", &slow).0, 200);
        write(
            &node,
            "big",
            2_000,
            if round % 2 == 0 { "" } else { "?refresh=true" },
        );
        write(&node, "big", 2_000, "");
        thread::scope(|scope| {
            let searches = scope.spawn(|| {
                for _ in 0..20 {
                    let (status, answer) = node.ask("POST", "/big/_search", NOTHING);
                    assert!([200, 404].contains(&status), "{answer}");
                    assert_eq!(node.count("other"), 10);
                }
            });
            let deleted = node.ask("DELETE", "/big", NOTHING);
            assert_eq!(deleted, (200, json!({"acknowledged": true})));
            searches.join().expect("no panic");
        });
        assert_eq!(node.ask("GET", "/big", NOTHING).0, 404);
        let names = fs::read_dir(folder.path().join("data/indexes")).expect("a directory");
        assert_eq!(names.count(), 1);
    }
}

/// A search finds documents of before the deletion, or of an index that was made anew, or none.
#[test]
fn requests_beside_the_deletion_of_their_index_are_served_or_find_none() {
    let node = Node::start();
    let is_over = AtomicBool::new(false);
    let bulk = |number: usize| {
        let lines = (0..20).map(|line| {
            let action = match line % 4 {
                0 => "delete",
                1 => "create",
                2 => "update",
                _ => "index",
            };
            let action = json!({action: {"_id": (number + line).to_string()}});
            // New fields, so that the mapping grows too.
            let document = json!({format!("f{}", number % 50): line});
            match line % 4 {
                0 => format!("{action}\n"),
                2 => format!(
                    "{action}\n{}\n",
                    json!({"doc": document, "doc_as_upsert": true})
                ),
                _ => format!("{action}\n{document}\n"),
            }
        });
        lines.collect::<String>()
    };
    thread::scope(|scope| {
        let (node, is_over) = (&node, &is_over);
        let until_over = |work: &dyn Fn(usize)| {
            let _over = Over(is_over);
            (0..)
                .take_while(|_| !is_over.load(Ordering::Relaxed))
                .for_each(work);
        };
        for refresh in ["", "?refresh=true"] {
            scope.spawn(move || {
                until_over(&|number| {
                    let path = format!("/films/_bulk{refresh}");
                    let (status, answer) =
                        node.with_headers("POST", &path, "", bulk(number).as_bytes());
                    assert_eq!(status, 200, "{answer}");
                    let answer: Json = serde_json::from_str(&answer).expect("JSON");
                    for item in answer["items"].as_array().expect("items") {
                        let item = item.as_object().expect("one").values().next();
                        let status = item.expect("one")["status"].as_u64().expect("a number");
                        assert!([200, 201, 404, 409].contains(&status), "{answer}");
                    }
                });
            });
        }
        for (method, path, body) in [
            ("POST", "/films/_search", json!({"sort": ["_id"]})),
            ("PUT", "/films/_doc/a?refresh=wait_for", json!({"a": 1})),
            ("POST", "/films/_refresh", Json::Null),
            ("POST", "/films/_forcemerge", Json::Null),
            ("GET", "/films/_doc/3?refresh=true", Json::Null),
            ("GET", "/films/_mapping", Json::Null),
            (
                "PUT",
                "/films/_mapping",
                json!({"properties": {"a": {"type": "long"}}}),
            ),
            (
                "PUT",
                "/films/_settings",
                json!({"refresh_interval": "100ms"}),
            ),
            ("GET", "/films/_stats", Json::Null),
        ] {
            scope.spawn(move || {
                until_over(&|_| {
                    let (status, answer) = node.ask(method, path, &body);
                    assert!(
                        [200, 201, 404].contains(&status),
                        "{method} {path}: {answer}"
                    );
                });
            });
        }
        scope.spawn(move || {
            let _over = Over(is_over);
            for round in 0..20 {
                let made = node.ask("PUT", "/films", NOTHING).0;
                // A write may have made it.
                assert!([200, 400].contains(&made), "{made}");
                thread::sleep(Duration::from_millis(round % 7 * 10));
                let (status, answer) = node.ask("DELETE", "/films", NOTHING);
                // One that is still being made is not there yet.
                assert!(status == 200 || (status, made) == (404, 400), "{answer}");
            }
        });
    });
}

/// Stops the other threads, even after a panic.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The names and targets in a folder of `/proc`.
fn of_process(node: &Node, what: &str) -> usize {
    let folder = format!("/proc/{}/{what}", node.id());
    fs::read_dir(folder).expect("the node runs").count()
}

#[test]
fn many_indexes_take_a_bounded_number_of_threads_and_files() {
    const INDEXES: usize = 200;
    let folder = tempfile::tempdir().expect("a folder");
    let mut node = Node::start_at(folder.path(), &[]);
    let lines = (0..INDEXES).map(|number| {
        let action = json!({"index": {"_index": format!("many-{number}"), "_id": "1"}});
        format!("{action}\n{}\n", json!({"n": number}))
    });
    let lines: String = lines.collect();
    let headers = "Content-Type: application/x-ndjson\r\n";
    for kind in ["created", "updated"] {
        let (status, answer) = node.with_headers("POST", "/_bulk", headers, lines.as_bytes());
        assert_eq!(status, 200);
        let done = answer.matches(&format!(r#""result":"{kind}""#)).count();
        assert_eq!(done, INDEXES, "{answer}");
        wait_until("the files of most indexes are closed", || {
            of_process(&node, "fd") < 300
        });
        let threads = of_process(&node, "task");
        assert!(threads < 64, "{threads} threads");
    }
    // What is not open is as it was, also after a crash.
    node.kill();
    drop(node);
    let node = Node::start_at(folder.path(), &[]);
    let (threads, files) = (of_process(&node, "task"), of_process(&node, "fd"));
    assert!(
        threads < 64 && files < 300,
        "{threads} threads, {files} files"
    );
    for number in (0..INDEXES).rev().step_by(7) {
        let (status, found) = node.ask("GET", &format!("/many-{number}/_doc/1"), NOTHING);
        assert_eq!((status, &found["_source"]["n"]), (200, &json!(number)));
        assert_eq!(found["_version"], 2);
    }
    let (status, answer) = node.ask("GET", "/_stats/docs", NOTHING);
    assert_eq!(status, 200);
    assert_eq!(answer["_all"]["total"]["docs"]["count"], INDEXES);
    let mapping = node.ask("GET", "/many-3/_mapping", NOTHING).1;
    assert_eq!(
        mapping["many-3"]["mappings"]["properties"]["n"]["type"],
        "long"
    );
}

#[test]
fn there_is_a_limit_on_the_number_of_indexes() {
    let node = Node::start_with(&["--indexes", "2"]);
    for index in ["a", "b"] {
        assert_eq!(node.ask("PUT", &format!("/{index}"), NOTHING).0, 200);
    }
    insta::assert_snapshot!(node.refused("PUT", "/c", NOTHING), @"400 validation_exception: Validation Failed: 1: this action would add [1] total shards, but this cluster currently has [2]/[2] maximum shards open;");
    assert_eq!(node.ask("PUT", "/c/_doc/1", &json!({"a": 1})).0, 400);
    assert_eq!(node.ask("PUT", "/b/_doc/1", &json!({"a": 1})).0, 201);
    assert_eq!(node.ask("DELETE", "/a", NOTHING).0, 200);
    assert_eq!(node.ask("PUT", "/c", NOTHING).0, 200);
}

/// Starts the command, and gives how it ended and what it said.
fn run(arguments: &[&str], directory: &Path) -> (bool, String) {
    let output = Command::new(whittle())
        .args(arguments)
        .arg("--data")
        .arg(directory)
        .output()
        .expect("it runs");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn one_process_at_a_time_uses_a_data_directory() {
    let folder = tempfile::tempdir().expect("a folder");
    let documents = folder.path().join("documents.json");
    fs::write(&documents, r#"{"a": 1}"#).expect("there is room");
    let documents = documents.to_str().expect("text");
    let node = Node::start_at(folder.path(), &[]);
    let data = folder.path().join("data");
    // Also an index that the node does not have.
    for name in ["new", "films"] {
        let (is_done, said) = run(&["index", name, "--docs", documents], &data);
        assert!(!is_done && said.contains("in use"), "{said}");
        assert_eq!(node.ask("GET", &format!("/{name}"), NOTHING).0, 404);
    }
    assert_eq!(node.ask("PUT", "/new/_doc/1", &json!({"a": 1})).0, 201);
    // Several nodes that start at once in an empty directory: one of them serves.
    for round in 0..4 {
        let empty = folder.path().join(format!("empty-{round}"));
        let mut nodes: Vec<_> = (0..4)
            .map(|_| {
                Command::new(whittle())
                    .args(["serve", "--listen", "127.0.0.1:0", "--data"])
                    .arg(&empty)
                    .env("WHITTLE_CACHE", folder.path().join("cache"))
                    .stdout(Stdio::null())
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("it runs")
            })
            .collect();
        let started = Instant::now();
        let mut ended = 0;
        while ended < 3 && started.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(50));
            let is_over =
                |node: &mut std::process::Child| node.try_wait().expect("a child").is_some();
            ended = nodes
                .iter_mut()
                .map(is_over)
                .filter(|is_over| *is_over)
                .count();
        }
        thread::sleep(Duration::from_millis(100));
        let mut serving = 0;
        for mut node in nodes {
            if node.try_wait().expect("a child").is_none() {
                serving += 1;
                node.kill().expect("it can be killed");
            }
            node.wait().expect("it ends");
        }
        assert_eq!(serving, 1);
    }
}
