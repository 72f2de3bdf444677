//! What a function returns for a document.

use crate::batch::bytes_of;
use crate::bindings::whittle::udf::types::{Kind, Value};
use crate::{Batch, Error, Json, Parameters, Timestamp};

/// A function: parameters, and a result for each document. `#[udf]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a UDF: put `#[udf]` on its impl block",
    label = "`#[udf] impl {Self}` is missing"
)]
pub trait Udf: Parameters {
    /// What it returns.
    type Output: Output;

    /// Prepares what every document needs; runs once per query.
    ///
    /// # Errors
    ///
    /// The arguments are wrong in a way that their kinds cannot express.
    fn prepare(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether the function evaluates whole batches.
    const TAKES_BATCHES: bool = false;

    /// The result for the current document.
    fn evaluate(&self) -> Self::Output;

    /// The results for the rows of a batch, one for each. Only called if the function takes batches.
    fn evaluate_batch(&self, batch: &Batch<'_>) -> Vec<Self::Output> {
        batch.rows().map(|_| self.evaluate()).collect()
    }
}

/// What a function may return: a value, an `Option` of one, a `Result` of either.
#[diagnostic::on_unimplemented(
    message = "a UDF cannot return `{Self}`",
    note = "it returns `bool`, `i64`, `f64`, `String`, `&'static str`, `Timestamp` or `Json`, or \
            an `Option` or a `Result<_, Error>` of these"
)]
pub trait Output {
    /// The kind of the value.
    const KIND: Kind;

    /// The type of the value: that of a `bool` and an `Option<bool>` is `bool`.
    type Value: Plain;

    /// The value, or null, or the document's error.
    ///
    /// # Errors
    ///
    /// The function failed.
    fn into_value(self) -> Result<Value, Error>;

    /// Values as they lie in a column, if each is one.
    #[doc(hidden)]
    fn column(_values: &[Self]) -> Option<&[u8]>
    where
        Self: Sized,
    {
        None
    }
}

/// A value that is there: neither null nor an error.
pub trait Plain: std::fmt::Debug + Sized {
    #[doc(hidden)]
    fn of(value: Value) -> Option<Self>;
}

macro_rules! plain {
    ($($type:ty => $kind:ident, $convert:expr;)*) => {
        $(impl Plain for $type {
            fn of(value: Value) -> Option<Self> {
                match value {
                    Value::$kind(value) => Some($convert(value)),
                    _ => None,
                }
            }
        })*
    };
}

plain! {
    bool => Boolean, std::convert::identity;
    i64 => Int64, std::convert::identity;
    f64 => Float64, std::convert::identity;
    String => Text, std::convert::identity;
    Timestamp => Timestamp, Timestamp;
    Json => Json, Json;
}

macro_rules! outputs {
    ($($type:ty: $value:ty => $kind:ident, $convert:expr $(, $column:expr)?;)*) => {
        $(impl Output for $type {
            const KIND: Kind = Kind::$kind;
            type Value = $value;

            $(fn column(values: &[Self]) -> Option<&[u8]> {
                Some($column(values))
            })?

            #[inline]
            fn into_value(self) -> Result<Value, Error> {
                Ok(Value::$kind($convert(self)))
            }
        })*
    };
}

outputs! {
    bool: bool => Boolean, std::convert::identity, bytes_of;
    i64: i64 => Int64, std::convert::identity, bytes_of;
    f64: f64 => Float64, std::convert::identity, bytes_of;
    String: String => Text, std::convert::identity;
    &'static str: String => Text, str::to_owned;
    Timestamp: Timestamp => Timestamp, |timestamp: Timestamp| timestamp.0, bytes_of;
    Json: Json => Json, |json: Json| json.0;
}

impl<T: Output> Output for Option<T> {
    const KIND: Kind = T::KIND;
    type Value = T::Value;

    #[inline]
    fn into_value(self) -> Result<Value, Error> {
        self.map_or(Ok(Value::Null), T::into_value)
    }
}

impl<T: Output> Output for Result<T, Error> {
    const KIND: Kind = T::KIND;
    type Value = T::Value;

    #[inline]
    fn into_value(self) -> Result<Value, Error> {
        self.and_then(T::into_value)
    }
}

/// The kind of a value; null has none.
pub(crate) fn kind_of(value: &Value) -> Option<Kind> {
    match value {
        Value::Null => None,
        Value::Boolean(_) => Some(Kind::Boolean),
        Value::Int64(_) => Some(Kind::Int64),
        Value::Float64(_) => Some(Kind::Float64),
        Value::Text(_) => Some(Kind::Text),
        Value::Timestamp(_) => Some(Kind::Timestamp),
        Value::Json(_) => Some(Kind::Json),
    }
}

/// What `matches` may return.
#[diagnostic::on_unimplemented(message = "`matches` returns `bool`, or `Option` or `Result` of it")]
pub trait Filter: Output {}

impl Filter for bool {}
impl<T: Filter> Filter for Option<T> {}
impl<T: Filter> Filter for Result<T, Error> {}

/// What `score` may return.
#[diagnostic::on_unimplemented(
    message = "`score` returns `f64` or `i64`, or `Option` or `Result` of it"
)]
pub trait Number: Output {}

impl Number for f64 {}
impl Number for i64 {}
impl<T: Number> Number for Option<T> {}
impl<T: Number> Number for Result<T, Error> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_null_and_err_is_the_documents_error() {
        assert!(matches!(Some(1.5).into_value(), Ok(Value::Float64(value)) if value == 1.5));
        assert!(matches!(None::<bool>.into_value(), Ok(Value::Null)));
        let failed: Result<Option<String>, Error> = Err("no title".into());
        assert_eq!(
            failed.into_value().expect_err("it failed"),
            Error::failed("no title")
        );
        assert_eq!(<Result<Option<&'static str>, Error>>::KIND, Kind::Text);
    }
}
