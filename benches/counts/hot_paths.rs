//! Instructions of the hot paths, counted by Valgrind: a batch of each kind, one document, bind, and
//! a search that a UDF filters.
//!
//! Counts hardly vary between runs and machines, so they show what times on a busy machine cannot:
//! `make counts` compares them with the committed ones. The guest is in AssemblyScript, whose
//! compiler is pinned: the same source is the same component everywhere. Each case runs in a process
//! of its own; what prepares it is not counted, and each measures the second call of its kind.

#![expect(
    missing_docs,
    reason = "the macros of gungraun make public items without them"
)]

use std::env;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use gungraun::{LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use serde_json::{Value as Json, json};
use whittle_host::{Arguments, Bound, Budget, Engine, EngineOptions, QueryContext, Udf};
use whittle_node::index::{Index, Operation};
use whittle_node::mapping::Mapping;
use whittle_node::{SearchRequest, Snapshot, Udfs, search};

/// Rows of a batch.
const ROWS: usize = 1024;

/// Documents of the index that is searched.
const PRODUCTS: usize = 10_000;

/// The directory that an environment variable names.
fn directory(variable: &str) -> PathBuf {
    let value = env::var_os(variable);
    value
        .map(PathBuf::from)
        .unwrap_or_else(|| panic!("{variable} is not set: use `make counts`"))
}

/// Small enough for the address space that Valgrind has; compiled components are kept, since
/// compiling takes seconds there.
fn engine() -> Engine {
    Engine::new(EngineOptions {
        cache: Some(directory("WHITTLE_CACHE")),
        pool_instances: 1,
        ..EngineOptions::default()
    })
    .expect("an engine starts")
}

fn guest(name: &str) -> Udf {
    let path = directory("WHITTLE_GUESTS").join(format!("assemblyscript/{name}.wasm"));
    let component = std::fs::read(&path);
    let component = component.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Udf::new(&engine(), &component).expect("registered")
}

/// With an active time limit that is longer than Valgrind takes.
fn query() -> QueryContext {
    QueryContext::new(Budget {
        wall_clock: Duration::from_secs(3600),
        ..Budget::default()
    })
}

fn arguments(params: &Json) -> Arguments {
    Arguments::from_json(params.as_object().expect("an object"))
}

fn bound(name: &str, function: &str, params: &Json) -> Bound {
    guest(name)
        .bind(function, &arguments(params), &query())
        .expect("bound")
}

/// A column of one kind, in which one row in eight has no value.
fn column(kind: &str) -> ArrayRef {
    let rows = (0..ROWS as i64).map(|row| (row % 8 != 0).then_some(row));
    match kind {
        "boolean" => Arc::new(BooleanArray::from_iter(rows.map(|row| Some(row? % 3 == 0)))),
        "int64" => Arc::new(Int64Array::from_iter(rows)),
        "float64" => Arc::new(Float64Array::from_iter(rows.map(|row| Some(row? as f64)))),
        "timestamp" => Arc::new(TimestampMicrosecondArray::from_iter(rows).with_timezone("UTC")),
        "text" => Arc::new(StringArray::from_iter(
            rows.map(|row| Some(format!("title {}", row?))),
        )),
        "json" => Arc::new(StringArray::from_iter(
            rows.map(|row| Some(format!(r#"{{"key": {}}}"#, row?))),
        )),
        _ => panic!("no such kind: {kind}"),
    }
}

/// A function that gives back what it reads, and a batch of that kind.
fn reading(kind: &str) -> (Bound, RecordBatch) {
    let batch = RecordBatch::try_from_iter([("field", column(kind))]).expect("one column");
    let mut bound = bound("probe", &format!("read_{kind}"), &json!({"field": "field"}));
    let values = bound.evaluate(&batch).expect("evaluated");
    assert_eq!(values.null_count(), ROWS / 8);
    (bound, batch)
}

#[library_benchmark]
#[bench::boolean(args = ("boolean"), setup = reading)]
#[bench::int64(args = ("int64"), setup = reading)]
#[bench::float64(args = ("float64"), setup = reading)]
#[bench::timestamp(args = ("timestamp"), setup = reading)]
#[bench::text(args = ("text"), setup = reading)]
#[bench::json(args = ("json"), setup = reading)]
fn batch((mut bound, batch): (Bound, RecordBatch)) -> (Bound, ArrayRef) {
    let values = black_box(bound.evaluate(black_box(&batch)).expect("evaluated"));
    (bound, values)
}

/// A score of three numbers, for so many rows.
fn score(rows: usize) -> (Bound, RecordBatch) {
    let batch = whittle_benches::numbers(rows);
    let mut bound = bound("custom-score", "custom_score", &json!({}));
    bound.evaluate(&batch).expect("evaluated");
    (bound, batch)
}

#[library_benchmark]
#[bench::one(args = (1), setup = score)]
#[bench::batch(args = (ROWS), setup = score)]
fn documents((mut bound, batch): (Bound, RecordBatch)) -> (Bound, ArrayRef) {
    let values = black_box(bound.evaluate(black_box(&batch)).expect("evaluated"));
    (bound, values)
}

fn ready() -> Udf {
    let udf = guest("custom-score");
    let params = arguments(&json!({}));
    udf.bind("custom_score", &params, &query()).expect("bound");
    udf
}

#[library_benchmark]
#[bench::custom_score(setup = ready)]
fn bind(udf: Udf) -> (Udf, Bound) {
    let bound = udf.bind("custom_score", &arguments(&json!({})), &query());
    (udf, black_box(bound.expect("bound")))
}

/// What is searched, with what, and for what.
struct Search {
    snapshot: Snapshot,
    udfs: Udfs,
    request: SearchRequest,
}

impl Search {
    fn run(&self) -> Option<usize> {
        let found = search(&self.snapshot, &self.request, &self.udfs, &query(), |_| ());
        found.expect("an answer").hits.total
    }
}

fn filtered() -> Search {
    let index = Index::in_memory(Mapping::dynamic()).expect("an index");
    let operations = whittle_benches::products(PRODUCTS).map(|source| Operation::Create {
        id: None,
        source: source.into_bytes(),
    });
    for written in index.write(operations.collect()).expect("written") {
        written.expect("written");
    }
    index.refresh().expect("refreshed");
    let request = json!({"query": {"bool": {"filter": {"wasm_udf": {"function": "string_distance",
        "params": {"field": "title.keyword", "target": "Cobalt camera 4711 silver", "max_distance": 6}}}}}});
    let search = Search {
        snapshot: index.snapshot(),
        udfs: Udfs::new([guest("string-distance")]).expect("one component"),
        request: SearchRequest::parse(request.to_string().as_bytes()).expect("a request"),
    };
    assert!(search.run() > Some(0));
    search
}

#[library_benchmark]
#[bench::filter(setup = filtered)]
fn searched(search: Search) -> (Search, Option<usize>) {
    let found = black_box(search.run());
    (search, found)
}

library_benchmark_group!(
    name = hot_paths,
    benchmarks = [batch, documents, bind, searched]
);

main!(
    config = LibraryBenchmarkConfig::default()
        .pass_through_envs(["WHITTLE_CACHE", "WHITTLE_GUESTS"]);
    library_benchmark_groups = hot_paths
);
