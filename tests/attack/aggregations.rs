//! Aggregations with extreme numbers, or too many buckets.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::arena::{Arena, Bounds, USUAL};
use crate::target::Target;

/// Buckets are counted before they are made.
const REFUSED: Bounds = Bounds {
    memory_mb: 300,
    ..USUAL
};

/// Numbers at the ends of what a number can be.
fn extremes(target: &Target<'_>) {
    if target.ask("GET", "/extremes", "").status == 200 {
        return;
    }
    let mapping = json!({"mappings": {"properties": {"long": {"type": "long"},
        "double": {"type": "double"}, "date": {"type": "date"}, "tag": {"type": "keyword"}}}});
    target.done("PUT", "/extremes", mapping.to_string());
    let numbers = [
        (json!(i64::MAX), json!(1e308)),
        (json!(i64::MIN), json!(-1e308)),
        (json!(0), json!(5e-324)),
        (json!(1), json!(1.5)),
    ];
    let dates = ["1700-01-01", "2200-12-31", "2024-05-05", "1970-01-01"];
    for (number, ((long, double), date)) in numbers.iter().zip(dates).enumerate() {
        let document = json!({"long": long, "double": double, "date": date,
            "tag": format!("tag{number}")});
        target.done(
            "PUT",
            &format!("/extremes/_doc/{number}"),
            document.to_string(),
        );
    }
    target.done("POST", "/extremes/_refresh", "");
}

/// Fails unless the aggregation is refused, or answered, soon.
fn is_bounded(target: &Target<'_>, aggregation: &Json) {
    let body = json!({"size": 0, "aggs": {"a": aggregation}}).to_string();
    let answer = target.ask("POST", "/extremes/_search", &body);
    let is_answer = [200, 400, 422, 429].contains(&answer.status);
    assert!(is_answer, "{body}: {}", answer.start());
    assert!(
        answer.body.len() < 20 << 20,
        "{body}: {}",
        answer.body.len()
    );
    answer.is_within(&body, Duration::from_secs(2));
}

pub(crate) fn histograms(target: &Target<'_>) {
    extremes(target);
    let numbers = [
        0.0,
        1.0,
        1e17,
        5e17,
        384_307_168_202_282_368.0,
        9.3e18,
        1e300,
        1.7e308,
    ];
    for field in ["long", "double", "date"] {
        for most in numbers {
            for bounds in ["extended_bounds", "hard_bounds"] {
                let bound = json!({"min": -most, "max": most});
                let histogram = json!({"field": field, "interval": 1, bounds: bound});
                is_bounded(target, &json!({"histogram": histogram}));
                let mut histogram = histogram;
                histogram["min_doc_count"] = 1.into();
                is_bounded(target, &json!({"histogram": histogram}));
            }
        }
        for interval in [1e-300, 5e-324, 1e-10, 1.0, 1e300, 1.7e308] {
            for offset in [0.0, interval / 2.0, 1e-300] {
                let histogram = json!({"field": field, "interval": interval, "offset": offset});
                is_bounded(target, &json!({"histogram": histogram}));
            }
        }
    }
}

#[test]
fn histograms_of_extreme_numbers_are_refused() {
    Arena::start().attack("histograms of extreme numbers", REFUSED, histograms);
}

pub(crate) fn date_histograms(target: &Target<'_>) {
    extremes(target);
    let numbers = [
        0_i64,
        1 << 40,
        500_000_000_000_000_000,
        384_307_168_202_282_368,
        i64::MAX,
    ];
    for interval in [
        "1ms",
        "1s",
        "1d",
        "10000d",
        "9223372036854775807ms",
        "106751991168d",
    ] {
        for most in numbers {
            for bounds in ["extended_bounds", "hard_bounds"] {
                let bound = json!({"min": most.wrapping_neg(), "max": most});
                let histogram = json!({"field": "date", "fixed_interval": interval, bounds: bound});
                is_bounded(target, &json!({"date_histogram": histogram}));
            }
        }
        for offset in ["-9223372036854775807ms", "+1ms", "106751991168d"] {
            let histogram = json!({"field": "date", "fixed_interval": interval, "offset": offset});
            is_bounded(target, &json!({"date_histogram": histogram}));
        }
    }
    for interval in ["minute", "1d", "month", "1y"] {
        let bound = json!({"min": "0001-01-01", "max": "9999-12-31"});
        let histogram = json!({"field": "date", "calendar_interval": interval,
            "extended_bounds": bound});
        is_bounded(target, &json!({"date_histogram": histogram}));
    }
}

#[test]
fn date_histograms_of_extreme_times_are_refused() {
    Arena::start().attack("date histograms of extreme times", REFUSED, date_histograms);
}

pub(crate) fn others(target: &Target<'_>) {
    extremes(target);
    let many = |count: usize| -> Vec<Json> {
        let range = |number: usize| json!({"from": number as f64 * 1e303, "to": 1.7e308});
        (0..count).map(range).collect()
    };
    let percents: Vec<f64> = (0..100_000).map(|number| number as f64 / 1_000.0).collect();
    for field in ["long", "double", "date"] {
        for aggregation in [
            json!({"range": {"field": field, "ranges": many(10)}}),
            json!({"range": {"field": field, "ranges": many(100_000)}}),
            json!({"range": {"field": field, "ranges": [{"from": -1e308, "to": 1e308}]}}),
            json!({"date_range": {"field": field, "ranges": [{"from": i64::MIN, "to": i64::MAX}]}}),
            json!({"terms": {"field": field, "size": u32::MAX}}),
            json!({"terms": {"field": field, "size": u64::MAX}}),
            json!({"terms": {"field": field, "size": 10, "shard_size": u64::MAX}}),
            json!({"percentiles": {"field": field, "percents": percents}}),
            json!({"percentiles": {"field": field, "percents": [-1, 1e308, 0, 100]}}),
            json!({"percentiles": {"field": field, "tdigest": {"compression": 1e308}}}),
            json!({"cardinality": {"field": field, "precision_threshold": u64::MAX}}),
            json!({"extended_stats": {"field": field, "sigma": 1e308}}),
            json!({"stats": {"field": field, "missing": 1e308}}),
            json!({"avg": {"field": field}}),
            json!({"sum": {"field": field}}),
            json!({"median_absolute_deviation": {"field": field, "compression": 1e308}}),
            json!({"weighted_avg": {"value": {"field": field}, "weight": {"field": "double"}}}),
            json!({"auto_date_histogram": {"field": "date", "buckets": u32::MAX}}),
            json!({"variable_width_histogram": {"field": field, "buckets": u32::MAX}}),
            json!({"composite": {"size": u32::MAX, "sources": [{"a": {"terms": {"field": field}}}]}}),
            json!({"filters": {"filters": vec![json!({"match_all": {}}); 20_000]}}),
            json!({"top_hits": {"size": u32::MAX}}),
        ] {
            is_bounded(target, &aggregation);
        }
    }
}

#[test]
fn other_aggregations_of_extreme_numbers_are_bounded() {
    Arena::start().attack("other aggregations of extreme numbers", REFUSED, others);
}

/// Buckets within buckets, and many aggregations in one request.
pub(crate) fn many_buckets(target: &Target<'_>) {
    extremes(target);
    let histogram = |field: &str| {
        json!({"field": field, "interval": 0.001,
        "extended_bounds": {"min": 0, "max": 9}})
    };
    let mut nested = json!({"histogram": histogram("number")});
    for _ in 0..4 {
        nested = json!({"histogram": histogram("number"), "aggs": {"a": nested}});
    }
    let body = json!({"size": 0, "aggs": {"a": nested}}).to_string();
    let answer = target.ask("POST", "/good/_search", &body);
    assert!(
        [400, 422, 429].contains(&answer.status),
        "{}",
        answer.start()
    );
    answer.is_within("nested histograms", Duration::from_secs(3));

    let open = r#"{"a": {"terms": {"field": "number"}, "aggs": "#.repeat(10_000);
    let body = format!(
        r#"{{"size": 0, "aggs": {open}{{}}{}}}"#,
        "}}".repeat(10_000)
    );
    target.refused("POST", "/good/_search", &body, Duration::from_secs(1));

    let thousands = (0..5_000).map(|number| {
        let terms = json!({"terms": {"field": "number", "size": 10_000}});
        (format!("a{number}"), terms)
    });
    let all: serde_json::Map<String, Json> = thousands.collect();
    let body = json!({"size": 0, "aggs": all}).to_string();
    for answer in target.ask_at_once(4, "POST", "/good/_search", &body) {
        let is_answer = [200, 400, 408, 422, 429].contains(&answer.status);
        assert!(is_answer, "{}", answer.start());
        answer.is_within("5,000 aggregations", Duration::from_secs(12));
    }
}

#[test]
fn buckets_within_buckets_are_counted() {
    Arena::start().attack("buckets within buckets", USUAL, many_buckets);
}
