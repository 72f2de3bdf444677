//! A search's time is its time, and its memory is reserved: whatever it does when the time is over
//! or its client leaves, it ends soon; what it holds is counted until its answer is dropped.

#![expect(
    clippy::result_large_err,
    reason = "it is the error that searches give"
)]

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use whittle_host::{Budget, QueryContext, Stopped};
use whittle_node::index::{Index, Operation};
use whittle_node::mapping::Mapping;
use whittle_node::{
    Memory, SearchError, SearchRequest, SearchResponse, Snapshot, Udfs, search, search_indexes,
};

/// What each search may take.
const LIMIT: Duration = Duration::from_millis(250);

/// What it may take beyond: 50 ms in a build that is optimised and has the processors for itself.
const BEYOND: Duration = Duration::from_millis(500);

fn index(documents: impl Iterator<Item = Json>, mapping: &Json) -> Index {
    let mapping = Mapping::parse(mapping).expect("a mapping");
    let index = Index::in_memory(mapping).expect("an index");
    let create = |(number, document): (usize, Json)| Operation::Create {
        id: Some(number.to_string()),
        source: document.to_string().into_bytes(),
    };
    let operations = documents.enumerate().map(create).collect();
    for written in index.write(operations).expect("it is written") {
        written.expect("it is written");
    }
    index.refresh().expect("it is refreshed");
    index
}

/// Many documents with a long keyword each, and numbers.
static MANY: LazyLock<Snapshot> = LazyLock::new(|| {
    let mapping = json!({"properties": {"k": {"type": "keyword"}, "n": {"type": "long"},
        "l": {"type": "long"}}});
    let rest = "a".repeat(300);
    let document = |number: u64| {
        let list: Vec<u64> = (0..50).map(|place| number * 50 + place).collect();
        json!({"k": format!("{number:06}{rest}"), "n": number, "l": list})
    };
    index((0..8_000).map(document), &mapping).snapshot()
});

/// A few documents of a megabyte, with many fields that are not in the mapping.
static LARGE: LazyLock<Snapshot> = LazyLock::new(|| {
    let mapping = json!({"dynamic": false, "properties": {"n": {"type": "long"}}});
    let document = |number: u64| {
        let fields = (0..5_000).map(|field| {
            let value = Json::from("x".repeat(180));
            (format!("field_{field}_of_{number}"), value)
        });
        json!({"n": number, "inside": Json::Object(fields.collect())})
    };
    index((0..40).map(document), &mapping).snapshot()
});

fn run(
    snapshot: &Snapshot,
    request: &Json,
    query: &QueryContext,
) -> Result<SearchResponse, SearchError> {
    let request = SearchRequest::parse(request.to_string().as_bytes()).expect("a request");
    let udfs = Udfs::new([]).expect("none");
    search(snapshot, &request, &udfs, query, |_| ())
}

fn limited(limit: Duration) -> QueryContext {
    QueryContext::new(Budget {
        wall_clock: limit,
        ..Budget::default()
    })
}

/// Searches that would take far longer than the limit.
fn endless() -> Vec<(&'static str, &'static Snapshot, Json)> {
    let wildcards = (0..32).map(|number| {
        let pattern = format!("*{}{number}", "?".repeat(900));
        json!({"wildcard": {"k": pattern}})
    });
    let wildcards: Vec<Json> = wildcards.collect();
    let regexps = vec![json!({"regexp": {"k": "(.*a.*b|.*a.*c)*d"}}); 32];
    let patterns = (0..1_000).map(|number| format!("inside.*_{number}*x"));
    let patterns: Vec<String> = patterns.collect();
    let ranges: Vec<Json> = (0..1_000).map(|from| json!({"from": -from})).collect();
    let in_ranges = |inside: &Json| {
        let mut range = json!({"range": {"field": "l", "ranges": ranges}});
        if !inside.is_null() {
            range["aggs"] = json!({"inside": inside});
        }
        range
    };
    let excluded = json!({"bool": {"must": wildcards, "must_not": {"match_all": {}}}});
    vec![
        (
            "wildcards",
            &MANY,
            json!({"query": {"bool": {"should": wildcards}}}),
        ),
        (
            "regexps",
            &MANY,
            json!({"query": {"bool": {"should": regexps}}}),
        ),
        (
            "a conjunction",
            &MANY,
            json!({"query": {"bool": {"must": wildcards}}}),
        ),
        ("an exclusion", &MANY, json!({"query": excluded})),
        (
            "a filter of an aggregation",
            &MANY,
            json!({"size": 0,
            "aggs": {"a": {"filter": {"bool": {"should": wildcards}}}}}),
        ),
        (
            "ranges",
            &MANY,
            json!({"size": 0, "aggs": {"a": in_ranges(&Json::Null),
            "b": in_ranges(&Json::Null), "c": in_ranges(&Json::Null)}}),
        ),
        (
            "ranges in ranges",
            &MANY,
            json!({"size": 0,
            "aggs": {"a": in_ranges(&json!({"stats": {"field": "l"}}))}}),
        ),
        (
            "global ranges",
            &MANY,
            json!({"size": 0, "query": {"match_none": {}},
            "aggs": {"all": {"global": {}, "aggs": {"a": in_ranges(&json!({"avg": {"field": "l"}}))}}}}),
        ),
        (
            "patterns of the source",
            &LARGE,
            json!({"size": 40, "_source": patterns}),
        ),
    ]
}

#[test]
fn a_search_ends_soon_after_its_time() {
    for (name, snapshot, request) in endless() {
        let query = limited(LIMIT);
        let started = Instant::now();
        let answer = run(snapshot, &request, &query);
        let took = started.elapsed();
        let Err(SearchError::Stopped(Stopped::Limit(limit))) = answer else {
            panic!("{name}: {answer:?} after {took:?}");
        };
        assert_eq!(limit.limit, "wall_clock", "{name}");
        assert!(took < LIMIT + BEYOND, "{name}: {took:?}");
    }
}

#[test]
fn a_search_ends_soon_after_its_client_left() {
    for (name, snapshot, request) in endless() {
        let query = limited(Duration::from_secs(60));
        // What is made once is not part of it.
        let _ = snapshot.searcher().num_docs();
        let (answer, took) = thread::scope(|scope| {
            let search = scope.spawn(|| run(snapshot, &request, &query));
            thread::sleep(LIMIT);
            query.cancel();
            let left = Instant::now();
            (search.join().expect("no panic"), left.elapsed())
        });
        let Err(SearchError::Stopped(Stopped::Cancelled)) = answer else {
            panic!("{name}: {answer:?} after {took:?}");
        };
        assert!(took < BEYOND, "{name}: {took:?}");
    }
}

#[test]
fn a_page_holds_its_memory_until_the_answer_is_dropped() {
    let memory = Memory::new(24 << 20);
    let snapshot = LARGE.clone().with_memory(&memory);
    let query = || limited(Duration::from_secs(60));
    let request = json!({"size": 10, "sort": ["n"]});
    let page = run(&snapshot, &request, &query()).expect("there is memory for ten");
    let text = serde_json::to_string(&page).expect("JSON").len() as u64;
    let held = memory.in_use();
    assert!(
        (text..text + (1 << 20)).contains(&held),
        "{held} for {text}"
    );
    let all = run(&snapshot, &json!({"size": 40}), &query());
    let Err(SearchError::Memory(error)) = all else {
        panic!("{all:?}");
    };
    assert_eq!(error.limit_bytes, 24 << 20);
    assert_eq!(memory.in_use(), held, "what failed gives back what it held");
    drop(page);
    assert_eq!(memory.in_use(), 0);
}

#[test]
fn hits_of_several_indexes_that_are_not_on_the_page_hold_nothing() {
    let memory = Memory::new(24 << 20);
    let snapshot = LARGE.clone().with_memory(&memory);
    let snapshots = vec![snapshot; 10];
    let request = SearchRequest::parse(br#"{"size": 5, "sort": ["n"]}"#).expect("a request");
    let udfs = Udfs::new([]).expect("none");
    let query = limited(Duration::from_secs(60));
    let page = search_indexes(&snapshots, &request, &udfs, &query).expect("a page");
    assert_eq!(page.hits.hits.len(), 5);
    assert!(memory.in_use() < 7 << 20, "{}", memory.in_use());
    drop(page);
    assert_eq!(memory.in_use(), 0);
}

#[test]
fn aggregations_take_memory_of_all_requests() {
    let memory = Memory::new(64 << 10);
    let snapshot = MANY.clone().with_memory(&memory);
    let request = json!({"size": 0, "aggs": {"a": {"terms": {"field": "k", "size": 10}}}});
    let answer = run(&snapshot, &request, &limited(Duration::from_secs(60)));
    assert!(matches!(answer, Err(SearchError::Memory(_))), "{answer:?}");
    assert_eq!(memory.in_use(), 0);
    let request =
        json!({"size": 0, "aggs": {"a": {"histogram": {"field": "n", "interval": 1000}}}});
    let answer = run(&snapshot, &request, &limited(Duration::from_secs(60))).expect("an answer");
    assert!(memory.in_use() > 0);
    drop(answer);
    assert_eq!(memory.in_use(), 0);
}
