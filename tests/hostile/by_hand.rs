//! What no language's bindings let one write: pointers, lengths and discriminants that are wrong,
//! and entries into the guest that nobody thinks of.

use std::time::Duration;

use crate::attack::without_measure;
use whittle_host::{Arguments, Budget, EngineOptions, Limits, QueryContext, Udf};
use whittle_tests::{ByHand, engine_with, rows, told};

const LOOP: &str = "(loop $forever (br $forever)) unreachable";

/// What a guest ends in, from its registration to a query of one document: the value, or the error
/// of the step that failed. A good query works after it.
fn attack(guest: &ByHand<'_>) -> String {
    let short = Budget {
        wall_clock: Duration::from_millis(400),
        memory_bytes: 1 << 20,
        ..Budget::default()
    };
    let engine = engine_with(EngineOptions {
        limits: Limits {
            describe: short.clone(),
            ..Limits::default()
        },
        ..EngineOptions::default()
    });
    let run = |guest: &ByHand<'_>| -> Result<String, String> {
        let udf = Udf::new(&engine, &guest.component()).map_err(|error| told(&error))?;
        // What registration took does not count.
        let query = QueryContext::new(short.clone());
        let bound = udf.bind("f", &Arguments::new(), &query);
        let mut bound = bound.map_err(|error| told(&error))?;
        let values = bound.evaluate(&rows(1)).map_err(|error| told(&error))?;
        Ok(format!("{values:?}"))
    };
    let result = run(guest).unwrap_or_else(|error| error);
    let good = run(&ByHand::default()).expect("a good query works");
    assert!(good.contains("1.0"), "{good}");
    without_measure(&result)
}

fn module(text: &str) -> String {
    format!("(memory (export \"memory\") 1) {text}")
}

#[test]
fn a_start_function_is_an_entry_like_any_other() {
    let starting = |body: &str| {
        let module = module(&format!("(func $start {body}) (start $start)"));
        attack(&ByHand {
            module: &module,
            ..ByHand::default()
        })
    };
    insta::assert_snapshot!(starting(LOOP), @"the component could not be described: the time limit of 400 ms is over");
    insta::assert_snapshot!(starting("unreachable"), @"the component could not be described: the guest trapped: wasm `unreachable` instruction executed");
    insta::assert_snapshot!(starting("(drop (memory.grow (i32.const 1000))) unreachable"), @"the component could not be described: too much memory: N bytes, and the limit `memory_bytes` is 1048576 bytes");
}

#[test]
fn an_allocator_is_an_entry_like_any_other() {
    let allocating = |realloc: &str| {
        attack(&ByHand {
            realloc,
            ..ByHand::default()
        })
    };
    insta::assert_snapshot!(allocating(LOOP), @"function `f` could not be bound: the time limit of 400 ms is over");
    insta::assert_snapshot!(allocating("unreachable"), @"function `f` could not be bound: the guest trapped: wasm `unreachable` instruction executed");
    insta::assert_snapshot!(allocating("(i32.const -1)"), @"function `f` could not be bound: the guest broke the contract: realloc return: beyond end of memory");
    insta::assert_snapshot!(allocating("(i32.const 65535)"), @"function `f` could not be bound: the guest broke the contract: realloc return: result not aligned");
}

#[test]
fn a_text_lies_in_the_guests_memory_and_is_utf_8() {
    let text = |pointer: &str, length: &str| {
        let evaluate = format!(
            "(i32.store8 (i32.const 520) (i32.const 4)) \
             (i32.store (i32.const 528) (i32.const {pointer})) \
             (i32.store (i32.const 532) (i32.const {length})) (i32.const 512)"
        );
        let module = module("(data (i32.const 4096) \"\\ff\\fe\")");
        attack(&ByHand {
            module: &module,
            evaluate: &evaluate,
            returns: 3,
            ..ByHand::default()
        })
    };
    insta::assert_snapshot!(text("-1", "1"), @"function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory");
    insta::assert_snapshot!(text("0", "-1"), @"function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory");
    insta::assert_snapshot!(text("65530", "7"), @"function `f` was stopped at document `0`: the guest broke the contract: string pointer/length out of bounds of memory");
    insta::assert_snapshot!(text("4096", "2"), @"function `f` was stopped at document `0`: the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 0");
    // Nothing lies nowhere.
    insta::assert_snapshot!(text("0", "0"), @r##"
    StringArray
    [
      "",
    ]
    "##);
}

#[test]
fn a_result_lies_in_the_guests_memory() {
    let at = |evaluate: &str| {
        attack(&ByHand {
            evaluate,
            ..ByHand::default()
        })
    };
    insta::assert_snapshot!(at("(i32.const -8)"), @"function `f` was stopped at document `0`: the guest broke the contract: pointer out of bounds of memory");
    insta::assert_snapshot!(at("(i32.const 65528)"), @"function `f` was stopped at document `0`: the guest broke the contract: pointer out of bounds of memory");
    insta::assert_snapshot!(at("(i32.const 513)"), @"function `f` was stopped at document `0`: the guest broke the contract: return pointer not aligned");
}

#[test]
fn a_discriminant_is_one_of_its_type() {
    let with = |bytes: &str| {
        let evaluate = format!("{bytes} (i32.const 512)");
        attack(&ByHand {
            evaluate: &evaluate,
            ..ByHand::default()
        })
    };
    insta::assert_snapshot!(with("(i32.store8 (i32.const 512) (i32.const 2))"), @"function `f` was stopped at document `0`: the guest broke the contract: invalid expected discriminant");
    insta::assert_snapshot!(with("(i32.store8 (i32.const 520) (i32.const 7))"), @"function `f` was stopped at document `0`: the guest broke the contract: unexpected discriminant: 7");
    let error =
        "(i32.store8 (i32.const 512) (i32.const 1)) (i32.store8 (i32.const 520) (i32.const 9))";
    insta::assert_snapshot!(with(error), @"function `f` was stopped at document `0`: the guest broke the contract: unexpected discriminant: 9");
}

#[test]
fn what_a_guest_hands_to_the_host_lies_in_its_memory() {
    let imports = r#"
        (import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))
        (import "whittle:udf/document@0.1.0" "resolve"
          (func $resolve (param i32 i32 i32) (result i32)))"#;
    let calling = |call: &str| {
        let bind = format!("{call} (i32.const 256)");
        attack(&ByHand {
            imports,
            bind: &bind,
            ..ByHand::default()
        })
    };
    insta::assert_snapshot!(calling("(call $log (i32.const 0) (i32.const -1) (i32.const 5))"), @"function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory");
    insta::assert_snapshot!(calling("(call $log (i32.const 0) (i32.const 0) (i32.const -1))"), @"function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory");
    insta::assert_snapshot!(calling("(call $log (i32.const 5) (i32.const 0) (i32.const 1))"), @"function `f` could not be bound: the guest broke the contract: unexpected discriminant: 5");
    insta::assert_snapshot!(calling("(drop (call $resolve (i32.const 65535) (i32.const 2) (i32.const 0)))"), @"function `f` could not be bound: the guest broke the contract: string pointer/length out of bounds of memory");
    insta::assert_snapshot!(calling("(drop (call $resolve (i32.const 0) (i32.const 1) (i32.const 6)))"), @"function `f` could not be bound: the guest broke the contract: unexpected discriminant: 6");
}

#[test]
fn what_a_guest_says_of_itself_is_bounded_and_checked() {
    let describing = |describe: &str| {
        let describe = format!("{describe} (i32.const 64)");
        attack(&ByHand {
            describe: &describe,
            ..ByHand::default()
        })
    };
    // The manifest's record is at 64: name, version, description, author, functions, each a pointer
    // and a length; the function at 128: name, description, parameters, kind.
    insta::assert_snapshot!(describing("(i32.store (i32.const 68) (i32.const 60000))"), @"invalid manifest: name: a string has 60000 bytes, but at most 128 are allowed");
    insta::assert_snapshot!(describing("(i32.store (i32.const 68) (i32.const -1))"), @"the component could not be described: the guest broke the contract: string pointer/length out of bounds of memory");
    insta::assert_snapshot!(describing("(i32.store (i32.const 100) (i32.const 100000000))"), @"the component could not be described: the guest broke the contract: list pointer/length out of bounds of memory");
    insta::assert_snapshot!(describing("(i32.store (i32.const 100) (i32.const -1))"), @"the component could not be described: the guest broke the contract: list pointer/length out of bounds of memory");
    insta::assert_snapshot!(describing("(i32.store (i32.const 100) (i32.const 2000))"), @"the component could not be described: the guest broke the contract: string pointer/length out of bounds of memory");
    insta::assert_snapshot!(describing("(i32.store (i32.const 144) (i32.const 0)) (i32.store (i32.const 148) (i32.const 1600))"), @"the component could not be described: the guest broke the contract: list pointer/length out of bounds of memory");
    insta::assert_snapshot!(describing("(i32.store8 (i32.const 152) (i32.const 6))"), @"the component could not be described: the guest broke the contract: unexpected discriminant: 6");
    insta::assert_snapshot!(describing("(i32.store8 (i32.const 768) (i32.const 10))"), @r##"invalid manifest: name: `\ny-hand` has characters other than letters, digits, `-` and `_`"##);
    insta::assert_snapshot!(describing("(i32.store8 (i32.const 832) (i32.const 27))"), @r##"invalid manifest: version: `\u{1b}.1.0` is not a semantic version: unexpected character '\u{1b}' while parsing major version number"##);
    // Two functions, in the same place: one name.
    insta::assert_snapshot!(describing("(memory.copy (i32.const 156) (i32.const 128) (i32.const 28)) (i32.store (i32.const 100) (i32.const 2))"), @"invalid manifest: functions: duplicate name `f`");
}

#[test]
fn what_a_module_defines_is_counted_and_bounded() {
    let with = |text: &str| {
        let module = module(text);
        attack(&ByHand {
            module: &module,
            ..ByHand::default()
        })
    };
    // Four in all are allowed.
    insta::assert_snapshot!(with("(memory 1) (memory 1) (memory 1)"), @r##"
    PrimitiveArray<Float64>
    [
      1.0,
    ]
    "##);
    insta::assert_snapshot!(with("(memory 1) (memory 1) (memory 1) (memory 1)"), @"too many memories: 5 memories, and the limit `core_memories` is 4 memories");
    insta::assert_snapshot!(with("(memory 60000)"), @"the component could not be described: too much memory: N bytes, and the limit `memory_bytes` is 1048576 bytes");
    insta::assert_snapshot!(with("(memory i64 1)"), @r##"
    PrimitiveArray<Float64>
    [
      1.0,
    ]
    "##);
    insta::assert_snapshot!(with("(table 60000 funcref)"), @r##"
    PrimitiveArray<Float64>
    [
      1.0,
    ]
    "##);
    insta::assert_snapshot!(with("(table 10000000 funcref)"), @"the component cannot be compiled: module table does not fit in pooling allocator requirements: table index 0 has a minimum element size of 10000000 which exceeds the limit of 65536");
    insta::assert_snapshot!(with(&"(table 1 funcref)".repeat(12)), @r##"
    PrimitiveArray<Float64>
    [
      1.0,
    ]
    "##);
    insta::assert_snapshot!(with(&"(table 1 funcref)".repeat(40)), @"the component cannot be compiled: module table does not fit in pooling allocator requirements: defined tables count of 40 exceeds the per-instance limit of 16");
    insta::assert_snapshot!(with("(memory 1 2 shared)"), @"not a valid WebAssembly component: threads must be enabled for shared memories (at byte 522)");
    insta::assert_snapshot!(with("(tag)"), @"not a valid WebAssembly component: exceptions proposal not enabled (at byte 527)");
    insta::assert_snapshot!(with("(type (struct (field i32)))"), @"not a valid WebAssembly component: cannot define struct types when gc types are disabled (at byte 498)");
    insta::assert_snapshot!(with("(func (drop (v128.const i64x2 0 0)))"), @r##"
    PrimitiveArray<Float64>
    [
      1.0,
    ]
    "##);
    insta::assert_snapshot!(with("(data (i32.const 70000) \"x\")"), @"the component could not be described: the guest trapped: out of bounds memory access");
    insta::assert_snapshot!(with("(table 1 funcref) (elem (i32.const 5) func)"), @"the component could not be described: the guest trapped: undefined element: out of bounds table access");
}

/// Wasmtime tells of the failure of a growth that it never asked for, where the wanted size of a table
/// does not fit in 64 bits. Were the last growth that was allowed given back for it, memory would
/// cost nothing.
#[test]
fn a_failing_growth_does_not_give_back_the_memory_that_another_got() {
    let evaluate = "(loop $more \
           (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then \
             (drop (table.grow $table (ref.null func) (i64.const -1))) (br $more)))) \
         (f64.store (i32.const 528) (f64.convert_i32_u (memory.size))) (i32.const 512)";
    let module = module("(table $table i64 1 funcref)");
    let guest = ByHand {
        module: &module,
        evaluate,
        ..ByHand::default()
    };
    // The table takes part of one of the 16 pages.
    let shown = attack(&guest);
    assert!(shown.contains("15.0,"), "{shown}");
}
