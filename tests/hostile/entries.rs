//! It loops, traps or calls out where the host does not expect guest code: in start functions, in
//! `cabi_realloc`, after a call has returned.

use serde_json::json;
use whittle_tests::{ByHand, ComponentByHand};

use crate::outcome::{by_hand, component, component_within, milliseconds, table};

const LOOP: &str = "(loop $forever (br $forever))";
const LOG: &str = r#"(import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#;
const RESOLVE: &str = r#"(import "whittle:udf/document@0.1.0" "resolve"
    (func $resolve (param i32 i32 i32) (result i32)))"#;
const ID: &str = r#"(import "whittle:udf/document@0.1.0" "id" (func $id (param i32)))"#;
const CALL_LOG: &str = "(call $log (i32.const 2) (i32.const 0) (i32.const 7))";
const CALL_RESOLVE: &str = "(drop (call $resolve (i32.const 0) (i32.const 1) (i32.const 1)))";
const MEMORY: &str = "(memory (export \"memory\") 1)";

fn in_a_short_query(guest: &ByHand<'_>) -> String {
    component_within(&guest.component(), json!({}), &milliseconds(300))
}

/// Host functions that are there from the start. Tools make components whose imports reach the
/// module through a table, which is empty until its start function is over.
const FROM_THE_START: &str = r#"
    (import "whittle:udf/types@0.1.0" (instance $types
      (type $k (enum "boolean" "int64" "float64" "text" "timestamp" "json"))
      (export "kind" (type (eq $k)))))
    (alias export $types "kind" (type $imported-kind))
    (import "whittle:udf/logging@0.1.0" (instance $logging
      (type $l (enum "trace" "debug" "info" "warn" "error"))
      (export "level" (type $level (eq $l)))
      (export "log" (func (param "level" $level) (param "message" string)))))
    (import "whittle:udf/document@0.1.0" (instance $document
      (alias outer 1 $imported-kind (type $k))
      (export "kind" (type $kind (eq $k)))
      (export "resolve" (func (param "path" string) (param "kind" $kind) (result u32)))
      (export "score" (func (result f64)))))
    (core module $texts (memory (export "memory") 1) (data (i32.const 0) "by-hand"))
    (core instance $texts (instantiate $texts))
    (core func $log (canon lower (func $logging "log") (memory (core memory $texts "memory"))))
    (core func $resolve
      (canon lower (func $document "resolve") (memory (core memory $texts "memory"))))
    (core func $score (canon lower (func $document "score")))"#;

#[test]
fn a_start_function_runs_under_the_same_rules() {
    let start = |body: &str| {
        let module = format!("{MEMORY} (func $start {body}) (start $start)");
        let guest = ComponentByHand {
            before: FROM_THE_START,
            core: ByHand {
                imports: r#"
                    (import "host" "log" (func $log (param i32 i32 i32)))
                    (import "host" "resolve" (func $resolve (param i32 i32 i32) (result i32)))
                    (import "host" "score" (func $score (result f64)))"#,
                module: &module,
                ..ByHand::default()
            },
            with: r#"(with "host" (instance (export "log" (func $log))
                (export "resolve" (func $resolve)) (export "score" (func $score))))"#,
            ..ComponentByHand::default()
        };
        component(&guest.component())
    };
    let without_end = format!("(loop $again {CALL_LOG} (br $again))");
    let ends = [
        ("trap", start("unreachable")),
        ("recursion", start("(call $start)")),
        ("grow", start("(drop (memory.grow (i32.const 65535)))")),
        ("log", start(CALL_LOG)),
        ("log without end", start(&without_end)),
        ("resolve", start(CALL_RESOLVE)),
        ("read", start("(drop (call $score))")),
    ];
    insta::assert_snapshot!(table(ends), @r"
    trap: not registered: the component could not be described: the guest trapped: wasm `unreachable` instruction executed
    recursion: not registered: the component could not be described: the guest trapped: call stack exhausted: limit the depth of the recursion, or use a loop
    grow: [1.0, 1.0, 1.0]
    log: [1.0, 1.0, 1.0]
    log without end: not registered: the component could not be described: the log is too long: 16419 bytes, and the limit `log_bytes` is 16384 bytes
    resolve: not registered: the component could not be described: the guest broke the contract: it looked up a field outside of `prepare`: look up all fields there, before the first document
    read: not registered: the component could not be described: the guest broke the contract: it read a document outside of `evaluate`, where there is none: `prepare` sees only the parameters
    ");
    let through_a_table = ByHand {
        imports: LOG,
        module: &format!("{MEMORY} (func $start {CALL_LOG}) (start $start)"),
        ..ByHand::default()
    };
    insta::assert_snapshot!(by_hand(&through_a_table), @"not registered: the component could not be described: the guest trapped: uninitialized element");
}

/// A start function that loops in the second instance, which the first has no means to tell it: it
/// counts on what it logs, or on a clock, and has neither.
#[test]
fn an_instance_does_not_know_whether_it_is_the_first() {
    let module = format!(
        "{MEMORY} (global $runs (mut i32) (i32.const 0)) \
         (func $start (global.set $runs (i32.add (global.get $runs) (i32.const 1))) \
           (if (i32.gt_u (global.get $runs) (i32.const 1)) (then {LOOP}))) (start $start)"
    );
    let guest = ByHand {
        module: &module,
        ..ByHand::default()
    };
    assert_eq!(in_a_short_query(&guest), "[1.0, 1.0, 1.0]");
}

#[test]
fn cabi_realloc_may_trap_or_loop_but_not_call_out() {
    let realloc = |imports, realloc: &str| {
        in_a_short_query(&ByHand {
            imports,
            realloc,
            ..ByHand::default()
        })
    };
    let in_evaluate = |body: &str| {
        let realloc = format!("(if (global.get $bound) (then {body})) (i32.const 1024)");
        in_a_short_query(&ByHand {
            imports: ID,
            module: &format!("{MEMORY} (global $bound (mut i32) (i32.const 0))"),
            bind: "(global.set $bound (i32.const 1)) (i32.const 256)",
            evaluate: "(call $id (i32.const 2048)) (i32.const 512)",
            realloc: &realloc,
            ..ByHand::default()
        })
    };
    let grow = "(drop (memory.grow (i32.const 65535))) (i32.const 1024)";
    let ends = [
        ("trap", realloc("", "unreachable")),
        ("log", realloc(LOG, &format!("{CALL_LOG} (i32.const 1024)"))),
        (
            "resolve",
            realloc(RESOLVE, &format!("{CALL_RESOLVE} (i32.const 1024)")),
        ),
        ("grow", realloc("", grow)),
        ("trap in evaluate", in_evaluate("unreachable")),
        ("loop in evaluate", in_evaluate(LOOP)),
        (
            "call in evaluate",
            in_evaluate("(call $id (i32.const 2048))"),
        ),
    ];
    insta::assert_snapshot!(table(ends), @r"
    trap: function `f` could not be bound: the guest trapped: wasm `unreachable` instruction executed
    log: function `f` could not be bound: the guest broke the contract: cannot leave component instance
    resolve: function `f` could not be bound: the guest broke the contract: cannot leave component instance
    grow: [1.0, 1.0, 1.0]
    trap in evaluate: function `f` was stopped at document `0`: the guest trapped: wasm `unreachable` instruction executed
    loop in evaluate: function `f` was stopped at document `0`: the time limit of 300 ms is over
    call in evaluate: function `f` was stopped at document `0`: the guest broke the contract: cannot leave component instance
    ");
}

#[test]
fn what_runs_after_a_return_runs_under_the_same_rules() {
    let after = |export: &str, imports, body: &str| {
        let module = format!(
            "{MEMORY} (func (export \"cabi_post_whittle:udf/functions@0.1.0#{export}\") \
               (param i32) {body})"
        );
        in_a_short_query(&ByHand {
            imports,
            module: &module,
            ..ByHand::default()
        })
    };
    let ends = ["describe", "bind", "evaluate"].map(|export| {
        let mut ends = vec![
            ("nothing", after(export, "", "")),
            ("trap", after(export, "", "unreachable")),
            ("log", after(export, LOG, CALL_LOG)),
            ("resolve", after(export, RESOLVE, CALL_RESOLVE)),
        ];
        // The budget of `describe` is a second.
        if export != "describe" {
            ends.push(("loop", after(export, "", LOOP)));
        }
        (export, format!("\n{}", table(ends)))
    });
    insta::assert_snapshot!(table(ends), @r"
    describe:
      nothing: [1.0, 1.0, 1.0]
      trap: not registered: the component could not be described: the guest trapped: wasm `unreachable` instruction executed
      log: not registered: the component could not be described: the guest broke the contract: cannot leave component instance
      resolve: not registered: the component could not be described: the guest broke the contract: cannot leave component instance
    bind:
      nothing: [1.0, 1.0, 1.0]
      trap: function `f` could not be bound: the guest trapped: wasm `unreachable` instruction executed
      log: function `f` could not be bound: the guest broke the contract: cannot leave component instance
      resolve: function `f` could not be bound: the guest broke the contract: cannot leave component instance
      loop: function `f` could not be bound: the time limit of 300 ms is over
    evaluate:
      nothing: [1.0, 1.0, 1.0]
      trap: function `f` was stopped at document `0`: the guest trapped: wasm `unreachable` instruction executed
      log: function `f` was stopped at document `0`: the guest broke the contract: cannot leave component instance
      resolve: function `f` was stopped at document `0`: the guest broke the contract: cannot leave component instance
      loop: function `f` was stopped at document `0`: the time limit of 300 ms is over
    ");
}

#[test]
fn a_loop_after_describe_or_in_it_ends_at_its_own_limit() {
    let module = format!(
        "{MEMORY} (func (export \"cabi_post_whittle:udf/functions@0.1.0#describe\") \
           (param i32) {LOOP})"
    );
    let guest = ByHand {
        module: &module,
        ..ByHand::default()
    };
    insta::assert_snapshot!(by_hand(&guest), @"not registered: the component could not be described: the time limit of 1000 ms is over");
}

/// One instruction is not interrupted: what it fills is what the budget allows.
#[test]
fn instructions_that_fill_memory_end_soon_after_the_time_limit() {
    let fill = "(drop (memory.grow (i32.const 3000))) \
                (loop $again \
                  (memory.fill (i32.const 0) (i32.const 0) (i32.const 196608000)) (br $again)) \
                unreachable";
    let copy = "(drop (memory.grow (i32.const 3000))) \
                (loop $again \
                  (memory.copy (i32.const 1) (i32.const 0) (i32.const 196608000)) (br $again)) \
                unreachable";
    for evaluate in [fill, copy] {
        let guest = ByHand {
            evaluate,
            ..ByHand::default()
        };
        let started = std::time::Instant::now();
        let end = in_a_short_query(&guest);
        assert_eq!(
            end,
            "function `f` was stopped at document `0`: the time limit of 300 ms is over"
        );
        let elapsed = started.elapsed();
        assert!(elapsed < std::time::Duration::from_secs(3), "{elapsed:?}");
    }
}
