//! Guests of toolchains that require WASI: it exists, denies everything, and logs output.
//!
//! The same core module is built in two ways: encoded with the stub, as `whittle build` does, and
//! with the adapter of cargo-component and TinyGo, which imports WASI 0.2.

use std::time::{Duration, Instant};

use serde_json::json;
use whittle_host::{Budget, CONTRACT, Document, ExactJson, LogLevel, QueryContext, Udf, Value};
use whittle_tests::{ByHand, arguments, engine, told};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Calls everything; returns a bit for each result that is as it should be.
const PROBE: &str = r#"
  (local $found i64)
  (i64.store (i32.const 528) (i64.const 0))
  (call $expect (i32.const 0) (call $args_sizes (i32.const 900) (i32.const 904)) (i32.const 0))
  (call $expect (i32.const 1) (i32.load (i32.const 900)) (i32.const 0))
  (call $expect (i32.const 2) (call $environ_sizes (i32.const 900) (i32.const 904)) (i32.const 0))
  (call $expect (i32.const 3) (i32.load (i32.const 900)) (i32.const 0))
  ;; No folder, and so no file: EBADF.
  (call $expect (i32.const 4) (call $prestat (i32.const 3) (i32.const 900)) (i32.const 8))
  (call $expect (i32.const 5)
    (call $open (i32.const 3) (i32.const 0) (i32.const 720) (i32.const 5) (i32.const 0)
      (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 900))
    (i32.const 8))
  ;; The clock goes on by itself.
  (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 912)))
  (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 920)))
  (call $expect (i32.const 6)
    (i64.gt_u (i64.load (i32.const 920)) (i64.load (i32.const 912))) (i32.const 1))
  (call $expect (i32.const 7) (call $random (i32.const 928) (i32.const 8)) (i32.const 0))
  ;; An hour's sleep is over at once.
  (call $expect (i32.const 8)
    (call $poll (i32.const 800) (i32.const 864) (i32.const 1) (i32.const 900)) (i32.const 0))
  (call $expect (i32.const 9) (i32.load (i32.const 900)) (i32.const 1))
  (call $expect (i32.const 10)
    (call $write (i32.const 1) (i32.const 704) (i32.const 1) (i32.const 900)) (i32.const 0))
  (call $expect (i32.const 11)
    (call $write (i32.const 2) (i32.const 736) (i32.const 1) (i32.const 900)) (i32.const 0))
  (call $expect (i32.const 12) (i32.load (i32.const 900)) (i32.const 6))
  (i32.store8 (i32.const 520) (i32.const 2))
  (i32.const 512)"#;

const ALL_AS_EXPECTED: i64 = (1 << 13) - 1;

const IMPORTS: &str = r#"
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;

const MODULE: &str = r#"
  (memory (export "memory") 32)
  (global $heap (mut i32) (i32.const 4096))
  (data (i32.const 704) "\d0\02\00\00\06\00\00\00")
  (data (i32.const 720) "hello\n")
  (data (i32.const 736) "\f0\02\00\00\06\00\00\00")
  (data (i32.const 752) "world\n")
  ;; A subscription to the monotonic clock, in 3600 s.
  (data (i32.const 816) "\01\00\00\00\00\00\00\00\00\a0\b8\30\46\03\00\00")
  (func $expect (param $bit i32) (param $found i32) (param $expected i32)
    (if (i32.eq (local.get $found) (local.get $expected)) (then
      (i64.store (i32.const 528) (i64.or (i64.load (i32.const 528))
        (i64.shl (i64.const 1) (i64.extend_i32_u (local.get $bit))))))))"#;

/// Aligned, and never freed.
const REALLOC: &str = r#"
  (global.set $heap (i32.and
    (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
    (i32.sub (i32.const 0) (local.get 2))))
  (global.get $heap)
  (global.set $heap (i32.add (global.get $heap) (local.get 3)))"#;

fn guest(evaluate: &str) -> ByHand<'_> {
    ByHand {
        imports: IMPORTS,
        module: MODULE,
        evaluate,
        realloc: REALLOC,
        returns: 1,
        ..ByHand::default()
    }
}

/// The component that imports WASI.
fn with_wasi(guest: &ByHand<'_>) -> Vec<u8> {
    let mut module = guest.core_module();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("udf.wit", CONTRACT).expect("the contract");
    let world = resolve.select_world(&[package], Some("udf")).expect("udf");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("types");
    let adapter = wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
    ComponentEncoder::default()
        .module(&module)
        .and_then(|encoder| encoder.adapter("wasi_snapshot_preview1", adapter))
        .and_then(|mut encoder| encoder.encode())
        .expect("the guest encodes")
}

/// Evaluates a guest for two documents, and returns its values and its log.
fn run(component: &[u8]) -> Result<(Vec<Value>, QueryContext), String> {
    let udf = Udf::new(&engine(), component).map_err(|error| told(&error))?;
    let query = QueryContext::new(Budget::default());
    let mut bound = udf
        .bind("f", &arguments(&json!({})), &query)
        .map_err(|error| told(&error))?;
    let source = ExactJson::Null;
    let evaluate = |id| {
        bound.evaluate_document(Document {
            id,
            source: &source,
            score: None,
        })
    };
    let values: Result<Vec<Value>, _> = ["a", "b"].into_iter().map(evaluate).collect();
    Ok((values.map_err(|error| told(&error))?, query))
}

#[test]
fn wasi_denies_everything_and_logs_output() {
    let guest = guest(PROBE);
    for component in [guest.component(), with_wasi(&guest)] {
        let started = Instant::now();
        let (values, query) = run(&component).expect("values");
        assert!(started.elapsed() < Duration::from_secs(60), "it slept");
        let expected = Value::Int64(ALL_AS_EXPECTED);
        assert_eq!(values, [expected.clone(), expected]);
        let log = query.take_log();
        let lines = log.iter().map(|line| (line.level, line.message.as_str()));
        let document = [(LogLevel::Info, "hello"), (LogLevel::Warn, "world")];
        assert_eq!(lines.collect::<Vec<_>>(), [document, document].concat());
    }
}

#[test]
fn an_exit_ends_the_query() {
    let guest = guest("(call $exit (i32.const 3)) (i32.const 512)");
    let error = run(&with_wasi(&guest)).expect_err("it exits");
    insta::assert_snapshot!(error, @"function `f` was stopped at document `a`: the guest trapped: it exited with status 1, but a UDF cannot exit: return an error instead");
    let error = run(&guest.component()).expect_err("it exits");
    insta::assert_snapshot!(error, @r#"function `f` was stopped at document `a`: the guest panicked: "a UDF cannot exit: return an error instead""#);
}

/// A host may be called from a task of an asynchronous runtime, where waiting would panic.
#[test]
fn output_works_inside_and_outside_of_an_asynchronous_runtime() {
    let component = with_wasi(&guest(PROBE));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let (values, _) = runtime.block_on(async { run(&component) }).expect("values");
    assert_eq!(values.len(), 2);
}
