//! Each limit is exceeded: the error names it with its value and the requested value, and the next
//! query works.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use whittle_host::{
    Arguments, Budget, Engine, EngineOptions, LimitExceeded, LimitKind, Limits, QueryContext, Udf,
};
use whittle_tests::{ByHand, engine, engine_with, rows, told};

const ENDLESS: &str = "(loop $forever (br $forever)) unreachable";

fn budget(milliseconds: u64) -> Budget {
    Budget {
        wall_clock: Duration::from_millis(milliseconds),
        ..Budget::default()
    }
}

/// The result of a query for one document: the value, or the error with its causes.
fn run(udf: &Udf, budget: Budget) -> Result<f64, String> {
    let query = QueryContext::new(budget);
    let mut bound = udf
        .bind("f", &Arguments::new(), &query)
        .map_err(|error| told(&error))?;
    let values = bound.evaluate(&rows(1)).map_err(|error| told(&error))?;
    let values = values
        .as_any()
        .downcast_ref::<arrow_array::Float64Array>()
        .expect("float64");
    Ok(values.value(0))
}

/// A good query on the same engine.
fn assert_next_query_works(engine: &Engine) {
    let udf = Udf::new(engine, &ByHand::default().component()).expect("registered");
    assert_eq!(run(&udf, Budget::default()), Ok(1.0));
}

/// Runs `hang` and asserts that it ends at the limit: not before it, and within two ticks of 1 ms
/// plus the time that a busy machine takes to wake a thread.
fn assert_ends_at(limit: Duration, hang: impl FnOnce() -> String) -> String {
    let started = Instant::now();
    let error = hang();
    let elapsed = started.elapsed();
    assert!(
        elapsed >= limit,
        "it ended after {elapsed:?}, before its limit of {limit:?}"
    );
    let late = elapsed - limit;
    assert!(
        late < Duration::from_millis(500),
        "it ended {late:?} after its limit of {limit:?}"
    );
    error
}

/// Replaces the measured amount in an error, because it differs from run to run.
fn without_met(error: &str) -> String {
    let Some((before, met)) = error.split_once(" bytes, and the limit ") else {
        return error.to_owned();
    };
    let before = before.trim_end_matches(|c: char| c.is_ascii_digit());
    format!("{before}N bytes, and the limit {met}")
}

#[test]
fn an_endless_loop_in_any_export_ends_at_the_time_limit() {
    let limit = Duration::from_millis(250);
    let cache = tempfile::tempdir().expect("a directory");
    let engine = engine_with(EngineOptions {
        cache: Some(cache.path().to_owned()),
        limits: Limits {
            describe: budget(250),
            ..Limits::default()
        },
        ..EngineOptions::default()
    });
    let start = format!(
        "{} (func $start {ENDLESS}) (start $start)",
        ByHand::default().module
    );
    let at_registration = [
        ByHand {
            describe: ENDLESS,
            ..ByHand::default()
        },
        ByHand {
            module: &start,
            ..ByHand::default()
        },
    ];
    for guest in at_registration {
        let component = guest.component();
        // The first time includes compilation, before the clock starts.
        Udf::new(&engine, &component).expect_err("it never ends");
        let error = assert_ends_at(limit, || {
            told(&Udf::new(&engine, &component).expect_err("it never ends"))
        });
        assert_eq!(
            error,
            "the component could not be described: the time limit of 250 ms is over"
        );
        assert_next_query_works(&engine);
    }
    let in_query = [
        (
            ByHand {
                bind: ENDLESS,
                ..ByHand::default()
            },
            "function `f` could not be bound: the time limit of 250 ms is over",
        ),
        (
            ByHand {
                realloc: ENDLESS,
                ..ByHand::default()
            },
            "function `f` could not be bound: the time limit of 250 ms is over",
        ),
        (
            ByHand {
                evaluate: ENDLESS,
                ..ByHand::default()
            },
            "function `f` was stopped at document `0`: the time limit of 250 ms is over",
        ),
    ];
    for (guest, expected) in in_query {
        let udf = Udf::new(&engine, &guest.component()).expect("registered");
        let error = assert_ends_at(limit, || run(&udf, budget(250)).expect_err("it never ends"));
        assert_eq!(error, expected);
        assert_next_query_works(&engine);
    }
}

#[test]
fn a_flood_of_host_calls_ends_at_the_time_limit() {
    let guest = ByHand {
        imports: r#"(import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#,
        evaluate: "(loop $again (call $log (i32.const 2) (i32.const 0) (i32.const 0)) (br $again)) \
                   unreachable",
        ..ByHand::default()
    };
    let engine = engine();
    let udf = Udf::new(&engine, &guest.component()).expect("registered");
    let budget = Budget {
        log_bytes: usize::MAX,
        ..budget(250)
    };
    let error = assert_ends_at(Duration::from_millis(250), || {
        run(&udf, budget).expect_err("it never ends")
    });
    assert_eq!(
        error,
        "function `f` was stopped at document `0`: the time limit of 250 ms is over"
    );
}

#[test]
fn a_cancelled_query_ends_and_stays_ended() {
    let engine = engine();
    let guest = ByHand {
        evaluate: ENDLESS,
        ..ByHand::default()
    };
    let udf = Udf::new(&engine, &guest.component()).expect("registered");
    let query = QueryContext::new(Budget::default());
    let mut bound = udf.bind("f", &Arguments::new(), &query).expect("bound");
    let canceller = query.clone();
    let error = assert_ends_at(Duration::from_millis(20), || {
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                canceller.cancel();
            });
            told(&bound.evaluate(&rows(1)).expect_err("cancelled"))
        })
    });
    assert_eq!(
        error,
        "function `f` was stopped at document `0`: the query was cancelled"
    );
    let again = bound.evaluate(&rows(1)).expect_err("ended");
    assert_eq!(
        told(&again),
        "function `f` has already been stopped: bind it again"
    );
    let other = udf
        .bind("f", &Arguments::new(), &query)
        .expect_err("the query is cancelled");
    assert_eq!(
        told(&other),
        "function `f` could not be bound: the query was cancelled"
    );
    assert_next_query_works(&engine);
}

#[test]
fn a_stop_before_a_batch_names_its_first_document() {
    let ids = |prefix: &str, count: usize| {
        let ids = (0..count).map(|row| format!("{prefix}{row}"));
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        RecordBatch::try_from_iter([("_id", ids)]).expect("a batch")
    };
    let engine = engine();
    let udf = Udf::new(&engine, &ByHand::default().component()).expect("registered");
    let query = QueryContext::new(Budget::default());
    let mut bound = udf.bind("f", &Arguments::new(), &query).expect("bound");
    bound.evaluate(&ids("a", 1_000)).expect("evaluated");
    query.cancel();
    let error = told(&bound.evaluate(&ids("b", 3)).expect_err("cancelled"));
    assert_eq!(
        error,
        "function `f` was stopped at document `b0`: the query was cancelled"
    );
}

/// A guest that grows memory in `evaluate` and traps if that fails, as an allocator does.
fn growing<'a>(module: &'a str, evaluate: &'a str) -> ByHand<'a> {
    ByHand {
        module,
        evaluate,
        ..ByHand::default()
    }
}

#[test]
fn memory_is_bounded_over_all_memories_and_tables_of_a_query() {
    let one = "(memory (export \"memory\") 1)";
    let two = "(memory (export \"memory\") 1) (memory $other 1)";
    let table = "(memory (export \"memory\") 1) (table $table 1 funcref)";
    let at_once = "(if (i32.eq (memory.grow (i32.const 65535)) (i32.const -1)) (then unreachable)) \
                   (i32.const 512)";
    let in_steps = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) \
                    unreachable";
    let in_both = "(loop $more \
                     (br_if $more (i32.and \
                       (i32.ne (memory.grow (i32.const 8)) (i32.const -1)) \
                       (i32.ne (memory.grow $other (i32.const 8)) (i32.const -1))))) \
                   unreachable";
    let in_table = "(loop $more (br_if $more \
                      (i32.ne (table.grow $table (ref.null func) (i32.const 1000)) (i32.const -1)))) \
                    unreachable";
    let stopped = "function `f` was stopped at document `0`: too much memory: N bytes, and the limit `memory_bytes` is 1048576 bytes";
    let engine = engine();
    for guest in [
        growing(one, at_once),
        growing(one, in_steps),
        growing(two, in_both),
    ] {
        let udf = Udf::new(&engine, &guest.component()).expect("registered");
        let error = run(
            &udf,
            Budget {
                memory_bytes: 1 << 20,
                ..Budget::default()
            },
        );
        assert_eq!(without_met(&error.expect_err("too much")), stopped);
        assert_next_query_works(&engine);
    }
    let udf = Udf::new(&engine, &growing(table, in_table).component()).expect("registered");
    let error = run(
        &udf,
        Budget {
            memory_bytes: 400_000,
            ..Budget::default()
        },
    );
    assert_eq!(
        without_met(&error.expect_err("too much")),
        stopped.replace("1048576", "400000")
    );
    assert_next_query_works(&engine);
}

#[test]
fn a_guest_that_handles_a_refused_growth_is_not_stopped() {
    let evaluate = "(drop (memory.grow (i32.const 65535))) (i32.const 512)";
    let engine = engine();
    let guest = growing("(memory (export \"memory\") 1)", evaluate);
    let udf = Udf::new(&engine, &guest.component()).expect("registered");
    assert_eq!(
        run(
            &udf,
            Budget {
                memory_bytes: 1 << 20,
                ..Budget::default()
            }
        ),
        Ok(1.0)
    );
}

#[test]
fn a_query_releases_its_memory_and_reports_its_peak() {
    let engine = engine();
    let udf = Udf::new(&engine, &ByHand::default().component()).expect("registered");
    let query = QueryContext::new(Budget {
        memory_bytes: 1 << 20,
        ..Budget::default()
    });
    for _ in 0..100 {
        let mut bound = udf
            .bind("f", &Arguments::new(), &query)
            .expect("there is room again");
        bound.evaluate(&rows(1)).expect("evaluated");
        assert!((1 << 16..2 << 16).contains(&bound.statistics().memory_peak_bytes));
    }
    assert!(query.usage().memory_peak_bytes < 1 << 20);
}

#[test]
fn limits_the_log_of_a_query() {
    let guest = ByHand {
        imports: r#"(import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#,
        evaluate: "(call $log (i32.const 2) (i32.const 0) (i32.const 7)) (i32.const 512)",
        ..ByHand::default()
    };
    let engine = engine();
    let udf = Udf::new(&engine, &guest.component()).expect("registered");
    let query = QueryContext::new(Budget {
        log_bytes: 100,
        ..Budget::default()
    });
    let mut bound = udf.bind("f", &Arguments::new(), &query).expect("bound");
    let error = bound.evaluate(&rows(5)).expect_err("too much");
    assert_eq!(
        told(&error),
        "function `f` was stopped at document `2`: the log is too long: 117 bytes, and the limit `log_bytes` is 100 bytes"
    );
    let log = query.take_log();
    assert_eq!(log.len(), 2);
    assert_eq!((&*log[0].udf, &*log[0].message), ("by-hand", "by-hand"));
    assert_next_query_works(&engine);
}

#[test]
fn limits_each_text_result_and_their_sum() {
    // A text of 1,000 bytes.
    let text = "(i32.store8 (i32.const 520) (i32.const 4)) (i32.store (i32.const 528) (i32.const 4096)) \
                (i32.store (i32.const 532) (i32.const 1000)) (i32.const 512)";
    let engine = engine();
    let guest = ByHand {
        evaluate: text,
        returns: 3,
        ..ByHand::default()
    };
    let udf = Udf::new(&engine, &guest.component()).expect("registered");
    let run = |budget| {
        let query = QueryContext::new(budget);
        let mut bound = udf.bind("f", &Arguments::new(), &query).expect("bound");
        let values = bound.evaluate(&rows(10)).map_err(|error| told(&error))?;
        Ok((values.len(), query.usage().result_bytes))
    };
    assert_eq!(run(Budget::default()), Ok((10, 10_000)));
    assert_eq!(
        run(Budget {
            value_bytes: 999,
            ..Budget::default()
        }),
        Err(
            "function `f` was stopped at document `0`: a result is too large: 1000 bytes, and the limit `value_bytes` is 999 bytes"
                .to_owned()
        )
    );
    assert_eq!(
        run(Budget {
            result_bytes: 2_500,
            ..Budget::default()
        }),
        Err(
            "function `f` was stopped at document `2`: the results are too large: 3000 bytes, and the limit `result_bytes` is 2500 bytes"
                .to_owned()
        )
    );
    assert_next_query_works(&engine);
}

#[test]
fn truncates_and_cleans_long_or_strange_messages() {
    // The error `failed` with a text of 20 bytes.
    let evaluate = "(i32.store8 (i32.const 512) (i32.const 1)) (i32.store8 (i32.const 520) (i32.const 1)) \
                    (i32.store (i32.const 524) (i32.const 800)) \
                    (i32.store (i32.const 528) (i32.const 20)) (i32.const 512)";
    let module = "(memory (export \"memory\") 1) \
                  (data (i32.const 800) \"red\\1b[31m\\0aline\\00..........\")";
    let engine = engine();
    let udf = Udf::new(&engine, &growing(module, evaluate).component()).expect("registered");
    let error = run(
        &udf,
        Budget {
            message_bytes: 16,
            ..Budget::default()
        },
    );
    assert_eq!(
        error,
        Err(
            "function `f` failed for document `0`: \"red\u{fffd}[31m line\u{fffd}.....\""
                .to_owned()
        ),
    );
    assert_next_query_works(&engine);
}

#[test]
fn limits_the_fields_that_a_function_resolves() {
    let imports = r#"(import "whittle:udf/document@0.1.0" "resolve"
        (func $resolve (param i32 i32 i32) (result i32)))"#;
    let resolve = |length: u32| {
        format!("(drop (call $resolve (i32.const 0) (i32.const {length}) (i32.const 1)))")
    };
    let engine = engine_with(EngineOptions {
        limits: Limits {
            fields: 2,
            path_bytes: 6,
            ..Limits::default()
        },
        ..EngineOptions::default()
    });
    let cases = [
        ([1, 1, 2], None),
        (
            [1, 2, 3],
            Some("too many fields: 3 fields, and the limit `fields` is 2 fields"),
        ),
        (
            [1, 1, 7],
            Some("the path of a field is too long: 7 bytes, and the limit `path_bytes` is 6 bytes"),
        ),
    ];
    for (lengths, expected) in cases {
        let bind = format!("{} (i32.const 256)", lengths.map(resolve).concat());
        let guest = ByHand {
            imports,
            bind: &bind,
            ..ByHand::default()
        };
        let udf = Udf::new(&engine, &guest.component()).expect("registered");
        let expected = expected.map(|limit| format!("function `f` could not be bound: {limit}"));
        assert_eq!(run(&udf, Budget::default()).err(), expected);
    }
}

#[test]
fn limits_the_size_and_parts_of_a_component() {
    let component = ByHand {
        module: "(memory (export \"memory\") 1) (memory $other 1)",
        ..ByHand::default()
    }
    .component();
    let unlimited = Limits::default();
    let small = |change: &dyn Fn(&mut Limits)| {
        let mut limits = unlimited.clone();
        change(&mut limits);
        let engine = engine_with(EngineOptions {
            limits,
            ..EngineOptions::default()
        });
        told(&Udf::new(&engine, &component).expect_err("it is too much"))
    };
    let bytes = component.len();
    assert_eq!(
        small(&|limits| limits.component_bytes = 100),
        format!(
            "the component is too large: {bytes} bytes, and the limit `component_bytes` is 100 bytes"
        )
    );
    assert_eq!(
        small(&|limits| limits.exports = 0),
        "too many exports: 1 exports, and the limit `exports` is 0 exports"
    );
    assert_eq!(
        small(&|limits| limits.core_modules = 0),
        "too many modules: 1 modules, and the limit `core_modules` is 0 modules"
    );
    assert_eq!(
        small(&|limits| limits.core_memories = 1),
        "too many memories: 2 memories, and the limit `core_memories` is 1 memories"
    );
    assert_eq!(
        small(&|limits| limits.function_bytes = 3),
        "a function is too large: 5 bytes, and the limit `function_bytes` is 3 bytes"
    );
    assert_eq!(
        small(&|limits| limits.core_functions = 3),
        "too many functions: 4 functions, and the limit `core_functions` is 3 functions"
    );
    assert_eq!(
        without_met(&small(&|limits| limits.code_bytes = 10)),
        "the code is too large: N bytes, and the limit `code_bytes` is 10 bytes"
    );
    assert_eq!(
        without_met(&small(&|limits| limits.compiled_bytes = 1000)),
        "the compiled code is too large: N bytes, and the limit `compiled_bytes` is 1000 bytes"
    );
    assert_eq!(
        small(&|limits| limits.functions = 0),
        "invalid manifest: functions: there are 1, but at most 0 are allowed"
    );
    assert_eq!(
        small(&|limits| limits.name_bytes = 6),
        "invalid manifest: name: a string has 7 bytes, but at most 6 are allowed"
    );
}

#[test]
fn limits_the_imports_of_a_component() {
    let imports = r#"(import "whittle:udf/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#;
    let component = ByHand {
        imports,
        ..ByHand::default()
    }
    .component();
    let engine = engine_with(EngineOptions {
        limits: Limits {
            imports: 0,
            ..Limits::default()
        },
        ..EngineOptions::default()
    });
    assert_eq!(
        told(&Udf::new(&engine, &component).expect_err("too many")),
        "too many imports: 1 imports, and the limit `imports` is 0 imports"
    );
}

/// Errors name limits by their fields.
#[test]
fn an_error_names_a_limit_by_its_field() {
    let exceeded = LimitExceeded {
        kind: LimitKind::Amount,
        limit: "fields",
        unit: "fields",
        allowed: 1,
        met: 2,
        line: None,
    };
    assert!(format!("{:?}", Limits::default()).contains(&format!("{}: ", exceeded.limit)));
}
