//! Mistakes in files of lines: in which file and line they are, of which the engine says little.
//!
//! The engine's error ends the statement. Then the files of its tables are read once more, line by line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::csv;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::json::reader::infer_json_schema;
use datafusion::catalog::TableProvider;
use datafusion::datasource::listing::{ListingTable, ListingTableUrl};
use datafusion::error::DataFusionError;
use serde_json::Value as Json;
use serde_json::error::Category;

use crate::sources;

/// Whether an error may be a mistake in a file.
pub(super) fn is_of_file(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ArrowError(error, _) => match &**error {
            ArrowError::CsvError(_) | ArrowError::JsonError(_) => true,
            ArrowError::ParseError(message) => message.starts_with("Error while parsing value"),
            _ => false,
        },
        _ => false,
    }
}

/// The first mistake in the files of a table.
pub(super) fn in_table(table: &ListingTable) -> Option<String> {
    let options = table.options();
    let partitions = &options.table_partition_cols;
    let schema = table.schema();
    let fields = schema.fields().iter();
    let fields = fields.filter(|field| partitions.iter().all(|(name, _)| name != field.name()));
    let schema = Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()));
    let files = table.table_paths().iter().flat_map(files).filter(|file| {
        let name = file.to_string_lossy();
        name.ends_with(&options.file_extension)
    });
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    files.iter().find_map(|file| {
        let extension = file.extension().unwrap_or_default().to_ascii_lowercase();
        let found = match extension.to_str()? {
            "csv" => in_separated(file, &schema, b','),
            "tsv" => in_separated(file, &schema, b'\t'),
            "json" | "ndjson" | "jsonl" => in_lines(file).or_else(|| in_values(file, &schema)),
            _ => None,
        };
        found.map(|found| format!("{}: {found}", shown(file)))
    })
}

/// The files of a path on this machine.
fn files(url: &ListingTableUrl) -> Vec<PathBuf> {
    let path = match url.get_url().to_file_path() {
        Ok(path) if path.is_dir() => sources::files(&path, &|_| true).ok(),
        Ok(path) => Some(vec![path]),
        Err(()) => None,
    };
    path.unwrap_or_default()
}

/// A path as a user writes it: from the current directory if it is below.
fn shown(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    file.strip_prefix(here)
        .unwrap_or(file)
        .display()
        .to_string()
}

/// The first line of a file that is not a JSON object, or whose types do not fit the lines before.
pub(super) fn in_lines(file: &Path) -> Option<String> {
    let mut lines = Vec::new();
    for (at, line) in BufReader::new(File::open(file).ok()?).lines().enumerate() {
        let line = line.ok()?;
        if line.trim().is_empty() {
            continue;
        }
        let number = at + 1;
        match serde_json::from_str::<Json>(&line) {
            Ok(Json::Object(_)) => lines.push((number, line)),
            Ok(_) => return Some(format!("line {number}: it is not a JSON object")),
            Err(error) => {
                let reason = match error.classify() {
                    Category::Eof => "the object is not complete in its line".to_owned(),
                    _ => {
                        let message = error.to_string();
                        let end = message.rfind(" at line ").unwrap_or(message.len());
                        message[..end].to_owned()
                    }
                };
                let column = error.column();
                return Some(format!("line {number}, column {column}: {reason}"));
            }
        }
    }
    // The first lines that do not fit together are one more than those that do.
    let fails = |count: usize| {
        let lines: Vec<&str> = lines[..count].iter().map(|(_, line)| &**line).collect();
        infer_json_schema(lines.join("\n").as_bytes(), None).err()
    };
    fails(lines.len())?;
    let (mut fit, mut unfit) = (0, lines.len());
    while unfit - fit > 1 {
        let middle = usize::midpoint(fit, unfit);
        match fails(middle) {
            Some(_) => unfit = middle,
            None => fit = middle,
        }
    }
    let reason = message(&fails(unfit)?);
    let number = lines[unfit - 1].0;
    Some(format!(
        "line {number}: a field has another type than in the lines before: {reason}"
    ))
}

/// The first line whose values do not have the types of a table.
fn in_values(file: &Path, schema: &SchemaRef) -> Option<String> {
    let decoder = ReaderBuilder::new(Arc::clone(schema)).with_batch_size(1);
    let mut decoder = decoder.build_decoder().ok()?;
    for (at, line) in BufReader::new(File::open(file).ok()?).lines().enumerate() {
        let line = line.ok()? + "\n";
        let decoded = decoder.decode(line.as_bytes());
        if let Err(error) = decoded.and_then(|_| decoder.flush()) {
            return Some(format!("line {}: {}", at + 1, message(&error)));
        }
    }
    None
}

/// The first row of a file of separated values that does not have the columns of a table, or their types.
fn in_separated(file: &Path, schema: &SchemaRef, delimiter: u8) -> Option<String> {
    let reader = csv::ReaderBuilder::new(Arc::clone(schema)).with_header(true);
    let reader = reader.with_delimiter(delimiter);
    let mut rows = reader.build(File::open(file).ok()?).ok()?;
    let error = rows.find_map(Result::err)?;
    let mut reason = message(&error);
    for (at, field) in schema.fields().iter().enumerate() {
        reason = reason.replace(
            &format!("for column {at} at"),
            &format!("for column `{}` at", field.name()),
        );
    }
    Some(reason)
}

/// Arrow's message without the kind of its error.
fn message(error: &ArrowError) -> String {
    match error {
        ArrowError::CsvError(message)
        | ArrowError::JsonError(message)
        | ArrowError::ParseError(message) => message.clone(),
        error => error.to_string(),
    }
}
