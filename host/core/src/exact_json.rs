//! JSON whose numbers are the digits as they were written, and whose objects have each key once.
//!
//! A document is kept, merged and indexed as it came: amounts and identifiers have more digits than
//! a float has, and `1.10` in a keyword field is not `1.1`. So numbers stay texts until a field's
//! type says what they are.
//!
//! A text is checked as a whole first, and then taken apart in one pass.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

use crate::words::one_line;

/// A JSON value. It is written without blanks.
///
/// ```
/// use whittle_host::ExactJson;
///
/// let value = ExactJson::parse(br#"{"price": 1.10, "code": 12345678901234567890123}"#)?;
/// assert_eq!(value.to_string(), r#"{"price":1.10,"code":12345678901234567890123}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ExactJson {
    /// Null.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// A number: its digits as they were written.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<ExactJson>),
    /// An object.
    Object(Members),
}

/// An object's members, in their order.
pub type Members = IndexMap<String, ExactJson>;

/// How many objects and lists may lie inside of each other.
const DEPTH: usize = 128;

impl ExactJson {
    /// Reads a value. An error about a key, a text or the depth does not know its line and column.
    ///
    /// # Errors
    ///
    /// Broken JSON, a key that comes twice in an object, values that are nested too deep.
    pub fn parse(text: &[u8]) -> serde_json::Result<Self> {
        let valid: &RawValue = serde_json::from_slice(text)?;
        let mut reader = Reader {
            text: valid.get(),
            at: 0,
        };
        reader.value(DEPTH)
    }

    /// Reads what a function returned, which the host has checked: of a key that comes twice in an
    /// object, the last counts.
    pub fn of_result(text: &str) -> Self {
        let with_last = || serde_json::from_str::<Json>(text).map(|json| Self::from(&json));
        let value = Self::parse(text.as_bytes());
        value.or_else(|_| with_last()).unwrap_or_default()
    }

    /// The value's type, with its article.
    pub fn type_name(&self) -> &'static str {
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

/// The members of an object that was parsed without its digits.
pub fn exact_members(members: &Map<String, Json>) -> Members {
    let exact = |(key, value): (&String, &Json)| (key.clone(), ExactJson::from(value));
    members.iter().map(exact).collect()
}

impl fmt::Display for ExactJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        formatter.write_str(&text)
    }
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

impl<'de> Deserialize<'de> for ExactJson {
    /// Reads a value that `serde_json` parses; no other format keeps digits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(text.get().as_bytes()).map_err(Error::custom)
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

/// A key as an error shows it.
fn shortened(key: &str) -> String {
    const SHOWN_BYTES: usize = 40;
    let end = key.floor_char_boundary(SHOWN_BYTES);
    let dots = if end < key.len() { "..." } else { "" };
    format!("{}{dots}", one_line(&key[..end]))
}

/// Takes a text apart that is known to be valid JSON.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// The next value, in which so many levels may lie.
    fn value(&mut self, levels: usize) -> serde_json::Result<ExactJson> {
        match self.peek() {
            Some(b'{' | b'[') if levels == 0 => Err(Error::custom(format!(
                "more than {DEPTH} objects and lists inside of each other"
            ))),
            Some(b'{') => self.object(levels - 1),
            Some(b'[') => self.list(levels - 1),
            Some(b'"') => self.string().map(ExactJson::Text),
            _ => Ok(match self.word() {
                "null" => ExactJson::Null,
                "true" => ExactJson::Boolean(true),
                "false" => ExactJson::Boolean(false),
                digits => ExactJson::Number(digits.to_owned()),
            }),
        }
    }

    fn list(&mut self, levels: usize) -> serde_json::Result<ExactJson> {
        let mut values = Vec::new();
        while self.goes_on(b']') {
            values.push(self.value(levels)?);
        }
        Ok(ExactJson::List(values))
    }

    fn object(&mut self, levels: usize) -> serde_json::Result<ExactJson> {
        let mut members = Members::new();
        while self.goes_on(b'}') {
            let key = self.string()?;
            // The colon.
            self.peek();
            self.at += 1;
            let value = self.value(levels)?;
            if members.contains_key(&key) {
                return Err(Error::custom(format!(
                    "duplicate key `{}`",
                    shortened(&key)
                )));
            }
            members.insert(key, value);
        }
        Ok(ExactJson::Object(members))
    }

    /// Steps over the bracket or comma before an element; false if it is the bracket at the end.
    fn goes_on(&mut self, end: u8) -> bool {
        let is_end = self.peek() == Some(end);
        self.at += 1;
        if !is_end && self.peek() == Some(end) {
            // The bracket at the beginning has this one behind it.
            self.at += 1;
            return false;
        }
        !is_end
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let blanks = rest.iter().take_while(|byte| b" \t\n\r".contains(byte));
        self.at += blanks.count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn string(&mut self) -> serde_json::Result<String> {
        self.peek();
        let (start, bytes) = (self.at, self.text.as_bytes());
        let mut is_plain = true;
        self.at += 1;
        while bytes[self.at] != b'"' {
            let is_escape = bytes[self.at] == b'\\';
            is_plain &= !is_escape;
            self.at += if is_escape { 2 } else { 1 };
        }
        self.at += 1;
        if is_plain {
            return Ok(self.text[start + 1..self.at - 1].to_owned());
        }
        serde_json::from_str(&self.text[start..self.at])
    }

    /// A number, or a name such as `null`.
    fn word(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let end = rest.find([',', ']', '}', ' ', '\t', '\n', '\r']);
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> Result<String, String> {
        let value = ExactJson::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        Ok(value.to_string())
    }

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#"{"a":[12345678901234567890123,1.10,-0,1E+400,[]],"b":{"c":null,"d":"\"é","e":true},"f":{}}"#;
        assert_eq!(again(text), Ok(text.to_owned()));
        assert_eq!(again(" [ 1 , \"\\u00e9\" ] "), Ok("[1,\"é\"]".to_owned()));
        let blanks = " {\r\n\t\"a\\\"]\" : [ ] , \"b\":[ [{} ,{ }],\"\\\\\", -1.0e5 ]\n} ";
        let compact = r#"{"a\"]":[],"b":[[{},{}],"\\",-1.0e5]}"#;
        assert_eq!(again(blanks), Ok(compact.to_owned()));
    }

    #[test]
    fn a_key_may_stand_in_several_objects_but_once_in_each() {
        assert!(again(r#"{"a": {"a": [{"a": 1}, {"a": 2}]}}"#).is_ok());
        let error = again(r#"{"a": {"b": 1, "c": 2, "b": 3}}"#).expect_err("a key comes twice");
        assert!(error.starts_with("duplicate key `b`"), "{error}");
    }

    #[test]
    fn of_a_key_that_comes_twice_in_a_result_the_last_counts() {
        let of = |text| ExactJson::of_result(text).to_string();
        assert_eq!(
            of(r#" {"a": 1.10, "b": [1E400]}"#),
            r#"{"a":1.10,"b":[1E400]}"#
        );
        assert_eq!(of(r#"{"a": 1, "b": 2, "a": 3}"#), r#"{"a":3,"b":2}"#);
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
