//! Numbers of a query, for fields of any numeric type.

use serde_json::Value as Json;

/// A number as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Integer(i64),
    /// With a fraction, or too large; never infinite.
    Float(f64),
}

impl Number {
    /// A JSON number, or a string that is one. A fraction of zeros is none, so that `"1.0"` is an
    /// integer.
    pub(super) fn read(value: &Json) -> Option<Self> {
        let (integer, float) = match value {
            Json::Number(number) => (number.as_i64(), number.as_f64()),
            Json::String(text) => {
                let whole = text.split_once('.').filter(|(_, fraction)| {
                    !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0')
                });
                let whole = whole.map_or(text.as_str(), |(whole, _)| whole);
                (whole.parse().ok(), text.parse().ok())
            }
            _ => return None,
        };
        let float = float.filter(|float: &f64| float.is_finite());
        let integer = integer.or_else(|| whole(float?));
        integer.map(Self::Integer).or(float.map(Self::Float))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the field's values have lost their digits in the same way"
    )]
    pub(super) fn double(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// The least integer above the number, or from it on; `None` if there is none of 64 bits.
    pub(super) fn first_long(self, included: bool) -> Option<i64> {
        match self {
            Self::Integer(value) if included => Some(value),
            Self::Integer(value) => value.checked_add(1),
            Self::Float(value) if value < LEAST_LONG => Some(i64::MIN),
            Self::Float(value) => whole(value.ceil()),
        }
    }

    /// The greatest integer below the number, or up to it; `None` if there is none of 64 bits.
    pub(super) fn last_long(self, included: bool) -> Option<i64> {
        match self {
            Self::Integer(value) if included => Some(value),
            Self::Integer(value) => value.checked_sub(1),
            Self::Float(value) if value >= -LEAST_LONG => Some(i64::MAX),
            Self::Float(value) => whole(value.floor()),
        }
    }
}

/// The least integer of 64 bits; its negative is the first that is too large.
const LEAST_LONG: f64 = -9_223_372_036_854_775_808.0;

/// A float that is an integer of 64 bits.
fn whole(value: f64) -> Option<i64> {
    let whole = value.fract() == 0.0 && (LEAST_LONG..-LEAST_LONG).contains(&value);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is an integer within i64"
    )]
    whole.then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fraction_of_zeros_is_none() {
        for (json, expected) in [
            (json!(5), Some(Number::Integer(5))),
            (json!(5.0), Some(Number::Integer(5))),
            (json!("5"), Some(Number::Integer(5))),
            (json!("5.00"), Some(Number::Integer(5))),
            (
                json!("9007199254740993.0"),
                Some(Number::Integer(9_007_199_254_740_993)),
            ),
            (json!(5.5), Some(Number::Float(5.5))),
            (json!("-5.5"), Some(Number::Float(-5.5))),
            (json!(1e300), Some(Number::Float(1e300))),
            (
                json!(u64::MAX),
                Some(Number::Float(18_446_744_073_709_551_615.0)),
            ),
            (json!("5."), Some(Number::Integer(5))),
            (json!("inf"), None),
            (json!("NaN"), None),
            (json!(""), None),
            (json!("five"), None),
            (json!(true), None),
        ] {
            assert_eq!(Number::read(&json), expected, "{json}");
        }
    }

    #[test]
    fn bounds_move_to_the_next_integer() {
        for (json, from, above, to, below) in [
            (json!(5), Some(5), Some(6), Some(5), Some(4)),
            (json!(5.0), Some(5), Some(6), Some(5), Some(4)),
            (json!(5.5), Some(6), Some(6), Some(5), Some(5)),
            (json!(-5.5), Some(-5), Some(-5), Some(-6), Some(-6)),
            (
                json!(i64::MAX),
                Some(i64::MAX),
                None,
                Some(i64::MAX),
                Some(i64::MAX - 1),
            ),
            (
                json!(i64::MIN),
                Some(i64::MIN),
                Some(i64::MIN + 1),
                Some(i64::MIN),
                None,
            ),
            (
                json!(-LEAST_LONG),
                None,
                None,
                Some(i64::MAX),
                Some(i64::MAX),
            ),
            (json!(1e300), None, None, Some(i64::MAX), Some(i64::MAX)),
            (json!(-1e300), Some(i64::MIN), Some(i64::MIN), None, None),
        ] {
            let number = Number::read(&json).expect("a number");
            assert_eq!(number.first_long(true), from, "{json}");
            assert_eq!(number.first_long(false), above, "{json}");
            assert_eq!(number.last_long(true), to, "{json}");
            assert_eq!(number.last_long(false), below, "{json}");
        }
    }
}
