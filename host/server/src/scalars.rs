//! Values of bodies, as OpenSearch's parser takes them.
//!
//! It reads a number from `"3"` and from `3.0`, a flag from `"true"`, and a text from any scalar as
//! it was written. What it does not take is refused here too: a condition that is dropped because
//! its number is a string would let a stale write through.
//! An object must be written as an object, not as a list of its members' values.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use whittle_host::one_line;

/// A whole number of 64 bits; digits after the point are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Long(pub(crate) i64);

/// True or false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

/// A string, or a number or a boolean as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

/// A structure that is read from an object. By itself it would be read from a list too, whose values
/// it would take for its members.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object<T>(pub(crate) T);

/// Reads a member that cannot be null, as those of objects that OpenSearch describes with a parser.
pub(crate) fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Long {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let string = match raw.get().as_bytes().first() {
            Some(b'"') => string(raw)?,
            Some(b'-' | b'0'..=b'9') => raw.get().to_owned(),
            _ => return Err(unfit("a whole number", raw)),
        };
        match string.parse() {
            Ok(number) => Ok(Self(number)),
            Err(_) => whole_part(&string)
                .map(Self)
                .ok_or_else(|| unfit("a whole number", raw)),
        }
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        match raw.get() {
            "true" | "\"true\"" => Ok(Self(true)),
            "false" | "\"false\"" => Ok(Self(false)),
            _ => Err(unfit("true or false", raw)),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        match raw.get().as_bytes().first() {
            Some(b'"') => string(raw).map(Self),
            Some(b'n' | b'[' | b'{') | None => Err(unfit("a string", raw)),
            Some(_) => Ok(Self(raw.get().to_owned())),
        }
    }
}

fn string<E: Error>(raw: &RawValue) -> Result<String, E> {
    serde_json::from_str(raw.get()).map_err(E::custom)
}

/// A decimal number without what comes after its point.
fn whole_part(digits: &str) -> Option<i64> {
    // Larger ones with an exponent would lose digits on the way.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_decimal = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    let number: f64 = digits
        .bytes()
        .all(is_decimal)
        .then(|| digits.parse().ok())??;
    match digits.split_once('.') {
        Some((whole, _)) if !digits.contains(['e', 'E']) && whole.len() > 1 => whole.parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "it is within 53 bits")]
        _ => (number.abs() <= EXACT).then_some(number as i64),
    }
}

fn unfit<E: Error>(expected: &str, found: &RawValue) -> E {
    const SHOWN_BYTES: usize = 40;
    let found = match found.get().as_bytes().first() {
        Some(b'[') => "a list".to_owned(),
        Some(b'{') => "an object".to_owned(),
        _ => {
            let end = found.get().floor_char_boundary(SHOWN_BYTES);
            one_line(&found.get()[..end])
        }
    };
    E::custom(format!("must be {expected}, but is {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn a_number_is_read_as_opensearch_reads_it() {
        for (json, expected) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("9007199254740993.5", Some(9_007_199_254_740_993)),
            ("\"0\"", Some(0)),
            ("\"+5\"", Some(5)),
            ("0.0", Some(0)),
            ("1.9", Some(1)),
            ("\"-1.9\"", Some(-1)),
            ("1e2", Some(100)),
            ("\".5\"", Some(0)),
            ("1e30", None),
            ("1e999999999", None),
            ("\"\"", None),
            ("\" 1\"", None),
            ("\"NaN\"", None),
            ("\"inf\"", None),
            ("\"0x1\"", None),
            ("\"one\"", None),
            ("true", None),
            ("null", None),
            ("[]", None),
            ("[0]", None),
            ("{}", None),
        ] {
            assert_eq!(
                read::<Long>(json).map(|Long(number)| number),
                expected,
                "{json}"
            );
        }
        assert_eq!(read::<Long>(&"9".repeat(1_000_000)), None);
    }

    #[test]
    fn flags_and_texts_are_read_as_opensearch_reads_them() {
        for (json, flag, text) in [
            ("true", Some(true), Some("true")),
            ("\"false\"", Some(false), Some("false")),
            ("\"True\"", None, Some("True")),
            ("1", None, Some("1")),
            ("1.10", None, Some("1.10")),
            (
                "12345678901234567890123",
                None,
                Some("12345678901234567890123"),
            ),
            ("\"\\u00e9\"", None, Some("é")),
            ("null", None, None),
            ("[]", None, None),
            ("{}", None, None),
        ] {
            assert_eq!(read::<Flag>(json).map(|Flag(flag)| flag), flag, "{json}");
            let read = read::<Text>(json).map(|Text(text)| text);
            assert_eq!(read.as_deref(), text, "{json}");
        }
        let error = serde_json::from_str::<Flag>("{\"a\": 1}").expect_err("an object");
        insta::assert_snapshot!(error, @"must be true or false, but is an object");
    }

    #[test]
    fn an_object_is_not_read_from_a_list() {
        #[derive(Default, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Sample<'a> {
            #[serde(borrow)]
            raw: Option<&'a RawValue>,
        }
        let object = read::<Object<Sample>>("{\"raw\": [1]}").expect("an object");
        assert_eq!(object.0.raw.map(RawValue::get), Some("[1]"));
        let refused = |json| {
            let read = serde_json::from_str::<Object<Sample>>(json);
            read.err().expect("a mistake").to_string()
        };
        insta::assert_snapshot!(refused("[{}]"), @"invalid type: sequence, expected an object at line 1 column 0");
        insta::assert_snapshot!(refused("3"), @"invalid type: integer `3`, expected an object at line 1 column 1");
        insta::assert_snapshot!(refused("{\"row\": 3}"), @"unknown field `row`, expected `raw` at line 1 column 6");
    }

    #[test]
    fn null_is_nothing_unless_it_is_refused() {
        #[derive(serde::Deserialize)]
        struct Sample {
            lenient: Option<Long>,
            #[serde(default, deserialize_with = "not_null")]
            strict: Option<Long>,
        }
        let read = |json| serde_json::from_str::<Sample>(json).ok();
        assert!(read("{\"lenient\": null}").is_some_and(|read| read.lenient.is_none()));
        assert!(read("{}").is_some_and(|read| read.strict.is_none()));
        assert!(read("{\"strict\": null}").is_none());
    }
}
