//! A scheduler and executors in this process, with a guest by hand: no toolchain is needed.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::physical_plan::collect;
use datafusion::prelude::{CsvReadOptions, SessionContext};
use futures_util::StreamExt;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use whittle_ballista::{
    Components, Executor, ExecutorOptions, Scheduler, SchedulerOptions, connect,
};
use whittle_datafusion::{Functions, Options, register};
use whittle_host::{
    Engine, EngineOptions, Registry, RegistryOptions, Storage, TextEncoding, encode_component,
};

/// The function `double` returns twice the document's price. It traps if the price is negative, and
/// does not end if it is a million.
const DOUBLE: &str = r#"(module
  (import "whittle:udf/document@0.1.0" "resolve"
    (func $resolve (param i32 i32 i32) (result i32)))
  (import "whittle:udf/document@0.1.0" "float64-or"
    (func $float64-or (param i32 f64) (result f64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "double\00\000.1.0\00\00\00price")
  (data (i32.const 64) "\00\00\00\00\06\00\00\00\08\00\00\00\05\00\00\00")
  (data (i32.const 96) "\80\00\00\00\01\00\00\00")
  (data (i32.const 128) "\00\00\00\00\06\00\00\00")
  (data (i32.const 152) "\02")
  (global $price (mut i32) (i32.const 0))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "whittle:udf/functions@0.1.0#describe") (result i32) (i32.const 64))
  (func (export "whittle:udf/functions@0.1.0#bind") (param i32 i32 i32 i32) (result i32)
    (global.set $price (call $resolve (i32.const 16) (i32.const 5) (i32.const 2)))
    (i32.const 256))
  (func (export "whittle:udf/functions@0.1.0#evaluate") (result i32)
    (if (f64.lt (call $float64-or (global.get $price) (f64.const 0)) (f64.const 0))
      (then unreachable))
    (if (f64.eq (call $float64-or (global.get $price) (f64.const 0)) (f64.const 1000000))
      (then (loop $endless (br $endless))))
    (i32.store8 (i32.const 520) (i32.const 3))
    (f64.store (i32.const 528)
      (f64.mul (f64.const 2) (call $float64-or (global.get $price) (f64.const 0))))
    (i32.const 512)))"#;

/// A cluster, and a session whose queries run on it.
struct Cluster {
    folder: TempDir,
    scheduler: SocketAddr,
    context: SessionContext,
    registry: Registry,
    functions: Functions,
    servers: Vec<JoinHandle<()>>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

impl Cluster {
    /// A scheduler, a session with the function `double`, and a table of four files with the prices
    /// 0 to 99.
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let registry = registry(&folder.path().join("udfs"));
        registry
            .register(&component(DOUBLE), None)
            .expect("registered");
        let products = folder.path().join("products");
        fs::create_dir(&products).expect("a directory");
        for part in 0..4 {
            let prices =
                (part * 25..part * 25 + 25).map(|price| format!("{price},{}\n", price % 3));
            let csv = format!("price,kind\n{}", prices.collect::<String>());
            fs::write(products.join(format!("{part}.csv")), csv).expect("written");
        }
        let scheduler = Scheduler::bind(SchedulerOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..SchedulerOptions::default()
        });
        let scheduler = scheduler.await.expect("listens");
        let address = scheduler.address();
        let serving = tokio::spawn(async move { scheduler.serve().await.expect("serves") });
        let options = Options::default();
        let state = SessionContext::new().state();
        let state = connect(state, &address.to_string(), &options.budget).await;
        let context = SessionContext::new_with_state(state.expect("a scheduler"));
        let functions = register(&context, &registry, options);
        let path = products.to_str().expect("UTF-8");
        let read = context.register_csv("products", path, CsvReadOptions::new());
        read.await.expect("a table");
        Self {
            folder,
            scheduler: address,
            context,
            registry,
            functions,
            servers: vec![serving],
        }
    }

    /// Adds an executor.
    async fn with_executor(mut self, store: Option<&str>) -> Self {
        let engine = Engine::new(EngineOptions::default()).expect("an engine");
        let store = store.map(|name| {
            let place = self.folder.path().join(name);
            (Storage::local(&place).expect("a store"), name.to_owned())
        });
        let options = ExecutorOptions {
            vcores: 1,
            ..ExecutorOptions::new(self.scheduler.to_string())
        };
        let executor = Executor::new(options, Components::new(engine, store));
        let executor = executor.await.expect("a scheduler");
        self.servers.push(tokio::spawn(async move {
            executor.run().await.expect("runs");
        }));
        self
    }

    async fn run(&self, sql: &str) -> String {
        let rows = async { self.functions.sql(sql).await?.collect().await };
        match rows.await {
            Ok(rows) => pretty_format_batches(&rows).expect("a table").to_string(),
            Err(error) => error.strip_backtrace(),
        }
    }
}

fn component(module: &str) -> Vec<u8> {
    let module = wat::parse_str(module).expect("a module");
    encode_component(&module, TextEncoding::Utf8).expect("a component")
}

fn registry(place: &Path) -> Registry {
    let engine = Engine::new(EngineOptions::default()).expect("an engine");
    let storage = Storage::local(place).expect("a store");
    let options = RegistryOptions {
        poll: None,
        ..RegistryOptions::default()
    };
    Registry::open(engine, storage, options).expect("opens")
}

const SUM: &str =
    "SELECT sum(double(document => named_struct('price', price))) AS total FROM products";

#[tokio::test(flavor = "multi_thread")]
async fn queries_with_udfs_run_on_executors() {
    let cluster = Cluster::new().await.with_executor(Some("udfs")).await;
    let cluster = cluster.with_executor(Some("udfs")).await;
    insta::assert_snapshot!(cluster.run(SUM).await, @r"
    +--------+
    | total  |
    +--------+
    | 9900.0 |
    +--------+
    ");
    // Between the stages of a query too.
    let double = "double(named_struct('price', price))";
    insta::assert_snapshot!(
        cluster.run(&format!("
            SELECT {double} % 3 AS rest, count(*) AS n FROM products
            GROUP BY {double} % 3 ORDER BY {double} % 3")).await,
        @r"
    +------+----+
    | rest | n  |
    +------+----+
    | 0.0  | 34 |
    | 1.0  | 33 |
    | 2.0  | 33 |
    +------+----+
    ");
    insta::assert_snapshot!(
        cluster.run(&format!("
            SELECT count(*) AS n FROM products AS a
            JOIN (SELECT {double} AS d FROM products) AS b ON double(named_struct('price', a.price)) = b.d")).await,
        @r"
    +-----+
    | n   |
    +-----+
    | 100 |
    +-----+
    ");
    insta::assert_snapshot!(
        cluster.run(&format!("
            SELECT max(n) AS n FROM (
              SELECT row_number() OVER (PARTITION BY kind, {double} > 100 ORDER BY {double}) AS n FROM products)")).await,
        @r"
    +----+
    | n  |
    +----+
    | 17 |
    +----+
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_has_its_reason_and_the_executor_goes_on() {
    let cluster = Cluster::new().await.with_executor(Some("udfs")).await;
    let trap = "SELECT sum(double(named_struct('price', price - 50))) FROM products";
    insta::assert_snapshot!(cluster.run(trap).await, @"Execution error: function `double` was stopped at row 0: the guest trapped: wasm `unreachable` instruction executed");
    insta::assert_snapshot!(cluster.run("SELECT 1 / (price - price) FROM products").await, @"Execution error: Divide by zero error");
    cluster.run("CREATE TABLE films AS VALUES ('Alien')").await;
    insta::assert_snapshot!(cluster.run("SELECT * FROM films").await, @"Execution error: table `films` cannot be read on a cluster: tables are files that the scheduler and all executors reach (Parquet, CSV, NDJSON or Arrow)");
    assert!(cluster.run(SUM).await.contains("9900.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_replaced_does_not_change_a_query() {
    let cluster = Cluster::new().await.with_executor(Some("udfs")).await;
    let frame = cluster.functions.sql(SUM).await.expect("planned");
    let planned = frame.create_physical_plan().await.expect("planned");

    let version = semver::Version::new(0, 1, 0);
    cluster
        .registry
        .delete("double", &version)
        .expect("deleted");
    let triple = component(&DOUBLE.replace("f64.const 2", "f64.const 3"));
    cluster
        .registry
        .register(&triple, None)
        .expect("registered");
    assert!(cluster.run(SUM).await.contains("14850.0"));

    let rows = collect(planned, cluster.context.task_ctx()).await;
    let rows = pretty_format_batches(&rows.expect("an answer")).expect("a table");
    assert!(rows.to_string().contains("9900.0"), "{rows}");
}

const ENDLESS: &str =
    "SELECT sum(double(named_struct('price', price + 1000000 - price))) FROM products";

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_the_limits_of_the_session() {
    let cluster = Cluster::new().await.with_executor(Some("udfs")).await;
    cluster.run("SET whittle.timeout_ms = 300").await;
    let error = cluster.run(ENDLESS).await;
    assert!(
        error.contains("function `double` was stopped at row 0"),
        "{error}"
    );
    assert!(error.contains("300 ms"), "{error}");
    assert!(cluster.run(SUM).await.contains("9900.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_answer_cancels_the_query() {
    let cluster = Cluster::new().await.with_executor(Some("udfs")).await;
    cluster.run("SET whittle.timeout_ms = 60000").await;
    let frame = cluster.functions.sql(ENDLESS).await.expect("planned");
    let mut rows = frame.execute_stream().await.expect("submitted");
    let answer = tokio::time::timeout(Duration::from_secs(2), rows.next()).await;
    assert!(answer.is_err(), "it does not end");
    drop(rows);
    // The executor has one core.
    let next = tokio::time::timeout(Duration::from_secs(30), cluster.run(SUM)).await;
    assert!(next.expect("an answer").contains("9900.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_without_a_store_says_so() {
    let cluster = Cluster::new().await.with_executor(None).await;
    insta::assert_snapshot!(cluster.run(SUM).await, @"Execution error: function `double` cannot run on this executor, which has no registry: start it with `--registry`");
    assert!(
        cluster
            .run("SELECT sum(price) FROM products")
            .await
            .contains("4950")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_with_another_store_says_so() {
    let cluster = Cluster::new().await.with_executor(Some("others")).await;
    let error = cluster.run(SUM).await;
    let (error, hash) = error.split_once("SHA-256 ").expect("a hash");
    insta::assert_snapshot!(error, @"Execution error: the registry of the executor at others does not have the component double@0.1.0 with the");
    assert!(
        hash.ends_with(": clients and executors must use the same registry"),
        "{hash}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_not_the_one_of_the_plan_is_refused() {
    let cluster = Cluster::new().await.with_executor(Some("udfs")).await;
    let blobs = cluster.folder.path().join("udfs/blobs");
    let blob = fs::read_dir(&blobs).expect("a directory").next();
    let blob = blob.expect("a component").expect("listed").path();
    let component = fs::read(&blob).expect("read");
    fs::write(&blob, &component[1..]).expect("written");
    let error = cluster.run(SUM).await;
    assert!(error.contains("is damaged: found"), "{error}");
    fs::write(&blob, &component).expect("written");
    assert!(cluster.run(SUM).await.contains("9900.0"));
}

#[tokio::test]
async fn a_missing_scheduler_and_a_port_in_use_are_reported() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let options = SchedulerOptions {
        listen: address,
        ..SchedulerOptions::default()
    };
    let error = Scheduler::bind(options).await.expect_err("taken");
    let error = error.to_string().replace(&address.to_string(), "ADDRESS");
    insta::assert_snapshot!(error, @"cannot listen on ADDRESS");
    drop(taken);

    let engine = Engine::new(EngineOptions::default()).expect("an engine");
    let executor = Executor::new(
        ExecutorOptions::new(address.to_string()),
        Components::new(engine, None),
    );
    let error = executor.await.expect_err("nobody listens");
    let error = error.to_string().replace(&address.to_string(), "ADDRESS");
    insta::assert_snapshot!(error, @"no scheduler answers at ADDRESS: start one with `whittle scheduler --listen ADDRESS`");
    let state = SessionContext::new().state();
    let error = connect(state, &address.to_string(), &Options::default().budget).await;
    let error = error.expect_err("nobody listens");
    let error = error.to_string().replace(&address.to_string(), "ADDRESS");
    insta::assert_snapshot!(error, @"no scheduler answers at ADDRESS: start one with `whittle scheduler --listen ADDRESS`");
}
