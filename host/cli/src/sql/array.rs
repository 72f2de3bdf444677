//! Files of one JSON array, as tables in memory.
//!
//! The engine reads an array by one thread from its start, and fails where it wants to read parts of
//! a file at once. Arrays are small enough to be read whole; large data is in lines.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::json::reader::infer_json_schema;
use datafusion::catalog::TableProvider;
use datafusion::common::plan_datafusion_err;
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use serde_json::value::RawValue;

/// The rows of all files as one table.
///
/// # Errors
///
/// A file cannot be read, or is not an array of objects whose fields have types that agree.
pub(super) fn open(files: &[PathBuf]) -> Result<Arc<dyn TableProvider>> {
    let mut lines = Vec::new();
    for path in files {
        let text = fs::read(path)?;
        let rows: serde_json::Result<Vec<&RawValue>> = serde_json::from_slice(&text);
        let rows = rows.map_err(|error| match files {
            [_] => plan_datafusion_err!("{error}"),
            _ => plan_datafusion_err!("{}: {error}", path.display()),
        })?;
        for row in rows {
            // An object may have line breaks, which separate values as well as a space does.
            lines.extend(row.get().bytes().map(|byte| match byte {
                b'\n' | b'\r' => b' ',
                byte => byte,
            }));
            lines.push(b'\n');
        }
    }
    let (schema, _) = infer_json_schema(&*lines, None)?;
    let schema = Arc::new(schema);
    // A column with strings and numbers has strings.
    let reader = ReaderBuilder::new(Arc::clone(&schema)).with_coerce_primitive(true);
    let reader = reader.build(&*lines)?;
    let batches = reader.collect::<std::result::Result<_, _>>()?;
    Ok(Arc::new(MemTable::try_new(schema, vec![batches])?))
}
