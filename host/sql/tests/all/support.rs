//! Sessions and components for the tests.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::error::Result;
use datafusion::prelude::{SessionConfig, SessionContext};
use whittle_datafusion::{Functions, Options};
use whittle_host::{Engine, EngineOptions, Registry, RegistryOptions, Storage, Udf};

/// One for all tests. It keeps compiled components, which take seconds in some languages.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let options = EngineOptions {
            cache: Some(target().join("cache")),
            pool_instances: 32,
            ..EngineOptions::default()
        };
        Engine::new(options).expect("an engine")
    })
}

fn target() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from)
}

/// The bytes of a guest that `make guests` built.
pub(crate) fn guest(language: &str, name: &str) -> Vec<u8> {
    let path = target().join("guests").join(language).join(name);
    let component = std::fs::read(path.with_extension("wasm"));
    component.expect("the guests are built: `make guests`")
}

pub(crate) fn udf(language: &str, name: &str) -> Udf {
    Udf::new(engine(), &guest(language, name)).expect("a component")
}

/// A registry with guests in Rust.
pub(crate) fn registry(guests: &[&str]) -> Registry {
    let storage = Storage::in_memory().expect("a store");
    let options = RegistryOptions {
        poll: None,
        ..RegistryOptions::default()
    };
    let registry = Registry::open(engine().clone(), storage, options).expect("opens");
    for name in guests {
        let registered = registry.register(&guest("rust", name), None);
        registered.expect("registered");
    }
    registry
}

/// A session with all functions of some guests in Rust, and a number of partitions.
pub(crate) fn session(
    guests: &[&str],
    partitions: usize,
    options: Options,
) -> (SessionContext, Functions) {
    let config = SessionConfig::new().with_target_partitions(partitions);
    let context = SessionContext::new_with_config(config);
    let functions = Functions::new(&context, options);
    for name in guests {
        let udf = udf("rust", name);
        for function in &udf.manifest().functions {
            let created = functions.create(&function.name, &udf, true);
            created.expect("created");
        }
    }
    (context, functions)
}

pub(crate) async fn rows(functions: &Functions, sql: &str) -> Result<Vec<RecordBatch>> {
    functions.sql(sql).await?.collect().await
}

/// The rows as a table, or the error.
pub(crate) async fn run(functions: &Functions, sql: &str) -> String {
    match rows(functions, sql).await {
        Ok(rows) => pretty_format_batches(&rows).expect("a table").to_string(),
        Err(error) => told(&error),
    }
}

/// The message of an error, without the names of DataFusion's components.
pub(crate) fn told(error: &datafusion::error::DataFusionError) -> String {
    let root = error.find_root();
    let message = root.message().into_owned();
    message
        .split("\n\nbacktrace:")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Batches as a table with a partition for each list.
pub(crate) fn add_partitions(
    context: &SessionContext,
    name: &str,
    partitions: Vec<Vec<RecordBatch>>,
) {
    let schema = partitions[0][0].schema();
    let table = datafusion::datasource::MemTable::try_new(schema, partitions).expect("a table");
    context
        .register_table(name, Arc::new(table))
        .expect("a table");
}
