//! The edges of a call: loading a component from the cache, instantiating and binding it, and
//! evaluating one document; beside the same steps on bare Wasmtime, with the same settings.
//!
//! Cases are named `step/language/host`. Loading ends when the manifest is known. Bare Wasmtime maps
//! its file without checking it, counts nothing, has no deadline in its store, and answers each
//! field with a constant: the difference to it is what Whittle costs. Compiling, which happens once
//! for a component and machine, is in `compile/rust`. `cargo bench --bench lifecycle`.

mod bare;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use whittle_benches::numbers;
use whittle_host::{Budget, Engine, EngineOptions, QueryContext, Udf};
use whittle_tests::{arguments, engine, guest_path};

/// A compiled language, and two with an interpreter in the component.
const LANGUAGES: [&str; 3] = ["rust", "javascript", "python"];

const FUNCTION: &str = "custom_score";

fn component(language: &str) -> Vec<u8> {
    let path = guest_path(language, "custom-score");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A query with an active time limit that is longer than the benchmark.
fn query() -> QueryContext {
    QueryContext::new(Budget {
        wall_clock: Duration::from_secs(3600),
        ..Budget::default()
    })
}

fn lifecycle(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a directory");
    let whittle = Engine::new(EngineOptions {
        cache: Some(folder.path().join("whittle")),
        pool_instances: 16,
        ..EngineOptions::default()
    })
    .expect("an engine starts");
    let wasmtime = bare::Host::new();
    let params = arguments(&json!({}));
    let batch = numbers(1);
    for language in LANGUAGES {
        let component = component(language);
        let file = folder.path().join(language);
        wasmtime.compile(&component, &file);

        let mut group = criterion.benchmark_group("load");
        let udf = Udf::new(&whittle, &component).expect("registered");
        group.bench_function(format!("{language}/Whittle"), |bencher| {
            bencher.iter(|| Udf::new(&whittle, &component).expect("loaded"));
        });
        let guest = wasmtime.load(&file);
        group.bench_function(format!("{language}/Wasmtime"), |bencher| {
            bencher.iter(|| wasmtime.load(&file));
        });
        group.finish();

        let mut group = criterion.benchmark_group("bind");
        group.bench_function(format!("{language}/Whittle"), |bencher| {
            bencher.iter(|| udf.bind(FUNCTION, &params, &query()).expect("bound"));
        });
        let defaults = guest.arguments();
        group.bench_function(format!("{language}/Wasmtime"), |bencher| {
            bencher.iter(|| guest.bind(FUNCTION, &defaults));
        });
        group.finish();

        let mut group = criterion.benchmark_group("document");
        let mut bound = udf.bind(FUNCTION, &params, &query()).expect("bound");
        group.bench_function(format!("{language}/Whittle"), |bencher| {
            bencher.iter(|| bound.evaluate(black_box(&batch)).expect("a value"));
        });
        let mut bound = guest.bind(FUNCTION, &defaults);
        group.bench_function(format!("{language}/Wasmtime"), |bencher| {
            bencher.iter(|| bound.evaluate());
        });
        group.finish();
    }

    let uncached = engine();
    let component = component("rust");
    let mut group = criterion.benchmark_group("compile");
    group.bench_function("rust", |bencher| {
        bencher.iter(|| Udf::new(&uncached, &component).expect("registered"));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1));
    targets = lifecycle
}
criterion_main!(benches);
