//! Aggregations with the most extreme bounds, intervals, offsets and values: each has an answer or
//! is refused, soon and in little memory.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::Sample;

/// What one may take here, in a build that is not optimised and beside others.
const MOST_TIME: Duration = Duration::from_secs(5);

fn double() -> impl Strategy<Value = f64> {
    let edges = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        1e-300,
        1e-100,
        1e-99,
        5e17,
        -5e17,
        1e308,
        -1e308,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        9_007_199_254_740_993.0,
        9.3e18,
        -9.3e18,
    ];
    let finite = any::<f64>().prop_filter("finite", |value| value.is_finite());
    prop_oneof![prop::sample::select(edges.to_vec()), finite]
}

fn long() -> impl Strategy<Value = i64> {
    let edges = [
        0,
        1,
        -1,
        i64::MIN,
        i64::MIN + 1,
        i64::MAX,
        i64::MAX - 1,
        384_307_168_202_282_368,
        8_210_266_876_799_999,
        -8_334_601_228_800_000,
        253_402_300_799_999,
        1 << 53,
    ];
    prop_oneof![prop::sample::select(edges.to_vec()), any::<i64>()]
}

fn document() -> impl Strategy<Value = Json> {
    let lists = (
        prop::collection::vec(double(), 0..3),
        prop::collection::vec(long(), 0..3),
        // What a date can be in microseconds.
        prop::option::of(long().prop_map(|value| value / 1_000)),
    );
    lists.prop_map(|(x, n, d)| json!({"x": x, "n": n, "d": d, "k": ["a", "b"]}))
}

/// A bound: a number, or a date.
fn bound() -> impl Strategy<Value = Json> {
    prop_oneof![
        double().prop_map(Json::from),
        long().prop_map(Json::from),
        prop::sample::select(vec![
            "now",
            "0001-01-01",
            "9999-12-31",
            "now+99999999d",
            "NaN",
            "1e999"
        ])
        .prop_map(Json::from),
        Just(Json::Null),
    ]
}

fn histogram() -> impl Strategy<Value = Json> {
    let field = prop::sample::select(vec!["x", "n", "d", "no_such"]);
    let bounds = || prop::option::of((bound(), bound()));
    (
        field,
        double(),
        prop::option::of(double()),
        0..2_u64,
        bounds(),
        bounds(),
    )
        .prop_map(|(field, interval, offset, least, extended, hard)| {
            let mut body = json!({"field": field, "interval": interval, "min_doc_count": least});
            if let Some(offset) = offset {
                body["offset"] = json!(offset);
            }
            with_bounds(&mut body, extended, hard);
            json!({"histogram": body})
        })
}

fn date_histogram() -> impl Strategy<Value = Json> {
    let field = prop::sample::select(vec!["d", "n", "no_such"]);
    let interval = prop_oneof![
        prop::sample::select(vec![
            "1s", "minute", "hour", "day", "week", "month", "quarter", "year"
        ])
        .prop_map(|name| ("calendar_interval", json!(name))),
        long().prop_map(|millis| ("fixed_interval", json!(format!("{millis}ms")))),
        prop::sample::select(vec!["1ms", "106751991167d", "9999999999999d"])
            .prop_map(|span| ("fixed_interval", json!(span))),
    ];
    let offset = prop::option::of(long());
    let zone = prop::sample::select(vec!["UTC", "+18:00", "-18:00"]);
    let bounds = || prop::option::of((bound(), bound()));
    (field, interval, offset, zone, 0..2_u64, bounds(), bounds()).prop_map(
        |(field, (kind, interval), offset, zone, least, extended, hard)| {
            let mut body = json!({"field": field, kind: interval, "time_zone": zone,
                "min_doc_count": least});
            if let Some(offset) = offset {
                body["offset"] = json!(format!("{offset}ms"));
            }
            with_bounds(&mut body, extended, hard);
            json!({"date_histogram": body})
        },
    )
}

fn with_bounds(body: &mut Json, extended: Option<(Json, Json)>, hard: Option<(Json, Json)>) {
    for (name, bounds) in [("extended_bounds", extended), ("hard_bounds", hard)] {
        if let Some((min, max)) = bounds {
            body[name] = json!({"min": min, "max": max});
        }
    }
}

fn aggregation() -> impl Strategy<Value = Json> {
    let field = || prop::sample::select(vec!["x", "n", "d", "no_such"]);
    let ranges = prop::collection::vec((bound(), bound()), 1..4);
    let one = prop_oneof![
        histogram(),
        date_histogram(),
        (field(), ranges, any::<bool>()).prop_map(|(field, ranges, dates)| {
            let ranges = ranges
                .into_iter()
                .map(|(from, to)| json!({"from": from, "to": to}));
            let kind = if dates { "date_range" } else { "range" };
            json!({kind: {"field": field, "ranges": ranges.collect::<Json>()}})
        }),
        (field(), prop::collection::vec(0.0..100.0, 1..4), double()).prop_map(
            |(field, percents, compression)| json!({"percentiles": {"field": field,
                "percents": percents, "tdigest": {"compression": compression}}})
        ),
        (field(), long()).prop_map(|(field, threshold)| json!({"cardinality": {"field": field,
            "precision_threshold": threshold}})),
        (field(), double()).prop_map(|(field, sigma)| json!({"extended_stats": {"field": field,
            "sigma": sigma}})),
        (field(), long(), bound()).prop_map(|(field, size, missing)| json!({"terms": {
            "field": field, "size": size, "min_doc_count": 0, "missing": missing}})),
    ];
    (one, prop::option::of(histogram())).prop_map(|(mut one, inside)| {
        let is_metric = ["percentiles", "cardinality", "extended_stats"];
        let is_metric = is_metric.iter().any(|kind| one.get(kind).is_some());
        if let (false, Some(inside)) = (is_metric, inside) {
            one["aggs"] = json!({"i": inside});
        }
        one
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn extremes_are_answered_or_refused_soon(
        documents in prop::collection::vec(document(), 1..6),
        aggregation in aggregation(),
        a_segment in 1_usize..4,
    ) {
        // Dates that no mapping takes are left out.
        let documents: Vec<Json> = documents
            .into_iter()
            .map(|mut document| {
                let within = |millis: i64| millis.abs() < 8_000_000_000_000_000;
                if !document["d"].as_i64().is_some_and(within) {
                    document["d"] = Json::Null;
                }
                document
            })
            .collect();
        let sample = Sample::new(&documents, a_segment);
        let started = Instant::now();
        // An answer, or the reason why there is none: never a panic.
        let answer = sample.typed(&json!({"match_all": {}}), &json!({"a": aggregation}));
        let took = started.elapsed();
        prop_assert!(took < MOST_TIME, "{took:?}");
        if let Ok(answer) = answer {
            prop_assert!(answer.to_string().len() < 100 << 20);
        }
    }
}

#[test]
fn ranges_that_overlap_in_each_other_take_bounded_memory() {
    let ranges = |count: i64| -> Json { (0..count).map(|from| json!({"from": -from})).collect() };
    let range = |inside: Json| {
        let mut of = json!({"range": {"field": "n", "ranges": ranges(200)}});
        if !inside.is_null() {
            of["aggs"] = json!({"i": inside});
        }
        of
    };
    // Each document lies in 200 to the power of 3 buckets, and each bucket is of all documents.
    let documents: Vec<Json> = (0..100).map(|n| json!({"n": n})).collect();
    let sample = Sample::new(&documents, 100);
    let aggs = json!({"a": range(range(range(Json::Null)))});
    let answer = sample.typed(&json!({"match_all": {}}), &aggs);
    insta::assert_snapshot!(answer.expect_err("too much"), @"the buckets take more than 8388608 bytes: ask for fewer or larger ones");
}
