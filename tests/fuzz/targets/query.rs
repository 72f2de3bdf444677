//! The text of a search and of documents.
//!
//! Both are read or refused in one line. What can be read runs: each hit is one of the documents
//! and comes once, the best first, as many as were asked for.

#![no_main]

use std::collections::HashSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use whittle_fuzz::{echo, reader, registered, told};
use whittle_host::{Accessor, Budget, QueryContext};
use whittle_node::{Documents, SearchRequest, SearchResponse, Udfs, search};
use whittle_tests::engine;

static UDFS: LazyLock<Udfs> = LazyLock::new(|| {
    let engine = engine(Accessor::Composed);
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
        match search(&documents, &request, &UDFS, &query, |_| {}) {
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
    assert!(hits.total <= documents.len());
    assert_eq!(hits.hits.len(), hits.total.min(request.size));
    let known: HashSet<&str> = (0..documents.len())
        .map(|position| documents.id(position))
        .collect();
    let mut seen = HashSet::new();
    for hit in &hits.hits {
        assert!(
            known.contains(&*hit.id) && seen.insert(&hit.id),
            "{}",
            hit.id
        );
        assert!(hit.score.is_none_or(|score| !score.is_nan()));
    }
    let is_sorted = hits
        .hits
        .is_sorted_by(|first, second| match (first.score, second.score) {
            (Some(first), Some(second)) => first >= second,
            (first, second) => first.is_some() || second.is_none(),
        });
    assert!(is_sorted, "{:?}", hits.hits);
}
