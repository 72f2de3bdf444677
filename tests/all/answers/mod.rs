//! The same rows give the same answers wherever they are evaluated: in a search of an index, in SQL
//! over it, in `whittle call`, and in Rust.
//!
//! The rows are random and the same in each run; about every fifth value is missing. That a node's
//! `_search` gives what `whittle call` gives is shown in `readings.rs`.

mod cases;
mod expressions;
mod functions;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use whittle_tests::{target, whittle};

const ROWS: usize = 60;

/// Numbers that look random, and are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        // The linear congruential generator of Knuth's MMIX; its high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// A data directory with an index of rows, and the same rows as a file.
struct Rows {
    folder: TempDir,
}

impl Rows {
    /// Indexes rows, whose `id` is their position, under a mapping.
    fn new(mapping: &Json, rows: &[Json]) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let rows_of = Self { folder };
        let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
        rows_of.write("rows.json", &lines);
        rows_of.write("none.json", "");
        rows_of.write("mapping.json", &mapping.to_string());
        let index = "index rows --data data --docs rows.json --id-field id --mapping mapping.json";
        rows_of.good(index.split(' '));
        rows_of
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("it can be written");
    }

    /// What a command prints, or its error.
    fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<String, String> {
        let output = Command::new(whittle())
            .args(arguments)
            .current_dir(self.folder.path())
            .env("WHITTLE_CACHE", target().join("cache"))
            .stdin(Stdio::null())
            .output()
            .expect("the command runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }

    fn good<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        self.run(arguments)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// The values that a search computes: for each row in their order, those of all formulas.
    fn searched(&self, udf: Option<&Path>, query: &Json, formulas: &[Json]) -> Vec<Vec<Json>> {
        let fields = formulas.iter().enumerate();
        let fields = fields.map(|(number, formula)| (name(number), formula.clone()));
        let fields: serde_json::Map<String, Json> = fields.collect();
        let body = json!({"size": ROWS, "query": query, "sort": ["id"], "fields": fields});
        self.write("query.json", &body.to_string());
        let mut arguments = vec!["search", "rows", "--data", "data", "--query", "query.json"];
        arguments.push("--json");
        arguments.extend(flags(udf));
        let answer: Json = serde_json::from_str(&self.good(arguments)).expect("JSON");
        let hits = answer["hits"]["hits"].as_array().expect("hits");
        let values = |hit: &Json| {
            let value = |number| hit["fields"][name(number)][0].clone();
            (0..formulas.len()).map(value).collect()
        };
        hits.iter().map(values).collect()
    }

    /// The values that SQL selects: for each row in their order, those of all expressions. They are
    /// evaluated for no rows too, which adds none.
    fn selected(
        &self,
        udf: Option<&Path>,
        expressions: &[String],
    ) -> Result<Vec<Vec<Json>>, String> {
        let columns = expressions.iter().enumerate();
        let columns = columns.map(|(number, text)| format!("{text} AS {}", name(number)));
        let columns = columns.collect::<Vec<_>>().join(",\n");
        let select = format!("SELECT {columns}\nFROM rows");
        let statements = format!("{select} ORDER BY id;\n{select} WHERE id < 0;\n");
        self.write("statements.sql", &statements);
        let mut arguments = vec!["sql", "--data", "data", "-f", "statements.sql"];
        arguments.extend(["--format", "ndjson"]);
        arguments.extend(flags(udf));
        let printed = self.run(arguments)?;
        let values = |line: &str| {
            let row: Json = serde_json::from_str(line).expect("JSON");
            let value = |number| row[name(number)].clone();
            (0..expressions.len()).map(value).collect()
        };
        Ok(printed.lines().map(values).collect())
    }

    /// The values that `whittle call` prints for the rows of a file.
    fn called(&self, component: &Path, function: &str, params: &Json, rows: &str) -> Vec<Json> {
        let component = component.to_str().expect("a path in UTF-8");
        let params = params.to_string();
        let mut arguments = vec!["call", component, function, "--docs", rows];
        arguments.extend(["--mapping", "mapping.json", "--params", &params]);
        let printed = self.good(arguments);
        let value = |line: &str| {
            let result: Json = serde_json::from_str(line).expect("JSON");
            result["value"].clone()
        };
        printed.lines().map(value).collect()
    }
}

/// The name of a computed value.
fn name(number: usize) -> String {
    format!("v{number}")
}

fn flags(udf: Option<&Path>) -> impl Iterator<Item = &str> {
    let udf = udf.map(|path| ["--udf", path.to_str().expect("a path in UTF-8")]);
    udf.into_iter().flatten()
}

/// Whether two values are the same: numbers by value, instants however many zeros they show.
fn is_same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => left == right,
            _ => left.as_f64() == right.as_f64(),
        },
        (Json::String(left), Json::String(right)) => without_zeros(left) == without_zeros(right),
        _ => left == right,
    }
}

/// An instant or a day as an instant without needless zeros, and any other text as it is.
fn without_zeros(text: &str) -> String {
    let digits = text.replace(|letter: char| letter.is_ascii_digit(), "0");
    match digits.strip_prefix("0000-00-00") {
        Some("") => format!("{text}T00:00:00"),
        Some(time) if time.starts_with("T00:00:00") => {
            let text = text.trim_end_matches('Z');
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text.to_owned(),
            }
        }
        _ => text.to_owned(),
    }
}
