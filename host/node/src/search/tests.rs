//! Each test searches documents with one field, `v`, by a guest `f` that returns it: as a boolean
//! (whether it is positive) or as a number. [`NONE`], or no field, is no value; [`BAD`] fails.

use serde_json::json;
use whittle_host::{Accessor, Budget, Udf};
use whittle_tests::{ByHand, engine, told};

use super::*;

const NONE: i64 = 400;
const BAD: i64 = 500;
/// Becomes NaN.
const NAN: i64 = 600;

fn guest(returns: Kind) -> Udf {
    let (code, store) = match returns {
        Kind::Boolean => (
            0,
            "(i32.store8 (i32.const 528) (f64.gt (local.get $v) (f64.const 0)))",
        ),
        Kind::Int64 => (
            1,
            "(i64.store (i32.const 528) (i64.trunc_sat_f64_s (local.get $v)))",
        ),
        Kind::Float64 => (2, "(f64.store (i32.const 528) (local.get $v))"),
        Kind::Text => (3, ""),
        Kind::Timestamp => (4, ""),
        Kind::Json => (5, ""),
    };
    let evaluate = format!(
        r#"(local $v f64)
        (local.set $v (call $get (global.get $field) (f64.const {NONE})))
        (i32.store8 (i32.const 512) (i32.const 0))
        (i32.store8 (i32.const 520) (i32.const 0))
        (if (f64.eq (local.get $v) (f64.const {NONE})) (then (return (i32.const 512))))
        (if (f64.eq (local.get $v) (f64.const {BAD})) (then
          (i32.store8 (i32.const 512) (i32.const 1))
          (i32.store8 (i32.const 520) (i32.const 1))
          (i32.store (i32.const 524) (i32.const 600))
          (i32.store (i32.const 528) (i32.const 7))
          (return (i32.const 512))))
        (if (f64.eq (local.get $v) (f64.const {NAN})) (then (local.set $v (f64.const nan))))
        (i32.store8 (i32.const 520) (i32.const {tag}))
        {store}
        (i32.const 512)"#,
        tag = code + 1,
    );
    let guest = ByHand {
        imports: r#"
          (import "whittle:udf/document@0.1.0" "resolve"
            (func $resolve (param i32 i32 i32) (result i32)))
          (import "whittle:udf/document@0.1.0" "float64-or"
            (func $get (param i32 f64) (result f64)))"#,
        module: r#"(memory (export "memory") 1)
          (data (i32.const 600) "no good")
          (data (i32.const 608) "v")
          (global $field (mut i32) (i32.const 0))"#,
        bind: "(global.set $field (call $resolve (i32.const 608) (i32.const 1) (i32.const 2)))
          (i32.const 256)",
        evaluate: &evaluate,
        returns: code,
        ..ByHand::default()
    };
    Udf::new(&engine(Accessor::default()), &guest.component()).expect("the guest is registered")
}

fn documents(sources: &Json) -> Documents {
    Documents::read(sources.to_string().as_bytes(), None).expect("they are documents")
}

fn run(
    documents: &Documents,
    returns: Kind,
    on_error: &str,
    size: usize,
) -> Result<SearchResponse, SearchError> {
    let text = json!({
        "query": {"wasm_udf": {"function": "f", "on_error": on_error}},
        "size": size,
    });
    let request = SearchRequest::parse(text.to_string().as_bytes()).expect("it is a search");
    let udfs = Udfs::new([guest(returns)]).expect("there is one");
    let query = QueryContext::new(Budget::default());
    search(documents, &request, &udfs, &query, |_| ())
}

/// Ids and scores of the hits.
fn hits(response: &SearchResponse) -> Vec<(&str, Option<f64>)> {
    let hits = response.hits.hits.iter();
    hits.map(|hit| (hit.id.as_str(), hit.score)).collect()
}

/// Errors, and the samples of them.
fn errors(response: &SearchResponse) -> (u64, Vec<(&str, &str)>) {
    let report = &response.udf[0];
    let samples = report.error_samples.iter();
    let samples = samples.map(|sample| (sample.id.as_str(), sample.message.as_str()));
    (report.errors, samples.collect())
}

#[test]
fn a_filter_keeps_what_is_true_in_the_documents_order() {
    let documents = documents(&json!([{"v": 2}, {"v": -1}, {}, {"v": BAD}, {"v": 1}]));
    for on_error in ["skip", "null"] {
        let response = run(&documents, Kind::Boolean, on_error, 10).expect("it is answered");
        assert_eq!(hits(&response), [("0", Some(1.0)), ("4", Some(1.0))]);
        assert_eq!(response.hits.total, 2);
        assert_eq!(response.udf[0].documents, 5);
        assert_eq!(errors(&response), (1, vec![("3", "\"no good\"")]));
    }
}

#[test]
fn scores_descend_and_what_has_none_comes_last() {
    let documents = documents(&json!([{}, {"v": 1}, {"v": -3}, {"v": 7}]));
    let expected = [
        ("3", Some(7.0)),
        ("1", Some(1.0)),
        ("2", Some(-3.0)),
        ("0", None),
    ];
    for kind in [Kind::Float64, Kind::Int64] {
        let response = run(&documents, kind, "fail", 10).expect("it is answered");
        assert_eq!(hits(&response), expected);
    }
}

#[test]
fn ties_go_by_id_as_text_or_by_position_where_that_is_the_id() {
    let sources: Vec<Json> = (0..12).map(|_| json!({"v": 1})).collect();
    let response = run(&documents(&sources.into()), Kind::Float64, "fail", 12);
    let response = response.expect("it is answered");
    let ids: Vec<String> = (0..12)
        .map(|position: usize| position.to_string())
        .collect();
    let found: Vec<&str> = hits(&response).into_iter().map(|(id, _)| id).collect();
    assert_eq!(found, ids);

    let text = br#"[{"id": 9, "v": 0.0}, {"id": 10, "v": -0.0}, {"id": "a", "v": 0.0}]"#;
    let named = Documents::read(text, Some("id")).expect("they are documents");
    let response = run(&named, Kind::Float64, "fail", 10).expect("it is answered");
    let found: Vec<&str> = hits(&response).into_iter().map(|(id, _)| id).collect();
    assert_eq!(found, ["10", "9", "a"]);
}

#[test]
fn a_document_that_fails_ends_the_search_is_left_out_or_has_no_score() {
    for (value, message) in [(BAD, "\"no good\""), (NAN, "its score is not a number")] {
        let documents = documents(&json!([{"v": 1}, {"v": value}, {"v": 2}]));
        let failed = run(&documents, Kind::Float64, "fail", 10).expect_err("it fails");
        assert_eq!(
            told(&failed),
            format!("function `f` failed for document `1`: {message}")
        );

        let skipped = run(&documents, Kind::Float64, "skip", 10).expect("it is answered");
        assert_eq!(hits(&skipped), [("2", Some(2.0)), ("0", Some(1.0))]);
        assert_eq!((skipped.hits.total, skipped.udf[0].documents), (2, 3));
        assert_eq!(errors(&skipped), (1, vec![("1", message)]));

        let null = run(&documents, Kind::Float64, "null", 10).expect("it is answered");
        assert_eq!(
            hits(&null),
            [("2", Some(2.0)), ("0", Some(1.0)), ("1", None)]
        );
        assert_eq!(null.hits.total, 3);
        assert_eq!(errors(&null), (1, vec![("1", message)]));
    }
}

#[test]
fn errors_are_counted_exactly_and_five_are_shown() {
    let values = [NAN, BAD, 1, NAN, NAN, BAD, NAN, BAD];
    let sources: Vec<Json> = values.iter().map(|value| json!({"v": value})).collect();
    let response = run(&documents(&sources.into()), Kind::Float64, "skip", 10);
    let response = response.expect("it is answered");
    let (count, samples) = errors(&response);
    assert_eq!((count, samples.len(), response.hits.total), (7, 5, 1));
}

#[test]
fn totals_and_progress_count_all_documents_of_many_batches() {
    let sources: Vec<Json> = (0..2500).map(|value| json!({"v": value})).collect();
    let documents = documents(&sources.into());
    let response = run(&documents, Kind::Boolean, "skip", 0).expect("it is answered");
    assert_eq!((hits(&response).len(), errors(&response).0), (0, 1));
    // Not among them: 0, 400 (no value), 500 (fails) and 600 (NaN is not positive).
    assert_eq!(response.hits.total, 2500 - 4);
    assert_eq!(response.udf[0].documents, 2500);

    let request = br#"{"query": {"wasm_udf": {"function": "f", "on_error": "skip"}}}"#;
    let request = SearchRequest::parse(request).expect("it is a search");
    let udfs = Udfs::new([guest(Kind::Float64)]).expect("there is one");
    let query = QueryContext::new(Budget::default());
    let mut done = Vec::new();
    let response = search(&documents, &request, &udfs, &query, |count| {
        done.push(count);
    });
    let response = response.expect("it is answered");
    assert_eq!(done, [1024, 2048, 2500]);
    assert_eq!(hits(&response)[0], ("2499", Some(2499.0)));
    assert_eq!(response.hits.hits.len(), 10);
}

#[test]
fn no_documents_are_no_hits() {
    let response = run(&Documents::default(), Kind::Float64, "fail", 10).expect("it is answered");
    assert_eq!((hits(&response).len(), response.hits.total), (0, 0));
    assert_eq!(response.udf[0].documents, 0);
}

#[test]
fn what_cannot_be_searched_with_is_told() {
    let refused = |request: Json, returns| {
        let request = SearchRequest::parse(request.to_string().as_bytes()).expect("it is a search");
        let udfs = Udfs::new([guest(returns)]).expect("there is one");
        let query = QueryContext::new(Budget::default());
        let result = search(&Documents::default(), &request, &udfs, &query, |_| ());
        told(&result.expect_err("it is refused"))
    };
    let unknown = json!({"query": {"wasm_udf": {"function": "g"}}});
    insta::assert_snapshot!(refused(unknown, Kind::Boolean), @"unknown function `g`: the components have `f`");
    let parameter = json!({"query": {"wasm_udf": {"function": "f", "params": {"x": 1}}}});
    insta::assert_snapshot!(refused(parameter, Kind::Boolean), @"function `f`: unknown parameter `x`: there are none");
    let f = json!({"query": {"wasm_udf": {"function": "f"}}});
    insta::assert_snapshot!(refused(f, Kind::Text), @"function `f` returns text: a query clause must be boolean, int64 or float64");
    let twice = Udfs::new([guest(Kind::Boolean), guest(Kind::Int64)]).expect_err("both have it");
    insta::assert_snapshot!(twice, @"the components `by-hand` and `by-hand` both have a function `f`");
}
