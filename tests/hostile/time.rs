//! Endless work, and work that is just within the limit.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::attack::{HOSTS, attack, budget, run};

#[test]
fn an_endless_loop_ends_at_the_limit() {
    insta::assert_snapshot!(attack("forever_in_bind", json!({"now": true})), @"function `forever_in_bind` could not be bound: the time limit of 400 ms is over, at evil/src/time.rs:8 in `evil::time::forever`");
    insta::assert_snapshot!(attack("forever_in_evaluate", json!({})), @"function `forever_in_evaluate` was stopped at document `0`: the time limit of 400 ms is over, at evil/src/time.rs:8 in `evil::time::forever`");
}

/// Not before its limit, and no later than two ticks and what this machine takes to wake a thread.
#[test]
fn it_ends_when_its_time_is_over_and_not_before() {
    for host in &*HOSTS {
        for function in ["forever_in_bind", "forever_in_evaluate"] {
            let params = match function {
                "forever_in_bind" => json!({"now": true}),
                _ => json!({}),
            };
            let started = Instant::now();
            let ended = run(&host.evil, function, &params, budget());
            let elapsed = started.elapsed();
            assert!(ended.result.is_err(), "{ended:?}");
            assert!(elapsed >= budget().wall_clock, "{elapsed:?}");
            let late = elapsed - budget().wall_clock;
            assert!(late < Duration::from_millis(500), "{late:?} late");
        }
    }
}

#[test]
fn work_within_the_limit_is_done() {
    let params = json!({"rounds": 1_000_000});
    for host in &*HOSTS {
        let time = crate::attack::budget();
        let plenty = whittle_host::Budget {
            wall_clock: Duration::from_secs(10),
            ..time
        };
        let ended = run(&host.evil, "almost_too_long", &params, plenty);
        assert!(ended.result.is_ok(), "{ended:?}");
    }
}
