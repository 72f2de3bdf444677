//! A search ends when its time is over or it is cancelled, whatever it is doing; and its threads
//! share what instances there are.

use std::time::Duration;

use serde_json::{Value as Json, json};
use whittle_host::{Budget, Engine, EngineOptions, QueryContext};
use whittle_node::{SearchRequest, Udfs, search};
use whittle_tests::told;

use super::index::{UDFS, in_segments, snapshot};

fn documents() -> Vec<Json> {
    (0..6_000)
        .map(|number: u32| json!({"number": number, "flag": number.is_multiple_of(3)}))
        .collect()
}

fn request(json: &Json) -> SearchRequest {
    SearchRequest::parse(json.to_string().as_bytes()).expect("a search")
}

#[test]
fn a_search_without_a_udf_ends_when_its_time_is_over() {
    let all = request(&json!({"query": {"expression": "number >= 0"}}));
    for snapshot in [snapshot(&documents()), in_segments(&documents(), 500)] {
        let query = QueryContext::new(Budget {
            wall_clock: Duration::ZERO,
            ..Budget::default()
        });
        let error = search(&snapshot, &all, &UDFS, &query, |_| ()).expect_err("it ends");
        assert_eq!(
            told(&error),
            "the search was stopped: the time limit of 0 ms is over"
        );

        let query = QueryContext::new(Budget::default());
        query.cancel();
        let error = search(&snapshot, &all, &UDFS, &query, |_| ()).expect_err("it ends");
        assert_eq!(
            told(&error),
            "the search was stopped: the query was cancelled"
        );
    }
}

#[test]
fn a_request_asks_for_less_time_than_there_is_and_not_for_more() {
    let allowed = Budget {
        wall_clock: Duration::from_secs(2),
        ..Budget::default()
    };
    let with = |timeout: &str| request(&json!({"timeout": timeout})).budget(allowed.clone());
    assert_eq!(with("500ms").wall_clock, Duration::from_millis(500));
    assert_eq!(with("1m").wall_clock, Duration::from_secs(2));
}

#[test]
fn threads_share_the_instances_that_there_are() {
    let snapshot = in_segments(&documents(), 300);
    let udf = |field: &str| {
        let function = if field == "flag" {
            "read_boolean"
        } else {
            "read_int64"
        };
        json!({"wasm_udf": {"function": function, "params": {"field": field}}})
    };
    let both =
        request(&json!({"query": {"bool": {"must": [udf("number")], "filter": [udf("flag")]}}}));
    for instances in 2..6 {
        let engine = Engine::new(EngineOptions {
            pool_instances: instances,
            ..EngineOptions::default()
        });
        let engine = engine.expect("an engine starts");
        let udfs = Udfs::new([whittle_tests::udf(&engine, "probe")]).expect("no name twice");
        let query = QueryContext::new(Budget::default());
        let response = search(&snapshot, &both, &udfs, &query, |_| ()).expect("an answer");
        assert_eq!(response.hits.total, Some(2_000));
        let documents: Vec<u64> = response.udf.iter().map(|report| report.documents).collect();
        assert_eq!(documents, [2_000, 6_000]);
        for report in &response.udf {
            assert!((1..=4).contains(&report.instances), "{report:?}");
        }
        let all: usize = response.udf.iter().map(|report| report.instances).sum();
        assert!(all <= instances as usize, "{all} of {instances}");
        assert_eq!(engine.pool().in_use, 0);
    }
}

#[test]
fn searches_with_several_functions_never_wait_for_each_other() {
    let snapshot = in_segments(&documents()[..600], 100);
    let udf = json!({"wasm_udf": {"function": "read_int64", "params": {"field": "number"}}});
    let three = request(&json!({"query": {"bool": {"must": [udf, udf, udf]}}}));
    for instances in [3, 4] {
        let engine = Engine::new(EngineOptions {
            pool_instances: instances,
            pool_wait: Duration::from_secs(60),
            ..EngineOptions::default()
        });
        let engine = engine.expect("an engine starts");
        let udfs = Udfs::new([whittle_tests::udf(&engine, "probe")]).expect("no name twice");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let query = QueryContext::new(Budget::default());
                        let found = search(&snapshot, &three, &udfs, &query, |_| ());
                        let found = found.unwrap_or_else(|error| panic!("{}", told(&error)));
                        assert_eq!(found.hits.total, Some(600));
                    }
                });
            }
        });
        assert_eq!((engine.pool().in_use, engine.pool().busy), (0, 0));
    }
}

#[test]
fn a_search_with_more_functions_than_instances_is_refused_at_once() {
    let engine = Engine::new(EngineOptions {
        pool_instances: 2,
        ..EngineOptions::default()
    });
    let engine = engine.expect("an engine starts");
    let udfs = Udfs::new([whittle_tests::udf(&engine, "probe")]).expect("no name twice");
    let udf = json!({"wasm_udf": {"function": "read_int64", "params": {"field": "number"}}});
    let three = request(&json!({"query": {"bool": {"must": [udf, udf, udf]}}}));
    let query = QueryContext::new(Budget::default());
    let error = search(&snapshot(&documents()), &three, &udfs, &query, |_| ());
    assert_eq!(
        told(&error.expect_err("there are two")),
        "function `read_int64` could not be bound: too many instances: 3 instances, and the limit `pool_instances` is 2 instances"
    );
}
