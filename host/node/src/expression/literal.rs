//! Literals: numbers, texts, booleans, null, and dates.
//!
//! It knows how they are written, and nothing of what is done with them.

use std::sync::Arc;

use sqlparser::ast::{DataType, TypedString, Value, ValueWithSpan};
use tantivy::time::format_description::well_known::Iso8601;
use tantivy::time::{Date, OffsetDateTime, PrimitiveDateTime};

use super::error::ExpressionError;
use super::node::{Kind, Node, Type};

/// A literal's node.
pub(super) fn value(literal: &ValueWithSpan) -> Result<Arc<Node>, ExpressionError> {
    match &literal.value {
        Value::Number(digits, false) => number(literal, digits.clone()),
        Value::SingleQuotedString(text) => {
            Ok(Node::new(Kind::Text(text.as_str().into()), Type::Text))
        }
        Value::Boolean(value) => Ok(Node::new(Kind::Boolean(*value), Type::Boolean)),
        Value::Null => Ok(Node::null(Type::Null)),
        Value::Placeholder(name) => Err(ExpressionError::Unsupported {
            at: literal.span.start.into(),
            what: format!("there are no parameters, such as `{name}`"),
            instead: "write the value itself".to_owned(),
        }),
        other => Err(ExpressionError::Unsupported {
            at: literal.span.start.into(),
            what: format!("`{other}` is no literal of expressions"),
            instead: "write numbers as `1` or `1.5`, and texts as `'it''s'`".to_owned(),
        }),
    }
}

/// A literal with a minus before it, if it is a number.
pub(super) fn negative(literal: &ValueWithSpan) -> Result<Option<Arc<Node>>, ExpressionError> {
    match &literal.value {
        Value::Number(digits, false) => number(literal, format!("-{digits}")).map(Some),
        _ => Ok(None),
    }
}

/// A whole number is a long where it fits, and a double like those with a point or an exponent.
fn number(literal: &ValueWithSpan, digits: String) -> Result<Arc<Node>, ExpressionError> {
    if let Ok(value) = digits.parse() {
        return Ok(Node::new(Kind::Long(value), Type::Long));
    }
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Node::new(Kind::Double(value), Type::Double)),
        _ => Err(ExpressionError::Value {
            at: literal.span.start.into(),
            reason: "the number is out of range: doubles go up to 1.7e308".to_owned(),
        }),
    }
}

/// `date '2020-01-31'` and `timestamp '2020-01-31 12:00:00'`.
pub(super) fn typed(literal: &TypedString) -> Result<Arc<Node>, ExpressionError> {
    let at = literal.value.span.start.into();
    let (Value::SingleQuotedString(text), DataType::Date | DataType::Timestamp(None, _)) =
        (&literal.value.value, &literal.data_type)
    else {
        return Err(ExpressionError::Unsupported {
            at,
            what: format!("there are no literals of type `{}`", literal.data_type),
            instead: "write `date '2020-01-31'` or `timestamp '2020-01-31 12:00:00'`".to_owned(),
        });
    };
    let (instant, form) = match &literal.data_type {
        DataType::Date => (date(text), "date '2020-01-31'"),
        _ => (timestamp(text), "timestamp '2020-01-31 12:00:00'"),
    };
    match instant {
        Some(micros) => Ok(Node::new(Kind::Instant(micros), Type::Date)),
        None => Err(ExpressionError::Value {
            at,
            reason: format!("`{text}` is none: write it as `{form}`"),
        }),
    }
}

fn date(text: &str) -> Option<i64> {
    let day = Date::parse(text, &Iso8601::DEFAULT).ok()?;
    micros(day.midnight().assume_utc())
}

/// A day, or a day and a time, in UTC where no zone is said.
fn timestamp(text: &str) -> Option<i64> {
    if !text.contains(['T', ' ']) {
        return date(text);
    }
    let text = text.replacen(' ', "T", 1);
    match OffsetDateTime::parse(&text, &Iso8601::DEFAULT) {
        Ok(instant) => micros(instant),
        Err(_) => {
            let time = PrimitiveDateTime::parse(&text, &Iso8601::DEFAULT).ok()?;
            micros(time.assume_utc())
        }
    }
}

fn micros(instant: OffsetDateTime) -> Option<i64> {
    i64::try_from(instant.unix_timestamp_nanos().div_euclid(1000)).ok()
}
