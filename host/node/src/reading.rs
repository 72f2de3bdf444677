//! Documents as a function reads them, by a mapping.
//!
//! In an index a field has one type, and its values are converted to it: `10.0` in a field of
//! integers is 10, a number in a field of texts is its digits. A function that reads such a field
//! must see the same value whether the node reads it from a column or from the document, and
//! whether the document is in an index at all. So what is read from documents is read here.
//!
//! A field that is read as JSON, and one that the mapping leaves out of its columns, is read from
//! the document as it was written.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, Field, FieldRef, Schema};
use tantivy::schema::OwnedValue;
use whittle_host::{Bound, Document, EvaluateError, ExactJson, FieldUse, Kind};

use crate::documents::Documents;
use crate::mapping::{
    DocumentError, FieldType, Mapping, MappingError, check_keys, fields_of, first_values_of,
};
use crate::udf::{MistypedField, UnmappedField, mistyped, unmapped};

/// Reads documents that are in no index as an index would.
#[derive(Debug, Clone)]
pub struct DocumentReader {
    mapping: Mapping,
}

/// Why documents do not fit a mapping.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// They have fields that the mapping cannot take in.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// An index with the mapping would refuse a document.
    #[error("document {position}: an index refuses it")]
    Refused {
        /// The document's position, from 0.
        position: usize,
        /// Why.
        source: DocumentError,
    },
}

impl DocumentReader {
    /// With the mapping that an index would make of the documents, which are those of one request.
    /// A value that does not have its field's type is missing, since nobody has said what the type
    /// is.
    ///
    /// # Errors
    ///
    /// More fields than an index may have; a document whose keys no index takes.
    pub fn guess(documents: &Documents) -> Result<Self, ReadError> {
        guessed(documents).map(|mapping| Self { mapping })
    }

    /// With a mapping, to which the documents may add fields as they do in an index.
    ///
    /// # Errors
    ///
    /// A document that an index with the mapping refuses; more fields than it may have.
    pub fn with_mapping(mapping: &Mapping, documents: &Documents) -> Result<Self, ReadError> {
        let grown = mapping.grown(documents.all_members())?;
        let mapping = grown.unwrap_or_else(|| mapping.clone());
        for (position, document) in documents.all_members().enumerate() {
            fields_of(&mapping, document)
                .map_err(|source| ReadError::Refused { position, source })?;
        }
        Ok(Self { mapping })
    }

    /// With a mapping, or else with the one that the documents show.
    ///
    /// # Errors
    ///
    /// The same as for [`DocumentReader::with_mapping`] and [`DocumentReader::guess`].
    pub fn of(mapping: Option<&Mapping>, documents: &Documents) -> Result<Self, ReadError> {
        match mapping {
            Some(mapping) => Self::with_mapping(mapping, documents),
            None => Self::guess(documents),
        }
    }

    /// The columns that a function reads, of documents at some positions. A score that is not given
    /// is 1.
    ///
    /// # Errors
    ///
    /// Arrow cannot hold the columns: the documents have more than 2 GiB of text.
    ///
    /// # Panics
    ///
    /// If there are no documents at the positions.
    pub fn load(
        &self,
        bound: &Bound,
        documents: &Documents,
        positions: Range<usize>,
        score: Option<f64>,
    ) -> Result<RecordBatch, EvaluateError> {
        let written = positions.map(|position| Written {
            id: documents.id(position),
            text: documents.text(position).as_bytes(),
            score,
        });
        load(&self.mapping, bound, &written.collect::<Vec<_>>())
    }

    /// The fields that a function has asked for and no document has.
    pub fn unmapped(&self, bound: &Bound) -> Vec<UnmappedField> {
        let paths = bound.fields().iter().map(|field| field.path.as_str());
        unmapped(paths, &self.mapping)
    }

    /// The fields that a function has asked for as a kind that their type does not read as.
    pub fn mistyped(&self, bound: &Bound) -> Vec<MistypedField> {
        mistyped(bound.fields(), &self.mapping)
    }
}

/// The mapping that an index would make of documents.
///
/// # Errors
///
/// More fields than an index may have; a document whose keys no index takes.
pub(crate) fn guessed(documents: &Documents) -> Result<Mapping, ReadError> {
    let empty = Mapping::dynamic();
    for (position, document) in documents.all_members().enumerate() {
        check_keys(&empty, document).map_err(|source| ReadError::Refused { position, source })?;
    }
    let grown = empty.grown(documents.all_members())?;
    Ok(grown.unwrap_or(empty))
}

/// A document as it was written: a JSON object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written<'a> {
    pub(crate) id: &'a str,
    pub(crate) text: &'a [u8],
    pub(crate) score: Option<f64>,
}

/// The columns that a function reads.
///
/// # Errors
///
/// Arrow cannot hold the columns: the documents have more than 2 GiB of text.
pub(crate) fn load(
    mapping: &Mapping,
    bound: &Bound,
    documents: &[Written<'_>],
) -> Result<RecordBatch, EvaluateError> {
    let is_raw = |field: &FieldUse| field.kind == Kind::Json || mapping.hides(&field.path);
    let (raw, mapped): (Vec<_>, Vec<_>) = bound.fields().iter().partition(|field| is_raw(field));
    let source = |document: &Written<'_>| match bound.fields() {
        [] => ExactJson::Null,
        // A document that was checked before it was kept.
        _ => ExactJson::parse(document.text).unwrap_or_default(),
    };
    let sources: Vec<ExactJson> = documents.iter().map(source).collect();
    let loaded = load_raw(bound, documents, &sources, !raw.is_empty())?;
    if mapped.is_empty() {
        return Ok(loaded);
    }
    let schema = loaded.schema();
    // A column is found by its name, and one of the own kind first: those of JSON come last.
    let is_kept = |place: &usize| *place < METADATA || is_raw(&bound.fields()[place - METADATA]);
    let (mut fields, mut columns) = mapped_columns(mapping, &mapped, &sources);
    for place in (0..loaded.num_columns()).filter(is_kept) {
        fields.push(Arc::clone(&schema.fields()[place]));
        columns.push(Arc::clone(loaded.column(place)));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(documents.len()));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options);
    batch.map_err(cannot_hold)
}

/// How many columns come before those of fields: ids and scores.
const METADATA: usize = 2;

/// The columns as the documents have them; only ids and scores if no field is read so.
fn load_raw(
    bound: &Bound,
    documents: &[Written<'_>],
    sources: &[ExactJson],
    reads_fields: bool,
) -> Result<RecordBatch, EvaluateError> {
    let documents = documents.iter().zip(sources);
    let documents: Vec<Document<'_>> = documents
        .map(|(Written { id, score, .. }, source)| Document {
            id,
            source: if reads_fields {
                source
            } else {
                &ExactJson::Null
            },
            score: *score,
        })
        .collect();
    bound.load(&documents)
}

/// A column for each path, of the type that the mapping gives it. A path that the mapping does not
/// have has none.
pub(crate) fn mapped_columns(
    mapping: &Mapping,
    fields: &[&FieldUse],
    documents: &[ExactJson],
) -> (Vec<FieldRef>, Vec<ArrayRef>) {
    let mut paths: Vec<&str> = fields.iter().map(|field| field.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.retain(|path| mapping.field(path).is_some());
    let places = paths.iter().enumerate();
    let places: HashMap<&str, usize> = places.map(|(place, path)| (*path, place)).collect();
    let mut values = vec![Vec::with_capacity(documents.len()); paths.len()];
    for document in documents {
        let first = match document {
            ExactJson::Object(members) => first_values_of(mapping, members, &places),
            // Only an object has fields.
            _ => vec![None; paths.len()],
        };
        for (values, value) in values.iter_mut().zip(first) {
            values.push(value);
        }
    }
    let of = |(path, values): (&str, Vec<Option<OwnedValue>>)| {
        let field_type = mapping.field(path).map(|field| field.field_type);
        let column = column(field_type?, values);
        let field = Field::new(path, column.data_type().clone(), true);
        Some((Arc::new(field), column))
    };
    paths.into_iter().zip(values).filter_map(of).unzip()
}

fn column(field_type: FieldType, values: Vec<Option<OwnedValue>>) -> ArrayRef {
    /// The values of a column, all of which have its type.
    macro_rules! values {
        ($variant:ident) => {
            values.into_iter().map(|value| match value {
                Some(OwnedValue::$variant(value)) => Some(value),
                _ => None,
            })
        };
    }
    match field_type {
        FieldType::Boolean => Arc::new(values!(Bool).collect::<BooleanArray>()),
        FieldType::Long => Arc::new(values!(I64).collect::<Int64Array>()),
        FieldType::Double => Arc::new(values!(F64).collect::<Float64Array>()),
        FieldType::Date => {
            let micros = values!(I64).collect::<TimestampMicrosecondArray>();
            Arc::new(micros.with_timezone("+00:00"))
        }
        FieldType::Keyword | FieldType::Text => Arc::new(values!(Str).collect::<StringArray>()),
    }
}

fn cannot_hold(source: ArrowError) -> EvaluateError {
    EvaluateError::Column {
        column: "documents".to_owned(),
        kind: Kind::Json,
        source,
    }
}
