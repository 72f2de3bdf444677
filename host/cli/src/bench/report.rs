//! The report of a measurement: a table, or JSON.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value as Json, json};
use unicode_width::UnicodeWidthStr;
use whittle_host::{ExactJson, one_line};

use super::ROWS;
use super::measure::{Cost, Subject, Times};

/// What a function takes in each component.
pub(super) struct Report {
    pub(super) function: String,
    /// Where the documents are from.
    pub(super) source: String,
    pub(super) documents: usize,
    pub(super) differences: Vec<Difference>,
    /// Of each component, if any document fails.
    pub(super) failures: Vec<Option<Failures>>,
    /// In the order of the components.
    pub(super) costs: Vec<Cost>,
}

/// A document for which two components have different values.
pub(super) struct Difference {
    pub(super) id: String,
    pub(super) document: String,
    pub(super) this: ExactJson,
    pub(super) other: ExactJson,
}

/// The documents for which a function fails.
pub(super) struct Failures {
    pub(super) count: usize,
    /// Of so many.
    pub(super) documents: usize,
    /// The first one's id and error.
    pub(super) id: String,
    pub(super) message: String,
}

impl fmt::Display for Failures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            count,
            documents,
            id,
            message,
        } = self;
        let (id, message) = (one_line(id), one_line(message));
        write!(
            formatter,
            "{count} of {documents} documents failed, the first is `{id}`: {message}"
        )
    }
}

/// How many differences are printed.
const SHOWN: usize = 5;

/// How much of a document is printed, in characters.
const DOCUMENT_SHOWN: usize = 120;

/// The components, if there are two.
const TITLES: [&str; 2] = ["first", "second"];

/// A line of the table: its name, a cell for each component, and what the second takes in multiples
/// of the first.
type Line = (String, Vec<String>, String);

impl Report {
    pub(super) fn differences(&self) -> usize {
        self.differences.len()
    }

    pub(super) fn print(&self, subjects: &[Subject]) -> Result<()> {
        let mut stdout = io::stdout().lock();
        let documents = match self.documents {
            1 => "1 document".to_owned(),
            documents => format!("{documents} documents"),
        };
        writeln!(
            stdout,
            "{}: {documents} of {}",
            self.function,
            one_line(&self.source)
        )?;
        for (title, subject) in TITLES.iter().zip(subjects) {
            let manifest = subject.udf().manifest();
            let (path, name, version) = (subject.path(), &manifest.name, &manifest.version);
            match subjects {
                [_] => writeln!(stdout, "  {path}: {name} {version}")?,
                _ => writeln!(stdout, "  {title:<6}  {path}: {name} {version}")?,
            }
        }
        for (title, failures) in TITLES.iter().zip(&self.failures) {
            match (failures, subjects) {
                (None, _) => {}
                (Some(failures), [_]) => writeln!(stdout, "  {failures}")?,
                (Some(failures), _) => writeln!(stdout, "  {title}: {failures}")?,
            }
        }
        for difference in self.differences.iter().take(SHOWN) {
            let document: String = difference.document.chars().take(DOCUMENT_SHOWN).collect();
            let (this, other) = (difference.this.to_string(), difference.other.to_string());
            writeln!(
                stdout,
                "  document {}: {}",
                one_line(&difference.id),
                one_line(&document)
            )?;
            writeln!(stdout, "  - first:  {}", one_line(&this))?;
            writeln!(stdout, "  + second: {}", one_line(&other))?;
        }
        if let more @ 1.. = self.differences.len().saturating_sub(SHOWN) {
            writeln!(stdout, "  and {more} more documents with different values")?;
        }
        stdout.write_all(table(&self.lines(subjects)).as_bytes())?;
        Ok(())
    }

    fn lines(&self, subjects: &[Subject]) -> Vec<Line> {
        let mut lines = Vec::new();
        if subjects.len() > 1 {
            let titles = TITLES.map(str::to_owned).to_vec();
            lines.push((String::new(), titles, "ratio".to_owned()));
        }
        let mut times = |name: &str, of: &dyn Fn(&Cost) -> &Times| {
            let cells = self.costs.iter().map(|cost| {
                let times = of(cost);
                let spread = format!("\u{b1}{:.0} %", times.spread() * 100.0);
                format!("{} {spread:>6}", time(times.median()))
            });
            let ratio = self.ratio(of);
            let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            lines.push((name.to_owned(), cells.collect(), ratio));
        };
        times("one document", &|cost| &cost.document);
        times("a document in a batch", &|cost| &cost.batch);
        times("bind", &|cost| &cost.bind);
        let load = subjects.iter().map(|subject| time_of(subject.load_time()));
        lines.push(("load".to_owned(), load.collect(), String::new()));
        let compile = subjects.iter().map(|subject| {
            let time = subject.compile_time();
            time.map_or_else(|| "in the cache".to_owned(), time_of)
        });
        lines.push(("compile".to_owned(), compile.collect(), String::new()));
        let memory = self.costs.iter().map(|cost| kib(cost.memory_bytes));
        lines.push(("memory".to_owned(), memory.collect(), String::new()));
        let size = subjects
            .iter()
            .map(|subject| kib(subject.udf().component_bytes()));
        lines.push(("component".to_owned(), size.collect(), String::new()));
        lines
    }

    fn ratio(&self, of: &dyn Fn(&Cost) -> &Times) -> Option<f64> {
        match &self.costs[..] {
            [this, other] => Some(of(other).ratio(of(this))),
            _ => None,
        }
    }

    fn json(&self, subjects: &[Subject]) -> Json {
        let costs = self.costs.iter().zip(&self.failures);
        let components = subjects
            .iter()
            .zip(costs)
            .map(|(subject, (cost, failures))| {
                let manifest = subject.udf().manifest();
                let times =
                    |times: &Times| json!({"median": times.median(), "spread": times.spread()});
                json!({
                    "component": subject.path(),
                    "name": manifest.name,
                    "version": manifest.version,
                    "document_ns": times(&cost.document),
                    "batch_document_ns": times(&cost.batch),
                    "bind_ns": times(&cost.bind),
                    "load_ns": subject.load_time().as_nanos() as u64,
                    "compile_ns": subject.compile_time().map(|time| time.as_nanos() as u64),
                    "memory_bytes": cost.memory_bytes,
                    "failed_documents": failures.as_ref().map_or(0, |failures| failures.count),
                    "component_bytes": subject.udf().component_bytes(),
                })
            });
        let differences = self.differences.iter().map(|difference| {
            json!({"_id": difference.id, "values": [difference.this, difference.other]})
        });
        json!({
            "function": self.function,
            "documents": self.documents,
            "batch_documents": ROWS,
            "differences": differences.collect::<Vec<_>>(),
            "components": components.collect::<Vec<_>>(),
            "ratios": {
                "document": self.ratio(&|cost| &cost.document),
                "batch_document": self.ratio(&|cost| &cost.batch),
                "bind": self.ratio(&|cost| &cost.bind),
            },
        })
    }
}

pub(super) fn print_json(reports: &[Report], subjects: &[Subject]) -> Result<()> {
    let reports: Vec<Json> = reports.iter().map(|report| report.json(subjects)).collect();
    writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&reports)?)?;
    Ok(())
}

fn table(lines: &[Line]) -> String {
    let columns = lines.first().map_or(0, |(_, cells, _)| cells.len());
    let widest = |cell: &dyn Fn(&Line) -> &str| {
        let widths = lines.iter().map(|line| cell(line).width());
        widths.max().unwrap_or_default()
    };
    let names = widest(&|(name, _, _)| name);
    let widths: Vec<usize> = (0..columns)
        .map(|column| widest(&|(_, cells, _)| cells[column].as_str()))
        .collect();
    let mut text = String::new();
    for (name, cells, ratio) in lines {
        text.push_str(&format!("  {name:<names$}"));
        for (cell, width) in cells.iter().zip(&widths) {
            text.push_str(&" ".repeat(2 + width - cell.width()));
            text.push_str(cell);
        }
        if !ratio.is_empty() {
            text.push_str(&format!("  {ratio:>5}"));
        }
        text.push('\n');
    }
    text
}

fn time_of(duration: Duration) -> String {
    time(duration.as_nanos() as f64)
}

/// A time in nanoseconds with three digits and its unit.
fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        ..1e3 => (ns, "ns"),
        ..1e6 => (ns / 1e3, "\u{b5}s"),
        ..1e9 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    let digits = match value {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

fn kib(bytes: usize) -> String {
    format!("{} KiB", bytes.div_ceil(1 << 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_aligned_columns() {
        let line = |name: &str, cells: [&str; 2], ratio: &str| {
            (
                name.to_owned(),
                cells.map(str::to_owned).to_vec(),
                ratio.to_owned(),
            )
        };
        let text = table(&[
            line("", TITLES, "ratio"),
            line("one document", [&time(812.4), &time(1_630.0)], "2.01"),
            line("memory", [&kib(1), &kib(1_114_112)], ""),
        ]);
        insta::assert_snapshot!(text, @r"
                         first    second  ratio
          one document  812 ns   1.63 µs   2.01
          memory         1 KiB  1088 KiB
        ");
    }
}
