//! A JSON object whose values keep their text, so that an update leaves the digits of what it does
//! not touch: `serde_json`'s own values round numbers to 64 bits.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    /// Members in the order in which they were written.
    Object(Vec<(String, Tree)>),
    List(Vec<Tree>),
    /// Anything else, as its text.
    Scalar(String),
}

impl Tree {
    /// Parses a JSON text that was checked before.
    pub(super) fn parse(text: &[u8]) -> serde_json::Result<Self> {
        Self::of(serde_json::from_slice(text)?)
    }

    fn of(raw: &RawValue) -> serde_json::Result<Self> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text)?;
                Ok(Self::Object(members))
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(text)?;
                let elements = elements.into_iter().map(Self::of);
                elements.collect::<Result<_, _>>().map(Self::List)
            }
            _ => Ok(Self::Scalar(text.to_owned())),
        }
    }

    /// Puts the members of one object over those of another, and those of objects in them alike;
    /// whether that changes anything.
    pub(super) fn merge(&mut self, partial: Self) -> bool {
        let (Self::Object(members), Self::Object(partial)) = (&mut *self, &partial) else {
            let changes = *self != partial;
            *self = partial;
            return changes;
        };
        let mut changes = false;
        for (key, new) in partial {
            match members.iter_mut().find(|(known, _)| known == key) {
                Some((_, old)) => changes |= old.merge(new.clone()),
                None => {
                    members.push((key.clone(), new.clone()));
                    changes = true;
                }
            }
        }
        changes
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Scalar(text) => out.push_str(text),
            Self::List(elements) => {
                out.push('[');
                for (number, element) in elements.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (number, (key, value)) in members.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    out.push_str(&Json::from(key.as_str()).to_string());
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        formatter.write_str(&out)
    }
}

struct Members(Vec<(String, Tree)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((key, raw)) = object.next_entry::<String, &RawValue>()? {
                    members.push((key, Tree::of(raw).map_err(A::Error::custom)?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(before: &str, partial: &str) -> (String, bool) {
        let mut tree = Tree::parse(before.as_bytes()).expect("JSON");
        let changes = tree.merge(Tree::parse(partial.as_bytes()).expect("JSON"));
        (tree.to_string(), changes)
    }

    #[test]
    fn objects_are_merged_and_lists_replaced() {
        let before = r#"{"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}, "f": 1}"#;
        let partial = r#"{"a": {"c": [3], "g": null}, "d": 2, "f": {"h": 1}, "i": {}}"#;
        let expected = r#"{"a":{"b":1,"c":[3],"g":null},"d":2,"f":{"h":1},"i":{}}"#;
        assert_eq!(merged(before, partial), (expected.to_owned(), true));
    }

    #[test]
    fn digits_are_kept_where_a_number_is_not_touched() {
        let before =
            r#"{"i":12345678901234567890123,"f":1.2345678901234567890,"e":1e400,"é\n":[0.10]}"#;
        let (after, changes) = merged(before, r#"{"new": 1.00}"#);
        let expected = before.replace("[0.10]}", r#"[0.10],"new":1.00}"#);
        assert_eq!((after, changes), (expected, true));
    }

    #[test]
    fn the_same_again_changes_nothing() {
        let before = r#"{"a":{"b":12345678901234567890123},"c":[1,{"d":2}]}"#;
        for partial in ["{}", before, r#"{"a": {"b": 12345678901234567890123}}"#] {
            assert_eq!(
                merged(before, partial),
                (before.to_owned(), false),
                "{partial}"
            );
        }
        assert!(merged(before, r#"{"a": {"b": 12345678901234567890124}}"#).1);
    }
}
