//! The source of a hit: the bytes of the document as it was written, or some of them.
//!
//! A filter copies members as they are and parses no value, so that numbers keep their digits.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::pattern::matches;
use crate::request::SourceFilter;

/// A document's JSON, digit for digit.
#[derive(Debug, Clone)]
pub struct Source(Box<RawValue>);

impl Source {
    /// The JSON as it was written.
    pub fn text(&self) -> &str {
        self.0.get()
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
        match filter {
            SourceFilter::None => Ok(None),
            SourceFilter::All => serde_json::from_slice(stored).map(|raw| Some(Self(raw))),
            SourceFilter::Fields { includes, excludes } => {
                let members: Members<'_> = serde_json::from_slice(stored)?;
                let mut text = String::with_capacity(stored.len());
                members.keep(&mut text, "", includes, excludes)?;
                RawValue::from_string(text).map(|raw| Some(Self(raw)))
            }
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

impl Members<'_> {
    /// Writes the object without what the patterns leave out; whether any of it is left.
    fn keep(
        &self,
        text: &mut String,
        above: &str,
        includes: &[String],
        excludes: &[String],
    ) -> serde_json::Result<bool> {
        let before = text.len();
        text.push('{');
        for (key, value) in &self.0 {
            let path = match above {
                "" => Cow::Borrowed(key.as_ref()),
                above => Cow::Owned(format!("{above}.{key}")),
            };
            if any_matches(excludes, &path, above) {
                continue;
            }
            // What is included takes everything below it, except what is excluded there.
            let includes = match any_matches(includes, &path, above) {
                true => &[],
                false => includes,
            };
            let start = text.len();
            if start - before > 1 {
                text.push(',');
            }
            text.push_str(&serde_json::to_string(key)?);
            text.push(':');
            if !keep_value(value.get(), text, &path, includes, excludes)? {
                text.truncate(start);
            }
        }
        let is_left = text.len() - before > 1;
        text.push('}');
        Ok(is_left)
    }
}

/// Writes what the patterns leave of a value; false if nothing is left.
fn keep_value(
    value: &str,
    text: &mut String,
    path: &str,
    includes: &[String],
    excludes: &[String],
) -> serde_json::Result<bool> {
    if includes.is_empty() && excludes.is_empty() {
        text.push_str(value);
        return Ok(true);
    }
    match value.as_bytes().first() {
        Some(b'{') => {
            let members: Members<'_> = serde_json::from_str(value)?;
            Ok(members.keep(text, path, includes, excludes)? || includes.is_empty())
        }
        Some(b'[') => keep_list(value, text, path, includes, excludes),
        _ => {
            text.push_str(value);
            Ok(includes.is_empty())
        }
    }
}

/// Writes what is left of the elements of a list: objects without members are dropped.
fn keep_list(
    value: &str,
    text: &mut String,
    path: &str,
    includes: &[String],
    excludes: &[String],
) -> serde_json::Result<bool> {
    let elements: Vec<&RawValue> = serde_json::from_str(value)?;
    let before = text.len();
    text.push('[');
    for element in &elements {
        let start = text.len();
        if start - before > 1 {
            text.push(',');
        }
        let kept = keep_value(element.get(), text, path, includes, excludes)?;
        if !kept || text[start..].trim_start_matches(',') == "{}" {
            text.truncate(start);
        }
    }
    let is_left = text.len() - before > 1;
    text.push(']');
    Ok(is_left || includes.is_empty())
}

/// Whether a pattern matches a path, or one of the paths that a key with dots stands for.
fn any_matches(patterns: &[String], path: &str, above: &str) -> bool {
    let dots = path.match_indices('.').map(|(at, _)| at);
    let mut ends = dots.filter(|at| *at > above.len()).chain([path.len()]);
    !patterns.is_empty()
        && ends.any(|end| {
            let path = &path[..end];
            patterns.iter().any(|pattern| matches(pattern, path))
        })
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
