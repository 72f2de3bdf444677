//! Comparisons, checked: of values of types that have a common one, and of dates and intervals with
//! what is written beside them.

use std::sync::Arc;

use super::check::Operand;
use super::error::ExpressionError;
use super::literal;
use super::node::{Comparison, Kind, Node, Type};

/// Compares two operands of types that can be compared.
pub(super) fn compare(
    comparison: Comparison,
    name: &str,
    left: &Operand,
    right: &Operand,
) -> Result<Arc<Node>, ExpressionError> {
    let (left, right) = (&dated(left, right)?, &dated(right, left)?);
    let (one, other) = (left.node.type_, right.node.type_);
    let Some(common) = one.common(other) else {
        let (wrong, against) = if one.is_date() {
            (right, left)
        } else {
            (left, right)
        };
        let remedy = if against.node.type_.is_date() {
            ": write `'2020-01-31'` or `timestamp '2020-01-31 12:00:00'`"
        } else {
            ""
        };
        let against = match &against.text {
            Some(text) => format!("`{text}`, to which `{name}` compares it, is"),
            None => format!("`{name}` compares it to"),
        };
        let other = if wrong.at == left.at { other } else { one };
        return Err(wrong.mismatch(format!("{against} {}{remedy}", other.name())));
    };
    let orders = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if orders && common == Type::Boolean {
        return Err(left.mismatch(format!(
            "`{name}` has no order of booleans: use `=` or `<>`"
        )));
    }
    let (left, right) = (left.node.clone(), right.node.clone());
    Ok(match (&left.kind, &right.kind) {
        (_, Kind::Double(number)) if left.type_ == Type::Long => exact(comparison, left, *number),
        (Kind::Double(number), _) if right.type_ == Type::Long => {
            exact(comparison.flipped(), right, *number)
        }
        _ => comparing(comparison, left, right),
    })
}

/// An operand beside another: a string or a number that is written beside a date is one, and a
/// string beside an interval.
fn dated(operand: &Operand, beside: &Operand) -> Result<Operand, ExpressionError> {
    let mut dated = operand.clone();
    match (&operand.node.kind, beside.node.type_) {
        (Kind::Text(text), Type::Date) => {
            dated.node = literal::instant(text, operand.at, "2020-01-31")?;
        }
        (Kind::Text(text), Type::Day) => {
            dated.node = literal::day(text, operand.at, "2020-01-31")?;
        }
        (Kind::Long(millis), Type::Date | Type::Day) => {
            dated.node = literal::from_millis(*millis, operand.at)?;
        }
        (Kind::Text(text), Type::Interval) => {
            dated.node = literal::span(text, operand.at)?;
        }
        _ => {}
    }
    Ok(dated)
}

fn comparing(comparison: Comparison, left: Arc<Node>, right: Arc<Node>) -> Arc<Node> {
    Node::new(Kind::Compare(comparison, left, right), Type::Boolean)
}

/// Compares a long to a double that is the same in all documents: as longs, which is exact.
fn exact(comparison: Comparison, long: Arc<Node>, number: f64) -> Arc<Node> {
    let end = 2_f64.powi(63);
    let bound = match comparison {
        Comparison::Less | Comparison::GreaterOrEqual => number.ceil(),
        _ => number.floor(),
    };
    let is_long = (-end..end).contains(&bound);
    let never_equal = bound.to_bits() != number.to_bits() && number != 0.0;
    let (comparison, bound) = match comparison {
        Comparison::Equal if never_equal || !is_long => (Comparison::Less, i64::MIN),
        Comparison::NotEqual if never_equal || !is_long => (Comparison::GreaterOrEqual, i64::MIN),
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
        _ if is_long => (comparison, bound as i64),
        // All longs are on one side of it.
        Comparison::Less | Comparison::LessOrEqual if number > 0.0 => {
            (Comparison::LessOrEqual, i64::MAX)
        }
        Comparison::Greater | Comparison::GreaterOrEqual if number < 0.0 => {
            (Comparison::GreaterOrEqual, i64::MIN)
        }
        _ => (Comparison::Less, i64::MIN),
    };
    comparing(comparison, long, Node::new(Kind::Long(bound), Type::Long))
}
