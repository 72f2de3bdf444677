//! Memory, taken at once, in small steps, and for good.

use serde_json::json;

use crate::attack::{HOSTS, attack, attack_within, budget, run};

#[test]
fn memory_beyond_the_budget_is_refused() {
    insta::assert_snapshot!(attack("gigabyte", json!({})), @"function `gigabyte` was stopped at document `0`: too much memory: N bytes, and the limit `memory_bytes` is 16777216 bytes, at evil/src/memory.rs:15 in `evil::memory::Gigabyte::value`");
    insta::assert_snapshot!(attack("small_steps", json!({})), @"function `small_steps` was stopped at document `0`: too much memory: N bytes, and the limit `memory_bytes` is 16777216 bytes, at evil/src/memory.rs:28 in `evil::memory::SmallSteps::value`");
    insta::assert_snapshot!(attack("leak", json!({"bytes": 8_000_000})), @"function `leak` was stopped at document `1`: too much memory: N bytes, and the limit `memory_bytes` is 16777216 bytes, at evil/src/memory.rs:47 in `evil::memory::Leak::value`");
}

#[test]
fn what_one_query_leaks_the_next_one_has() {
    // Each takes more than half of its budget.
    for _ in 0..4 {
        let ended = attack_within("leak", json!({"bytes": 3_000_000}), &budget());
        assert!(ended.result.is_ok(), "{ended:?}");
    }
    for host in &*HOSTS {
        let ended = run(&host.evil, "leak", &json!({"bytes": 8_000_000}), budget());
        assert!(ended.result.is_err(), "{ended:?}");
    }
}
