//! Aggregations over all hits: of fields, of expressions and of UDFs.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::index::{in_segments, run, snapshot, try_run};

fn documents() -> impl Strategy<Value = Vec<Json>> {
    let document = (
        proptest::option::of(any::<bool>()),
        proptest::option::of(-4_i64..8),
        proptest::option::of((-8_i32..8).prop_map(|quarters| f64::from(quarters) / 4.0)),
        proptest::option::of("[abc]"),
    );
    let document = document.prop_map(|(flag, count, price, tag)| {
        json!({"flag": flag, "count": count, "price": price, "tag": tag})
    });
    proptest::collection::vec(document, 0..50).prop_map(|mut documents| {
        // An expression may name fields that there are.
        documents.push(json!({"flag": true, "count": 1, "price": 0.5, "tag": "a"}));
        documents
    })
}

fn udf(function: &str, field: &str) -> Json {
    json!({"wasm_udf": {"function": function, "params": {"field": field}}})
}

/// How many documents have each value, and the sum of the prices of those.
fn counted(documents: &[&Json], field: &str) -> BTreeMap<String, (u64, f64)> {
    let mut counts: BTreeMap<String, (u64, f64)> = BTreeMap::new();
    for document in documents {
        let key = match &document[field] {
            Json::Null => continue,
            Json::String(text) => text.clone(),
            Json::Bool(flag) => i32::from(*flag).to_string(),
            number => number.to_string(),
        };
        let (count, sum) = counts.entry(key).or_default();
        *count += 1;
        *sum += document["price"].as_f64().unwrap_or(0.0);
    }
    counts
}

/// The same of an answer's buckets.
fn buckets(answer: &Json) -> BTreeMap<String, (u64, f64)> {
    let buckets = answer["buckets"].as_array().expect("a list").iter();
    buckets
        .filter(|bucket| bucket["doc_count"] != 0)
        .map(|bucket| {
            let key = match &bucket["key"] {
                Json::String(text) => text.clone(),
                number => number.as_f64().expect("a number").to_string(),
            };
            let count = bucket["doc_count"].as_u64().expect("a number");
            (
                key,
                (count, bucket["prices"]["value"].as_f64().unwrap_or(0.0)),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn counts_and_sums_are_those_of_a_naive_evaluator(
        documents in documents(),
        least in -4_i64..4,
        segment in 1_usize..30,
    ) {
        let chosen: Vec<&Json> = documents
            .iter()
            .filter(|document| document["count"].as_i64().is_some_and(|count| count >= least))
            .collect();
        let prices = json!({"sum": {"field": "price"}});
        let bucketed = |kind: &str, source: Json, more: Json| {
            let mut of = source;
            for (key, value) in more.as_object().expect("an object") {
                of[key] = value.clone();
            }
            json!({kind: of, "aggs": {"prices": prices}})
        };
        let one = json!({"interval": 1, "min_doc_count": 1});
        let hundred = json!({"size": 100});
        let aggregations = json!({
            "tags": bucketed("terms", json!({"field": "tag.keyword"}), hundred.clone()),
            "tags of a udf": bucketed("terms", udf("read_text", "tag"), hundred.clone()),
            "tags of an expression": bucketed("terms", json!({"expression": "tag"}), hundred.clone()),
            "flags": bucketed("terms", json!({"field": "flag"}), hundred.clone()),
            "flags of a udf": bucketed("terms", udf("read_boolean", "flag"), hundred.clone()),
            "counts": bucketed("terms", json!({"field": "count"}), hundred.clone()),
            "counts of a udf": bucketed("terms", udf("read_int64", "count"), hundred),
            "steps": bucketed("histogram", json!({"field": "count"}), one.clone()),
            "steps of an expression": bucketed("histogram", json!({"expression": "count + 0"}), one),
            "stats": {"stats": {"field": "price"}},
            "stats of a udf": {"stats": udf("read_float64", "price")},
            "stats of an expression": {"stats": {"expression": "price * 1"}},
            "longs of a udf": {"sum": udf("read_int64", "count")},
        });
        let request = json!({"query": {"range": {"count": {"gte": least}}}, "size": 3,
            "aggs": aggregations});
        for snapshot in [snapshot(&documents), in_segments(&documents, segment)] {
            let response = run(&snapshot, &request);
            prop_assert_eq!(response.hits.total, Some(chosen.len()));
            let answer = response.aggregations.expect("it was asked for").to_json(false);
            for (names, field) in [
                (&["tags", "tags of a udf", "tags of an expression"][..], "tag"),
                (&["flags", "flags of a udf"], "flag"),
                (&["counts", "counts of a udf", "steps", "steps of an expression"], "count"),
            ] {
                for name in names {
                    prop_assert_eq!(buckets(&answer[*name]), counted(&chosen, field), "{}", name);
                }
            }
            let values: Vec<f64> = chosen.iter().filter_map(|of| of["price"].as_f64()).collect();
            for name in ["stats", "stats of a udf", "stats of an expression"] {
                let stats = &answer[name];
                prop_assert_eq!(stats["count"].as_u64(), Some(values.len() as u64), "{}", name);
                prop_assert_eq!(stats["sum"].as_f64(), Some(values.iter().sum()), "{}", name);
                let least = values.iter().copied().reduce(f64::min);
                prop_assert_eq!(stats["min"].as_f64(), least, "{}", name);
            }
            let counts = chosen.iter().filter_map(|of| of["count"].as_i64());
            let sum = answer["longs of a udf"]["value"].as_f64();
            prop_assert_eq!(sum, Some(counts.sum::<i64>() as f64));
        }
    }
}

#[test]
fn dates_are_counted_by_days() {
    let day = |day: u32| json!({"made": format!("2020-01-0{day}T12:00:00Z")});
    let snapshot = snapshot(&[day(1), day(1), day(3)]);
    for source in [json!({"field": "made"}), udf("read_timestamp", "made")] {
        let mut of = source;
        of["fixed_interval"] = json!("1d");
        of["min_doc_count"] = json!(1);
        let answer = run(
            &snapshot,
            &json!({"size": 0, "aggs": {"days": {"date_histogram": of}}}),
        );
        let answer = answer
            .aggregations
            .expect("it was asked for")
            .to_json(false);
        let keys = answer["days"]["buckets"].as_array().expect("a list").iter();
        let keys: Vec<(Json, Json)> = keys
            .map(|bucket| (bucket["key"].clone(), bucket["key_as_string"].clone()))
            .collect();
        let expected = [
            (
                json!(1_577_836_800_000_i64),
                json!("2020-01-01T00:00:00.000Z"),
            ),
            (
                json!(1_578_009_600_000_i64),
                json!("2020-01-03T00:00:00.000Z"),
            ),
        ];
        assert_eq!(keys, expected);
    }
}

#[test]
fn what_cannot_be_aggregated_is_told() {
    let snapshot = snapshot(&[json!({"price": 1.5, "title": "x"})]);
    let error = |aggregations: Json| {
        try_run(&snapshot, &json!({"aggs": aggregations})).expect_err("it fails")
    };
    let of = |kind: &str, options: Json| json!({"a": {kind: options}});
    insta::assert_snapshot!(error(json!([])), @"`aggs` must be an object, but is a list");
    insta::assert_snapshot!(error(json!({"a": {}})), @"`aggs.a` must have exactly one key, the aggregation's kind, but has none");
    insta::assert_snapshot!(error(of("median", json!({}))), @"unknown key `aggs.a.median`; expected one of `aggs`, `avg`, `cardinality`, `date_histogram`, `date_range`, `extended_stats`, `filter`, `filters`, `global`, `histogram`, `max`, `meta`, `min`, `missing`, `percentiles`, `range`, `stats`, `sum`, `terms`, `value_count`");
    insta::assert_snapshot!(error(of("avg", json!({}))), @"`aggs.a.avg` must have exactly one of `field`, `expression`, `wasm_udf`");
    insta::assert_snapshot!(error(of("avg", json!({"field": "price", "expression": "price"}))), @"`aggs.a.avg` must have exactly one of `field`, `expression`, `wasm_udf`");
    insta::assert_snapshot!(error(of("avg", json!({"field": 3}))), @"`aggs.a.avg.field` must be a string, but is 3");
    insta::assert_snapshot!(error(of("avg", json!({"field": "price", "script": "x"}))), @"unknown key `aggs.a.avg.script`; expected one of `field`, `expression`, `wasm_udf`, `missing`, `format`");
    insta::assert_snapshot!(error(of("avg", json!({"expression": "prize"}))), @"in `aggs.a.avg.expression`: expression, column 1: unknown column `prize`: did you mean `price`?");
    insta::assert_snapshot!(error(of("avg", json!({"expression": "upper(title)"}))), @"`aggs.a.avg` takes numbers, booleans and dates, but its values are of type keyword");
    insta::assert_snapshot!(error(of("avg", udf("read_text", "title"))), @"`aggs.a.avg` takes numbers, booleans and dates, but its values are of type keyword");
    insta::assert_snapshot!(error(of("avg", json!({"field": "title"}))), @"`aggs.a.avg`: text fields have no values to aggregate, and `title` is one: use a keyword field, such as `title.keyword`");
    insta::assert_snapshot!(error(of("terms", udf("read_json", "price"))), @"function `read_json` returns json: an aggregation's source must be boolean, int64, float64, text or timestamp");
    insta::assert_snapshot!(error(of("terms", udf("read_jsom", "price")))[..34], @"unknown function `read_jsom`; the");
    insta::assert_snapshot!(error(of("histogram", json!({"field": "price"}))), @"`aggs.a.histogram.interval` is missing");
    insta::assert_snapshot!(error(of("histogram", json!({"field": "price", "interval": 0}))), @"`aggs.a.histogram.interval` must be a number above 0, but is 0");
    insta::assert_snapshot!(error(of("histogram", json!({"field": "price", "interval": 1e-9, "extended_bounds": {"min": 0, "max": 1}}))), @"trying to create too many buckets: an answer has up to 65536; ask for fewer or larger ones");
    insta::assert_snapshot!(error(of("date_histogram", json!({"field": "price", "fixed_interval": "1 day"}))), @r#"`aggs.a.date_histogram.fixed_interval` must be a fixed interval, such as `90m` or `30d`, but is "1 day""#);
    insta::assert_snapshot!(error(json!({"a": {"avg": {"field": "price"}, "aggs": {"b": {"avg": {"field": "price"}}}}})), @"`aggs.a.aggs` is not allowed: `avg` makes no buckets; move it up beside `avg`");
    let mut deep = json!({"a": {"terms": {"field": "price"}}});
    for _ in 0..9 {
        deep = json!({"a": {"terms": {"field": "price"}, "aggs": deep}});
    }
    insta::assert_snapshot!(error(deep), @"`aggs.a.aggs.a.aggs.a.aggs.a.aggs.a.aggs.a.aggs.a.aggs.a.aggs` is nested too deeply; the limit is 8 levels");
    let throws = error(of(
        "avg",
        json!({"wasm_udf": {"function": "wrong_getter", "params": {"field": "title"}}}),
    ));
    insta::assert_snapshot!(throws, @"function `wrong_getter` was stopped at document `0`: the guest broke the contract: it read the field `title` as int64, but resolved it as text");
    let with_min_score = json!({"aggs": {}, "min_score": 1});
    insta::assert_snapshot!(try_run(&snapshot, &with_min_score).expect_err("it fails"), @"`aggs` and `min_score` do not go together: leave one out");
}
