//! What several commands begin with: an engine with the user's cache, components from files, the
//! flags of a run, and what to do with a guest's log.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use whittle_host::{
    Accessor, Budget, Engine, EngineOptions, LogLevel, LogLine, QueryContext, Registry,
    RegistryOptions, Storage, Udf,
};

/// The flags of a command that runs functions.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// How long it may take, in milliseconds.
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

impl Run {
    pub(crate) fn engine(&self) -> Result<Engine> {
        engine(self.accessor())
    }

    /// How documents are read.
    pub(crate) fn accessor(&self) -> Accessor {
        match self.accessor {
            Reading::Composed => Accessor::Composed,
            Reading::Reference => Accessor::Reference,
        }
    }

    /// A query's account; its clock runs from here.
    pub(crate) fn query(&self) -> QueryContext {
        QueryContext::new(self.budget())
    }

    /// What a query may take.
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
        pool_instances: 8,
        ..EngineOptions::default()
    };
    Ok(Engine::new(options)?)
}

/// `$WHITTLE_CACHE`, else `whittle` in the user's cache folder. None where that variable is empty
/// or there is no such folder.
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

/// Opens the registry in a folder, or at a URL, for one command. The environment has a bucket's
/// options, as it has for the AWS tools.
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
        Storage::from_url(place, env::vars_os().filter_map(named))?
    } else {
        Storage::local(Path::new(place))?
    };
    Ok(Registry::open(engine, storage, options)?)
}

/// Reads a file, with its path in the error.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

/// Whether a path stands for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// As [`read`]; `-` is standard input.
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

/// Prints what guests logged to standard error.
pub(crate) fn print_log(lines: &[LogLine]) {
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

/// Registers the component in a file.
pub(crate) fn udf(engine: &Engine, path: &Path) -> Result<Udf> {
    Udf::new(engine, &read(path)?).with_context(|| path.display().to_string())
}
