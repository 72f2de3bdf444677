//! What several commands begin with: an engine with the user's cache, and components from files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use whittle_host::{Accessor, Engine, EngineOptions, Udf};

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
fn cache_folder() -> Option<PathBuf> {
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

/// Reads a file, with its path in the error.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

/// Registers the component in a file.
pub(crate) fn udf(engine: &Engine, path: &Path) -> Result<Udf> {
    Udf::new(engine, &read(path)?).with_context(|| path.display().to_string())
}
