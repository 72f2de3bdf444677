//! The source of a hit: the bytes of the document as it was written, or some of them.
//!
//! A filter copies members as they are and parses no value, so that numbers keep their digits.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::pattern::Patterns;
use crate::allowance::{Allowance, Ended, Steps};
use crate::request::SourceFilter;

/// A document's JSON, digit for digit.
#[derive(Debug, Clone)]
pub struct Source(Box<RawValue>);

impl Source {
    /// The JSON as it was written.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// What it takes, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.text().len() as u64
    }

    /// The parsed JSON, in which numbers may have lost digits.
    pub fn json(&self) -> Json {
        serde_json::from_str(self.text()).unwrap_or_default()
    }

    /// What a filter leaves of a stored document.
    ///
    /// # Errors
    ///
    /// Bytes that are not JSON.
    pub fn filtered(stored: &[u8], filter: &SourceFilter) -> serde_json::Result<Option<Self>> {
        let mut steps = Steps::new(&Allowance::unlimited());
        let filtered = Filter::new(filter).apply(stored, &mut steps);
        match filtered {
            Ok(source) => Ok(source),
            Err(Unfiltered::Json(error)) => Err(error),
            Err(Unfiltered::Ended(ended)) => Err(serde_json::Error::custom(ended)),
        }
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The members of an object in their order, with values that are not parsed.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(key) = object.next_key::<String>()? {
                    members.push((Cow::Owned(key), object.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A filter of sources, made ready for many documents.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    None,
    All,
    Fields {
        includes: Box<Patterns>,
        excludes: Box<Patterns>,
    },
}

impl Filter {
    pub(super) fn new(filter: &SourceFilter) -> Self {
        match filter {
            SourceFilter::None => Self::None,
            SourceFilter::All => Self::All,
            SourceFilter::Fields { includes, excludes } => Self::Fields {
                includes: Box::new(Patterns::new(includes)),
                excludes: Box::new(Patterns::new(excludes)),
            },
        }
    }

    /// About what it takes at most, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::None | Self::All => 0,
            Self::Fields { includes, excludes } => includes.bytes() + excludes.bytes(),
        }
    }

    /// What is left of a stored document.
    ///
    /// # Errors
    ///
    /// Bytes that are not JSON, and the end of the search's time.
    pub(super) fn apply(
        &self,
        stored: &[u8],
        steps: &mut Steps,
    ) -> Result<Option<Source>, Unfiltered> {
        let (includes, excludes) = match self {
            Self::None => return Ok(None),
            Self::All => return Ok(serde_json::from_slice(stored).map(|raw| Some(Source(raw)))?),
            Self::Fields { includes, excludes } => (includes.as_ref(), excludes.as_ref()),
        };
        let members: Members<'_> = serde_json::from_slice(stored)?;
        let mut walk = Walk {
            text: String::with_capacity(stored.len()),
            path: String::new(),
            excludes,
            steps,
        };
        let includes = Some(includes).filter(|includes| !includes.is_empty());
        walk.object(&members, includes)?;
        Ok(RawValue::from_string(walk.text).map(|raw| Some(Source(raw)))?)
    }
}

/// Why a document is not filtered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfiltered {
    #[error("a document's source: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Ended(#[from] Ended),
}

/// A walk through a document, which writes what the patterns leave of it.
struct Walk<'a> {
    text: String,
    /// Of the value that it is at.
    path: String,
    excludes: &'a Patterns,
    steps: &'a mut Steps,
}

/// How many bytes of a value are read or written in one step.
const STEP_BYTES: usize = 4_096;

impl Walk<'_> {
    /// Writes an object, of which only what is included is left, or everything if that is `None`,
    /// and in either case nothing that is excluded. Whether anything is left.
    fn object(
        &mut self,
        members: &Members<'_>,
        includes: Option<&Patterns>,
    ) -> Result<bool, Unfiltered> {
        let (before, above) = (self.text.len(), self.path.len());
        self.text.push('{');
        for (key, value) in &members.0 {
            self.path.truncate(above);
            if above > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
            if self.is_any(self.excludes, above)? {
                continue;
            }
            // What is included takes everything below it, except what is excluded there.
            let includes = match includes {
                Some(includes) if self.is_any(includes, above)? => None,
                includes => includes,
            };
            let start = self.text.len();
            if start - before > 1 {
                self.text.push(',');
            }
            self.text.push_str(&serde_json::to_string(key)?);
            self.text.push(':');
            if !self.value(value.get(), includes)? {
                self.text.truncate(start);
            }
        }
        self.path.truncate(above);
        let is_left = self.text.len() - before > 1;
        self.text.push('}');
        Ok(is_left)
    }

    /// Writes what is left of a value; false if nothing is.
    fn value(&mut self, value: &str, includes: Option<&Patterns>) -> Result<bool, Unfiltered> {
        let steps = value.len() / STEP_BYTES + 1;
        self.steps.check(steps)?;
        if includes.is_none() && self.excludes.is_empty() {
            self.text.push_str(value);
            return Ok(true);
        }
        match value.as_bytes().first() {
            Some(b'{') => {
                let members: Members<'_> = serde_json::from_str(value)?;
                Ok(self.object(&members, includes)? || includes.is_none())
            }
            Some(b'[') => self.list(value, includes),
            _ => {
                self.text.push_str(value);
                Ok(includes.is_none())
            }
        }
    }

    /// Writes what is left of the elements of a list: objects without members are dropped.
    fn list(&mut self, value: &str, includes: Option<&Patterns>) -> Result<bool, Unfiltered> {
        let elements: Vec<&RawValue> = serde_json::from_str(value)?;
        let before = self.text.len();
        self.text.push('[');
        for element in &elements {
            let start = self.text.len();
            if start - before > 1 {
                self.text.push(',');
            }
            let kept = self.value(element.get(), includes)?;
            if !kept || self.text[start..].trim_start_matches(',') == "{}" {
                self.text.truncate(start);
            }
        }
        let is_left = self.text.len() - before > 1;
        self.text.push(']');
        Ok(is_left || includes.is_none())
    }

    /// Whether a pattern matches the path, or one of the paths that a key with dots stands for.
    fn is_any(&mut self, patterns: &Patterns, above: usize) -> Result<bool, Ended> {
        if patterns.is_empty() {
            return Ok(false);
        }
        let dots = self.path.match_indices('.').map(|(at, _)| at);
        for end in dots.filter(|at| *at > above).chain([self.path.len()]) {
            if patterns.match_one(&self.path[..end], self.steps)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(source: &str, filter: &str) -> Option<String> {
        let request = format!(r#"{{"_source": {filter}}}"#);
        let request = crate::SearchRequest::parse(request.as_bytes()).expect("a filter");
        let source = Source::filtered(source.as_bytes(), &request.source).expect("a document");
        source.map(|source| source.text().to_owned())
    }

    #[test]
    fn keeps_members_by_their_paths() {
        let source = r#"{"a": 1, "b": {"c": 2, "d": {"e": 3}}, "f": [{"g": 4, "h": 5}, {"h": 6}], "i": {}, "j": [7, 8]}"#;
        let check = |filter: &str, expected: &str| {
            assert_eq!(
                filtered(source, filter).as_deref(),
                Some(expected),
                "{filter}"
            );
        };
        assert_eq!(filtered(source, "false"), None);
        check("true", source);
        check("\"a\"", r#"{"a":1}"#);
        check(r#"["b.d", "f.g"]"#, r#"{"b":{"d":{"e": 3}},"f":[{"g":4}]}"#);
        check("\"b.*\"", r#"{"b":{"c":2,"d":{"e": 3}}}"#);
        check("\"*.e\"", r#"{"b":{"d":{"e":3}}}"#);
        check(
            r#"{"excludes": ["b.d", "f"]}"#,
            r#"{"a":1,"b":{"c":2},"i":{},"j":[7,8]}"#,
        );
        check(
            r#"{"includes": "b", "excludes": "*.e"}"#,
            r#"{"b":{"c":2,"d":{}}}"#,
        );
        check("\"j\"", r#"{"j":[7, 8]}"#);
        check("\"nothing\"", "{}");
        assert_eq!(
            filtered(
                r#"{"a": {"b": 1}, "c": [{"d": 1}], "e.f": 2}"#,
                r#"{"excludes": ["a.b", "c.d", "e"]}"#
            )
            .as_deref(),
            Some(r#"{"a":{},"c":[]}"#)
        );
    }

    #[test]
    fn keeps_every_digit_and_escape() {
        let source =
            r#"{"n": 12345678901234567890123, "x": 1.10, "t": {"a\"b": "\u00e9", "n": 1e400}}"#;
        assert_eq!(filtered(source, "true").as_deref(), Some(source));
        let expected = r#"{"n":12345678901234567890123,"t":{"a\"b":"\u00e9","n":1e400}}"#;
        assert_eq!(
            filtered(source, r#"{"excludes": "x"}"#).as_deref(),
            Some(expected)
        );
    }
}
