//! Whittle: `whittle-host` with the options of a data node, and UDFs of this repository in one language.
//!
//! A call is one batch of Arrow columns, evaluated by a function that was bound once. The limits of a query
//! are active: time and processor time (by epochs, a thread counts them), memory, and the size of results.
//! They are so large that a measurement does not exceed them. Compiled components come from a cache, in
//! `$WHITTLE_CACHE`.
//!
//! `peer-whittle LANGUAGE FOLDER...` finds a component in `FOLDER/LANGUAGE/NAME.wasm`. In `LANGUAGE-columns`
//! the UDF computes with whole columns; otherwise it sees a document at a time.

mod functions;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use serde_json::Value;
use whittle_host::{Arguments, Bound, Budget, Engine, EngineOptions, QueryContext, Udf};
use whittle_peer::{Call, Rows, Unsupported, Work};

struct Whittle {
    bound: Bound,
    batch: RecordBatch,
    results: ArrayRef,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let language = arguments
        .next()
        .context("usage: peer-whittle LANGUAGE FOLDER...")?;
    let folders: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let cache = std::env::var_os("WHITTLE_CACHE").map(PathBuf::from);
    let options = EngineOptions {
        cache,
        ..EngineOptions::default()
    };
    let engine = Engine::new(options)?;
    whittle_peer::serve(|rows: Rows| {
        let function = functions::function(&language, &rows).map_err(Unsupported)?;
        let files = folders.iter().map(|folder| {
            let language = language.trim_end_matches("-columns");
            folder
                .join(language)
                .join(format!("{}.wasm", function.component))
        });
        let file = files.into_iter().find(|file| file.is_file());
        let file = file.with_context(|| format!("{}.wasm is not built", function.component))?;
        let udf = Udf::new(&engine, &fs::read(file)?)?;
        let arguments = function
            .arguments
            .as_object()
            .context("arguments are an object")?;
        let query = QueryContext::new(budget());
        let bound = udf.bind(function.name, &Arguments::from_json(arguments), &query)?;
        let batch = batch(&rows, &bound)?;
        let results = Arc::new(BooleanArray::from(Vec::<bool>::new()));
        Ok(Box::new(Whittle {
            bound,
            batch,
            results,
        }))
    })
}

impl Call for Whittle {
    fn call(&mut self) -> Result<()> {
        self.results = self.bound.evaluate(&self.batch)?;
        Ok(())
    }

    fn values(&self) -> Vec<Value> {
        peer_arrow::values(&self.results).unwrap_or_default()
    }
}

/// The limits of a query that lasts as long as the measurements.
fn budget() -> Budget {
    const HOURS: Duration = Duration::from_hours(10);
    Budget {
        wall_clock: HOURS,
        cpu_time: HOURS,
        result_bytes: usize::MAX,
        ..Budget::default()
    }
}

/// The columns that the function reads, as a node has them: a field of JSON is marked as such.
fn batch(rows: &Rows, bound: &Bound) -> Result<RecordBatch> {
    let batch = peer_arrow::batch(rows)?;
    if rows.work == Work::Noop {
        return Ok(batch);
    }
    let schema = Arc::new(bound.schema());
    let column = |field: &Arc<arrow_schema::Field>| {
        let column = batch.column_by_name(field.name());
        column.cloned().with_context(|| field.name().clone())
    };
    let columns: Vec<_> = schema.fields().iter().map(column).collect::<Result<_>>()?;
    Ok(RecordBatch::try_new(schema, columns)?)
}
