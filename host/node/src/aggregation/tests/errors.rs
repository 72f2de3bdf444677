//! Requests that are refused, and what they would do to a node that took them.

use serde_json::{Value as Json, json};

use super::Sample;

fn error(aggs: Json) -> String {
    let documents = [
        json!({"k": "a", "n": 1, "x": 1e308, "t": "a b"}),
        json!({"k": "b", "n": i64::MIN, "x": -1e308, "d": "9999-12-31"}),
        json!({"k": "c", "n": i64::MAX, "x": 1e-300, "d": "0001-01-01"}),
    ];
    let sample = Sample::new(&documents, 2);
    let answer = sample.ask(&json!({"match_all": {}}), &json!({"a": aggs}), false);
    answer.map_or_else(|error| error, |answer| answer.to_string())
}

#[test]
fn names_the_path_of_what_is_wrong() {
    insta::assert_snapshot!(error(json!({"range": {"field": "n", "ranges": []}})), @"`aggs.a.range.ranges`: it is empty: give at least one range");
    insta::assert_snapshot!(error(json!({"histogram": {"field": "n", "interval": 0}})), @"`aggs.a.histogram.interval` must be a number of at least 1e-100, but is 0");
    insta::assert_snapshot!(error(json!({"histogram": {"field": "n", "interval": 1e-300}})), @"`aggs.a.histogram.interval` must be a number of at least 1e-100, but is 1e-300");
    insta::assert_snapshot!(error(json!({"histogram": {"field": "n", "interval": "NaN"}})), @r#"`aggs.a.histogram.interval` must be a number of at least 1e-100, but is "NaN""#);
    insta::assert_snapshot!(error(json!({"histogram": {"field": "n"}})), @"`aggs.a.histogram.interval` is missing");
    insta::assert_snapshot!(error(json!({"date_histogram": {"field": "d", "fixed_interval": "1M"}})), @r#"`aggs.a.date_histogram.fixed_interval` must be a fixed interval, such as `90m` or `30d`, but is "1M""#);
    insta::assert_snapshot!(error(json!({"date_histogram": {"field": "d", "calendar_interval": "2d"}})), @r#"`aggs.a.date_histogram.calendar_interval` must be an interval of the calendar, such as `day` or `1M`, but is "2d""#);
    insta::assert_snapshot!(error(json!({"date_histogram": {"field": "d"}})), @"`aggs.a.date_histogram.calendar_interval` must have exactly one of `calendar_interval`, `fixed_interval`, `interval`");
    insta::assert_snapshot!(error(json!({"date_histogram": {"field": "d", "fixed_interval": "1d", "time_zone": "Europe/Berlin"}})), @r#"`aggs.a.date_histogram.time_zone` must be `UTC` or a fixed offset such as `+01:00`, but is "Europe/Berlin""#);
    insta::assert_snapshot!(error(json!({"histogram": {"field": "n", "interval": 1, "extended_bounds": {"min": 5, "max": 1}}})), @"`aggs.a.histogram.extended_bounds` must be a `min` that is not above its `max`, but is the other way round");
    insta::assert_snapshot!(error(json!({"histogram": {"field": "n", "interval": 1, "extended_bounds": {"min": 0}, "hard_bounds": {"min": 1}}})), @"`aggs.a.histogram.extended_bounds` must be within `hard_bounds`, but is outside of them");
    insta::assert_snapshot!(error(json!({"terms": {"field": "k", "size": 0}})), @"`aggs.a.terms.size` must be a whole number from 1 to 2147483647, but is 0");
    insta::assert_snapshot!(error(json!({"terms": {"field": "k", "size": 1e30}})), @"`aggs.a.terms.size` must be a whole number from 1 to 2147483647, but is 1e+30");
    insta::assert_snapshot!(error(json!({"terms": {"field": "k", "include": vec![1; 65_537]}})), @"`aggs.a.terms.include` must be a list of up to 65,536 values, but is a list of 65537");
    insta::assert_snapshot!(error(json!({"filters": {"filters": []}})), @"`aggs.a.filters.filters`: [filters] cannot be empty: give queries, with or without names");
    insta::assert_snapshot!(error(json!({"filters": {"filters": vec![json!({"match_all": {}}); 3_000]}})), @"`aggs.a.filters.filters`: too many queries; the limit is 100");
    insta::assert_snapshot!(error(json!({"terms": {"field": "k", "include": "a.*"}})), @r#"`aggs.a.terms.include` must be a list of up to 65,536 values, but is "a.*""#);
    insta::assert_snapshot!(error(json!({"terms": {"field": "k", "order": {"m": "asc"}}})), @"`aggs.a.terms.order`: invalid aggregation order path `m`: there is no such aggregation inside");
    insta::assert_snapshot!(error(json!({"terms": {"field": "k", "order": {"m": "asc"}}, "aggs": {"m": {"stats": {"field": "n"}}}})), @"`aggs.a.terms.order`: invalid aggregation order path `m`: name one number of the aggregation, as in `stats.avg`");
    insta::assert_snapshot!(error(json!({"terms": {"field": "n", "missing": "soon"}})), @r#"`aggs.a.terms.missing` must be a whole number, but is "soon""#);
    insta::assert_snapshot!(error(json!({"terms": {"field": "t"}})), @"`aggs.a.terms`: text fields have no values to aggregate, and `t` is one: use a keyword field, such as `t.keyword`");
    insta::assert_snapshot!(error(json!({"terms": {"field": "_index"}})), @"`aggs.a.terms`: aggregations need doc values, and the field `_index` has none");
    insta::assert_snapshot!(error(json!({"max": {"field": "h"}})), @"`aggs.a.max`: aggregations need doc values, and the field `h` has none");
    insta::assert_snapshot!(error(json!({"max": {"field": "d", "format": "QQ"}})), @"`aggs.a.max.format`: `QQ` is not a known date format: the pattern letter `QQ` is not supported");
    insta::assert_snapshot!(error(json!({"avg": {"field": "k"}})), @"`aggs.a.avg` takes numbers, booleans and dates, but its values are of type keyword");
    insta::assert_snapshot!(error(json!({"avg": {"field": "n", "format": "0.00"}})), @r#"`aggs.a.avg.format` must be left out, since only dates have formats here, but is "0.00""#);
    insta::assert_snapshot!(error(json!({"avg": {"field": "n", "script": "1"}})), @"unknown key `aggs.a.avg.script`; expected one of `field`, `expression`, `wasm_udf`, `missing`, `format`");
    insta::assert_snapshot!(error(json!({"percentiles": {"field": "n", "percents": [101]}})), @"`aggs.a.percentiles.percents[0]` must be a number from 0 to 100, but is 101");
    insta::assert_snapshot!(error(json!({"percentiles": {"field": "n", "hdr": {}}})), @"unknown key `aggs.a.percentiles.hdr`; expected one of `field`, `expression`, `wasm_udf`, `missing`, `format`, `percents`, `keyed`, `tdigest`");
    insta::assert_snapshot!(error(json!({"percentile_ranks": {"field": "n"}})), @"`aggs.a.percentile_ranks`: there is no such aggregation here: use `range`, whose counts give the ranks");
    insta::assert_snapshot!(error(json!({"derivative": {"buckets_path": "n"}})), @"`aggs.a.derivative`: there are no pipeline aggregations: compute it from the buckets of the answer");
    insta::assert_snapshot!(error(json!({"no_such": {}})), @"unknown key `aggs.a.no_such`; expected one of `aggs`, `avg`, `cardinality`, `date_histogram`, `date_range`, `extended_stats`, `filter`, `filters`, `global`, `histogram`, `max`, `meta`, `min`, `missing`, `percentiles`, `range`, `stats`, `sum`, `terms`, `value_count`");
    insta::assert_snapshot!(error(json!({"terms": {"field": "k"}, "aggs": {"x>y": {"avg": {"field": "n"}}}})), @"`aggs.a.aggs.x>y`: an aggregation's name is not empty and has none of `[`, `]` and `>`");
    insta::assert_snapshot!(error(json!({"terms": {"field": "k"}, "aggs": {"g": {"global": {}}}})), @"`aggs.a.aggs.g.global`: `global` cannot lie inside another aggregation: put it at the top");
    insta::assert_snapshot!(error(json!({"avg": {"field": "n"}, "aggs": {"m": {"avg": {"field": "n"}}}})), @"`aggs.a.aggs` is not allowed: `avg` makes no buckets; move it up beside `avg`");
    insta::assert_snapshot!(error(json!({"terms": {}})), @"`aggs.a.terms` must have exactly one of `field`, `expression`, `wasm_udf`");
    let deep = (0..8).fold(
        json!({"avg": {"field": "n"}}),
        |inside, _| json!({"terms": {"field": "k"}, "aggs": {"i": inside}}),
    );
    insta::assert_snapshot!(error(deep), @"`aggs.a.aggs.i.aggs.i.aggs.i.aggs.i.aggs.i.aggs.i.aggs.i.aggs` is nested too deeply; the limit is 8 levels");
}

#[test]
fn too_many_buckets_are_an_error_before_they_are_made() {
    const TOO_MANY: &str = "Trying to create too many buckets. Must be less than or equal to: [65535]; ask for fewer or larger ones";
    for aggs in [
        json!({"histogram": {"field": "n", "interval": 1}}),
        json!({"histogram": {"field": "x", "interval": 1e-99}}),
        json!({"histogram": {"field": "k2", "interval": 1, "extended_bounds": {"min": -1e18, "max": 1e18}}}),
        json!({"histogram": {"field": "n", "interval": 1, "extended_bounds": {"min": 0, "max": 384_307_168_202_282_368_i64}}}),
        json!({"histogram": {"field": "n", "interval": 1, "hard_bounds": {"min": -5e17, "max": 5e17}, "extended_bounds": {"min": -5e17, "max": 5e17}}}),
        json!({"date_histogram": {"field": "d", "fixed_interval": "1ms"}}),
        json!({"date_histogram": {"field": "no_such", "calendar_interval": "1s", "extended_bounds": {"min": "0001-01-01", "max": "9999-12-31"}}}),
        json!({"date_histogram": {"field": "n", "calendar_interval": "month"}}),
        json!({"terms": {"field": "k"}, "aggs": {"h": {"histogram": {"field": "no_such", "interval": 1,
            "extended_bounds": {"min": 0, "max": 30_000}}}}}),
    ] {
        assert_eq!(error(aggs.clone()), TOO_MANY, "{aggs}");
    }
}

#[test]
fn extreme_values_and_options_end_nothing() {
    let offset = json!({"histogram": {"field": "x", "interval": 1e308, "offset": 1e308, "min_doc_count": 1}});
    for aggs in [
        offset,
        json!({"histogram": {"field": "x", "interval": 1e-99, "min_doc_count": 1}}),
        json!({"histogram": {"field": "n", "interval": 1e18, "hard_bounds": {"min": -1e308, "max": 1e308}}}),
        json!({"date_histogram": {"field": "n", "fixed_interval": "1d", "offset": "-9000000000d", "min_doc_count": 1}}),
        json!({"date_histogram": {"field": "n", "calendar_interval": "year", "offset": i64::MAX, "time_zone": "-18:00", "min_doc_count": 1}}),
        json!({"date_histogram": {"field": "d", "calendar_interval": "year"}}),
        json!({"extended_stats": {"field": "x", "sigma": 1e308}}),
        json!({"percentiles": {"field": "x", "percents": [0, 50, 100]}}),
        json!({"date_range": {"field": "n", "ranges": [{"from": -9e15, "to": 9e15}]}}),
        json!({"terms": {"field": "n", "size": 2_147_483_647, "shard_size": 2_147_483_647}}),
        json!({"stats": {"field": "d"}}),
    ] {
        let answer = error(aggs.clone());
        assert!(answer.starts_with(r#"{"a":{"#), "{aggs}: {answer}");
    }
}

#[test]
fn what_buckets_take_in_memory_is_bounded() {
    // Each term of a level has all terms of the next below it: 60 to the power of 4.
    let terms: Vec<String> = (0..60).map(|number| format!("t{number}")).collect();
    let sample = Sample::new(&[json!({"k": terms})], 1);
    let aggs = (0..5).fold(
        json!({}),
        |inside, _| json!({"a": {"terms": {"field": "k"}, "aggs": inside}}),
    );
    let answer = sample.ask(&json!({"match_all": {}}), &aggs, false);
    insta::assert_snapshot!(answer.expect_err("too much"), @"the buckets take more than 8388608 bytes: ask for fewer or larger ones");
}
