//! Pages of random searches, against one page with all hits that is sorted again here.

use std::cmp::Ordering;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use whittle_host::{Budget, QueryContext};

use super::{Hit, SearchResponse, search};
use crate::index::{Index, Operation};
use crate::mapping::Mapping;
use crate::request::SearchRequest;
use crate::snapshot::Snapshot;
use crate::udf::Udfs;

/// More than there are documents.
const ALL: usize = 200;

/// What is done to an index.
#[derive(Debug, Clone)]
enum Step {
    /// Documents are written, some of them over others.
    Write(Vec<(u8, Json)>),
    Delete(Vec<u8>),
    /// All segments become one.
    Merge,
}

fn document() -> impl Strategy<Value = Json> {
    let word = || prop::sample::select(&["a", "b", "c"][..]);
    let values = (
        vec(-2_i64..3, 0..3),
        prop::option::of(prop::sample::select(&[-0.0, 0.0, 1.5, 2.5][..])),
        vec(word(), 0..2),
        prop::option::of(any::<bool>()),
        vec(word(), 0..5),
        prop::option::of(0_i64..4),
    );
    values.prop_map(|(longs, double, keywords, boolean, words, day)| {
        json!({"l": longs, "d": double, "k": keywords, "b": boolean, "t": words.join(" "),
            "when": day.map(|day| day * 86_400_000)})
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => vec((any::<u8>(), document()), 1..40).prop_map(Step::Write),
        2 => vec(any::<u8>(), 1..30).prop_map(Step::Delete),
        1 => Just(Step::Merge),
    ];
    vec(step, 1..6)
}

/// An index after some steps, each of which searches see as a segment.
fn index(steps: &[Step]) -> Snapshot {
    let mapping = json!({"properties": {"l": {"type": "long"}, "d": {"type": "double"},
        "k": {"type": "keyword"}, "b": {"type": "boolean"}, "t": {"type": "text"},
        "when": {"type": "date"}}});
    let mapping = Mapping::parse(&mapping).expect("a mapping");
    let index = Index::in_memory(mapping).expect("an index");
    // Few ids, so that they are written again.
    let id = |number: &u8| (number % 120).to_string();
    for step in steps {
        let operations = match step {
            Step::Write(documents) => documents
                .iter()
                .map(|(number, source)| Operation::Index {
                    id: Some(id(number)),
                    source: source.to_string().into_bytes(),
                    if_seq_no: None,
                })
                .collect(),
            Step::Delete(numbers) => numbers
                .iter()
                .map(|number| Operation::Delete {
                    id: id(number),
                    if_seq_no: None,
                })
                .collect(),
            Step::Merge => Vec::new(),
        };
        for written in index.write(operations).expect("written") {
            written.expect("written");
        }
        index.refresh().expect("refreshed");
        if matches!(step, Step::Merge) {
            index.merge().expect("merged");
        }
    }
    index.snapshot()
}

fn query() -> impl Strategy<Value = Json> {
    let clauses = [
        json!({"match_all": {}}),
        json!({"match_all": {"boost": 2}}),
        json!({"term": {"k": "a"}}),
        json!({"constant_score": {"filter": {"term": {"b": true}}}}),
        json!({"terms": {"k": ["a", "b"]}}),
        json!({"range": {"l": {"gte": 0}}}),
        json!({"exists": {"field": "d"}}),
        json!({"match": {"t": "a"}}),
        json!({"match": {"t": "a b"}}),
        json!({"bool": {"filter": [{"term": {"b": false}}, {"range": {"l": {"lt": 2}}}]}}),
        json!({"bool": {"should": [{"term": {"k": "a"}}, {"match": {"t": "c"}}]}}),
        json!({"expression": "l > 0"}),
        json!({"expression_score": {"expression": "l + d"}}),
        json!({"match_none": {}}),
    ];
    prop::sample::select(clauses.to_vec())
}

fn key() -> impl Strategy<Value = Json> {
    let keys = [
        "_score",
        "_doc",
        "l",
        "d",
        "k",
        "b",
        "when",
        "none",
        "expression",
    ];
    let parts = (
        prop::sample::select(keys.to_vec()),
        prop::sample::select(&["asc", "desc"][..]),
        prop::sample::select(&["_first", "_last", "value"][..]),
        prop::sample::select(&["min", "max", "avg"][..]),
    );
    parts.prop_map(|(by, order, missing, mode)| match by {
        "_score" | "_doc" => json!({by: {"order": order}}),
        "expression" => {
            json!({by: {"text": "l * 2", "order": order, "missing": "_last"}})
        }
        _ => {
            let mut key = json!({"order": order, "missing": missing});
            match (by, missing) {
                ("none", _) => {
                    key["unmapped_type"] = json!("long");
                    key["missing"] = json!("_last");
                }
                ("k", "value") => key["missing"] = json!("b"),
                ("b" | "when", "value") => key["missing"] = json!("_last"),
                (_, "value") => key["missing"] = json!(1),
                _ => {}
            }
            if by == "l" || by == "d" {
                key["mode"] = json!(mode);
            }
            json!({by: key})
        }
    })
}

/// A search, without its page.
fn request() -> impl Strategy<Value = Json> {
    let parts = (
        query(),
        vec(key(), 0..4),
        prop::option::weighted(0.2, 0.5_f64..3.0),
        any::<bool>(),
    );
    parts.prop_map(|(query, sort, min_score, profile)| {
        let mut request = json!({"query": query, "seq_no_primary_term": true,
            "track_scores": true, "profile": profile});
        if !sort.is_empty() {
            request["sort"] = Json::from(sort);
        }
        if let Some(min_score) = min_score {
            request["min_score"] = json!(min_score);
        }
        request
    })
}

fn run(snapshot: &Snapshot, request: &Json) -> SearchResponse {
    let parsed = SearchRequest::parse(request.to_string().as_bytes());
    let parsed = parsed.unwrap_or_else(|error| panic!("{request}: {error}"));
    let query = QueryContext::new(Budget::default());
    let udfs = Udfs::new([]).expect("no name twice");
    let found = search(snapshot, &parsed, &udfs, &query, |_| ());
    found.unwrap_or_else(|error| panic!("{request}: {error}"))
}

/// A request with more keys.
fn with(request: &Json, more: &Json) -> Json {
    let mut request = request.clone();
    for (key, value) in more.as_object().expect("an object") {
        request[key] = value.clone();
    }
    request
}

/// The order of two sort values.
fn compare(left: &Json, right: &Json) -> Ordering {
    match (left, right) {
        (Json::String(left), Json::String(right)) => left.cmp(right),
        _ => {
            let number = |json: &Json| json.as_f64().expect("a number");
            number(left).total_cmp(&number(right))
        }
    }
}

/// The order of two hits by the keys of a request.
fn by_keys(request: &Json, left: &Hit, right: &Hit) -> Ordering {
    let score = |hit: &Hit| hit.score.expect("it was asked for");
    let Some(keys) = request["sort"].as_array() else {
        return score(right).total_cmp(&score(left));
    };
    let values = left.sort.iter().zip(&right.sort);
    let mut orders = keys.iter().zip(values).map(|(key, (left, right))| {
        let (left, right) = (json!(left), json!(right));
        let key = key.as_object().expect("an object").values().next();
        let key = key.expect("one name");
        match (left.is_null(), right.is_null()) {
            (false, false) if key["order"] == "desc" => compare(&right, &left),
            (false, false) => compare(&left, &right),
            (left, right) if key["missing"] == "_first" => right.cmp(&left),
            (left, right) => left.cmp(&right),
        }
    });
    orders
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// The order of two hits: those of equal rank come as they were written.
fn order(request: &Json, left: &Hit, right: &Hit) -> Ordering {
    let written = |hit: &Hit| hit.seq_no.expect("it was asked for").seq_no;
    by_keys(request, left, right).then(written(left).cmp(&written(right)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn pages_are_those_of_all_hits_sorted(
        steps in steps(),
        requests in vec(request(), 40),
        pages in vec((0_usize..30, 0_usize..12, 0_usize..60), 40),
    ) {
        let snapshot = index(&steps);
        for (request, (from, size, limit)) in requests.iter().zip(pages) {
            let all = run(&snapshot, &with(request, &json!({"size": ALL}))).hits;
            prop_assert_eq!(all.total, Some(all.hits.len()), "{}", request);
            let mut sorted = all.hits.clone();
            sorted.sort_by(|left, right| order(request, left, right));
            prop_assert_eq!(&all.hits, &sorted, "{}", request);
            let page = &sorted[from.min(sorted.len())..(from + size).min(sorted.len())];

            let exact = run(&snapshot, &with(request, &json!({"from": from, "size": size}))).hits;
            prop_assert_eq!(exact.total, all.total, "{}", request);
            prop_assert_eq!(&exact.hits[..], page, "{}", request);
            let best = sorted.iter().filter_map(|hit| hit.score).reduce(f64::max);
            prop_assert_eq!(exact.max_score, best.filter(|_| size > 0), "{}", request);

            // The segments are left early, if the scores of all hits are the same.
            let limited = json!({"from": from, "size": size, "track_total_hits": limit});
            let limited = run(&snapshot, &with(request, &limited)).hits;
            prop_assert_eq!(&limited.hits[..], page, "{}", request);
            let total = limited.total.map(|total| total.min(limit + 1));
            prop_assert_eq!(total, all.total.map(|total| total.min(limit + 1)), "{}", request);
            let untracked = json!({"from": from, "size": size, "track_total_hits": false});
            let untracked = run(&snapshot, &with(request, &untracked)).hits;
            prop_assert_eq!((untracked.total, &untracked.hits[..]), (None, page), "{}", request);

            // Beside aggregations all hits are visited.
            let aggregated = json!({"from": from, "size": size, "profile": false,
                "aggs": {"hits": {"value_count": {"field": "_id"}}}});
            let aggregated = run(&snapshot, &with(request, &aggregated));
            prop_assert_eq!(&aggregated.hits.hits[..], page, "{}", request);

            // The page after a hit has what comes after its values.
            let last = sorted.get(from).filter(|hit| !hit.sort.is_empty());
            if let Some(last) = last {
                let after = json!({"size": size, "search_after": last.sort,
                    "track_total_hits": false});
                let after = run(&snapshot, &with(request, &after)).hits;
                let behind = sorted.iter();
                let behind = behind.filter(|hit| by_keys(request, last, hit).is_lt());
                let behind: Vec<Hit> = behind.take(size).cloned().collect();
                prop_assert_eq!(after.hits, behind, "{} after {:?}", request, last.sort);
            }
        }
    }
}
