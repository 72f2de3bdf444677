//! `whittle query`: a search over the documents of a file, with UDFs in it.

mod progress;
mod table;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use whittle_host::{Accessor, Budget, LogLevel, LogLine, QueryContext};
use whittle_node::{Documents, SearchRequest, Udfs, search};

use crate::setup;
use progress::Progress;

/// Search the documents of a file, with UDFs in the query.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The documents: JSON objects, one a line or in an array; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    docs: PathBuf,
    /// A component whose functions the query may call; may be given more than once.
    #[arg(long, value_name = "COMPONENT", required = true)]
    udf: Vec<PathBuf>,
    /// The search, as JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    query: PathBuf,
    /// The field that holds a document's id [default: its position is the id]
    #[arg(long, value_name = "FIELD")]
    id_field: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// How long the query may take, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    timeout: u64,
    /// How much memory its functions may have together, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    memory_mb: usize,
    /// How documents are read; both give the same answers.
    #[arg(long, value_enum, default_value_t = Reading::Composed)]
    accessor: Reading,
}

/// `whittle_host::Accessor` on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reading {
    /// In place, by code compiled into the guest's.
    Composed,
    /// By a host function for each field.
    Reference,
}

impl Query {
    pub(crate) fn run(&self) -> Result<()> {
        if is_stdin(&self.docs) && is_stdin(&self.query) {
            bail!("`--docs` and `--query` cannot both be standard input");
        }
        let request = SearchRequest::parse(&read(&self.query)?)
            .with_context(|| self.query.display().to_string())?;
        let documents = Documents::read(&read(&self.docs)?, self.id_field.as_deref())
            .with_context(|| self.docs.display().to_string())?;
        let engine = setup::engine(match self.accessor {
            Reading::Composed => Accessor::Composed,
            Reading::Reference => Accessor::Reference,
        })?;
        let udfs = self.udf.iter().map(|path| setup::udf(&engine, path));
        let udfs = Udfs::new(udfs.collect::<Result<Vec<_>>>()?)?;

        let query = QueryContext::new(Budget {
            wall_clock: Duration::from_millis(self.timeout),
            memory_bytes: self.memory_mb.saturating_mul(1 << 20),
            ..Budget::default()
        });
        let mut progress = Progress::new(documents.len());
        let result = search(&documents, &request, &udfs, &query, |done| {
            progress.show(done);
        });
        progress.clear();
        print_log(&query.take_log());
        let response = result?;

        let mut stdout = io::stdout().lock();
        if self.json {
            serde_json::to_writer_pretty(&mut stdout, &response).map_err(io::Error::from)?;
            writeln!(stdout)?;
        } else {
            stdout.write_all(table::render(&response, table::width()).as_bytes())?;
        }
        Ok(())
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    if !is_stdin(path) {
        return setup::read(path);
    }
    let mut text = Vec::new();
    io::stdin()
        .read_to_end(&mut text)
        .context("standard input")?;
    Ok(text)
}

fn print_log(lines: &[LogLine]) {
    let mut stderr = io::stderr().lock();
    for LogLine {
        udf,
        level,
        message,
    } in lines
    {
        let level = match level {
            LogLevel::Trace => "trace",
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        };
        // With standard error closed there is nobody to read the log.
        let _ = writeln!(stderr, "[{udf} {level}] {message}");
    }
}
