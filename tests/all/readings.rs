//! A function gives the same value for the same document wherever it is called: in `whittle call`,
//! `whittle test` and `whittle query`, in a node's `_test`, and in a search.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use whittle_tests::{Node, guest_path, target, whittle};

const INDEX: &str = "documents";

/// Numbers that look random, and are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        // xorshift64, of Marsaglia.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("it is small")
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Values as people write them, of which some fit a type, some are converted, and some are missing.
const VALUES: [&str; 25] = [
    "null",
    "true",
    "false",
    "\"true\"",
    "0",
    "10",
    "10.0",
    "-3",
    "1.5",
    "1e3",
    "2.50",
    "9007199254740993",
    "\"12\"",
    "\"-7.25\"",
    "\"1e2\"",
    "\"\"",
    "\"x\"",
    "\"ü\"",
    "\"2024-02-29\"",
    "\"2024-02-29T12:30:00.25Z\"",
    "1709208000000",
    "[]",
    "[null, 4]",
    "[\"7\", 8]",
    "[[2.0], 3]",
];

/// What a field of booleans takes.
const BOOLEANS: [&str; 7] = [
    "null",
    "true",
    "false",
    "\"true\"",
    "\"\"",
    "[]",
    "[null, false]",
];

/// The fields of the mapping: one of each type.
const FIELDS: [(&str, &str); 6] = [
    ("flag", "boolean"),
    ("long", "long"),
    ("double", "double"),
    ("date", "date"),
    ("keyword", "keyword"),
    ("words", "text"),
];

/// A mapping that refuses no document.
fn mapping() -> Json {
    let field = |(name, of): (&str, &str)| {
        let is_checked = matches!(of, "boolean" | "keyword" | "text");
        let field = match is_checked {
            true => json!({"type": of}),
            false => json!({"type": of, "ignore_malformed": true}),
        };
        (name.to_owned(), field)
    };
    let properties: serde_json::Map<String, Json> = FIELDS.into_iter().map(field).collect();
    json!({"properties": properties})
}

/// Documents as texts, since JSON that was parsed has lost digits.
fn documents(random: &mut Random, count: usize) -> Vec<String> {
    let document = |random: &mut Random| {
        let members = FIELDS.map(|(name, _)| {
            // A boolean field refuses all other values: it has no `ignore_malformed`.
            let value = match name {
                "flag" => random.one(&BOOLEANS),
                _ => random.one(&VALUES),
            };
            format!("\"{name}\": {value}")
        });
        format!("{{{}}}", members.join(", "))
    };
    (0..count).map(|_| document(random)).collect()
}

/// A directory and a node that have the same documents, mapping and component.
struct Bench {
    folder: TempDir,
    node: Node,
    documents: Vec<String>,
}

impl Bench {
    fn new(documents: Vec<String>) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().expect("a directory"),
            node: Node::start(),
            documents,
        };
        bench.write("docs.json", &bench.documents.join("\n"));
        bench.write("mapping.json", &mapping().to_string());
        let made = (bench.node).ask("PUT", &format!("/{INDEX}"), &json!({"mappings": mapping()}));
        assert_eq!(made.0, 200, "{}", made.1);
        let line = |(id, document): (usize, &String)| {
            format!("{{\"index\": {{\"_id\": \"{id}\"}}}}\n{document}\n")
        };
        let lines: String = bench.documents.iter().enumerate().map(line).collect();
        let path = format!("/{INDEX}/_bulk?refresh=true");
        let (_, answer) = bench.node.with_headers("POST", &path, "", lines.as_bytes());
        let answer: Json = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(answer["errors"], false, "{answer}");
        bench
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("it can be written");
    }

    fn command(&self, before: &[&str], component: &Path, after: &[&str]) -> String {
        let output = Command::new(whittle())
            .args(before)
            .arg(component)
            .args(after)
            .current_dir(self.folder.path())
            .env("WHITTLE_CACHE", target().join("cache"))
            .output()
            .expect("the command runs");
        let error = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{before:?} {after:?}: {printed}{error}"
        );
        printed
    }

    /// The values that `whittle call` prints.
    fn called(
        &self,
        component: &Path,
        function: &str,
        params: &Json,
        mapping: &[&str],
    ) -> Vec<Json> {
        let params = params.to_string();
        let mut arguments = vec![function, "--docs", "docs.json", "--params", &params];
        arguments.extend(mapping);
        let printed = self.command(&["call"], component, &arguments);
        let lines = printed
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        lines.map(|line: Json| line["value"].clone()).collect()
    }

    /// Runs the values as vectors, which all must pass.
    fn test(&self, component: &Path, function: &str, params: &Json, values: &[Json]) {
        let documents = self.documents.join(", ");
        let vectors = format!(
            "{{\"function\": \"{function}\", \"mapping\": {}, \"cases\": [{{\"name\": \"all\", \
             \"params\": {params}, \"documents\": [{documents}], \"values\": {}}}]}}",
            mapping(),
            json!(values)
        );
        self.write("vectors.json", &vectors);
        self.command(&["test"], component, &["--vectors", "vectors.json"]);
    }

    /// The values of a trial in the node.
    fn tried(&self, udf: &str, function: &str, params: &Json) -> Vec<Json> {
        let body = format!(
            "{{\"function\": \"{function}\", \"params\": {params}, \"index\": \"{INDEX}\", \
             \"documents\": [{}]}}",
            self.documents.join(", ")
        );
        let path = format!("/_udf/{udf}/_test");
        let (status, answer) = self.node.with_headers("POST", &path, "", body.as_bytes());
        assert_eq!(status, 200, "{answer}");
        let answer: Json = serde_json::from_str(&answer).expect("JSON");
        let results = answer["results"].as_array().expect("a list");
        results
            .iter()
            .map(|result| result["value"].clone())
            .collect()
    }

    /// Registers a component in the node: its name and version.
    fn register(&self, component: &Path) -> (String, String) {
        let bytes = fs::read(component).expect("build the guests first: make guests");
        let (status, answer) = self.node.with_headers("PUT", "/_udf", "", &bytes);
        assert_eq!(status, 201, "{answer}");
        let answer: Json = serde_json::from_str(&answer).expect("JSON");
        let text = |key: &str| answer[key].as_str().expect("a string").to_owned();
        (text("name"), text("version"))
    }

    fn unregister(&self, udf: &str, version: &str) {
        let path = format!("/_udf/{udf}/{version}");
        let (status, answer) = self.node.ask("DELETE", &path, &Json::Null);
        assert_eq!(status, 200, "{answer}");
    }

    /// The values of `whittle call`, which `whittle test`, a trial and a search give too.
    fn same(&self, component: &Path, udf: &str, function: &str, params: &Json) -> Vec<Json> {
        let called = self.called(component, function, params, &["--mapping", "mapping.json"]);
        self.test(component, function, params, &called);
        let what = format!("{}: {function}: {params}", component.display());
        assert_eq!(self.tried(udf, function, params), called, "_test: {what}");
        assert_eq!(self.searched(function, params), called, "_search: {what}");
        called
    }

    /// A search that computes a function for all documents.
    fn body(&self, function: &str, params: &Json) -> Json {
        let udf = json!({"wasm_udf": {"function": function, "params": params}});
        json!({"size": self.documents.len(), "fields": {"value": udf}})
    }

    /// The values that a search computes.
    fn searched(&self, function: &str, params: &Json) -> Vec<Json> {
        let path = format!("/{INDEX}/_search");
        let (status, answer) = self.node.ask("POST", &path, &self.body(function, params));
        assert_eq!(status, 200, "{answer}");
        values_of(&answer, self.documents.len())
    }

    /// The values that `whittle query` computes, with the mapping that the documents show.
    fn queried(&self, component: &Path, function: &str, params: &Json) -> Vec<Json> {
        self.write("query.json", &self.body(function, params).to_string());
        let after = ["--json", "--docs", "docs.json", "--query", "query.json"];
        let answer = self.command(&["query", "--udf"], component, &after);
        let answer: Json = serde_json::from_str(&answer).expect("JSON");
        values_of(&answer, self.documents.len())
    }
}

/// The computed value of each document, in the order of their ids.
fn values_of(answer: &Json, count: usize) -> Vec<Json> {
    let mut values = vec![Json::Null; count];
    let hits = answer["hits"]["hits"].as_array().expect("hits");
    assert_eq!(hits.len(), count);
    for hit in hits {
        let id: usize = hit["_id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("a number");
        values[id] = hit["fields"]["value"][0].clone();
    }
    values
}

#[test]
fn the_command_reads_every_type_as_every_kind_alike() {
    let bench = Bench::new(documents(&mut Random(1), 100));
    let component = guest_path("rust", "probe");
    let mut present = 0;
    for (field, _) in FIELDS {
        for kind in ["boolean", "int64", "float64", "text", "timestamp", "json"] {
            let (function, params) = (format!("read_{kind}"), json!({"field": field}));
            let mapped = ["--mapping", "mapping.json"];
            let called = bench.called(&component, &function, &params, &mapped);
            bench.test(&component, &function, &params, &called);
            present += called.iter().filter(|value| !value.is_null()).count();
            let guessed = bench.called(&component, &function, &params, &[]);
            let queried = bench.queried(&component, &function, &params);
            assert_eq!(queried, guessed, "query: {function}: {field}");
        }
    }
    assert!(present > 1_000, "{present} values");
}

#[test]
fn a_node_reads_documents_as_the_command_does_in_every_language() {
    let bench = Bench::new(documents(&mut Random(2), 100));
    let score = json!({
        "price_field": "double", "rating_field": "long", "popularity_field": "keyword",
        "price_weight": 1.0, "rating_weight": 10.0, "popularity_weight": 100.0,
    });
    let between = json!({"start_field": "date", "end_field": "date", "min_days": 0, "max_days": 3});
    let days = json!({"start_field": "date", "end_field": "date"});
    let path = json!({"field": "long", "path": "$", "operator": "exists"});
    let nodes = json!({"field": "long", "path": "$"});
    let group = json!({"field": "words", "pattern": "([0-9]+)"});
    let ten = json!({"field": "words", "pattern": "([0-9]+)", "equals": "10"});
    let distance = json!({"field": "words", "target": "10", "max_distance": 2});
    let model = json!({"model": {
        "intercept": 0.5,
        "numeric": [{"field": "double", "weight": 0.1}],
        "one_hot": [{"field": "keyword", "weights": {"x": 1}}],
    }});
    let rules = json!({"mode": "all", "rules": [
        {"reason": "a digit", "field": ["words", "keyword"], "regex": "[0-9]"},
        {"reason": "no word", "field": "words", "missing": true},
    ]});
    let languages = ["assemblyscript", "c", "go", "javascript", "python", "rust"];
    let scores =
        languages.map(|language| (language, "custom-score", vec![("custom_score", &score)]));
    let days = vec![
        ("business_days_between", &between),
        ("business_days", &days),
    ];
    let others = [
        (
            "rust",
            "string-distance",
            vec![("string_distance", &distance)],
        ),
        ("rust", "business-days", days),
        (
            "rust",
            "json-path",
            vec![("json_path", &path), ("json_nodes", &nodes)],
        ),
        (
            "rust",
            "regex-extract",
            vec![("regex_value", &group), ("regex_extract", &ten)],
        ),
        ("python", "logistic-score", vec![("logistic_score", &model)]),
        ("javascript", "text-rules", vec![("text_rules", &rules)]),
    ];
    for (language, guest, functions) in scores.into_iter().chain(others) {
        let component = guest_path(language, guest);
        let (udf, version) = bench.register(&component);
        for (function, params) in functions {
            let called = bench.same(&component, &udf, function, params);
            let present = called.iter().filter(|value| !value.is_null()).count();
            assert!(present > 20, "{language}: {function}: {present} values");
        }
        bench.unregister(&udf, &version);
    }
}

/// What the probes read, by language. C's has no such function, and Rust's cannot be registered in a
/// node: their other guests are tried above. Timestamps are in what reads all kinds: a search shows
/// them as texts.
const PROBES: [(&str, &[&str]); 4] = [
    (
        "assemblyscript",
        &["read_int64", "read_float64", "read_text", "read_json"],
    ),
    ("go", &["read_kinds"]),
    ("javascript", &["read_kinds"]),
    ("python", &["read_kinds"]),
];

#[test]
fn call_test_trial_query_and_search_read_alike_in_every_language() {
    let bench = Bench::new(documents(&mut Random(3), 100));
    for (language, functions) in PROBES {
        let component = guest_path(language, "probe");
        let (udf, version) = bench.register(&component);
        for function in functions {
            for (field, _) in FIELDS {
                let params = json!({"field": field});
                bench.same(&component, &udf, function, &params);
                let guessed = bench.called(&component, function, &params, &[]);
                let queried = bench.queried(&component, function, &params);
                assert_eq!(queried, guessed, "query: {language}: {function}: {field}");
            }
        }
        bench.unregister(&udf, &version);
    }
}

#[test]
fn json_keeps_its_digits_on_all_paths() {
    let written = r#"[1.10,12345678901234567890123,9007199254740993,0.10000000000000000001]"#;
    let bench = Bench::new(vec![format!(r#"{{"long": {written}}}"#)]);
    let component = guest_path("assemblyscript", "probe");
    let (udf, _) = bench.register(&component);
    let after = [
        "read_json",
        "--docs",
        "docs.json",
        "--params",
        r#"{"field": "long"}"#,
    ];
    let called = bench.command(&["call"], &component, &after);
    assert_eq!(called, format!("{{\"_id\":\"0\",\"value\":{written}}}\n"));
    let trial = format!(
        r#"{{"function": "read_json", "params": {{"field": "long"}}, "documents": [{}]}}"#,
        bench.documents[0]
    );
    let path = format!("/_udf/{udf}/_test");
    let (_, tried) = bench.node.with_headers("POST", &path, "", trial.as_bytes());
    let body = bench
        .body("read_json", &json!({"field": "long"}))
        .to_string();
    let path = format!("/{INDEX}/_search");
    let (_, searched) = bench.node.with_headers("POST", &path, "", body.as_bytes());
    bench.write("query.json", &body);
    let after = ["--json", "--docs", "docs.json", "--query", "query.json"];
    let queried = bench.command(&["query", "--udf"], &component, &after);
    for answer in [tried, searched, queried] {
        let compact: String = answer.split_whitespace().collect();
        let has_it = compact.contains(&format!("\"value\":{written}"))
            || compact.contains(&format!("\"value\":[{written}]"));
        assert!(has_it, "{answer}");
    }
}
