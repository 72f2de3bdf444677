//! The registry: versions are registered, selected, disabled and deleted, on one node and on
//! several.

mod faults;
mod processes;
mod shared;

use std::sync::Arc;
use std::time::Duration;

use whittle_host::{
    Arguments, BreakerOptions, BreakerState, Budget, Engine, FunctionStatistics, QueryContext,
    Registry, RegistryOptions, Selector, Sha256, Storage,
};
use whittle_tests::{ByHand, engine, rows, told};

/// A registry with its own store, which it checks only when told to.
fn registry() -> Registry {
    open(&Storage::in_memory().expect("a store"))
}

fn open(storage: &Storage) -> Registry {
    open_with(storage, RegistryOptions::default())
}

fn open_with(storage: &Storage, options: RegistryOptions) -> Registry {
    let options = RegistryOptions {
        poll: None,
        ..options
    };
    Registry::open(engine(), storage.clone(), options).expect("it opens")
}

/// A component with a version, whose function `f` returns a number.
fn component(version: &str, gives: &str) -> Vec<u8> {
    let evaluate = format!("(f64.store (i32.const 528) (f64.const {gives})) (i32.const 512)");
    let guest = ByHand {
        version,
        evaluate: &evaluate,
        ..ByHand::default()
    };
    guest.component()
}

/// The time limit of a query: long, because a good query must finish within it on a busy machine.
const WALL_CLOCK: Duration = Duration::from_secs(1);

/// The result of a query for one document.
fn query(registry: &Registry, selector: &str) -> Result<f64, String> {
    let selector: Selector = selector.parse().map_err(|error| told(&error))?;
    let selection = registry.select(&selector).map_err(|error| told(&error))?;
    let query = QueryContext::new(Budget {
        wall_clock: WALL_CLOCK,
        ..Budget::default()
    });
    let mut bound = selection
        .bind(&Arguments::new(), &query)
        .map_err(|error| told(&error))?;
    let values = bound.evaluate(&rows(1)).map_err(|error| told(&error))?;
    let values = values.as_any().downcast_ref::<arrow_array::Float64Array>();
    Ok(values.expect("numbers").value(0))
}

fn register(registry: &Registry, component: &[u8]) -> Result<(), String> {
    let registered = registry.register(component, None);
    registered.map(drop).map_err(|error| told(&error))
}

fn version(text: &str) -> semver::Version {
    text.parse().expect("semver")
}

fn statistics(registry: &Registry) -> FunctionStatistics {
    registry.function_statistics().remove(0)
}

#[test]
fn a_query_gets_the_latest_version_or_the_one_that_it_asks_for() {
    let registry = registry();
    // Not in numerical order.
    for text in ["1.10.0", "1.2.0", "2.0.0-rc.1"] {
        let component = component(text, text.split('.').nth(1).expect("a number"));
        register(&registry, &component).expect("registered");
    }
    assert_eq!(query(&registry, "f"), Ok(10.0));
    assert_eq!(query(&registry, "f@1.2.0"), Ok(2.0));
    assert_eq!(query(&registry, "f@<1.10"), Ok(2.0));
    assert_eq!(query(&registry, "f@2.0.0-rc.1"), Ok(0.0));
    insta::assert_snapshot!(query(&registry, "f@3").expect_err("none"), @"no version matches `f@3`: registered are 1.2.0, 1.10.0, 2.0.0-rc.1");
    insta::assert_snapshot!(query(&registry, "g").expect_err("none"), @"unknown function `g`: expected `f`");
    insta::assert_snapshot!(query(&registry, "f@one").expect_err("none"), @"`one` is neither a version such as `1.2.0` nor a range such as `^1.2`: unexpected character 'o' while parsing major version number");
}

#[test]
fn a_version_never_changes() {
    let registry = registry();
    let first = component("1.0.0", "1");
    register(&registry, &first).expect("registered");
    register(&registry, &first).expect("registering it again has no effect");
    let refused = register(&registry, &component("1.0.0", "2")).expect_err("it is there");
    assert_eq!(
        refused,
        format!(
            "`by-hand` 1.0.0 is already registered with another component (SHA-256 {}): \
             give the new component a new version",
            Sha256::of(&first)
        )
    );
    assert_eq!(query(&registry, "f"), Ok(1.0));
    assert_eq!(registry.list().len(), 1);
}

#[test]
fn refuses_a_component_with_an_unexpected_hash() {
    let registry = registry();
    let expected = Sha256::of(b"another");
    let refused = registry
        .register(&component("1.0.0", "1"), Some(expected))
        .expect_err("another");
    assert_eq!(
        told(&refused),
        format!(
            "the component's SHA-256 is {}, but {expected} was expected",
            Sha256::of(&component("1.0.0", "1"))
        )
    );
    assert!(registry.list().is_empty());
}

#[test]
fn a_bare_name_works_while_one_component_has_the_function() {
    let registry = registry();
    register(&registry, &component("1.0.0", "1")).expect("registered");
    let another = |version: &str, gives: &str| {
        let evaluate = format!("(f64.store (i32.const 528) (f64.const {gives})) (i32.const 512)");
        let guest = ByHand {
            name: "another",
            version,
            evaluate: &evaluate,
            ..ByHand::default()
        };
        register(&registry, &guest.component()).expect("registered");
    };
    another("1.0.0", "5");
    another("1.1.0", "6");
    assert_eq!(registry.components_with("f"), ["another", "by-hand"]);
    for ambiguous in ["f", "f@1.1.0"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(query(&registry, ambiguous).expect_err("two"), @"several components have a function `f`: use `another.f` or `by-hand.f`");
        }
    }
    assert_eq!(query(&registry, "by-hand.f"), Ok(1.0));
    assert_eq!(query(&registry, "another.f"), Ok(6.0));
    assert_eq!(query(&registry, "another.f@1.0.0"), Ok(5.0));
    assert_eq!(query(&registry, "another.f@<1.1"), Ok(5.0));
    insta::assert_snapshot!(query(&registry, "by-hand.f@1.1.0").expect_err("none"), @"no version matches `by-hand.f@1.1.0`: registered are 1.0.0");
    insta::assert_snapshot!(query(&registry, "anoter.f").expect_err("none"), @"unknown function `anoter.f`: did you mean `another.f`?");
    insta::assert_snapshot!(query(&registry, "another.g").expect_err("none"), @"unknown function `another.g`: did you mean `another.f`?");

    // What is disabled or deleted leaves the name to the other component.
    let set_enabled = |name: &str, text: &str, enabled| {
        let changed = registry.set_enabled(name, &version(text), enabled);
        changed.expect("it is there");
    };
    set_enabled("another", "1.0.0", false);
    query(&registry, "f").expect_err("one version is enabled");
    set_enabled("another", "1.1.0", false);
    assert_eq!(query(&registry, "f"), Ok(1.0));
    insta::assert_snapshot!(query(&registry, "another.f").expect_err("off"), @"function `f` cannot be used: another@1.1.0 is disabled");
    set_enabled("by-hand", "1.0.0", false);
    insta::assert_snapshot!(query(&registry, "f").expect_err("all are off"), @"several components have a function `f`: use `another.f` or `by-hand.f`");
    set_enabled("another", "1.0.0", true);
    registry
        .delete("by-hand", &version("1.0.0"))
        .expect("it is there");
    assert_eq!(query(&registry, "f"), Ok(5.0));
}

#[test]
fn tries_a_function_without_required_arguments_before_registering_it() {
    let registry = registry();
    let traps = ByHand {
        bind: "unreachable",
        ..ByHand::default()
    };
    insta::assert_snapshot!(register(&registry, &traps.component()).expect_err("it traps"), @"trial without arguments failed: function `f` could not be bound: the guest trapped: wasm `unreachable` instruction executed");
    assert!(registry.list().is_empty());
}

#[test]
fn a_disabled_version_is_not_selected_until_it_is_enabled() {
    let registry = registry();
    for text in ["1.0.0", "2.0.0"] {
        register(&registry, &component(text, &text[..1])).expect("registered");
    }
    let two = version("2.0.0");
    registry
        .set_enabled("by-hand", &two, false)
        .expect("it is there");
    assert_eq!(query(&registry, "f"), Ok(1.0));
    insta::assert_snapshot!(query(&registry, "f@2").expect_err("off"), @"function `f` cannot be used: by-hand@2.0.0 is disabled");
    assert!(
        !registry
            .describe("by-hand", &two)
            .expect("it is there")
            .enabled
    );
    registry
        .set_enabled("by-hand", &two, true)
        .expect("it is there");
    assert_eq!(query(&registry, "f"), Ok(2.0));
    let missing = registry.set_enabled("by-hand", &version("3.0.0"), false);
    insta::assert_snapshot!(told(&missing.expect_err("none")), @"`by-hand` 3.0.0 is not registered");
}

#[test]
fn a_query_keeps_its_version_to_its_end() {
    let registry = registry();
    register(&registry, &component("1.0.0", "1")).expect("registered");
    let selection = registry
        .select(&"f".parse().expect("a selector"))
        .expect("it is there");
    let query_context = QueryContext::new(Budget::default());
    let bind = || selection.bind(&Arguments::new(), &query_context);
    let mut bound = bind().expect("bound");
    registry
        .delete("by-hand", &version("1.0.0"))
        .expect("it is there");
    assert!(registry.list().is_empty());
    assert_eq!(
        query(&registry, "f"),
        Err("unknown function `f`: there are none".to_owned())
    );
    // The running query continues, and may bind another worker.
    bound.evaluate(&rows(10)).expect("evaluated");
    bind()
        .expect("bound")
        .evaluate(&rows(10))
        .expect("evaluated");
    // The name and version can be used again.
    register(&registry, &component("1.0.0", "7")).expect("registered");
    assert_eq!(query(&registry, "f"), Ok(7.0));
}

#[test]
fn unloads_compiled_code_and_loads_it_again_on_use() {
    let storage = Storage::in_memory().expect("a store");
    let options = RegistryOptions {
        // Less than one component takes.
        compiled_bytes: 1,
        ..RegistryOptions::default()
    };
    let registry = open_with(&storage, options);
    for text in ["1.0.0", "2.0.0", "3.0.0"] {
        register(&registry, &component(text, &text[..1])).expect("registered");
    }
    for _ in 0..2 {
        for (selector, expected) in [("f@1.0.0", 1.0), ("f@2.0.0", 2.0), ("f@3.0.0", 3.0)] {
            assert_eq!(query(&registry, selector), Ok(expected));
        }
    }
    let statistics = registry.statistics();
    assert_eq!(statistics.versions, 3);
    assert!(statistics.loads >= 5, "{statistics:?}");
    assert!(statistics.evictions >= statistics.loads, "{statistics:?}");
    let one = registry.function_statistics().len();
    assert_eq!(one, 3, "what was let go is still known");
}

const ENDLESS: &str = "(loop $forever (br $forever)) unreachable";

/// A guest that fails in the same way for the first document of each query.
fn failing(evaluate: &str) -> Vec<u8> {
    ByHand {
        evaluate,
        ..ByHand::default()
    }
    .component()
}

#[test]
fn a_failing_function_is_switched_off_and_retried_after_a_back_off() {
    let storage = Storage::in_memory().expect("a store");
    let back_off = Duration::from_secs(1);
    let breaker = BreakerOptions {
        failures: 3,
        back_off,
        ..BreakerOptions::default()
    };
    let registry = open_with(
        &storage,
        RegistryOptions {
            breaker,
            ..RegistryOptions::default()
        },
    );
    register(&registry, &failing("unreachable")).expect("registered");
    for _ in 0..3 {
        let trapped = query(&registry, "f").expect_err("it traps");
        assert_eq!(
            trapped,
            "function `f` was stopped at document `0`: the guest trapped: \
             wasm `unreachable` instruction executed"
        );
    }
    insta::assert_snapshot!(query(&registry, "f").expect_err("it is off"), @"function `f` of by-hand@0.1.0 is switched off because it failed too often: try again in 1 s");
    let counted = statistics(&registry);
    assert_eq!((counted.errors.traps, counted.errors.switched_off), (3, 1));
    assert_eq!(counted.instantiations, 3, "nothing ran the fourth time");
    // After the back-off one query is let through, and fails.
    std::thread::sleep(back_off);
    assert!(query(&registry, "f").is_err_and(|error| error.contains("trapped")));
    assert!(query(&registry, "f").is_err_and(|error| error.contains("switched off")));
    assert!(matches!(
        statistics(&registry).breaker,
        BreakerState::Open { remaining } if remaining > back_off
    ));
    registry
        .reset_breaker("by-hand", &version("0.1.0"), "f")
        .expect("it is there");
    assert_eq!(statistics(&registry).breaker, BreakerState::Closed);
    assert!(query(&registry, "f").is_err_and(|error| error.contains("trapped")));
}

#[test]
fn does_not_switch_off_a_function_for_time_spent_elsewhere() {
    let registry = registry();
    register(&registry, &component("1.0.0", "1")).expect("registered");
    for _ in 0..30 {
        let selection = registry.select(&"f".parse().expect("a selector"));
        let selection = selection.expect("it stays switched on");
        let query = QueryContext::new(Budget {
            wall_clock: Duration::from_millis(10),
            ..Budget::default()
        });
        if let Ok(mut bound) = selection.bind(&Arguments::new(), &query) {
            std::thread::sleep(Duration::from_millis(10));
            bound.evaluate(&rows(1)).expect_err("the time is over");
        }
    }
    assert_eq!(statistics(&registry).breaker, BreakerState::Closed);
    assert!(statistics(&registry).errors.timeouts > 20);
}

#[test]
fn counts_queries_documents_and_errors_by_kind() {
    let registry = registry();
    register(&registry, &failing(ENDLESS)).expect("registered");
    query(&registry, "f").expect_err("it never ends");
    let counted = statistics(&registry);
    assert_eq!(counted.errors.timeouts, 1);
    // The limit counts from the beginning of the query, the statistics from the binding.
    assert!(counted.time_us >= 500_000, "{counted:?}");
    assert_eq!(
        counted
            .times
            .iter()
            .map(|bucket| bucket.queries)
            .sum::<u64>(),
        1
    );

    let registry = self::registry();
    register(&registry, &component("1.0.0", "1")).expect("registered");
    let selection = registry.select(&"f".parse().expect("a selector"));
    let selection = selection.expect("it is there");
    let query = QueryContext::new(Budget::default());
    let mut workers: Vec<_> = (0..2)
        .map(|_| selection.bind(&Arguments::new(), &query).expect("bound"))
        .collect();
    for worker in &mut workers {
        worker.evaluate(&rows(100)).expect("evaluated");
    }
    let wrong = Arguments::new().with("colour", "red");
    selection
        .bind(&wrong, &query)
        .expect_err("no such parameter");
    query.cancel();
    workers[0]
        .evaluate(&rows(1_000_000))
        .expect_err("cancelled");
    drop((selection, workers));
    let counted = statistics(&registry);
    assert_eq!(counted.queries, 1);
    assert_eq!(counted.instantiations, 2);
    assert!(counted.documents >= 200, "{counted:?}");
    let errors = counted.errors;
    assert_eq!(
        (errors.arguments, errors.cancelled, errors.traps),
        (1, 1, 0)
    );
    assert!(counted.memory_peak_bytes >= 1 << 16);
    assert!(counted.compile_time_us.is_some_and(|us| us > 0));
    assert_eq!(counted.breaker, BreakerState::Closed);
}

#[test]
fn limits_the_processor_time_of_all_workers_of_a_query() {
    let engine: Engine = engine();
    let udf = whittle_host::Udf::new(&engine, &failing(ENDLESS)).expect("registered");
    let query = Arc::new(QueryContext::new(Budget {
        cpu_time: Duration::from_millis(100),
        ..Budget::default()
    }));
    let errors: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut bound = udf.bind("f", &Arguments::new(), &query).expect("bound");
                    told(&bound.evaluate(&rows(1)).expect_err("it never ends"))
                })
            })
            .collect();
        let errors = workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"));
        errors.collect()
    });
    for error in errors {
        assert!(
            error.contains("the limit of 100 ms of processor time is over"),
            "{error}"
        );
    }
    let used = query.usage();
    assert!(used.cpu_time >= Duration::from_millis(100));
    // Each worker notices within its tick.
    assert!(used.cpu_time < Duration::from_millis(250), "{used:?}");
    assert!(used.wall_clock < Duration::from_secs(5));
}
