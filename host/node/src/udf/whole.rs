//! One field of a segment as an Arrow column, for whoever reads documents by columns and is no UDF.
//!
//! Its values are those that a UDF would read: the first one of several, of the mapping's type.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray, new_null_array};
use arrow_schema::{DataType, TimeUnit};
use tantivy::columnar::Column;
use tantivy::store::StoreReader;
use tantivy::{DocId, SegmentReader};
use whittle_host::{ExactJson, FieldUse, Kind};

use super::columns::{STORE_BLOCKS, Source, is_cut, stored};
use crate::columns::{Dictionaries, Texts, internal};
use crate::mapping::{FieldType, ID, LONG_TEXTS, MappedField, Mapping, SOURCE};
use crate::reading::mapped_columns;

/// A field of a segment.
pub(crate) struct WholeField {
    data_type: DataType,
    values: Values,
}

enum Values {
    Column(Source),
    /// The column has but the beginning of some texts.
    Documents {
        mapping: Arc<Mapping>,
        store: Box<StoreReader>,
        field: FieldUse,
    },
    /// The documents themselves, as they were written.
    Sources {
        store: Box<StoreReader>,
        id: tantivy::schema::Field,
        source: tantivy::schema::Field,
    },
    /// No document has one.
    Missing,
}

/// The Arrow type of a field's values.
pub(crate) fn data_type(field_type: FieldType) -> DataType {
    match field_type {
        FieldType::Boolean => DataType::Boolean,
        FieldType::Long => DataType::Int64,
        FieldType::Double => DataType::Float64,
        FieldType::Date => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
        FieldType::Keyword | FieldType::Text => DataType::Utf8,
    }
}

impl WholeField {
    /// Opens a field of the mapping, `_id` or `_source`, of which about `expected` documents are
    /// wanted.
    pub(crate) fn open(
        reader: &SegmentReader,
        mapping: &Arc<Mapping>,
        path: &str,
        dictionaries: &Dictionaries,
        expected: u32,
    ) -> tantivy::Result<Self> {
        if path == SOURCE {
            let schema = mapping.schema();
            return Ok(Self {
                data_type: DataType::Utf8,
                values: Values::Sources {
                    store: Box::new(reader.get_store_reader(STORE_BLOCKS)?),
                    id: schema.get_field(ID)?,
                    source: schema.get_field(SOURCE)?,
                },
            });
        }
        let mapped = match path {
            ID => mapping.id_field(),
            path => mapping.field(path),
        };
        let Some(MappedField {
            field_type, column, ..
        }) = mapped
        else {
            return Ok(Self {
                data_type: DataType::Null,
                values: Values::Missing,
            });
        };
        let fast = reader.fast_fields();
        let long_texts: Option<Column<u64>> = fast.column_opt(LONG_TEXTS)?;
        let values = if is_cut(mapping, path, long_texts.as_ref()) {
            Some(Values::Documents {
                mapping: Arc::clone(mapping),
                store: Box::new(reader.get_store_reader(STORE_BLOCKS)?),
                field: FieldUse {
                    path: path.to_owned(),
                    kind: Kind::Text,
                },
            })
        } else {
            let source = match field_type {
                FieldType::Boolean => fast.column_opt(column)?.map(Source::Boolean),
                FieldType::Long => fast.column_opt(column)?.map(Source::Long),
                FieldType::Double => fast.column_opt(column)?.map(Source::Double),
                FieldType::Date => fast.column_opt(column)?.map(Source::Date),
                FieldType::Keyword | FieldType::Text => {
                    Texts::open(reader, column, dictionaries, expected)?.map(Source::Text)
                }
            };
            source.map(Values::Column)
        };
        Ok(Self {
            data_type: data_type(field_type),
            values: values.unwrap_or(Values::Missing),
        })
    }

    /// The values of documents in ascending order.
    pub(crate) fn load(&self, documents: &[DocId]) -> tantivy::Result<ArrayRef> {
        let missing = || new_null_array(&self.data_type, documents.len());
        match &self.values {
            Values::Missing => Ok(missing()),
            Values::Column(source) => source.load(documents),
            Values::Sources { store, id, source } => {
                let mut sources = Vec::with_capacity(documents.len());
                for document in documents {
                    let (_, source) = stored(store, *id, *source, *document)?;
                    sources.push(String::from_utf8(source).map_err(|error| internal(&error))?);
                }
                let bytes: usize = sources.iter().map(String::len).sum();
                i32::try_from(bytes).map_err(|error| internal(&error))?;
                Ok(Arc::new(StringArray::from_iter_values(sources)))
            }
            Values::Documents {
                mapping,
                store,
                field,
            } => {
                let schema = mapping.schema();
                let (id, source) = (schema.get_field(ID)?, schema.get_field(SOURCE)?);
                let kept = documents.iter();
                let kept = kept.map(|document| stored(store, id, source, *document));
                let kept: Vec<(String, Vec<u8>)> = kept.collect::<tantivy::Result<_>>()?;
                // Documents that were checked before they were kept.
                let kept = kept.iter();
                let kept = kept.map(|(_, text)| ExactJson::parse(text).unwrap_or_default());
                let kept: Vec<ExactJson> = kept.collect();
                let (_, columns) = mapped_columns(mapping, &[field], &kept);
                Ok(columns.into_iter().next().unwrap_or_else(missing))
            }
        }
    }
}
