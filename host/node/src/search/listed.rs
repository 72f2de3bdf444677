//! `docvalue_fields` and the list form of `fields`: values of a hit's fields, out of the columns.
//!
//! Only fields of the mapping are found, by their paths: the names of columns cannot be reached.

use serde_json::Value as Json;
use tantivy::{DocAddress, Searcher, SegmentReader};
use whittle_host::{ExactJson, Members};

use super::error::FieldError;
use super::pattern::matches;
use super::values::narrowed;
use crate::allowance::Steps;
use crate::dates::DateFormat;
use crate::mapping::{FieldType, MappedField, Mapping};
use crate::request::FieldValues;

/// A field whose values come back.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    path: String,
    column: String,
    field_type: FieldType,
    /// Whether the values are floats of 32 bits or less.
    narrow: bool,
    /// How its dates are shown.
    format: DateFormat,
    /// Whether the values are sorted, as doc values are; else they come as in the document.
    sorted: bool,
}

/// Finds the fields of a request. Those that the index does not have are left out.
///
/// # Errors
///
/// A format that is not supported, and doc values of a text field.
pub(super) fn in_index(
    fields: &[FieldValues],
    sorted: bool,
    mapping: &Mapping,
) -> Result<Vec<Listed>, FieldError> {
    let mut found = Vec::new();
    for wanted in fields {
        let is_pattern = wanted.pattern.contains('*');
        let paths: Vec<String> = if is_pattern {
            let all = mapping.paths().chain(mapping.sub_field_paths());
            let all = all.filter(|path| matches(&wanted.pattern, path));
            all.map(str::to_owned).collect()
        } else {
            vec![wanted.pattern.clone()]
        };
        for path in paths {
            let Some(field) = mapping.field(&path) else {
                continue;
            };
            let is_text = field.field_type == FieldType::Text;
            if sorted && (is_text || !field.has_doc_values()) {
                if is_pattern {
                    continue;
                }
                return Err(match is_text {
                    true => FieldError::Text { field: path },
                    false => FieldError::NoDocValues { field: path },
                });
            }
            found.push(Listed {
                format: format(&path, field, wanted.format.as_deref())?,
                column: field.column.to_owned(),
                field_type: field.field_type,
                narrow: matches!(field.type_name(), "float" | "half_float"),
                path,
                sorted,
            });
        }
    }
    Ok(found)
}

/// How a field's dates are shown.
fn format(
    path: &str,
    field: MappedField<'_>,
    format: Option<&str>,
) -> Result<DateFormat, FieldError> {
    let wrong = |format: &str, expected| FieldError::Format {
        field: path.to_owned(),
        format: whittle_host::one_line(format),
        expected,
    };
    match (field.field_type, format) {
        (_, None | Some("use_field_mapping")) => {
            Ok(field.date_format().cloned().unwrap_or_default())
        }
        (FieldType::Date, Some(format)) => DateFormat::named(format).map_err(|_| {
            wrong(
                format,
                "a date format such as `yyyy-MM-dd` or `epoch_millis`",
            )
        }),
        (_, Some(format)) => Err(wrong(format, "no format, as the field is not a date")),
    }
}

/// How many steps reading a field counts as.
const FIELD_STEPS: usize = 16;

/// Reads the fields of a hit.
///
/// # Errors
///
/// A segment that cannot be read, and the end of the search's time.
pub(super) fn read(
    searcher: &Searcher,
    address: DocAddress,
    fields: &[Listed],
    into: &mut Members,
    steps: &mut Steps,
) -> tantivy::Result<()> {
    let reader = searcher.segment_reader(address.segment_ord);
    for field in fields {
        // A column is opened for each.
        steps.check(FIELD_STEPS)?;
        let values = field.values(reader, address.doc_id)?;
        if !values.is_empty() {
            let values = values.iter().map(ExactJson::from).collect();
            into.insert(field.path.clone(), ExactJson::List(values));
        }
    }
    Ok(())
}

impl Listed {
    fn values(&self, reader: &SegmentReader, document: u32) -> tantivy::Result<Vec<Json>> {
        let fast = reader.fast_fields();
        let name = self.column.as_str();
        let values = match self.field_type {
            FieldType::Boolean => {
                let column = fast.column_opt::<bool>(name)?;
                let mut values = of(column.map(|column| column.values_for_doc(document).collect()));
                self.arrange(&mut values);
                values.into_iter().map(Json::from).collect()
            }
            FieldType::Long => {
                let column = fast.column_opt::<i64>(name)?;
                let mut values = of(column.map(|column| column.values_for_doc(document).collect()));
                self.arrange(&mut values);
                values.into_iter().map(Json::from).collect()
            }
            FieldType::Double => {
                let column = fast.column_opt::<f64>(name)?;
                let mut values: Vec<f64> =
                    of(column.map(|column| column.values_for_doc(document).collect()));
                if self.sorted {
                    values.sort_by(f64::total_cmp);
                } else if self.narrow {
                    // As the document has them.
                    values = values.into_iter().map(narrowed).collect();
                }
                values.into_iter().map(Json::from).collect()
            }
            FieldType::Date => {
                let column = fast.column_opt::<i64>(name)?;
                let mut values = of(column.map(|column| column.values_for_doc(document).collect()));
                self.arrange(&mut values);
                values.into_iter().map(|micros| self.date(micros)).collect()
            }
            FieldType::Keyword | FieldType::Text => {
                let Some(column) = fast.str(name)? else {
                    return Ok(Vec::new());
                };
                let mut ordinals: Vec<u64> = column.ords().values_for_doc(document).collect();
                self.arrange(&mut ordinals);
                if self.sorted {
                    // Keywords of a document are a set.
                    ordinals.dedup();
                }
                let mut values = Vec::with_capacity(ordinals.len());
                for ordinal in ordinals {
                    let mut text = String::new();
                    column.ord_to_str(ordinal, &mut text)?;
                    values.push(Json::from(text));
                }
                values
            }
        };
        Ok(values)
    }

    fn arrange<T: Ord>(&self, values: &mut [T]) {
        if self.sorted {
            values.sort();
        }
    }

    fn date(&self, micros: i64) -> Json {
        Json::from(self.format.print(micros))
    }
}

/// The values; none if no document of the segment has the field.
fn of<T>(values: Option<Vec<T>>) -> Vec<T> {
    values.unwrap_or_default()
}
