//! What several commands share: the flags of a run, an engine with the user's cache, reading
//! components and other files, and printing the log of UDFs.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use serde_json::Value as Json;
use whittle_host::{
    Accessor, Budget, Engine, EngineOptions, LogLevel, LogLine, QueryContext, Registry,
    RegistryOptions, Storage, StorageError, Udf,
};
use whittle_node::mapping::Mapping;
use whittle_node::{DocumentReader, Documents};

/// The flags of a command that runs functions.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The time limit of a query, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    timeout: u64,
    /// The memory limit of all functions of a query together, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    memory_mb: usize,
    /// How functions read documents; the results are the same.
    #[arg(long, value_enum, default_value_t = Reading::Composed)]
    accessor: Reading,
}

/// What is printed of the lines that functions log.
#[derive(Debug, Args)]
pub(crate) struct UdfLog {
    /// The lowest level to print of the lines that functions log.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = Level::Trace)]
    log: Level,
}

impl UdfLog {
    /// Prints what the functions of a query have logged since the last time to standard error.
    pub(crate) fn print(&self, query: &QueryContext) {
        self.print_lines(&query.take_log());
    }

    /// Prints lines to standard error.
    pub(crate) fn print_lines(&self, lines: &[LogLine]) {
        let from = LogLevel::from(self.log);
        let mut stderr = io::stderr().lock();
        for LogLine {
            udf,
            level,
            message,
        } in lines.iter().filter(|line| line.level >= from)
        {
            // If standard error is closed, nobody can read the log.
            let _ = writeln!(stderr, "[{udf} {level}] {message}");
        }
    }
}

/// `whittle_host::LogLevel` on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

/// How the fields of documents are typed.
#[derive(Debug, Args)]
pub(crate) struct MappingFile {
    /// The types of fields, as in the request that makes an index [default: as a node takes them from
    /// the documents]
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

impl MappingFile {
    /// The mapping in the file: the object, or what is in its `mappings`.
    pub(crate) fn read(&self) -> Result<Option<Mapping>> {
        let Some(path) = &self.mapping else {
            return Ok(None);
        };
        let of_path = || path.display().to_string();
        let json: Json = serde_json::from_slice(&read(path)?).with_context(of_path)?;
        let mapping = match json.as_object() {
            Some(index) if index.len() == 1 => index.get("mappings").unwrap_or(&json),
            _ => &json,
        };
        Mapping::parse(mapping).map(Some).with_context(of_path)
    }

    /// What reads documents with the mapping, or with the one that they show.
    pub(crate) fn reader(&self, documents: &Documents) -> Result<DocumentReader> {
        Ok(match self.read()? {
            None => DocumentReader::guess(documents)?,
            Some(mapping) => DocumentReader::with_mapping(&mapping, documents)?,
        })
    }
}

/// `whittle_host::Accessor` on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reading {
    /// In whole batches, or in place by code that is compiled into the function.
    Composed,
    /// With a call into the host for each field.
    Reference,
}

impl Run {
    pub(crate) fn engine(&self) -> Result<Engine> {
        engine(self.accessor())
    }

    /// The accessor that the flags select.
    pub(crate) fn accessor(&self) -> Accessor {
        match self.accessor {
            Reading::Composed => Accessor::Composed,
            Reading::Reference => Accessor::Reference,
        }
    }

    /// A query's context; its time starts now.
    pub(crate) fn query(&self) -> QueryContext {
        QueryContext::new(self.budget())
    }

    /// The limits of a query.
    pub(crate) fn budget(&self) -> Budget {
        Budget {
            wall_clock: Duration::from_millis(self.timeout),
            memory_bytes: self.memory_mb.saturating_mul(1 << 20),
            ..Budget::default()
        }
    }
}

/// An engine with the user's cache of compiled components.
pub(crate) fn engine(accessor: Accessor) -> Result<Engine> {
    // The command runs one query at a time.
    let options = EngineOptions {
        cache: cache_folder(),
        accessor,
        // One document goes the way that the batches of a search go.
        few_rows: 0,
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
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(base.join("whittle"))
}

/// Opens the registry in a directory that exists or at a URL, for one command. The options of a
/// bucket come from the environment variables that the AWS tools use.
pub(crate) fn registry(engine: Engine, place: &str) -> Result<Registry> {
    let options = RegistryOptions {
        poll: None,
        ..RegistryOptions::default()
    };
    let storage = if place.contains("://") {
        let named = |(name, value): (OsString, OsString)| {
            let name = name.into_string().ok()?.to_lowercase();
            Some((
                name.starts_with("aws_").then_some(name)?,
                value.into_string().ok()?,
            ))
        };
        let storage = Storage::from_url(place, env::vars_os().filter_map(named));
        storage.map_err(|error| match error {
            StorageError::NoStore { .. } => {
                anyhow!("{error}; to change the UDFs of a node, use `PUT` and `DELETE` of `/_udf`")
            }
            error => error.into(),
        })?
    } else {
        let folder = Path::new(place);
        if !folder.is_dir() {
            bail!("there is no registry in `{place}`");
        }
        Storage::local(folder)?
    };
    Ok(Registry::open(engine, storage, options)?)
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

/// Loads the component in a file: checks, compiles and describes it.
pub(crate) fn udf(engine: &Engine, path: &Path) -> Result<Udf> {
    Udf::new(engine, &read(path)?).with_context(|| path.display().to_string())
}
