//! All documents that match a query, as Arrow batches of some of their fields: what a SQL engine
//! reads of an index.
//!
//! Documents come segment by segment, in no order that means anything, and without scores. A query
//! may have UDFs in it, which decide as in a search.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};
use tantivy::query::EnableScoring;
use tantivy::{SegmentReader, TantivyError};
use whittle_host::{Kind, QueryContext};

use super::compose::compose;
use super::visit::Walk;
use super::{SearchError, now, workers};
use crate::allowance::{Allowance, Steps};
use crate::computed::Block;
use crate::mapping::{FieldType, ID, SOURCE};
use crate::request::SearchRequest;
use crate::snapshot::Snapshot;
use crate::udf::{Progress, Surroundings, UdfCall, UdfReport, Udfs, WholeField, data_type};

impl Snapshot {
    /// The columns that a scan can read: `_id`, then a column of each field, named by its path, then
    /// `_source`, the JSON of the document as it was written. All but `_id` and `_source` may be
    /// null.
    ///
    /// A field has the first of its values. Long, date and other types are those of the mapping:
    /// integers, floats of 64 bits, timestamps in microseconds, strings.
    pub fn schema(&self) -> SchemaRef {
        let id = Field::new(ID, data_type(FieldType::Keyword), false);
        let fields = self.mapping.types();
        let fields = fields.map(|(path, of)| Field::new(path, data_type(of), true));
        let source = Kind::Json.field(SOURCE).with_nullable(false);
        let columns = [id].into_iter().chain(fields).chain([source]);
        Arc::new(Schema::new(columns.collect::<Vec<_>>()))
    }

    /// Whether a column of [`Snapshot::schema`] is a field, which queries and functions can name: all
    /// but `_id` and `_source`.
    pub fn is_field(&self, column: &str) -> bool {
        self.mapping.field(column).is_some()
    }

    /// Whether a query can find the values of a field by comparing them as SQL does: numbers, booleans
    /// and keywords; not words of texts, and not dates, which queries round.
    pub fn is_comparable(&self, path: &str) -> bool {
        let mapped = self.mapping.field(path);
        mapped.is_some_and(|field| match field.field_type {
            FieldType::Boolean | FieldType::Long | FieldType::Double | FieldType::Keyword => {
                field.is_indexed()
            }
            FieldType::Date | FieldType::Text => false,
        })
    }

    /// Reads columns of [`Snapshot::schema`], by their positions there, of all documents that match
    /// the query of a request; nothing else of the request counts. `take` is called with up to some
    /// thousand documents at a time, by several threads at once, until it returns false. Returns what
    /// the UDFs in the query did.
    ///
    /// # Errors
    ///
    /// As [`search`](super::search()).
    ///
    /// # Panics
    ///
    /// If there is no column at a position.
    pub fn scan(
        &self,
        request: &SearchRequest,
        columns: &[usize],
        udfs: &Udfs,
        query: &QueryContext,
        take: impl Fn(RecordBatch) -> bool + Sync,
    ) -> Result<Vec<UdfReport>, SearchError> {
        let surroundings = Surroundings {
            udfs: udfs.clone(),
            query: query.clone(),
            mapping: Arc::clone(&self.mapping),
            dictionaries: self.dictionaries.clone(),
            progress: Progress::new(|_| ()),
        };
        let allowance = Allowance::new(query, &self.memory);
        let request = SearchRequest {
            query: request.query.clone(),
            ..SearchRequest::default()
        };
        let composed = compose(&request, &surroundings, &allowance, now())?;
        let schema = self.schema();
        let fields = columns.iter().map(|column| schema.field(*column).clone());
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let enough = AtomicBool::new(false);
        composed.run(|| {
            let scoring = EnableScoring::disabled_from_searcher(&self.searcher);
            let weight = composed.query.weight(scoring)?;
            let has_another = || UdfCall::bind_another(&composed.calls);
            let segment = |_, reader: &SegmentReader| {
                let mut walk = Walk::new(weight.scorer(reader, 1.0)?, reader, false);
                let fields = schema.fields().iter().map(|field| {
                    let (path, expected) = (field.name(), reader.num_docs());
                    WholeField::open(reader, &self.mapping, path, &self.dictionaries, expected)
                });
                let fields: Vec<WholeField> = fields.collect::<tantivy::Result<_>>()?;
                let mut steps = Steps::new(&allowance);
                let (mut block, mut more) = (Block::default(), true);
                while more && !enough.load(Ordering::Relaxed) {
                    more = walk.fill(&mut block, &mut steps)?;
                    if block.len() == 0 {
                        continue;
                    }
                    let values = fields.iter().map(|field| field.load(&block.documents));
                    let values = values.collect::<tantivy::Result<_>>()?;
                    let options = RecordBatchOptions::new().with_row_count(Some(block.len()));
                    let batch =
                        RecordBatch::try_new_with_options(Arc::clone(&schema), values, &options);
                    if !take(batch.map_err(|error| internal(&error))?) {
                        enough.store(true, Ordering::Relaxed);
                    }
                }
                Ok(())
            };
            workers::each_segment(&self.searcher, &self.threads, has_another, segment)?;
            Ok(Some(()))
        })?;
        Ok(composed.calls.iter().map(UdfCall::report).collect())
    }
}

fn internal(error: &ArrowError) -> TantivyError {
    TantivyError::InternalError(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use whittle_host::Budget;

    use super::*;
    use crate::documents::Documents;

    fn films() -> Snapshot {
        let films = br#"{"title": "Alien", "year": 1979, "tags": ["a", "b"]}
            {"title": "Stir Wars", "seller": {"city": "Bonn"}}
            {"title": "Star Wars", "year": 1977}"#;
        let documents = Documents::read(films, Some("title")).expect("they are documents");
        Snapshot::of(&documents).expect("it is an index")
    }

    /// The batches, of as many rows as `enough` at least.
    fn scan(
        query: &str,
        columns: &[usize],
        enough: usize,
    ) -> Result<Vec<RecordBatch>, SearchError> {
        let request = SearchRequest::parse(query.as_bytes()).expect("it is a search");
        let batches = Mutex::new(Vec::new());
        let query = QueryContext::new(Budget::default());
        let udfs = Udfs::new([]).expect("there are none");
        films().scan(&request, columns, &udfs, &query, |batch| {
            let mut batches = batches.lock().expect("no panic");
            batches.push(batch);
            batches.iter().map(RecordBatch::num_rows).sum::<usize>() < enough
        })?;
        Ok(batches.into_inner().expect("no panic"))
    }

    #[test]
    fn the_schema_is_that_of_the_mapping() {
        let schema = films().schema();
        let fields = schema.fields().iter();
        let fields: Vec<String> = fields
            .map(|of| format!("{}: {}", of.name(), of.data_type()))
            .collect();
        assert_eq!(
            fields,
            [
                "_id: Utf8",
                "seller.city: Utf8",
                "tags: Utf8",
                "title: Utf8",
                "year: Int64",
                "_source: Utf8"
            ]
        );
    }

    #[test]
    fn reads_the_columns_of_matching_documents() {
        let all = scan("{}", &[4, 0], usize::MAX).expect("it is read");
        assert_eq!(all.len(), 1);
        let years = all[0].column(0).as_primitive::<Int64Type>();
        assert_eq!(
            years.iter().collect::<Vec<_>>(),
            [Some(1979), Some(1977), None]
        );
        let ids = all[0].column(1).as_string::<i32>();
        assert_eq!(
            ids.iter().flatten().collect::<Vec<_>>(),
            ["Alien", "Star Wars", "Stir Wars"]
        );

        let old = r#"{"query": {"range": {"year": {"lt": 1979}}}}"#;
        let old = scan(old, &[2, 3], usize::MAX).expect("it is read");
        assert!(old[0].column(0).is_null(0));
        assert_eq!(old[0].column(1).as_string::<i32>().value(0), "Star Wars");
    }

    #[test]
    fn a_source_is_the_document_as_it_was_written() {
        let sources = scan("{}", &[5], usize::MAX).expect("it is read");
        let sources = sources[0].column(0).as_string::<i32>();
        assert_eq!(
            sources.iter().flatten().collect::<Vec<_>>(),
            [
                r#"{"title": "Alien", "year": 1979, "tags": ["a", "b"]}"#,
                r#"{"title": "Star Wars", "year": 1977}"#,
                r#"{"title": "Stir Wars", "seller": {"city": "Bonn"}}"#,
            ]
        );
    }

    #[test]
    fn counts_without_columns_and_stops_when_it_has_enough() {
        let rows = |enough| -> usize {
            let batches = scan("{}", &[], enough).expect("it is read");
            batches.iter().map(RecordBatch::num_rows).sum()
        };
        assert_eq!(rows(usize::MAX), 3);
        assert_eq!(rows(1), 3);
    }

    #[test]
    fn texts_that_a_column_cuts_are_whole() {
        let long = "word ".repeat(20_000);
        let text = serde_json::json!({"body": long}).to_string();
        let documents = Documents::read(text.as_bytes(), None).expect("they are documents");
        let index = Snapshot::of(&documents).expect("it is an index");
        let request = SearchRequest::parse(b"{}").expect("it is a search");
        let query = QueryContext::new(Budget::default());
        let udfs = Udfs::new([]).expect("there are none");
        let found = Mutex::new(String::new());
        let take = |batch: RecordBatch| {
            let text = batch.column(0).as_string::<i32>().value(0).to_owned();
            *found.lock().expect("no panic") = text;
            true
        };
        index
            .scan(&request, &[1], &udfs, &query, take)
            .expect("it is read");
        assert!(*found.lock().expect("no panic") == long);
    }

    #[test]
    fn fails_as_a_search_does() {
        let unknown = r#"{"query": {"wasm_udf": {"function": "f"}}}"#;
        let error = scan(unknown, &[0], 1).expect_err("there is no such function");
        assert!(matches!(error, SearchError::Udf(_)), "{error}");
    }
}
