//! Evaluation: errors of single documents, logs, traps, and no state that outlives a query.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use serde_json::json;
use whittle_host::{
    Arguments, Bound, Budget, Engine, EngineOptions, LogLevel, OnError, QueryContext, Udf,
};
use whittle_tests::{ByHand, PATHS, bind, engine, engine_on, engine_with, guest, told, udf};

fn fruits() -> RecordBatch {
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "d"]));
    let texts = vec![Some("apple"), Some("bad pear"), None, Some("bad plum")];
    let texts: ArrayRef = Arc::new(StringArray::from(texts));
    RecordBatch::try_from_iter([("_id", ids), ("x", texts)]).expect("two columns")
}

fn fails_on_bad(udf: &Udf, on_error: OnError) -> Bound {
    let params = json!({"field": "x", "needle": "bad"});
    let mut bound = bind(udf, "fail_on", &params).expect("bound");
    bound.set_on_error(on_error);
    bound
}

#[test]
fn a_failing_document_ends_the_query_or_is_counted() {
    for few_rows in PATHS {
        let udf = udf(&engine_on(few_rows), "probe");
        let mut bound = fails_on_bad(&udf, OnError::Fail);
        assert_eq!(
            told(&bound.evaluate(&fruits()).expect_err("pears are bad")),
            "function `fail_on` failed for document `b`: \"found bad in b\""
        );
        for on_error in [OnError::Skip, OnError::Null] {
            let mut bound = fails_on_bad(&udf, on_error);
            let evaluated = bound.evaluate_rows(&fruits()).expect("evaluated");
            let expected = StringArray::from(vec![Some("apple"), None, None, None]);
            assert_eq!(evaluated.values.as_string::<i32>(), &expected);
            let failed = evaluated.failed.expect("some failed");
            assert_eq!(
                failed.iter().collect::<Vec<_>>(),
                [false, true, false, true]
            );
            let statistics = bound.statistics();
            assert_eq!(
                (statistics.documents, statistics.errors, statistics.batches),
                (4, 2, 1)
            );
            let samples = statistics.error_samples.iter();
            let samples: Vec<_> = samples.map(|s| (&*s.document, &*s.message)).collect();
            assert_eq!(
                samples,
                [("b", "\"found bad in b\""), ("d", "\"found bad in d\"")]
            );
        }
    }
}

#[test]
fn counts_errors_exactly_and_keeps_samples() {
    let udf = udf(&engine(), "probe");
    let mut bound = fails_on_bad(&udf, OnError::Skip);
    let texts = (0..100_000).map(|row| Some(if row % 10 == 0 { "bad" } else { "good" }));
    let texts: ArrayRef = Arc::new(texts.collect::<StringArray>());
    let batch = RecordBatch::try_from_iter([("x", texts)]).expect("one column");
    let values = bound.evaluate(&batch).expect("evaluated");
    assert_eq!(values.null_count(), 10_000);
    assert_eq!(
        (
            bound.statistics().errors,
            bound.statistics().error_samples.len()
        ),
        (10_000, 5)
    );
}

#[test]
fn a_value_of_a_wrong_kind_is_an_error_of_the_document() {
    for few_rows in PATHS {
        let udf = udf(&engine_on(few_rows), "probe");
        for kind in ["int64", "float64", "text", "timestamp", "json"] {
            let mut bound = bind(&udf, "wrong_kind", &json!({"kind": kind})).expect("bound");
            assert_eq!(
                told(&bound.evaluate(&fruits()).expect_err("it is boolean")),
                format!(
                    "function `wrong_kind` failed for document `a`: declared boolean, but returned {kind}"
                )
            );
        }
        let mut bound = bind(&udf, "not_json", &json!({"text": "{"})).expect("bound");
        assert_eq!(
            told(&bound.evaluate(&fruits()).expect_err("it is not JSON")),
            "function `not_json` failed for document `a`: returned a text that is not JSON: \"{\""
        );
    }
}

#[test]
fn quotes_the_reason_why_a_guest_refuses_its_arguments() {
    let udf = udf(&engine(), "probe");
    let refused = bind(&udf, "refuse", &json!({"message": "no such unit"})).expect_err("refused");
    assert_eq!(
        told(&refused),
        "function `refuse` refused its arguments: \"no such unit\""
    );
}

#[test]
fn arguments_arrive_with_their_kinds() {
    for few_rows in PATHS {
        let udf = udf(&engine_on(few_rows), "probe");
        let params = json!({
            "boolean": true, "int64": -7, "float64": 1, "text": "ä\u{0}", "json": {"a": [1, null]},
            "timestamp": "1970-01-01T00:00:01Z",
        });
        let mut bound = bind(&udf, "echo_arguments", &params).expect("bound");
        let values = bound.evaluate(&fruits().slice(0, 1)).expect("values");
        insta::allow_duplicates! {
            insta::assert_snapshot!(values.as_string::<i32>().value(0), @r##"boolean=true, int64=-7, float64=1.0, text="ä\0", timestamp=1000000, json={"a":[1,null]}"##);
        }
    }
}

#[test]
fn log_lines_are_kept_with_their_level_and_udf() {
    for few_rows in PATHS {
        let udf = udf(&engine_on(few_rows), "probe");
        let query = QueryContext::new(Budget::default());
        let arguments = Arguments::new().with("count", 2).with("bytes", 3);
        let mut bound = udf.bind("log_lines", &arguments, &query).expect("bound");
        bound.evaluate(&fruits().slice(0, 1)).expect("values");
        let log = query.take_log();
        assert_eq!(log.len(), 4);
        assert!(
            log.iter()
                .all(|line| &*line.udf == "whittle-probe" && line.message.len() == 3)
        );
        assert_eq!(log[0].level, LogLevel::Trace);
        assert!(query.take_log().is_empty());
    }
}

#[test]
fn a_panic_is_logged_and_does_not_affect_later_queries() {
    for few_rows in PATHS {
        let udf = udf(&engine_on(few_rows), "probe");
        let arguments = || Arguments::new().with("field", "x").with("needle", "bad");
        for _ in 0..3 {
            let query = QueryContext::new(Budget::default());
            let mut bound = udf.bind("trap_on", &arguments(), &query).expect("bound");
            let error = bound.evaluate(&fruits()).expect_err("it panics");
            let log = query.take_log();
            assert_eq!((log.len(), log[0].level), (1, LogLevel::Error));
            let message = &log[0].message;
            assert!(message.starts_with("panicked at"), "{message}");
            assert_eq!(
                told(&error),
                format!(
                    "function `trap_on` was stopped at document `b`: the guest panicked: \"{message}\""
                )
            );

            let mut bound = udf
                .bind("trap_on", &arguments(), &query)
                .expect("bound again");
            let values = bound.evaluate(&fruits().slice(0, 1)).expect("values");
            assert!(values.as_boolean().value(0));
        }
    }
}

#[test]
fn no_state_outlives_a_query() {
    for few_rows in PATHS {
        let udf = udf(&engine_on(few_rows), "probe");
        for _ in 0..3 {
            let mut bound = bind(&udf, "state", &json!({})).expect("bound");
            let first = bound.evaluate(&fruits()).expect("values");
            assert_eq!(
                first.as_primitive::<Int64Type>(),
                &Int64Array::from(vec![1, 2, 3, 4])
            );
            let second = bound.evaluate(&fruits()).expect("values");
            assert_eq!(
                second.as_primitive::<Int64Type>(),
                &Int64Array::from(vec![5, 6, 7, 8])
            );
        }
    }
}

#[test]
fn concurrent_queries_do_not_share_parameters() {
    let udf = udf(&engine(), "probe");
    std::thread::scope(|scope| {
        for needle in ["app", "bad pear", "bad plum", "none"] {
            let udf = &udf;
            scope.spawn(move || {
                for _ in 0..50 {
                    let params = json!({"field": "x", "needle": needle});
                    let mut bound = bind(udf, "fail_on", &params).expect("bound");
                    bound.set_on_error(OnError::Skip);
                    let failed = bound.evaluate_rows(&fruits()).expect("evaluated").failed;
                    let failed: Vec<usize> = failed
                        .iter()
                        .flat_map(|failed| failed.set_indices())
                        .collect();
                    let texts = ["apple", "bad pear", "", "bad plum"];
                    let expected: Vec<usize> =
                        (0..4).filter(|row| texts[*row].contains(needle)).collect();
                    assert_eq!(failed, expected);
                }
            });
        }
    });
}

#[test]
fn reports_a_full_pool() {
    let engine = Engine::new(EngineOptions {
        pool_instances: 2,
        pool_wait: Duration::from_millis(20),
        ..EngineOptions::default()
    });
    let engine = engine.expect("an engine starts");
    let udf = Udf::new(&engine, &ByHand::default().component()).expect("registered");
    let held: Vec<_> = (0..2)
        .map(|_| bind(&udf, "f", &json!({})).expect("bound"))
        .collect();
    let error = told(&bind(&udf, "f", &json!({})).expect_err("the pool is full"));
    assert_eq!(
        error,
        "function `f` could not be bound: the engine is busy: its 2 instances are in use, \
         and none became free within 20 ms"
    );
    let pool = engine.pool();
    assert_eq!((pool.in_use, pool.waits, pool.busy), (2, 1, 1));
    drop(held);
    bind(&udf, "f", &json!({})).expect("there is room again");
}

#[test]
fn reuses_a_compiled_component_and_replaces_a_damaged_one() {
    let cache = tempfile::tempdir().expect("a directory");
    let component = guest("string-distance");
    let engine = || {
        engine_with(EngineOptions {
            cache: Some(cache.path().join("a/b")),
            ..EngineOptions::default()
        })
    };
    let register = || Udf::new(&engine(), &component).expect("registered");
    assert!(register().compile_time().is_some());
    assert!(register().compile_time().is_none());
    let files = std::fs::read_dir(cache.path().join("a/b")).expect("the cache");
    let files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    assert_eq!(files.len(), 1);
    let whole = std::fs::read(&files[0]).expect("it can be read");
    std::fs::write(&files[0], &whole[..whole.len() / 2]).expect("it can be written");
    assert!(register().compile_time().is_some());
    assert_eq!(std::fs::read(&files[0]).expect("it is there"), whole);
    assert!(register().compile_time().is_none());
    // Many at the same time, in one directory.
    std::fs::remove_file(&files[0]).expect("it can be removed");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(register().manifest().name, "string-distance"));
        }
    });
    assert!(register().compile_time().is_none());
}

#[test]
fn udfs_can_be_shared_and_bound_functions_moved_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn moved<T: Send>() {}
    shared::<Engine>();
    shared::<Udf>();
    shared::<QueryContext>();
    moved::<Bound>();
}
