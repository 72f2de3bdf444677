//! `whittle sql`: SQL over files, with UDFs as functions; one-shot or at a prompt.
//!
//! It is DataFusion with registered UDFs in it, and follows the conventions of DataFusion's own
//! command: formats, `\d`, `\?`, `\q`. That command is not embedded because it comes with clients of
//! three clouds and an allocator, prints errors to standard output, and drops their positions.

mod array;
mod broken;
mod called;
#[cfg(feature = "cluster")]
mod cluster;
#[cfg(not(feature = "cluster"))]
#[path = "cluster_disabled.rs"]
mod cluster;
mod command;
mod completion;
mod copied;
mod export;
mod functions;
mod index;
mod mistake;
mod output;
mod parquet;
mod prompt;
mod pushdown;
mod session;
mod statement;
mod tables;
mod wildcard;

use std::future;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use datafusion::execution::SessionState;
use tokio::runtime::Runtime;
use whittle_datafusion::Listed;
use whittle_host::{Budget, Function};

use crate::setup;
use crate::udf_log::UdfLog;
pub(crate) use export::Export;
use index::Indexes;
use mistake::Source;
use output::{Format, MaxRows};
use session::{Session, Settings};
use tables::Table;

/// Query files with SQL, with UDFs as functions.
#[derive(Debug, Args)]
pub(crate) struct Sql {
    /// A file, or a directory of files of one format, as a table named after it: Parquet, CSV, TSV,
    /// JSON, NDJSON or Arrow.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A file or a directory as a table of this name; may be given more than once.
    #[arg(long = "table", value_name = "NAME=PATH")]
    tables: Vec<Table>,
    /// A data directory of a node, whose indexes are tables, and the functions of its registry; no
    /// node may be using it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Run statements on the cluster of a scheduler. Tables are then files that the scheduler and all
    /// executors reach under the same path, and functions those of the executors' registry.
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["data", "udfs"])]
    cluster: Option<String>,
    /// Run statements, then exit; may be given more than once.
    #[arg(short, long = "command", value_name = "SQL")]
    commands: Vec<String>,
    /// Run the statements of a file, then exit; `-` is standard input.
    #[arg(short, long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How answers are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The most rows that a table shows, or `inf`.
    #[arg(long, value_name = "ROWS", default_value = "40")]
    maxrows: MaxRows,
    #[command(flatten)]
    calls: Calls,
}

/// The flags of a command whose statements call functions.
#[derive(Debug, Args)]
struct Calls {
    /// A component whose functions statements may call; may be given more than once.
    #[arg(long = "udf", value_name = "COMPONENT")]
    udfs: Vec<PathBuf>,
    /// The directory of a registry, or a URL such as `s3://bucket/prefix`, whose functions statements
    /// may call.
    #[arg(long, value_name = "PLACE")]
    registry: Option<String>,
    /// The time limit of a statement, in milliseconds [default: none]
    #[arg(long, value_name = "MS")]
    timeout: Option<u64>,
    /// The memory limit of all functions of a statement together, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    memory_mb: usize,
    #[command(flatten)]
    log: UdfLog,
}

/// The time limit of functions if a statement has none.
const NO_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn with_runtime(run: impl FnOnce(&Runtime) -> Result<()>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let done = run(&runtime);
    // A function that still runs has nobody to answer.
    runtime.shutdown_background();
    done
}

impl Sql {
    pub(crate) fn run(&self) -> Result<()> {
        with_runtime(|runtime| self.run_on(runtime))
    }

    fn run_on(&self, runtime: &Runtime) -> Result<()> {
        let sources = self.sources()?;
        // Open until the session ends, so that nobody else writes into them.
        let indexes = self.data.as_deref().map(Indexes::open).transpose()?;
        let mut state = Session::state()?;
        if let Some(scheduler) = &self.cluster {
            let budget = self.calls.budget();
            state = runtime.block_on(cluster::connect(state, scheduler, &budget))?;
        }
        let mut session = self
            .calls
            .session(state, self.format, self.maxrows, indexes.as_ref())?;
        session.settings.on_cluster = self.cluster.is_some();
        for (name, table) in indexes.iter().flat_map(Indexes::tables) {
            session.add_table(name, Arc::new(table))?;
        }
        let named = self.paths.iter().map(|path| Table::named_after(path));
        for table in self.tables.iter().cloned().chain(named) {
            runtime.block_on(session.add(&table))?;
        }
        let Some(sources) = sources else {
            return prompt::run(&mut session, runtime);
        };
        for source in &sources {
            // An interrupt ends the process.
            runtime.block_on(session.run(source, future::pending()))?;
        }
        Ok(())
    }

    /// The statements to run, or `None` for the prompt. Those of the command line come after those of
    /// files, which may make what they need.
    fn sources(&self) -> Result<Option<Vec<Source>>> {
        let stdin = PathBuf::from("-");
        let files = match self.files.is_empty() && self.commands.is_empty() {
            true if io::stdin().is_terminal() => return Ok(None),
            true => slice::from_ref(&stdin),
            false => &self.files,
        };
        let files = files.iter().map(|path| Source::file(path.clone()));
        let commands = self.commands.iter().map(|text| {
            Ok(Source {
                path: None,
                text: text.clone(),
            })
        });
        files.chain(commands).collect::<Result<_>>().map(Some)
    }
}

impl Calls {
    /// The limits of the functions of a statement.
    fn budget(&self) -> Budget {
        Budget {
            wall_clock: self.timeout.map_or(NO_LIMIT, Duration::from_millis),
            memory_bytes: self.memory_mb.saturating_mul(1 << 20),
            ..Budget::default()
        }
    }

    /// A session with the functions of the given components and registries, and no tables.
    fn session(
        &self,
        state: SessionState,
        format: Format,
        max_rows: MaxRows,
        indexes: Option<&Indexes>,
    ) -> Result<Session> {
        let settings = Settings {
            format,
            max_rows,
            timeout: self.timeout.map(Duration::from_millis),
            on_cluster: false,
        };
        let engine = setup::parallel_engine()?;
        let log = self.log.clone();
        let session = Session::new(settings, state, &engine, self.budget(), log);
        if let Some(place) = &self.registry {
            let registry = setup::registry(engine.clone(), place)?;
            session.functions.add_registry(&registry);
        }
        let of_node = indexes.map(|indexes| indexes.data.registry());
        if let Some(folder) = of_node.filter(|folder| folder.is_dir()) {
            let place = folder
                .to_str()
                .with_context(|| folder.display().to_string())?;
            let registry = setup::registry(engine.clone(), place)?;
            session.functions.add_registry(&registry);
        }
        for path in &self.udfs {
            let component = setup::udf(&engine, path)?;
            for Function { name, .. } in &component.manifest().functions {
                let listed = session.functions.list();
                let is_known = |of: &Listed| of.is_of_session && of.function.name == *name;
                if listed.iter().any(is_known) {
                    let path = path.display();
                    bail!("{path}: another component has a function `{name}` too");
                }
                let created = session.functions.create(name, &component, false);
                created
                    .map_err(|error| anyhow!("{}: {}", path.display(), mistake::message(&error)))?;
            }
        }
        Ok(session)
    }
}
