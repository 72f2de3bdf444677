//! A function that reads a single keyword field is evaluated once for each of its values; hits,
//! counts and errors are those of documents all the same.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use whittle_node::{SearchResponse, UdfReport};

use super::index::{in_segments, run, snapshot, try_run};

fn documents() -> impl Strategy<Value = Vec<Json>> {
    let text = || proptest::sample::select(vec!["good", "bad one", "fine", "bad two", "wood"]);
    let tag = prop_oneof![
        4 => text().prop_map(Json::from),
        1 => Just(Json::Null),
        1 => (text(), text()).prop_map(|(first, second)| json!([first, second])),
    ];
    let document = (tag, any::<bool>()).prop_map(|(tag, flag)| json!({"tag": tag, "flag": flag}));
    proptest::collection::vec(document, 1..80)
}

/// The same request over the column of a keyword and over that of a text, which has no dictionary
/// that functions see.
fn both(request: impl Fn(&str) -> Json) -> [Json; 2] {
    ["tag.keyword", "tag"].map(request)
}

fn requests() -> impl Strategy<Value = [Json; 2]> {
    let on_error = || proptest::sample::select(vec!["fail", "skip", "null"]);
    let filter = |field: &str| {
        json!({"function": "string_distance",
            "params": {"field": field, "target": "good", "max_distance": 1}})
    };
    let fails = |field: &str, on_error: &str| {
        json!({"function": "fail_on", "on_error": on_error,
            "params": {"field": field, "needle": "bad"}})
    };
    prop_oneof![
        Just(both(|field| json!({"query": {"wasm_udf": filter(field)}}))),
        Just(both(|field| {
            json!({"query": {"bool": {"filter": [{"wasm_udf": filter(field)}]}}})
        })),
        Just(both(|field| {
            json!({"query": {"bool": {
                "filter": [{"wasm_udf": filter(field)}],
                "must": [{"match": {"tag": "wood good"}}],
                "must_not": [{"term": {"flag": true}}]}}})
        })),
        Just(both(|field| {
            json!({"query": {"bool": {"must_not": [{"wasm_udf": filter(field)}]}}})
        })),
        // It reads the id of a document that it fails for.
        on_error().prop_map(move |on_error| both(|field| {
            json!({"sort": [{"wasm_udf": fails(field, on_error)}]})
        })),
        on_error().prop_map(move |on_error| both(|field| {
            json!({"fields": {"x": {"wasm_udf": fails(field, on_error)}}, "size": 50})
        })),
        Just(both(|field| {
            json!({"query": {"wasm_udf": {"function": "trap_on",
                "params": {"field": field, "needle": "bad"}}}})
        })),
    ]
}

/// What does not depend on how often the function was evaluated.
fn shown(response: SearchResponse) -> (String, Vec<(u64, u64, usize)>) {
    let reports = response.udf.iter();
    let counts =
        reports.map(|report| (report.documents, report.errors, report.error_samples.len()));
    let counts = counts.collect();
    (format!("{:?}", response.hits), counts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn keywords_and_texts_give_the_same(documents in documents(), requests in requests()) {
        let one = snapshot(&documents);
        let found = requests.each_ref().map(|request| try_run(&one, request));
        let samples = found.each_ref().map(|found| {
            found.as_ref().ok().map(|response| response.udf[0].error_samples.clone())
        });
        prop_assert_eq!(&samples[0], &samples[1]);
        let [keyword, text] = found.map(|found| found.map(shown));
        prop_assert_eq!(keyword, text);
        let several = in_segments(&documents, 7);
        let [keyword, text] = requests.each_ref().map(|request| try_run(&several, request));
        // Of several segments any may fail first.
        prop_assert_eq!(keyword.is_ok(), text.is_ok());
        if let (Ok(keyword), Ok(text)) = (keyword, text) {
            prop_assert_eq!(shown(keyword), shown(text));
        }
    }
}

fn report(response: &SearchResponse) -> &UdfReport {
    &response.udf[0]
}

#[test]
fn a_keyword_with_few_values_takes_few_evaluations() {
    let documents: Vec<Json> = (0..3_000)
        .map(|number| match number % 4 {
            3 => json!({"other": number}),
            kind => json!({"kind": format!("kind {kind}"), "other": number}),
        })
        .collect();
    let request = json!({"size": 0, "query": {"wasm_udf": {"function": "string_distance",
        "params": {"field": "kind.keyword", "target": "kind 1", "max_distance": 0}}}});
    let response = run(&snapshot(&documents), &request);
    assert_eq!(response.hits.total, Some(750));
    // The missing value is evaluated too.
    let UdfReport {
        documents: evaluated,
        evaluations,
        errors,
        ..
    } = report(&response);
    assert_eq!((*evaluated, *evaluations, *errors), (3_000, 4, 0));
    let response = run(&in_segments(&documents, 500), &request);
    let UdfReport {
        documents: evaluated,
        evaluations,
        instances,
        ..
    } = report(&response);
    assert_eq!((response.hits.total, *evaluated), (Some(750), 3_000));
    assert!(
        *evaluations <= 4 * *instances as u64,
        "{evaluations} of {instances} workers"
    );
}
