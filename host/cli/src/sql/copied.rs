//! `COPY ... TO`: its format, and one file of this machine. The engine writes another file beside it, which takes the
//! place when it is complete. A statement that fails leaves the file as it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Value;
use tempfile::{Builder, TempPath};

/// Gives a statement that writes files the format of their extension, which may be any that is read.
///
/// # Errors
///
/// The format is unknown.
pub(super) fn with_format(statement: &mut Statement) -> Result<()> {
    let Statement::CopyTo(copy) = statement else {
        return Ok(());
    };
    let extension = Path::new(&copy.target).extension();
    let extension = extension.map(|extension| extension.to_string_lossy().to_lowercase());
    let (named, format) = match (&copy.stored_as, extension) {
        (Some(format), _) => (format!("`STORED AS {format}`"), Some(format.to_lowercase())),
        (None, extension) => (format!("`{}`", copy.target), extension),
    };
    let written = match format.as_deref() {
        Some("parquet" | "csv" | "json" | "arrow") => return Ok(()),
        Some("ndjson" | "jsonl") if copy.stored_as.is_none() => "JSON",
        Some("tsv") if copy.stored_as.is_none() => "CSV",
        _ => {
            return plan_err!(
                "unknown format in {named}: the extension must be `.parquet`, `.csv`, `.tsv`, `.json`, \
                 `.ndjson`, `.jsonl` or `.arrow`; for other names add `STORED AS PARQUET`, `CSV`, `JSON` \
                 or `ARROW`"
            );
        }
    };
    copy.stored_as = Some(written.to_owned());
    let delimiter = "format.delimiter";
    if format.as_deref() == Some("tsv") && copy.options.iter().all(|(key, _)| key != delimiter) {
        let tab = Value::SingleQuotedString("\t".to_owned());
        copy.options.push((delimiter.to_owned(), tab));
    }
    Ok(())
}

/// A file that a statement writes. It is deleted unless it is put in its place.
pub(super) struct Copied {
    written: TempPath,
    place: PathBuf,
}

impl Copied {
    /// Gives a statement that writes one file of this machine another target, beside its own and with the same
    /// extension, which says the format.
    pub(super) fn aside(statement: &mut Statement) -> Result<Option<Self>> {
        let Statement::CopyTo(copy) = statement else {
            return Ok(None);
        };
        let place = PathBuf::from(&copy.target);
        let is_file = !copy.target.contains("://")
            && copy.partitioned_by.is_empty()
            && !copy.target.ends_with('/')
            && place.extension().is_some()
            && !place.is_dir();
        let parent = match place.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        // What does not exist has no file to lose, and the engine makes it.
        let name = place.file_name().filter(|_| is_file && parent.is_dir());
        let Some(name) = name.and_then(|name| name.to_str()) else {
            return Ok(None);
        };
        let suffix = format!("-{name}");
        let mut file = Builder::new();
        let file = file.prefix(".").suffix(&suffix).tempfile_in(parent);
        let file = file.map_err(|error| at(&place, error))?;
        let written = file.into_temp_path();
        // The engine makes it, with the permissions that its files have.
        fs::remove_file(&written).map_err(|error| at(&place, error))?;
        copy.target = written.to_string_lossy().into_owned();
        Ok(Some(Self { written, place }))
    }

    /// Puts the file in its place.
    pub(super) fn put(self) -> Result<()> {
        let Self { written, place } = self;
        let put = written.persist(&place);
        put.map_err(|error| at(&place, error.error))
    }
}

fn at(place: &Path, error: io::Error) -> DataFusionError {
    DataFusionError::External(format!("{}: {error}", place.display()).into())
}
