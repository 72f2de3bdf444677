//! UDFs called in expressions: in every place of a request, with arguments as SQL has them, and for
//! no more documents than they must be.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use whittle_node::SearchResponse;

use super::index::{in_segments, run, snapshot, try_run};

/// Documents of which every hundredth is chosen by a cheap condition.
fn many() -> Vec<Json> {
    let document = |number: usize| {
        json!({"title": format!("title {number}"), "number": number, "odd": number % 2 == 1,
            "flag": number.is_multiple_of(3), "word": format!("w{}", number % 5)})
    };
    (0..20_000).map(document).collect()
}

fn filter(expression: &str) -> Json {
    json!({"query": {"expression": expression}})
}

fn evaluated(response: &SearchResponse) -> Vec<u64> {
    let reports = response.udf.iter();
    reports.map(|report| report.documents).collect()
}

#[test]
fn a_function_sees_the_documents_that_the_conditions_before_it_leave() {
    let snapshot = snapshot(&many());
    for (expression, hits, documents) in [
        ("read_boolean(flag)", 6_667, &[20_000][..]),
        ("read_boolean(flag) and number < 300", 100, &[300]),
        ("number % 100 = 0 and read_boolean(flag)", 67, &[200]),
        ("odd or read_boolean(flag)", 13_334, &[10_000]),
        ("not read_boolean(flag) and number < 300", 200, &[300]),
        (
            "case when number < 100 then read_boolean(flag) else odd end",
            9_984,
            &[100],
        ),
        ("coalesce(odd, read_boolean(flag))", 10_000, &[0]),
        ("string_distance(title, 'title 1', 0)", 1, &[20_000]),
        (
            "string_distance(field => title, target => 'title' || ' 1') and number = 1",
            1,
            &[1],
        ),
        (
            "\"string_distance@^0.1\"(title, 'title 1') and number < 9",
            9,
            &[9],
        ),
        (
            "read_int64(number) between 5 and 7 and number < 10",
            3,
            &[10],
        ),
    ] {
        let response = run(&snapshot, &filter(expression));
        assert_eq!(response.hits.total, Some(hits), "{expression}");
        let mut found = evaluated(&response);
        // A function that is not called sees nothing.
        found.sort_unstable();
        assert_eq!(found, documents, "{expression}");
    }
}

#[test]
fn a_function_computes_in_every_place_of_an_expression() {
    for snapshot in [snapshot(&many()), in_segments(&many(), 7_000)] {
        let request = json!({
            "query": {"expression_score": {"expression": "read_int64(number) * 2 + 1",
                "query": {"range": {"number": {"lt": 10}}}}},
            "fields": {
                "title": {"expression": "upper(read_text(title))"},
                "json": {"expression": "echo_arguments(json => '[1]')"},
            },
            "aggs": {"most": {"max": {"expression": "read_int64(number) + 0.5"}}},
            "size": 1,
        });
        let response = run(&snapshot, &request);
        let hit = &response.hits.hits[0];
        assert_eq!((hit.id.as_str(), hit.score), ("9", Some(19.0)));
        assert_eq!(json!(hit.fields)["title"], json!(["TITLE 9"]));
        assert_eq!(json!(hit.fields)["json"], json!(["json=[1]"]));
        assert_eq!(json!(response.aggregations)["most"]["value"], 9.5);
        let sorted = json!({"size": 2, "query": {"expression": "number < 50"},
            "sort": [{"expression": {"text": "-read_int64(number)"}}]});
        let ids = run(&snapshot, &sorted).hits.hits;
        let ids: Vec<String> = ids.into_iter().map(|hit| hit.id).collect();
        assert_eq!(ids, ["49", "48"]);
    }
}

#[test]
fn the_score_of_a_document_is_that_of_its_place() {
    let snapshot = snapshot(&many());
    let query = json!({"query": {"expression_score": {"expression": "read_score() * 2",
        "query": {"constant_score": {"filter": {"term": {"number": 5}}, "boost": 4}}}}});
    let response = run(&snapshot, &query);
    assert_eq!(response.hits.hits[0].score, Some(8.0));
}

#[test]
fn rejects_a_call_with_its_position() {
    let snapshot = snapshot(&many()[..10]);
    let error =
        |expression: &str| try_run(&snapshot, &filter(expression)).expect_err("it is refused");
    insta::assert_snapshot!(error("string_distanc(title, 'x')"), @"in `query.expression`: expression, column 1: unknown function `string_distanc`: did you mean `string_distance`?");
    insta::assert_snapshot!(error("string_distance(titel, 'x')"), @"in `query.expression`: expression, column 17: unknown column `titel`: did you mean `title`? A string is written 'titel'");
    insta::assert_snapshot!(error("string_distance(title)"), @"in `query.expression`: expression, column 1: `string_distance` is called without its parameter `target` (text)");
    insta::assert_snapshot!(error("string_distance(title, 'x', 'y')"), @"in `query.expression`: expression, column 29: `'y'` is text, but parameter `max_distance` of `string_distance` is int64");
    insta::assert_snapshot!(error("string_distance(title, 'x', 1, 2)"), @"in `query.expression`: expression, column 1: `string_distance` takes at most 3 arguments, but has 4");
    insta::assert_snapshot!(error("string_distance(title, 'x', max_distanc => 2)"), @"in `query.expression`: expression, column 29: `string_distance` has no parameter `max_distanc`: did you mean `max_distance`?");
    insta::assert_snapshot!(error("string_distance(title, 'x', field => title)"), @"in `query.expression`: expression, column 38: `string_distance` has two arguments for `field`");
    insta::assert_snapshot!(error("string_distance(upper(title), 'x')"), @"in `query.expression`: expression, column 17: parameter `field` of `string_distance` (text) takes the name of a field or a constant: no value that is computed from fields");
    insta::assert_snapshot!(error("string_distance(title, 'x', max_distance => number)"), @"in `query.expression`: expression, column 45: parameter `max_distance` of `string_distance` (int64) takes a constant: no value that is computed from fields");
    insta::assert_snapshot!(error("echo_arguments(json => '{') = ''"), @"in `query.expression`: expression, column 24: parameter `json` of `echo_arguments` is json, but this text is not JSON: EOF while parsing an object at line 1 column 1");
    insta::assert_snapshot!(error("\"string_distance@^9\"(title, 'x')"), @"no version matches `string_distance@^9`: registered are 0.1.0");
    insta::assert_snapshot!(error("string_distance(title, 'x') = 0"), @"in `query.expression`: expression, column 1: this is a boolean, but `0`, to which `=` compares it, is a number");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// The index narrows an expression down, but leaves what it says as it is.
    #[test]
    fn an_index_changes_nothing_of_an_expression(
        numbers in prop::collection::vec(prop::collection::vec(-3_i64..8, 0..3), 1..40),
        segment in 1_usize..15,
        least in -3_i64..8,
        word in 0_i64..3,
    ) {
        let document = |numbers: &Vec<i64>| {
            let words: Vec<String> = numbers.iter().map(|n| format!("w{}", n.rem_euclid(3))).collect();
            let doubles: Vec<f64> = numbers.iter().map(|n| *n as f64 / 2.0).collect();
            json!({"number": numbers, "double": doubles, "word": words, "odd": numbers.len() % 2 == 1})
        };
        // One has all fields, so that they are mapped.
        let mut numbers = numbers;
        numbers.push(vec![9]);
        let documents: Vec<Json> = numbers.iter().map(document).collect();
        let first = |numbers: &Vec<i64>| numbers.first().copied();
        let snapshot = in_segments(&documents, segment);
        let holds: [(String, &dyn Fn(i64) -> bool); 5] = [
            (format!("number = {least} and odd is not null"), &|n| n == least),
            (format!("number > {least} and odd is not null"), &|n| n > least),
            (format!("double <= {least} / 2.0 and odd is not null"), &|n| n <= least),
            (format!("\"word.keyword\" = 'w{word}'"), &|n| n.rem_euclid(3) == word),
            (
                format!("\"word.keyword\" in ('w{word}', 'w0') and {least} < number and length(\"word.keyword\") = 2"),
                &|n| (n.rem_euclid(3) == word || n.rem_euclid(3) == 0) && least < n,
            ),
        ];
        for (expression, holds) in holds {
            let mut request = filter(&expression);
            request["size"] = json!(100);
            let expected = numbers.iter().filter(|numbers| first(numbers).is_some_and(holds));
            let response = run(&snapshot, &request);
            prop_assert_eq!(response.hits.total, Some(expected.count()), "{}", expression);
        }
    }
}
