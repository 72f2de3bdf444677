//! A value that is one of several: the first that fits, or the best.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::{Float64Array, Int64Array};
use arrow_buffer::BooleanBuffer;

use super::{Evaluated, Evaluator, Undone, Valued};
use crate::expression::node::{Kind, Node, Operation};
use crate::expression::vector::{Intervals, Text, Truth};

impl Evaluator<'_> {
    /// A node that is one of several values of its type.
    pub(super) fn alternative<T: Alternative>(
        &mut self,
        node: &Node,
        evaluate: fn(&mut Self, &Arc<Node>) -> Evaluated<T>,
    ) -> Evaluated<T> {
        self.check()?;
        let rows = self.block.rows;
        match &node.kind {
            Kind::Case(branches, otherwise) => self.case(branches, otherwise, evaluate),
            Kind::Coalesce(operands) => self.first(operands, evaluate),
            Kind::Compute(operation @ (Operation::Least | Operation::Greatest), operands) => {
                let mut vectors = Vec::with_capacity(operands.len());
                for operand in operands {
                    vectors.push(evaluate(self, operand)?);
                }
                let least = *operation == Operation::Least;
                let best = |row| {
                    let valid = (0..vectors.len()).filter(|at| vectors[*at].is_valid(row));
                    let best = valid.reduce(|best, next| {
                        let order = T::compare(&vectors[next], &vectors[best], row);
                        let wins = if least { order.is_lt() } else { order.is_gt() };
                        if wins { next } else { best }
                    });
                    u32::try_from(best.unwrap_or(0)).unwrap_or(0)
                };
                let numbers: Vec<u32> = (0..rows).map(best).collect();
                Ok(T::choose(&vectors, &numbers))
            }
            _ => Ok(T::null(rows)),
        }
    }

    /// The value beside the first condition that is true.
    fn case<T: Alternative>(
        &mut self,
        branches: &[(Arc<Node>, Arc<Node>)],
        otherwise: &Arc<Node>,
        evaluate: fn(&mut Self, &Arc<Node>) -> Evaluated<T>,
    ) -> Evaluated<T> {
        let rows = self.block.rows;
        let mut vectors = Vec::with_capacity(branches.len() + 1);
        let mut numbers = vec![0; rows];
        // The rows for which no condition is true so far.
        let mut open = BooleanBuffer::new_set(rows);
        vectors.push(T::null(rows));
        for (condition, value) in branches {
            let number = u32::try_from(vectors.len()).map_err(|_| Undone::TooLarge)?;
            let truth = self.open(condition, &open, Self::boolean)?;
            let chosen = truth.yes() & &open;
            for row in chosen.set_indices() {
                numbers[row] = number;
            }
            vectors.push(self.open(value, &chosen, evaluate)?);
            open = &open & &!&chosen;
        }
        vectors[0] = self.open(otherwise, &open, evaluate)?;
        Ok(T::choose(&vectors, &numbers))
    }

    /// The first of several values that is not null.
    fn first<T: Alternative>(
        &mut self,
        operands: &[Arc<Node>],
        evaluate: fn(&mut Self, &Arc<Node>) -> Evaluated<T>,
    ) -> Evaluated<T> {
        let rows = self.block.rows;
        let mut vectors = Vec::with_capacity(operands.len());
        let mut open = BooleanBuffer::new_set(rows);
        for operand in operands {
            let vector = self.open(operand, &open, evaluate)?;
            if operands.iter().any(|operand| operand.calls) {
                open = &open & &!&vector.valid();
            }
            vectors.push(vector);
        }
        let last = vectors.len() - 1;
        let first = |row| {
            let valid = vectors.iter().position(|vector| vector.is_valid(row));
            u32::try_from(valid.unwrap_or(last)).unwrap_or(0)
        };
        let numbers: Vec<u32> = (0..rows).map(first).collect();
        Ok(T::choose(&vectors, &numbers))
    }

    /// A node whose values matter in some rows only.
    fn open<T>(
        &mut self,
        node: &Arc<Node>,
        rows: &BooleanBuffer,
        evaluate: fn(&mut Self, &Arc<Node>) -> Evaluated<T>,
    ) -> Evaluated<T> {
        if node.calls {
            self.among(rows, |evaluator| evaluate(evaluator, node))
        } else {
            evaluate(self, node)
        }
    }
}

/// Vectors whose values have an order.
pub(super) trait Alternative: Valued {
    /// The order of the values of two vectors in a row in which both have one.
    fn compare(one: &Self, other: &Self, row: usize) -> Ordering;
}

impl Alternative for Truth {
    fn compare(one: &Self, other: &Self, row: usize) -> Ordering {
        one.value(row).cmp(&other.value(row))
    }
}

impl Alternative for Int64Array {
    fn compare(one: &Self, other: &Self, row: usize) -> Ordering {
        one.value(row).cmp(&other.value(row))
    }
}

impl Alternative for Float64Array {
    fn compare(one: &Self, other: &Self, row: usize) -> Ordering {
        let order = one.value(row).partial_cmp(&other.value(row));
        order.unwrap_or(Ordering::Equal)
    }
}

impl Alternative for Intervals {
    fn compare(one: &Self, other: &Self, row: usize) -> Ordering {
        one.value(row).cmp(&other.value(row))
    }
}

impl Alternative for Text {
    fn compare(one: &Self, other: &Self, row: usize) -> Ordering {
        one.value(row).cmp(&other.value(row))
    }
}
