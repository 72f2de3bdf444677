//! What SQL adds to a UDF: `cargo bench -p whittle-datafusion`.
//!
//! All figures are the minimum of many repetitions in one run, over batches of 8,192 titles in
//! memory. The same rows go through `whittle-host` alone, through a query with the UDF, through a
//! native function in DataFusion and through DataFusion's own `levenshtein`. The answers are compared.
//! The fixed cost of a batch is what a further batch of one row costs more than in the host: the difference of
//! queries over many and over few batches, so that what a query costs is not in it.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::utils::datafusion_strsim::levenshtein;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::Runtime;
use whittle_datafusion::{Functions, Options};
use whittle_host::{Arguments, Budget, Engine, EngineOptions, QueryContext, Udf};

const ROWS: usize = 8192;
const BATCHES: usize = 8;
/// The batches of one row whose cost is compared.
const SINGLES: [usize; 2] = [8, 520];
const REPETITIONS: usize = 40;
const TARGET: &str = "title of a film";

fn titles(rows: usize) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..rows).map(|row| {
        format!(
            "title {:x} of a film",
            row.wrapping_mul(2_654_435_761) % 997
        )
    })))
}

fn least(mut run: impl FnMut()) -> Duration {
    run();
    let times = (0..REPETITIONS).map(|_| {
        let started = Instant::now();
        run();
        started.elapsed()
    });
    times.min().unwrap_or_default()
}

fn component() -> Vec<u8> {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from);
    std::fs::read(target.join("guests/rust/string-distance.wasm"))
        .expect("the guests are built: `make guests`")
}

fn budget() -> Budget {
    let hour = Duration::from_secs(3600);
    Budget {
        wall_clock: hour,
        cpu_time: hour,
        ..Budget::default()
    }
}

/// The time of the host alone for so many batches of so many rows.
fn host(udf: &Udf, batches: usize, rows: usize) -> (Duration, usize) {
    let arguments = Arguments::new()
        .with("field", "title")
        .with("target", TARGET)
        .with("max_distance", 3_i64);
    let query = QueryContext::new(budget());
    let mut bound = udf
        .bind("string_distance", &arguments, &query)
        .expect("bound");
    let schema = Arc::new(Schema::new(vec![Field::new("title", DataType::Utf8, true)]));
    let batch = RecordBatch::try_new(schema, vec![titles(rows)]).expect("a batch");
    let mut found = 0;
    let time = least(|| {
        found = 0;
        for _ in 0..batches {
            let values = bound.evaluate(&batch).expect("evaluated");
            found += values.as_boolean().true_count();
        }
    });
    (time, found)
}

struct Sql {
    runtime: Runtime,
    context: SessionContext,
    functions: Functions,
}

impl Sql {
    fn new(udf: &Udf, partitions: usize, batches: usize, rows: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .expect("a runtime");
        let config = SessionConfig::new().with_target_partitions(partitions);
        let context = SessionContext::new_with_config(config);
        let functions = Functions::new(&context, Options { budget: budget() });
        functions
            .create("string_distance", udf, false)
            .expect("created");
        let native = create_udf(
            "native_distance",
            vec![DataType::Utf8],
            DataType::Boolean,
            Volatility::Immutable,
            Arc::new(|arguments: &[ColumnarValue]| {
                let arrays = ColumnarValue::values_to_arrays(arguments)?;
                let titles = arrays[0].as_string::<i32>();
                let near = titles
                    .iter()
                    .map(|title| title.map(|title| levenshtein(title, TARGET) <= 3));
                Ok(ColumnarValue::Array(Arc::new(
                    near.collect::<BooleanArray>(),
                )))
            }),
        );
        context.register_udf(native);
        let batch = RecordBatch::try_from_iter([("title", titles(rows))]).expect("a batch");
        let batches = vec![vec![batch; batches / partitions]; partitions];
        let table = MemTable::try_new(batches[0][0].schema(), batches).expect("a table");
        context
            .register_table("films", Arc::new(table))
            .expect("a table");
        Self {
            runtime,
            context,
            functions,
        }
    }

    /// The time of the executed plan, without planning.
    fn time(&self, near: &str) -> (Duration, usize) {
        let sql = format!("SELECT {near} AS near FROM films");
        let plan: Arc<dyn ExecutionPlan> = self.runtime.block_on(async {
            let frame = self.functions.sql(&sql).await.expect("planned");
            frame.create_physical_plan().await.expect("planned")
        });
        let mut found = 0;
        let time = least(|| {
            let batches = collect(Arc::clone(&plan), self.context.task_ctx());
            let batches = self.runtime.block_on(batches).expect("collected");
            let near = batches
                .iter()
                .map(|batch| batch.column(0).as_boolean().true_count());
            found = near.sum();
        });
        (time, found)
    }
}

fn per(time: Duration, of: usize) -> f64 {
    time.as_secs_f64() * 1e9 / of as f64
}

fn main() {
    let engine = Engine::new(EngineOptions::default()).expect("an engine");
    let udf = Udf::new(&engine, &component()).expect("a component");
    let call = format!("string_distance(title, '{TARGET}', 3)");

    let (host_time, expected) = host(&udf, BATCHES, ROWS);
    let one = Sql::new(&udf, 1, BATCHES, ROWS);
    let own = format!("levenshtein(title, '{TARGET}') <= 3");
    let (sql_time, found) = one.time(&call);
    let (native_time, native) = one.time("native_distance(title)");
    let (own_time, of_engine) = one.time(&own);
    assert_eq!([found, native, of_engine], [expected; 3]);
    let rows = ROWS * BATCHES;
    println!(
        "string-distance/row/host          {:9.1} ns",
        per(host_time, rows)
    );
    println!(
        "string-distance/row/sql           {:9.1} ns  {:.3} of the host",
        per(sql_time, rows),
        sql_time.as_secs_f64() / host_time.as_secs_f64()
    );
    println!(
        "string-distance/row/native        {:9.1} ns",
        per(native_time, rows)
    );
    println!(
        "string-distance/row/levenshtein   {:9.1} ns",
        per(own_time, rows)
    );

    let singles = SINGLES.map(|batches| Sql::new(&udf, 1, batches, 1));
    let further = |times: [Duration; 2]| {
        let [few, many] = times.map(|time| time.as_secs_f64() * 1e9);
        (many - few) / (SINGLES[1] - SINGLES[0]) as f64
    };
    let called = further(singles.each_ref().map(|sql| sql.time(&call).0));
    // The rest of a query: a comparison in the place of the call.
    let rest = further(singles.each_ref().map(|sql| sql.time("title = ''").0));
    let alone = further(SINGLES.map(|batches| host(&udf, batches, 1).0));
    println!(
        "string-distance/batch/fixed       {:9.1} ns  (a batch of one row: {called:.0} ns in SQL, of these {rest:.0} \
         without the call, and {alone:.0} ns in the host)",
        called - rest - alone
    );

    let (two_time, found) = Sql::new(&udf, 2, BATCHES, ROWS).time(&call);
    assert_eq!(found, expected);
    println!(
        "string-distance/partitions/two    {:9.3} times as fast as one",
        sql_time.as_secs_f64() / two_time.as_secs_f64()
    );
}
