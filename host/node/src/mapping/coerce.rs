//! A document's value as its field's type, as OpenSearch's default has it.
//!
//! | the field | takes |
//! |---|---|
//! | boolean | `true`, `false`, the same as texts, `""` for false |
//! | integers | numbers and texts that are numbers; fractions are left out |
//! | floats | numbers and texts that are numbers, rounded to the type's precision |
//! | date | what its format reads, a number as its digits |
//! | keyword, text | texts; numbers and booleans as they were written |
//!
//! An empty text is no value in a field of numbers. With `coerce` false, a field of numbers takes
//! numbers alone, and one of integers takes integers alone.

use tantivy::schema::OwnedValue;

use super::analysis::Analyzer;
use super::field_type::{FieldType, ValueType};
use super::parameters::Definition;
use whittle_host::ExactJson;

/// The longest text that is found whole, in bytes, as Lucene has it.
pub(super) const TERM_BYTES: usize = 32_766;

/// A value that its field does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// It is not of the type.
    Invalid,
    /// The text is too long to be found whole.
    TooLong,
}

/// A scalar as its field's type; `None` where it is no value.
pub(super) fn coerce(
    definition: &Definition,
    value: &ExactJson,
) -> Result<Option<OwnedValue>, Malformed> {
    let value_type = definition.value_type;
    let kept_as = value_type.kept_as();
    let is_number = matches!(kept_as, FieldType::Long | FieldType::Double);
    let is_empty = matches!(value, ExactJson::Text(text) if text.is_empty());
    if *value == ExactJson::Null || (is_empty && is_number && definition.coerce) {
        return match &definition.null_value {
            None => Ok(None),
            Some(value) => coerce(definition, value),
        };
    }
    let coerced = match (kept_as, value) {
        (FieldType::Boolean, value) => boolean(value).map(OwnedValue::Bool),
        (FieldType::Long, value) => {
            let long = integer(digits(value, definition.coerce)?, definition.coerce);
            let long = long.filter(|long| value_type.has_integer(*long));
            long.map(OwnedValue::I64)
        }
        (FieldType::Double, value) => {
            let number: Option<f64> = digits(value, definition.coerce)?.parse().ok();
            let rounded = number.map(|number| value_type.rounded(number));
            let finite = rounded.filter(|number| number.is_finite());
            finite.map(OwnedValue::F64)
        }
        (FieldType::Date, ExactJson::Text(text) | ExactJson::Number(text)) => {
            definition.format.parse(text).map(OwnedValue::I64)
        }
        (FieldType::Date, _) => None,
        (FieldType::Keyword | FieldType::Text, value) => return text(definition, value),
    };
    coerced.map(Some).ok_or(Malformed::Invalid)
}

fn boolean(value: &ExactJson) -> Option<bool> {
    match value {
        ExactJson::Boolean(value) => Some(*value),
        ExactJson::Text(text) => match text.as_str() {
            "true" => Some(true),
            "false" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn text(definition: &Definition, value: &ExactJson) -> Result<Option<OwnedValue>, Malformed> {
    let text = match value {
        ExactJson::Text(text) | ExactJson::Number(text) => text.clone(),
        ExactJson::Boolean(value) => value.to_string(),
        _ => return Err(Malformed::Invalid),
    };
    let is_within = |limit: usize| text.len() <= limit || text.encode_utf16().count() <= limit;
    if !definition.ignore_above.is_none_or(is_within) {
        return Ok(None);
    }
    let is_whole =
        definition.value_type == ValueType::Keyword || definition.analyzer == Analyzer::Keyword;
    if is_whole && text.len() > TERM_BYTES {
        return Err(Malformed::TooLong);
    }
    Ok(Some(OwnedValue::Str(text)))
}

/// The digits of a number, or of a text that is one.
fn digits(value: &ExactJson, coerce: bool) -> Result<&str, Malformed> {
    match value {
        ExactJson::Number(digits) => Ok(digits),
        ExactJson::Text(text) if coerce => Ok(text),
        _ => Err(Malformed::Invalid),
    }
}

/// The integer of a decimal number, whose fraction is left out where that is allowed. Exact, since
/// a float would lose digits of large ones.
fn integer(number: &str, truncate: bool) -> Option<i64> {
    if let Ok(integer) = number.parse() {
        return Some(integer);
    }
    let (sign, unsigned) = match number.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", number.strip_prefix('+').unwrap_or(number)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        None => (unsigned, 0_i64),
        Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let is_zero = digits.bytes().all(|byte| byte == b'0');
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let point = usize::try_from(point).unwrap_or(0);
    if is_zero {
        return Some(0);
    }
    if point < digits.len() {
        let fraction = digits.split_off(point);
        let is_integer = fraction.bytes().all(|byte| byte == b'0');
        if !is_integer && !truncate {
            return None;
        }
    } else {
        // No integer of 64 bits has as many zeros at its end.
        let zeros = Some(point - digits.len()).filter(|zeros| *zeros < 20)?;
        digits.push_str(&"0".repeat(zeros));
    }
    if digits.is_empty() {
        return Some(0);
    }
    format!("{sign}{digits}").parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn coerced(definition: &Json, value: &str) -> Result<Option<OwnedValue>, Malformed> {
        let members = definition.as_object().expect("an object");
        let definition = Definition::parse(members, "a").expect("a definition");
        let value = ExactJson::parse(value.as_bytes()).expect("JSON");
        coerce(&definition, &value)
    }

    fn of_type(name: &str, value: &str) -> Option<OwnedValue> {
        coerced(&json!({"type": name}), value).ok().flatten()
    }

    #[test]
    fn numbers_become_integers_exactly() {
        for (text, expected) in [
            ("1", Some(1)),
            ("1.0", Some(1)),
            ("9.99", Some(9)),
            ("-9.99", Some(-9)),
            ("0.5", Some(0)),
            ("1e3", Some(1000)),
            ("1.5E1", Some(15)),
            ("15e-1", Some(1)),
            ("1e-400", Some(0)),
            ("0e999999999999", Some(0)),
            ("1e19", None),
            ("1e999999999999", None),
            ("9007199254740993.0", Some(9_007_199_254_740_993)),
            ("9223372036854775807.9", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("-9223372036854775808.5", Some(i64::MIN)),
            (".5", Some(0)),
            ("", None),
            (".", None),
            ("-", None),
            ("1x", None),
            ("1 ", None),
            ("NaN", None),
            ("1e", None),
        ] {
            assert_eq!(integer(text, true), expected, "{text}");
        }
        assert_eq!(integer("9.99", false), None);
        assert_eq!(integer("9.0", false), Some(9));
    }

    #[test]
    fn values_are_coerced_as_opensearch_does_by_default() {
        let text = |text: &str| Some(OwnedValue::Str(text.to_owned()));
        for (name, value, expected) in [
            ("byte", "127", Some(OwnedValue::I64(127))),
            ("byte", "300", None),
            ("byte", "\"1.0\"", Some(OwnedValue::I64(1))),
            ("short", "-32769", None),
            ("integer", "2147483648", None),
            ("long", "true", None),
            ("long", "\"\"", None),
            ("double", "\"1.5\"", Some(OwnedValue::F64(1.5))),
            ("double", "1e400", None),
            ("double", "\"NaN\"", None),
            ("float", "1e39", None),
            ("float", "1.1", Some(OwnedValue::F64(f64::from(1.1_f32)))),
            ("half_float", "70000", None),
            (
                "half_float",
                "0.1",
                Some(OwnedValue::F64(0.099_975_585_937_5)),
            ),
            ("boolean", "\"\"", Some(OwnedValue::Bool(false))),
            ("boolean", "\"true\"", Some(OwnedValue::Bool(true))),
            ("boolean", "1", None),
            ("date", "0.25", Some(OwnedValue::I64(0))),
            ("date", "true", None),
            (
                "keyword",
                "12345678901234567890123",
                text("12345678901234567890123"),
            ),
            ("keyword", "1.10", text("1.10")),
            ("text", "true", text("true")),
        ] {
            assert_eq!(of_type(name, value), expected, "{name}: {value}");
        }
        let scaled = json!({"type": "scaled_float", "scaling_factor": 100});
        assert_eq!(coerced(&scaled, "1.256"), Ok(Some(OwnedValue::F64(1.26))));
    }

    #[test]
    fn an_empty_text_is_no_number_unless_coerce_is_false() {
        for name in ["long", "double"] {
            assert_eq!(coerced(&json!({"type": name}), "\"\""), Ok(None));
            let strict = json!({"type": name, "coerce": false});
            assert_eq!(coerced(&strict, "\"\""), Err(Malformed::Invalid));
            assert_eq!(coerced(&strict, "\"1\""), Err(Malformed::Invalid));
        }
        let strict = json!({"type": "long", "coerce": false});
        assert_eq!(coerced(&strict, "1.5"), Err(Malformed::Invalid));
    }

    #[test]
    fn null_is_the_value_that_stands_for_it() {
        let with_null = json!({"type": "keyword", "null_value": "none"});
        let none = Ok(Some(OwnedValue::Str("none".to_owned())));
        assert_eq!(coerced(&with_null, "null"), none);
        assert_eq!(coerced(&json!({"type": "keyword"}), "null"), Ok(None));
    }

    #[test]
    fn long_texts_are_left_out_or_refused() {
        let short = json!({"type": "keyword", "ignore_above": 2});
        assert!(matches!(coerced(&short, "\"é😀\""), Ok(None)));
        assert!(matches!(coerced(&short, "\"éé\""), Ok(Some(_))));
        let long = format!("\"{}\"", "a".repeat(TERM_BYTES + 1));
        assert_eq!(
            coerced(&json!({"type": "keyword"}), &long),
            Err(Malformed::TooLong)
        );
        assert!(matches!(
            coerced(&json!({"type": "text"}), &long),
            Ok(Some(_))
        ));
    }
}
