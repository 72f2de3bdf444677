//! The text of a search and of documents.
//!
//! Both are read or refused in one line. What can be read runs, or is refused in one line: each hit
//! is one of the documents and comes once, in its order, and as many come as were asked for.

#![no_main]

use std::collections::HashSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use whittle_fuzz::{echo, reader, registered, told};
use whittle_host::{Budget, QueryContext};
use whittle_node::{Documents, SearchRequest, SearchResponse, Snapshot, Udfs, search};
use whittle_tests::engine;

static UDFS: LazyLock<Udfs> = LazyLock::new(|| {
    let engine = engine();
    let udfs = [echo(), reader()].map(|component| registered(&engine, &component));
    Udfs::new(udfs).expect("no function twice")
});

/// The documents of a search that brings none.
const DOCUMENTS: &[u8] = br#"{"x": 1, "y": {"x": [true, "2020-01-01"]}}
{"x": -0.5, "x.y": 7} {"x": null} {"y": "1e308"}"#;

// The search and the documents, apart by a zero byte.
fuzz_target!(|data: &[u8]| {
    let (request, text) = match data.iter().position(|byte| *byte == 0) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, DOCUMENTS),
    };
    let fields = [None, Some("x")];
    let [documents, named] =
        fields.map(|field| Documents::read(text, field).map_err(|error| told(&error)));
    if let (Ok(documents), Ok(named)) = (&documents, &named) {
        assert_eq!(documents.len(), named.len());
    }
    let request = SearchRequest::parse(request).map_err(|error| told(&error));
    let Ok(request) = request else {
        return;
    };
    for documents in [documents, named].into_iter().flatten() {
        let query = QueryContext::new(Budget::default());
        let snapshot = match Snapshot::of(&documents) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                told(&error);
                continue;
            }
        };
        match search(&snapshot, &request, &UDFS, &query, |_| {}) {
            Ok(response) => judge(&documents, &request, &response),
            Err(error) => {
                let text = told(&error);
                assert!(!text.contains("was stopped"), "{text}");
            }
        }
    }
});

fn judge(documents: &Documents, request: &SearchRequest, response: &SearchResponse) {
    let hits = &response.hits;
    assert!(hits.hits.len() <= request.size);
    if let Some(total) = hits.total {
        assert!(total <= documents.len());
        if request.search_after.is_none() {
            let page = total.saturating_sub(request.from).min(request.size);
            assert_eq!(hits.hits.len(), page);
        }
    }
    let known: HashSet<&str> = (0..documents.len())
        .map(|position| documents.id(position))
        .collect();
    let mut seen = HashSet::new();
    for hit in &hits.hits {
        if request.ids {
            assert!(
                known.contains(&*hit.id) && seen.insert(&hit.id),
                "{}",
                hit.id
            );
        }
        assert!(hit.score.is_none_or(|score| !score.is_nan()));
        assert_eq!(hit.sort.len(), request.sort.len());
        assert!(hit.fields.len() >= request.fields.len());
    }
    let by_score = request.sort.is_empty() && request.rescore.is_none();
    let is_sorted = hits
        .hits
        .is_sorted_by(|first, second| first.score >= second.score);
    assert!(!by_score || is_sorted, "{:?}", hits.hits);
}
