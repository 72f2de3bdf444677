//! An index in memory for the tests of queries: documents, several segments, and searches.

use std::error::Error;
use std::sync::Arc;

use serde_json::Value as Json;
use tantivy::collector::TopDocs;
use tantivy::schema::OwnedValue;
use tantivy::{Index, IndexWriter, Searcher, TantivyDocument};

use whittle_host::{Budget, QueryContext};

use crate::allowance::Allowance;
use crate::computed::Failure;
use crate::dates;
use crate::mapping::{ID, Mapping, fields_of, tokenizers};
use crate::query::{NativeQuery, Planner, Query, QueryError};
use crate::request::path::Path;
use crate::udf::{Dictionaries, Progress, Surroundings, Udfs};
use whittle_host::exact_members;

pub(in crate::query) struct Sample {
    surroundings: Surroundings,
    searcher: Searcher,
}

impl Sample {
    /// The ids are the documents' numbers, from 0. Each segment has so many documents.
    pub(in crate::query) fn new(mapping: &Json, documents: &[Json], segment: usize) -> Self {
        let mapping = Mapping::parse(mapping).expect("a mapping");
        let mut index = Index::create_in_ram(mapping.schema().clone());
        index.set_tokenizers(tokenizers());
        let mut writer: IndexWriter = index
            .writer_with_num_threads(1, 15_000_000)
            .expect("a writer");
        writer.set_merge_policy(Box::new(tantivy::indexer::NoMergePolicy));
        let id_field = mapping.schema().get_field(ID).expect("a field");
        let mut id = 0_usize;
        for segment in documents.chunks(segment) {
            for json in segment {
                let mut document = TantivyDocument::new();
                document.add_field_value(id_field, &OwnedValue::Str(id.to_string()));
                let members = exact_members(json.as_object().expect("an object"));
                for (field, value) in fields_of(&mapping, &members).expect("it fits") {
                    document.add_field_value(field, &value);
                }
                writer.add_document(document).expect("there is room");
                id += 1;
            }
            writer.commit().expect("there is room");
        }
        let reader = index.reader().expect("a reader");
        let searcher = reader.searcher();
        Self {
            surroundings: without_udfs(mapping),
            searcher,
        }
    }

    pub(in crate::query) fn plan(&self, query: &Query) -> Result<NativeQuery, QueryError> {
        let now = dates::parse("2024-03-31T12:34:56").expect("a date");
        plan(query, &self.surroundings, now)
    }

    pub(in crate::query) fn read(json: &Json) -> Query {
        Query::parse(json, "query").expect("a query")
    }

    /// The ids that the JSON of a query finds.
    pub(in crate::query) fn found(&self, query: &Json) -> Vec<usize> {
        self.ids(&Self::read(query))
    }

    /// The error on the JSON of a query, and its causes.
    pub(in crate::query) fn error(&self, query: &Json) -> String {
        match Query::parse(query, "query") {
            Err(error) => told(&error),
            Ok(query) => told(&self.plan(&query).expect_err("it is refused")),
        }
    }

    /// Ids and scores, by id.
    pub(in crate::query) fn scored(&self, query: &Query) -> Vec<(usize, f32)> {
        let query = self.plan(query).expect("it can be planned");
        let collector = TopDocs::with_limit(10_000).order_by_score();
        let found = self.searcher.search(&query, &collector).expect("it runs");
        let mut scored: Vec<(usize, f32)> = found
            .into_iter()
            .map(|(score, address)| {
                let segment = self.searcher.segment_reader(address.segment_ord);
                let ids = segment.fast_fields().str(ID).expect("a column");
                let ids = ids.expect("a column");
                let ord = ids.ords().first(address.doc_id).expect("it has an id");
                let mut id = String::new();
                ids.ord_to_str(ord, &mut id).expect("it has an id");
                (id.parse().expect("a number"), score)
            })
            .collect();
        scored.sort_by_key(|(id, _)| *id);
        scored
    }

    /// Ids, from a search that scores, and the same from one that counts.
    pub(in crate::query) fn ids(&self, query: &Query) -> Vec<usize> {
        let ids: Vec<usize> = self.scored(query).into_iter().map(|(id, _)| id).collect();
        let query = self.plan(query).expect("it can be planned");
        let count = query.count(&self.searcher).expect("it runs");
        assert_eq!(count, ids.len(), "the count differs: {query:?}");
        ids
    }
}

/// What a search without UDFs works with.
pub(super) fn without_udfs(mapping: Mapping) -> Surroundings {
    Surroundings {
        udfs: Udfs::new([]).expect("no name twice"),
        query: QueryContext::new(Budget::default()),
        mapping: Arc::new(mapping),
        dictionaries: Dictionaries::new(0),
        progress: Progress::new(|_| ()),
    }
}

/// The query at `query` of a request.
pub(super) fn plan(
    query: &Query,
    surroundings: &Surroundings,
    now: i64,
) -> Result<NativeQuery, QueryError> {
    let allowance = Allowance::unlimited();
    let mut planner = Planner::new(surroundings, &allowance, now, false);
    let plan = planner.plan(query, Path::from("query"))?;
    Ok(plan.into_query(&Failure::default(), &allowance))
}

/// An error and its causes.
pub(super) fn told(error: &dyn Error) -> String {
    let cause = error.source().map(|cause| format!(" ({cause})"));
    format!("{error}{}", cause.unwrap_or_default())
}
