//! It is written in what WebAssembly has beyond the contract's needs: threads, garbage collection,
//! exceptions, resources, asynchronous calls.

use whittle_tests::{ByHand, ComponentByHand};

use crate::outcome::{component, table};

const MEMORY: &str = "(memory (export \"memory\") 1)";

/// What a core module leads to that has something more.
fn core(more: &str) -> String {
    let guest = ComponentByHand {
        core: ByHand {
            module: &format!("{MEMORY} {more}"),
            ..ByHand::default()
        },
        ..ComponentByHand::default()
    };
    component(&guest.component())
}

/// What a component leads to that has something more before its core module.
fn before(before: &str) -> String {
    let guest = ComponentByHand {
        before,
        ..ComponentByHand::default()
    };
    component(&guest.component())
}

#[test]
fn core_features_run_within_the_limits_or_are_refused() {
    let ends = [
        ("nothing more", core("")),
        ("memory64", core("(memory i64 1)")),
        (
            "memory64 of 2^48 pages",
            core("(memory i64 281474976710656)"),
        ),
        ("memory64 of 2^32 pages", core("(memory i64 4294967296)")),
        ("table64", core("(table i64 1 funcref)")),
        (
            "table64 of 2^63 elements",
            core("(table i64 9223372036854775808 funcref)"),
        ),
        ("shared memory", core("(memory 1 1 shared)")),
        (
            "atomics",
            core("(func (drop (i32.atomic.load (i32.const 0))))"),
        ),
        (
            "atomic wait",
            core("(func (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))"),
        ),
        ("shared everything", core("(type (shared (func)))")),
        ("custom page sizes", core("(memory 1 (pagesize 1))")),
        (
            "structs",
            core("(type $s (struct (field i64))) (func (drop (struct.new $s (i64.const 1))))"),
        ),
        ("i31", core("(func (drop (ref.i31 (i32.const 1))))")),
        ("externref", core("(table 1 externref)")),
        ("exceptions", core("(tag $t) (func (throw $t))")),
        ("old exceptions", core("(func try catch_all end)")),
        (
            "typed function references",
            core("(type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0)))"),
        ),
        (
            "stack switching",
            core("(type $f (func)) (type $c (cont $f))"),
        ),
        (
            "wide arithmetic",
            core(
                "(func (param i64 i64) (result i64 i64) \
               (i64.mul_wide_u (local.get 0) (local.get 1)))",
            ),
        ),
        ("tail calls", core("(func $f (return_call $f))")),
        ("vectors", core("(func (drop (i8x16.splat (i32.const 1))))")),
    ];
    insta::assert_snapshot!(table(ends), @r"
    nothing more: [1.0, 1.0, 1.0]
    memory64: [1.0, 1.0, 1.0]
    memory64 of 2^48 pages: not registered: the component cannot be compiled: module memory does not fit in pooling allocator requirements: memory index 1 is unsupported in this pooling allocator configuration: memory has a minimum byte size that cannot be represented in a u64: size overflow calculating memory size
    memory64 of 2^32 pages: not registered: the component cannot be compiled: module memory does not fit in pooling allocator requirements: memory index 1 is unsupported in this pooling allocator configuration: memory has a minimum byte size of 281474976710656 which exceeds the limit of 0x100000000 bytes
    table64: [1.0, 1.0, 1.0]
    table64 of 2^63 elements: not registered: the component cannot be compiled: module table does not fit in pooling allocator requirements: table index 0 has a minimum element size of 9223372036854775808 which exceeds the limit of 65536
    shared memory: not registered: not a valid WebAssembly component: threads must be enabled for shared memories (at byte 46)
    atomics: not registered: not a valid WebAssembly component: threads support is not enabled (at byte 198)
    atomic wait: not registered: not a valid WebAssembly component: threads support is not enabled (at byte 202)
    shared everything: not registered: not a valid WebAssembly component: shared composite types require the shared-everything-threads proposal (at byte 22)
    custom page sizes: not registered: not a valid WebAssembly component: the custom page sizes proposal must be enabled to customize a memory's page size (at byte 46)
    structs: not registered: not a valid WebAssembly component: cannot define struct types when gc types are disabled (at byte 22)
    i31: [1.0, 1.0, 1.0]
    externref: not registered: not a valid WebAssembly component: gc types are disallowed but found type which requires gc (at byte 44)
    exceptions: not registered: not a valid WebAssembly component: exceptions proposal not enabled (at byte 52)
    old exceptions: not registered: not a valid WebAssembly component: legacy_exceptions feature required for try instruction (at byte 196)
    typed function references: [1.0, 1.0, 1.0]
    stack switching: not registered: not a valid WebAssembly component: cannot define continuation types when stack switching is disabled (at byte 25)
    wide arithmetic: not registered: not a valid WebAssembly component: wide arithmetic support is not enabled (at byte 204)
    tail calls: [1.0, 1.0, 1.0]
    vectors: [1.0, 1.0, 1.0]
    ");
}

#[test]
fn component_features_run_within_the_limits_or_are_refused() {
    let lifted = |evaluate: &str| {
        let guest = ComponentByHand {
            evaluate,
            ..ComponentByHand::default()
        };
        component(&guest.component())
    };
    let ends = [
        ("a resource", before("(type (resource (rep i32)))")),
        ("streams", before("(type (stream u8))")),
        ("futures", before("(type (future u8))")),
        (
            "error contexts",
            before("(core func (canon error-context.drop))"),
        ),
        (
            "lists of fixed length",
            before("(type (list u8 4294967295))"),
        ),
        (
            "threads",
            before("(core func (canon thread.available_parallelism))"),
        ),
        ("context", before("(core func (canon context.get i32 0))")),
        (
            "backpressure",
            before("(core func (canon backpressure.inc))"),
        ),
        (
            "a task that waits",
            before("(core func (canon waitable-set.new))"),
        ),
        ("an asynchronous lift", lifted("async")),
        (
            "an asynchronous lift with a callback",
            lifted("async (callback (core func $c \"cabi_realloc\"))"),
        ),
        ("texts in UTF-16", lifted("string-encoding=utf16")),
        (
            "texts in Latin-1 or UTF-16",
            lifted("string-encoding=latin1+utf16"),
        ),
        (
            "two encodings",
            lifted("string-encoding=utf8 string-encoding=utf16"),
        ),
    ];
    insta::assert_snapshot!(table(ends), @r"
    a resource: [1.0, 1.0, 1.0]
    streams: not registered: not a valid WebAssembly component: `stream` requires the component model async feature (at byte 11)
    futures: not registered: not a valid WebAssembly component: `future` requires the component model async feature (at byte 11)
    error contexts: not registered: not a valid WebAssembly component: `error-context.drop` requires the component model error-context feature (at byte 11)
    lists of fixed length: not registered: not a valid WebAssembly component: Fixed-length lists require the component model fixed-length lists feature (at byte 11)
    threads: not registered: not a valid WebAssembly component: `thread.available_parallelism` requires the shared-everything-threads proposal (at byte 11)
    context: not registered: not a valid WebAssembly component: `context.get` requires the component model async feature (at byte 11)
    backpressure: not registered: not a valid WebAssembly component: `backpressure.inc` requires the component model async feature (at byte 11)
    a task that waits: not registered: not a valid WebAssembly component: `waitable-set.new` requires the component model async feature (at byte 11)
    an asynchronous lift: not registered: not a valid WebAssembly component: canonical option `async` requires the component model async feature (at byte 939)
    an asynchronous lift with a callback: not registered: not a valid WebAssembly component: canonical option `async` requires the component model async feature (at byte 956)
    texts in UTF-16: [1.0, 1.0, 1.0]
    texts in Latin-1 or UTF-16: [1.0, 1.0, 1.0]
    two encodings: not registered: not a valid WebAssembly component: canonical encoding option `utf8` conflicts with option `utf16` (at byte 939)
    ");
}

/// Handles are the host's memory; Wasmtime bounds their number.
#[test]
fn a_guest_that_makes_resources_without_end_is_stopped() {
    let guest = ComponentByHand {
        before: "(type $r (resource (rep i32))) (core func $new (canon resource.new $r))",
        core: ByHand {
            imports: "(import \"r\" \"new\" (func $new (param i32) (result i32)))",
            evaluate: "(loop $again (drop (call $new (i32.const 1))) (br $again)) unreachable",
            ..ByHand::default()
        },
        with: "(with \"r\" (instance (export \"new\" (func $new))))",
        ..ComponentByHand::default()
    };
    insta::assert_snapshot!(component(&guest.component()), @"function `f` was stopped at document `0`: the guest broke the contract: cannot allocate another handle: store handle limit exceeded");
}
