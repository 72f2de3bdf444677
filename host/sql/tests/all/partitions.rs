//! What a query costs: instances, evaluations, one budget, memory, and how it is stopped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::StreamExt;
use whittle_datafusion::{Functions, Options};
use whittle_host::{Budget, Engine, EngineOptions, QueryContext, Udf};

use crate::support::{add_partitions, guest, rows, run, session, told, udf};

fn titles(count: usize) -> RecordBatch {
    let title: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..count).map(|row| format!("title {}", row % 7)),
    ));
    let number: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count as i64));
    RecordBatch::try_from_iter([("title", title), ("number", number)]).expect("a batch")
}

/// The number after `name=` in a plan.
fn metric(plan: &str, name: &str) -> usize {
    let start = plan.find(&format!("{name}=")).expect("the metric") + name.len() + 1;
    let digits = plan[start..].chars().take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_partition_reuses_an_instance() {
    let (context, functions) = session(&["string-distance"], 2, Options::default());
    add_partitions(
        &context,
        "films",
        vec![vec![titles(50); 5], vec![titles(50); 5]],
    );
    let sql = "EXPLAIN ANALYZE SELECT string_distance(title, 'title 3', 0) FROM films";
    let plan = run(&functions, sql).await;
    assert!(
        (1..=2).contains(&metric(&plan, "string_distance.instances")),
        "{plan}"
    );
    assert_eq!(metric(&plan, "string_distance.batches"), 10, "{plan}");
    assert_eq!(metric(&plan, "string_distance.rows"), 500, "{plan}");
    assert_eq!(metric(&plan, "string_distance.errors"), 0, "{plan}");
}

#[tokio::test]
async fn a_dictionary_is_evaluated_once_a_value() {
    let (context, functions) = session(&["string-distance"], 1, Options::default());
    add_partitions(&context, "films", vec![vec![titles(700)]]);
    let column = "arrow_cast(title, 'Dictionary(Int32, Utf8)')";
    let sql = format!("EXPLAIN ANALYZE SELECT string_distance({column}, 'title 3', 0) FROM films");
    let plan = run(&functions, &sql).await;
    assert_eq!(metric(&plan, "string_distance.rows"), 700, "{plan}");
    assert_eq!(metric(&plan, "string_distance.evaluations"), 7, "{plan}");
}

#[tokio::test]
async fn rows_that_need_no_call_are_not_evaluated() {
    let (context, functions) = session(&["string-distance"], 1, Options::default());
    add_partitions(&context, "films", vec![vec![titles(100)]]);
    let sql = "EXPLAIN ANALYZE SELECT CASE WHEN number < 10 THEN string_distance(title, 'x') END FROM films";
    let plan = run(&functions, sql).await;
    assert_eq!(metric(&plan, "string_distance.rows"), 10, "{plan}");
}

#[tokio::test]
async fn one_budget_covers_all_calls_of_a_query() {
    // A title has 7 bytes: 12 of them fit, 24 do not.
    let budget = Budget {
        result_bytes: 100,
        ..Budget::default()
    };
    let (context, functions) = session(&["probe"], 2, Options { budget });
    add_partitions(&context, "few", vec![vec![titles(6)], vec![titles(6)]]);
    let once = rows(&functions, "SELECT read_text(title) FROM few").await;
    let once = once.expect("within the budget");
    assert_eq!(once.iter().map(RecordBatch::num_rows).sum::<usize>(), 12);
    let twice = run(
        &functions,
        "SELECT read_text(title), read_text(title || '') FROM few",
    )
    .await;
    assert!(twice.contains("the results are too large"), "{twice}");
}

#[tokio::test]
async fn memory_of_guests_is_charged_to_the_pool_and_returned() {
    for (limit, fits) in [(256 << 20, true), (64 << 10, false)] {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(limit));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::clone(&pool));
        let runtime = runtime.build_arc().expect("an environment");
        let context = SessionContext::new_with_config_rt(SessionConfig::new(), runtime);
        let functions = Functions::new(&context, Options::default());
        let udf = udf("rust", "string-distance");
        functions
            .create("string_distance", &udf, false)
            .expect("created");
        add_partitions(&context, "films", vec![vec![titles(100)]]);
        let found = rows(&functions, "SELECT string_distance(title, 'x') FROM films").await;
        assert_eq!(found.is_ok(), fits);
        if let Err(error) = found {
            assert!(told(&error).contains("whittle UDFs"), "{error}");
        }
        assert_eq!(pool.reserved(), 0);
    }
}

/// A table with two partitions, and functions that never end, on an engine of its own.
fn endless(budget: Budget) -> (Engine, Functions) {
    let options = EngineOptions {
        pool_instances: 8,
        ..EngineOptions::default()
    };
    let engine = Engine::new(options).expect("an engine");
    let evil = Udf::new(&engine, &guest("rust", "evil")).expect("a component");
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
    let functions = Functions::new(&context, Options { budget });
    for name in ["forever_in_evaluate", "endless_reads"] {
        functions.create(name, &evil, false).expect("created");
    }
    add_partitions(&context, "films", vec![vec![titles(10)], vec![titles(10)]]);
    (engine, functions)
}

async fn all_instances_end(engine: &Engine) {
    let started = Instant::now();
    while engine.pool().in_use > 0 {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "a guest still runs"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn hour() -> Budget {
    let hour = Duration::from_secs(3600);
    Budget {
        wall_clock: hour,
        cpu_time: hour,
        ..Budget::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn dropping_the_results_stops_the_guests() {
    let (engine, functions) = endless(hour());
    let sql = "SELECT endless_reads(title) FROM films";
    let frame = functions.sql(sql).await.expect("planned");
    let mut stream = frame.execute_stream().await.expect("a stream");
    let first = tokio::time::timeout(Duration::from_millis(200), stream.next()).await;
    assert!(first.is_err(), "{first:?}");
    assert!(engine.pool().in_use > 0);
    drop(stream);
    all_instances_end(&engine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_statement_ends_with_its_context() {
    let (engine, functions) = endless(Budget::default());
    for sql in [
        "SELECT endless_reads(title) FROM films",
        // While it is planned.
        "SELECT forever_in_evaluate()",
        "CREATE TABLE other AS SELECT endless_reads(title) AS value FROM films",
    ] {
        let context = QueryContext::new(hour());
        let state = datafusion::sql::parser::DFParser::parse_sql(sql);
        let statement = state.expect("parsed").pop_front().expect("a statement");
        let (running, own) = (functions.clone(), context.clone());
        let task =
            tokio::spawn(async move { running.plan_in(statement, &own).await?.collect().await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!task.is_finished(), "{sql}");
        context.cancel();
        let error = task.await.expect("no panic").expect_err("cancelled");
        assert!(
            told(&error).ends_with("the query was cancelled"),
            "{sql}: {error}"
        );
        all_instances_end(&engine).await;
    }
}
