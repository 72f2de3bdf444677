//! JSON without duplicate keys.
//!
//! Parsers silently keep one of two values for the same key. In a search, the other would be a
//! parameter that its author believes to be in force.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value as Json};

use super::error::RequestError;
use super::object::cut;

/// Parses the body of a request.
///
/// # Errors
///
/// Invalid JSON, and a duplicate key.
pub(crate) fn parse(text: &[u8]) -> Result<Json, RequestError> {
    let Strict(json) = serde_json::from_slice(text).map_err(|error| {
        let (line, column, reason) = (error.line(), error.column(), reason(&error));
        match error.classify() {
            Category::Data => RequestError::Twice {
                line,
                column,
                reason,
            },
            Category::Io | Category::Syntax | Category::Eof => RequestError::Syntax {
                line,
                column,
                reason,
            },
        }
    })?;
    Ok(json)
}

/// What a JSON parser expected, without the line and column, which errors name by themselves.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

/// A JSON value; reading one fails at a duplicate key.
pub(crate) struct Strict(pub(crate) Json);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Strict;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Json::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Strict, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Strict(values.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Strict, A::Error> {
        let mut members = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            if members.contains_key(&key) {
                return Err(A::Error::custom(format!("duplicate key `{}`", cut(&key))));
            }
            let Strict(value) = object.next_value()?;
            members.insert(key, value);
        }
        Ok(Strict(members.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_json_reads() {
        let text =
            r#"{"a": [null, true, 0, -1, 18446744073709551615, 1.5, 1e400, "\u00e9"], "b": {}}"#;
        for text in [text, &text.replace("1e400, ", "")] {
            let strict = serde_json::from_str::<Strict>(text).ok();
            assert_eq!(
                strict.map(|Strict(json)| json),
                serde_json::from_str(text).ok()
            );
        }
    }

    #[test]
    fn refuses_a_duplicate_key_of_one_object() {
        let read = |text| serde_json::from_str::<Strict>(text).map(|Strict(json)| json);
        read(r#"{"a": {"a": [{"a": 1}, {"a": 2}]}}"#).expect("no object has a duplicate key");
        let error = read(r#"{"a": {"b": 1, "c": 2, "b": 3}}"#).map_err(|error| error.to_string());
        let expected = "duplicate key `b` at line 1 column 26";
        assert_eq!(error, Err(expected.to_owned()));
    }
}
