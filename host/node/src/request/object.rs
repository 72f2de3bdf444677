//! JSON objects of a request: members by key, and errors with the path of what is wrong.
//!
//! Knows nothing of what a request means. A path becomes a string only when there is an error.

use std::fmt::Display;

use serde_json::{Map, Value as Json};
use whittle_host::one_line;

use super::error::RequestError;
use super::path::Path;
use crate::documents::type_with_length;

/// A JSON object and its path.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    path: Path<'a>,
    members: &'a Map<String, Json>,
}

impl<'a> Object<'a> {
    pub(crate) fn read(json: &'a Json, path: impl Into<Path<'a>>) -> Result<Self, RequestError> {
        let path = path.into();
        match json {
            Json::Object(members) => Ok(Self { path, members }),
            other => Err(wrong(&path.to_string(), "an object", other)),
        }
    }

    /// The path of a member, as a string.
    pub(crate) fn path(&self, key: &str) -> String {
        self.at(key).to_string()
    }

    /// The path of a member.
    pub(crate) fn at<'s>(&'s self, key: &'s str) -> Path<'s> {
        self.path.key(key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a String> {
        self.members.keys()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Json> {
        self.members.get(key)
    }

    pub(crate) fn required(&self, key: &str) -> Result<&'a Json, RequestError> {
        self.get(key).ok_or_else(|| RequestError::Missing {
            path: self.path(key),
        })
    }

    /// A required string.
    pub(crate) fn text(&self, key: &str) -> Result<String, RequestError> {
        let json = self.required(key)?;
        let text = json.as_str().map(str::to_owned);
        text.ok_or_else(|| wrong(&self.path(key), "a string", json))
    }

    /// A member that is true or false, also as a string; false if it is missing.
    pub(crate) fn flag(&self, key: &str) -> Result<bool, RequestError> {
        let Some(json) = self.get(key) else {
            return Ok(false);
        };
        flag(json).ok_or_else(|| wrong(&self.path(key), "true or false", json))
    }

    /// Refuses keys other than `known`.
    pub(crate) fn knows(&self, known: &'static [&'static str]) -> Result<(), RequestError> {
        match self.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(RequestError::UnknownKey {
                path: self.path(key),
                known,
            }),
        }
    }

    /// The only member, which is `what`.
    pub(crate) fn only(&self, what: &'static str) -> Result<(&'a str, &'a Json), RequestError> {
        let mut members = self.members.iter();
        match (members.next(), members.next()) {
            (Some((key, value)), None) => Ok((key, value)),
            _ => Err(RequestError::OneKey {
                place: place(&self.path.to_string()),
                what,
                found: self
                    .keys()
                    .take(5)
                    .map(|key| format!("`{}`", cut(key)))
                    .collect(),
            }),
        }
    }
}

/// A boolean, which OpenSearch also takes as a string.
pub(crate) fn flag(json: &Json) -> Option<bool> {
    match json {
        Json::Bool(flag) => Some(*flag),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A whole number, which OpenSearch also takes as a string.
pub(crate) fn whole(json: &Json) -> Option<usize> {
    match json {
        Json::Number(_) => json
            .as_u64()
            .and_then(|number| usize::try_from(number).ok()),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The error on a value of a wrong type.
pub(crate) fn wrong(path: &str, expected: &'static str, found: &Json) -> RequestError {
    let found = match found {
        Json::Null | Json::Object(_) | Json::Array(_) => type_with_length(found),
        Json::String(text) => {
            // Of a long one, the beginning is enough.
            let start = &text[..text.floor_char_boundary(100)];
            cut(&Json::from(start).to_string())
        }
        Json::Bool(_) | Json::Number(_) => cut(&found.to_string()),
    };
    RequestError::Type {
        place: place(path),
        expected,
        found,
    }
}

/// The beginning of a string that may be long.
pub(crate) fn cut(text: &str) -> String {
    cut_to(text, 40)
}

/// The beginning of a string, of so many bytes, on one line.
pub(super) fn cut_to(text: &str, shown_bytes: usize) -> String {
    let end = text.floor_char_boundary(shown_bytes);
    let start = one_line(&text[..end]);
    if end < text.len() {
        format!("{start}...")
    } else {
        start
    }
}

/// Refuses more of something than a request may have.
pub(crate) fn at_most(
    count: usize,
    limit: usize,
    what: &'static str,
    path: impl Display,
) -> Result<(), RequestError> {
    if count <= limit {
        return Ok(());
    }
    Err(RequestError::TooMany {
        path: path.to_string(),
        what,
        limit,
    })
}

fn place(path: &str) -> String {
    if path.is_empty() {
        "the search".to_owned()
    } else {
        format!("`{path}`")
    }
}

/// Names as errors list them.
pub(crate) fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
