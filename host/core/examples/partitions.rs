//! A search over partitions: a registry, a thread for each partition, one budget, and errors.
//!
//! `make demo`, then
//! `cargo run --package whittle-host --example partitions target/guests/rust/string-distance.wasm`.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use whittle_host::{
    Arguments, Budget, Engine, EngineOptions, OnError, QueryContext, Registry, RegistryOptions,
    Selection, Selector, Storage,
};

/// Errors that a worker hands to the thread that waits for it.
type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let path = std::env::args().nth(1).ok_or("which component?")?;
    run(&std::fs::read(path)?, &mut std::io::stdout())
}

/// The titles of one partition that are like the target of the query.
fn search(
    selection: &Selection,
    arguments: &Arguments,
    query: &QueryContext,
    titles: Vec<&str>,
) -> Result<Vec<String>> {
    // An instance of this worker's own.
    let mut matches = selection.bind(arguments, query)?;
    matches.set_on_error(OnError::Skip);
    let mut found = Vec::new();
    for batch in titles.chunks(1024) {
        let column: ArrayRef = Arc::new(StringArray::from(batch.to_vec()));
        let batch = RecordBatch::try_from_iter([("title", Arc::clone(&column))])?;
        let values = matches.evaluate(&batch)?;
        let titles = column.as_string::<i32>().iter().flatten();
        let hits = titles
            .zip(values.as_boolean())
            .filter(|(_, value)| *value == Some(true));
        found.extend(hits.map(|(title, _)| title.to_owned()));
    }
    Ok(found)
}

/// Searches two partitions at once.
pub(crate) fn run(component: &[u8], output: &mut dyn Write) -> Result<()> {
    // Once per process.
    let engine = Engine::new(EngineOptions::default())?;
    let registry = Registry::open(engine, Storage::in_memory()?, RegistryOptions::default())?;
    let registered = registry.register(component, None)?;
    writeln!(
        output,
        "registered {} {}",
        registered.name, registered.version
    )?;

    // Once per query.
    let selector: Selector = "string_distance@^0.1".parse()?;
    let selection = registry.select(&selector)?;
    let query = QueryContext::new(Budget {
        wall_clock: Duration::from_secs(2),
        memory_bytes: 64 << 20,
        ..Budget::default()
    });
    let arguments = Arguments::new()
        .with("field", "title")
        .with("target", "Star Wars");

    // Once per partition.
    let partitions = [
        vec!["Star Wars", "Alien"],
        vec!["Stalker", "Stir Wars", "Solaris"],
    ];
    let found = thread::scope(|scope| {
        let (selection, arguments, query) = (&selection, &arguments, &query);
        let workers = partitions
            .map(|titles| scope.spawn(move || search(selection, arguments, query, titles)));
        workers.map(|worker| worker.join().map_err(|_| "a worker panicked")?)
    });
    for titles in found {
        writeln!(output, "{:?}", titles?)?;
    }

    for line in query.take_log() {
        writeln!(output, "{}: {}", line.udf, line.message)?;
    }
    let within = query.usage().memory_peak_bytes <= query.budget().memory_bytes;
    writeln!(output, "within the budget: {within}")?;
    Ok(())
}
