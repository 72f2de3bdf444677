//! The values of the documents in a file, and the time that each takes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Map, Value as Json};
use whittle_host::{Arguments, ExactJson, OnError, QueryContext, Udf, one_line};
use whittle_node::Documents;

use crate::call::parameters;
use crate::mapping::MappingFile;
use crate::setup;
use crate::vectors::{NativeCase, Vectors};

/// Documents to show the values of.
#[derive(Debug, Args)]
pub(super) struct Samples {
    /// Also show a function's value for each of these documents, and the time it takes: JSON
    /// objects, one per line or in an array.
    #[arg(long, value_name = "FILE")]
    docs: Option<PathBuf>,
    /// The function that `--docs` calls [default: that of the first vectors].
    #[arg(long, value_name = "NAME", requires = "docs")]
    function: Option<String>,
    /// The parameters for `--docs`, as a JSON object [default: those of the first vectors of the
    /// function that expect values].
    #[arg(long, value_name = "JSON", requires = "docs", value_parser = parameters)]
    params: Option<Map<String, Json>>,
}

/// How many documents are shown.
const SHOWN: usize = 20;

/// How often a document is evaluated; the shortest time counts.
const RUNS: usize = 3;

/// The characters of a value that are shown.
const VALUE_SHOWN: usize = 100;

/// A function, its parameters and the documents.
pub(super) struct Call {
    function: String,
    params: Map<String, Json>,
    documents: Documents,
}

/// The result of a document: its value or error as text, and its time if it was measured.
struct Row {
    id: String,
    result: String,
    time: Option<Duration>,
}

impl Samples {
    pub(super) fn path(&self) -> Option<&Path> {
        self.docs.as_deref()
    }

    /// The call that the flags and the vectors say, if documents are to be shown.
    pub(super) fn call(&self, suites: &[Vectors]) -> Result<Option<Call>> {
        let Some(path) = &self.docs else {
            return Ok(None);
        };
        let documents = Documents::read(&setup::read(path)?, None);
        let documents = documents.with_context(|| path.display().to_string())?;
        let function = match (&self.function, suites.first()) {
            (Some(function), _) => function.clone(),
            (None, Some(suite)) => suite.function.clone(),
            (None, None) => bail!("there are no vectors: name the function with `--function`"),
        };
        let mut cases = suites
            .iter()
            .filter(|suite| suite.function == function)
            .flat_map(|suite| &suite.cases);
        let params = match &self.params {
            Some(params) => params.clone(),
            None => {
                let case = cases.find(|case| case.values.is_some());
                case.map(|case| case.params.clone()).unwrap_or_default()
            }
        };
        Ok(Some(Call {
            function,
            params,
            documents,
        }))
    }
}

impl Call {
    pub(super) fn function(&self) -> &str {
        &self.function
    }

    /// The call as vectors, for the kits' runners.
    pub(super) fn as_vectors(&self) -> String {
        let documents = (0..self.documents.len()).map(|position| {
            let (id, source) = (self.documents.id(position), self.documents.text(position));
            // As text, so that numbers keep their digits.
            format!(r#"{{"_id": {}, "_source": {source}}}"#, Json::from(id))
        });
        let documents = documents.collect::<Vec<_>>().join(",");
        let (function, params) = (Json::from(&*self.function), Json::from(self.params.clone()));
        format!(
            r#"{{"function": {function}, "cases": [
                {{"name": "", "params": {params}, "values": [], "documents": [{documents}]}}
            ]}}"#
        )
    }

    /// Prints what a kit's runner gave.
    pub(super) fn print_native(&self, out: &mut dyn Write, case: &NativeCase) -> Result<()> {
        let results = match case.found() {
            Ok(results) => results,
            Err(error) => return self.print_error(out, &error),
        };
        let rows = results
            .into_iter()
            .enumerate()
            .map(|(position, result)| Row {
                id: self.documents.id(position).to_owned(),
                result: shown(result),
                time: None,
            });
        Ok(self.print(out, rows.collect())?)
    }

    /// Evaluates the documents with a component, and prints their values and times.
    pub(super) fn run(
        &self,
        out: &mut dyn Write,
        udf: &Udf,
        mapping: &MappingFile,
        query: &QueryContext,
    ) -> Result<()> {
        let rows = match self.evaluate(udf, mapping, query) {
            Ok(rows) => rows,
            Err(error) => return self.print_error(out, &format!("{error:#}")),
        };
        Ok(self.print(out, rows)?)
    }

    fn evaluate(&self, udf: &Udf, mapping: &MappingFile, query: &QueryContext) -> Result<Vec<Row>> {
        let reader = mapping.reader(&self.documents)?;
        let arguments = Arguments::from_json(&self.params);
        let mut bound = udf.bind(&self.function, &arguments, query)?;
        bound.set_on_error(OnError::Null);
        let mut rows = Vec::with_capacity(self.documents.len());
        for position in 0..self.documents.len() {
            let batch = reader.load(&bound, &self.documents, position..position + 1, None)?;
            let start = Instant::now();
            let result = bound.evaluate_row(&batch);
            // The first time finds cold caches, which says nothing about the function.
            let mut time = start.elapsed();
            for _ in 1..RUNS {
                let start = Instant::now();
                let _ = bound.evaluate_row(&batch);
                time = time.min(start.elapsed());
            }
            rows.push(Row {
                id: self.documents.id(position).to_owned(),
                result: shown(
                    result
                        .map(|value| value.to_json())
                        .map_err(|error| error.to_string()),
                ),
                time: Some(time),
            });
        }
        Ok(rows)
    }

    fn print(&self, out: &mut dyn Write, rows: Vec<Row>) -> io::Result<()> {
        self.print_heading(out)?;
        for Row { id, result, time } in rows.iter().take(SHOWN) {
            let id = one_line(id);
            match time {
                Some(time) => writeln!(out, "  {id}: {result} ({})", micros(*time))?,
                None => writeln!(out, "  {id}: {result}")?,
            }
        }
        if rows.len() > SHOWN {
            writeln!(out, "  and {} more", rows.len() - SHOWN)?;
        }
        let times: Option<Duration> = rows.iter().map(|row| row.time).sum();
        match (times, u32::try_from(rows.len())) {
            (Some(times), Ok(count)) if count > 1 => {
                writeln!(out, "  {} per document on average", micros(times / count))
            }
            _ => Ok(()),
        }
    }

    fn print_error(&self, out: &mut dyn Write, error: &str) -> Result<()> {
        self.print_heading(out)?;
        writeln!(out, "  {}", one_line(error))?;
        Ok(())
    }

    fn print_heading(&self, out: &mut dyn Write) -> io::Result<()> {
        let params = Json::from(self.params.clone());
        writeln!(
            out,
            "{} {}",
            one_line(&self.function),
            one_line(&params.to_string())
        )
    }
}

fn shown(result: Result<ExactJson, String>) -> String {
    let text = match result {
        Ok(value) => one_line(&value.to_string()),
        Err(error) => format!("error: {}", one_line(&error)),
    };
    match text.char_indices().nth(VALUE_SHOWN) {
        None => text,
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

fn micros(time: Duration) -> String {
    format!("{:.1} us", time.as_secs_f64() * 1e6)
}
