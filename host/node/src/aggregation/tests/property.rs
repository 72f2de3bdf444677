//! Random aggregations in each other, beside a naive evaluator that reads the documents' JSON.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::Sample;

const HOUR: i64 = 3_600_000;

/// The values of a field, as numbers; of keywords, as their places among `KEYWORDS`.
fn numbers(document: &Json, field: &str) -> Vec<f64> {
    let list = match &document[field] {
        Json::Null => return Vec::new(),
        Json::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    let number = |value: &Json| match value {
        Json::Bool(value) => f64::from(u8::from(*value)),
        Json::String(text) => {
            let place = KEYWORDS.iter().position(|keyword| keyword == text);
            place.expect("a keyword") as f64
        }
        other => other.as_f64().expect("a number"),
    };
    list.iter().map(number).collect()
}

const KEYWORDS: [&str; 5] = ["a", "b", "c", "d", "e"];

fn documents() -> impl Strategy<Value = Vec<Json>> {
    let list = |value: BoxedStrategy<Json>| prop::collection::vec(value, 0..4);
    let document = (
        list(
            prop::sample::select(&KEYWORDS[..])
                .prop_map(Json::from)
                .boxed(),
        ),
        list((-4_i64..5).prop_map(Json::from).boxed()),
        // Quarters, whose sums are exact.
        list(
            (-9_i64..10)
                .prop_map(|quarters| json!(quarters as f64 / 4.0))
                .boxed(),
        ),
        list(any::<bool>().prop_map(Json::from).boxed()),
        list((-50_i64..50).prop_map(|hours| json!(hours * HOUR)).boxed()),
    );
    let document =
        document.prop_map(|(k, n, x, b, d)| json!({"k": k, "n": n, "x": x, "b": b, "d": d}));
    prop::collection::vec(document, 0..20)
}

fn aggregation() -> impl Strategy<Value = Json> {
    let field = || prop::sample::select(vec!["n", "x", "b", "d"]);
    let metric = prop_oneof![
        field().prop_map(|field| json!({"stats": {"field": field}})),
        field().prop_map(|field| json!({"value_count": {"field": field}})),
        Just(json!({"value_count": {"field": "k"}})),
        field().prop_map(|field| json!({"cardinality": {"field": field}})),
        Just(json!({"cardinality": {"field": "k"}})),
    ];
    metric.prop_recursive(3, 8, 2, move |inside| {
        let bucket = prop_oneof![
            prop::sample::select(vec!["k", "n", "x", "b", "d"])
                .prop_map(|field| json!({"terms": {"field": field, "size": 100}})),
            (field(), prop::sample::select(vec![0.5, 1.0, 3.0]), 0..2_u64).prop_map(
                |(field, interval, least)| {
                    let interval = if field == "d" { interval * HOUR as f64 * 8.0 } else { interval };
                    json!({"histogram": {"field": field, "interval": interval, "min_doc_count": least}})
                }
            ),
            (prop::sample::select(vec!["n", "x", "b"]), -3_i64..3, -3_i64..3).prop_map(
                |(field, from, to)| json!({"range": {"field": field, "ranges": [
                    {"key": "1", "from": from}, {"key": "2", "from": from + 10, "to": to}, {"key": "3", "from": from + 20}]}})
            ),
            prop::sample::select(vec!["k", "n", "x", "b", "d"])
                .prop_map(|field| json!({"missing": {"field": field}})),
        ];
        (bucket, prop::collection::vec(inside, 0..3)).prop_map(|(mut bucket, inside)| {
            let inside: Map<String, Json> = inside
                .into_iter()
                .enumerate()
                .map(|(number, aggregation)| (format!("i{number}"), aggregation))
                .collect();
            bucket["aggs"] = Json::Object(inside);
            bucket
        })
    })
}

/// The answer to a request over documents.
fn evaluate(aggregation: &Json, documents: &[&Json]) -> Json {
    let object = aggregation.as_object().expect("an object");
    let (kind, options) = object
        .iter()
        .find(|(key, _)| *key != "aggs")
        .expect("a kind");
    let field = options["field"].as_str().expect("a field");
    let values = |document: &Json| numbers(document, field);
    let distinct = |document: &Json| {
        let mut distinct = numbers(document, field);
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        distinct
    };
    let inside = |mut bucket: Json, documents: &[&Json]| {
        bucket["doc_count"] = json!(documents.len());
        for (name, aggregation) in aggregation["aggs"].as_object().into_iter().flatten() {
            bucket[name] = evaluate(aggregation, documents);
        }
        bucket
    };
    match kind.as_str() {
        "stats" => {
            let all: Vec<f64> = documents
                .iter()
                .flat_map(|document| values(document))
                .collect();
            let sum: f64 = all.iter().sum();
            if all.is_empty() {
                return json!({"count": 0, "min": null, "max": null, "avg": null, "sum": 0.0});
            }
            json!({"count": all.len(), "sum": sum, "avg": sum / all.len() as f64,
                "min": all.iter().copied().fold(f64::INFINITY, f64::min),
                "max": all.iter().copied().fold(f64::NEG_INFINITY, f64::max)})
        }
        "value_count" if field == "k" => {
            json!({"value": documents.iter().map(|document| distinct(document).len()).sum::<usize>()})
        }
        "value_count" => {
            json!({"value": documents.iter().map(|document| values(document).len()).sum::<usize>()})
        }
        "cardinality" => {
            let mut all: Vec<f64> = documents
                .iter()
                .flat_map(|document| values(document))
                .collect();
            all.sort_by(f64::total_cmp);
            all.dedup();
            json!({"value": all.len()})
        }
        "missing" => {
            let empty: Vec<&Json> = documents
                .iter()
                .copied()
                .filter(|document| values(document).is_empty())
                .collect();
            inside(json!({}), &empty)
        }
        "range" => {
            let mut ranges = options["ranges"].as_array().expect("a list").clone();
            let end = |range: &Json, name: &str, open: f64| range[name].as_f64().unwrap_or(open);
            ranges.sort_by(|left, right| {
                let from = |range| end(range, "from", f64::NEG_INFINITY);
                from(left).total_cmp(&from(right))
            });
            let bucket = |range: &Json| {
                let (from, to) = (
                    end(range, "from", f64::NEG_INFINITY),
                    end(range, "to", f64::INFINITY),
                );
                let within: Vec<&Json> = documents
                    .iter()
                    .copied()
                    .filter(|document| {
                        values(document)
                            .iter()
                            .any(|value| from <= *value && *value < to)
                    })
                    .collect();
                inside(json!({"key": range["key"]}), &within)
            };
            json!({"buckets": ranges.iter().map(bucket).collect::<Vec<_>>()})
        }
        _ => {
            let interval = options["interval"].as_f64();
            let key =
                |value: f64| interval.map_or(value, |interval| (value / interval).floor() + 0.0);
            let mut buckets: BTreeMap<i64, Vec<&Json>> = BTreeMap::new();
            // Quarters are the finest there is.
            let place = |key: f64| (key * 4.0) as i64;
            for document in documents {
                let mut places: Vec<i64> = distinct(document)
                    .into_iter()
                    .map(|value| place(key(value)))
                    .collect();
                places.dedup();
                for at in places {
                    buckets.entry(at).or_default().push(document);
                }
            }
            let number = |at: i64| at as f64 / 4.0;
            if let Some(interval) = interval {
                if options["min_doc_count"] == json!(0)
                    && let (Some((first, _)), Some((last, _))) =
                        (buckets.first_key_value(), buckets.last_key_value())
                {
                    for at in (*first..*last).step_by(4) {
                        buckets.entry(at).or_default();
                    }
                }
                let buckets = buckets.into_iter();
                let buckets = buckets.map(|(at, documents)| {
                    inside(json!({"key": number(at) * interval}), &documents)
                });
                return json!({"buckets": buckets.collect::<Vec<_>>()});
            }
            let mut buckets: Vec<(i64, Vec<&Json>)> = buckets.into_iter().collect();
            buckets.sort_by_key(|(_, documents)| std::cmp::Reverse(documents.len()));
            let buckets = buckets.into_iter().map(|(at, documents)| {
                let key = match field {
                    "k" => json!(KEYWORDS[number(at) as usize]),
                    "x" => json!(number(at)),
                    _ => json!(number(at) as i64),
                };
                inside(json!({"key": key}), &documents)
            });
            json!({"buckets": buckets.collect::<Vec<_>>(), "sum_other_doc_count": 0, "doc_count_error_upper_bound": 0})
        }
    }
}

/// Without what the naive evaluator does not say.
fn plain(answer: &Json) -> Json {
    match answer {
        Json::Object(members) => {
            let said = |name: &str| !name.ends_with("_as_string") && name != "from" && name != "to";
            let members = members.iter().filter(|(name, _)| said(name));
            let members = members.map(|(name, json)| (name.clone(), plain(json)));
            Json::Object(members.collect())
        }
        Json::Array(list) => list.iter().map(plain).collect(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn answers_are_those_of_a_naive_evaluator(
        documents in documents(),
        aggregations in prop::collection::vec(aggregation(), 1..12),
        a_segment in 1_usize..20,
    ) {
        let sample = Sample::new(&documents, a_segment);
        let all: Vec<&Json> = documents.iter().collect();
        for aggregation in aggregations {
            let request = json!({"a": aggregation});
            let answer = sample.ask(&json!({"match_all": {}}), &request, false);
            let answer = answer.map(|answer| plain(&answer["a"]));
            let expected = evaluate(&aggregation, &all);
            prop_assert_eq!(answer, Ok(expected), "{}", aggregation);
        }
    }
}
