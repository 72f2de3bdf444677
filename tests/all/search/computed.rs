//! Values that are computed for hits: what they are ordered by, their fields and their new scores.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::index::{in_segments, run, snapshot, try_run};

fn udf(function: &str, params: Json) -> Json {
    json!({"function": function, "params": params})
}

fn documents() -> impl Strategy<Value = Vec<Json>> {
    let document = (
        proptest::option::of(any::<bool>()),
        proptest::option::of(-4_i64..4),
        proptest::option::of((-8_i32..8).prop_map(|quarters| f64::from(quarters) / 4.0)),
        proptest::option::of("[ab\u{e9}]{0,2}"),
        proptest::option::of((0_i64..4).prop_map(|day| format!("2020-01-0{}", day + 1))),
    );
    let document = document.prop_map(|(flag, count, price, tag, day)| {
        json!({"flag": flag, "count": count, "price": price, "tag": tag, "day": day})
    });
    proptest::collection::vec(document, 0..50).prop_map(|mut documents| {
        // An expression may name fields that there are.
        let whole =
            json!({"flag": true, "count": 1, "price": 0.5, "tag": "a", "day": "2020-01-02"});
        documents.push(whole);
        documents
    })
}

/// A field's sort key, and formulas whose values are the field's.
fn keys() -> impl Strategy<Value = (Json, Json)> {
    let same = |field: &str, kind: &str, of: &str| {
        let path = if field == "tag" { "tag.keyword" } else { field };
        let formula = match kind {
            "expression" => ("expression", json!({"text": of})),
            kind => (
                "wasm_udf",
                udf(&format!("read_{kind}"), json!({"field": of})),
            ),
        };
        (path.to_owned(), formula.0, formula.1)
    };
    let key = prop_oneof![
        Just(same("flag", "boolean", "flag")),
        Just(same("count", "int64", "count")),
        Just(same("price", "float64", "price")),
        Just(same("tag", "text", "tag")),
        Just(same("day", "timestamp", "day")),
        Just(same("flag", "expression", "flag")),
        Just(same("count", "expression", "count + 0")),
        Just(same("price", "expression", "price")),
        Just(same("tag", "expression", "tag")),
    ];
    (key, any::<bool>(), any::<bool>()).prop_map(
        |((path, name, mut formula), descending, first)| {
            let order = if descending { "desc" } else { "asc" };
            let missing = if first { "_first" } else { "_last" };
            formula["order"] = json!(order);
            formula["missing"] = json!(missing);
            (
                json!({path: {"order": order, "missing": missing}}),
                json!({name: formula}),
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_formula_orders_hits_as_the_field_with_the_same_values(
        documents in documents(),
        keys in proptest::collection::vec(keys(), 1..3),
        segment in 1_usize..30,
    ) {
        for snapshot in [snapshot(&documents), in_segments(&documents, segment)] {
            let (native, computed): (Vec<Json>, Vec<Json>) = keys.iter().cloned().unzip();
            let native = run(&snapshot, &json!({"sort": native, "size": 100}));
            prop_assert_eq!(native.hits.hits.len(), documents.len());
            let mut from = 0;
            let mut request = json!({"sort": computed, "size": 7});
            loop {
                let page = run(&snapshot, &request);
                prop_assert_eq!(page.hits.total, Some(documents.len()));
                prop_assert!(page.hits.hits.iter().all(|hit| hit.score.is_none()));
                let expected = native.hits.hits.iter().skip(from).take(7);
                for (hit, expected) in page.hits.hits.iter().zip(expected) {
                    prop_assert_eq!(&hit.sort, &expected.sort, "{} {}", request, hit.id);
                }
                // Hits of equal rank are passed over by `search_after`: pages by `from` have all.
                let found = page.hits.hits.iter().map(|hit| &hit.id);
                let expected = native.hits.hits.iter().skip(from).take(7).map(|hit| &hit.id);
                prop_assert!(found.eq(expected), "{}", request);
                from += 7;
                if from >= documents.len() {
                    break;
                }
                request["from"] = json!(from);
            }
        }
    }

    #[test]
    fn the_next_page_begins_after_the_last_hit(
        documents in documents(),
        key in keys(),
        segment in 1_usize..30,
    ) {
        let snapshot = in_segments(&documents, segment);
        let mut request = json!({"sort": [key.1, "_doc"], "size": 5});
        let all = run(&snapshot, &json!({"sort": [key.0, "_doc"], "size": 100}));
        let mut found = Vec::new();
        loop {
            let page = run(&snapshot, &request);
            let Some(last) = page.hits.hits.last() else { break };
            request["search_after"] = json!(last.sort);
            found.extend(page.hits.hits.iter().map(|hit| hit.id.clone()));
        }
        let expected: Vec<String> = all.hits.hits.into_iter().map(|hit| hit.id).collect();
        prop_assert_eq!(found, expected, "{}", request);
    }
}

#[test]
fn a_field_is_computed_for_the_hits_that_come_back_alone() {
    let document = |number: usize| json!({"number": number, "title": format!("title {number}"), "whole": {"a": [number]}});
    let documents: Vec<Json> = (0..5_000).map(document).collect();
    for snapshot in [snapshot(&documents), in_segments(&documents, 1_700)] {
        let request = json!({
            "query": {"range": {"number": {"gte": 1_500}}},
            "sort": [{"number": "desc"}],
            "from": 3_298,
            "size": 4,
            "_source": false,
            "fields": {
                "double": {"expression": "number * 2"},
                "even": {"expression": "number % 2 = 0"},
                "title": {"wasm_udf": udf("read_text", json!({"field": "title"}))},
                "words": {"expression": "upper(title)"},
                "id": {"wasm_udf": udf("read_id", json!({}))},
                "none": {"wasm_udf": udf("read_text", json!({"field": "absent"}))},
                "whole": {"wasm_udf": udf("read_json", json!({"field": "whole"}))},
            },
        });
        let response = run(&snapshot, &request);
        assert_eq!(response.hits.total, Some(3_500));
        let of = |number: usize| {
            json!({"double": [number * 2], "even": [number.is_multiple_of(2)],
                "title": [format!("title {number}")], "words": [format!("TITLE {number}")],
                "id": [number.to_string()], "none": [null], "whole": [{"a": [number]}]})
        };
        let fields: Vec<Json> = response
            .hits
            .hits
            .iter()
            .map(|hit| json!(hit.fields))
            .collect();
        assert_eq!(fields, [of(1_701), of(1_700), of(1_699), of(1_698)]);
        assert_eq!(response.udf.len(), 4);
        assert!(response.udf.iter().all(|report| report.documents == 4));
    }
}

#[test]
fn the_first_hits_get_new_scores_and_the_others_stay_behind_them() {
    let document = |number: usize| json!({"number": number, "inverse": 100 - number});
    let documents: Vec<Json> = (0..40).map(document).collect();
    let first = json!({"expression_score": {"expression": "number"}});
    for (name, formula) in [
        ("wasm_udf", udf("read_int64", json!({"field": "inverse"}))),
        ("expression", json!("inverse")),
    ] {
        for snapshot in [snapshot(&documents), in_segments(&documents, 7)] {
            let request = json!({"query": first, "rescore": {"window_size": 12, name: formula},
                "size": 14, "from": 1});
            let response = run(&snapshot, &request);
            let found: Vec<(String, Option<f64>)> = response
                .hits
                .hits
                .into_iter()
                .map(|hit| (hit.id, hit.score))
                .collect();
            // 39 to 28 are the first, and 28 has the greatest inverse of them.
            let rescored = (29..40).map(|number| (number, 100 - number));
            let others = [27, 26, 25].map(|number| (number, number));
            let expected: Vec<(String, Option<f64>)> = rescored
                .chain(others)
                .map(|(id, score)| (id.to_string(), Some(f64::from(score))))
                .collect();
            assert_eq!(found, expected);
            assert_eq!(response.hits.max_score, Some(72.0));
            let evaluated = response
                .udf
                .iter()
                .map(|report| report.documents)
                .sum::<u64>();
            assert_eq!(evaluated, if name == "wasm_udf" { 12 } else { 0 });
        }
    }
}

#[test]
fn a_new_score_reads_the_old_one_and_a_document_left_out_keeps_it() {
    let documents = [json!({"number": 3}), json!({"number": 5})];
    let snapshot = snapshot(&documents);
    let rescored = |function: &str, on_error: &str| {
        let request = json!({"query": {"expression_score": {"expression": "number"}},
            "rescore": {"wasm_udf": {"function": function, "on_error": on_error}}});
        let hits = run(&snapshot, &request).hits.hits;
        hits.iter().map(|hit| hit.score).collect::<Vec<_>>()
    };
    assert_eq!(rescored("read_score", "fail"), [Some(5.0), Some(3.0)]);
    assert_eq!(rescored("not_a_number", "skip"), [Some(5.0), Some(3.0)]);
    assert_eq!(rescored("not_a_number", "null"), [Some(0.0), Some(0.0)]);
}

#[test]
fn formulas_that_do_not_go_where_they_stand() {
    let snapshot = snapshot(&[json!({"price": 1.5, "day": "2020-01-02", "title": "x"})]);
    let error = |request: Json| try_run(&snapshot, &request).expect_err("it fails");
    let json_udf = udf("read_json", json!({"field": "price"}));
    let text_udf = udf("read_text", json!({"field": "title"}));
    let throws = udf("throws", json!({"field": "title"}));
    insta::assert_snapshot!(error(json!({"sort": [{"wasm_udf": json_udf}]})), @"function `read_json` returns json: a sort key must be boolean, int64, float64, text or timestamp");
    insta::assert_snapshot!(error(json!({"rescore": {"wasm_udf": text_udf}})), @"function `read_text` returns text: a score must be int64 or float64");
    insta::assert_snapshot!(error(json!({"rescore": {"expression": "title"}})), @"in `rescore.expression`: expression: it gives text, but a score takes a number");
    insta::assert_snapshot!(error(json!({"rescore": {"expression": "price > 1"}})), @"in `rescore.expression`: expression: it gives a boolean, but a score takes a number");
    insta::assert_snapshot!(error(json!({"rescore": {"window_size": 0, "expression": "price"}})), @"`rescore.window_size` must be an integer from 1 to 10000, but is 0");
    insta::assert_snapshot!(error(json!({"rescore": {"window_size": 5}})), @"`rescore` must have either `wasm_udf` or `expression`");
    insta::assert_snapshot!(error(json!({"rescore": {"expression": "price"}, "sort": ["price"]})), @"`rescore` and `sort` cannot be combined; remove one");
    insta::assert_snapshot!(error(json!({"fields": {"a": {"expression": "prize"}}})), @"in `fields.a.expression`: expression, column 1: unknown column `prize`: did you mean `price`?");
    insta::assert_snapshot!(error(json!({"fields": {"a": "price"}})), @r#"`fields.a` must be an object, but is "price""#);
    insta::assert_snapshot!(error(json!({"fields": {"a": {"wasm_udf": {"function": "f", "query": {}}}}})), @"unknown key `fields.a.wasm_udf.query`; expected one of `function`, `params`, `on_error`");
    insta::assert_snapshot!(error(json!({"sort": [{"expression": {"text": "price", "mode": "min"}}]})), @"unknown key `sort[0].expression.mode`; expected one of `text`, `order`, `missing`");
    for request in [
        json!({"sort": [{"wasm_udf": throws}]}),
        json!({"fields": {"a": {"wasm_udf": throws}}}),
    ] {
        let told = error(request);
        assert!(
            told.starts_with("function `throws` was stopped at document `0`"),
            "{told}"
        );
    }
}
