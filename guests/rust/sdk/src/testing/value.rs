//! Values of fake documents and of arguments.

use serde_json::Value as Source;

use super::instant;
use crate::bindings::whittle::udf::types;
use crate::{Json, Timestamp};

/// A value of a field, or an argument. It is made of a `bool`, an integer, an `f64`, a string, a
/// [`Timestamp`], a [`Json`], an `Option` of one of these (`None` is null), or several of them in an
/// array or a `Vec`.
#[derive(Debug, Clone)]
pub struct Value {
    pub(super) source: Source,
    /// Of timestamps, which are texts in JSON: the first one. A field of dates is no text.
    pub(super) instant: Option<Option<i64>>,
}

impl Value {
    fn json(source: impl Into<Source>) -> Self {
        Self {
            source: source.into(),
            instant: None,
        }
    }
}

macro_rules! values {
    ($($type:ty),*) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::json(value)
            }
        })*
    };
}

values!(bool, i32, u32, i64, f64, &str, String);

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self {
            source: instant::text(value.0).into(),
            instant: Some(Some(value.0)),
        }
    }
}

impl From<Json> for Value {
    /// # Panics
    ///
    /// The text is not JSON.
    fn from(value: Json) -> Self {
        Self::json(parsed(&value.0))
    }
}

/// The JSON value of a text that a test has written.
pub(super) fn parsed(text: &str) -> Source {
    match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => panic!("the text is not JSON: {error}: {text}"),
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::json(Source::Null), T::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        let values: Vec<Self> = values.into_iter().map(T::into).collect();
        let dated = values.iter().any(|value| value.instant.is_some());
        let first = values.iter().find_map(|value| value.instant.flatten());
        Self {
            source: values.into_iter().map(|value| value.source).collect(),
            instant: dated.then_some(first),
        }
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
