//! An index in memory for the tests of queries: documents, several segments, and searches.

use serde_json::Value as Json;
use tantivy::collector::TopDocs;
use tantivy::schema::OwnedValue;
use tantivy::{Index, IndexWriter, Searcher, TantivyDocument};

use super::{EngineQuery, QueryError, compile};
use crate::dates;
use crate::exact_json::exact_members;
use crate::mapping::{ID, Mapping, fields_of, tokenizers};
use crate::query::Query;

pub(super) struct Sample {
    mapping: Mapping,
    searcher: Searcher,
}

impl Sample {
    /// The ids are the documents' numbers, from 0. Each segment has so many documents.
    pub(super) fn new(mapping: &Json, documents: &[Json], segment: usize) -> Self {
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
        Self { mapping, searcher }
    }

    pub(super) fn compile(&self, query: &Query) -> Result<Option<EngineQuery>, QueryError> {
        let now = dates::parse("2024-03-31T12:34:56").expect("a date");
        compile(query, &self.mapping, now)
    }

    pub(super) fn read(json: &Json) -> Query {
        Query::read(json, "query").expect("a query")
    }

    /// Ids and scores, by id.
    pub(super) fn scored(&self, query: &Query) -> Vec<(usize, f32)> {
        let query = self
            .compile(query)
            .expect("it compiles")
            .expect("it is plain");
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
    pub(super) fn ids(&self, query: &Query) -> Vec<usize> {
        let ids: Vec<usize> = self.scored(query).into_iter().map(|(id, _)| id).collect();
        let query = self
            .compile(query)
            .expect("it compiles")
            .expect("it is plain");
        let count = query.count(&self.searcher).expect("it runs");
        assert_eq!(count, ids.len(), "the count differs: {query:?}");
        ids
    }
}
