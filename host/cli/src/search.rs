//! `whittle search`: a search over an index, on disk or of a node.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Error, Result, bail};
use clap::Args;
use ureq::http::Method;
use whittle_host::QueryContext;
use whittle_node::index::Index;
use whittle_node::{SearchRequest, Threads, search};
use whittle_server::DataDirectory;

use crate::place::{Location, Place, unused};
use crate::query::{Functions, print};
use crate::remote::Remote;
use crate::setup;
use crate::udf_log::UdfLog;

/// Search an index, on disk or of a node, with UDFs in the query.
#[derive(Debug, Args)]
pub(crate) struct Search {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    functions: Functions,
    /// The search, as JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    query: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    run: setup::Run,
    #[command(flatten)]
    log: UdfLog,
}

impl Search {
    pub(crate) fn run(&self) -> Result<()> {
        let text = setup::read_or_stdin(&self.query)?;
        let request =
            SearchRequest::parse(&text).with_context(|| self.query.display().to_string())?;
        let answer = match self.place.locate()? {
            Location::Directory { data, name } => self.on_disk(&request, &data, &name)?,
            Location::Node { .. } if self.functions.are_given() => {
                bail!("a node has its own functions: remove `--udf` and `--registry`")
            }
            Location::Node { node, name } => of_node(&node, &name, text)?,
        };
        print(&answer, None, self.json)
    }

    fn on_disk(&self, request: &SearchRequest, data: &Path, name: &str) -> Result<String> {
        let data = unused(DataDirectory::open(data))?;
        let index = Index::open(&data.indexes().join(name))?;
        let engine = self.run.engine()?;
        let udfs = self.functions.udfs(engine, Some(&data.registry()))?;
        let threads = Threads::new(thread::available_parallelism().map_or(0, |all| all.get() - 1));
        let snapshot = index.snapshot().with_threads(&threads);
        let query = QueryContext::new(request.budget(self.run.budget()));
        let result = search(&snapshot, request, &udfs, &query, |_| ()).map_err(Error::from);
        self.log.print(&query, &result);
        Ok(serde_json::to_string_pretty(&result?)?)
    }
}

/// The answer of a node, which has the same shape.
fn of_node(node: &Remote, name: &str, request: Vec<u8>) -> Result<String> {
    let request = String::from_utf8(request).context("the search")?;
    node.send_for_text(
        Method::POST,
        &format!("/{name}/_search?pretty=true"),
        request,
    )
}
