//! One job in several ways in one run: in batches, document by document, and in native Rust; batches
//! also over whole columns and in other languages.
//!
//! Cases are named `job/path/rows per call`; without a language the guest is in Rust. Criterion
//! prints the time per call, and rows per second as elements. The time limit is active. A native
//! loop over Arrow arrays is the lower bound. The host evaluates a call of one row document by
//! document on both paths, as for a search. `cargo bench --bench evaluate`.

use std::hint::black_box;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, BooleanArray, Float64Array, RecordBatch};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use string_distance::Pattern;
use whittle_benches::{numbers, titles, with_nulls};
use whittle_host::{Arguments, Bound, Budget, Engine, EngineOptions, QueryContext, Udf};
use whittle_tests::{guest_path, udf};

/// A query with an active time limit that is longer than the benchmark.
fn bind_long(udf: &Udf, function: &str, params: &serde_json::Value) -> Bound {
    let hour = Duration::from_secs(3600);
    let query = QueryContext::new(Budget {
        wall_clock: hour,
        ..Budget::default()
    });
    let arguments = Arguments::from_json(params.as_object().expect("an object"));
    udf.bind(function, &arguments, &query).expect("bound")
}

/// The paths, by their names in the cases and `EngineOptions::few_rows`.
const PATHS: [(&str, usize); 2] = [("Batches", 4), ("Documents", usize::MAX)];

/// An engine as a data node has it, with a small pool.
fn engine(few_rows: usize) -> Engine {
    Engine::new(EngineOptions {
        few_rows,
        pool_instances: 16,
        ..EngineOptions::default()
    })
    .expect("an engine starts")
}

const ROWS: [usize; 2] = [1024, 1];

/// The languages besides Rust whose kits loop over batches in compiled code.
const LANGUAGES: [&str; 3] = ["c", "assemblyscript", "go"];

/// The guest in a language, in an engine of its own.
fn other(language: &str, guest: &str) -> Udf {
    let path = guest_path(language, guest);
    let component = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run make guests", path.display()));
    Udf::new(&engine(PATHS[0].1), &component).expect("the guest is registered")
}

fn custom_score(criterion: &mut Criterion) {
    let native = |batch: &RecordBatch| -> Float64Array {
        let column = |index: usize| batch.column(index).as_primitive::<Float64Type>();
        let (price, rating, popularity) = (column(0), column(1), column(2));
        let value = |column: &Float64Array, row| {
            if column.is_valid(row) {
                column.value(row)
            } else {
                0.0
            }
        };
        (0..batch.num_rows())
            .map(|row| {
                0.3 * value(price, row) + 0.5 * value(rating, row) + 0.2 * value(popularity, row)
            })
            .collect()
    };
    let mut group = criterion.benchmark_group("custom_score");
    let batches = ROWS.map(|rows| (rows.to_string(), numbers(rows)));
    let nulls = ("1024 with nulls".to_owned(), with_nulls(&numbers(1024)));
    for (case, batch) in batches.iter().chain([&nulls]) {
        group.throughput(Throughput::Elements(batch.num_rows() as u64));
        for (path, few_rows) in PATHS {
            let engine = engine(few_rows);
            let guest = udf(&engine, "custom-score");
            let mut bound = bind_long(&guest, "custom_score", &serde_json::json!({}));
            let values = bound.evaluate(batch).expect("evaluated");
            assert_eq!(*values.as_primitive::<Float64Type>(), native(batch));
            group.bench_function(format!("{path}/{case}"), |bencher| {
                bencher.iter(|| bound.evaluate(black_box(batch)).expect("evaluated"));
            });
        }
        for (path, guest) in [("columns", other("rust", "column-score"))]
            .into_iter()
            .chain(LANGUAGES.map(|language| (language, other(language, "custom-score"))))
        {
            let mut bound = bind_long(&guest, "custom_score", &serde_json::json!({}));
            let values = bound.evaluate(batch).expect("evaluated");
            assert_eq!(*values.as_primitive::<Float64Type>(), native(batch));
            group.bench_function(format!("Batches {path}/{case}"), |bencher| {
                bencher.iter(|| bound.evaluate(black_box(batch)).expect("evaluated"));
            });
        }
        group.bench_function(format!("Native/{case}"), |bencher| {
            bencher.iter(|| native(black_box(batch)));
        });
    }
    group.finish();
}

fn string_distance(criterion: &mut Criterion) {
    let pattern = Pattern::new("iPhone 15", 1);
    let native = |batch: &RecordBatch| -> BooleanArray {
        let titles = batch.column(0).as_string::<i32>();
        (0..titles.len())
            .map(|row| Some(titles.is_valid(row) && pattern.matches(titles.value(row))))
            .collect()
    };
    let params = serde_json::json!({"field": "title", "target": "iPhone 15", "max_distance": 1});
    let mut group = criterion.benchmark_group("string_distance");
    for rows in ROWS {
        let batch = titles(rows);
        group.throughput(Throughput::Elements(rows as u64));
        for (path, few_rows) in PATHS {
            let engine = engine(few_rows);
            let guest = udf(&engine, "string-distance");
            let mut bound = bind_long(&guest, "string_distance", &params);
            let values = bound.evaluate(&batch).expect("evaluated");
            assert_eq!(*values.as_boolean(), native(&batch));
            group.bench_function(format!("{path}/{rows}"), |bencher| {
                bencher.iter(|| bound.evaluate(black_box(&batch)).expect("evaluated"));
            });
        }
        for language in LANGUAGES {
            let guest = other(language, "string-distance");
            let mut bound = bind_long(&guest, "string_distance", &params);
            let values = bound.evaluate(&batch).expect("evaluated");
            assert_eq!(*values.as_boolean(), native(&batch));
            group.bench_function(format!("Batches {language}/{rows}"), |bencher| {
                bencher.iter(|| bound.evaluate(black_box(&batch)).expect("evaluated"));
            });
        }
        group.bench_function(format!("Native/{rows}"), |bencher| {
            bencher.iter(|| native(black_box(&batch)));
        });
    }
    group.finish();
}

criterion_group!(benches, custom_score, string_distance);
criterion_main!(benches);
