//! What several commands share: the flags of a run, an engine with the user's cache, and reading
//! components and other files.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use whittle_host::{
    Budget, Engine, EngineOptions, QueryContext, Registry, RegistryOptions, Storage, StorageError,
    Udf,
};

use crate::build;

/// The flags of a command that runs functions.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The time limit of a query, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    timeout: u64,
    /// The memory limit of all functions of a query together, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    memory_mb: usize,
    /// Evaluate document by document, even functions that take whole batches; the results are the
    /// same.
    #[arg(long)]
    by_document: bool,
}

impl Run {
    pub(crate) fn engine(&self) -> Result<Engine> {
        // One document goes the way that the batches of a search go.
        start(self.few_rows(0))
    }

    /// An engine that evaluates as that of a node does.
    pub(crate) fn node_engine(&self) -> Result<Engine> {
        start(self.few_rows(EngineOptions::default().few_rows))
    }

    /// The largest number of rows that are evaluated document by document, which is `usual` unless
    /// the flags say otherwise.
    pub(crate) fn few_rows(&self, usual: usize) -> usize {
        if self.by_document { usize::MAX } else { usual }
    }

    /// The time limit of a query.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout)
    }

    /// A query's context; its time starts now.
    pub(crate) fn query(&self) -> QueryContext {
        QueryContext::new(self.budget())
    }

    /// The limits of a query.
    pub(crate) fn budget(&self) -> Budget {
        Budget {
            wall_clock: self.timeout(),
            memory_bytes: self.memory_mb.saturating_mul(1 << 20),
            ..Budget::default()
        }
    }
}

/// An engine as that of a node: for many instances at once.
#[cfg(feature = "sql")]
pub(crate) fn parallel_engine() -> Result<Engine> {
    Ok(Engine::new(EngineOptions {
        cache: cache_folder(),
        ..EngineOptions::default()
    })?)
}

/// An engine with the user's cache of compiled components.
pub(crate) fn engine() -> Result<Engine> {
    start(EngineOptions::default().few_rows)
}

fn start(few_rows: usize) -> Result<Engine> {
    // The command runs one query at a time.
    let options = EngineOptions {
        cache: cache_folder(),
        few_rows,
        pool_instances: 8,
        ..EngineOptions::default()
    };
    Ok(Engine::new(options)?)
}

/// The cache directory: `$WHITTLE_CACHE`, or else `whittle` in the user's cache directory. `None` if
/// the variable is empty or the user has no cache directory.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("WHITTLE_CACHE") {
        return (!folder.is_empty()).then(|| folder.into());
    }
    Some(user_folder("XDG_CACHE_HOME", ".cache")?.join("whittle"))
}

/// A directory of the user: the one in this variable, or else this one in the home directory.
pub(crate) fn user_folder(variable: &str, at_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute(variable).or_else(|| Some(absolute("HOME")?.join(at_home)))
}

/// Opens the registry in a directory that exists or at a URL, for one command.
pub(crate) fn registry(engine: Engine, place: &str) -> Result<Registry> {
    let options = RegistryOptions {
        poll: None,
        ..RegistryOptions::default()
    };
    Ok(Registry::open(engine, storage(place)?, options)?)
}

/// The store of the registry in a directory that exists or at a URL. The options of a bucket come
/// from the environment variables that the AWS tools use.
pub(crate) fn storage(place: &str) -> Result<Storage> {
    if place.contains("://") {
        let named = |(name, value): (OsString, OsString)| {
            let name = name.into_string().ok()?.to_lowercase();
            Some((
                name.starts_with("aws_").then_some(name)?,
                value.into_string().ok()?,
            ))
        };
        let storage = Storage::from_url(place, env::vars_os().filter_map(named));
        return storage.map_err(|error| match error {
            StorageError::NoStore { .. } => {
                anyhow!("{error}; to change the UDFs of a node, use `PUT` and `DELETE` of `/_udf`")
            }
            error => error.into(),
        });
    }
    let folder = Path::new(place);
    if !folder.is_dir() {
        bail!("there is no registry in `{place}`");
    }
    Ok(Storage::local(folder)?)
}

/// Reads a file; an error names its path.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

/// Whether a path means standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Like [`read`], but `-` reads standard input.
pub(crate) fn read_or_stdin(path: &Path) -> Result<Vec<u8>> {
    if !is_stdin(path) {
        return read(path);
    }
    let mut text = Vec::new();
    io::stdin()
        .read_to_end(&mut text)
        .context("standard input")?;
    Ok(text)
}

/// Loads the component in a file, or that of the project in a directory, which is built first:
/// checks, compiles and describes it.
pub(crate) fn udf(engine: &Engine, path: &Path) -> Result<Udf> {
    let component = build::component(path)?;
    Udf::new(engine, &read(&component)?).with_context(|| path.display().to_string())
}
