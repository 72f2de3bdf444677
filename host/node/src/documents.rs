//! Documents: JSON objects, each with an id.
//!
//! Read whole into memory, from newline-delimited JSON or from one JSON array. A document's id is
//! the value of a field that the caller names, or else its position.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde_json::Value as Json;
use serde_json::value::RawValue;
use whittle_host::{ExactJson, Members, one_line};

/// Documents in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    ids: Vec<String>,
    sources: Vec<Members>,
    /// The sources as they were written.
    texts: Vec<Box<RawValue>>,
    positional: bool,
}

/// Why documents cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentsError {
    /// The text is not JSON.
    #[error("line {line}, column {column}: broken JSON: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// What the parser expected.
        reason: String,
    },
    /// A document is nested too deep, or has a key twice in an object.
    #[error("document {position}: {reason}")]
    Document {
        /// From 0.
        position: usize,
        /// What is wrong.
        reason: String,
    },
    /// A value is no object.
    #[error("document {position} is {found}, not an object")]
    NotAnObject {
        /// From 0.
        position: usize,
        /// What it is.
        found: &'static str,
    },
    /// A document has no id in the field that was named.
    #[error(
        "document {position} has no id: its field `{field}` is {found}; it must be a string or an \
         integer"
    )]
    Id {
        /// From 0.
        position: usize,
        /// The field.
        field: String,
        /// What it holds.
        found: &'static str,
    },
    /// Two documents have one id.
    #[error("documents {first} and {second} have the same id `{id}`")]
    Duplicate {
        /// The id.
        id: String,
        /// The position of the first, from 0.
        first: usize,
        /// The position of the second, from 0.
        second: usize,
    },
}

impl Documents {
    /// Reads one object a line, or an array of objects. An empty text has no documents.
    ///
    /// Ids are the values, texts or integers, of `id_field`; without one, the positions from 0.
    ///
    /// # Errors
    ///
    /// Broken JSON, a value that is no object, a document without an id, an id that comes twice.
    pub fn read(text: &[u8], id_field: Option<&str>) -> Result<Self, DocumentsError> {
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        let texts = match first {
            Some(b'[') => serde_json::from_slice(text),
            _ => serde_json::Deserializer::from_slice(text)
                .into_iter()
                .collect(),
        };
        let texts: Vec<Box<RawValue>> = texts.map_err(|error| syntax(&error))?;
        let sources = sources(&texts)?;
        let mut ids = Vec::with_capacity(sources.len());
        for (position, source) in sources.iter().enumerate() {
            ids.push(match id_field {
                None => position.to_string(),
                Some(field) => match source.get(field) {
                    Some(ExactJson::Text(id)) => id.clone(),
                    Some(ExactJson::Number(id)) if !id.contains(['.', 'e', 'E']) => id.clone(),
                    other => {
                        let found = other.map_or("missing", ExactJson::type_name);
                        let field = one_line(field);
                        return Err(DocumentsError::Id {
                            position,
                            field,
                            found,
                        });
                    }
                },
            });
        }
        if id_field.is_some() {
            all_differ(&ids)?;
        }
        Ok(Self {
            ids,
            sources,
            texts,
            positional: id_field.is_none(),
        })
    }

    /// JSON objects with ids that may repeat.
    ///
    /// # Errors
    ///
    /// A value that is not an object, broken JSON.
    pub fn with_ids(
        documents: impl IntoIterator<Item = (String, Box<RawValue>)>,
    ) -> Result<Self, DocumentsError> {
        let (ids, texts): (Vec<_>, Vec<_>) = documents.into_iter().unzip();
        let sources = sources(&texts)?;
        Ok(Self {
            ids,
            sources,
            texts,
            positional: true,
        })
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id of the document at a position.
    ///
    /// # Panics
    ///
    /// Where there is no such document.
    pub fn id(&self, position: usize) -> &str {
        &self.ids[position]
    }

    /// The JSON of the document at a position, as it was written.
    ///
    /// # Panics
    ///
    /// If there is no such document.
    pub fn text(&self, position: usize) -> &str {
        self.texts[position].get()
    }

    /// The fields of all documents, in their order.
    pub(crate) fn all_members(&self) -> impl Iterator<Item = &Members> {
        self.sources.iter()
    }

    /// The order of two documents' ids: as texts, or by position where that is the id.
    pub(crate) fn compare_ids(&self, left: usize, right: usize) -> Ordering {
        if self.positional {
            left.cmp(&right)
        } else {
            self.ids[left].cmp(&self.ids[right])
        }
    }
}

/// The documents, which must be objects.
fn sources(texts: &[Box<RawValue>]) -> Result<Vec<Members>, DocumentsError> {
    let parse = |(position, text): (usize, &RawValue)| {
        let source = ExactJson::parse(text.get().as_bytes());
        match source {
            Ok(ExactJson::Object(members)) => Ok(members),
            Ok(other) => Err(DocumentsError::NotAnObject {
                position,
                found: other.type_name(),
            }),
            Err(error) => Err(DocumentsError::Document {
                position,
                reason: crate::request::json::reason(&error),
            }),
        }
    };
    let texts = texts.iter().map(AsRef::as_ref);
    texts.enumerate().map(parse).collect()
}

fn all_differ(ids: &[String]) -> Result<(), DocumentsError> {
    let mut seen = HashMap::with_capacity(ids.len());
    for (second, id) in ids.iter().enumerate() {
        if let Some(first) = seen.insert(id, second) {
            return Err(DocumentsError::Duplicate {
                id: one_line(id),
                first,
                second,
            });
        }
    }
    Ok(())
}

fn syntax(error: &serde_json::Error) -> DocumentsError {
    let (line, column) = (error.line(), error.column());
    DocumentsError::Syntax {
        line,
        column,
        reason: crate::request::json::reason(error),
    }
}

/// A JSON value's type, with its article.
pub(crate) fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// The type of a value; of a long list, which may be too long, with its length.
pub(crate) fn type_with_length(value: &Json) -> String {
    const SHORT: usize = 16;
    match value {
        Json::Array(list) if list.len() > SHORT => format!("a list of {}", list.len()),
        other => type_of(other).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str, id_field: Option<&str>) -> Result<Vec<String>, String> {
        let documents = Documents::read(text.as_bytes(), id_field);
        documents
            .map(|documents| documents.ids)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn lines_and_arrays_are_read_alike() {
        let expected = Ok(vec!["0".to_owned(), "1".to_owned()]);
        assert_eq!(ids("{\"a\": 1}\n\n{\"a\": 2}\r\n", None), expected);
        assert_eq!(ids(" [{\"a\": 1},\n {\"a\": 2}]", None), expected);
        assert_eq!(
            ids("{\"a\": \"x\"}\n{\"a\": 2}", Some("a")),
            Ok(vec!["x".into(), "2".into()])
        );
        assert_eq!(ids("", None), Ok(Vec::new()));
        assert_eq!(ids(" \n", Some("a")), Ok(Vec::new()));
        assert_eq!(ids("[]", None), Ok(Vec::new()));
    }

    #[test]
    fn what_cannot_be_read_is_told_by_line_or_position() {
        let error = |text, field| ids(text, field).expect_err("it cannot be read");
        insta::assert_snapshot!(error("{\"a\": 1}\n{\"a\": }", None), @"line 2, column 7: broken JSON: expected value");
        insta::assert_snapshot!(error("[{\"a\": 1},\n\n{\"a\": 2]", None), @"line 3, column 8: broken JSON: expected `,` or `}`");
        insta::assert_snapshot!(error("{\"a\": 1}\n{\"a\": \"", None), @"line 2, column 7: broken JSON: EOF while parsing a string");
        insta::assert_snapshot!(error("{}\n{\"a\": 1, \"a\": 2}", None), @"document 1: duplicate key `a`");
        insta::assert_snapshot!(error("{}\n3", None), @"document 1 is a number, not an object");
        insta::assert_snapshot!(error("[{}, []]", None), @"document 1 is a list, not an object");
        insta::assert_snapshot!(error("{\"a\": 1}\n{}", Some("a")), @"document 1 has no id: its field `a` is missing; it must be a string or an integer");
        insta::assert_snapshot!(error("{\"a\": 1.5}", Some("a")), @"document 0 has no id: its field `a` is a number; it must be a string or an integer");
        insta::assert_snapshot!(error("{\"a\": 1}\n{}\n{\"a\": \"1\"}".replace("{}\n", "").as_str(), Some("a")), @"documents 0 and 1 have the same id `1`");
    }
}
