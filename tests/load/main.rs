//! A node under load: good queries by `wrk`, and beside them clients that write, that upload new
//! versions of a function in use, and that run hostile UDFs.
//!
//! `make load`. It fails where an answer has a status that it should not have, where a write that
//! was acknowledged is gone or there twice, where the node takes more memory than it may, or where a
//! request held a thread that serves connections for too long.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value as Json, json};
use whittle_tests::{ByHand, Node, repository};

const PRODUCTS: usize = 50_000;
const CLIENTS: usize = 24;
/// What the node's process may take at most, in MiB.
const MEMORY_MB: u64 = 700;
/// How long a request may hold a thread of the runtime, in seconds. The node's metric leaves out
/// what the thread waited for a processor, so a machine that is busy does not fail the test; in a
/// build without optimization the same code takes several times as long.
const LAG_SECONDS: f64 = if cfg!(debug_assertions) { 0.25 } else { 0.05 };

/// Functions that do harm, by version, and what they do.
const HOSTILE: [(&str, &str); 3] = [
    ("0.0.1", "(loop (br 0)) (i32.const 512)"),
    ("0.0.2", "unreachable"),
    (
        "0.0.3",
        "(loop (br_if 0 (i32.ne (memory.grow (i32.const 256)) (i32.const -1)))) unreachable",
    ),
];

/// What clients were answered, by what they did and the status.
#[derive(Debug, Default)]
struct Answers(Mutex<BTreeMap<(&'static str, u16), u64>>);

impl Answers {
    /// Counts an answer, and ends the run where it may not be.
    fn count(&self, what: &'static str, (status, answer): (u16, Json), good: &[u16]) -> Json {
        let kind = answer["error"]["type"].as_str();
        let turned_away = status == 429
            && matches!(
                kind,
                Some("rejected_execution_exception" | "circuit_breaking_exception")
            );
        assert!(
            good.contains(&status) || turned_away,
            "{what}: {status}: {answer}"
        );
        *self
            .0
            .lock()
            .expect("no panic")
            .entry((what, status))
            .or_default() += 1;
        answer
    }
}

fn main() {
    let seconds = std::env::var("LOAD_SECONDS").map_or(60, |text| text.parse().expect("a number"));
    // Good queries of so many clients may take longer than those of the other tests.
    let node = Node::start_with(&["--timeout", "2000"]);
    prepare(&node);
    let (answers, over) = (Answers::default(), AtomicBool::new(false));
    let written: Mutex<HashMap<String, u64>> = Mutex::default();
    let good = thread::scope(|scope| {
        for client in 0..4 {
            let (node, answers, over, written) = (&node, &answers, &over, &written);
            scope.spawn(move || write(node, client, answers, over, written));
        }
        scope.spawn(|| upload(&node, &answers, &over));
        for (version, _) in HOSTILE {
            let (node, answers, over) = (&node, &answers, &over);
            scope.spawn(move || attack(node, version, answers, over));
        }
        let good = wrk(&node, seconds);
        over.store(true, Ordering::Relaxed);
        good
    });
    let written = written.into_inner().expect("no panic");
    check_written(&node, &written);
    let (memory, lag) = (peak_memory_mb(&node), node.lag_seconds("start"));
    report(&good, &answers, written.len(), memory, lag);
    let statuses = good["statuses"].as_object().expect("an object");
    for status in statuses.keys() {
        assert!(["200", "429"].contains(&status.as_str()), "{good}");
    }
    assert_eq!(good["errors"], 0, "{good}");
    assert!(memory <= MEMORY_MB, "{memory} MiB");
    assert!(
        lag <= LAG_SECONDS,
        "a thread was held for {lag} s: {}",
        node.log()
    );
}

/// Products, good functions and hostile ones.
fn prepare(node: &Node) {
    for (batch, first) in (0..PRODUCTS).step_by(5_000).enumerate() {
        let lines = (first..first + 5_000).map(|number| {
            let names = ["camera", "lamp", "chair", "kettle", "radio"];
            let colours = ["silver", "amber", "cobalt"];
            let (name, colour) = (names[number % 5], colours[number / 5 % 3]);
            let product = json!({
                "title": format!("Cobalt {name} {number} {colour}"),
                "price": (number * 7919 % 100_000) as f64 / 100.0,
                "rating": (number * 31 % 50) as f64 / 10.0,
                "discount": (number * 17 % 40) as f64 / 100.0,
                "popularity": number % 1_000,
            });
            format!("{{\"index\": {{}}}}\n{product}\n")
        });
        let body: String = lines.collect();
        let answer = node.with_headers("POST", "/products/_bulk", "", body.as_bytes());
        assert_eq!(answer.0, 200, "batch {batch}: {}", answer.1);
    }
    assert_eq!(node.ask("PUT", "/written", &Json::Null).0, 200);
    assert_eq!(node.ask("POST", "/_refresh", &Json::Null).0, 200);
    for name in ["string-distance", "custom-score"] {
        assert_eq!(node.upload(name).0, 201);
    }
    for (version, evaluate) in HOSTILE {
        node.upload_by_hand(&ByHand {
            version,
            evaluate,
            ..ByHand::default()
        });
    }
    node.upload_by_hand(&version_of_good(0));
}

fn version_of_good(patch: u32) -> ByHand<'static> {
    ByHand {
        version: Box::leak(format!("1.0.{patch}").into_boxed_str()),
        ..ByHand::default()
    }
}

/// Writes documents of its own in batches, and changes some; keeps what was acknowledged.
fn write(
    node: &Node,
    client: usize,
    answers: &Answers,
    over: &AtomicBool,
    written: &Mutex<HashMap<String, u64>>,
) {
    let mut mine: HashMap<String, u64> = HashMap::new();
    for round in 0_u64.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        // Half of the ids are there already, from the round before.
        let ids = (round * 10..round * 10 + 20).map(|number| format!("{client}-{number}"));
        let ids: Vec<String> = ids.collect();
        let line = |id: &String| {
            format!(
                "{{\"index\": {{\"_id\": \"{id}\"}}}}\n{}\n",
                json!({"round": round})
            )
        };
        let body: String = ids.iter().map(line).collect();
        let answer = node.with_headers("POST", "/written/_bulk", "", body.as_bytes());
        let answer = (
            answer.0,
            serde_json::from_str(&answer.1).unwrap_or_default(),
        );
        let answer = answers.count("bulk write", answer, &[200]);
        let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
        for (id, item) in ids.iter().zip(items) {
            let status = item["index"]["status"].as_u64().expect("a status");
            assert!([200, 201].contains(&status), "{item}");
            mine.insert(id.clone(), round);
        }
        if round % 5 == 0 {
            let answer = node.ask("POST", "/written/_refresh", &Json::Null);
            answers.count("refresh", answer, &[200]);
        }
        thread::sleep(Duration::from_millis(20));
    }
    written.lock().expect("no panic").extend(mine);
}

/// Uploads new versions of a function that queries use, and deletes old ones.
fn upload(node: &Node, answers: &Answers, over: &AtomicBool) {
    for patch in 1.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let component = version_of_good(patch).component();
        let answer = node.with_headers("PUT", "/_udf", "", &component);
        let answer = (
            answer.0,
            serde_json::from_str(&answer.1).unwrap_or_default(),
        );
        answers.count("upload", answer, &[201]);
        if patch >= 5 {
            let old = format!("/_udf/by-hand/1.0.{}", patch - 5);
            answers.count("deletion", node.ask("DELETE", &old, &Json::Null), &[200]);
        }
        thread::sleep(Duration::from_millis(250));
    }
}

/// Runs a hostile function again and again.
fn attack(node: &Node, version: &str, answers: &Answers, over: &AtomicBool) {
    let query = json!({"query": {"wasm_udf": {"function": format!("f@{version}")}}});
    while !over.load(Ordering::Relaxed) {
        let answer = node.ask("POST", "/products/_search", &query);
        answers.count("attack", answer, &[408, 422]);
        thread::sleep(Duration::from_millis(50));
    }
}

/// Runs the good queries; what `wrk` saw.
fn wrk(node: &Node, seconds: u64) -> Json {
    let output = Command::new("wrk")
        .args(["--threads", "2", "--connections", &CLIENTS.to_string()])
        .args(["--duration", &format!("{seconds}s"), "--timeout", "30s"])
        .arg("--script")
        .arg(repository().join("tests/load/queries.lua"))
        .arg(format!("http://{}", node.address))
        .output()
        .expect("`wrk` runs: apt-get install wrk");
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().expect("an output");
    serde_json::from_str(last).unwrap_or_else(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        panic!("wrk's output ({error}): {text}{said}")
    })
}

/// Every acknowledged document is there once, as it was written last.
fn check_written(node: &Node, written: &HashMap<String, u64>) {
    assert_eq!(node.ask("POST", "/written/_refresh", &Json::Null).0, 200);
    let mut found = HashMap::new();
    let mut request = json!({"sort": ["_doc"], "size": 10_000});
    loop {
        let (status, answer) = node.ask("POST", "/written/_search", &request);
        assert_eq!(status, 200, "{answer}");
        let hits = answer["hits"]["hits"].as_array().expect("hits");
        let Some(last) = hits.last() else { break };
        request["search_after"] = last["sort"].clone();
        for hit in hits {
            let id = hit["_id"].as_str().expect("a text").to_owned();
            let round = hit["_source"]["round"].as_u64().expect("a number");
            assert!(found.insert(id, round).is_none(), "twice: {hit}");
        }
    }
    for (id, round) in written {
        assert_eq!(found.get(id), Some(round), "the document {id}");
    }
}

/// The most that the node's process held so far.
fn peak_memory_mb(node: &Node) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.id())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.expect("its peak").trim().trim_end_matches(" kB");
    kib.parse::<u64>().expect("a number") / 1024
}

fn report(good: &Json, answers: &Answers, documents: usize, memory: u64, lag: f64) {
    let mut out = std::io::stdout().lock();
    let total: u64 = (good["statuses"].as_object().into_iter().flatten())
        .filter_map(|(_, count)| count.as_u64())
        .sum();
    let seconds = good["seconds"].as_f64().expect("a number");
    let ms = |name: &str| good[name].as_f64().expect("a number") / 1000.0;
    let lines = [
        format!(
            "good queries: {total} in {seconds:.0} s, {CLIENTS} clients: {}",
            good["statuses"]
        ),
        format!(
            "  p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms",
            ms("p50"),
            ms("p90"),
            ms("p99")
        ),
    ];
    for line in lines {
        writeln!(out, "{line}").expect("written");
    }
    for ((what, status), count) in answers.0.lock().expect("no panic").iter() {
        writeln!(out, "{what}: {status}: {count}").expect("written");
    }
    writeln!(out, "acknowledged documents: {documents}, each there once").expect("written");
    writeln!(out, "peak memory: {memory} MiB").expect("written");
    writeln!(out, "longest hold of a thread: {:.0} ms", lag * 1000.0).expect("written");
}
