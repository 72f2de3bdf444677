//! What is read, and what is told of what is not.

use serde_json::{Value as Json, json};
use whittle_host::OnError;

use crate::query::{
    BoolClause, FunctionCall, Fuzziness, Limit, MinimumShouldMatch, MultiMatchKind, Operator,
    Query, UdfClause,
};

fn read(json: &Json) -> Query {
    Query::read(json, "query").expect("a query")
}

fn error(json: Json) -> String {
    Query::read(&json, "query")
        .expect_err("it is refused")
        .to_string()
}

#[test]
fn short_forms_say_what_long_ones_say() {
    for (short, long) in [
        (
            json!({"match": {"a": "x"}}),
            json!({"match": {"a": {"query": "x", "operator": "or", "boost": 1}}}),
        ),
        (
            json!({"match_phrase": {"a": "x"}}),
            json!({"match_phrase": {"a": {"query": "x", "slop": 0}}}),
        ),
        (
            json!({"match_phrase_prefix": {"a": "x"}}),
            json!({"match_phrase_prefix": {"a": {"query": "x", "max_expansions": 50}}}),
        ),
        (
            json!({"term": {"a": 1}}),
            json!({"term": {"a": {"value": 1}}}),
        ),
        (
            json!({"terms": {"a": [1]}}),
            json!({"terms": {"a": [1], "boost": 1.0}}),
        ),
        (
            json!({"prefix": {"a": "x"}}),
            json!({"prefix": {"a": {"value": "x"}}}),
        ),
        (
            json!({"wildcard": {"a": "x"}}),
            json!({"wildcard": {"a": {"wildcard": "x"}}}),
        ),
        (
            json!({"wildcard": {"a": "x"}}),
            json!({"wildcard": {"a": {"value": "x"}}}),
        ),
        (
            json!({"regexp": {"a": "x"}}),
            json!({"regexp": {"a": {"value": "x"}}}),
        ),
        (
            json!({"fuzzy": {"a": "x"}}),
            json!({"fuzzy": {"a": {"value": "x", "fuzziness": "AUTO", "prefix_length": 0, "transpositions": true}}}),
        ),
        (
            json!({"ids": {"values": "a"}}),
            json!({"ids": {"values": ["a"]}}),
        ),
        (
            json!({"multi_match": {"query": "x", "fields": "a"}}),
            json!({"multi_match": {"query": "x", "fields": ["a^1"], "type": "best_fields", "tie_breaker": 0}}),
        ),
        (
            json!({"bool": {"must": {"match_all": {}}}}),
            json!({"bool": {"must": [{"match_all": {"boost": 1}}], "should": []}}),
        ),
        (
            json!({"bool": {"should": [], "minimum_should_match": "2"}}),
            json!({"bool": {"minimum_should_match": 2}}),
        ),
        (
            json!({"wasm_udf": {"function": "f"}}),
            json!({"wasm_udf": {"function": "f", "params": {}, "query": {"match_all": {}}, "on_error": "fail", "boost": 1}}),
        ),
        (
            json!({"expression": "a"}),
            json!({"expression": {"text": "a"}}),
        ),
        (
            json!({"expression_score": {"expression": "a"}}),
            json!({"expression_score": {"expression": "a", "query": {"match_all": {}}}}),
        ),
    ] {
        assert_eq!(read(&short), read(&long), "{short}");
    }
}

#[test]
fn all_that_a_clause_says_is_read() {
    let field = || "a.b".to_owned();
    let all = || Box::new(Query::MatchAll { boost: 1.0 });
    for (json, expected) in [
        (
            json!({"match": {"a.b": {"query": "x y", "operator": "AND", "minimum_should_match": "3<50%", "fuzziness": 1, "boost": "2.5"}}}),
            Query::Match {
                field: field(),
                text: json!("x y"),
                operator: Operator::And,
                minimum_should_match: Some(MinimumShouldMatch::Above(vec![(
                    3,
                    MinimumShouldMatch::Percent(50),
                )])),
                fuzziness: Some(Fuzziness::Edits(1)),
                boost: 2.5,
            },
        ),
        (
            json!({"multi_match": {"query": 5, "fields": ["a^2", "b.*^0.5"], "type": "most_fields", "fuzziness": "AUTO:1,2"}}),
            Query::MultiMatch {
                fields: vec![("a".to_owned(), 2.0), ("b.*".to_owned(), 0.5)],
                text: json!(5),
                kind: MultiMatchKind::MostFields,
                operator: Operator::Or,
                minimum_should_match: None,
                fuzziness: Some(Fuzziness::Auto { low: 1, high: 2 }),
                tie_breaker: 1.0,
                boost: 1.0,
            },
        ),
        (
            json!({"range": {"a.b": {"gt": 1, "lte": "now", "boost": 2}}}),
            Query::Range {
                field: field(),
                from: Some(Limit {
                    value: json!(1),
                    included: false,
                }),
                to: Some(Limit {
                    value: json!("now"),
                    included: true,
                }),
                boost: 2.0,
            },
        ),
        (
            json!({"fuzzy": {"a.b": {"value": 12, "fuzziness": 2, "prefix_length": 1, "transpositions": false}}}),
            Query::Fuzzy {
                field: field(),
                value: "12".to_owned(),
                fuzziness: Fuzziness::Edits(2),
                prefix_length: 1,
                transpositions: false,
                boost: 1.0,
            },
        ),
        (
            json!({"bool": {"must": [{"match_none": {}}], "filter": {"match_all": {}}, "minimum_should_match": "-25%"}}),
            Query::Bool(BoolClause {
                must: vec![Query::MatchNone],
                filter: vec![*all()],
                should: vec![],
                must_not: vec![],
                minimum_should_match: Some(MinimumShouldMatch::Percent(-25)),
                boost: 1.0,
            }),
        ),
        (
            json!({"boosting": {"positive": {"match_all": {}}, "negative": {"match_none": {}}, "negative_boost": 0.5}}),
            Query::Boosting {
                positive: all(),
                negative: Box::new(Query::MatchNone),
                negative_boost: 0.5,
                boost: 1.0,
            },
        ),
        (
            json!({"wasm_udf": {"function": "f", "params": {"a": [1]}, "query": {"exists": {"field": "a.b", "boost": 0}}, "on_error": "null", "boost": 3}}),
            Query::WasmUdf(UdfClause {
                call: FunctionCall {
                    function: "f".to_owned(),
                    params: json!({"a": [1]}).as_object().cloned().expect("an object"),
                    on_error: OnError::Null,
                },
                query: Box::new(Query::Exists {
                    field: field(),
                    boost: 0.0,
                }),
                boost: 3.0,
            }),
        ),
    ] {
        assert_eq!(read(&json), expected, "{json}");
    }
}

#[test]
fn clauses_that_there_are_not() {
    insta::assert_snapshot!(error(json!([])), @"`query` must be an object, but is a list");
    insta::assert_snapshot!(error(json!({})), @"`query` must have one key, the clause's name, but has none");
    insta::assert_snapshot!(error(json!({"match": {"a": 1}, "term": {"a": 1}})), @"`query` must have one key, the clause's name, but has `match`, `term`");
    insta::assert_snapshot!(error(json!({"mtach": {}})), @"`query.mtach` is unknown: here can stand `bool`, `boosting`, `constant_score`, `dis_max`, `exists`, `expression`, `expression_score`, `fuzzy`, `ids`, `match`, `match_all`, `match_none`, `match_phrase`, `match_phrase_prefix`, `multi_match`, `prefix`, `range`, `regexp`, `term`, `terms`, `wasm_udf`, `wildcard`");
    insta::assert_snapshot!(error(json!({"bool": {"must": [{"query_string": {"query": "a:b"}}]}})), @"`query.bool.must[0].query_string`: there is no clause `query_string` here: use `bool` and `match`");
    insta::assert_snapshot!(error(json!({"bool": {"filter": {"nested": {}}}})), @"`query.bool.filter.nested`: there is no clause `nested` here: use `bool`: fields of objects are searched by their dotted paths");
}

#[test]
fn keys_that_there_are_not() {
    insta::assert_snapshot!(error(json!({"bool": {"msut": []}})), @"`query.bool.msut` is unknown: here can stand `must`, `filter`, `should`, `must_not`, `minimum_should_match`, `boost`");
    insta::assert_snapshot!(error(json!({"range": {"a": {"gt": 1, "format": "yyyy"}}})), @"`query.range.a.format` is not supported: leave it out; here can stand `gt`, `gte`, `lt`, `lte`, `boost`");
    insta::assert_snapshot!(error(json!({"prefix": {"a": {"value": "x", "case_insensitive": true}}})), @"`query.prefix.a.case_insensitive` is not supported: leave it out; here can stand `value`, `boost`");
    insta::assert_snapshot!(error(json!({"match": {"a": {"query": "x", "analyzer": "standard"}}})), @"`query.match.a.analyzer` is not supported: leave it out; here can stand `query`, `operator`, `minimum_should_match`, `fuzziness`, `boost`");
    insta::assert_snapshot!(error(json!({"match_none": {"_name": "a"}})), @"`query.match_none._name` is not supported: leave it out; here can stand `boost`");
    insta::assert_snapshot!(error(json!({"match": {"a": {}}})), @"`query.match.a.query` is missing");
    insta::assert_snapshot!(error(json!({"match": {}})), @"`query.match` must have one key, the field, but has none");
    insta::assert_snapshot!(error(json!({"term": {"a": 1, "b": 2}})), @"`query.term` must have one key, the field, but has `a`, `b`");
    insta::assert_snapshot!(error(json!({"terms": {"boost": 1}})), @"`query.terms` must have one key, the field, besides `boost`, but has none");
    insta::assert_snapshot!(error(json!({"boosting": {"positive": {"match_all": {}}, "negative": {"match_all": {}}}})), @"`query.boosting.negative_boost` is missing");
    insta::assert_snapshot!(error(json!({"constant_score": {}})), @"`query.constant_score.filter` is missing");
    insta::assert_snapshot!(error(json!({"dis_max": {}})), @"`query.dis_max.queries` is missing");
    insta::assert_snapshot!(error(json!({"exists": {}})), @"`query.exists.field` is missing");
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x"}})), @"`query.multi_match.fields` is missing");
    insta::assert_snapshot!(error(json!({"wasm_udf": {"params": {}}})), @"`query.wasm_udf.function` is missing");
}

#[test]
fn values_of_other_types() {
    insta::assert_snapshot!(error(json!({"match": {"a": ["x"]}})), @"`query.match.a` must be a text, a number or a boolean, but is a list");
    insta::assert_snapshot!(error(json!({"match": {"a": {"query": "x", "operator": "xor"}}})), @r#"`query.match.a.operator` must be "or" or "and", but is "xor""#);
    insta::assert_snapshot!(error(json!({"match": {"a": {"query": "x", "minimum_should_match": "most"}}})), @r#"`query.match.a.minimum_should_match` must be an integer, a share such as "75%" or "-25%", or both after a count, such as "3<90%", but is "most""#);
    insta::assert_snapshot!(error(json!({"match": {"a": {"query": "x", "fuzziness": 3}}})), @r#"`query.match.a.fuzziness` must be 0, 1, 2, "AUTO" or "AUTO:low,high", but is 3"#);
    insta::assert_snapshot!(error(json!({"match_phrase": {"a": {"query": "x", "slop": -1}}})), @"`query.match_phrase.a.slop` must be an integer from 0 to 10000, but is -1");
    insta::assert_snapshot!(error(json!({"match_all": {"boost": -1}})), @"`query.match_all.boost` must be a number from 0 to 3.4e38, but is -1");
    insta::assert_snapshot!(error(json!({"match_all": {"boost": 1e300}})), @"`query.match_all.boost` must be a number from 0 to 3.4e38, but is 1e+300");
    insta::assert_snapshot!(error(json!({"term": {"a": null}})), @"`query.term.a` must be a text, a number or a boolean, but is null");
    insta::assert_snapshot!(error(json!({"terms": {"a": "x"}})), @r#"`query.terms.a` must be a list, but is "x""#);
    insta::assert_snapshot!(error(json!({"terms": {"a": ["x", []]}})), @"`query.terms.a[1]` must be a text, a number or a boolean, but is a list");
    insta::assert_snapshot!(error(json!({"range": {"a": 5}})), @"`query.range.a` must be an object, but is 5");
    insta::assert_snapshot!(error(json!({"range": {"a": {"gt": 1, "gte": 2}}})), @"`query.range.a.gte` must be left out, since the same side has a bound already, but is 2");
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x", "fields": ["a^b"]}})), @r#"`query.multi_match.fields` must be a field, or one with a boost from 0 such as "title^2", but is "a^b""#);
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x", "fields": ["a"], "type": "phrase"}})), @r#"`query.multi_match.type` must be "best_fields" or "most_fields", but is "phrase""#);
    insta::assert_snapshot!(error(json!({"dis_max": {"queries": 1}})), @"`query.dis_max.queries` must be a clause or a list of clauses, but is 1");
    insta::assert_snapshot!(error(json!({"dis_max": {"queries": [], "tie_breaker": 2}})), @"`query.dis_max.tie_breaker` must be a number from 0 to 1, but is 2");
    insta::assert_snapshot!(error(json!({"exists": {"field": 1}})), @"`query.exists.field` must be a text, but is 1");
    insta::assert_snapshot!(error(json!({"fuzzy": {"a": {"value": "x", "transpositions": "yes"}}})), @r#"`query.fuzzy.a.transpositions` must be true or false, but is "yes""#);
    insta::assert_snapshot!(error(json!({"wasm_udf": {"function": "f", "on_error": "ignore"}})), @r#"`query.wasm_udf.on_error` must be "fail", "skip" or "null", but is "ignore""#);
    insta::assert_snapshot!(error(json!({"wasm_udf": {"function": "f", "params": []}})), @"`query.wasm_udf.params` must be an object, but is a list");
    insta::assert_snapshot!(error(json!({"expression": 5})), @"`query.expression` must be a text, but is 5");
}

#[test]
fn more_than_there_may_be() {
    let nested = |depth: usize| {
        (0..depth).fold(
            json!({"match_all": {}}),
            |inner, _| json!({"constant_score": {"filter": inner}}),
        )
    };
    assert!(Query::read(&nested(63), "query").is_ok());
    let text = error(nested(64));
    insta::assert_snapshot!(&text[text.len() - 70..], @"ant_score.filter` lies too deep: clauses may lie in each other 64 deep");
    let clauses = |count: usize| json!({"bool": {"must": vec![json!({"match_all": {}}); count]}});
    assert!(Query::read(&clauses(1_023), "query").is_ok());
    insta::assert_snapshot!(error(clauses(1_024)), @"`query.bool.must[1023]` has too many clauses in all: 1024 may be");
    insta::assert_snapshot!(error(json!({"terms": {"a": vec![1; 65_537]}})), @"`query.terms.a` has too many values: 65536 may be");
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x", "fields": vec!["a"; 257]}})), @"`query.multi_match.fields` has too many fields: 256 may be");
}
