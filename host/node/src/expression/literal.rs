//! Literals: numbers, strings, booleans, null, dates and intervals.
//!
//! It knows how they are written, and nothing of their use.

use std::sync::Arc;

use sqlparser::ast::{
    DataType, Expr, Interval as IntervalLiteral, TypedString, Value, ValueWithSpan,
};

use super::error::{ExpressionError, Position};
use super::interval::Interval;
use super::moment;
use super::node::{Kind, Node, Type};
use crate::dates;

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
            what: format!("parameters such as `{name}` are not supported"),
            instead: "write the value itself".to_owned(),
        }),
        other => Err(ExpressionError::Unsupported {
            at: literal.span.start.into(),
            what: format!("`{other}` is not a supported literal"),
            instead: "write numbers as `1` or `1.5`, and strings as `'it''s'`".to_owned(),
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

/// A whole number is a long if it fits, and a double like those with a point or an exponent.
fn number(literal: &ValueWithSpan, digits: String) -> Result<Arc<Node>, ExpressionError> {
    let digits = digits.replace('_', "");
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
            what: format!("literals of type `{}` are not supported", literal.data_type),
            instead: "write `date '2020-01-31'` or `timestamp '2020-01-31 12:00:00'`".to_owned(),
        });
    };
    match &literal.data_type {
        DataType::Date => day(text, at, "date '2020-01-31'"),
        _ => instant(text, at, "timestamp '2020-01-31 12:00:00'"),
    }
}

/// `interval '1 month'` and `interval '1' month`.
pub(super) fn interval(
    literal: &IntervalLiteral,
    at: Position,
) -> Result<Arc<Node>, ExpressionError> {
    let (Expr::Value(value), None, None) = (
        literal.value.as_ref(),
        &literal.leading_precision,
        &literal.last_field,
    ) else {
        return Err(ExpressionError::Unsupported {
            at,
            what: "this form of interval is not supported".to_owned(),
            instead: "write `interval '1 month'`".to_owned(),
        });
    };
    let text = match &value.value {
        Value::SingleQuotedString(text) => text.clone(),
        other => other.to_string(),
    };
    let text = match &literal.leading_field {
        None => text,
        Some(unit) => format!("{text} {unit}"),
    };
    span(&text, value.span.start.into())
}

/// A string as an interval.
pub(super) fn span(text: &str, at: Position) -> Result<Arc<Node>, ExpressionError> {
    match Interval::parse(text) {
        Some(interval) => Ok(Node::new(Kind::Interval(interval), Type::Interval)),
        None => Err(ExpressionError::Value {
            at,
            reason: format!(
                "`{text}` is not a valid interval: write it as `interval '1 month'` or \
                 `interval '2 days 03:04:05'`"
            ),
        }),
    }
}

/// A string as a day.
pub(super) fn day(text: &str, at: Position, form: &str) -> Result<Arc<Node>, ExpressionError> {
    let node = instant(text, at, form)?;
    Ok(match node.kind {
        Kind::Instant(micros) => Node::new(Kind::Instant(moment::day(micros)), Type::Day),
        _ => node,
    })
}

/// A string as a date, in any of the forms of documents, milliseconds since 1970 among them, and of SQL.
pub(super) fn instant(text: &str, at: Position, form: &str) -> Result<Arc<Node>, ExpressionError> {
    let millis = || dates::from_millis(text.parse().ok()?);
    match dates::parse_written(text).or_else(millis) {
        Some(micros) => Ok(Node::new(Kind::Instant(micros), Type::Date)),
        None => Err(ExpressionError::Value {
            at,
            reason: format!("`{text}` is not a valid date: write it as `{form}`"),
        }),
    }
}

/// Milliseconds since 1970 as a date.
pub(super) fn from_millis(millis: i64, at: Position) -> Result<Arc<Node>, ExpressionError> {
    match dates::from_millis(millis) {
        Some(micros) => Ok(Node::new(Kind::Instant(micros), Type::Date)),
        None => Err(ExpressionError::Value {
            at,
            reason: format!("{millis} milliseconds since 1970 is out of the range of dates"),
        }),
    }
}
