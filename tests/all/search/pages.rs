//! Pages: the order of hits, their sort values, and what comes back of their documents.

use std::cmp::Ordering;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use whittle_host::{Budget, QueryContext};
use whittle_node::{
    Documents, SearchRequest, SearchResponse, Snapshot, Udfs, Writing, search_indexes,
};
use whittle_tests::told;

use super::index::{in_segments, run, snapshot, try_run};

fn ids(response: &SearchResponse) -> Vec<&str> {
    let hits = response.hits.hits.iter();
    hits.map(|hit| hit.id.as_str()).collect()
}

/// The sort values of all hits, as clients get them.
fn sort_values(response: &SearchResponse) -> Json {
    let hits = response.hits.hits.iter();
    hits.map(|hit| json!(hit.sort)).collect()
}

fn documents() -> impl Strategy<Value = Vec<Json>> {
    let document = (
        proptest::collection::vec(-3_i64..4, 0..4),
        proptest::option::of("[abc]"),
        proptest::option::of(0_u8..4),
    );
    let document = document.prop_map(|(numbers, word, day)| {
        let date = day.map(|day| format!("1969-12-{:02}T00:00:00.000{day}Z", 28 + day));
        json!({"n": numbers, "k": word, "d": date})
    });
    proptest::collection::vec(document, 0..40).prop_map(|mut documents| {
        // Sort keys name fields that there are.
        documents.push(json!({"n": [1], "k": "b", "d": "1970-01-01"}));
        documents
    })
}

/// A sort key, and how a naive evaluator sees its value in a document.
type Naive = fn(&Json) -> Option<f64>;

fn numbers(document: &Json) -> Vec<f64> {
    let numbers = document["n"].as_array().expect("a list").iter();
    numbers
        .map(|number| number.as_f64().expect("a number"))
        .collect()
}

const KEYS: [(&str, Naive); 5] = [
    ("min", |document| {
        numbers(document).into_iter().reduce(f64::min)
    }),
    ("max", |document| {
        numbers(document).into_iter().reduce(f64::max)
    }),
    ("sum", |document| {
        numbers(document)
            .into_iter()
            .reduce(|left, right| left + right)
    }),
    ("avg", |document| {
        let numbers = numbers(document);
        let sum = numbers.iter().copied().reduce(|left, right| left + right)?;
        Some((sum / numbers.len() as f64 + 0.5).floor())
    }),
    ("median", |document| {
        let mut numbers = numbers(document);
        numbers.sort_by(f64::total_cmp);
        let upper = *numbers.get(numbers.len() / 2)?;
        let lower = numbers[(numbers.len() - 1) / 2];
        Some(((lower + upper) / 2.0 + 0.5).floor())
    }),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn modes_and_missing_values_order_hits_as_a_naive_evaluator_does(
        documents in documents(),
        key in 0..KEYS.len(),
        descending in any::<bool>(),
        missing in prop_oneof![Just(json!("_first")), Just(json!("_last")), (-3..4).prop_map(Json::from)],
        segment in 1_usize..20,
    ) {
        let (mode, value) = KEYS[key];
        let values: Vec<Option<f64>> =
            documents.iter().map(|document| value(document).or_else(|| missing.as_f64())).collect();
        let mut expected: Vec<usize> = (0..documents.len()).collect();
        expected.sort_by(|left, right| match (values[*left], values[*right]) {
            (Some(left), Some(right)) if descending => right.total_cmp(&left),
            (Some(left), Some(right)) => left.total_cmp(&right),
            (None, None) => Ordering::Equal,
            (None, Some(_)) if missing == "_first" => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) if missing == "_first" => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        });
        let expected: Vec<String> = expected.iter().map(usize::to_string).collect();
        let order = if descending { "desc" } else { "asc" };
        let sort = json!([{"n": {"order": order, "mode": mode, "missing": missing}}]);
        let response = run(&in_segments(&documents, segment), &json!({"sort": sort, "size": 100}));
        prop_assert_eq!(ids(&response), &*expected, "{}", sort);
        for (hit, id) in response.hits.hits.iter().zip(&expected) {
            let value = values[id.parse::<usize>().expect("a number")];
            prop_assert_eq!(json!(hit.sort)[0].as_f64(), value);
        }
    }

    #[test]
    fn pages_with_any_keys_and_the_id_hold_every_hit_once(
        documents in documents(),
        keys in proptest::collection::vec(
            prop_oneof![
                Just(json!("n")),
                Just(json!({"n": {"order": "desc", "mode": "median", "missing": 2}})),
                Just(json!({"k.keyword": {"order": "desc"}})),
                Just(json!({"k.keyword": {"missing": "aa"}})),
                Just(json!({"d": {"missing": "_first"}})),
                Just(json!({"d": {"order": "desc", "missing": "1969-12-31"}})),
                Just(json!({"nothing": {"unmapped_type": "long"}})),
            ],
            0..3,
        ),
        id in prop_oneof![Just(json!("_id")), Just(json!({"_id": "desc"})), Just(json!("_doc"))],
        segment in 1_usize..20,
        size in 1_usize..12,
    ) {
        let mut sort = keys;
        sort.push(id);
        let snapshot = in_segments(&documents, segment);
        let whole = run(&snapshot, &json!({"sort": sort, "size": 100}));
        prop_assert_eq!(whole.hits.hits.len(), documents.len());
        let mut paged = Vec::new();
        let mut request = json!({"sort": sort, "size": size});
        loop {
            let page = run(&snapshot, &request);
            let Some(last) = page.hits.hits.last() else { break };
            request["search_after"] = json!(last.sort);
            paged.extend(page.hits.hits);
            prop_assert!(paged.len() <= documents.len(), "a hit came twice: {}", json!(sort));
        }
        prop_assert_eq!(paged, whole.hits.hits, "{}", request);
    }
}

#[test]
fn sort_values_are_those_of_opensearch() {
    let snapshot = snapshot(&[
        json!({"d": "2015-01-01T00:00:00.123456Z", "b": true, "n": 9_007_199_254_740_993_i64, "k": "x"}),
        json!({"d": "1969-12-31T23:59:59.999Z", "b": false, "n": -1, "k": "y"}),
    ]);
    let sorted = |sort: Json| sort_values(&run(&snapshot, &json!({"sort": sort})));
    let rows = sorted(json!(["d", "b", "n", "k.keyword", "_id", "_doc", "_score"]));
    let expected = json!([
        [-1, 0, -1, "y", "1", 1, 1.0],
        [
            1_420_070_400_123_i64,
            1,
            9_007_199_254_740_993_i64,
            "x",
            "0",
            0,
            1.0
        ]
    ]);
    assert_eq!(rows, expected);
    let after = |value: Json| {
        let request = json!({"sort": ["d"], "search_after": [value]});
        ids(&run(&snapshot, &request)).len()
    };
    for value in [json!(-1), json!("-1"), json!("1969-12-31T23:59:59.999Z")] {
        assert_eq!(after(value.clone()), 1, "{value}");
    }
    assert_eq!(after(json!(null)), 0);
}

#[test]
fn hits_without_scores_have_null() {
    let snapshot = snapshot(&[json!({"n": 1})]);
    let scores = |request: Json| {
        let response = run(&snapshot, &request);
        let hit = response.hits.hits.first().map(|hit| hit.score);
        (response.hits.max_score, hit)
    };
    assert_eq!(scores(json!({})), (Some(1.0), Some(Some(1.0))));
    assert_eq!(scores(json!({"sort": ["n"]})), (None, Some(None)));
    let tracked = json!({"sort": ["n"], "track_scores": true});
    assert_eq!(scores(tracked), (Some(1.0), Some(Some(1.0))));
    assert_eq!(scores(json!({"size": 0})), (None, None));
}

#[test]
fn only_fields_of_the_mapping_can_be_sorted_by() {
    let snapshot = snapshot(&[json!({"t": "some words", "k": 1})]);
    let error = |sort: Json| try_run(&snapshot, &json!({"sort": [sort]})).expect_err("it fails");
    for name in ["f0", "f0k", "t0", "_version", "_source", "nothing"] {
        let expected = format!("No mapping found for [{name}] in order to sort on");
        let error = error(json!(name));
        assert!(error.starts_with(&expected), "{error}");
    }
    insta::assert_snapshot!(error(json!("tt")), @"No mapping found for [tt] in order to sort on; did you mean [t]?");
    insta::assert_snapshot!(error(json!("t")), @"cannot sort by the text field [t]: use [t.keyword]");
    insta::assert_snapshot!(error(json!({"t.keyword": {"mode": "avg"}})), @"sort mode `avg` of [t.keyword] needs numbers: use `min` or `max`");
    insta::assert_snapshot!(error(json!({"k": {"missing": "x"}})), @r#"`missing` of a sort key: "x" is not a valid long"#);
    let after = json!({"sort": ["k"], "search_after": ["soon"]});
    insta::assert_snapshot!(try_run(&snapshot, &after).expect_err("it fails"), @r#"`search_after`: "soon" is not a valid long"#);
    let missing = json!({"sort": [{"nothing": {"missing": "_last"}}]});
    assert_eq!(ids(&run(&snapshot, &missing)), ["0"]);
}

#[test]
fn a_source_keeps_its_digits() {
    let text = r#"[{"n": 12345678901234567890123, "x": 1.10, "t": "a"}]"#;
    let documents = Documents::read(text.as_bytes(), None).expect("documents");
    let snapshot = Snapshot::of(&documents).expect("an index");
    let source = |request: Json| {
        let response = run(&snapshot, &request);
        let source = response.hits.hits[0].source.as_ref().expect("a source");
        source.text().to_owned()
    };
    let whole = r#"{"n": 12345678901234567890123, "x": 1.10, "t": "a"}"#;
    assert_eq!(source(json!({})), whole);
    assert_eq!(source(json!({"rescore": {"expression": "x"}})), whole);
    let expected = r#"{"n":12345678901234567890123,"x":1.10}"#;
    assert_eq!(source(json!({"_source": ["n", "x"]})), expected);
}

#[test]
fn values_of_fields_come_back_on_request() {
    let snapshot = snapshot(&[
        json!({"k": ["b", "a", "b"], "n": [3, 1], "d": "2015-01-01", "o": {"p": true}}),
    ]);
    let fields = |request: Json| {
        let response = run(&snapshot, &request);
        serde_json::to_value(&response.hits.hits[0].fields).expect("JSON")
    };
    assert_eq!(
        fields(json!({"docvalue_fields": ["k.keyword", "n", "nothing", "f0", "_id"]})),
        json!({"k.keyword": ["a", "b"], "n": [1, 3]})
    );
    assert_eq!(
        fields(json!({"fields": ["n", "o.*", {"field": "d", "format": "epoch_millis"}]})),
        json!({"n": [3, 1], "o.p": [true], "d": ["1420070400000"]})
    );
    let date = json!({"docvalue_fields": [{"field": "d"}]});
    assert_eq!(fields(date), json!({"d": ["2015-01-01T00:00:00.000Z"]}));
    let error = |request: Json| try_run(&snapshot, &request).expect_err("it fails");
    insta::assert_snapshot!(error(json!({"docvalue_fields": ["k"]})), @"cannot read doc values of the text field [k]: use `fields` or `_source`");
    insta::assert_snapshot!(error(json!({"fields": [{"field": "n", "format": "yyyy"}]})), @"`format` `yyyy` of [n] is not supported: use no format, as the field is not a date");
    let year = json!({"docvalue_fields": [{"field": "d", "format": "yyyy/MM"}]});
    assert_eq!(fields(year), json!({"d": ["2015/01"]}));
}

#[test]
fn versions_and_sequence_numbers_come_back_on_request() {
    let snapshot = in_segments(&[json!({"n": 1})], 1);
    let response = run(
        &snapshot,
        &json!({"version": true, "seq_no_primary_term": true}),
    );
    let hit = &json!(response)["hits"]["hits"][0];
    assert_eq!((&hit["_version"], &hit["_seq_no"]), (&json!(1), &json!(1)));
    assert_eq!(hit["_primary_term"], 1);
    let without = json!({"stored_fields": "_none_"});
    let hit = &json!(run(&snapshot, &without))["hits"]["hits"][0];
    assert_eq!(*hit, json!({"_score": 1.0}));
}

#[test]
fn a_post_filter_leaves_the_aggregations_alone() {
    let snapshot = snapshot(&[json!({"n": 1}), json!({"n": 2}), json!({"n": 3})]);
    let response = run(
        &snapshot,
        &json!({"query": {"range": {"n": {"gte": 2}}}, "post_filter": {"term": {"n": 3}},
            "aggs": {"sum": {"sum": {"field": "n"}}}}),
    );
    assert_eq!((ids(&response), response.hits.total), (vec!["2"], Some(1)));
    assert_eq!(json!(response)["aggregations"]["sum"]["value"], 5.0);
}

#[test]
fn a_least_score_counts_for_aggregations_too() {
    let snapshot = snapshot(&[json!({"n": 1}), json!({"n": 2}), json!({"n": 3})]);
    let response = run(
        &snapshot,
        &json!({"query": {"expression_score": {"expression": "n"}}, "min_score": 2,
            "aggs": {"sum": {"sum": {"field": "n"}}}}),
    );
    assert_eq!(
        (ids(&response), response.hits.total),
        (vec!["2", "1"], Some(2))
    );
    assert_eq!(json!(response)["aggregations"]["sum"]["value"], 5.0);
}

#[test]
fn several_indexes_are_searched_as_one() {
    let numbers = |range: std::ops::Range<i64>| -> Vec<Json> {
        range
            .map(|number| json!({"n": (number * 7) % 20}))
            .collect()
    };
    let (first, second) = (numbers(0..13), numbers(13..20));
    let indexes = [
        snapshot(&first).named("first"),
        snapshot(&second).named("second"),
    ];
    let search = |indexes: &[Snapshot], request: Json| {
        let request = SearchRequest::parse(request.to_string().as_bytes()).expect("a search");
        let udfs = Udfs::new([]).expect("none");
        let query = QueryContext::new(Budget::default());
        search_indexes(indexes, &request, &udfs, &query).map_err(|error| told(&error))
    };
    let mut found = Vec::new();
    for from in (0..20).step_by(6) {
        let request = json!({"sort": [{"n": "desc"}], "from": from, "size": 6});
        let page = search(&indexes, request).expect("an answer");
        assert_eq!((page.hits.total, page.indexes), (Some(20), 2));
        found.extend(page.hits.hits.iter().map(|hit| json!(hit.sort)[0].as_i64()));
    }
    let expected: Vec<Option<i64>> = (0..20).rev().map(Some).collect();
    assert_eq!(found, expected);
    let nothing = search(&[], json!({})).expect("an answer");
    assert_eq!((nothing.hits.total, nothing.indexes), (Some(0), 0));
    let aggregations = json!({"aggs": {"all": {"sum": {"field": "n"}},
        "low": {"terms": {"field": "n", "size": 2, "order": {"_key": "asc"}},
            "aggs": {"most": {"max": {"field": "n"}}}}}});
    let answer = json!(search(&indexes, aggregations).expect("an answer"));
    assert_eq!(answer["aggregations"]["all"]["value"], 190.0);
    let buckets = json!([
        {"key": 0, "doc_count": 1, "most": {"value": 0.0}},
        {"key": 1, "doc_count": 1, "most": {"value": 1.0}}
    ]);
    assert_eq!(answer["aggregations"]["low"]["buckets"], buckets);
    let other = snapshot(&[json!({"n": "a word"})]);
    let [first, _] = indexes;
    let terms = json!({"aggs": {"a": {"terms": {"field": "n.keyword"}}}});
    let answer = json!(search(&[first.clone(), other.clone()], terms).expect("an answer"));
    assert_eq!(answer["aggregations"]["a"]["buckets"][0]["key"], "a word");
    let typed = snapshot(&[json!({"n": 1.5})]);
    let error = search(
        &[first, typed],
        json!({"aggs": {"a": {"terms": {"field": "n"}}}}),
    );
    insta::assert_snapshot!(error.expect_err("it is refused"), @"aggregation `a`: the type of its values differs between the indexes; search each index by itself");
}

#[test]
fn a_report_names_fields_that_no_document_has() {
    let snapshot = snapshot(&[json!({"title": "Star Wars"})]);
    let report = |field: &str| {
        let query = json!({"wasm_udf": {"function": "string_distance",
            "params": {"field": field, "target": "Star Wars"}}});
        let response = run(&snapshot, &json!({"query": query}));
        json!(response)["udf"][0]["unmapped_fields"].clone()
    };
    assert_eq!(report("title"), Json::Null);
    let expected = json!([{"field": "titel", "similar": ["title"]}]);
    assert_eq!(report("titel"), expected);
}

#[test]
fn a_total_is_counted_up_to_a_limit() {
    let snapshot = snapshot(&[json!({"n": 1}), json!({"n": 2}), json!({"n": 3})]);
    let total = |limit: Json| {
        let response = run(&snapshot, &json!({"track_total_hits": limit}));
        json!(response)["hits"]["total"].clone()
    };
    assert_eq!(total(json!(true)), json!({"value": 3, "relation": "eq"}));
    assert_eq!(total(json!(2)), json!({"value": 2, "relation": "gte"}));
    assert_eq!(total(json!("3")), json!({"value": 3, "relation": "eq"}));
    assert_eq!(total(json!(false)), Json::Null);
    assert_eq!(total(json!(-1)), Json::Null);
    let writing = Writing {
        total_as_int: true,
        ..Writing::default()
    };
    let untracked = run(&snapshot, &json!({"track_total_hits": false}));
    assert_eq!(json!(untracked.written(writing))["hits"]["total"], -1);
}
