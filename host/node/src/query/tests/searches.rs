//! Each clause, over a few documents in several segments.

use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::sample::Sample;

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let mapping = json!({"properties": {
        "title": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 20}}},
        "about": {"type": "text", "analyzer": "english"},
        "tag": {"type": "keyword"}, "count": {"type": "long"}, "price": {"type": "double"},
        "made": {"type": "date"}, "sold": {"type": "boolean"},
        "seller": {"properties": {"name": {"type": "keyword"}, "stars": {"type": "long"}}}}});
    let documents = [
        json!({"title": "The quick brown fox", "tag": "a", "count": 1, "price": 0.0,
            "made": "2020-01-01", "sold": true, "seller": {"name": "Ann", "stars": 5}}),
        json!({"title": "The lazy dog", "tag": ["b", "ab"], "count": 2, "price": 9.99,
            "made": "2020-01-01T00:00:00.000001Z", "sold": false, "about": "running dogs"}),
        json!({"title": "Quick, quick, quick foxes and dogs", "tag": "a*b", "count": -5,
            "price": -0.0, "made": "2020-01-31T23:59:59.999999Z", "seller": {"name": "Bob"}}),
        json!({"title": "", "tag": "", "count": [7, 9_223_372_036_854_775_807_i64],
            "price": 1e300, "about": "run"}),
        json!({"title": "brown quick", "tag": "ÄÖ", "count": -9_223_372_036_854_775_808_i64,
            "made": "2024-03-31T12:00:00Z", "sold": [true, false]}),
        json!({}),
    ];
    Sample::new(&mapping, &documents, 2)
});

fn check(cases: &[(Json, &[usize])]) {
    for (query, expected) in cases {
        assert_eq!(SAMPLE.found(query), *expected, "{query}");
    }
}

#[test]
fn all_and_none() {
    check(&[
        (json!({"match_all": {}}), &[0, 1, 2, 3, 4, 5]),
        (json!({"match_none": {}}), &[]),
        (json!({"ids": {"values": ["4", "0", "none", 0]}}), &[0, 4]),
        (json!({"ids": {"values": []}}), &[]),
        (json!({"ids": {"values": "1"}}), &[1]),
    ]);
}

#[test]
fn terms_are_values_of_the_fields_type() {
    check(&[
        (json!({"term": {"count": 1}}), &[0]),
        (json!({"term": {"count": {"value": "1", "boost": 2}}}), &[0]),
        (json!({"term": {"count": 1.0}}), &[0]),
        (json!({"term": {"count": 1.5}}), &[]),
        (json!({"term": {"count": 1e300}}), &[]),
        (
            json!({"term": {"count": 9_223_372_036_854_775_807_i64}}),
            &[3],
        ),
        (json!({"term": {"count": 7}}), &[3]),
        (json!({"term": {"price": 9.99}}), &[1]),
        (json!({"term": {"price": "9.99"}}), &[1]),
        (json!({"term": {"price": 0}}), &[0, 2]),
        (json!({"term": {"sold": true}}), &[0, 4]),
        (json!({"term": {"sold": "false"}}), &[1, 4]),
        (json!({"term": {"made": "2020-01-01"}}), &[0, 1]),
        (
            json!({"term": {"made": "2020-01-01T00:00:00.000000"}}),
            &[0],
        ),
        (json!({"term": {"made": 1_577_836_800_000_i64}}), &[0, 1]),
        (json!({"term": {"made": "1577836800000"}}), &[0, 1]),
        (
            json!({"term": {"made": "2020-01-01T00:00:00.000001Z"}}),
            &[1],
        ),
        (json!({"term": {"made": "now/d+12h"}}), &[4]),
        (json!({"term": {"made": 9_000_000_000_000_000_i64}}), &[]),
        (json!({"term": {"tag": "a"}}), &[0]),
        (json!({"term": {"tag": ""}}), &[3]),
        (json!({"term": {"title": "quick"}}), &[0, 2, 4]),
        (json!({"term": {"title": "Quick"}}), &[]),
        (json!({"term": {"title.keyword": "The lazy dog"}}), &[1]),
        (
            json!({"term": {"title.keyword": "Quick, quick, quick foxes and dogs"}}),
            &[],
        ),
        (json!({"term": {"seller.stars": 5}}), &[0]),
        (json!({"term": {"unknown": "a"}}), &[]),
        (json!({"term": {"seller": "a"}}), &[]),
    ]);
}

#[test]
fn one_of_several_terms_is_enough() {
    check(&[
        (json!({"terms": {"count": [1, "2", 1.5]}}), &[0, 1]),
        (json!({"terms": {"price": [0, 9.99]}}), &[0, 1, 2]),
        (
            json!({"terms": {"tag": ["b", "ab", "none"], "boost": 2}}),
            &[1],
        ),
        (
            json!({"terms": {"made": ["2020-01-01", "now/d+12h"]}}),
            &[0, 1, 4],
        ),
        (json!({"terms": {"sold": [true]}}), &[0, 4]),
        (json!({"terms": {"tag": []}}), &[]),
        (json!({"terms": {"unknown": [1]}}), &[]),
    ]);
}

#[test]
fn ranges_are_of_the_fields_type() {
    check(&[
        (json!({"range": {"count": {"gt": 1}}}), &[1, 3]),
        (json!({"range": {"count": {"gte": 0.5, "lt": 1.5}}}), &[0]),
        (json!({"range": {"count": {"gt": "1", "lte": "2"}}}), &[1]),
        (
            json!({"range": {"count": {"gt": 9_223_372_036_854_775_807_i64}}}),
            &[],
        ),
        (json!({"range": {"count": {"gte": 1e300}}}), &[]),
        (
            json!({"range": {"count": {"lte": 1e300}}}),
            &[0, 1, 2, 3, 4],
        ),
        (json!({"range": {"count": {"lt": -5}}}), &[4]),
        (json!({"range": {"count": {"gt": 2, "lt": 1}}}), &[]),
        (json!({"range": {"count": {}}}), &[0, 1, 2, 3, 4]),
        (json!({"range": {"count": {"gte": null, "lt": 0}}}), &[2, 4]),
        (json!({"range": {"price": {"gt": 0}}}), &[1, 3]),
        (json!({"range": {"price": {"gte": 0}}}), &[0, 1, 2, 3]),
        (json!({"range": {"price": {"lt": 0}}}), &[]),
        (json!({"range": {"price": {"lte": 0}}}), &[0, 2]),
        (json!({"range": {"price": {"gt": 10, "lt": 5}}}), &[]),
        (json!({"range": {"sold": {"gt": false}}}), &[0, 4]),
        (json!({"range": {"sold": {"lte": false}}}), &[1, 4]),
        (json!({"range": {"sold": {"gt": true}}}), &[]),
        (
            json!({"range": {"tag": {"gte": "a", "lt": "b"}}}),
            &[0, 1, 2],
        ),
        (json!({"range": {"tag": {"gt": "ab"}}}), &[1, 4]),
        (json!({"range": {"tag": {"gt": "b", "lt": "a"}}}), &[]),
        (
            json!({"range": {"title": {"gte": "foxes", "lte": "lazy"}}}),
            &[1, 2],
        ),
        (json!({"range": {"title": {"gt": "z", "lt": "a"}}}), &[]),
        (
            json!({"range": {"title.keyword": {"gte": "The", "lt": "The q"}}}),
            &[1],
        ),
        (json!({"range": {"title.keyword": {}}}), &[0, 1, 3, 4]),
        (json!({"range": {"unknown": {"gt": 1}}}), &[]),
    ]);
}

#[test]
fn a_bound_that_is_a_span_keeps_or_leaves_out_all_of_it() {
    check(&[
        (
            json!({"range": {"made": {"gte": "2020-01-01", "lte": "2020-01-31"}}}),
            &[0, 1, 2],
        ),
        (
            json!({"range": {"made": {"gte": "2020-01-01", "lt": "2020-01-31"}}}),
            &[0, 1],
        ),
        (json!({"range": {"made": {"gt": "2020-01-01"}}}), &[2, 4]),
        (
            json!({"range": {"made": {"gt": "2020-01-01T00:00:00.000000Z"}}}),
            &[1, 2, 4],
        ),
        (
            json!({"range": {"made": {"lte": "2020-01-10||/M"}}}),
            &[0, 1, 2],
        ),
        (json!({"range": {"made": {"lt": "2020-01-10||/M"}}}), &[]),
        (json!({"range": {"made": {"gt": "2020-01-10||/M"}}}), &[4]),
        (json!({"range": {"made": {"gte": "now/d"}}}), &[4]),
        (json!({"range": {"made": {"gt": "now-1h"}}}), &[4]),
        (json!({"range": {"made": {"gt": "now"}}}), &[]),
        (
            json!({"range": {"made": {"lte": 1_577_836_800_000_i64}}}),
            &[0, 1],
        ),
        (
            json!({"range": {"made": {"gte": "0001-01-01", "lte": "9999"}}}),
            &[0, 1, 2, 4],
        ),
        (json!({"range": {"made": {"gt": "9999"}}}), &[]),
    ]);
}

#[test]
fn patterns_fit_words_of_texts_and_whole_keywords() {
    check(&[
        (json!({"prefix": {"tag": "a"}}), &[0, 1, 2]),
        (json!({"prefix": {"tag": {"value": ""}}}), &[0, 1, 2, 3, 4]),
        (json!({"prefix": {"title": "fox"}}), &[0, 2]),
        (json!({"prefix": {"title": "The"}}), &[]),
        (json!({"prefix": {"title.keyword": "The"}}), &[0, 1]),
        (json!({"prefix": {"unknown": "a"}}), &[]),
        (json!({"wildcard": {"tag": "a*b"}}), &[1, 2]),
        (json!({"wildcard": {"tag": "a\\*b"}}), &[2]),
        (json!({"wildcard": {"tag": {"wildcard": "?"}}}), &[0, 1]),
        (json!({"wildcard": {"tag": "?Ö"}}), &[4]),
        (json!({"wildcard": {"title": "d*g"}}), &[1]),
        (json!({"wildcard": {"title.keyword": "* lazy *"}}), &[1]),
        (json!({"regexp": {"tag": "a.b|b"}}), &[1, 2]),
        (json!({"regexp": {"tag": "a"}}), &[0]),
        (json!({"regexp": {"title": "dogs?"}}), &[1, 2]),
        (json!({"regexp": {"tag": {"value": "[Ä-Ö]+"}}}), &[4]),
        (json!({"fuzzy": {"title": "dgo"}}), &[1]),
        (
            json!({"fuzzy": {"title": {"value": "dgo", "transpositions": false}}}),
            &[],
        ),
        (
            json!({"fuzzy": {"title": {"value": "dgo", "prefix_length": 2}}}),
            &[],
        ),
        (
            json!({"fuzzy": {"title": {"value": "fog", "fuzziness": 1}}}),
            &[0, 1],
        ),
        (
            json!({"fuzzy": {"title": {"value": "fog", "fuzziness": 2}}}),
            &[0, 1, 2],
        ),
        (
            json!({"fuzzy": {"title": {"value": "fog", "fuzziness": 2, "prefix_length": 1}}}),
            &[0],
        ),
        (
            json!({"fuzzy": {"title": {"value": "dog", "fuzziness": 0}}}),
            &[1],
        ),
        (
            json!({"fuzzy": {"tag": {"value": "ÄO", "fuzziness": 1}}}),
            &[4],
        ),
    ]);
}

#[test]
fn words_are_made_as_the_field_makes_them() {
    check(&[
        (json!({"match": {"title": "QUICK dogs!"}}), &[0, 2, 4]),
        (
            json!({"match": {"title": {"query": "QUICK dogs!", "operator": "AND"}}}),
            &[2],
        ),
        (
            json!({"match": {"title": {"query": "the quick brown", "minimum_should_match": 2}}}),
            &[0, 4],
        ),
        (
            json!({"match": {"title": {"query": "the quick brown", "minimum_should_match": "-1"}}}),
            &[0, 4],
        ),
        (
            json!({"match": {"title": {"query": "the quick brown", "minimum_should_match": "100%"}}}),
            &[0],
        ),
        (
            json!({"match": {"title": {"query": "the quick brown", "minimum_should_match": 4}}}),
            &[],
        ),
        (
            json!({"match": {"title": {"query": "quick", "minimum_should_match": 2}}}),
            &[0, 2, 4],
        ),
        (json!({"match": {"title": "!?"}}), &[]),
        (
            json!({"match": {"title": {"query": "quikc dgo", "fuzziness": "AUTO"}}}),
            &[0, 1, 2, 4],
        ),
        (json!({"match": {"about": "runs"}}), &[1, 3]),
        (json!({"match": {"tag": "a*b"}}), &[2]),
        (
            json!({"match": {"tag": {"query": "aa", "fuzziness": 1}}}),
            &[0, 1],
        ),
        (json!({"match": {"count": "2"}}), &[1]),
        (json!({"match": {"made": "2020-01-01"}}), &[0, 1]),
        (json!({"match": {"sold": true}}), &[0, 4]),
        (json!({"match": {"unknown": "x"}}), &[]),
        (json!({"match_phrase": {"title": "quick brown"}}), &[0]),
        (
            json!({"match_phrase": {"title": {"query": "quick fox", "slop": 1}}}),
            &[0],
        ),
        (json!({"match_phrase": {"title": "quick"}}), &[0, 2, 4]),
        (
            json!({"match_phrase": {"title": "quick quick foxes"}}),
            &[2],
        ),
        (json!({"match_phrase": {"title": ""}}), &[]),
        (json!({"match_phrase": {"tag": "ab"}}), &[1]),
        (json!({"match_phrase_prefix": {"title": "quick f"}}), &[2]),
        (
            json!({"match_phrase_prefix": {"title": "the quick b"}}),
            &[0],
        ),
        (json!({"match_phrase_prefix": {"title": "fo"}}), &[0, 2]),
        (json!({"match_phrase_prefix": {"title": "The"}}), &[0, 1]),
        (json!({"match_phrase_prefix": {"tag": "a"}}), &[0, 1, 2]),
        (json!({"match_phrase_prefix": {"unknown": "a"}}), &[]),
    ]);
}

#[test]
fn several_fields_are_looked_at() {
    check(&[
        (
            json!({"multi_match": {"query": "dogs", "fields": ["title", "about^3"]}}),
            &[1, 2],
        ),
        (
            json!({"multi_match": {"query": "dogs", "fields": ["about"]}}),
            &[1],
        ),
        (
            json!({"multi_match": {"query": "Ann dogs", "fields": ["*", "seller.*"]}}),
            &[1, 2],
        ),
        (
            json!({"multi_match": {"query": "Ann", "fields": "seller.n*"}}),
            &[0],
        ),
        (json!({"multi_match": {"query": "x", "fields": []}}), &[]),
        (
            json!({"multi_match": {"query": "2", "fields": ["count", "title"], "type": "most_fields"}}),
            &[1],
        ),
        (
            json!({"multi_match": {"query": "lazy run", "fields": ["title", "about"], "operator": "and"}}),
            &[],
        ),
    ]);
    let both = |kind: &str| {
        let query =
            json!({"multi_match": {"query": "dog", "fields": ["title", "about"], "type": kind}});
        SAMPLE.scored(&Sample::read(&query))[0].1
    };
    let one = |field: &str| SAMPLE.scored(&Sample::read(&json!({"match": {field: "dog"}})))[0].1;
    assert_eq!(both("best_fields"), one("title").max(one("about")));
    assert_eq!(both("most_fields"), one("title") + one("about"));
}

#[test]
fn a_field_exists_where_it_has_a_value() {
    check(&[
        (json!({"exists": {"field": "title"}}), &[0, 1, 2, 3, 4]),
        (json!({"exists": {"field": "title.keyword"}}), &[0, 1, 3, 4]),
        (json!({"exists": {"field": "about"}}), &[1, 3]),
        (json!({"exists": {"field": "sold"}}), &[0, 1, 4]),
        (json!({"exists": {"field": "seller"}}), &[0, 2]),
        (json!({"exists": {"field": "seller.stars"}}), &[0]),
        (json!({"exists": {"field": "sell"}}), &[]),
    ]);
}

#[test]
fn clauses_are_joined() {
    let (quick, dogs) = (
        json!({"match": {"title": "quick"}}),
        json!({"match": {"title": "dogs"}}),
    );
    let tag = json!({"exists": {"field": "seller"}});
    check(&[
        (json!({"bool": {}}), &[0, 1, 2, 3, 4, 5]),
        (json!({"bool": {"must": quick, "filter": [tag]}}), &[0, 2]),
        (json!({"bool": {"must_not": quick}}), &[1, 3, 5]),
        (json!({"bool": {"should": [quick, dogs]}}), &[0, 2, 4]),
        (
            json!({"bool": {"should": [quick, dogs, tag], "minimum_should_match": 2}}),
            &[0, 2],
        ),
        (
            json!({"bool": {"should": [quick, dogs, tag], "minimum_should_match": "-2"}}),
            &[0, 2, 4],
        ),
        (
            json!({"bool": {"should": [quick, dogs], "minimum_should_match": 0}}),
            &[0, 2, 4],
        ),
        (
            json!({"bool": {"should": [quick, dogs], "minimum_should_match": 3}}),
            &[],
        ),
        (
            json!({"bool": {"must": tag, "minimum_should_match": 1}}),
            &[],
        ),
        (json!({"bool": {"filter": tag, "should": dogs}}), &[0, 2]),
        (
            json!({"bool": {"filter": tag, "should": dogs, "minimum_should_match": 1}}),
            &[2],
        ),
        (
            json!({"bool": {"should": [quick], "must_not": [dogs]}}),
            &[0, 4],
        ),
        // The engine asks an exclusion about documents that it has passed.
        (
            json!({"bool": {"must_not": {"bool": {"must": {"range": {"tag": {"gt": "ab"}}},
            "should": {"match": {"title": "fox"}}}}}}),
            &[0, 2, 3, 5],
        ),
        (json!({"constant_score": {"filter": quick}}), &[0, 2, 4]),
        (json!({"dis_max": {"queries": [dogs, tag]}}), &[0, 2]),
        (json!({"dis_max": {"queries": []}}), &[]),
        (
            json!({"boosting": {"positive": quick, "negative": tag, "negative_boost": 0.5}}),
            &[0, 2, 4],
        ),
    ]);
}

#[test]
fn scores_are_multiplied_added_and_lowered() {
    let scores = |query: Json| -> Vec<f32> {
        let scored = SAMPLE.scored(&Sample::read(&query));
        scored.into_iter().map(|(_, score)| score).collect()
    };
    let one = |boost: f32| json!({"constant_score": {"filter": {"ids": {"values": ["0", "3"]}}, "boost": boost}});
    let quick = scores(json!({"match": {"title": "quick"}}));
    assert!(
        quick[1] > quick[0],
        "three times is better than once: {quick:?}"
    );
    let twice = scores(json!({"match": {"title": {"query": "quick", "boost": 2}}}));
    let doubled: Vec<f32> = quick.iter().map(|score| score * 2.0).collect();
    assert_eq!(twice, doubled);
    for (query, expected) in [
        (json!({"match_all": {"boost": 0.5}}), vec![0.5; 6]),
        (json!({"bool": {}}), vec![1.0; 6]),
        (json!({"bool": {"must_not": one(3.0)}}), vec![0.0; 4]),
        (
            json!({"bool": {"filter": {"match": {"title": "quick"}}}}),
            vec![0.0; 3],
        ),
        (
            json!({"bool": {"must": [one(2.0), one(3.0)], "boost": 2}}),
            vec![10.0; 2],
        ),
        (
            json!({"bool": {"filter": {"match_all": {}}, "should": {"ids": {"values": ["1"], "boost": 4}}}}),
            vec![0.0, 4.0, 0.0, 0.0, 0.0, 0.0],
        ),
        // The engine alone would lose the score of the clause that matches all.
        (
            json!({"bool": {"must": one(0.0), "should": [{"match_all": {}}]}}),
            vec![1.0; 2],
        ),
        (
            json!({"bool": {"must": [one(2.0), {"match_all": {}}]}}),
            vec![3.0; 2],
        ),
        (
            json!({"dis_max": {"queries": [one(2.0), one(4.0)], "tie_breaker": 0.5, "boost": 2}}),
            vec![10.0; 2],
        ),
        (
            json!({"boosting": {"positive": {"match_all": {}}, "negative": one(7.0), "negative_boost": 0.5, "boost": 4}}),
            vec![2.0, 4.0, 4.0, 2.0, 4.0, 4.0],
        ),
        (
            json!({"term": {"count": {"value": 1, "boost": 3}}}),
            vec![3.0],
        ),
        (json!({"terms": {"tag": ["a"], "boost": 3}}), vec![3.0]),
        (
            json!({"range": {"count": {"gt": 0, "boost": 3}}}),
            vec![3.0; 3],
        ),
        (
            json!({"range": {"title": {"gt": "t", "boost": 3}}}),
            vec![3.0; 2],
        ),
        (
            json!({"exists": {"field": "seller", "boost": 3}}),
            vec![3.0; 2],
        ),
        (
            json!({"prefix": {"tag": {"value": "a", "boost": 3}}}),
            vec![3.0; 3],
        ),
        (
            json!({"regexp": {"tag": {"value": "a", "boost": 3}}}),
            vec![3.0],
        ),
        (
            json!({"fuzzy": {"tag": {"value": "aa", "boost": 3, "fuzziness": 1}}}),
            vec![3.0; 2],
        ),
    ] {
        assert_eq!(scores(query.clone()), expected, "{query}");
    }
}

#[test]
fn documents_are_found_by_their_id() {
    check(&[
        (json!({"term": {"_id": "3"}}), &[3]),
        (json!({"term": {"_id": 3}}), &[3]),
        (json!({"terms": {"_id": ["4", "0", "none"]}}), &[0, 4]),
        (json!({"match": {"_id": "2"}}), &[2]),
        (json!({"prefix": {"_id": "1"}}), &[1]),
        (json!({"wildcard": {"_id": "?"}}), &[0, 1, 2, 3, 4, 5]),
        (json!({"range": {"_id": {"gte": "2", "lt": "4"}}}), &[2, 3]),
        (json!({"exists": {"field": "_id"}}), &[0, 1, 2, 3, 4, 5]),
        (json!({"term": {"f0": "a"}}), &[]),
        (json!({"exists": {"field": "f0"}}), &[]),
    ]);
    let scored = SAMPLE.scored(&Sample::read(&json!({"term": {"_id": "3"}})));
    assert_eq!(scored, [(3, 1.0)], "an id has no relevance");
}

#[test]
fn a_field_exists_by_a_pattern_or_as_an_object() {
    check(&[
        (json!({"exists": {"field": "sell*"}}), &[0, 2]),
        (json!({"exists": {"field": "seller.s*"}}), &[0]),
        (json!({"exists": {"field": "*o*t"}}), &[0, 1, 2, 3, 4]),
        (json!({"exists": {"field": "se?ler"}}), &[]),
        (json!({"exists": {"field": "x*"}}), &[]),
    ]);
}

#[test]
fn letters_match_in_either_case_if_asked() {
    let any = |value: &str| json!({"value": value, "case_insensitive": true});
    check(&[
        (json!({"term": {"tag": any("AB")}}), &[1]),
        (json!({"term": {"title": any("QUICK")}}), &[0, 2, 4]),
        (json!({"term": {"tag": any("äÖ")}}), &[]),
        (json!({"prefix": {"tag": any("A")}}), &[0, 1, 2]),
        (json!({"prefix": {"title.keyword": any("the")}}), &[0, 1]),
        (json!({"wildcard": {"title.keyword": any("THE*DOG")}}), &[1]),
        (
            json!({"regexp": {"title.keyword": any("the (LAZY|[q]uick).*")}}),
            &[0, 1],
        ),
    ]);
}

#[test]
fn dates_are_read_in_their_format_and_zone() {
    let range = |options: Json| json!({"range": {"made": options}});
    check(&[
        (
            range(json!({"gte": "1577836800", "lte": 1_577_836_800, "format": "epoch_second"})),
            &[0, 1],
        ),
        (
            range(json!({"lt": "2020-01-02", "format": "strict_date_optional_time"})),
            &[0, 1],
        ),
        (
            range(json!({"from": "2020-01-01", "to": "2020-01-01"})),
            &[0, 1],
        ),
        (
            range(json!({"from": "2020-01-01", "include_lower": false})),
            &[2, 4],
        ),
        (
            range(json!({"lte": "2020-01-31", "time_zone": "+01:00"})),
            &[0, 1],
        ),
        (
            range(json!({"gte": "2020-01-01", "time_zone": "-01:00"})),
            &[2, 4],
        ),
        (
            range(json!({"gte": "1577836800000", "lte": 1_577_836_800_000.0})),
            &[0, 1],
        ),
        (range(json!({"lt": -86_400_000})), &[]),
        (range(json!({"gt": "9999-12-31||-7000y"})), &[]),
    ]);
}

#[test]
fn values_that_no_document_can_have_are_found_nowhere() {
    check(&[
        (json!({"term": {"count": 9.5}}), &[]),
        (json!({"term": {"count": "7.0"}}), &[3]),
        (
            json!({"term": {"count": 18_446_744_073_709_551_615_u64}}),
            &[],
        ),
        (
            json!({"range": {"count": {"gt": 18_446_744_073_709_551_615_u64}}}),
            &[],
        ),
        (json!({"range": {"count": {"gt": 6.5, "lt": 7.5}}}), &[3]),
        (json!({"terms": {"count": [0.5, 2]}}), &[1]),
    ]);
}

#[test]
fn full_text_options_are_obeyed() {
    let title = |options: Json| json!({"match": {"title": options}});
    check(&[
        (title(json!({"query": "qiuck", "fuzziness": 1})), &[0, 2, 4]),
        (
            title(json!({"query": "qiuck", "fuzziness": 1, "fuzzy_transpositions": false})),
            &[],
        ),
        (
            title(json!({"query": "qiuck", "fuzziness": 1, "prefix_length": 2})),
            &[],
        ),
        (
            title(json!({"query": "?!", "zero_terms_query": "all"})),
            &[0, 1, 2, 3, 4, 5],
        ),
        (
            title(json!({"query": "Quick,", "analyzer": "whitespace"})),
            &[],
        ),
        (
            json!({"match": {"about": {"query": "dogs", "analyzer": "standard"}}}),
            &[],
        ),
        (
            json!({"match": {"tag": {"query": "A b", "analyzer": "standard"}}}),
            &[0, 1],
        ),
        (
            json!({"match": {"count": {"query": "many", "lenient": true}}}),
            &[],
        ),
        (
            json!({"match": {"made": {"query": "soon", "lenient": true}}}),
            &[],
        ),
        (
            json!({"match_phrase": {"title": {"query": "", "zero_terms_query": "all"}}}),
            &[0, 1, 2, 3, 4, 5],
        ),
        (
            json!({"match_phrase": {"title": {"query": "QUICK brown", "analyzer": "whitespace"}}}),
            &[],
        ),
    ]);
}

#[test]
fn the_last_word_may_be_a_prefix() {
    check(&[
        (
            json!({"match_bool_prefix": {"title": "lazy qui"}}),
            &[0, 1, 2, 4],
        ),
        (
            json!({"match_bool_prefix": {"title": {"query": "quick fo", "operator": "and"}}}),
            &[0, 2],
        ),
        (
            json!({"match_bool_prefix": {"title": "fo quick"}}),
            &[0, 2, 4],
        ),
        (json!({"match_bool_prefix": {"tag": "a"}}), &[0, 1, 2]),
        (
            json!({"match_phrase_prefix": {"title": {"query": "f", "max_expansions": 1}}}),
            &[0],
        ),
        (
            json!({"match_phrase_prefix": {"title": {"query": "f", "max_expansions": 2}}}),
            &[0, 2],
        ),
        (
            json!({"match_phrase_prefix": {"tag": {"query": "a", "max_expansions": 2}}}),
            &[0, 2],
        ),
        (
            json!({"multi_match": {"query": "brown f", "type": "phrase_prefix", "fields": ["title", "tag"]}}),
            &[0],
        ),
        (
            json!({"multi_match": {"query": "brown quick", "type": "phrase", "fields": ["title", "tag"]}}),
            &[4],
        ),
        (
            json!({"multi_match": {"query": "fox quick", "type": "phrase", "slop": 3, "fields": ["title"]}}),
            &[0],
        ),
        (
            json!({"multi_match": {"query": "dog ru", "type": "bool_prefix", "fields": ["title", "about"]}}),
            &[1, 3],
        ),
        (json!({"multi_match": {"query": "dogs"}}), &[1, 2]),
        (
            json!({"multi_match": {"query": "many", "fields": ["count"], "lenient": true}}),
            &[],
        ),
    ]);
}

#[test]
fn values_have_the_precision_and_format_of_their_field() {
    let mapping = json!({"properties": {"f": {"type": "float"}, "b": {"type": "byte"},
        "s": {"type": "scaled_float", "scaling_factor": 100},
        "d": {"type": "date", "format": "dd/MM/yyyy"},
        "x": {"type": "keyword", "index": false},
        "k": {"type": "keyword", "ignore_above": 3}}});
    let documents = [
        json!({"f": 0.1, "s": 10.01, "b": 5, "d": "02/01/2020", "x": "a", "k": "abcd"}),
        json!({"f": 0.5, "s": 10.0, "d": "03/01/2020", "k": "abc"}),
    ];
    let sample = Sample::new(&mapping, &documents, 1);
    for (query, expected) in [
        (json!({"term": {"f": 0.1}}), vec![0]),
        (json!({"range": {"f": {"gte": 0.1}}}), vec![0, 1]),
        (json!({"range": {"f": {"gt": 0.1}}}), vec![1]),
        (json!({"term": {"s": 10.01}}), vec![0]),
        (json!({"range": {"s": {"gte": 10.004}}}), vec![0]),
        (json!({"range": {"s": {"lt": 10.01}}}), vec![1]),
        (json!({"term": {"b": 300}}), vec![]),
        (json!({"term": {"b": 5.5}}), vec![]),
        (
            json!({"range": {"b": {"gt": -1_000, "lt": 1_000}}}),
            vec![0],
        ),
        (json!({"term": {"d": "02/01/2020"}}), vec![0]),
        (json!({"range": {"d": {"gt": "02/01/2020"}}}), vec![1]),
        (
            json!({"range": {"d": {"gte": "02/01/2020||+1d/d"}}}),
            vec![1],
        ),
        (
            json!({"range": {"d": {"lte": "2020-01-02", "format": "yyyy-MM-dd"}}}),
            vec![0],
        ),
        (json!({"exists": {"field": "k"}}), vec![1]),
        (json!({"exists": {"field": "x"}}), vec![0]),
    ] {
        assert_eq!(sample.found(&query), expected, "{query}");
    }
    insta::assert_snapshot!(sample.error(&json!({"term": {"x": "a"}})), @"`query.term.x`: the field `x` is not indexed, since the mapping has `index` false for it; use an expression, which reads its column");
    insta::assert_snapshot!(sample.error(&json!({"term": {"b": "five"}})), @r#"`query.term.b`: `"five"` is not a valid `byte` for the field `b`; expected an integer"#);
}
