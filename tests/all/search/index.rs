//! Documents to search, in one segment or several, and functions to search them with.

use std::sync::LazyLock;

use serde_json::Value as Json;
use whittle_host::{Budget, QueryContext};
use whittle_node::index::{Index, Operation};
use whittle_node::mapping::Mapping;
use whittle_node::{Documents, SearchRequest, SearchResponse, Snapshot, Threads, Udfs, search};
use whittle_tests::{engine, told, udf};

pub(super) static UDFS: LazyLock<Udfs> = LazyLock::new(|| {
    let engine = engine();
    Udfs::new([udf(&engine, "probe"), udf(&engine, "string-distance")]).expect("no name twice")
});

static THREADS: LazyLock<Threads> = LazyLock::new(|| Threads::new(3));

pub(super) fn snapshot(documents: &[Json]) -> Snapshot {
    let text = Json::from(documents).to_string();
    let documents = Documents::read(text.as_bytes(), None).expect("documents");
    Snapshot::of(&documents).expect("an index")
}

/// The same documents in several segments, with deleted ones between them.
pub(super) fn in_segments(documents: &[Json], size: usize) -> Snapshot {
    let index = Index::in_memory(Mapping::dynamic()).expect("an index");
    let numbered: Vec<(usize, &Json)> = documents.iter().enumerate().collect();
    for segment in numbered.chunks(size) {
        let mut operations = Vec::new();
        for (number, document) in segment {
            for id in [format!("deleted {number}"), number.to_string()] {
                let source = document.to_string().into_bytes();
                operations.push(Operation::Create {
                    id: Some(id),
                    source,
                });
            }
        }
        write(&index, operations);
        let ids = segment
            .iter()
            .map(|(number, _)| format!("deleted {number}"));
        write(
            &index,
            ids.map(|id| Operation::Delete {
                id,
                if_seq_no: None,
            })
            .collect(),
        );
    }
    index.snapshot().with_threads(&THREADS)
}

fn write(index: &Index, operations: Vec<Operation>) {
    for written in index.write(operations).expect("it is written") {
        written.expect("it is written");
    }
    index.refresh().expect("it is refreshed");
}

pub(super) fn try_run(snapshot: &Snapshot, request: &Json) -> Result<SearchResponse, String> {
    let request = SearchRequest::parse(request.to_string().as_bytes());
    let request = request.map_err(|error| told(&error))?;
    let query = QueryContext::new(Budget::default());
    search(snapshot, &request, &UDFS, &query, |_| ()).map_err(|error| told(&error))
}

pub(super) fn run(snapshot: &Snapshot, request: &Json) -> SearchResponse {
    try_run(snapshot, request).unwrap_or_else(|error| panic!("{request}: {error}"))
}
