//! `whittle export`: an index as Parquet files, for `whittle sql`, a cluster and other engines.
//!
//! The files hold the columns that the index has in SQL, so the same statements run over them, and
//! `_source`, so that functions read the same documents.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use datafusion::catalog::TableProvider;
use datafusion::common::utils::quote_identifier;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use tokio::runtime::Runtime;
use tokio::signal;
use whittle_host::{nearest_name, printable};

use super::index::{IndexTable, Indexes};
use super::mistake::{self, Source};
use super::output::{Format, MaxRows};
use super::parquet::{Division, Files};
use super::session::Session;
use super::statement;
use super::{Calls, with_runtime};

/// Write an index out as Parquet files.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The index.
    #[arg(value_name = "INDEX")]
    index: String,
    /// The directory to make, which is then a table for `whittle sql`.
    #[arg(value_name = "OUT")]
    to: PathBuf,
    /// The data directory of a node; no node may be using it.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Write so many files with about as many rows each, so that as many processes can read them.
    #[arg(long, value_name = "FILES", conflicts_with = "rows_per_file")]
    partitions: Option<NonZeroUsize>,
    /// The most rows of a file.
    #[arg(long, value_name = "ROWS", default_value = "1000000")]
    rows_per_file: NonZeroUsize,
    /// The columns to write, separated by commas [default: all, with `_source`]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = column)]
    columns: Vec<String>,
    /// Write the rows for which this condition holds; it may call functions.
    #[arg(long = "where", value_name = "SQL")]
    filter: Option<String>,
    /// Replace the directory if it exists and has only Parquet files.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    calls: Calls,
}

/// The name of a column in a list of names.
fn column(name: &str) -> Result<String, String> {
    match name.trim() {
        "" => Err("the name of a column is empty".to_owned()),
        name => Ok(name.to_owned()),
    }
}

impl Export {
    pub(crate) fn run(&self) -> Result<()> {
        with_runtime(|runtime| self.run_on(runtime))
    }

    fn run_on(&self, runtime: &Runtime) -> Result<()> {
        self.check_place()?;
        let indexes = Indexes::open(&self.data)?;
        let mut tables = indexes.tables();
        let Some((name, table)) = tables.find(|(name, _)| *name == self.index) else {
            let known: Vec<String> = indexes.open.iter().map(|(name, _)| name.clone()).collect();
            let hint = match nearest_name(&self.index, &known) {
                Some(near) => format!(": did you mean `{near}`?"),
                None if known.is_empty() => ": the directory has no indexes".to_owned(),
                None => format!(": there are `{}`", known.join("`, `")),
            };
            bail!("there is no index `{}`{hint}", self.index);
        };
        let text = self.statement(&table)?;
        let state = Session::state()?;
        let session = self
            .calls
            .session(state, Format::Table, MaxRows::NONE, Some(&indexes))?;
        session.add_table(name, Arc::new(table))?;
        let statements = statement::parse(&text)?;
        let [statement] = &statements[..] else {
            bail!("`--where` is not one condition");
        };
        let division = match self.partitions {
            Some(files) => Division::Files(files),
            None => Division::Rows(self.rows_per_file),
        };
        let mut files = Files::new(self.parent()?, division)?;
        let interrupted = async {
            // Without signals, nothing can be cancelled.
            if signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let ended = runtime.block_on(session.execute(statement, &mut files, interrupted));
        ended.map_err(|error| match error.downcast_ref::<DataFusionError>() {
            Some(error) => self.mistake(error),
            None => error,
        })?;
        let written = files.finish()?;
        self.put(written.folder)?;
        let (rows, files) = (written.rows, written.files);
        writeln!(
            io::stdout(),
            "{rows} {}, {files} {}, {} bytes in {}",
            if rows == 1 { "row" } else { "rows" },
            if files == 1 { "file" } else { "files" },
            written.bytes,
            printable(&self.to.display().to_string())
        )?;
        Ok(())
    }

    /// The statement that reads the rows.
    fn statement(&self, table: &IndexTable) -> Result<String> {
        let columns: Vec<String> = match &self.columns[..] {
            // `*` leaves `_source` out.
            [] => {
                let schema = table.schema();
                let fields = schema.fields().iter();
                fields.map(|field| quoted(field.name())).collect()
            }
            columns => columns.iter().map(|name| quoted(name)).collect(),
        };
        let (columns, index) = (columns.join(", "), quoted(&self.index));
        let mut text = format!("SELECT {columns} FROM {index}");
        if let Some(filter) = &self.filter {
            let context = SessionContext::new();
            let state = context.state();
            let dialect = state.config().options().sql_parser.dialect;
            let source = Source {
                path: None,
                text: filter.clone(),
            };
            let parsed = state.sql_to_expr(filter, &dialect);
            parsed.map_err(|error| anyhow!("`--where`: {}", source.mistake(&error)))?;
            // It may end with a comment, and its positions are those of lines of its own.
            text.push_str(&format!(" WHERE (\n{filter}\n)"));
        }
        Ok(text)
    }

    /// The engine's error on the statement: its first line has the columns, and those after it the condition.
    fn mistake(&self, error: &DataFusionError) -> anyhow::Error {
        let message = mistake::message(error);
        let start = mistake::span(error).map(|span| span.start);
        let is_of_filter = self.filter.is_some()
            && matches!(
                error.find_root(),
                DataFusionError::Plan(_)
                    | DataFusionError::NotImplemented(_)
                    | DataFusionError::SchemaError(..)
                    | DataFusionError::ArrowError(..)
            );
        match start {
            Some(start) if start.line > 1 => {
                let (line, column) = (start.line - 1, start.column);
                anyhow!("`--where`: line {line}, column {column}: {message}")
            }
            Some(_) => anyhow!("`--columns`: {message}"),
            None if is_of_filter => anyhow!("`--where`: {message}"),
            None => anyhow!("{message}"),
        }
    }

    /// The directory that the new one is made in.
    fn parent(&self) -> Result<PathBuf> {
        let whole = env::current_dir()?.join(&self.to);
        let parent = whole.parent().map(Path::to_owned);
        let parent = parent.with_context(|| self.shown("is not the name of a directory"))?;
        fs::create_dir_all(&parent).with_context(|| parent.display().to_string())?;
        Ok(parent)
    }

    /// Refuses a place that must not be overwritten.
    fn check_place(&self) -> Result<()> {
        let whole = env::current_dir()?.join(&self.to);
        // What does not exist yet is in the nearest directory that does.
        let real = whole
            .ancestors()
            .find_map(|path| fs::canonicalize(path).ok());
        let data = fs::canonicalize(&self.data).ok();
        if let (Some(real), Some(data)) = (real, data)
            && real.starts_with(&data)
        {
            let data = self.data.display();
            bail!(self.shown(&format!(
                "is in the data directory `{data}`, which is the node's alone: name a directory outside of it"
            )));
        }
        let Ok(found) = fs::symlink_metadata(&self.to) else {
            return Ok(());
        };
        if !found.is_dir() {
            bail!(self.shown("exists, and is not a directory: name another one"));
        }
        if !self.force {
            bail!(self.shown("exists: name another directory, or use `--force` to replace it"));
        }
        for entry in fs::read_dir(&self.to)? {
            let path = entry?.path();
            if path
                .extension()
                .is_none_or(|extension| extension != "parquet")
                || path.is_dir()
            {
                let other = path.file_name().unwrap_or_default().to_string_lossy();
                bail!(self.shown(&format!(
                    "has `{other}`, which is not a Parquet file: `--force` would delete it, so name \
                     another directory"
                )));
            }
        }
        Ok(())
    }

    /// Puts the finished directory in its place.
    fn put(&self, folder: tempfile::TempDir) -> Result<()> {
        // The place may have been taken meanwhile.
        self.check_place()?;
        let whole = || self.to.display().to_string();
        let replaced = match self.to.exists() {
            false => None,
            true => {
                let holder = tempfile::Builder::new()
                    .prefix(".replaced-")
                    .tempdir_in(self.parent()?)?;
                let old = holder.path().join("old");
                fs::rename(&self.to, &old).with_context(whole)?;
                Some((holder, old))
            }
        };
        if let Err(error) = fs::rename(folder.path(), &self.to) {
            if let Some((_, old)) = &replaced {
                fs::rename(old, &self.to).with_context(whole)?;
            }
            return Err(error).with_context(whole);
        }
        // Its name is another one now.
        let _ = folder.keep();
        Ok(())
    }

    fn shown(&self, problem: &str) -> String {
        format!("`{}` {problem}", self.to.display())
    }
}

fn quoted(name: &str) -> String {
    quote_identifier(name).into_owned()
}
