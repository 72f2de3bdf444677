//! Every way to read a document.

use std::fmt::Write;

use whittle_guest::bindings::whittle::udf::document;
use whittle_guest::{Error, Field, FieldKind, Json, Kind, Parameters, Timestamp, udf};

use crate::words;

macro_rules! getters {
    ($($name:ident: $kind:ty => $value:ty;)*) => {
        $(
            /// The field's value, as the getter of its kind gives it.
            #[derive(Parameters)]
            pub(crate) struct $name {
                /// The field.
                field: Field<$kind>,
            }

            #[udf]
            impl $name {
                fn value(&self) -> Option<$value> {
                    self.field.get()
                }
            }
        )*
    };
}

getters! {
    ReadBoolean: bool => bool;
    ReadInt64: i64 => i64;
    ReadFloat64: f64 => f64;
    ReadTimestamp: Timestamp => Timestamp;
    ReadText: str => String;
    ReadJson: Json => Json;
}

macro_rules! flat_getters {
    ($($name:ident: $kind:ty $(= $default:expr)?;)*) => {
        $(
            /// The field's value, as the getter with a default gives it.
            #[derive(Parameters)]
            pub(crate) struct $name {
                /// The field.
                field: Field<$kind>,
                /// What stands for no value.
                $(#[parameter(default = $default)])?
                default: $kind,
            }

            #[udf]
            impl $name {
                fn value(&self) -> $kind {
                    self.field.or(self.default)
                }
            }
        )*
    };
}

flat_getters! {
    BooleanOr: bool = true;
    Int64Or: i64 = -1;
    Float64Or: f64 = -0.5;
    TimestampOr: Timestamp;
}

/// The field's text, of any length, read in words of eight bytes.
#[derive(Parameters)]
pub(crate) struct ReadWords {
    /// The field's path.
    field: String,
    #[parameter(skip)]
    handle: u32,
}

#[udf]
impl ReadWords {
    fn prepare(&mut self) -> Result<(), Error> {
        self.handle = document::resolve(&self.field, Kind::Text);
        Ok(())
    }

    fn value(&self) -> Result<Option<String>, Error> {
        words::text(self.handle)
    }
}

/// Whether the document has a value of a kind.
#[derive(Parameters)]
pub(crate) struct Has {
    /// The field's path.
    field: String,
    /// The kind's name in the contract.
    kind: String,
    #[parameter(skip)]
    handle: u32,
}

#[udf]
impl Has {
    fn prepare(&mut self) -> Result<(), Error> {
        let kind = KINDS.iter().find(|(name, _)| *name == self.kind);
        let (_, kind) = kind.ok_or_else(|| {
            Error::invalid_argument(format!(
                "parameter `kind`: there is no kind `{}`",
                self.kind
            ))
        })?;
        self.handle = document::resolve(&self.field, *kind);
        Ok(())
    }

    fn matches(&self) -> bool {
        document::has(self.handle)
    }
}

const KINDS: [(&str, Kind); 6] = [
    ("boolean", bool::KIND),
    ("int64", i64::KIND),
    ("float64", f64::KIND),
    ("text", str::KIND),
    ("timestamp", Timestamp::KIND),
    ("json", Json::KIND),
];

/// The document's id.
#[derive(Parameters)]
pub(crate) struct ReadId {}

#[udf]
impl ReadId {
    fn value(&self) -> String {
        whittle_guest::document::id()
    }
}

/// The document's score before this function.
#[derive(Parameters)]
pub(crate) struct ReadScore {}

#[udf]
impl ReadScore {
    fn score(&self) -> f64 {
        whittle_guest::document::score()
    }
}

/// Everything that the document gives for one path, as a JSON object: under each kind's name what
/// its getter gives, under `has`, `or` and `words` what the other calls give. Floats are their
/// bits in hexadecimal, JSON values are texts.
#[derive(Parameters)]
pub(crate) struct AllKinds {
    /// The field's path.
    field: String,
    /// In the order of the kinds in the contract.
    #[parameter(skip)]
    handles: [u32; KINDS.len()],
}

#[udf]
impl AllKinds {
    fn prepare(&mut self) -> Result<(), Error> {
        self.handles = KINDS.map(|(_, kind)| document::resolve(&self.field, kind));
        Ok(())
    }

    fn value(&self) -> Result<Json, Error> {
        let [boolean, int64, float64, text, timestamp, json] = self.handles;
        let bits = |value: f64| quoted(&format!("{:016x}", value.to_bits()));
        let text_or_null = |value: Option<String>| or_null(value.as_deref().map(quoted));
        let members = [
            ("boolean", or_null(document::get_boolean(boolean))),
            ("int64", or_null(document::get_int64(int64))),
            ("float64", or_null(document::get_float64(float64).map(bits))),
            ("text", text_or_null(document::get_text(text))),
            ("timestamp", or_null(document::get_timestamp(timestamp))),
            ("json", text_or_null(document::get_json(json))),
            ("has", format!("{:?}", self.handles.map(document::has))),
            ("true_or", document::boolean_or(boolean, true).to_string()),
            ("false_or", document::boolean_or(boolean, false).to_string()),
            ("int64_or", document::int64_or(int64, i64::MIN).to_string()),
            ("float64_or", bits(document::float64_or(float64, -0.0))),
            (
                "timestamp_or",
                document::timestamp_or(timestamp, i64::MAX).to_string(),
            ),
            ("text_words", text_or_null(words::text(text)?)),
            ("json_words", text_or_null(words::text(json)?)),
            (
                "words_past_text",
                format!("{:?}", words::past_the_end(text)),
            ),
            (
                "words_past_json",
                format!("{:?}", words::past_the_end(json)),
            ),
        ];
        let members = members.map(|(name, value)| format!("{}:{value}", quoted(name)));
        Ok(Json(format!("{{{}}}", members.join(","))))
    }
}

fn or_null(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..='\x1f' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_a_json_string() {
        assert_eq!(
            quoted("a\"b\\c\n\u{7f}ä😀"),
            "\"a\\\"b\\\\c\\u000a\u{7f}ä😀\""
        );
    }
}
