//! UDFs at any place of a query: hits, totals, pages and order are those of a naive evaluator, and
//! a function sees no more documents than it must.

mod aggregations;
mod bounds;
mod computed;
mod distinct;
mod expressions;
mod index;
mod order;
mod pages;
mod phrases;
mod time;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use whittle_node::{Documents, SearchResponse, Snapshot};

use index::{in_segments, run, snapshot, try_run};

fn ids(response: &SearchResponse) -> Vec<(usize, f64)> {
    let hits = response.hits.hits.iter();
    hits.map(|hit| {
        (
            hit.id.parse().expect("a position"),
            hit.score.expect("a score"),
        )
    })
    .collect()
}

/// What a query gives a document, by the language's own words: its score, where it matches.
fn naive(query: &Json, document: &Json) -> Option<f64> {
    let (name, body) = query.as_object()?.iter().next()?;
    let list = |key: &str| -> Vec<&Json> {
        body.get(key)
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .collect()
    };
    let scores = |key: &str| -> Vec<Option<f64>> {
        list(key)
            .into_iter()
            .map(|query| naive(query, document))
            .collect()
    };
    let number = |key: &str| body.get(key).and_then(Json::as_f64).unwrap_or(1.0);
    match name.as_str() {
        "match_all" => Some(1.0),
        "match_none" => None,
        "exists" => (!document["price"].is_null()).then_some(1.0),
        "range" => {
            let least = body["price"]["gte"].as_f64()?;
            (document["price"].as_f64()? >= least).then_some(1.0)
        }
        "term" => (document["tag"] == body["tag.keyword"]).then_some(1.0),
        "constant_score" => naive(&body["filter"], document).map(|_| number("boost")),
        "wasm_udf" => {
            let score = naive(&body["query"], document)?;
            let score = if body["function"] == "read_boolean" {
                (document["flag"] == true).then_some(score)
            } else {
                Some(document["price"].as_f64().unwrap_or(0.0))
            };
            score.map(|score| score * number("boost"))
        }
        "expression" => {
            let least = body.as_str()?.split_whitespace().nth(2)?.parse().ok()?;
            let is_dear = document["price"]
                .as_f64()
                .is_some_and(|price| price >= least);
            (is_dear || document["flag"] == true).then_some(1.0)
        }
        "expression_score" => {
            naive(&body["query"], document)?;
            Some(document["price"].as_f64().unwrap_or(0.0) / 2.0 * number("boost"))
        }
        "boosting" => {
            let score = naive(&body["positive"], document)?;
            let lowered = naive(&body["negative"], document).is_some();
            Some(if lowered {
                score * number("negative_boost")
            } else {
                score
            })
        }
        "dis_max" => {
            let found: Vec<f64> = scores("queries").into_iter().flatten().collect();
            let best = found.iter().copied().reduce(f64::max)?;
            Some(best + (found.iter().sum::<f64>() - best) * number("tie_breaker"))
        }
        "bool" => {
            let must: Option<Vec<f64>> = scores("must").into_iter().collect();
            let filter: Option<Vec<f64>> = scores("filter").into_iter().collect();
            let should: Vec<f64> = scores("should").into_iter().flatten().collect();
            let excluded = scores("must_not").iter().any(Option::is_some);
            let alone = list("must").is_empty() && list("filter").is_empty();
            let asked = body
                .get("minimum_should_match")
                .and_then(Json::as_u64)
                .unwrap_or(0);
            let least = usize::from(alone && !list("should").is_empty());
            let minimum = usize::try_from(asked).expect("small").max(least);
            if ["must", "filter", "should", "must_not"]
                .iter()
                .all(|key| list(key).is_empty())
            {
                return Some(1.0);
            }
            if filter.is_none() || excluded || should.len() < minimum {
                return None;
            }
            Some(must?.into_iter().chain(should).sum())
        }
        other => panic!("{other}"),
    }
}

/// Scores are quarters and factors powers of two, so that sums are exact in any order.
fn quarters() -> impl Strategy<Value = f64> {
    (0_u8..16).prop_map(|quarters| f64::from(quarters) / 4.0)
}

fn documents() -> impl Strategy<Value = Vec<Json>> {
    let document = (
        proptest::option::of(any::<bool>()),
        proptest::option::of(quarters()),
        prop_oneof![Just(Json::Null), Just(json!("a")), Just(json!("b"))],
    );
    let document =
        document.prop_map(|(flag, price, tag)| json!({"flag": flag, "price": price, "tag": tag}));
    proptest::collection::vec(document, 0..60).prop_map(|mut documents| {
        // An expression may name fields that there are.
        documents.push(json!({"flag": true, "price": 1.25, "tag": "a"}));
        documents
    })
}

fn queries() -> impl Strategy<Value = Json> {
    let factor = || prop_oneof![Just(0.5), Just(1.0), Just(2.0)];
    let leaf = prop_oneof![
        Just(json!({"match_all": {}})),
        Just(json!({"match_none": {}})),
        Just(json!({"exists": {"field": "price"}})),
        quarters().prop_map(|least| json!({"range": {"price": {"gte": least}}})),
        quarters().prop_map(|least| json!({"expression": format!("price >= {least:?} or flag")})),
        "[abc]".prop_map(|tag| {
            json!({"constant_score": {"filter": {"term": {"tag.keyword": tag}}}})
        }),
    ];
    leaf.prop_recursive(4, 20, 4, move |inner| {
        let many = || proptest::collection::vec(inner.clone(), 0..3);
        let udf = |function: &'static str, field: &'static str| {
            (inner.clone(), factor()).prop_map(move |(query, boost)| {
                json!({"wasm_udf": {"function": function, "params": {"field": field},
                    "query": query, "boost": boost}})
            })
        };
        prop_oneof![
            3 => udf("read_boolean", "flag"),
            3 => udf("read_float64", "price"),
            2 => (inner.clone(), factor()).prop_map(|(query, boost)| {
                json!({"expression_score": {"expression": "price / 2", "query": query,
                    "boost": boost}})
            }),
            4 => (many(), many(), many(), many(), proptest::option::of(0_u8..3)).prop_map(
                |(must, filter, should, must_not, minimum)| {
                    let mut clauses = json!({"must": must, "filter": filter, "should": should,
                        "must_not": must_not});
                    if let Some(minimum) = minimum {
                        clauses["minimum_should_match"] = json!(minimum);
                    }
                    json!({"bool": clauses})
                }
            ),
            1 => (inner.clone(), quarters()).prop_map(|(filter, boost)| {
                json!({"constant_score": {"filter": filter, "boost": boost}})
            }),
            1 => (inner.clone(), inner.clone(), prop_oneof![Just(0.5), Just(1.0)]).prop_map(
                |(positive, negative, factor)| {
                    json!({"boosting": {"positive": positive, "negative": negative,
                        "negative_boost": factor}})
                }
            ),
            1 => (proptest::collection::vec(inner.clone(), 1..4), prop_oneof![Just(0.0), Just(0.5)])
                .prop_map(|(queries, tie)| {
                    json!({"dis_max": {"queries": queries, "tie_breaker": tie}})
                }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn hits_totals_and_order_are_those_of_a_naive_evaluator(
        documents in documents(),
        query in queries(),
        segment in 1_usize..30,
    ) {
        let scores = documents.iter().map(|document| naive(&query, document));
        let mut expected: Vec<(usize, f64)> =
            scores.enumerate().filter_map(|(id, score)| Some((id, score? + 0.0))).collect();
        expected.sort_by(|left, right| right.1.total_cmp(&left.1));
        for snapshot in [snapshot(&documents), in_segments(&documents, segment)] {
            let mut found = Vec::new();
            for from in (0..=documents.len()).step_by(7) {
                let page = run(&snapshot, &json!({"query": query, "from": from, "size": 7}));
                prop_assert_eq!(page.hits.total, Some(expected.len()), "{}", query);
                found.extend(ids(&page));
            }
            prop_assert_eq!(&found, &expected, "{}", query);
            let watched = run(&snapshot, &json!({"query": query, "size": 100, "profile": true}));
            prop_assert_eq!(ids(&watched), &*expected, "{}", query);
        }
    }
}

/// Documents of which every hundredth is chosen by a cheap clause.
fn many() -> Vec<Json> {
    let document = |number: usize| {
        json!({"title": format!("title {number}"), "number": number, "hundred": number.is_multiple_of(100),
            "flag": number.is_multiple_of(3)})
    };
    (0..20_000).map(document).collect()
}

#[test]
fn a_function_sees_the_candidates_of_the_other_clauses_alone() {
    let snapshot = snapshot(&many());
    let udf = json!({"wasm_udf": {"function": "read_boolean", "params": {"field": "flag"}}});
    let cheap = json!({"term": {"hundred": true}});
    let range = json!({"range": {"number": {"gte": 10_000}}});
    for (query, documents, hits) in [
        (json!({"bool": {"filter": [udf, cheap]}}), 200, 67),
        (
            json!({"bool": {"must": [udf], "filter": [cheap, range]}}),
            100,
            33,
        ),
        (
            json!({"bool": {"must": [udf, cheap], "must_not": [range]}}),
            100,
            34,
        ),
        (
            json!({"bool": {"filter": [cheap], "must_not": [udf]}}),
            200,
            133,
        ),
        (
            json!({"bool": {"must": [{"bool": {"filter": [udf]}}, cheap]}}),
            200,
            67,
        ),
        (
            json!({"wasm_udf": {"function": "read_boolean", "params": {"field": "flag"},
            "query": cheap}}),
            200,
            67,
        ),
        (udf.clone(), 20_000, 6_667),
    ] {
        let response = run(&snapshot, &json!({"query": query}));
        assert_eq!(response.hits.total, Some(hits), "{query}");
        assert_eq!(response.udf[0].documents, documents, "{query}");
        assert_eq!(response.udf[0].instances, 1);
    }
}

#[test]
fn a_profile_has_what_each_clause_was_asked_and_had() {
    let snapshot = snapshot(&many());
    let udf = json!({"wasm_udf": {"function": "read_boolean", "params": {"field": "flag"}}});
    let query = json!({"bool": {"filter": [udf, {"term": {"hundred": true}}],
        "must_not": [{"expression": "number >= 10000"}]}});
    let response = run(&snapshot, &json!({"query": query, "profile": true}));
    assert_eq!(response.hits.total, Some(34));
    let profile = response.profile.expect("it was asked for");
    let asked = |path: &str| {
        let mut clauses = profile.clauses.iter();
        let clause = clauses.find(|clause| clause.path == path).expect(path);
        (clause.documents_in, clause.documents_out)
    };
    assert_eq!(asked("query.bool"), (200, 34));
    assert_eq!(asked("query.bool.filter[0].wasm_udf"), (100, 34));
    let (_, had) = asked("query.bool.filter[1].term");
    // Asked again for the document that it is at, it has it again.
    assert!((200..=202).contains(&had), "{had}");
    let (questions, _) = asked("query.bool.must_not[0].expression");
    assert!(questions <= 202, "{questions}");
    let used = |limit: &str| {
        let mut limits = profile.budget.iter();
        let found = limits.find(|report| report.limit == limit).expect(limit);
        assert!(found.used <= found.allowed, "{found:?}");
        found.used
    };
    assert!(used("cpu_time") > 0 && used("memory_bytes") > 0);
    assert!(run(&snapshot, &json!({"query": query})).profile.is_none());
}

#[test]
fn every_page_of_a_udf_is_that_of_the_clause_with_the_same_meaning() {
    let snapshot = snapshot(&many());
    let udf = json!({"bool": {"filter": [
        {"wasm_udf": {"function": "read_boolean", "params": {"field": "flag"}}}]}});
    let native = json!({"bool": {"filter": [{"term": {"flag": true}}]}});
    let pages = |query: &Json| -> Vec<_> {
        (0..7_000)
            .step_by(1_000)
            .map(|from| {
                run(
                    &snapshot,
                    &json!({"query": query, "from": from, "size": 1_000}),
                )
            })
            .map(|response| (response.hits.total, ids(&response)))
            .collect()
    };
    assert_eq!(pages(&udf), pages(&native));
}

#[test]
fn texts_are_read_through_their_dictionary_or_looked_up() {
    let snapshot = snapshot(&many());
    let distance = |query: Json| {
        json!({"wasm_udf": {"function": "string_distance", "query": query,
            "params": {"field": "title", "target": "title 7100", "max_distance": 1}}})
    };
    let all = run(
        &snapshot,
        &json!({"query": distance(json!({"match_all": {}})), "size": 100}),
    );
    // Few of many: looked up.
    let few = distance(json!({"ids": {"values": ["710", "7100", "8100", "9999"]}}));
    let few = run(&snapshot, &json!({"query": few}));
    assert_eq!(few.hits.total, Some(3));
    let found: Vec<usize> = ids(&all).into_iter().map(|(id, _)| id).collect();
    assert!([710, 7100, 8100].iter().all(|id| found.contains(id)) && !found.contains(&9999));
    assert_eq!(all.udf[0].documents, 20_000);
    assert_eq!(few.udf[0].documents, 4);
}

#[test]
fn hits_are_ordered_by_any_field_and_pages_go_on_after_the_last() {
    let documents: Vec<Json> = (0..500)
        .map(|number| {
            let price = (number % 7 != 0).then_some(f64::from(number % 10) / 2.0);
            let date = format!("2020-01-{:02}", 1 + number % 28);
            json!({"name": format!("name {:03}", (number * 37) % 500), "price": price, "date": date})
        })
        .collect();
    let snapshot = snapshot(&documents);
    for sort in [
        json!([{"name.keyword": "desc"}]),
        json!(["price", {"name.keyword": "asc"}]),
        json!([{"price": {"order": "desc", "missing": "_first"}}, "_doc"]),
        json!([{"date": "desc"}, {"price": "asc"}, "_id"]),
        json!(["_score", {"name.keyword": "asc"}]),
    ] {
        let whole = run(&snapshot, &json!({"sort": sort, "size": 500}));
        assert_eq!(whole.hits.hits.len(), 500);
        let mut paged = Vec::new();
        let mut after: Option<Json> = None;
        loop {
            let mut request = json!({"sort": sort, "size": 33});
            if let Some(after) = &after {
                request["search_after"] = after.clone();
            }
            let page = run(&snapshot, &request);
            assert_eq!(page.hits.total, Some(500));
            let Some(last) = page.hits.hits.last() else {
                break;
            };
            after = Some(serde_json::to_value(&last.sort).expect("JSON"));
            paged.extend(page.hits.hits);
        }
        assert_eq!(paged, whole.hits.hits, "{sort}");
    }
    let first = &run(
        &snapshot,
        &json!({"sort": [{"name.keyword": "desc"}], "size": 1}),
    )
    .hits
    .hits[0];
    assert_eq!(
        first.source.as_ref().expect("a source").json()["name"],
        "name 499"
    );
    assert_eq!(first.score, None);
}

#[test]
fn errors_name_the_document_by_its_id() {
    let documents = r#"[{"key": "a", "text": "x"}, {"key": "b", "text": "y"}]"#;
    let documents = Documents::read(documents.as_bytes(), Some("key")).expect("documents");
    let snapshot = Snapshot::of(&documents).expect("an index");
    let with = |function: &str, params: Json, on_error: &str| {
        let query = json!({"wasm_udf": {"function": function, "on_error": on_error,
            "params": params, "query": {"term": {"text.keyword": "y"}}}});
        try_run(&snapshot, &json!({"query": query}))
    };
    let error =
        |function: &str, params: Json| with(function, params, "fail").expect_err("it fails");
    insta::assert_snapshot!(error("throws", json!({"field": "text"})), @r#"function `throws` was stopped at document `b`: the guest panicked: "panicked at probe/src/answer.rs:101:13: no good: y""#);
    insta::assert_snapshot!(error("wrong_kind", json!({})), @"function `wrong_kind` failed for document `b`: declared boolean, but returned text");
    insta::assert_snapshot!(error("not_a_number", json!({})), @"function `not_a_number` failed for document `b`: its score is not a number");
    for (function, hits) in [("wrong_kind", [0, 0]), ("not_a_number", [0, 1])] {
        for (on_error, hits) in ["skip", "null"].into_iter().zip(hits) {
            let response = with(function, json!({}), on_error).expect("it goes on");
            assert_eq!(response.hits.total, Some(hits), "{function}");
            assert_eq!(response.udf[0].errors, 1, "{function}");
            assert_eq!(response.udf[0].error_samples[0].id, "b", "{function}");
        }
    }
}

#[test]
fn what_does_not_go_with_the_index_is_told() {
    let snapshot = snapshot(&[json!({"price": 1.5, "title": "x"})]);
    let error = |query: Json| try_run(&snapshot, &json!({"query": query})).expect_err("it fails");
    let udf =
        |function: &str| json!({"wasm_udf": {"function": function, "params": {"field": "x"}}});
    insta::assert_snapshot!(error(json!({"bool": {"must": [{"range": {"price": {"gte": "soon"}}}, udf("read_boolean")]}})), @r#"`query.bool.must[0].range.price`: `"soon"` is not a valid `double` for the field `price`; expected a number"#);
    insta::assert_snapshot!(error(udf("read_tetx")), @"unknown function `read_tetx`; the components have `all_kinds`, `allocate`, `big_text`, `boolean_or`, `echo_arguments`, `endless_bind`, `endless_evaluate`, `fail_on`, `float64_or`, `forged_handle`, `has`, `int64_or`, `log_lines`, `many_fields`, `not_a_number`, `not_json`, `read_boolean`, `read_float64`, `read_id`, `read_in_bind`, `read_int64`, `read_json`, `read_score`, `read_text`, `read_timestamp`, `read_words`, `refuse`, `resolve_late`, `state`, `string_distance`, `throws`, `timestamp_or`, `trap_on`, `whole_columns`, `words_of_number`, `wrong_getter`, `wrong_kind`");
    insta::assert_snapshot!(error(udf("read_text")), @"function `read_text` returns text: a query clause must be boolean, int64 or float64");
    insta::assert_snapshot!(error(json!({"wasm_udf": {"function": "read_boolean"}})), @"function `read_boolean`: missing parameter `field` (text): The field.");
}
