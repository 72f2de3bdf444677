//! An embedder's code: an Arrow batch in, an Arrow array out.
//!
//! `make demo`, then
//! `cargo run --package whittle-host --example embed target/guests/rust/custom-score.wasm`.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use whittle_host::{Arguments, Budget, Engine, EngineOptions, QueryContext, Udf};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which component?")?;
    run(&std::fs::read(path)?, &mut std::io::stdout())
}

/// Scores three documents.
pub(crate) fn run(component: &[u8], output: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    // Once per process, and once per UDF.
    let engine = Engine::new(EngineOptions::default())?;
    let udf = Udf::new(&engine, component)?;

    // Once per query and worker.
    let query = QueryContext::new(Budget::default());
    let arguments = Arguments::new()
        .with("rating_weight", 2.0)
        .with("price_weight", -0.1);
    let mut score = udf.bind("custom_score", &arguments, &query)?;

    // For each batch, with the columns that the function reads.
    let price: ArrayRef = Arc::new(Float64Array::from(vec![10.0, 20.0, 30.0]));
    let rating: ArrayRef = Arc::new(Float64Array::from(vec![Some(4.5), None, Some(5.0)]));
    let batch = RecordBatch::try_from_iter([("price", price), ("rating", rating)])?;
    let scores = score.evaluate(&batch)?;

    writeln!(output, "{scores:?}")?;
    Ok(())
}
