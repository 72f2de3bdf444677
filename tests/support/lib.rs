//! What the end-to-end tests share: engines, guests that were built, and guests by hand.

mod by_hand;
mod node;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;
use whittle_host::{Arguments, BindError, Bound, Budget, Engine, EngineOptions, QueryContext, Udf};

pub use by_hand::{ByHand, ComponentByHand};
pub use node::Node;

/// [`EngineOptions::few_rows`] for whole batches, so that the small ones of a test are batches too.
pub const BATCHES: usize = 0;
/// [`EngineOptions::few_rows`] for evaluation document by document.
pub const DOCUMENTS: usize = usize::MAX;
/// Both paths; every behaviour of a guest with a kit is checked on each.
pub const PATHS: [usize; 2] = [BATCHES, DOCUMENTS];

/// An engine with a small pool, so that many can run at once in one process, on which every batch
/// is one.
///
/// # Panics
///
/// Where the machine cannot run one.
pub fn engine() -> Engine {
    engine_on(BATCHES)
}

/// As [`engine`], on one of the [`PATHS`].
///
/// # Panics
///
/// Where the machine cannot run one.
pub fn engine_on(few_rows: usize) -> Engine {
    engine_with(EngineOptions {
        few_rows,
        ..EngineOptions::default()
    })
}

/// As [`engine`], with options of the test's.
///
/// # Panics
///
/// Where the machine cannot run one.
pub fn engine_with(options: EngineOptions) -> Engine {
    Engine::new(EngineOptions {
        pool_instances: 16,
        ..options
    })
    .expect("an engine starts")
}

/// As [`engine`], with compiled components kept beside what `make` builds: those of some languages
/// take seconds to compile.
///
/// # Panics
///
/// Where the machine cannot run one.
pub fn cached_engine(few_rows: usize) -> Engine {
    engine_with(EngineOptions {
        few_rows,
        cache: Some(target().join("cache")),
        ..EngineOptions::default()
    })
}

/// The folder of the repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The bytes of a guest in Rust that `make guests` built.
///
/// # Panics
///
/// Where it was not built: a guest that is missing fails its tests, it does not skip them.
pub fn guest(name: &str) -> Vec<u8> {
    let path = guest_path("rust", name);
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}: build the guests first: make guests",
            path.display()
        )
    })
}

/// Where `make` puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from)
}

/// Where `make guests` puts a guest in a language.
pub fn guest_path(language: &str, name: &str) -> PathBuf {
    let folder = target().join("guests").join(language);
    folder.join(name).with_extension("wasm")
}

/// A guest that was built, registered.
///
/// # Panics
///
/// Where it cannot be.
pub fn udf(engine: &Engine, name: &str) -> Udf {
    Udf::new(engine, &guest(name)).expect("the guest is registered")
}

/// Binds a function to JSON parameters in a query of its own.
///
/// # Errors
///
/// As [`Udf::bind`].
///
/// # Panics
///
/// Where the parameters are no object.
pub fn bind(udf: &Udf, function: &str, params: &serde_json::Value) -> Result<Bound, BindError> {
    let query = QueryContext::new(Budget::default());
    udf.bind(function, &arguments(params), &query)
}

/// The arguments in a JSON object.
///
/// # Panics
///
/// Where the parameters are no object.
pub fn arguments(params: &serde_json::Value) -> Arguments {
    Arguments::from_json(params.as_object().expect("parameters are an object"))
}

/// The command that `make` built, which lies beside the tests, or the one that `WHITTLE` names.
///
/// # Panics
///
/// If it was not built.
pub fn whittle() -> PathBuf {
    if let Some(path) = std::env::var_os("WHITTLE") {
        return path.into();
    }
    let tests = std::env::current_exe().expect("a path");
    let folder = tests.ancestors().nth(2).expect("target/debug/deps");
    let path = folder.join(format!("whittle{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "build the command first: cargo build --package whittle-cli"
    );
    path
}

/// Waits until something holds.
///
/// # Panics
///
/// If it does not within `patience`.
pub fn wait_until(what: &str, patience: Duration, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(
            started.elapsed() < patience,
            "not within {patience:?}: {what}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}

/// A batch of rows without columns.
///
/// # Panics
///
/// Never: Arrow takes it.
pub fn rows(count: usize) -> RecordBatch {
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    RecordBatch::try_new_with_options(Schema::empty().into(), Vec::new(), &options)
        .expect("a batch")
}

/// An error and its causes, as the command-line tool prints them.
pub fn told(error: &dyn std::error::Error) -> String {
    let texts = std::iter::successors(Some(error), |error| error.source());
    texts
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
