//! What clauses parse to, and errors on what they cannot have.

use serde_json::{Value as Json, json};
use whittle_host::OnError;

use crate::query::{
    Bool, Boosting, Exists, FunctionCall, Fuzziness, Fuzzy, Limit, Match, MatchNone,
    MinimumShouldMatch, MultiMatch, MultiMatchKind, Operator, Query, Range, Text, WasmUdf, Words,
};

fn read(json: &Json) -> Query {
    Query::parse(json, "query").expect("a query")
}

fn error(json: Json) -> String {
    Query::parse(&json, "query")
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
            json!({"range": {"a": {"from": 1, "to": null, "include_lower": false, "include_upper": true}}}),
            json!({"range": {"a": {"gt": 1}}}),
        ),
        (
            json!({"range": {"a": {"from": 1, "to": "2", "relation": "WITHIN"}}}),
            json!({"range": {"a": {"gte": 1, "lte": "2"}}}),
        ),
        (
            json!({"match": {"a": {"query": "x", "prefix_length": 0, "max_expansions": 50, "fuzzy_transpositions": true, "lenient": false, "zero_terms_query": "NONE", "auto_generate_synonyms_phrase_query": true}}}),
            json!({"match": {"a": "x"}}),
        ),
        (
            json!({"regexp": {"a": {"value": "x", "flags": "ALL", "max_determinized_states": 10000, "rewrite": "constant_score"}}}),
            json!({"regexp": {"a": "x"}}),
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
fn parses_all_that_a_clause_says() {
    let field = || "a.b".to_owned();
    let all = || Box::new(Query::default());
    let words = |value: Json| Words {
        text: Text {
            value,
            analyzer: None,
            zero_terms_match_all: false,
        },
        operator: Operator::Or,
        minimum_should_match: None,
        fuzziness: None,
        prefix_length: 0,
        transpositions: true,
        lenient: false,
    };
    let cases: [(Json, Query); 7] = [
        (
            json!({"match": {"a.b": {"query": "x y", "operator": "AND", "minimum_should_match": "3<50%", "fuzziness": 1, "prefix_length": 2, "lenient": true, "boost": "2.5"}}}),
            Match {
                field: field(),
                words: Words {
                    operator: Operator::And,
                    minimum_should_match: Some(MinimumShouldMatch::Above(vec![(
                        3,
                        MinimumShouldMatch::Percent(50),
                    )])),
                    fuzziness: Some(Fuzziness::Edits(1)),
                    prefix_length: 2,
                    lenient: true,
                    ..words(json!("x y"))
                },
                boost: 2.5,
            }
            .into(),
        ),
        (
            json!({"multi_match": {"query": 5, "fields": ["a^2", "b.*^0.5"], "type": "most_fields", "fuzziness": "AUTO:1,2"}}),
            MultiMatch {
                fields: vec![("a".to_owned(), 2.0), ("b.*".to_owned(), 0.5)],
                words: Words {
                    fuzziness: Some(Fuzziness::Auto { low: 1, high: 2 }),
                    ..words(json!(5))
                },
                kind: MultiMatchKind::MostFields,
                tie_breaker: 1.0,
                boost: 1.0,
            }
            .into(),
        ),
        (
            json!({"range": {"a.b": {"gt": 1, "lte": "now", "boost": 2}}}),
            Range {
                field: field(),
                from: Some(Limit {
                    value: json!(1),
                    included: false,
                }),
                to: Some(Limit {
                    value: json!("now"),
                    included: true,
                }),
                format: None,
                zone_seconds: None,
                boost: 2.0,
            }
            .into(),
        ),
        (
            json!({"fuzzy": {"a.b": {"value": 12, "fuzziness": 2, "prefix_length": 1, "transpositions": false}}}),
            Fuzzy {
                field: field(),
                value: "12".to_owned(),
                fuzziness: Fuzziness::Edits(2),
                prefix_length: 1,
                transpositions: false,
                boost: 1.0,
            }
            .into(),
        ),
        (
            json!({"bool": {"must": [{"match_none": {}}], "filter": {"match_all": {}}, "minimum_should_match": "-25%"}}),
            Bool {
                must: vec![MatchNone.into()],
                filter: vec![*all()],
                should: vec![],
                must_not: vec![],
                minimum_should_match: Some(MinimumShouldMatch::Percent(-25)),
                adjust_pure_negative: true,
                boost: 1.0,
            }
            .into(),
        ),
        (
            json!({"boosting": {"positive": {"match_all": {}}, "negative": {"match_none": {}}, "negative_boost": 1.5}}),
            Boosting {
                positive: all(),
                negative: Box::new(MatchNone.into()),
                negative_boost: 1.5,
                boost: 1.0,
            }
            .into(),
        ),
        (
            json!({"wasm_udf": {"function": "f", "params": {"a": [1]}, "query": {"exists": {"field": "a.b", "boost": 0}}, "on_error": "null", "boost": 3}}),
            WasmUdf {
                call: FunctionCall {
                    function: "f".to_owned(),
                    params: json!({"a": [1]}).as_object().cloned().expect("an object"),
                    on_error: OnError::Null,
                },
                query: Box::new(
                    Exists {
                        field: field(),
                        boost: 0.0,
                    }
                    .into(),
                ),
                boost: 3.0,
            }
            .into(),
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(read(&json), expected, "{json}");
    }
}

#[test]
fn rejects_unknown_clauses() {
    insta::assert_snapshot!(error(json!([])), @"`query` must be an object, but is a list");
    insta::assert_snapshot!(error(json!({})), @"`query` must have exactly one key, the clause's name, but has none");
    insta::assert_snapshot!(error(json!({"match": {"a": 1}, "term": {"a": 1}})), @"`query` must have exactly one key, the clause's name, but has `match`, `term`");
    insta::assert_snapshot!(error(json!({"mtach": {}})), @"unknown key `query.mtach`; expected one of `bool`, `boosting`, `constant_score`, `dis_max`, `exists`, `expression`, `expression_score`, `fuzzy`, `ids`, `match`, `match_all`, `match_bool_prefix`, `match_none`, `match_phrase`, `match_phrase_prefix`, `multi_match`, `prefix`, `range`, `regexp`, `term`, `terms`, `wasm_udf`, `wildcard`");
    insta::assert_snapshot!(error(json!({"bool": {"must": [{"query_string": {"query": "a:b"}}]}})), @"`query.bool.must[0].query_string`: the clause `query_string` is not supported; use `bool` and `match`");
    insta::assert_snapshot!(error(json!({"bool": {"filter": {"nested": {}}}})), @"`query.bool.filter.nested`: the clause `nested` is not supported; use `bool`: fields of objects are searched by their dotted paths");
}

#[test]
fn rejects_unknown_and_missing_keys() {
    insta::assert_snapshot!(error(json!({"bool": {"msut": []}})), @"unknown key `query.bool.msut`; expected one of `must`, `filter`, `should`, `must_not`, `minimum_should_match`, `adjust_pure_negative`, `boost`");
    insta::assert_snapshot!(error(json!({"range": {"a": {"gt": 1, "boots": 2}}})), @"unknown key `query.range.a.boots`; expected one of `gt`, `gte`, `lt`, `lte`, `from`, `to`, `include_lower`, `include_upper`, `format`, `time_zone`, `relation`, `boost`");
    insta::assert_snapshot!(error(json!({"terms": {"a": [1], "_name": "b"}})), @"`query.terms` must have exactly one key, the field, besides `boost`, but has `a`, `_name`");
    insta::assert_snapshot!(error(json!({"term": {"a": {"value": "x", "rewrite": "constant_score"}}})), @"`query.term.a.rewrite` is not supported; remove it. Supported keys: `value`, `case_insensitive`, `boost`");
    insta::assert_snapshot!(error(json!({"match": {"a": {"query": "x", "cutoff_frequency": 0.1}}})), @"`query.match.a.cutoff_frequency` is not supported; remove it. Supported keys: `query`, `operator`, `minimum_should_match`, `fuzziness`, `prefix_length`, `max_expansions`, `fuzzy_transpositions`, `fuzzy_rewrite`, `analyzer`, `lenient`, `zero_terms_query`, `auto_generate_synonyms_phrase_query`, `boost`");
    insta::assert_snapshot!(error(json!({"match_none": {"_name": "a"}})), @"`query.match_none._name` is not supported; remove it. Supported keys: `boost`");
    insta::assert_snapshot!(error(json!({"match": {"a": {}}})), @"`query.match.a.query` is missing");
    insta::assert_snapshot!(error(json!({"match": {}})), @"`query.match` must have exactly one key, the field, but has none");
    insta::assert_snapshot!(error(json!({"term": {"a": 1, "b": 2}})), @"`query.term` must have exactly one key, the field, but has `a`, `b`");
    insta::assert_snapshot!(error(json!({"terms": {"boost": 1}})), @"`query.terms` must have exactly one key, the field, besides `boost`, but has none");
    insta::assert_snapshot!(error(json!({"boosting": {"positive": {"match_all": {}}, "negative": {"match_all": {}}}})), @"`query.boosting.negative_boost` is missing");
    insta::assert_snapshot!(error(json!({"constant_score": {}})), @"`query.constant_score.filter` is missing");
    insta::assert_snapshot!(error(json!({"dis_max": {}})), @"`query.dis_max.queries` is missing");
    insta::assert_snapshot!(error(json!({"exists": {}})), @"`query.exists.field` is missing");
    insta::assert_snapshot!(error(json!({"wasm_udf": {"params": {}}})), @"`query.wasm_udf.function` is missing");
}

#[test]
fn rejects_values_of_wrong_types() {
    insta::assert_snapshot!(error(json!({"match": {"a": ["x"]}})), @"`query.match.a` must be a string, a number or a boolean, but is a list");
    insta::assert_snapshot!(error(json!({"match": {"a": {"query": "x", "operator": "xor"}}})), @r#"`query.match.a.operator` must be "or" or "and", but is "xor""#);
    insta::assert_snapshot!(error(json!({"match": {"a": {"query": "x", "minimum_should_match": "most"}}})), @r#"`query.match.a.minimum_should_match` must be an integer, a share such as "75%" or "-25%", or both after a count, such as "3<90%", but is "most""#);
    insta::assert_snapshot!(error(json!({"match": {"a": {"query": "x", "fuzziness": 3}}})), @r#"`query.match.a.fuzziness` must be 0, 1, 2, "AUTO" or "AUTO:low,high", but is 3"#);
    insta::assert_snapshot!(error(json!({"match_phrase": {"a": {"query": "x", "slop": -1}}})), @"`query.match_phrase.a.slop` must be an integer from 0 to 10000, but is -1");
    insta::assert_snapshot!(error(json!({"match_all": {"boost": -1}})), @"`query.match_all.boost` must be a number from 0 to 3.4e38, but is -1");
    insta::assert_snapshot!(error(json!({"match_all": {"boost": 1e300}})), @"`query.match_all.boost` must be a number from 0 to 3.4e38, but is 1e+300");
    insta::assert_snapshot!(error(json!({"term": {"a": null}})), @"`query.term.a` must be a string, a number or a boolean, but is null");
    insta::assert_snapshot!(error(json!({"terms": {"a": "x"}})), @r#"`query.terms.a` must be a list, but is "x""#);
    insta::assert_snapshot!(error(json!({"terms": {"a": ["x", []]}})), @"`query.terms.a[1]` must be a string, a number or a boolean, but is a list");
    insta::assert_snapshot!(error(json!({"range": {"a": {"gt": 1, "from": 2}}})), @"`query.range.a.from` must be left out, since the same side already has a bound, but is 2");
    insta::assert_snapshot!(error(json!({"range": {"a": {"format": "yyyy-ww"}}})), @"`query.range.a.format`: `yyyy-ww` is not a known date format: the pattern letter `ww` is not supported");
    insta::assert_snapshot!(error(json!({"range": {"a": {"time_zone": "Europe/Paris"}}})), @r#"`query.range.a.time_zone` must be "UTC" or an offset from UTC such as "+01:00", but is "Europe/Paris""#);
    insta::assert_snapshot!(error(json!({"range": {"a": {"relation": "disjoint"}}})), @r#"`query.range.a.relation` must be "intersects", "within" or "contains", but is "disjoint""#);
    insta::assert_snapshot!(error(json!({"prefix": {"a": {"value": "x", "rewrite": "top_terms_5"}}})), @r#"`query.prefix.a.rewrite` must be "constant_score", "constant_score_blended" or "constant_score_boolean", but is "top_terms_5""#);
    insta::assert_snapshot!(error(json!({"fuzzy": {"a": {"value": "x", "max_expansions": 10}}})), @"`query.fuzzy.a.max_expansions` must be an integer from 50, since all words within the distance are looked for, but is 10");
    insta::assert_snapshot!(error(json!({"match_phrase_prefix": {"a": {"query": "x", "slop": 1}}})), @"`query.match_phrase_prefix.a.slop` must be 0: words before a prefix stand one after the other, but is 1");
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x", "type": "phrase", "fuzziness": 1}})), @"`query.multi_match.fuzziness` must be left out, since phrases have no fuzzy words, but is 1");
    insta::assert_snapshot!(error(json!({"match": {"a": {"query": "x", "analyzer": "french"}}})), @r#"`query.match.a.analyzer` must be "standard", "english", "whitespace", "simple", "stop" or "keyword", but is "french""#);
    insta::assert_snapshot!(error(json!({"regexp": {"a": {"value": "x", "flags": "SOME"}}})), @r#"`query.regexp.a.flags` must be names of Lucene's flags with `|` between, such as "ALL" or "NONE", but is "SOME""#);
    insta::assert_snapshot!(error(json!({"range": {"a": 5}})), @"`query.range.a` must be an object, but is 5");
    insta::assert_snapshot!(error(json!({"range": {"a": {"gt": 1, "gte": 2}}})), @"`query.range.a.gte` must be left out, since the same side already has a bound, but is 2");
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x", "fields": ["a^b"]}})), @r#"`query.multi_match.fields` must be a field, or one with a boost from 0 such as "title^2", but is "a^b""#);
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x", "fields": ["a"], "type": "cross_fields"}})), @r#"`query.multi_match.type` must be "best_fields", "most_fields", "bool_prefix", "phrase" or "phrase_prefix", but is "cross_fields""#);
    insta::assert_snapshot!(error(json!({"dis_max": {"queries": 1}})), @"`query.dis_max.queries` must be a clause or a list of clauses, but is 1");
    insta::assert_snapshot!(error(json!({"dis_max": {"queries": [], "tie_breaker": 2}})), @"`query.dis_max.tie_breaker` must be a number from 0 to 1, but is 2");
    insta::assert_snapshot!(error(json!({"exists": {"field": 1}})), @"`query.exists.field` must be a string, but is 1");
    insta::assert_snapshot!(error(json!({"fuzzy": {"a": {"value": "x", "transpositions": "yes"}}})), @r#"`query.fuzzy.a.transpositions` must be true or false, but is "yes""#);
    insta::assert_snapshot!(error(json!({"wasm_udf": {"function": "f", "on_error": "ignore"}})), @r#"`query.wasm_udf.on_error` must be "fail", "skip" or "null", but is "ignore""#);
    insta::assert_snapshot!(error(json!({"wasm_udf": {"function": "f", "params": []}})), @"`query.wasm_udf.params` must be an object, but is a list");
    insta::assert_snapshot!(error(json!({"expression": 5})), @"`query.expression` must be a string, but is 5");
}

#[test]
fn rejects_more_than_the_limits() {
    let nested = |depth: usize| {
        (0..depth).fold(
            json!({"match_all": {}}),
            |inner, _| json!({"constant_score": {"filter": inner}}),
        )
    };
    assert!(Query::parse(&nested(63), "query").is_ok());
    let text = error(nested(64));
    insta::assert_snapshot!(&text[text.len() - 70..], @"er.constant_score.filter` is nested too deeply; the limit is 64 levels");
    let clauses = |count: usize| json!({"bool": {"must": vec![json!({"match_all": {}}); count]}});
    assert!(Query::parse(&clauses(1_024), "query").is_ok());
    let nested =
        json!({"bool": {"must": [clauses(512), {"dis_max": {"queries": [clauses(512)]}}]}});
    assert!(Query::parse(&nested, "query").is_ok());
    let empty = json!({"bool": {"must": vec![json!({"bool": {}}); 1_025]}});
    assert!(Query::parse(&empty, "query").is_err());
    insta::assert_snapshot!(error(clauses(1_025)), @"Query contains too many nested clauses; maxClauseCount is set to 1024: `query.bool.must[1024]`");
    insta::assert_snapshot!(error(json!({"terms": {"a": vec![1; 65_537]}})), @"The number of terms [65537] used in the Terms Query request has exceeded the allowed maximum of [65536]: `query.terms.a`");
    insta::assert_snapshot!(error(json!({"regexp": {"tag": "é".repeat(1_001)}})), @"The length of regex [1001] used in the Regexp Query request has exceeded the allowed maximum of [1000]: `query.regexp.tag.value`");
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x", "fields": vec!["a"; 257]}})), @"`query.multi_match.fields`: too many fields; the limit is 256");
}
