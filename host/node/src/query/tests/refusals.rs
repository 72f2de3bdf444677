//! What is told of queries that do not go with an index.

use std::error::Error;

use serde_json::{Value as Json, json};

use super::sample::Sample;
use super::{Plain, QueryError, compile};
use crate::mapping::Mapping;
use crate::query::Query;

fn mapping() -> Mapping {
    Mapping::parse(
        &json!({"properties": {"title": {"type": "text"}, "tag": {"type": "keyword"},
        "count": {"type": "long"}, "price": {"type": "double"}, "made": {"type": "date"},
        "sold": {"type": "boolean"}}}),
    )
    .expect("a mapping")
}

fn error(query: Json) -> String {
    let error = compile(&Sample::read(&query), &mapping(), 0).expect_err("it is refused");
    let cause = error.source().map(|cause| format!(" ({cause})"));
    format!("{error}{}", cause.unwrap_or_default())
}

#[test]
fn values_that_the_type_does_not_have() {
    insta::assert_snapshot!(error(json!({"term": {"count": "abc"}})), @r#"`query.term.count`: the field `count` is of type `long`, and `"abc"` is none: give an integer"#);
    insta::assert_snapshot!(error(json!({"term": {"count": true}})), @"`query.term.count`: the field `count` is of type `long`, and `true` is none: give an integer");
    insta::assert_snapshot!(error(json!({"match": {"price": "cheap"}})), @r#"`query.match.price`: the field `price` is of type `double`, and `"cheap"` is none: give a number"#);
    insta::assert_snapshot!(error(json!({"term": {"price": "inf"}})), @r#"`query.term.price`: the field `price` is of type `double`, and `"inf"` is none: give a number"#);
    insta::assert_snapshot!(error(json!({"term": {"sold": 1}})), @"`query.term.sold`: the field `sold` is of type `boolean`, and `1` is none: give true or false");
    insta::assert_snapshot!(error(json!({"term": {"made": true}})), @r#"`query.term.made`: the field `made` is of type `date`, and `true` is none: give a date such as "2020-01-31", or milliseconds since 1970"#);
    insta::assert_snapshot!(error(json!({"term": {"made": 1.5}})), @r#"`query.term.made`: the field `made` is of type `date`, and `1.5` is none: give a date such as "2020-01-31", or milliseconds since 1970"#);
    insta::assert_snapshot!(error(json!({"terms": {"count": [1, "two"]}})), @r#"`query.terms.count[1]`: the field `count` is of type `long`, and `"two"` is none: give an integer"#);
    insta::assert_snapshot!(error(json!({"range": {"count": {"gt": 1, "lt": "many ".repeat(20)}}})), @r#"`query.range.count`: the field `count` is of type `long`, and `"many many many many many many many many...` is none: give an integer"#);
    insta::assert_snapshot!(error(json!({"bool": {"must": [{"match_all": {}}, {"range": {"made": {"gt": "soon"}}}]}})), @"`query.bool.must[1].range.made`: the field `made` is of type `date`, and `soon` is none (it is no date: give one such as `2020-01-31`, `2020-01-31T12:00:00Z` or `now-1d/d`)");
    insta::assert_snapshot!(error(json!({"range": {"made": {"gt": "now-1q"}}})), @"`query.range.made`: the field `made` is of type `date`, and `now-1q` is none (`-1q` is no date math: give steps such as `+1M`, `-2h` or `/d`, with the units `y`, `M`, `w`, `d`, `h`, `m`, `s`)");
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x", "fields": ["title", "count"]}})), @r#"`query.multi_match.count`: the field `count` is of type `long`, and `"x"` is none: give an integer"#);
}

#[test]
fn clauses_that_do_not_go_with_the_type() {
    insta::assert_snapshot!(error(json!({"prefix": {"count": 1}})), @"`query.prefix.count`: `prefix` goes with fields of type `text` or `keyword`, and the field `count` is of type `long`: use `term` or `range`");
    insta::assert_snapshot!(error(json!({"dis_max": {"queries": [{"regexp": {"made": "2.*"}}]}})), @"`query.dis_max.queries[0].regexp.made`: `regexp` goes with fields of type `text` or `keyword`, and the field `made` is of type `date`: use `term` or `range`");
    insta::assert_snapshot!(error(json!({"match": {"price": {"query": 1, "fuzziness": 1}}})), @"`query.match.price`: `fuzziness` goes with fields of type `text` or `keyword`, and the field `price` is of type `double`: leave it out");
    insta::assert_snapshot!(error(json!({"match_phrase_prefix": {"sold": "t"}})), @"`query.match_phrase_prefix.sold`: `match_phrase_prefix` goes with fields of type `text` or `keyword`, and the field `sold` is of type `boolean`: use `term` or `range`");
}

#[test]
fn patterns_that_are_none_or_too_much() {
    insta::assert_snapshot!(error(json!({"constant_score": {"filter": {"regexp": {"tag": "a(b"}}}})), @"`query.constant_score.filter.regexp.tag`: the pattern for the field `tag` is wrong at character 2: this bracket is not closed");
    insta::assert_snapshot!(error(json!({"regexp": {"tag": ".*a.{300}"}})), @"`query.regexp.tag`: the regular expression for the field `tag` is too much for the engine: make it shorter, with fewer and smaller repetitions (An invalid argument was passed: 'RegexQueryError: Compiled regex exceeds size limit of 1000 states')");
    insta::assert_snapshot!(error(json!({"regexp": {"tag": "((((.{99}){99}){99}){99}){99}"}})), @"`query.regexp.tag`: the regular expression for the field `tag` is too much for the engine: make it shorter, with fewer and smaller repetitions (An invalid argument was passed: 'RegexQueryError: Compiled regex exceeds size limit of 10485760 bytes')");
    insta::assert_snapshot!(error(json!({"regexp": {"tag": "a".repeat(1_001)}})), @"`query.regexp.tag` has too many characters in its pattern: 1000 may be");
    insta::assert_snapshot!(error(json!({"wildcard": {"tag": "*".repeat(1_001)}})), @"`query.wildcard.tag` has too many characters in its pattern: 1000 may be");
}

#[test]
fn more_than_there_may_be() {
    insta::assert_snapshot!(error(json!({"match": {"title": "word ".repeat(5_000)}})), @"`query.match.title` has too many words: 4096 may be");
    insta::assert_snapshot!(error(json!({"terms": {"made": vec!["now"; 1_025]}})), @"`query.terms.made` has too many dates: 1024 may be");
    insta::assert_snapshot!(error(json!({"fuzzy": {"tag": "a".repeat(2_049)}})), @"`query.fuzzy.tag` has too many characters in fuzzy words: 2048 may be");
    let regexps = vec![json!({"regexp": {"tag": "a"}}); 33];
    insta::assert_snapshot!(error(json!({"bool": {"should": regexps}})), @"`query.bool.should[32].regexp.tag` has too many regular expressions: 32 may be");
}

#[test]
fn what_has_a_udf_is_left_to_others() {
    let udf = json!({"wasm_udf": {"function": "f"}});
    let nested = json!({"bool": {"must": [{"match_all": {}}], "filter": {"constant_score": {"filter": udf}}}});
    for query in [
        udf,
        nested.clone(),
        json!({"expression": "a > 1"}),
        json!({"expression_score": {"expression": "a"}}),
    ] {
        let query = Sample::read(&query);
        let computes = !matches!(query, Query::Expression { .. });
        assert_eq!(query.computes(), computes, "{query:?}");
        assert!(
            compile(&query, &mapping(), 0)
                .expect("it compiles")
                .is_none(),
            "{query:?}"
        );
    }
    let mapping = mapping();
    let plain = Plain::new(&mapping, 0);
    let mut asked = Vec::new();
    let joined = plain.compile_with::<QueryError>(
        &Sample::read(&nested),
        "query",
        &mut |plain, query, path| {
            asked.push(path.to_owned());
            let Query::WasmUdf(clause) = query else {
                return Ok(None);
            };
            plain.leaf(&clause.query, path)
        },
    );
    assert!(joined.expect("it compiles").is_some());
    assert_eq!(asked, ["query.bool.filter[0].constant_score.filter"]);
    let compound = Sample::read(&json!({"bool": {}}));
    assert!(
        plain
            .leaf(&compound, "query")
            .expect("it compiles")
            .is_none()
    );
}
