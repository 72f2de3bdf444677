//! JSON documents as a batch of the columns that a function reads.
//!
//! For data nodes that hold documents rather than columns, and for evaluating single documents. It
//! walks each document once per field; a data node with columns of its own does not need it.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow_schema::{ArrowError, Schema};

use super::{FieldUse, cast};
use crate::exact_json::ExactJson;
use crate::value::Kind;

/// A JSON document to evaluate a function for.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Unique within the query.
    pub id: &'a str,
    /// A JSON object; any other value has no fields.
    pub source: &'a ExactJson,
    /// The score of the document before the function runs; `None` means 1.
    pub score: Option<f64>,
}

/// The documents' ids, scores and fields as columns, the fields in the order of `fields`.
pub(crate) fn batch_of(
    fields: &[FieldUse],
    documents: &[Document<'_>],
) -> Result<RecordBatch, ArrowError> {
    let ids = StringArray::from_iter_values(documents.iter().map(|document| document.id));
    let scores: Float64Array = documents.iter().map(|document| document.score).collect();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(ids), Arc::new(scores)];
    let mut schema = vec![
        Kind::Text.field(super::ID),
        Kind::Float64.field(super::SCORE),
    ];
    for field in fields {
        let found = documents
            .iter()
            .map(|document| PathValues::at(document.source, &field.path));
        columns.push(column(field.kind, found)?);
        schema.push(field.kind.field(&field.path));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(documents.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(schema)), columns, &options)
}

fn column<'a>(
    kind: Kind,
    found: impl Iterator<Item = PathValues<'a>>,
) -> Result<ArrayRef, ArrowError> {
    Ok(match kind {
        Kind::Boolean => {
            let values = found.map(|found| found.first().and_then(boolean));
            Arc::new(values.collect::<BooleanArray>())
        }
        Kind::Int64 => {
            let values = found.map(|found| found.first().and_then(integer));
            Arc::new(values.collect::<Int64Array>())
        }
        Kind::Float64 => {
            let values = found.map(|found| found.first().and_then(float));
            Arc::new(values.collect::<Float64Array>())
        }
        Kind::Text => Arc::new(texts(found)),
        Kind::Timestamp => {
            let texts: ArrayRef = Arc::new(texts(found));
            cast(&texts, &kind.data_type())?
        }
        Kind::Json => Arc::new(found.map(PathValues::json).collect::<StringArray>()),
    })
}

fn texts<'a>(found: impl Iterator<Item = PathValues<'a>>) -> StringArray {
    found.map(|found| found.first().and_then(text)).collect()
}

/// The values at a path: one value, or one per element of the lists along the path.
struct PathValues<'a> {
    values: Vec<&'a ExactJson>,
    through_list: bool,
}

impl<'a> PathValues<'a> {
    fn at(source: &'a ExactJson, path: &str) -> Self {
        let mut found = Self {
            values: Vec::new(),
            through_list: false,
        };
        found.collect(source, path);
        found
    }

    /// Collects the values at the path, trying the longest key first; returns whether there are
    /// any.
    fn collect(&mut self, value: &'a ExactJson, path: &str) -> bool {
        match value {
            ExactJson::Object(members) => {
                if let Some(value) = members.get(path) {
                    self.values.push(value);
                    return true;
                }
                path.rmatch_indices('.').any(|(dot, _)| {
                    let inner = members.get(&path[..dot]);
                    inner.is_some_and(|inner| self.collect(inner, &path[dot + 1..]))
                })
            }
            ExactJson::List(elements) => {
                let before = self.values.len();
                for element in elements {
                    self.collect(element, path);
                }
                let any = self.values.len() > before;
                self.through_list |= any;
                any
            }
            ExactJson::Null | ExactJson::Boolean(_) | ExactJson::Number(_) | ExactJson::Text(_) => {
                false
            }
        }
    }

    /// The first value that is not null, searching lists too.
    fn first(&self) -> Option<&'a ExactJson> {
        self.values.iter().find_map(|value| first_of(value))
    }

    /// All values found, as one JSON text; `None` if there are none or only null.
    fn json(self) -> Option<String> {
        if self.through_list {
            return serde_json::to_string(&self.values).ok();
        }
        let value = self.values.first()?;
        (**value != ExactJson::Null).then(|| value.to_string())
    }
}

fn boolean(value: &ExactJson) -> Option<bool> {
    match value {
        ExactJson::Boolean(value) => Some(*value),
        _ => None,
    }
}

fn integer(value: &ExactJson) -> Option<i64> {
    match value {
        ExactJson::Number(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn float(value: &ExactJson) -> Option<f64> {
    match value {
        ExactJson::Number(digits) => digits.parse().ok().filter(|value: &f64| value.is_finite()),
        _ => None,
    }
}

fn text(value: &ExactJson) -> Option<&str> {
    match value {
        ExactJson::Text(text) => Some(text),
        _ => None,
    }
}

fn first_of(value: &ExactJson) -> Option<&ExactJson> {
    match value {
        ExactJson::Null => None,
        ExactJson::List(elements) => elements.iter().find_map(first_of),
        ExactJson::Boolean(_)
        | ExactJson::Number(_)
        | ExactJson::Text(_)
        | ExactJson::Object(_) => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_at(source: serde_json::Value, path: &str) -> Option<String> {
        PathValues::at(&ExactJson::from(&source), path).json()
    }

    fn first_at(source: serde_json::Value, path: &str) -> Option<ExactJson> {
        PathValues::at(&ExactJson::from(&source), path)
            .first()
            .cloned()
    }

    fn number(value: i64) -> ExactJson {
        ExactJson::Number(value.to_string())
    }

    #[test]
    fn numbers_in_json_keep_their_digits() {
        let text = br#"{"a": [1.10, 12345678901234567890123, 1E400]}"#;
        let source = ExactJson::parse(text).expect("JSON");
        let json = PathValues::at(&source, "a").json();
        assert_eq!(
            json.as_deref(),
            Some("[1.10,12345678901234567890123,1E400]")
        );
    }

    #[test]
    fn resolves_dotted_paths_and_prefers_keys_with_dots() {
        let document = serde_json::json!({"a.b": 1, "a": {"b": 2, "c": 3, "d.e": 4}, "n": null});
        assert_eq!(first_at(document.clone(), "a.b"), Some(number(1)));
        assert_eq!(first_at(document.clone(), "a.c"), Some(number(3)));
        assert_eq!(first_at(document.clone(), "a.d.e"), Some(number(4)));
        assert_eq!(json_at(document.clone(), "n"), None);
        assert_eq!(json_at(document.clone(), "a.x"), None);
        assert_eq!(json_at(document, ""), None);
    }

    #[test]
    fn several_values_read_as_the_first_or_as_json_of_all() {
        let document = serde_json::json!({"a": [null, [2], 3], "b": [{"c": 1}, {}, {"c": 2}]});
        assert_eq!(first_at(document.clone(), "a"), Some(number(2)));
        assert_eq!(
            json_at(document.clone(), "a"),
            Some("[null,[2],3]".to_owned())
        );
        assert_eq!(first_at(document.clone(), "b.c"), Some(number(1)));
        assert_eq!(json_at(document, "b.c"), Some("[1,2]".to_owned()));
    }
}
