//! The parts of guides that are made from what they describe: of `docs/WASM_API_REFERENCE.md` the
//! contract, the command's help, a node's description of its routes and its metrics, and the limits in
//! the code; of `docs/PERFORMANCE.md` the cost model.
//!
//! A part stands between `<!-- generated: NAME -->` and `<!-- end -->`.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::{Value as Json, json};
use whittle_host::{Budget, Limits};
use whittle_tests::{Node, repository, whittle};

use super::{ADVICE, is_renewed, path, read};

fn fenced(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```\n", text.trim_end())
}

/// A cell of a table in one line.
fn cell(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").trim_end_matches('.').replace('|', "\\|")
}

/// The help of a command and of those under it.
fn help(command: &[&str], parts: &mut String) {
    let output = Command::new(whittle())
        .args(command)
        .arg("--help")
        .env_remove("WHITTLE_LOG")
        .output();
    let output = output.expect("the command runs");
    assert!(output.status.success(), "{command:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text.lines().map(str::trim_end);
    let text = lines.collect::<Vec<_>>().join("\n");
    let name = [&["whittle"], command].concat().join(" ");
    parts.push_str(&format!("### `{name}`\n\n{}\n", fenced("text", &text)));
    let Some((_, commands)) = text.split_once("\nCommands:\n") else {
        return;
    };
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().expect("a name");
        if name != "help" {
            help(&[command, &[name]].concat(), parts);
        }
    }
}

fn commands() -> String {
    let mut parts = String::new();
    help(&[], &mut parts);
    parts
}

/// A node that has an index and a function, and has been asked for both.
fn node() -> Node {
    let node = Node::start();
    let (status, answer) = node.upload("string-distance");
    assert_eq!(status, 201, "{answer}");
    let film = json!({"title": "Alien"});
    let (status, answer) = node.ask("PUT", "/films/_doc/1?refresh=true", &film);
    assert_eq!(status, 201, "{answer}");
    let params = json!({"field": "title", "target": "Alien"});
    let clause = json!({"wasm_udf": {"function": "string_distance", "params": params}});
    let (status, answer) = node.ask("POST", "/films/_search", &json!({"query": clause}));
    assert_eq!(status, 200, "{answer}");
    node
}

/// The groups of the description of the API, as they are headed.
const GROUPS: [(&str, &str); 6] = [
    ("search", "Searches"),
    ("documents", "Documents"),
    ("indexes", "Indexes"),
    ("udf", "UDFs"),
    ("node", "The node"),
    ("tables", "Tables for people"),
];

struct Route {
    path: String,
    summary: String,
    methods: Vec<String>,
}

fn routes(node: &Node) -> String {
    let (_, api) = node.ask("GET", "/_openapi.json", &Json::Null);
    let paths = api["paths"].as_object().expect("paths");
    let mut groups: BTreeMap<&str, Vec<Route>> = BTreeMap::new();
    for (path, methods) in paths {
        for (method, route) in methods.as_object().expect("methods") {
            let group = route["tags"][0].as_str().expect("a tag");
            let summary = cell(route["summary"].as_str().expect("a summary"));
            let routes = groups.entry(group).or_default();
            let method = method.to_uppercase();
            let last = routes.last_mut();
            match last.filter(|last| last.path == *path && last.summary == summary) {
                Some(same) => same.methods.push(method),
                None => routes.push(Route {
                    path: path.clone(),
                    summary,
                    methods: vec![method],
                }),
            }
        }
    }
    let mut text = String::new();
    for (tag, heading) in GROUPS {
        text.push_str(&format!(
            "### {heading}\n\n| route | what it does |\n|---|---|\n"
        ));
        for route in groups.remove(tag).unwrap_or_default() {
            let Route {
                path,
                summary,
                methods,
            } = route;
            text.push_str(&format!(
                "| {} `{path}` | {summary} |\n",
                methods.join(", ")
            ));
        }
        text.push('\n');
    }
    let left: Vec<_> = groups.keys().collect();
    assert!(left.is_empty(), "groups without a heading: {left:?}");
    text
}

/// The names of the labels that a metric has, without those of its histogram's buckets.
fn labels(sample: &str) -> Vec<String> {
    let Some((_, inside)) = sample.split_once('{') else {
        return Vec::new();
    };
    let inside = inside.rsplit_once('}').map_or("", |(inside, _)| inside);
    let names = inside
        .split("\",")
        .filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
    names.filter(|name| name != "le").collect()
}

fn metrics(node: &Node) -> String {
    let (_, text) = node.with_headers("GET", "/metrics", "", b"");
    let mut rows = String::from("| metric | kind | labels | what it is |\n|---|---|---|---|\n");
    for line in text.lines() {
        let Some((name, help)) = line
            .strip_prefix("# HELP ")
            .and_then(|rest| rest.split_once(' '))
        else {
            continue;
        };
        let kind = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("# TYPE {name} ")));
        let kind = kind.expect("a kind");
        let suffix = if kind == "counter" { "_total" } else { "" };
        let sample = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or("");
        let labels = labels(sample)
            .iter()
            .map(|label| format!("`{label}`"))
            .collect::<Vec<_>>();
        rows.push_str(&format!(
            "| `{name}{suffix}` | {kind} | {} | {} |\n",
            labels.join(", "),
            cell(help)
        ));
    }
    rows
}

/// A number with a comma after each thousand.
fn grouped(number: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in number.chars().enumerate() {
        if index > 0 && (number.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A default as `Debug` shows it, with its unit.
fn with_unit(name: &str, value: &str) -> String {
    if let Some(seconds) = value.strip_suffix('s') {
        return format!("{seconds} s");
    }
    let count: u64 = value.parse().expect("a number");
    match count {
        _ if !name.ends_with("_bytes") => grouped(value),
        _ if count.is_multiple_of(1 << 20) => format!("{} MiB", count >> 20),
        _ if count.is_multiple_of(1 << 10) => format!("{} KiB", count >> 10),
        _ => format!("{count} bytes"),
    }
}

/// The documentation of a struct's public fields, without what it says of the default.
fn documentation(source: &str, of: &str) -> Vec<(String, String)> {
    let (_, body) = source
        .split_once(&format!("pub struct {of} {{\n"))
        .expect("a struct");
    let (body, _) = body.split_once("\n}\n").expect("its end");
    let mut fields = Vec::new();
    let mut text = String::new();
    for line in body.lines().map(str::trim) {
        if let Some(sentence) = line.strip_prefix("/// ") {
            text.push_str(sentence);
            text.push(' ');
        } else if let Some((name, _)) = line
            .strip_prefix("pub ")
            .and_then(|field| field.split_once(':'))
        {
            let (before, default) = text.split_once("; by default ").expect("the default");
            let rest = default.split_once(". ").map_or("", |(_, rest)| rest);
            fields.push((name.to_owned(), format!("{before}. {rest}")));
            text.clear();
        }
    }
    fields
}

fn limits() -> String {
    let source = fs::read_to_string(repository().join("host/core/src/limits.rs"));
    let source = source.expect("the source");
    let (limits, budget) = (
        format!("{:?}", Limits::default()),
        format!("{:?}", Budget::default()),
    );
    let mut text = String::new();
    for (of, heading, debug) in [
        ("Limits", "`Limits`: of a component", &limits),
        (
            "Budget",
            "`Budget`: of a query, over all of its functions and workers",
            &budget,
        ),
    ] {
        text.push_str(&format!(
            "### {heading}\n\n| limit | default | of what |\n|---|--:|---|\n"
        ));
        for (name, what) in documentation(&source, of) {
            if name == "describe" {
                continue;
            }
            let value = debug
                .split([' ', '{', '}', ','])
                .skip_while(|word| *word != format!("{name}:"))
                .nth(1);
            let value = with_unit(&name, value.expect("a default"));
            text.push_str(&format!("| `{name}` | {value} | {} |\n", cell(&what)));
        }
        text.push('\n');
    }
    let describe = Limits::default().describe;
    text.push_str(&format!(
        "`describe`, which a component answers once, has a budget of its own: {} s, {} MiB of memory\n\
         and {} KiB of log; otherwise it is that of a query.\n",
        describe.wall_clock.as_secs(),
        describe.memory_bytes >> 20,
        describe.log_bytes >> 10
    ));
    text
}

fn contract() -> String {
    let text = fs::read_to_string(repository().join("wit/udf.wit")).expect("the contract");
    let (_, text) = text.split_once("package ").expect("its package");
    fenced("wit", &format!("package {text}"))
}

/// The cost model, by which a node orders clauses.
fn cost_model() -> String {
    let path = repository().join("host/node/src/udf/cost.json");
    let model = fs::read_to_string(path).expect("the model");
    let model: Json = serde_json::from_str(&model).expect("JSON");
    let machine = model["machine"].as_str().expect("a machine");
    let mut text = format!(
        "Measured on: {machine}.\n\n\
         | language | reads | a query | a batch | a document | largest error |\n\
         |---|---|--:|--:|--:|--:|\n"
    );
    for figures in model["costs"].as_array().expect("a list") {
        let time = |of: &str| {
            let nanoseconds = figures[of].as_f64().expect("a number");
            let (value, unit) = match nanoseconds {
                n if n < 1e3 => (n, "ns"),
                n if n < 1e6 => (n / 1e3, "us"),
                n => (n / 1e6, "ms"),
            };
            let decimals = usize::from(value < 10.0);
            format!("{value:.decimals$} {unit}")
        };
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} % |\n",
            figures["language"].as_str().expect("a name"),
            figures["reads"].as_str().expect("a kind"),
            time("query_ns"),
            time("batch_ns"),
            time("document_ns"),
            figures["error_percent"].as_f64().expect("a number"),
        ));
    }
    text
}

/// The first lines in which two texts differ; empty at the end of one.
fn difference<'a>(one: &'a str, other: &'a str) -> Option<(&'a str, &'a str)> {
    let count = one.lines().count().max(other.lines().count());
    let end = std::iter::repeat("");
    let lines = one.lines().chain(end.clone()).zip(other.lines().chain(end));
    lines.take(count).find(|(one, other)| one != other)
}

/// Whether the parts of a guide are what they are made from.
fn check(guide: &str, parts: &[(&str, String)]) {
    let mut renewed = read(guide);
    for (name, text) in parts {
        let begin = format!("<!-- generated: {name} -->\n");
        let (before, rest) = renewed
            .split_once(&begin)
            .unwrap_or_else(|| panic!("no {begin}"));
        let (found, after) = rest
            .split_once("<!-- end -->")
            .unwrap_or_else(|| panic!("no end of {name}"));
        let text = text.trim_end();
        if let Some((shown, said)) = difference(found.trim(), text)
            && !is_renewed()
        {
            panic!("{guide}: the part `{name}` has\n{shown}\nand the code says\n{said}\n{ADVICE}");
        }
        renewed = format!("{before}{begin}{text}\n<!-- end -->{after}");
    }
    if is_renewed() {
        fs::write(path(guide), renewed).expect("written");
    }
}

#[test]
fn the_reference_is_what_the_code_says() {
    let node = node();
    check(
        "docs/WASM_API_REFERENCE.md",
        &[
            ("contract", contract()),
            ("commands", commands()),
            ("routes", routes(&node)),
            ("metrics", metrics(&node)),
            ("limits", limits()),
        ],
    );
}

#[test]
fn the_cost_model_of_the_guide_is_the_nodes() {
    check("docs/PERFORMANCE.md", &[("cost model", cost_model())]);
}
