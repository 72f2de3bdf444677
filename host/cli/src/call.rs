//! `whittle call`: runs one function and prints one JSON line per document.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result};
use clap::Args;
use serde_json::{Map, Value as Json};
use whittle_host::{Arguments, Bound, EvaluateError, OnError, QueryContext, unquoted};
use whittle_node::{DocumentReader, Documents, SampleOutcome, SampleResult};

use crate::build;
use crate::mapping::MappingFile;
use crate::setup;
use crate::udf_log::UdfLog;

/// Call a function for each document and print one JSON line per document, in the order of the
/// input.
#[derive(Debug, Args)]
pub(crate) struct Call {
    /// The component file, or the directory of a project, which is built first.
    component: PathBuf,
    /// The name of the function.
    function: String,
    /// The function's parameters, as a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = parameters)]
    params: Map<String, Json>,
    /// The documents: JSON objects, one per line or in an array; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    docs: PathBuf,
    /// The field that holds a document's id [default: the document's position]
    #[arg(long, value_name = "FIELD")]
    id_field: Option<String>,
    /// Print what the function took to standard error, at the end.
    #[arg(long)]
    stats: bool,
    #[command(flatten)]
    mapping: MappingFile,
    #[command(flatten)]
    run: setup::Run,
    #[command(flatten)]
    log: UdfLog,
}

/// Reads the parameters of a function from the command line.
pub(crate) fn parameters(text: &str) -> Result<Map<String, Json>, String> {
    match serde_json::from_str(text) {
        Ok(Json::Object(parameters)) => Ok(parameters),
        Ok(_) => Err("not a JSON object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl Call {
    pub(crate) fn run(&self) -> Result<()> {
        let documents = setup::read_or_stdin(&self.docs)?;
        let documents = Documents::read(&documents, self.id_field.as_deref())
            .with_context(|| self.docs.display().to_string())?;
        let reader =
            (self.mapping.reader(&documents)).with_context(|| self.docs.display().to_string())?;
        let component = build::component(&self.component)?;
        let udf = setup::udf(&self.run.engine()?, &component)?;
        let query = self.run.query();
        let arguments = Arguments::from_json(&self.params);
        let mut stats = Stats::default();
        let started = Instant::now();
        let bound = udf.bind(&self.function, &arguments, &query);
        let bound = bound.map_err(Error::from);
        stats.bind_time = started.elapsed();
        stats.log_lines += self.log.print(&query, &bound);
        let mut bound = bound?;
        // An error is printed as the document's result; the documents after it still run.
        bound.set_on_error(OnError::Null);
        let mut stdout = BufWriter::new(io::stdout().lock());
        let mut ended = Ok(());
        for position in 0..documents.len() {
            let answer = answer(&mut bound, &reader, &documents, position, &mut stats);
            stats.log_lines += self.log.print(&query, &answer);
            match answer {
                Ok(line) => writeln!(stdout, "{line}")?,
                Err(error) => {
                    ended = Err(error);
                    break;
                }
            }
        }
        stdout.flush()?;
        for field in reader.unmapped(&bound) {
            log::warn!("{field}");
        }
        for field in reader.mistyped(&bound) {
            log::warn!("{field}");
        }
        if self.stats {
            let _ = write!(io::stderr(), "{}", stats.text(&bound, &query));
        }
        ended
    }
}

/// What a function took, besides what it counts itself.
#[derive(Debug, Default)]
struct Stats {
    load_time: Duration,
    bind_time: Duration,
    log_lines: usize,
}

impl Stats {
    /// A line for each figure, with the names that the answer to a search has.
    fn text(&self, bound: &Bound, query: &QueryContext) -> String {
        let (statistics, usage) = (bound.statistics(), query.usage());
        let us = |time: Duration| time.as_micros() as u64;
        let lines = [
            ("documents", statistics.documents),
            ("evaluations", statistics.evaluations),
            ("errors", statistics.errors),
            ("time_us", us(statistics.time)),
            ("load_time_us", us(self.load_time)),
            ("bind_time_us", us(self.bind_time)),
            ("cpu_time_us", us(usage.cpu_time)),
            ("memory_bytes", statistics.memory_peak_bytes as u64),
            ("log_lines", self.log_lines as u64),
            ("log_bytes", usage.log_bytes as u64),
            ("result_bytes", usage.result_bytes as u64),
        ];
        let lines = lines.map(|(name, value)| format!("{name:<13}{value:>12}\n"));
        lines.concat()
    }
}

/// Evaluates one document. Documents are evaluated one at a time, so that the results before a trap
/// are printed.
fn answer(
    bound: &mut Bound,
    reader: &DocumentReader,
    documents: &Documents,
    position: usize,
    stats: &mut Stats,
) -> Result<String> {
    let id = documents.id(position).to_owned();
    let started = Instant::now();
    let batch = reader.load(bound, documents, position..position + 1, None)?;
    stats.load_time += started.elapsed();
    let outcome = match bound.evaluate_row(&batch) {
        Ok(value) => SampleOutcome::Value(value.to_json()),
        Err(EvaluateError::Document { message, .. }) => {
            SampleOutcome::Error(unquoted(&message).to_owned())
        }
        Err(error) => return Err(error.into()),
    };
    Ok(serde_json::to_string(&SampleResult { id, outcome })?)
}
