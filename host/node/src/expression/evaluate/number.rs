//! Arithmetic and comparisons, a column at a time.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type};
use arrow_array::{Array as _, Float64Array, Int64Array, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};

use super::string::truth;
use super::{Evaluated, Evaluator};
use crate::expression::node::{Comparison, Node};
use crate::expression::vector::Truth;

impl Evaluator<'_> {
    /// From left to right, and null if one step is.
    pub(super) fn fold<T: ArrowPrimitiveType>(
        &mut self,
        operands: &[Arc<Node>],
        evaluate: fn(&mut Self, &Arc<Node>) -> Evaluated<PrimitiveArray<T>>,
        step: impl Fn(T::Native, T::Native) -> Option<T::Native> + Copy,
    ) -> Evaluated<PrimitiveArray<T>> {
        let mut all = evaluate(self, &operands[0])?;
        for operand in &operands[1..] {
            self.check()?;
            all = zip(&all, &evaluate(self, operand)?, step);
        }
        Ok(all)
    }

    pub(super) fn fold_doubles(
        &mut self,
        operands: &[Arc<Node>],
        step: impl Fn(f64, f64) -> f64 + Copy,
    ) -> Evaluated<Float64Array> {
        let mut all = self.double(&operands[0])?;
        for operand in &operands[1..] {
            self.check()?;
            let other = self.double(operand)?;
            let pairs = all.values().iter().zip(other.values());
            let values = pairs.map(|(one, other)| step(*one, *other)).collect();
            all = finite(values, NullBuffer::union(all.nulls(), other.nulls()));
        }
        Ok(all)
    }

    pub(super) fn map_doubles(
        &mut self,
        operands: &[Arc<Node>],
        map: impl Fn(f64) -> f64,
    ) -> Evaluated<Float64Array> {
        let operand = self.double(&operands[0])?;
        let values = operand.values().iter().map(|value| map(*value)).collect();
        Ok(finite(values, operand.nulls().cloned()))
    }
}

/// Two columns of any values compared, row by row.
pub(super) fn by_value<T: Ord>(
    comparison: Comparison,
    rows: usize,
    left: impl Fn(usize) -> Option<T>,
    right: impl Fn(usize) -> Option<T>,
) -> Truth {
    let holds = |row| Some(comparison.holds(left(row)?.cmp(&right(row)?)));
    let truths: Vec<Option<bool>> = (0..rows).map(holds).collect();
    truth(&truths)
}

/// Two columns of numbers compared. Both zeros are equal, and no number is infinite.
pub(super) fn compare<T: ArrowPrimitiveType>(
    comparison: Comparison,
    left: &PrimitiveArray<T>,
    right: &PrimitiveArray<T>,
) -> Truth
where
    T::Native: PartialOrd,
{
    let (one, other) = (left.values(), right.values());
    let rows = left.len();
    let compare = |holds: fn(&T::Native, &T::Native) -> bool| {
        BooleanBuffer::collect_bool(rows, |row| holds(&one[row], &other[row]))
    };
    let values = match comparison {
        Comparison::Equal => compare(PartialEq::eq),
        Comparison::NotEqual => compare(PartialEq::ne),
        Comparison::Less => compare(PartialOrd::lt),
        Comparison::LessOrEqual => compare(PartialOrd::le),
        Comparison::Greater => compare(PartialOrd::gt),
        Comparison::GreaterOrEqual => compare(PartialOrd::ge),
    };
    let valid = NullBuffer::union(left.nulls(), right.nulls());
    Truth::new(&values, valid.as_ref())
}

/// Longs compared to doubles, none of which is rounded.
pub(super) fn compare_mixed(
    comparison: Comparison,
    longs: &Int64Array,
    doubles: &Float64Array,
) -> Truth {
    let (one, other) = (longs.values(), doubles.values());
    let values = BooleanBuffer::collect_bool(longs.len(), |row| {
        comparison.holds(mixed_order(one[row], other[row]))
    });
    let valid = NullBuffer::union(longs.nulls(), doubles.nulls());
    Truth::new(&values, valid.as_ref())
}

/// The order of a long and a double, which is not NaN.
fn mixed_order(long: i64, double: f64) -> Ordering {
    #[expect(
        clippy::cast_precision_loss,
        reason = "rounding keeps the order of what differs"
    )]
    let rounded = long as f64;
    match rounded.partial_cmp(&double) {
        Some(Ordering::Equal) | None => {}
        Some(order) => return order,
    }
    if double >= 2_f64.powi(63) {
        return Ordering::Less;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a rounded long is whole")]
    let double = double as i64;
    long.cmp(&double)
}

/// A step for each row, null if it fails.
fn zip<T: ArrowPrimitiveType>(
    one: &PrimitiveArray<T>,
    other: &PrimitiveArray<T>,
    step: impl Fn(T::Native, T::Native) -> Option<T::Native>,
) -> PrimitiveArray<T> {
    let nulls = NullBuffer::union(one.nulls(), other.nulls());
    let pairs = one.values().iter().zip(other.values());
    stepped(pairs.map(|(one, other)| step(*one, *other)), nulls)
}

pub(super) fn map(operand: &Int64Array, step: impl Fn(i64) -> Option<i64>) -> Int64Array {
    let values = operand.values().iter();
    stepped::<Int64Type>(values.map(|value| step(*value)), operand.nulls().cloned())
}

fn stepped<T: ArrowPrimitiveType>(
    steps: impl ExactSizeIterator<Item = Option<T::Native>>,
    nulls: Option<NullBuffer>,
) -> PrimitiveArray<T> {
    let mut failed = Vec::new();
    let values: Vec<T::Native> = steps
        .enumerate()
        .map(|(row, value)| {
            value.unwrap_or_else(|| {
                failed.push(row);
                T::Native::default()
            })
        })
        .collect();
    if failed.is_empty() {
        return PrimitiveArray::new(values.into(), nulls);
    }
    let mut valid = vec![true; values.len()];
    for row in failed {
        valid[row] = false;
    }
    let nulls = NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::from(valid)));
    PrimitiveArray::new(values.into(), nulls)
}

/// Doubles, of which those that are not finite are null.
pub(super) fn finite(values: Vec<f64>, nulls: Option<NullBuffer>) -> Float64Array {
    let nulls = if values
        .iter()
        .fold(true, |all, value| all & value.is_finite())
    {
        nulls
    } else {
        let finite = BooleanBuffer::collect_bool(values.len(), |row| values[row].is_finite());
        NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::new(finite)))
    };
    PrimitiveArray::<Float64Type>::new(values.into(), nulls)
}
