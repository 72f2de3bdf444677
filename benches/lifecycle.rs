//! The cost of a UDF before its first document: compile, load from the cache, instantiate and bind.
//!
//! `cargo bench --bench lifecycle`.

use criterion::{Criterion, criterion_group, criterion_main};
use whittle_host::{Engine, EngineOptions, Udf};
use whittle_tests::{bind, engine, guest};

fn lifecycle(criterion: &mut Criterion) {
    let component = guest("string-distance");
    let uncached = engine();
    let folder = std::env::temp_dir().join(format!("whittle-bench-{}", std::process::id()));
    let options = EngineOptions {
        cache: Some(folder.clone()),
        ..EngineOptions::default()
    };
    let cached = Engine::new(options).expect("an engine starts");
    let params = serde_json::json!({"field": "title", "target": "iPhone 15"});

    let mut group = criterion.benchmark_group("udf");
    group.sample_size(20);
    group.bench_function("compile", |bencher| {
        bencher.iter(|| Udf::new(&uncached, &component).expect("registered"));
    });
    let udf = Udf::new(&cached, &component).expect("registered");
    group.bench_function("load from cache", |bencher| {
        bencher.iter(|| Udf::new(&cached, &component).expect("registered"));
    });
    group.bench_function("instantiate and bind", |bencher| {
        bencher.iter(|| bind(&udf, "string_distance", &params).expect("bound"));
    });
    group.finish();
    std::fs::remove_dir_all(folder).expect("the cache can be removed");
}

criterion_group!(benches, lifecycle);
criterion_main!(benches);
