//! Ten thousand attacks in a row, and what they leave behind: nothing.

use std::fs;
use std::time::Duration;

use serde_json::{Value as Json, json};
use whittle_host::{Budget, QueryContext};
use whittle_tests::{arguments, engine_on};

use crate::attack::{Host, run};

const INSTANCES: u32 = 8;

/// Attacks that end soon; the endless ones have a short time.
fn attacks() -> Vec<(&'static str, Json)> {
    vec![
        ("panic", json!({})),
        ("abort", json!({})),
        ("recurse", json!({})),
        ("trap_at_call", json!({"call": 1})),
        ("divide_by_zero", json!({})),
        ("gigabyte", json!({})),
        ("small_steps", json!({})),
        ("leak", json!({"bytes": 1_000_000})),
        ("huge_text", json!({"bytes": 200_000})),
        ("many_texts", json!({})),
        ("huge_error", json!({"bytes": 100_000})),
        ("escaping_refusal", json!({"now": true})),
        ("broken_json", json!({})),
        ("wrong_kind", json!({})),
        ("endless_lines", json!({})),
        ("late_field", json!({})),
        ("forged_field", json!({})),
        ("thousands_of_fields", json!({"count": 1025})),
        ("forever_in_bind", json!({"now": true})),
        ("forever_in_evaluate", json!({})),
    ]
}

/// What a process holds.
#[derive(Debug)]
struct Held {
    resident_kib: u64,
    threads: usize,
    files: usize,
}

impl Held {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").expect("linux");
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        let entries = |folder| fs::read_dir(folder).expect("linux").count();
        Self {
            resident_kib: number.and_then(|text| text.parse().ok()).expect("a number"),
            threads: entries("/proc/self/task"),
            files: entries("/proc/self/fd"),
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_attacks_leave_nothing_behind() {
    // In a process of its own: other tests have threads and files too.
    if std::env::var_os("WHITTLE_SIEGE").is_none() {
        let tests = std::env::current_exe().expect("a path");
        let siege = std::process::Command::new(tests)
            .args([
                "--exact",
                "siege::ten_thousand_attacks_leave_nothing_behind",
            ])
            .arg("--nocapture")
            .env("WHITTLE_SIEGE", "1")
            .output()
            .expect("it runs");
        let told = String::from_utf8_lossy(&siege.stderr);
        assert!(siege.status.success(), "{told}");
        let output = String::from_utf8_lossy(&siege.stdout);
        assert!(output.contains("1 passed"), "{output}");
        return;
    }
    for few_rows in whittle_tests::PATHS {
        lay_siege(few_rows, 5_000);
    }
}

fn lay_siege(few_rows: usize, queries: usize) {
    let engine = engine_on(few_rows);
    let host = Host::new(&engine);
    let attacks = attacks();
    let budget = Budget {
        wall_clock: Duration::from_millis(2),
        memory_bytes: 2 << 20,
        log_bytes: 4096,
        result_bytes: 100_000,
        value_bytes: 100_000,
        ..Budget::default()
    };
    let lay = |queries: usize| {
        for (function, params) in attacks.iter().cycle().take(queries) {
            let ended = run(&host.evil, function, params, budget.clone());
            assert!(ended.result.is_err(), "{function} did nothing wrong");
        }
    };
    // What is made once is made now.
    lay(queries / 10);
    let before = Held::now();
    lay(queries);
    let after = Held::now();
    host.assert_works();
    assert!(
        after.resident_kib < before.resident_kib + 8 * 1024,
        "{before:?}, then {after:?}"
    );
    assert_eq!((after.threads, after.files), (before.threads, before.files));

    // Every slot is free: as many instances as there ever were.
    assert_eq!(engine.pool().in_use, 0);
    let query = QueryContext::new(Budget::default());
    let all: Vec<_> = (0..engine.pool().instances)
        .map(|_| {
            let bound = host.good.bind("f", &arguments(&json!({})), &query);
            bound.expect("there is room")
        })
        .collect();
    assert!(all.len() >= INSTANCES as usize);
}
