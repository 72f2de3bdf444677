//! The columns of a segment that a UDF reads, as Arrow arrays of a block of documents.
//!
//! Numbers are gathered out of tantivy's columns, texts through their dictionaries. If a function reads
//! a single keyword field, its column is given as a segment has it, as ordinals and a dictionary, so
//! that the function is evaluated once for each distinct value. A function
//! that reads a field as JSON, one that the mapping leaves out of its columns, or texts of which a
//! column has but the beginning, is given the documents themselves.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, RecordBatch,
    RecordBatchOptions, TimestampMicrosecondArray, UInt32Array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use tantivy::columnar::Column;
use tantivy::schema::Value;
use tantivy::store::StoreReader;
use tantivy::{DocId, Score, SegmentReader, TantivyDocument, TantivyError};
use whittle_host::{Bound, FieldUse, Kind};

use super::keyword::Keyword;
use crate::columns::{Dictionaries, Texts, first_values, full, internal};
use crate::mapping::{FieldType, ID, LONG_TEXTS, Mapping, SOURCE};
use crate::reading::{self, Written};

/// How many blocks of sources are kept uncompressed.
pub(super) const STORE_BLOCKS: usize = 2;

/// What a UDF reads of a segment.
pub(super) enum SegmentColumns {
    /// Out of columns.
    Columns {
        schema: SchemaRef,
        columns: Vec<Source>,
        ids: Option<Texts>,
    },
    /// Out of the documents.
    Documents {
        mapping: Arc<Mapping>,
        store: Box<StoreReader>,
        id: tantivy::schema::Field,
        source: tantivy::schema::Field,
    },
}

/// Whether the column of a field has but the beginning of some texts.
pub(super) fn is_cut(mapping: &Mapping, path: &str, long_texts: Option<&Column<u64>>) -> bool {
    match (mapping.field(path), long_texts) {
        (Some(field), Some(long)) => {
            let column = mapping.schema().get_field(field.column);
            let is_column = |cut| column.as_ref().is_ok_and(|column| is(*column, cut));
            long.values.iter().any(is_column)
        }
        _ => false,
    }
}

/// Whether a field has a number.
fn is(field: tantivy::schema::Field, number: u64) -> bool {
    u64::from(field.field_id()) == number
}

/// A column of one field.
pub(super) enum Source {
    Boolean(Column<bool>),
    Long(Column<i64>),
    Double(Column<f64>),
    /// In microseconds since 1970.
    Date(Column<i64>),
    Text(Texts),
    /// The only column, with its dictionary.
    Keyword(Keyword),
}

impl SegmentColumns {
    /// Opens the columns that a function reads, of which about `expected` documents are wanted.
    pub(super) fn open(
        reader: &SegmentReader,
        mapping: &Arc<Mapping>,
        bound: &Bound,
        dictionaries: &Dictionaries,
        expected: u32,
    ) -> tantivy::Result<Self> {
        let long_texts = reader.fast_fields().column_opt::<u64>(LONG_TEXTS)?;
        let needs_documents = |field: &FieldUse| {
            field.kind == Kind::Json
                || mapping.hides(&field.path)
                || is_cut(mapping, &field.path, long_texts.as_ref())
        };
        if bound.fields().iter().any(needs_documents) {
            return Ok(Self::Documents {
                mapping: Arc::clone(mapping),
                store: Box::new(reader.get_store_reader(STORE_BLOCKS)?),
                id: mapping.schema().get_field(ID)?,
                source: mapping.schema().get_field(SOURCE)?,
            });
        }
        let open_texts = |name: &str| Texts::open(reader, name, dictionaries, expected);
        let mut columns = Vec::new();
        let mut fields = vec![Field::new(ID, DataType::UInt32, false)];
        let ids = if bound.reads_ids() {
            open_texts(ID)?
        } else {
            None
        };
        if ids.is_some() {
            fields[0] = Field::new(ID, DataType::Utf8, true);
        }
        fields.push(Field::new("_score", DataType::Float32, false));
        let mut seen = Vec::new();
        let is_only = |path: &str| bound.fields().iter().all(|field| field.path == path);
        for FieldUse { path, .. } in bound.fields() {
            // Read as two kinds it is one column still.
            if seen.contains(&path) {
                continue;
            }
            seen.push(path);
            let Some(field) = mapping.field(path) else {
                continue;
            };
            let fast = reader.fast_fields();
            let column = match field.field_type {
                FieldType::Boolean => fast.column_opt(field.column)?.map(Source::Boolean),
                FieldType::Long => fast.column_opt(field.column)?.map(Source::Long),
                FieldType::Double => fast.column_opt(field.column)?.map(Source::Double),
                FieldType::Date => fast.column_opt(field.column)?.map(Source::Date),
                FieldType::Keyword if is_only(path) => Some(match open_texts(field.column)? {
                    None => Source::Keyword(Keyword::none()),
                    Some(texts) => {
                        let listed = field.is_indexed().then_some(field.field);
                        with_dictionary(texts, listed)
                    }
                }),
                FieldType::Keyword | FieldType::Text => open_texts(field.column)?.map(Source::Text),
            };
            // A segment in which no document has the field has no column.
            if let Some(column) = column {
                fields.push(Field::new(path, column.data_type(), true));
                columns.push(column);
            }
        }
        Ok(Self::Columns {
            schema: Arc::new(Schema::new(fields)),
            columns,
            ids,
        })
    }

    /// The columns of a block of documents, in ascending order, with their scores. `keywords` is what
    /// [`keywords`](Self::keywords) gave for them.
    pub(super) fn load(
        &self,
        bound: &Bound,
        documents: &[DocId],
        scores: &[Score],
        keywords: Option<ArrayRef>,
    ) -> tantivy::Result<RecordBatch> {
        match self {
            Self::Columns {
                schema,
                columns,
                ids,
            } => {
                let ids: ArrayRef = match ids {
                    None => Arc::new(UInt32Array::from(documents.to_vec())),
                    Some(texts) => Arc::new(texts.load(documents)?),
                };
                let scores: ArrayRef = Arc::new(Float32Array::from(scores.to_vec()));
                let mut arrays = vec![ids, scores];
                match keywords {
                    // The only column.
                    Some(keywords) => arrays.push(keywords),
                    None => {
                        for column in columns {
                            arrays.push(column.load(documents)?);
                        }
                    }
                }
                let options = RecordBatchOptions::new().with_row_count(Some(documents.len()));
                RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
                    .map_err(|error| internal(&error))
            }
            Self::Documents {
                mapping,
                store,
                id,
                source,
            } => {
                let stored = documents
                    .iter()
                    .map(|document| stored(store, *id, *source, *document));
                let stored: Vec<(String, Vec<u8>)> = stored.collect::<tantivy::Result<_>>()?;
                let documents = stored
                    .iter()
                    .zip(scores)
                    .map(|((id, text), score)| Written {
                        id,
                        text,
                        score: Some(f64::from(*score)),
                    });
                let documents: Vec<Written<'_>> = documents.collect();
                reading::load(mapping, bound, &documents).map_err(|error| internal(&error))
            }
        }
    }

    /// The only column that the function reads, for a block of documents in ascending order, if it
    /// is given with its dictionary.
    pub(super) fn keywords(&self, documents: &[DocId]) -> tantivy::Result<Option<ArrayRef>> {
        let keyword = self.keyword();
        keyword.map(|keyword| keyword.load(documents)).transpose()
    }

    /// The only column, likewise.
    pub(super) fn keyword(&self) -> Option<&Keyword> {
        match self {
            Self::Columns { columns, .. } => match &**columns {
                [Source::Keyword(keyword)] => Some(keyword),
                _ => None,
            },
            Self::Documents { .. } => None,
        }
    }

    /// Whether documents are known to the function, and so to its errors, by their numbers in the
    /// segment.
    pub(super) fn has_numbers_for_ids(&self) -> bool {
        matches!(self, Self::Columns { ids: None, .. })
    }
}

impl Source {
    fn data_type(&self) -> DataType {
        match self {
            Self::Boolean(_) => DataType::Boolean,
            Self::Long(_) => DataType::Int64,
            Self::Double(_) => DataType::Float64,
            Self::Date(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
            Self::Text(_) => DataType::Utf8,
            Self::Keyword(_) => Keyword::data_type(),
        }
    }

    pub(super) fn load(&self, documents: &[DocId]) -> tantivy::Result<ArrayRef> {
        Ok(match self {
            Self::Boolean(column) => Arc::new(
                first_values(column, documents)
                    .into_iter()
                    .collect::<BooleanArray>(),
            ),
            Self::Long(column) => match full(column, documents) {
                Some(values) => Arc::new(Int64Array::from(values)),
                None => Arc::new(Int64Array::from(first_values(column, documents))),
            },
            Self::Double(column) => match full(column, documents) {
                Some(values) => Arc::new(Float64Array::from(values)),
                None => Arc::new(Float64Array::from(first_values(column, documents))),
            },
            Self::Date(column) => {
                let array = match full(column, documents) {
                    Some(micros) => TimestampMicrosecondArray::from(micros),
                    None => TimestampMicrosecondArray::from(first_values(column, documents)),
                };
                Arc::new(array.with_timezone("+00:00"))
            }
            Self::Text(texts) => Arc::new(texts.load(documents)?),
            Self::Keyword(keyword) => keyword.load(documents)?,
        })
    }
}

/// A column with its dictionary, if that is decoded and has few texts.
fn with_dictionary(texts: Texts, listed: Option<tantivy::schema::Field>) -> Source {
    match &texts.decoded {
        Some(decoded) if texts.are_few => {
            Source::Keyword(Keyword::new(texts.column, decoded, listed))
        }
        Some(_) | None => Source::Text(texts),
    }
}

/// The id and the source of a document.
pub(super) fn stored(
    store: &StoreReader,
    id: tantivy::schema::Field,
    source: tantivy::schema::Field,
    document: DocId,
) -> tantivy::Result<(String, Vec<u8>)> {
    let document: TantivyDocument = store.get(document)?;
    let id = document
        .get_first(id)
        .and_then(|id| id.as_str().map(ToOwned::to_owned));
    let source = document
        .get_first(source)
        .and_then(|source| source.as_bytes().map(ToOwned::to_owned));
    match (id, source) {
        (Some(id), Some(source)) => Ok((id, source)),
        _ => Err(TantivyError::InternalError(
            "a document has no source".to_owned(),
        )),
    }
}
