//! Many queries at once, good and bad ones, over UDFs in several languages.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray};
use serde_json::{Value as Json, json};
use whittle_host::{Budget, EngineOptions, QueryContext, Udf};
use whittle_tests::{arguments, engine_with, guest_path, told, udf};

const QUERIES: usize = 64;
const ROWS: usize = 2_000;

/// How long a bad query may take; a good one has much more.
const BAD: Duration = Duration::from_millis(50);

/// A query, and what it must give.
enum Expected {
    Scores(f64),
    Matches(usize),
    Trap,
    Timeout,
}

/// A query of the crowd, by its number: each has parameters of its own.
fn query(number: usize, udfs: &[Udf; 6]) -> (&Udf, &'static str, Json, Expected) {
    let [evil, scores @ .., distance, other_distance] = udfs;
    // A tenth and a little more, half of them loops.
    if number % 9 == 4 {
        return match number % 2 {
            0 => (evil, "forever_in_evaluate", json!({}), Expected::Timeout),
            _ => (evil, "trap_at_call", json!({"call": 17}), Expected::Trap),
        };
    }
    if number.is_multiple_of(3) {
        let udf = if number.is_multiple_of(2) {
            distance
        } else {
            other_distance
        };
        let params = json!({"field": "title", "target": title(number), "max_distance": 0});
        return (udf, "string_distance", params, Expected::Matches(number));
    }
    let weight = number as f64;
    let params = json!({
        "price_weight": weight, "rating_weight": 0, "popularity_weight": 0,
    });
    (
        &scores[number % 3],
        "custom_score",
        params,
        Expected::Scores(weight),
    )
}

fn title(row: usize) -> String {
    format!("title number {row}")
}

fn documents() -> RecordBatch {
    let titles: Vec<String> = (0..ROWS).map(title).collect();
    let prices = (0..ROWS).map(|row| row as f64);
    let columns: [(&str, ArrayRef); 2] = [
        ("title", std::sync::Arc::new(StringArray::from(titles))),
        (
            "price",
            std::sync::Arc::new(Float64Array::from_iter_values(prices)),
        ),
    ];
    RecordBatch::try_from_iter(columns).expect("a batch")
}

fn assert_right(expected: &Expected, result: Result<ArrayRef, String>) {
    match expected {
        Expected::Trap => {
            let error = result.expect_err("it traps");
            assert!(
                error.contains("at document `17`: the guest trapped"),
                "{error}"
            );
        }
        Expected::Timeout => {
            let error = result.expect_err("it never ends");
            assert!(error.contains("the time limit of 50 ms is over"), "{error}");
        }
        Expected::Scores(weight) => {
            let scores = result.expect("a good query");
            let scores = scores.as_primitive::<Float64Type>();
            for (row, score) in scores.values().iter().enumerate() {
                assert_eq!(*score, weight * row as f64);
            }
        }
        Expected::Matches(only) => {
            let expected: BooleanArray = (0..ROWS).map(|row| Some(row == *only)).collect();
            assert_eq!(*result.expect("a good query"), expected);
        }
    }
}

#[test]
fn good_queries_are_right_and_do_not_wait_for_bad_ones() {
    let engine = engine_with(EngineOptions {
        // Fewer than queries, so that they wait for each other.
        pool_wait: Duration::from_secs(60),
        ..EngineOptions::default()
    });
    let other = |language: &str, name: &str| {
        let path = guest_path(language, name);
        let component = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: {error}: make guests", path.display()));
        Udf::new(&engine, &component).expect("registered")
    };
    let udfs = [
        udf(&engine, "evil"),
        udf(&engine, "custom-score"),
        other("c", "custom-score"),
        other("assemblyscript", "custom-score"),
        udf(&engine, "string-distance"),
        other("c", "string-distance"),
    ];
    let batch = documents();
    let start = Barrier::new(QUERIES);
    let waits: Vec<(bool, Duration)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..QUERIES)
            .map(|number| {
                let (udfs, batch, start) = (&udfs, &batch, &start);
                scope.spawn(move || {
                    let (udf, function, params, expected) = query(number, udfs);
                    let is_bad = matches!(expected, Expected::Trap | Expected::Timeout);
                    start.wait();
                    let started = Instant::now();
                    let context = |wall_clock| {
                        QueryContext::new(Budget {
                            wall_clock,
                            ..Budget::default()
                        })
                    };
                    // A trap comes by itself, however long it has to wait for a processor.
                    let is_endless = matches!(expected, Expected::Timeout);
                    let context = context(if is_endless {
                        BAD
                    } else {
                        Duration::from_secs(60)
                    });
                    let result = udf
                        .bind(function, &arguments(&params), &context)
                        .map_err(|error| told(&error))
                        .and_then(|mut bound| bound.evaluate(batch).map_err(|error| told(&error)));
                    let took = started.elapsed();
                    // A bad one whose time is over while it waits for an instance has not run.
                    let waited = result.as_ref().is_err_and(|error| {
                        is_endless && error.contains("could not be bound: the time limit of")
                    });
                    if !waited {
                        assert_right(&expected, result);
                    }
                    (is_bad, took)
                })
            })
            .collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().expect("right"));
        joined.collect()
    });
    let bad = waits.iter().filter(|(is_bad, _)| *is_bad).count();
    assert!((6..=8).contains(&bad), "{bad} of {QUERIES}");
    // All bad ones together, one after the other, are the most that a good one can wait for; and what
    // the good ones take, on a machine with other work.
    let longest = waits.iter().map(|(_, took)| *took).max().expect("some");
    assert!(longest < BAD * 8 + Duration::from_secs(5), "{longest:?}");
    assert_eq!(engine.pool().in_use, 0);
}
