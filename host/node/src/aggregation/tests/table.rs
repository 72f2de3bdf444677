//! Requests, documents and the answers of OpenSearch 2.19 to them.

use serde_json::{Value as Json, json};

use super::Sample;

/// Asks all documents; segments must make no difference.
fn answers(documents: &Json, cases: &[(Json, Json)]) {
    let all = json!({"match_all": {}});
    for (aggs, expected) in cases {
        for a_segment in [1, 2, 100] {
            let documents = documents.as_array().expect("a list");
            let sample = Sample::new(documents, a_segment);
            let answer = sample.ask(&all, &json!({"a": aggs}), false);
            let answer = answer.map(|mut answer| answer["a"].take());
            assert_eq!(
                answer,
                Ok(expected.clone()),
                "{aggs}, {a_segment} a segment"
            );
        }
    }
}

fn terms(buckets: Json, other: u64) -> Json {
    json!({"doc_count_error_upper_bound": 0, "sum_other_doc_count": other, "buckets": buckets})
}

#[test]
fn metrics_of_numbers_booleans_and_dates() {
    let documents = json!([
        {"n": [1, 1], "k": ["a", "a"], "b": true, "d": "2015-01-01"},
        {"n": 2, "k": "b", "b": true, "d": "2015-01-02"},
        {"n": 3, "x": 0.5, "b": [false, true]},
        {},
    ]);
    answers(
        &documents,
        &[
            (json!({"avg": {"field": "n"}}), json!({"value": 1.75})),
            (json!({"sum": {"field": "n"}}), json!({"value": 7.0})),
            (json!({"min": {"field": "n"}}), json!({"value": 1.0})),
            (json!({"max": {"field": "n"}}), json!({"value": 3.0})),
            (
                json!({"max": {"field": "n", "missing": 9.5}}),
                json!({"value": 9.5}),
            ),
            (json!({"value_count": {"field": "n"}}), json!({"value": 4})),
            (json!({"value_count": {"field": "k"}}), json!({"value": 2})),
            (json!({"cardinality": {"field": "k"}}), json!({"value": 2})),
            (
                json!({"cardinality": {"field": "k", "missing": "c"}}),
                json!({"value": 3}),
            ),
            (
                json!({"cardinality": {"field": "n", "precision_threshold": 0}}),
                json!({"value": 3}),
            ),
            (
                json!({"cardinality": {"field": "no_such", "missing": "c"}}),
                json!({"value": 1}),
            ),
            (
                json!({"value_count": {"field": "_id"}}),
                json!({"value": 4}),
            ),
            (
                json!({"avg": {"field": "b"}}),
                json!({"value": 0.75, "value_as_string": "true"}),
            ),
            (
                json!({"min": {"field": "d"}}),
                json!({"value": 1_420_070_400_000.0, "value_as_string": "2015-01-01T00:00:00.000Z"}),
            ),
            (
                json!({"max": {"field": "d", "format": "yyyy"}}),
                json!({"value": 1_420_156_800_000.0, "value_as_string": "2015"}),
            ),
            (
                json!({"stats": {"field": "d"}}),
                json!({
                    "count": 2, "min": 1_420_070_400_000.0, "max": 1_420_156_800_000.0,
                    "avg": 1_420_113_600_000.0, "sum": 2_840_227_200_000.0,
                    "min_as_string": "2015-01-01T00:00:00.000Z",
                    "max_as_string": "2015-01-02T00:00:00.000Z",
                    "avg_as_string": "2015-01-01T12:00:00.000Z",
                    "sum_as_string": "2060-01-02T00:00:00.000Z",
                }),
            ),
            (
                json!({"percentiles": {"field": "d", "percents": [50], "keyed": false}}),
                json!({"values": [{"key": 50.0, "value": 1_420_113_600_000.0,
                    "value_as_string": "2015-01-01T12:00:00.000Z"}]}),
            ),
            (
                json!({"percentiles": {"field": "n", "percents": [25, 100]}}),
                json!({"values": {"25.0": 1.0, "100.0": 3.0}}),
            ),
            (
                json!({"extended_stats": {"field": "x"}}),
                json!({
                    "count": 1, "min": 0.5, "max": 0.5, "avg": 0.5, "sum": 0.5,
                    "sum_of_squares": 0.25,
                    "variance": 0.0, "variance_population": 0.0, "variance_sampling": "NaN",
                    "std_deviation": 0.0, "std_deviation_population": 0.0,
                    "std_deviation_sampling": "NaN",
                    "std_deviation_bounds": {
                        "upper": 0.5, "lower": 0.5, "upper_population": 0.5, "lower_population": 0.5,
                        "upper_sampling": "NaN", "lower_sampling": "NaN"},
                }),
            ),
        ],
    );
}

#[test]
fn the_numbers_of_nothing() {
    let bounds = json!({"upper": null, "lower": null, "upper_population": null,
        "lower_population": null, "upper_sampling": null, "lower_sampling": null});
    for field in ["n", "no_such_field", "f0", "_version"] {
        answers(
            &json!([{"k": "a"}]),
            &[
                (json!({"avg": {"field": field}}), json!({"value": null})),
                (json!({"min": {"field": field}}), json!({"value": null})),
                (json!({"sum": {"field": field}}), json!({"value": 0.0})),
                (
                    json!({"value_count": {"field": field}}),
                    json!({"value": 0}),
                ),
                (
                    json!({"cardinality": {"field": field}}),
                    json!({"value": 0}),
                ),
                (
                    json!({"stats": {"field": field}}),
                    json!({"count": 0, "min": null, "max": null, "avg": null, "sum": 0.0}),
                ),
                (
                    json!({"percentiles": {"field": field, "percents": [50, 99.9]}}),
                    json!({"values": {"50.0": null, "99.9": null}}),
                ),
                (
                    json!({"extended_stats": {"field": field}}),
                    json!({
                        "count": 0, "min": null, "max": null, "avg": null, "sum": 0.0,
                        "sum_of_squares": null,
                        "variance": null, "variance_population": null, "variance_sampling": null,
                        "std_deviation": null, "std_deviation_population": null,
                        "std_deviation_sampling": null, "std_deviation_bounds": bounds,
                    }),
                ),
                (json!({"terms": {"field": field}}), terms(json!([]), 0)),
                (
                    json!({"histogram": {"field": field, "interval": 1}}),
                    json!({"buckets": []}),
                ),
                (
                    json!({"range": {"field": field, "ranges": [{"to": 1}]}}),
                    json!({"buckets": [{"key": "*-1.0", "to": 1.0, "doc_count": 0}]}),
                ),
            ],
        );
    }
}

#[test]
fn terms_count_documents_and_come_in_order() {
    let documents = json!([
        {"k": ["a", "a", "b"], "n": 10, "x": 1.5, "b": true, "d": "2015-01-01T10:00:00Z"},
        {"k": "a", "n": [2, 2], "x": -0.5, "b": false, "d": "2015-01-01T10:00:00Z"},
        {"k": "c", "n": 10, "b": true},
        {"n": 9_007_199_254_740_993_i64},
    ]);
    answers(
        &documents,
        &[
            (
                json!({"terms": {"field": "k"}, "aggs": {"s": {"sum": {"field": "n"}}}}),
                terms(
                    json!([
                        {"key": "a", "doc_count": 2, "s": {"value": 14.0}},
                        {"key": "b", "doc_count": 1, "s": {"value": 10.0}},
                        {"key": "c", "doc_count": 1, "s": {"value": 10.0}},
                    ]),
                    0,
                ),
            ),
            (
                json!({"terms": {"field": "k", "size": 1, "order": {"_key": "desc"}, "show_term_doc_count_error": true}}),
                terms(
                    json!([{"key": "c", "doc_count": 1, "doc_count_error_upper_bound": 0}]),
                    3,
                ),
            ),
            (
                json!({"terms": {"field": "k", "missing": "a"}}),
                terms(
                    json!([
                        {"key": "a", "doc_count": 3},
                        {"key": "b", "doc_count": 1},
                        {"key": "c", "doc_count": 1},
                    ]),
                    0,
                ),
            ),
            (
                json!({"terms": {"field": "k", "include": ["a", "c", "z"], "exclude": ["c"]}}),
                terms(json!([{"key": "a", "doc_count": 2}]), 0),
            ),
            (
                json!({"terms": {"field": "n", "size": 2_147_483_647}}),
                terms(
                    json!([
                        {"key": 10, "doc_count": 2},
                        {"key": 2, "doc_count": 1},
                        {"key": 9_007_199_254_740_993_i64, "doc_count": 1},
                    ]),
                    0,
                ),
            ),
            (
                json!({"terms": {"field": "x"}}),
                terms(
                    json!([{"key": -0.5, "doc_count": 1}, {"key": 1.5, "doc_count": 1}]),
                    0,
                ),
            ),
            (
                json!({"terms": {"field": "b"}}),
                terms(
                    json!([
                        {"key": 1, "key_as_string": "true", "doc_count": 2},
                        {"key": 0, "key_as_string": "false", "doc_count": 1},
                    ]),
                    0,
                ),
            ),
            (
                json!({"terms": {"field": "d"}}),
                terms(
                    json!([{"key": 1_420_106_400_000_i64, "key_as_string": "2015-01-01T10:00:00.000Z", "doc_count": 2}]),
                    0,
                ),
            ),
            (
                json!({"terms": {"field": "no_such", "missing": 3, "value_type": "long"}}),
                terms(json!([{"key": 3, "doc_count": 4}]), 0),
            ),
            (
                json!({"terms": {"expression": "n * 2", "order": {"_key": "asc"}, "size": 1}}),
                terms(json!([{"key": 4, "doc_count": 1}]), 3),
            ),
            (
                json!({"terms": {"expression": "upper(k)", "order": {"_key": "asc"}}}),
                terms(
                    json!([{"key": "A", "doc_count": 2}, {"key": "C", "doc_count": 1}]),
                    0,
                ),
            ),
        ],
    );
}

#[test]
fn terms_are_ordered_by_what_lies_inside() {
    let documents = json!([
        {"k": "d", "n": 1}, {"k": "b", "n": 1}, {"k": "a", "n": 1}, {"k": "c", "n": 2}, {"k": "e"},
    ]);
    let keys = |order: Json, inside: Json| {
        let aggs = json!({"a": {"terms": {"field": "k", "order": order}, "aggs": inside}});
        let sample = Sample::new(documents.as_array().expect("a list"), 2);
        let answer = sample.ask(&json!({"match_all": {}}), &aggs, false);
        let answer = answer.unwrap_or_else(|error| panic!("{error}"));
        let buckets = answer["a"]["buckets"].as_array().expect("buckets");
        let keys = buckets.iter().map(|bucket| bucket["key"].as_str());
        keys.collect::<Option<String>>().expect("texts")
    };
    let max = json!({"m": {"max": {"field": "n"}}});
    let avg = json!({"m": {"avg": {"field": "n"}}});
    let stats = json!({"s.t": {"stats": {"field": "n"}}});
    let filter = json!({"f": {"filter": {"range": {"n": {"gte": 2}}}, "aggs": {"m": {"max": {"field": "n"}}}}});
    let percentiles = json!({"p": {"percentiles": {"field": "n", "percents": [50]}}});
    assert_eq!(keys(json!({"m": "desc"}), max.clone()), "cabde");
    assert_eq!(keys(json!({"m.value": "desc"}), max), "cabde");
    // What has no average comes last.
    assert_eq!(keys(json!({"m": "asc"}), avg.clone()), "abdce");
    assert_eq!(keys(json!({"m": "desc"}), avg.clone()), "cabde");
    assert_eq!(keys(json!([{"m": "desc"}, {"_key": "desc"}]), avg), "cdbae");
    assert_eq!(keys(json!({"s.t.count": "asc"}), stats.clone()), "eabcd");
    assert_eq!(keys(json!({"f>m": "desc"}), filter.clone()), "cabde");
    assert_eq!(keys(json!({"f": "desc"}), filter), "cabde");
    for by in ["p.50", "p[50]", "p[50.0]"] {
        assert_eq!(
            keys(json!({by: "desc"}), percentiles.clone()),
            "cabde",
            "{by}"
        );
    }
    assert_eq!(
        keys(json!([{"_count": "asc"}, {"_term": "DESC"}]), json!({})),
        "edcba"
    );
}

#[test]
fn terms_that_no_hit_has_are_shown_where_they_are_asked_for() {
    let documents = [
        json!({"k": "a", "n": 1}),
        json!({"k": ["b", "c"], "n": 2}),
        json!({"n": 1}),
    ];
    for a_segment in [1, 3] {
        let sample = Sample::new(&documents, a_segment);
        let query = json!({"term": {"n": 1}});
        let inside = json!({"s": {"sum": {"field": "n"}}});
        let aggs = json!({"a": {"terms": {"field": "k", "min_doc_count": 0}, "aggs": inside},
            "n": {"terms": {"field": "n"}, "aggs": {"a": {"terms": {"field": "k", "min_doc_count": 0}}}}});
        let mut answer = sample.ask(&query, &aggs, false).expect("an answer");
        let expected = json!([
            {"key": "a", "doc_count": 1, "s": {"value": 1.0}},
            {"key": "b", "doc_count": 0, "s": {"value": 0.0}},
            {"key": "c", "doc_count": 0, "s": {"value": 0.0}},
        ]);
        assert_eq!(answer["a"]["buckets"], expected);
        let nested = answer["n"]["buckets"][0]["a"]["buckets"].take();
        let counts = nested.as_array().expect("buckets").iter();
        let counts: Vec<_> = counts.map(|bucket| bucket["doc_count"].as_u64()).collect();
        assert_eq!(counts, [Some(1), Some(0), Some(0)]);
    }
}

#[test]
fn histograms_fill_gaps_and_keep_bounds() {
    let documents = json!([
        {"n": [2, 2, 3, 3], "x": -3.5}, {"n": [1, 2], "x": -1}, {"x": -3}, {"x": 2}, {"x": 0, "b": true},
    ]);
    answers(
        &documents,
        &[
            (
                json!({"histogram": {"field": "n", "interval": 1}}),
                json!({"buckets": [
                    {"key": 1.0, "doc_count": 1}, {"key": 2.0, "doc_count": 2}, {"key": 3.0, "doc_count": 1}]}),
            ),
            (
                json!({"histogram": {"field": "x", "interval": 1.5}, "aggs": {"m": {"max": {"field": "n"}}}}),
                json!({"buckets": [
                    {"key": -4.5, "doc_count": 1, "m": {"value": 3.0}},
                    {"key": -3.0, "doc_count": 1, "m": {"value": null}},
                    {"key": -1.5, "doc_count": 1, "m": {"value": 2.0}},
                    {"key": 0.0, "doc_count": 1, "m": {"value": null}},
                    {"key": 1.5, "doc_count": 1, "m": {"value": null}}]}),
            ),
            (
                json!({"histogram": {"field": "x", "interval": 2, "offset": 1, "keyed": true, "min_doc_count": 1}}),
                json!({"buckets": {
                    "-5.0": {"key": -5.0, "doc_count": 1}, "-3.0": {"key": -3.0, "doc_count": 1},
                    "-1.0": {"key": -1.0, "doc_count": 2}, "1.0": {"key": 1.0, "doc_count": 1}}}),
            ),
            (
                json!({"histogram": {"field": "n", "interval": 2, "extended_bounds": {"min": -1, "max": 5},
                    "order": [{"_count": "desc"}]}}),
                json!({"buckets": [
                    {"key": 2.0, "doc_count": 2}, {"key": 0.0, "doc_count": 1},
                    {"key": -2.0, "doc_count": 0}, {"key": 4.0, "doc_count": 0}]}),
            ),
            (
                json!({"histogram": {"field": "n", "interval": 1, "hard_bounds": {"min": 2, "max": 2}}}),
                json!({"buckets": [{"key": 2.0, "doc_count": 2}]}),
            ),
            (
                json!({"histogram": {"field": "n", "interval": 10, "missing": 25}}),
                json!({"buckets": [
                    {"key": 0.0, "doc_count": 2}, {"key": 10.0, "doc_count": 0}, {"key": 20.0, "doc_count": 3}]}),
            ),
            (
                json!({"histogram": {"field": "b", "interval": 1}}),
                json!({"buckets": [{"key": 1.0, "key_as_string": "true", "doc_count": 1}]}),
            ),
            (
                json!({"histogram": {"field": "no_such", "interval": 5, "extended_bounds": {"min": 0, "max": 9}}}),
                json!({"buckets": [{"key": 0.0, "doc_count": 0}, {"key": 5.0, "doc_count": 0}]}),
            ),
        ],
    );
}

#[test]
fn date_histograms_follow_the_calendar_and_the_zone() {
    let documents = json!([
        {"d": "1969-12-31T23:00:00Z", "n": 0}, {"d": ["1970-01-01T01:00:00Z", "1970-01-01T02:00:00Z"], "n": 1},
        {"d": "1970-03-01", "n": 3_600_000},
    ]);
    let month = |millis: i64, shown: &str, count: u64| json!({"key": millis, "key_as_string": shown, "doc_count": count});
    answers(
        &documents,
        &[
            (
                json!({"date_histogram": {"field": "d", "calendar_interval": "month"}}),
                json!({"buckets": [
                    month(-2_678_400_000, "1969-12-01T00:00:00.000Z", 1),
                    month(0, "1970-01-01T00:00:00.000Z", 1),
                    month(2_678_400_000, "1970-02-01T00:00:00.000Z", 0),
                    month(5_097_600_000, "1970-03-01T00:00:00.000Z", 1)]}),
            ),
            (
                json!({"date_histogram": {"field": "d", "calendar_interval": "1y", "time_zone": "+02:00"}}),
                json!({"buckets": [month(-7_200_000, "1970-01-01T00:00:00.000+02:00", 3)]}),
            ),
            (
                json!({"date_histogram": {"field": "d", "fixed_interval": "1d", "offset": "+2h", "format": "yyyy-MM-dd HH",
                    "min_doc_count": 1, "keyed": true}}),
                json!({"buckets": {
                    "1969-12-31 02": {"key_as_string": "1969-12-31 02", "key": -79_200_000, "doc_count": 2},
                    "1970-01-01 02": {"key_as_string": "1970-01-01 02", "key": 7_200_000, "doc_count": 1},
                    "1970-02-28 02": {"key_as_string": "1970-02-28 02", "key": 5_018_400_000_i64, "doc_count": 1}}}),
            ),
            (
                json!({"date_histogram": {"field": "d", "interval": "week", "hard_bounds": {"max": "1970-01-02"},
                    "extended_bounds": {"min": "1969-12-20||/d", "max": 86_400_000}}}),
                json!({"buckets": [
                    month(-1_468_800_000, "1969-12-15T00:00:00.000Z", 0),
                    month(-864_000_000, "1969-12-22T00:00:00.000Z", 0),
                    month(-259_200_000, "1969-12-29T00:00:00.000Z", 2)]}),
            ),
            (
                json!({"date_histogram": {"field": "n", "fixed_interval": "1h"}}),
                json!({"buckets": [{"key": 0, "doc_count": 2}, {"key": 3_600_000, "doc_count": 1}]}),
            ),
        ],
    );
}

#[test]
fn ranges_are_those_that_were_asked_for() {
    let documents = json!([{"n": 5}, {"n": [10, 12]}, {"n": 20}, {"n": 50, "d": "2015-01-05"}, {}]);
    answers(
        &documents,
        &[
            (
                json!({"range": {"field": "n", "ranges": [
                    {"from": 30, "to": 60}, {"from": 10, "to": 20}, {"from": 5.5, "to": 21, "key": "wide"}, {"to": null}]},
                    "aggs": {"c": {"value_count": {"field": "n"}}}}),
                json!({"buckets": [
                    {"key": "*-*", "doc_count": 4, "c": {"value": 5}},
                    {"key": "wide", "from": 5.5, "to": 21.0, "doc_count": 2, "c": {"value": 3}},
                    {"key": "10.0-20.0", "from": 10.0, "to": 20.0, "doc_count": 1, "c": {"value": 2}},
                    {"key": "30.0-60.0", "from": 30.0, "to": 60.0, "doc_count": 1, "c": {"value": 1}}]}),
            ),
            (
                json!({"range": {"field": "n", "missing": 1e7, "keyed": true, "ranges": [{"from": 10_000_000}]}}),
                json!({"buckets": {"1.0E7-*": {"from": 1e7, "doc_count": 1}}}),
            ),
            (
                json!({"date_range": {"field": "d", "time_zone": "+01:00", "ranges": [{"from": "2015-01-05"}]}}),
                json!({"buckets": [{
                    "key": "2015-01-05T00:00:00.000+01:00-*", "from": 1_420_412_400_000.0,
                    "from_as_string": "2015-01-05T00:00:00.000+01:00", "doc_count": 1}]}),
            ),
            (
                json!({"date_range": {"field": "d", "format": "yyyy-MM-dd", "ranges": [{"from": "2015-01-01||+4d", "to": "2016"}]}}),
                json!({"buckets": [{
                    "key": "2015-01-05-2016-01-01",
                    "from": 1_420_416_000_000.0, "from_as_string": "2015-01-05",
                    "to": 1_451_606_400_000.0, "to_as_string": "2016-01-01", "doc_count": 1}]}),
            ),
        ],
    );
}

#[test]
fn dates_have_the_format_of_their_field() {
    let documents = json!([{"s": 1_000, "d": "2015-01-01"}, {"s": 3_000}]);
    answers(
        &documents,
        &[
            (
                json!({"terms": {"field": "s", "include": ["1000"]}}),
                terms(
                    json!([{"key": 1_000_000, "key_as_string": "1000", "doc_count": 1}]),
                    0,
                ),
            ),
            (
                json!({"date_range": {"field": "s", "ranges": [{"from": 1_000, "to": 3_000}]}}),
                json!({"buckets": [{"key": "1000-3000", "doc_count": 1,
                    "from": 1_000_000.0, "from_as_string": "1000",
                    "to": 3_000_000.0, "to_as_string": "3000"}]}),
            ),
            (
                json!({"max": {"field": "s", "missing": "5000", "format": "mm"}}),
                json!({"value": 3_000_000.0, "value_as_string": "50"}),
            ),
            (
                json!({"max": {"expression": "d"}}),
                json!({"value": 1_420_070_400_000.0, "value_as_string": "2015-01-01T00:00:00.000Z"}),
            ),
        ],
    );
}

#[test]
fn filters_missing_and_global() {
    let documents = [
        json!({"k": "a", "n": 1}),
        json!({"k": "b", "n": 2}),
        json!({"k": ["a", "c"], "n": 3}),
        json!({"n": 4}),
    ];
    for a_segment in [1, 4] {
        let sample = Sample::new(&documents, a_segment);
        let ask = |aggs: Json| {
            let query = json!({"range": {"n": {"gte": 2}}});
            let answer = sample.ask(&query, &json!({"a": aggs}), false);
            answer.map(|mut answer| answer["a"].take())
        };
        let a = json!({"term": {"k": "a"}});
        let sum = json!({"s": {"sum": {"field": "n"}}});
        assert_eq!(
            ask(json!({"filter": a, "aggs": sum})),
            Ok(json!({"doc_count": 1, "s": {"value": 3.0}}))
        );
        assert_eq!(
            ask(json!({"filter": {"term": {"k": "z"}}, "aggs": sum})),
            Ok(json!({"doc_count": 0, "s": {"value": 0.0}}))
        );
        assert_eq!(
            ask(json!({"missing": {"field": "k"}, "aggs": sum})),
            Ok(json!({"doc_count": 1, "s": {"value": 4.0}}))
        );
        assert_eq!(
            ask(json!({"global": {}, "aggs": sum})),
            Ok(json!({"doc_count": 4, "s": {"value": 10.0}}))
        );
        assert_eq!(
            ask(
                json!({"filters": {"filters": {"z": {"match_none": {}}, "a": a}, "other_bucket_key": "rest"}})
            ),
            Ok(json!({"buckets": {
                "a": {"doc_count": 1}, "z": {"doc_count": 0}, "rest": {"doc_count": 2}}}))
        );
        assert_eq!(
            ask(json!({"filters": {"filters": [a, {"expression": "n > 3"}]},
                "aggs": {"k": {"terms": {"field": "k"}}}})),
            Ok(json!({"buckets": [
                {"doc_count": 1, "k": terms(json!([{"key": "a", "doc_count": 1}, {"key": "c", "doc_count": 1}]), 0)},
                {"doc_count": 1, "k": terms(json!([]), 0)}]}))
        );
    }
}

#[test]
fn names_have_their_types_and_meta_comes_back() {
    let documents = [json!({"k": "a", "n": 1, "x": 1.0, "d": 0})];
    let avg = json!({"m": {"avg": {"field": "n"}}});
    let aggs = json!({
        "g": {"terms": {"field": "k"}, "aggs": avg, "meta": {"color": "blue"}},
        "l": {"terms": {"field": "n"}}, "d": {"terms": {"field": "x"}}, "u": {"terms": {"field": "no_such"}},
        "h": {"histogram": {"field": "n", "interval": 1}, "aggs": avg},
        "dh": {"date_histogram": {"field": "d", "fixed_interval": "1d"}},
        "r": {"range": {"field": "n", "ranges": [{"to": 5}]}},
        "dr": {"date_range": {"field": "d", "ranges": [{"to": 5}]}},
        "p": {"percentiles": {"field": "n"}}, "c": {"cardinality": {"field": "k"}},
        "v": {"value_count": {"field": "k"}}, "st": {"stats": {"field": "n"}},
        "e": {"extended_stats": {"field": "n"}}, "f": {"filter": {"match_all": {}}, "aggs": avg},
        "fs": {"filters": {"filters": [{"match_all": {}}]}},
        "mi": {"missing": {"field": "k"}}, "gl": {"global": {}},
    });
    let answer = Sample::new(&documents, 1).typed(&json!({"match_all": {}}), &aggs);
    let answer = answer.expect("an answer");
    let names: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    let expected = [
        "sterms#g",
        "lterms#l",
        "dterms#d",
        "umterms#u",
        "histogram#h",
        "date_histogram#dh",
        "range#r",
        "date_range#dr",
        "tdigest_percentiles#p",
        "cardinality#c",
        "value_count#v",
        "stats#st",
        "extended_stats#e",
        "filter#f",
        "filters#fs",
        "missing#mi",
        "global#gl",
    ];
    assert_eq!(names, expected);
    assert_eq!(answer["sterms#g"]["meta"], json!({"color": "blue"}));
    for bucket in [
        &answer["sterms#g"]["buckets"][0],
        &answer["histogram#h"]["buckets"][0],
        &answer["filter#f"],
    ] {
        assert_eq!(bucket["avg#m"], json!({"value": 1.0}));
    }
}
