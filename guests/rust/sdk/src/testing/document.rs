//! A document that exists in a test alone.

use serde_json::Value as Source;

use super::instant;
use super::value::{Value, parsed};
use crate::bindings::whittle::udf::types::Kind;

/// A fake document: its fields, its id and its score.
///
/// A field is read as the host reads it. The kind of its value decides: an integer is also a number,
/// a text in ISO 8601 or RFC 3339 form is also a timestamp, anything is also JSON. Any other value is
/// missing, as null is. Of several values the first one that is not null counts; JSON gives all.
///
/// ```
/// use whittle_guest::testing::Document;
/// use whittle_guest::{Json, Timestamp};
///
/// let document = Document::new()
///     .id("film-7")
///     .score(2.5)
///     .field("title", "Star Wars")
///     .field("minutes", 121)
///     .field("released", Timestamp(0))
///     .field("tags", ["space", "war"])
///     .field("seller", Json(r#"{"address": {"city": "Wien"}}"#.to_owned()));
/// let same = Document::from_json(r#"{"seller": {"address": {"city": "Wien"}}}"#);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Document {
    id: Option<String>,
    score: Option<f64>,
    fields: Vec<(String, Value)>,
}

impl Document {
    /// A document without fields. Its id is its position, and its score is 1.
    pub fn new() -> Self {
        Self::default()
    }

    /// The document of a JSON object.
    ///
    /// # Panics
    ///
    /// The text is not a JSON object.
    pub fn from_json(text: &str) -> Self {
        let Source::Object(members) = parsed(text) else {
            panic!("the text is not a JSON object: {text}");
        };
        let field = |(path, source)| {
            (
                path,
                Value {
                    source,
                    instant: None,
                },
            )
        };
        Self {
            fields: members.into_iter().map(field).collect(),
            ..Self::default()
        }
    }

    /// Sets a field by its dotted path.
    #[must_use]
    pub fn field(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.fields.retain(|(known, _)| known != path);
        self.fields.push((path.to_owned(), value.into()));
        self
    }

    /// Sets the id.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the score that the query gave the document before the function.
    #[must_use]
    pub fn score(mut self, score: f64) -> Self {
        self.score = Some(score);
        self
    }

    /// The same document, with its position as its id if it has none.
    pub(super) fn with_id(&self, position: usize) -> Self {
        let mut document = self.clone();
        document.id.get_or_insert_with(|| position.to_string());
        document
    }

    pub(super) fn id_or_none(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    pub(super) fn score_or_one(&self) -> f64 {
        self.score.unwrap_or(1.0)
    }

    fn value(&self, path: &str) -> Option<&Value> {
        let found = self.fields.iter().find(|(known, _)| known == path);
        found.map(|(_, value)| value)
    }

    /// What a field holds, read as a kind.
    pub(super) fn read(&self, path: &str, kind: Kind) -> Option<Found> {
        let value = self.value(path);
        if let Some(instant) = value.and_then(|value| value.instant) {
            if kind == Kind::Timestamp {
                return instant.map(Found::Int64);
            } else if kind != Kind::Json {
                return None;
            }
        }
        let mut at = PathValues::default();
        match value {
            Some(value) => at.values.push(&value.source),
            None => {
                let mut dots = path.rmatch_indices('.').map(|(dot, _)| dot);
                dots.any(|dot| {
                    let outer = self.value(&path[..dot]);
                    outer.is_some_and(|outer| at.collect(&outer.source, &path[dot + 1..]))
                });
            }
        }
        match kind {
            Kind::Json => at.json().map(Found::Text),
            Kind::Boolean => at.first()?.as_bool().map(Found::Boolean),
            Kind::Int64 => at.first()?.as_i64().map(Found::Int64),
            Kind::Float64 => at.first()?.as_f64().map(Found::Float64),
            Kind::Text => at
                .first()?
                .as_str()
                .map(|text| Found::Text(text.to_owned())),
            Kind::Timestamp => at
                .first()?
                .as_str()
                .and_then(instant::parsed)
                .map(Found::Int64),
        }
    }
}

/// A value of a kind: a timestamp is an integer, JSON is a text.
#[derive(Debug)]
pub(super) enum Found {
    Boolean(bool),
    Int64(i64),
    Float64(f64),
    Text(String),
}

/// The values at a path: one value, or one per element of the lists along the path.
#[derive(Debug, Default)]
struct PathValues<'a> {
    values: Vec<&'a Source>,
    through_list: bool,
}

impl<'a> PathValues<'a> {
    /// Collects the values at the path, the longest key first; returns whether there are any.
    fn collect(&mut self, value: &'a Source, path: &str) -> bool {
        match value {
            Source::Object(members) => {
                if let Some(value) = members.get(path) {
                    self.values.push(value);
                    return true;
                }
                path.rmatch_indices('.').any(|(dot, _)| {
                    let inner = members.get(&path[..dot]);
                    inner.is_some_and(|inner| self.collect(inner, &path[dot + 1..]))
                })
            }
            Source::Array(elements) => {
                let before = self.values.len();
                for element in elements {
                    self.collect(element, path);
                }
                let any = self.values.len() > before;
                self.through_list |= any;
                any
            }
            _ => false,
        }
    }

    fn first(&self) -> Option<&'a Source> {
        self.values.iter().find_map(|value| first_of(value))
    }

    fn json(&self) -> Option<String> {
        if self.through_list {
            return serde_json::to_string(&self.values).ok();
        }
        let value = self.values.first()?;
        (!value.is_null()).then(|| value.to_string())
    }
}

/// The first value that is not null, searching lists too.
fn first_of(value: &Source) -> Option<&Source> {
    match value {
        Source::Null => None,
        Source::Array(elements) => elements.iter().find_map(first_of),
        value => Some(value),
    }
}
