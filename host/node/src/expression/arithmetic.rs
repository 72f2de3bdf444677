//! Arithmetic, checked: of numbers, and of dates and intervals.

use std::sync::Arc;

use super::check::{Operand, computed, number};
use super::error::ExpressionError;
use super::interval::{DAY, Interval};
use super::kernel::Kernel;
use super::literal;
use super::node::{Kind, Node, Operation, Type};

/// Numbers computed from numbers, a long from longs, and a double if one is a double; or dates and
/// intervals.
pub(super) fn arithmetic(
    operation: Operation,
    name: &str,
    operands: &[Operand],
) -> Result<Arc<Node>, ExpressionError> {
    let is_temporal =
        |operand: &Operand| operand.node.type_.is_date() || operand.node.type_ == Type::Interval;
    if operands.iter().any(is_temporal) {
        return temporal(operation, name, operands);
    }
    for operand in operands {
        number(operand, name)?;
    }
    computed(operation, name, operands)
}

/// A number or an interval with the other sign.
pub(super) fn negative(operand: &Operand) -> Result<Arc<Node>, ExpressionError> {
    let type_ = operand.node.type_;
    if type_ == Type::Interval {
        let kernel = Kernel::Interval(|row| row.interval(0).negated());
        let kind = Kind::Call(kernel, vec![Arc::clone(&operand.node)]);
        return Ok(Node::new(kind, type_));
    }
    number(operand, "-")?;
    if let Kind::Double(value) = operand.node.kind {
        return Ok(Node::new(Kind::Double(-value), Type::Double));
    }
    let zero = Node::new(Kind::Long(0), Type::Long);
    let kind = Kind::Compute(Operation::Subtract, vec![zero, Arc::clone(&operand.node)]);
    Ok(Node::new(kind, type_))
}

/// From left to right, two at a time.
fn temporal(
    operation: Operation,
    name: &str,
    operands: &[Operand],
) -> Result<Arc<Node>, ExpressionError> {
    let mut result = operands[0].clone();
    for operand in &operands[1..] {
        result.node = two(operation, name, &result, operand)?;
        result.text = None;
    }
    Ok(result.node)
}

fn two(
    operation: Operation,
    name: &str,
    left: &Operand,
    right: &Operand,
) -> Result<Arc<Node>, ExpressionError> {
    use Operation::{Add, Divide, Multiply, Subtract};
    use Type::{Date, Day, Double, Interval, Long};
    let left = &written(operation, left, right)?;
    let right = &written(operation, right, left)?;
    let (one, other) = (left.node.type_, right.node.type_);
    if one == Type::Null || other == Type::Null {
        return Ok(Node::null(if one == Type::Null { other } else { one }));
    }
    let (kernel, type_) = match (operation, one, other) {
        (Add, Date | Day, Interval) => {
            let after = Kernel::Long(|row| row.interval(1).after(row.long(0)));
            (after, Date)
        }
        (Add, Interval, Date | Day) => return two(operation, name, right, left),
        (Subtract, Date | Day, Interval) => {
            let before = Kernel::Long(|row| row.interval(1).negated()?.after(row.long(0)));
            (before, Date)
        }
        (Subtract, Day, Day) => {
            let days = Kernel::Long(|row| Some(row.long(0).checked_sub(row.long(1))? / DAY));
            (days, Long)
        }
        (Subtract, Date | Day, Date | Day) => {
            let between = Kernel::Interval(|row| self::Interval::between(row.long(1), row.long(0)));
            (between, Interval)
        }
        (Add, Day, Long) => (Kernel::Long(|row| later(row.long(0), row.long(1))), Day),
        (Add, Long, Day) => return two(operation, name, right, left),
        (Subtract, Day, Long) => {
            let earlier = Kernel::Long(|row| later(row.long(0), row.long(1).checked_neg()?));
            (earlier, Day)
        }
        (Add, Interval, Interval) => {
            let sum = Kernel::Interval(|row| row.interval(0).plus(row.interval(1)));
            (sum, Interval)
        }
        (Subtract, Interval, Interval) => {
            let difference =
                Kernel::Interval(|row| row.interval(0).plus(row.interval(1).negated()?));
            (difference, Interval)
        }
        (Multiply, Interval, Long | Double) => {
            let product = Kernel::Interval(|row| row.interval(0).times(row.double(1)));
            (product, Interval)
        }
        (Multiply, Long | Double, Interval) => return two(operation, name, right, left),
        (Divide, Interval, Long | Double) => {
            let quotient = Kernel::Interval(|row| row.interval(0).times(row.double(1).recip()));
            (quotient, Interval)
        }
        _ => return Err(refused(operation, name, left, right)),
    };
    let operands = vec![Arc::clone(&left.node), Arc::clone(&right.node)];
    Ok(Node::new(Kind::Call(kernel, operands), type_))
}

/// A string that is written beside a date or an interval: a date before or after a minus, else an
/// interval.
fn written(
    operation: Operation,
    operand: &Operand,
    beside: &Operand,
) -> Result<Operand, ExpressionError> {
    let mut written = operand.clone();
    let Kind::Text(text) = &operand.node.kind else {
        return Ok(written);
    };
    written.node = match (operation, beside.node.type_) {
        (Operation::Subtract, Type::Date) => literal::instant(text, operand.at, "2020-01-31")?,
        (Operation::Subtract, Type::Day) => literal::day(text, operand.at, "2020-01-31")?,
        (Operation::Add, Type::Date | Type::Day)
        | (Operation::Add | Operation::Subtract, Type::Interval) => {
            literal::span(text, operand.at)?
        }
        _ => return Ok(written),
    };
    Ok(written)
}

/// A day so many days later.
fn later(day: i64, days: i64) -> Option<i64> {
    Interval {
        days,
        ..Interval::default()
    }
    .after(day)
}

fn refused(operation: Operation, name: &str, left: &Operand, right: &Operand) -> ExpressionError {
    let is_date = |operand: &Operand| operand.node.type_.is_date();
    // The one that is there is taken as it is, and the other is wrong.
    let (there, wrong) = if is_date(right) && !is_date(left) {
        (right, left)
    } else {
        (left, right)
    };
    wrong.mismatch(match (operation, there.node.type_) {
        (Operation::Add, Type::Date | Type::Day) if is_date(wrong) => {
            format!("`{name}` adds no dates: subtract them for the time between them")
        }
        (Operation::Add, Type::Date | Type::Day) => {
            format!("`{name}` adds an interval to a date: write `interval '1 day'`")
        }
        (Operation::Subtract, Type::Date | Type::Day) => {
            format!("`{name}` takes an interval or a date from a date: write `interval '1 day'`")
        }
        (Operation::Multiply | Operation::Divide, Type::Interval) => {
            format!("`{name}` takes a number beside an interval")
        }
        (Operation::Add | Operation::Subtract, Type::Interval) => {
            format!("`{name}` takes an interval or a date beside an interval")
        }
        _ => format!(
            "`{name}` does not take {} beside it",
            there.node.type_.name()
        ),
    })
}
