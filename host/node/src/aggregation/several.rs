//! Aggregations of one request over several indexes.
//!
//! A request is planned for each index by itself, since a field may have another column there, or
//! none. What an index contributes is told apart by keys that know nothing of the index, so that
//! it is joined as segments are.

use std::sync::Arc;

use super::collect::{Counted, finish};
use super::error::AggregationError;
use super::partial::Partial;
use super::plan::{Op, Plan};
use super::result::AggregationResults;
use super::values::Input;
use crate::allowance::{Allowance, Steps};

/// What the hits of an index contribute, with the plans that they were collected by, and what holds
/// its memory.
pub(crate) type CountedIndex = (Vec<Arc<Plan>>, Counted, Allowance);

/// Makes one answer of what several indexes contribute.
///
/// # Errors
///
/// As [`finish`], and a field that has different types in the indexes.
pub(crate) fn finish_several(
    indexes: Vec<CountedIndex>,
    allowance: &Allowance,
) -> Result<Option<AggregationResults>, AggregationError> {
    let mut plans: Vec<Arc<Plan>> = Vec::new();
    let mut partials: Vec<Vec<Partial>> = Vec::new();
    let mut held = Vec::with_capacity(indexes.len());
    for (of_index, counted, of_partials) in indexes {
        held.push(of_partials);
        let counted = counted?;
        partials.resize_with(counted.len(), Vec::new);
        for (partials, partial) in partials.iter_mut().zip(counted) {
            partials.push(partial);
        }
        if plans.is_empty() {
            plans = of_index;
            continue;
        }
        for (plan, other) in plans.iter_mut().zip(of_index) {
            check_types(plan, &other)?;
            let other = if fields(&other) > fields(plan) {
                std::mem::replace(plan, other)
            } else {
                other
            };
            join_terms(plan, &other);
        }
    }
    if plans.is_empty() {
        return Ok(None);
    }
    let mut steps = Steps::new(allowance);
    let joined = plans.iter().zip(partials);
    let joined = joined.map(|(plan, partials)| Partial::merge(plan, partials, &mut steps));
    let joined = joined.collect();
    finish(&plans, Ok(joined), allowance).map(Some)
}

/// Gives a plan the terms of an index that another plan has collected.
fn join_terms(plan: &Plan, other: &Plan) {
    if let (Op::Terms(terms), Op::Terms(other)) = (&plan.op, &other.op) {
        terms.join(other);
    }
    for (plan, other) in plan.inside.iter().zip(&other.inside) {
        join_terms(plan, other);
    }
}

/// How many of the values of a plan its index has: the one that has most knows how to write them.
fn fields(plan: &Plan) -> usize {
    let inside: usize = plan.inside.iter().map(|plan| fields(plan)).sum();
    inside + usize::from(has_values(plan))
}

fn has_values(plan: &Plan) -> bool {
    !matches!(plan.values.input, Input::Nothing) || plan.values.missing.is_some()
}

fn check_types(plan: &Plan, other: &Plan) -> Result<(), AggregationError> {
    let both = has_values(plan) && has_values(other);
    if both && plan.values.value_type != other.values.value_type {
        let name = plan.name.clone();
        return Err(AggregationError::DifferentTypes { name });
    }
    let mut inside = plan.inside.iter().zip(&other.inside);
    inside.try_for_each(|(plan, other)| check_types(plan, other))
}
