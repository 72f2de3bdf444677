//! Compile bombs: small components that would keep an optimising compiler busy for minutes, or take
//! all memory. They are compiled without optimisation or refused; either takes seconds.

use std::time::{Duration, Instant};

use whittle_host::{Arguments, Budget, EngineOptions, QueryContext, Udf};
use whittle_tests::{ByHand, engine, engine_with, rows, told};

/// The time limit for any of them, even if another test runs on the other core.
const AT_MOST: Duration = Duration::from_secs(20);

fn component(function: &str) -> Vec<u8> {
    let module = format!("(memory (export \"memory\") 1) {function}");
    let guest = ByHand {
        module: &module,
        ..ByHand::default()
    };
    guest.component()
}

fn repeat(text: &str, times: usize) -> String {
    text.repeat(times)
}

/// Nested loops, the innermost of which changes every local.
fn nested_loops(locals: usize, loops: usize) -> String {
    let change = |i| format!("(local.set {i} (i32.add (local.get {i}) (i32.const 1)))");
    format!(
        "(func {} {} {} {})",
        repeat("(local i32)", locals),
        repeat("(loop ", loops),
        (0..locals).map(change).collect::<String>(),
        repeat("(br_if 0 (memory.size)))", loops),
    )
}

/// Many branches, with many locals that are live across all of them.
fn branches(locals: usize, branches: usize) -> String {
    let branch = |i| {
        let local = i % locals;
        format!("(if (memory.size) (then (local.set {local} (memory.size))))")
    };
    let sum = (0..locals).map(|i| format!("(i32.add (local.get {i}))"));
    format!(
        "(func (result i32) {} {} (i32.const 0) {})",
        repeat("(local i32)", locals),
        (0..branches).map(branch).collect::<String>(),
        sum.collect::<String>(),
    )
}

/// Loops that take and return many values.
fn wide_loops(values: usize, loops: usize) -> String {
    let types = repeat("i32 ", values);
    format!(
        "(type $wide (func (param {types}) (result {types}))) (func {} {} {})",
        repeat("(memory.size)", values),
        repeat("(loop (type $wide) (br_if 0 (memory.size)))", loops),
        repeat("(drop)", values),
    )
}

#[test]
fn compiles_bombs_without_optimisation_in_seconds() {
    for function in [
        nested_loops(64, 1000),
        nested_loops(1000, 1000),
        branches(100, 10_000),
    ] {
        let component = component(&function);
        let cache = tempfile::tempdir().expect("a directory");
        let engine = engine_with(EngineOptions {
            cache: Some(cache.path().to_owned()),
            ..EngineOptions::default()
        });
        let started = Instant::now();
        let compiled = Udf::new(&engine, &component).expect("registered");
        assert!(started.elapsed() < AT_MOST, "{:?}", started.elapsed());
        let cached = Udf::new(&engine, &component).expect("registered");
        assert_eq!(cached.compile_time(), None);
        for udf in [compiled, cached] {
            let query = QueryContext::new(Budget::default());
            let mut bound = udf.bind("f", &Arguments::new(), &query).expect("bound");
            let values = bound.evaluate(&rows(3)).expect("evaluated");
            assert_eq!(*values, arrow_array::Float64Array::from(vec![1.0; 3]));
        }
    }
}

#[test]
fn refuses_bombs_that_take_any_compiler_long() {
    let refused = |function: &str| {
        let component = component(function);
        let engine = engine();
        let started = Instant::now();
        let error = told(&Udf::new(&engine, &component).expect_err("it is too much"));
        assert!(started.elapsed() < AT_MOST, "{:?}", started.elapsed());
        error
    };
    insta::assert_snapshot!(refused(&wide_loops(1000, 1000)), @"the component is too hard to compile: 400004000000 units, and the limit `compile_units` is 40000000000 units");
    insta::assert_snapshot!(refused(&branches(20, 48_000)), @"the component is too hard to compile: 48384000000 units, and the limit `compile_units` is 40000000000 units");
    insta::assert_snapshot!(refused(&repeat("(func)", 40_000)), @"too many functions: 40004 functions, and the limit `core_functions` is 32768 functions");
    let line = repeat("(drop (i32.load (i32.const 0)))", 90_000);
    insta::assert_snapshot!(refused(&format!("(func {line})")), @"a function is too large: 540002 bytes, and the limit `function_bytes` is 524288 bytes");
    let lines = repeat(&format!("(func {})", &line[..line.len() / 2]), 50);
    insta::assert_snapshot!(refused(&lines), @"the code is too large: 13500274 bytes, and the limit `code_bytes` is 12582912 bytes");
}
