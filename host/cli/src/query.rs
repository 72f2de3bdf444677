//! `whittle query`: a search over the documents of a file, with UDFs in it.

mod progress;
pub(crate) mod table;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Error, Result, bail};
use clap::Args;
use whittle_host::{Engine, QueryContext};
use whittle_node::{Documents, SearchRequest, Snapshot, Udfs, search};

use crate::setup;
use crate::udf_log::UdfLog;
use progress::Progress;

/// Search the documents of a file, with UDFs in the query.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The documents: JSON objects, one per line or in an array; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    docs: PathBuf,
    #[command(flatten)]
    functions: Functions,
    /// The search, as JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    query: PathBuf,
    /// The field that holds a document's id [default: its position is the id]
    #[arg(long, value_name = "FIELD")]
    id_field: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    run: setup::Run,
    #[command(flatten)]
    log: UdfLog,
}

impl Query {
    pub(crate) fn run(&self) -> Result<()> {
        if setup::is_stdin(&self.docs) && setup::is_stdin(&self.query) {
            bail!("`--docs` and `--query` cannot both be standard input");
        }
        let request = SearchRequest::parse(&setup::read_or_stdin(&self.query)?)
            .with_context(|| self.query.display().to_string())?;
        let documents =
            Documents::read(&setup::read_or_stdin(&self.docs)?, self.id_field.as_deref())
                .with_context(|| self.docs.display().to_string())?;
        let engine = self.run.engine()?;
        let udfs = self.functions.udfs(engine, None)?;

        let snapshot = Snapshot::of(&documents).with_context(|| self.docs.display().to_string())?;
        let query = QueryContext::new(request.budget(self.run.budget()));
        let progress = Arc::new(Progress::new(documents.len()));
        let watched = Arc::clone(&progress);
        let result = search(&snapshot, &request, &udfs, &query, move |more| {
            watched.show(more);
        });
        let result = result.map_err(Error::from);
        progress.clear();
        self.log.print(&query, &result);
        let answer = serde_json::to_string_pretty(&result?)?;
        print(&answer, self.id_field.as_deref(), self.json)
    }
}

/// Where the id of a document usually is.
const ID_FIELD: &str = "id";

/// Prints the answer to a search: its JSON, or a table. The id of a document is in its field
/// `id_field`, if that is known.
pub(crate) fn print(answer: &str, id_field: Option<&str>, as_json: bool) -> Result<()> {
    let mut stdout = io::stdout().lock();
    if as_json {
        writeln!(stdout, "{answer}")?;
    } else {
        let answer = serde_json::from_str(answer).context("the answer to the search")?;
        let table = table::render(&answer, id_field.unwrap_or(ID_FIELD), table::width());
        stdout.write_all(table.as_bytes())?;
    }
    Ok(())
}

/// The functions that a query may call.
#[derive(Debug, Args)]
pub(crate) struct Functions {
    /// A component whose functions the query may call; may be given more than once.
    #[arg(long, value_name = "COMPONENT")]
    udf: Vec<PathBuf>,
    /// The directory of a registry, or a URL such as `s3://bucket/prefix`, whose functions the query
    /// may call, as `name` or `name@1.2.0`.
    #[arg(long, value_name = "PLACE", conflicts_with = "udf")]
    registry: Option<String>,
}

impl Functions {
    /// Whether the command line gives any.
    pub(crate) fn are_given(&self) -> bool {
        !self.udf.is_empty() || self.registry.is_some()
    }

    /// The given components, or those of the given registry; otherwise those of the registry in a
    /// directory, if there is one.
    pub(crate) fn udfs(&self, engine: Engine, folder: Option<&Path>) -> Result<Udfs> {
        if let Some(place) = &self.registry {
            return Ok(setup::registry(engine, place)?.into());
        }
        if let Some(folder) = folder.filter(|folder| self.udf.is_empty() && folder.exists()) {
            let place = folder
                .to_str()
                .with_context(|| folder.display().to_string())?;
            return Ok(setup::registry(engine, place)?.into());
        }
        let udfs = self.udf.iter().map(|path| setup::udf(&engine, path));
        Ok(Udfs::new(udfs.collect::<Result<Vec<_>>>()?)?)
    }
}
