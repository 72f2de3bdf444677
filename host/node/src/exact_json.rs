//! JSON whose numbers are the digits as they were written, and whose objects have each key once.
//!
//! A document is kept, merged and indexed as it came: amounts and identifiers have more digits than
//! a float has, and `1.10` in a keyword field is not `1.1`. So numbers stay texts until a field's
//! type says what they are.
//!
//! The price: each level of a document is scanned once for its raw values and once to take them
//! apart, so that depth is bounded.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

use crate::request::object::cut;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExactJson {
    Null,
    Boolean(bool),
    /// Its digits as they were written.
    Number(String),
    Text(String),
    List(Vec<ExactJson>),
    Object(Members),
}

/// An object's members, in their order.
pub(crate) type Members = IndexMap<String, ExactJson>;

/// How many objects and lists may lie inside of each other.
const DEPTH: usize = 128;

impl ExactJson {
    /// Reads a value. Of an error the line and column count from where its object or list begins.
    ///
    /// # Errors
    ///
    /// Broken JSON, a key that comes twice in an object, values that are nested too deep.
    pub(crate) fn parse(text: &[u8]) -> serde_json::Result<Self> {
        let raw: &RawValue = serde_json::from_slice(text)?;
        take_apart(raw, DEPTH)
    }

    /// The value's type, with its article.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// The members of an object that was read already.
pub(crate) fn exact_members(members: &Map<String, Json>) -> Members {
    let exact = |(key, value): (&String, &Json)| (key.clone(), ExactJson::from(value));
    members.iter().map(exact).collect()
}

impl From<&Json> for ExactJson {
    fn from(value: &Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Boolean(*value),
            Json::Number(value) => Self::Number(value.to_string()),
            Json::String(value) => Self::Text(value.clone()),
            Json::Array(values) => Self::List(values.iter().map(Self::from).collect()),
            Json::Object(members) => Self::Object(exact_members(members)),
        }
    }
}

impl Serialize for ExactJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Number(digits) => RawValue::from_string(digits.clone())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => serializer.collect_seq(values),
            Self::Object(members) => serializer.collect_map(members),
        }
    }
}

/// Reads a raw value, in which so many levels may lie.
fn take_apart(raw: &RawValue, levels: usize) -> serde_json::Result<ExactJson> {
    let text = raw.get();
    let mut nested = serde_json::Deserializer::from_str(text);
    let visitor = Level { levels };
    match text.as_bytes().first() {
        Some(b'{' | b'[') if levels == 0 => Err(Error::custom(format!(
            "more than {DEPTH} objects and lists inside of each other"
        ))),
        Some(b'{') => nested.deserialize_map(visitor),
        Some(b'[') => nested.deserialize_seq(visitor),
        Some(b'"') => serde_json::from_str(text).map(ExactJson::Text),
        Some(b't' | b'f') => serde_json::from_str(text).map(ExactJson::Boolean),
        Some(b'n') => Ok(ExactJson::Null),
        _ => Ok(ExactJson::Number(text.to_owned())),
    }
}

/// Reads values with so many levels around them left.
#[derive(Clone, Copy)]
struct Level {
    levels: usize,
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = ExactJson;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ExactJson, D::Error> {
        let raw = <&RawValue as serde::Deserialize>::deserialize(deserializer)?;
        take_apart(raw, self.levels).map_err(D::Error::custom)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = ExactJson;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ExactJson, A::Error> {
        let levels = self.levels - 1;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Self { levels })? {
            values.push(value);
        }
        Ok(ExactJson::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<ExactJson, A::Error> {
        let levels = self.levels - 1;
        let mut members = Members::new();
        while let Some(key) = object.next_key::<String>()? {
            let value = object.next_value_seed(Self { levels })?;
            if let Some((key, _)) = members.get_key_value(&key) {
                return Err(A::Error::custom(format!(
                    "the key `{}` stands there twice",
                    cut(key)
                )));
            }
            members.insert(key, value);
        }
        Ok(ExactJson::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> Result<String, String> {
        let value = ExactJson::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        serde_json::to_string(&value).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#"{"a":[12345678901234567890123,1.10,-0,1E+400,[]],"b":{"c":null,"d":"\"é","e":true},"f":{}}"#;
        assert_eq!(again(text), Ok(text.to_owned()));
        assert_eq!(again(" [ 1 , \"\\u00e9\" ] "), Ok("[1,\"é\"]".to_owned()));
    }

    #[test]
    fn a_key_may_stand_in_several_objects_but_once_in_each() {
        assert!(again(r#"{"a": {"a": [{"a": 1}, {"a": 2}]}}"#).is_ok());
        let error = again(r#"{"a": {"b": 1, "c": 2, "b": 3}}"#).expect_err("a key comes twice");
        assert!(
            error.starts_with("the key `b` stands there twice"),
            "{error}"
        );
    }

    #[test]
    fn rejects_broken_json_and_json_that_is_too_deep() {
        for text in [
            "",
            "{",
            "[1,]",
            "nul",
            "1 2",
            "{\"a\":\"\\ud800\"}",
            "01",
            "\"\u{1}\"",
        ] {
            assert!(again(text).is_err(), "{text}");
        }
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(again(&nested(DEPTH)).is_ok());
        assert!(again(&nested(DEPTH + 1)).is_err());
        assert!(again(&nested(1_000_000)).is_err());
    }
}
