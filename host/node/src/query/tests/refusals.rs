//! Errors on queries that do not go with an index.

use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::sample::Sample;

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let mapping = json!({"properties": {"title": {"type": "text"}, "tag": {"type": "keyword"},
        "count": {"type": "long"}, "price": {"type": "double"}, "made": {"type": "date"},
        "sold": {"type": "boolean"}}});
    Sample::new(&mapping, &[], 1)
});

fn error(query: Json) -> String {
    SAMPLE.error(&query)
}

#[test]
fn rejects_values_that_the_type_cannot_have() {
    insta::assert_snapshot!(error(json!({"term": {"count": "abc"}})), @r#"`query.term.count`: `"abc"` is not a valid `long` for the field `count`; expected an integer"#);
    insta::assert_snapshot!(error(json!({"term": {"count": true}})), @"`query.term.count`: `true` is not a valid `long` for the field `count`; expected an integer");
    insta::assert_snapshot!(error(json!({"match": {"price": "cheap"}})), @r#"`query.match.price`: `"cheap"` is not a valid `double` for the field `price`; expected a number"#);
    insta::assert_snapshot!(error(json!({"term": {"price": "inf"}})), @r#"`query.term.price`: `"inf"` is not a valid `double` for the field `price`; expected a number"#);
    insta::assert_snapshot!(error(json!({"term": {"sold": 1}})), @"`query.term.sold`: `1` is not a valid `boolean` for the field `sold`; expected true or false");
    insta::assert_snapshot!(error(json!({"term": {"made": true}})), @r#"`query.term.made`: `true` is not a valid `date` for the field `made`; expected a date such as "2020-01-31", or milliseconds since 1970"#);
    insta::assert_snapshot!(error(json!({"terms": {"count": [1, "two"]}})), @r#"`query.terms.count[1]`: `"two"` is not a valid `long` for the field `count`; expected an integer"#);
    insta::assert_snapshot!(error(json!({"range": {"count": {"gt": 1, "lt": "many ".repeat(20)}}})), @r#"`query.range.count`: `"many many many many many many many many...` is not a valid `long` for the field `count`; expected an integer"#);
    insta::assert_snapshot!(error(json!({"bool": {"must": [{"match_all": {}}, {"range": {"made": {"gt": "soon"}}}]}})), @"`query.bool.must[1].range.made`: `soon` is not a valid `date` for the field `made` (expected a date in the format `strict_date_optional_time||epoch_millis`, such as `2020-01-31T12:00:00.000Z`, or date math such as `now-1d/d`)");
    insta::assert_snapshot!(error(json!({"range": {"made": {"gt": "now-1q"}}})), @"`query.range.made`: `now-1q` is not a valid `date` for the field `made` (`-1q` is not date math; expected steps such as `+1M`, `-2h` or `/d`, with the units `y`, `M`, `w`, `d`, `h`, `m`, `s`)");
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x", "fields": ["title", "count"]}})), @r#"`query.multi_match.count`: `"x"` is not a valid `long` for the field `count`; expected an integer"#);
}

#[test]
fn rejects_clauses_that_do_not_go_with_the_type() {
    insta::assert_snapshot!(error(json!({"prefix": {"count": 1}})), @"`query.prefix.count`: `prefix` works on fields of type `text` or `keyword`, but the field `count` is of type `long`; use `term` or `range`");
    insta::assert_snapshot!(error(json!({"dis_max": {"queries": [{"regexp": {"made": "2.*"}}]}})), @"`query.dis_max.queries[0].regexp.made`: `regexp` works on fields of type `text` or `keyword`, but the field `made` is of type `date`; use `term` or `range`");
    insta::assert_snapshot!(error(json!({"match": {"price": {"query": 1, "fuzziness": 1}}})), @"`query.match.price`: `fuzziness` works on fields of type `text` or `keyword`, but the field `price` is of type `double`; remove it");
    insta::assert_snapshot!(error(json!({"match_phrase_prefix": {"sold": "t"}})), @"`query.match_phrase_prefix.sold`: `match_phrase_prefix` works on fields of type `text` or `keyword`, but the field `sold` is of type `boolean`; use `term` or `range`");
}

#[test]
fn rejects_patterns_that_are_invalid_or_too_large() {
    insta::assert_snapshot!(error(json!({"constant_score": {"filter": {"regexp": {"tag": "a(b"}}}})), @"`query.constant_score.filter.regexp.tag`: the pattern for the field `tag` is invalid at character 2: this bracket is not closed");
    insta::assert_snapshot!(error(json!({"regexp": {"tag": ".*a.{300}"}})), @"`query.regexp.tag`: the regular expression for the field `tag` is too large; make it shorter, with fewer and smaller repetitions");
    insta::assert_snapshot!(error(json!({"regexp": {"tag": "((((.{99}){99}){99}){99}){99}"}})), @"`query.regexp.tag`: the regular expression for the field `tag` is too large; make it shorter, with fewer and smaller repetitions");
    insta::assert_snapshot!(error(json!({"wildcard": {"tag": "*".repeat(1_001)}})), @"`query.wildcard.tag`: too many characters in its pattern; the limit is 1000");
}

#[test]
fn rejects_more_than_the_limits() {
    insta::assert_snapshot!(error(json!({"match": {"title": "word ".repeat(5_000)}})), @"`query.match.title`: too many words; the limit is 4096");
    insta::assert_snapshot!(error(json!({"terms": {"made": vec!["2020-01-01"; 1_025]}})), @"`query.terms.made`: too many dates; the limit is 1024");
    insta::assert_snapshot!(error(json!({"fuzzy": {"tag": "a".repeat(2_049)}})), @"`query.fuzzy.tag`: too many characters in fuzzy words; the limit is 2048");
    let regexps = vec![json!({"regexp": {"tag": "a"}}); 33];
    insta::assert_snapshot!(error(json!({"bool": {"should": regexps}})), @"`query.bool.should[32].regexp.tag`: too many regular expressions; the limit is 32");
}

#[test]
fn rejects_meta_fields_that_are_not_searchable() {
    insta::assert_snapshot!(error(json!({"term": {"_index": "a"}})), @"`query.term._index`: the meta field `_index` is not searchable; use `_id` or a field of the documents");
    insta::assert_snapshot!(error(json!({"range": {"_seq_no": {"gte": 5}}})), @"`query.range._seq_no`: the meta field `_seq_no` is not searchable; use `_id` or a field of the documents");
    insta::assert_snapshot!(error(json!({"exists": {"field": "_source"}})), @"`query.exists.field`: the meta field `_source` is not searchable; use `_id` or a field of the documents");
    insta::assert_snapshot!(error(json!({"multi_match": {"query": "x", "fields": ["_version"]}})), @"`query.multi_match._version`: the meta field `_version` is not searchable; use `_id` or a field of the documents");
}

#[test]
fn rejects_options_that_do_not_go_with_the_type() {
    insta::assert_snapshot!(error(json!({"term": {"count": {"value": 1, "case_insensitive": true}}})), @"`query.term.count`: `case_insensitive` works on fields of type `text` or `keyword`, but the field `count` is of type `long`; remove it");
    insta::assert_snapshot!(error(json!({"match": {"count": {"query": 1, "analyzer": "standard"}}})), @"`query.match.count`: `analyzer` works on fields of type `text` or `keyword`, but the field `count` is of type `long`; remove it");
    insta::assert_snapshot!(error(json!({"range": {"count": {"gte": 1, "time_zone": "UTC"}}})), @"`query.range.count`: `time_zone` works on fields of type `date`, but the field `count` is of type `long`; remove it");
    insta::assert_snapshot!(error(json!({"match_bool_prefix": {"made": "2020"}})), @"`query.match_bool_prefix.made`: `match_bool_prefix` works on fields of type `text` or `keyword`, but the field `made` is of type `date`; use `match`");
}

#[test]
fn rejects_dates_of_another_format() {
    insta::assert_snapshot!(error(json!({"range": {"made": {"gte": "2020-01-31", "format": "dd/MM/yyyy"}}})), @"`query.range.made`: `2020-01-31` is not a valid `date` for the field `made` (expected a date in the format `dd/MM/yyyy`, such as `31/01/2020`, or date math such as `now-1d/d`)");
}
