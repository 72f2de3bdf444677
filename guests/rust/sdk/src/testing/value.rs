//! Values of fake documents and of arguments.

use super::source::Source;
use crate::bindings::whittle::udf::types;
use crate::{Json, Timestamp};

/// A value of a field, or an argument. It is made of a `bool`, an integer, an `f64`, a string, a
/// [`Timestamp`], a [`Json`], an `Option` of one of these (`None` is null), or several of them in an
/// array or a `Vec`.
#[derive(Debug, Clone)]
pub struct Value {
    pub(super) source: Source,
}

impl From<Source> for Value {
    fn from(source: Source) -> Self {
        Self { source }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Source::Boolean(value).into()
    }
}

macro_rules! integers {
    ($($type:ty),*) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Source::Number(value.to_string()).into()
            }
        })*
    };
}

integers!(i32, u32, i64);

impl From<f64> for Value {
    /// # Panics
    ///
    /// JSON does not have the number.
    fn from(value: f64) -> Self {
        assert!(
            value.is_finite(),
            "a value cannot be {value}: JSON does not have it"
        );
        Source::Number(serde_json::Value::from(value).to_string()).into()
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Source::Text(value.to_owned()).into()
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Source::Text(value).into()
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Source::Instant(value.0).into()
    }
}

impl From<Json> for Value {
    /// # Panics
    ///
    /// The text is not JSON.
    fn from(value: Json) -> Self {
        parsed(&value.0).into()
    }
}

pub(super) fn parsed(text: &str) -> Source {
    match Source::parse(text) {
        Ok(value) => value,
        Err(error) => panic!("the text is not JSON: {error}: {text}"),
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Source::Null.into(), T::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        let values = values.into_iter().map(|value| value.into().source);
        Source::List(values.collect()).into()
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(values: [T; N]) -> Self {
        Vec::from(values).into()
    }
}

/// The words for a kind in the host's messages.
pub(super) fn kind_name(kind: types::Kind) -> &'static str {
    match kind {
        types::Kind::Boolean => "boolean",
        types::Kind::Int64 => "int64",
        types::Kind::Float64 => "float64",
        types::Kind::Text => "text",
        types::Kind::Timestamp => "timestamp",
        types::Kind::Json => "json",
    }
}
