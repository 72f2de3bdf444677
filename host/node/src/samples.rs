//! Sample documents: what a function is tried on, outside of any index.
//!
//! Each is a JSON object: the document itself, or `{"_id", "_score", "_source"}` with what is known
//! of it besides. An object is taken for the second if it has a `_source` that is an object, and no
//! other keys than these.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use whittle_host::ExactJson;

use crate::documents::{Documents, DocumentsError};

/// Documents with the scores that they have before the function runs.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    /// The documents. An id that is not given is the position, from 0; ids may repeat.
    pub documents: Documents,
    /// The score of each document; `None` if none is given.
    pub scores: Vec<Option<f64>>,
}

/// What a function gave for a sample. It serializes to `{"_id", "value"}` or `{"_id", "error"}`, in
/// which numbers keep their digits.
#[derive(Debug, Serialize)]
pub struct SampleResult {
    /// The document's id.
    #[serde(rename = "_id")]
    pub id: String,
    /// Its value, or why it has none.
    #[serde(flatten)]
    pub outcome: SampleOutcome,
}

/// The value of a sample, or why it has none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SampleOutcome {
    /// The function's value.
    Value(ExactJson),
    /// The message of the error.
    Error(String),
}

/// A sample that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// A value of another type than it must have.
    #[error("{} must be {expected}", Place { position: *position, member: *member })]
    Type {
        /// The position of the sample, from 0.
        position: usize,
        /// The member that has the value; `None` for the sample itself.
        member: Option<&'static str>,
        /// The type, with its article.
        expected: &'static str,
    },
    /// A document that cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentsError),
}

struct Place {
    position: usize,
    member: Option<&'static str>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.member {
            None => write!(formatter, "document {}", self.position),
            Some(member) => write!(formatter, "`{member}` of document {}", self.position),
        }
    }
}

impl Samples {
    /// Reads samples.
    ///
    /// # Errors
    ///
    /// A sample that is not an object; an id that is neither text nor a number; a score that is not
    /// a number.
    pub fn read(texts: impl IntoIterator<Item = Box<RawValue>>) -> Result<Self, SampleError> {
        let mut scores = Vec::new();
        let mut documents = Vec::new();
        for (position, text) in texts.into_iter().enumerate() {
            let Sample { id, score, source } = Sample::read(position, text)?;
            documents.push((id.unwrap_or_else(|| position.to_string()), source));
            scores.push(score);
        }
        let documents = Documents::with_ids(documents)?;
        Ok(Self { documents, scores })
    }
}

struct Sample {
    id: Option<String>,
    score: Option<f64>,
    source: Box<RawValue>,
}

/// A sample that says more than its document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    #[serde(default)]
    _id: Option<Json>,
    #[serde(default)]
    _score: Option<Json>,
    _source: Box<RawValue>,
}

impl Sample {
    fn read(position: usize, text: Box<RawValue>) -> Result<Self, SampleError> {
        let wrong = |member, expected| SampleError::Type {
            position,
            member,
            expected,
        };
        if !is_object(&text) {
            return Err(wrong(None, "an object"));
        }
        let described = serde_json::from_str(text.get()).ok();
        let described: Option<Described> =
            described.filter(|of: &Described| is_object(&of._source));
        let Some(Described {
            _id,
            _score,
            _source,
        }) = described
        else {
            return Ok(Self {
                id: None,
                score: None,
                source: text,
            });
        };
        let id = match _id {
            None => None,
            Some(Json::String(id)) => Some(id),
            Some(Json::Number(id)) => Some(id.to_string()),
            Some(_) => return Err(wrong(Some("_id"), "a string")),
        };
        let score = match _score {
            None => None,
            Some(score) => Some(score.as_f64().ok_or(wrong(Some("_score"), "a number"))?),
        };
        Ok(Self {
            id,
            score,
            source: _source,
        })
    }
}

fn is_object(text: &RawValue) -> bool {
    text.get().starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Samples, SampleError> {
        let raw = |text: &&str| RawValue::from_string((*text).to_owned()).expect("JSON");
        Samples::read(texts.iter().map(raw))
    }

    #[test]
    fn a_sample_may_have_an_id_and_a_score() {
        let samples = read(&[
            r#"{"a": 1.10}"#,
            r#"{"_id": "b", "_score": 2.5, "_source": {"a": 1}}"#,
            r#"{"_id": 7, "_source": {}}"#,
            r#"{"_source": {"a": 1}, "b": 2}"#,
            r#"{"_source": 3}"#,
        ]);
        let Samples { documents, scores } = samples.expect("samples");
        assert_eq!(scores, [None, Some(2.5), None, None, None]);
        let read = (0..5).map(|position| (documents.id(position), documents.text(position)));
        let expected = [
            ("0", r#"{"a": 1.10}"#),
            ("b", r#"{"a": 1}"#),
            ("7", "{}"),
            ("3", r#"{"_source": {"a": 1}, "b": 2}"#),
            ("4", r#"{"_source": 3}"#),
        ];
        assert_eq!(read.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn rejects_what_is_not_a_sample() {
        let error = |text: &str| read(&["{}", text]).expect_err("a mistake").to_string();
        insta::assert_snapshot!(error("3"), @"document 1 must be an object");
        insta::assert_snapshot!(error(r#"{"_id": [], "_source": {}}"#), @"`_id` of document 1 must be a string");
        insta::assert_snapshot!(error(r#"{"_score": "x", "_source": {}}"#), @"`_score` of document 1 must be a number");
    }
}
