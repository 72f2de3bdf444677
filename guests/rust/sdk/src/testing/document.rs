//! A document that exists in a test alone.

use super::source::Source;
use super::value::{Value, parsed};

/// A fake document: its fields, its id and its score.
///
/// Documents that are evaluated together are read as those of one index: a field has one type, the one
/// that its values show, and a value that the type does not have is missing. A field of texts that are
/// all dates is one of dates, and no text. Of several values the first counts; JSON gives all.
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
        let field = |(path, source): (String, Source)| (path, Value::from(source));
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

    /// The fields in their order.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        let fields = self.fields.iter();
        fields.map(|(path, value)| (path.as_str(), &value.source))
    }

    /// A field as JSON: the value as it was written, or all values at the path.
    pub(super) fn json(&self, path: &str) -> Option<String> {
        let mut at = PathValues::default();
        match self.value(path) {
            Some(value) => at.values.push(&value.source),
            None => {
                let mut dots = path.rmatch_indices('.').map(|(dot, _)| dot);
                dots.any(|dot| {
                    let outer = self.value(&path[..dot]);
                    outer.is_some_and(|outer| at.collect(&outer.source, &path[dot + 1..]))
                });
            }
        }
        at.json()
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
                let get = |key: &str| {
                    let found = members.iter().find(|(known, _)| known == key);
                    found.map(|(_, value)| value)
                };
                if let Some(value) = get(path) {
                    self.values.push(value);
                    return true;
                }
                path.rmatch_indices('.').any(|(dot, _)| {
                    let inner = get(&path[..dot]);
                    inner.is_some_and(|inner| self.collect(inner, &path[dot + 1..]))
                })
            }
            Source::List(elements) => {
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

    fn json(&self) -> Option<String> {
        if self.through_list {
            let values = self.values.iter();
            let values: Vec<String> = values.map(ToString::to_string).collect();
            return Some(format!("[{}]", values.join(",")));
        }
        let value = self.values.first()?;
        (**value != Source::Null).then(|| value.to_string())
    }
}
