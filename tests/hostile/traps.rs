//! Calls that end in the middle.

use serde_json::json;

use crate::attack::{attack, attack_within, budget};

#[test]
fn a_trap_ends_its_query_and_no_other() {
    insta::assert_snapshot!(attack("panic", json!({})), @r##"function `panic` was stopped at document `0`: the guest panicked: "panicked at evil/src/traps.rs:15:9: it�[31m is all over""##);
    insta::assert_snapshot!(attack("abort", json!({})), @"function `abort` was stopped at document `0`: the guest trapped: wasm `unreachable` instruction executed, at evil/src/traps.rs:26 in `evil::traps::Abort::matches`, where it aborted or exited: return an error instead");
    insta::assert_snapshot!(attack("divide_by_zero", json!({})), @r##"function `divide_by_zero` was stopped at document `0`: the guest panicked: "panicked at evil/src/traps.rs:47:9: attempt to divide by zero""##);
    insta::assert_snapshot!(attack("recurse", json!({})), @"function `recurse` was stopped at document `0`: the guest trapped: call stack exhausted, at evil/src/traps.rs:62 in `evil::traps::Recurse::value::deeper`, which calls itself: limit the depth, or use a loop");
}

#[test]
fn a_trap_at_a_later_call_names_its_document() {
    insta::assert_snapshot!(attack("trap_at_call", json!({"call": 0})), @"function `trap_at_call` was stopped at document `0`: the guest trapped: wasm `unreachable` instruction executed, at evil/src/traps.rs:82 in `evil::traps::TrapAtCall::matches`, where it aborted or exited: return an error instead");
    insta::assert_snapshot!(attack("trap_at_call", json!({"call": 2})), @"function `trap_at_call` was stopped at document `2`: the guest trapped: wasm `unreachable` instruction executed, at evil/src/traps.rs:82 in `evil::traps::TrapAtCall::matches`, where it aborted or exited: return an error instead");
    let never = attack_within("trap_at_call", json!({"call": 3}), &budget());
    assert!(never.result.is_ok(), "{never:?}");
}
