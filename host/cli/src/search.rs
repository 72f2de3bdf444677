//! `whittle search`: a search over an index on the disk.

use std::path::PathBuf;
use std::thread;

use anyhow::{Context, Result};
use clap::Args;
use whittle_host::QueryContext;
use whittle_node::index::Index;
use whittle_node::{SearchRequest, Threads, search};

use crate::index::Place;
use crate::query::{Functions, print};
use crate::setup;

/// Search an index on the disk, with UDFs in the query.
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
}

impl Search {
    pub(crate) fn run(&self) -> Result<()> {
        let request = SearchRequest::parse(&setup::read_or_stdin(&self.query)?)
            .with_context(|| self.query.display().to_string())?;
        let index = Index::open(&self.place.folder()?)?;
        let engine = self.run.engine()?;
        let udfs = self.functions.udfs(engine, Some(&self.place.registry()))?;
        let threads = Threads::new(thread::available_parallelism().map_or(1, usize::from))?;
        let snapshot = index.snapshot().with_threads(&threads);
        let query = QueryContext::new(request.budget(self.run.budget()));
        let result = search(&snapshot, &request, &udfs, &query, |_| ());
        setup::print_log(&query.take_log());
        print(&result?, self.json)
    }
}
