//! Queries with the most extreme numbers: each is run or refused, and none panics.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::sample::{Sample, told};
use crate::query::Query;

fn number() -> impl Strategy<Value = Json> {
    let longs = [
        0,
        1,
        -1,
        i64::MIN,
        i64::MIN + 1,
        i64::MAX,
        i64::MAX - 1,
        4_294_967_295,
        2_147_483_648,
        -2_147_483_648,
        9_223_372_036_854_775,
        -9_223_372_036_854_775,
        1 << 53,
    ];
    let doubles = [
        -0.0,
        0.5,
        1e-300,
        1e19,
        -1e19,
        1.8e19,
        3.5e38,
        1e308,
        -1e308,
        f64::MIN_POSITIVE,
        5e-324,
    ];
    let texts = [
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1e400",
        "NaN",
        "Infinity",
        "now+9999999999y",
        "9999-12-31||+300000y",
        "-292275055-05-16",
        "100%",
        "-1",
        "AUTO:0,18446744073709551615",
        "3<-9223372036854775808",
        "now/y-9223372036854775807d",
    ];
    prop_oneof![
        prop::sample::select(longs.to_vec()).prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        prop::sample::select(doubles.to_vec()).prop_map(Json::from),
        any::<f64>().prop_map(|number| json!(number)),
        prop::sample::select(texts.to_vec()).prop_map(Json::from),
    ]
}

fn clause() -> impl Strategy<Value = Json> {
    let field = || prop::sample::select(vec!["l", "i", "x", "f", "t", "k", "s"]);
    let leaf = prop_oneof![
        (field(), number(), number(), any::<bool>()).prop_map(|(field, from, to, excluded)| {
            let names = if excluded {
                ["gt", "lt"]
            } else {
                ["gte", "lte"]
            };
            json!({"range": {field: {names[0]: from, names[1]: to}}})
        }),
        (field(), number(), number()).prop_map(
            |(field, value, boost)| json!({"term": {field: {"value": value, "boost": boost}}})
        ),
        (field(), prop::collection::vec(number(), 0..4))
            .prop_map(|(field, values)| json!({"terms": {field: values}})),
        (field(), number(), number(), number(), number()).prop_map(
            |(field, query, minimum, fuzziness, prefix)| json!({"match": {field: {
                "query": query, "minimum_should_match": minimum, "fuzziness": fuzziness,
                "prefix_length": prefix}}})
        ),
        (number(), number()).prop_map(|(slop, boost)| json!({"match_phrase": {"s": {
            "query": "a b c", "slop": slop, "boost": boost}}})),
        number().prop_map(|most| json!({"match_phrase_prefix": {"s": {"query": "a b",
            "max_expansions": most}}})),
        (number(), number()).prop_map(|(fuzziness, prefix)| json!({"fuzzy": {"k": {
            "value": "abc", "fuzziness": fuzziness, "prefix_length": prefix}}})),
        prop::collection::vec(number(), 1..4).prop_map(|values| json!({"ids": {"values": values}})),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        (prop::collection::vec(inner, 1..3), number(), number()).prop_map(
            |(clauses, minimum, boost)| {
                json!({"bool": {"should": clauses,
                "minimum_should_match": minimum, "boost": boost}})
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn extremes_are_run_or_refused(clause in clause(), a_segment in 1_usize..4) {
        let mapping = json!({"properties": {"l": {"type": "long"}, "i": {"type": "integer"},
            "x": {"type": "double"}, "f": {"type": "float"}, "t": {"type": "date"},
            "k": {"type": "keyword"}, "s": {"type": "text"}}});
        let documents = [
            json!({"l": i64::MAX, "i": i32::MIN, "x": f64::MAX, "f": 3e38, "k": "abc", "s": "a b c"}),
            json!({"l": i64::MIN, "i": i32::MAX, "x": -f64::MAX, "t": 0, "k": "abd", "s": "c b a"}),
            json!({"l": [0, -1, 1], "x": [5e-324, -0.0], "t": "9999-12-31", "s": "a a b b"}),
        ];
        let sample = Sample::new(&mapping, &documents, a_segment);
        let said = match Query::parse(&clause, "query") {
            Err(error) => told(&error),
            Ok(query) => match sample.plan(&query) {
                Err(error) => told(&error),
                Ok(_) => format!("{:?}", sample.ids(&query)),
            },
        };
        prop_assert!(said.len() < 10_000);
    }
}
