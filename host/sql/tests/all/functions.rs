//! UDFs in SQL, with a guest by hand: no toolchain is needed.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StructArray};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use whittle_datafusion::{Functions, Options, register};
use whittle_host::{
    Engine, EngineOptions, Registry, RegistryOptions, Storage, TextEncoding, encode_component,
};

/// The function `double` returns twice the document's price.
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
    (i32.store8 (i32.const 520) (i32.const 3))
    (f64.store (i32.const 528)
      (f64.mul (f64.const 2) (call $float64-or (global.get $price) (f64.const 0))))
    (i32.const 512)))"#;

struct Session {
    context: SessionContext,
    functions: Functions,
    registry: Registry,
}

impl Session {
    fn new() -> Self {
        let engine = Engine::new(EngineOptions::default()).expect("an engine");
        let storage = Storage::in_memory().expect("a store");
        let registry = Registry::open(engine, storage, RegistryOptions::default()).expect("opens");
        let context = SessionContext::new();
        let functions = register(&context, &registry, Options::default());
        let price: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.5), None, Some(4.0)]));
        let field = Arc::new(Field::new("price", DataType::Float64, true));
        let product: ArrayRef = Arc::new(StructArray::from(vec![(field, Arc::clone(&price))]));
        let batch = RecordBatch::try_from_iter([("price", price), ("product", product)]);
        let batch = batch.expect("a batch");
        context.register_batch("products", batch).expect("a table");
        Self {
            context,
            functions,
            registry,
        }
    }

    fn with_double() -> Self {
        let session = Self::new();
        let module = wat::parse_str(DOUBLE).expect("a module");
        let component = encode_component(&module, TextEncoding::Utf8).expect("a component");
        session
            .registry
            .register(&component, None)
            .expect("registered");
        session
    }

    async fn run(&self, sql: &str) -> String {
        let rows = async { self.functions.sql(sql).await?.collect().await };
        match rows.await {
            Ok(rows) => pretty_format_batches(&rows).expect("a table").to_string(),
            Err(error) => error.strip_backtrace(),
        }
    }
}

#[tokio::test]
async fn a_function_registered_after_the_session_is_found() {
    let session = Session::with_double();
    insta::assert_snapshot!(
        session.run("SELECT double(document => product) AS d FROM products").await,
        @r"
    +-----+
    | d   |
    +-----+
    | 3.0 |
    | 0.0 |
    | 8.0 |
    +-----+
    "
    );
}

#[tokio::test]
async fn names_with_component_and_version_are_found() {
    let session = Session::with_double();
    for name in [
        "double.double",
        "\"double@^0.1\"",
        "\"double.double@0.1.0\"",
    ] {
        let sql = format!("SELECT {name}(product) AS d FROM products WHERE {name}(product) > 5");
        assert!(session.run(&sql).await.contains("| 8.0 |"), "{name}");
    }
}

#[tokio::test]
async fn json_documents_are_read_and_constants_fold() {
    let session = Session::with_double();
    let sql = "SELECT double('{\"price\": 21}') AS d";
    assert!(session.run(sql).await.contains("| 42.0 |"));
    let plan = session.run(&format!("EXPLAIN {sql}")).await;
    assert!(plan.contains("Float64(42)"), "{plan}");
}

#[tokio::test]
async fn explain_analyze_shows_what_each_function_cost() {
    let session = Session::with_double();
    let plan = session
        .run("EXPLAIN ANALYZE SELECT double(product) FROM products")
        .await;
    assert!(plan.contains("UdfExec: calls=[double]"), "{plan}");
    assert!(plan.contains("double.rows=3"), "{plan}");
}

#[tokio::test]
async fn wrong_calls_fail_with_a_reason_and_the_session_continues() {
    let session = Session::with_double();
    insta::assert_snapshot!(session.run("SELECT double() FROM products").await, @"External error: function `double`: it reads `price` of a document: give columns for the parameters that name them, or add `document => ...`, a struct or a JSON object");
    let error = session.run("SELECT duoble(product) FROM products").await;
    assert!(error.contains("duoble"), "{error}");
    let error = session.run("SELECT double(price) FROM products").await;
    assert!(error.contains("a struct or a JSON object"), "{error}");
    let error = session
        .run("SELECT \"double@^7\"(product) FROM products")
        .await;
    assert!(error.contains("no version matches `double@^7`"), "{error}");
    assert!(
        session
            .run("SELECT double(product) FROM products")
            .await
            .contains("8.0")
    );
    assert!(
        session
            .context
            .state()
            .scalar_functions()
            .contains_key("double")
    );
}
