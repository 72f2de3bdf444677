//! Which queries count against a function: hostile functions are switched off, and no client can
//! switch off one that is good.

use std::time::Duration;

use serde_json::{Value as Json, json};
use whittle_host::{BreakerState, Budget, QueryContext, Registry, RegistryOptions, Storage};
use whittle_tests::{arguments, engine, guest};

use crate::attack::{budget, documents};

/// A registry with the evil guest.
fn registry() -> Registry {
    let storage = Storage::in_memory().expect("a store");
    let options = RegistryOptions {
        poll: None,
        ..RegistryOptions::default()
    };
    let registry = Registry::open(engine(), storage, options);
    let registry = registry.expect("it opens");
    registry.register(&guest("evil"), None).expect("registered");
    registry
}

/// Runs a function as often as its circuit breaker bears it; whether that switches it off.
fn is_switched_off(
    registry: &Registry,
    function: &str,
    params: &Json,
    query: impl Fn() -> QueryContext,
) -> bool {
    for _ in 0..5 {
        let selection = registry.select(&function.parse().expect("a selector"));
        let selection = selection.expect("it is on until it failed five times");
        if let Ok(mut bound) = selection.bind(&arguments(params), &query()) {
            let _ = bound.evaluate(&documents());
        }
    }
    let statistics = registry.function_statistics().into_iter();
    let mut breakers = statistics
        .filter(|of| of.function == function)
        .map(|of| of.breaker);
    breakers.next().expect("it is registered") != BreakerState::Closed
}

#[test]
fn a_function_that_fails_by_its_own_doing_is_switched_off() {
    let registry = registry();
    for (function, params) in [
        ("panic", json!({})),
        ("recurse", json!({})),
        ("gigabyte", json!({})),
        ("huge_text", json!({"bytes": 200_000})),
        ("endless_lines", json!({})),
        ("late_field", json!({})),
        ("forever_in_bind", json!({"now": true})),
        ("forever_in_evaluate", json!({})),
    ] {
        let query = || QueryContext::new(budget());
        assert!(
            is_switched_off(&registry, function, &params, query),
            "{function}"
        );
    }
}

#[test]
fn what_a_client_decides_switches_no_function_off() {
    let registry = registry();
    let endless = ("forever_in_evaluate", json!({}));
    let lowered = |budget| QueryContext::lowered(budget, self::budget());
    let short = || {
        lowered(Budget {
            wall_clock: Duration::from_millis(20),
            ..budget()
        })
    };
    assert!(!is_switched_off(&registry, endless.0, &endless.1, short));
    let less_time = || {
        lowered(Budget {
            cpu_time: Duration::from_millis(20),
            ..budget()
        })
    };
    assert!(!is_switched_off(
        &registry, endless.0, &endless.1, less_time
    ));
    let cancelled = || {
        let query = QueryContext::new(budget());
        query.cancel();
        query
    };
    assert!(!is_switched_off(
        &registry, endless.0, &endless.1, cancelled
    ));
    let over = || {
        let query = QueryContext::new(Budget {
            wall_clock: Duration::from_millis(1),
            ..budget()
        });
        std::thread::sleep(Duration::from_millis(2));
        query
    };
    assert!(!is_switched_off(&registry, endless.0, &endless.1, over));
    // A function may resolve what its arguments name.
    let fields = json!({"count": 1025});
    let query = || QueryContext::new(budget());
    assert!(!is_switched_off(
        &registry,
        "thousands_of_fields",
        &fields,
        query
    ));
}

#[test]
fn memory_that_other_functions_hold_counts_against_none() {
    let registry = registry();
    let leak = json!({"bytes": 6_000_000});
    for _ in 0..6 {
        // Three that hold 6 of 16 MB each: the last gets too little.
        let query = QueryContext::new(budget());
        let mut bound: Vec<_> = (0..3)
            .map(|_| {
                let selection = registry.select(&"leak".parse().expect("a selector"));
                let selection = selection.expect("it stays on");
                let bound = selection.bind(&arguments(&leak), &query);
                bound.expect("bound")
            })
            .collect();
        let one = documents().slice(0, 1);
        let failed = bound.iter_mut().map(|bound| bound.evaluate(&one).is_err());
        let failed: Vec<bool> = failed.collect();
        assert_eq!(failed, [false, false, true]);
    }
}
