//! What a segment, or several, contribute to an answer.

use super::digest::Digest;
use super::distinct::Distinct;
use super::metric::{Metric, Numbers};
use super::plan::{Op, Plan};
use crate::allowance::Steps;

/// The state of an aggregation in a bucket, without anything of a segment.
#[derive(Debug, Clone)]
pub(crate) enum Partial {
    Numbers(Numbers),
    Count(u64),
    Distinct(Distinct),
    Digest(Digest),
    /// In the order of their keys, none of them twice.
    Buckets(Vec<(Key, Bucket)>),
}

/// What tells buckets apart. Numbers are in the order of the values that they stand for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Number(u64),
    Text(Box<str>),
}

impl Key {
    /// What it takes besides its bucket, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Number(_) => 0,
            Self::Text(text) => text.len() as u64,
        }
    }
}

/// Documents that have something in common.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(super) count: u64,
    /// One for each aggregation inside, in their order.
    pub(super) inside: Vec<Partial>,
}

impl Bucket {
    pub(super) fn empty(plan: &Plan) -> Self {
        Self {
            count: 0,
            inside: plan
                .inside
                .iter()
                .map(|plan| Partial::empty(plan))
                .collect(),
        }
    }
}

impl Partial {
    pub(super) fn empty(plan: &Plan) -> Self {
        match &plan.op {
            Op::Metric(metric) => metric.empty(),
            _ => Self::Buckets(Vec::new()),
        }
    }

    /// Joins what several segments contribute to one aggregation, until the search has to end.
    pub(super) fn merge(
        plan: &Plan,
        parts: impl IntoIterator<Item = Self>,
        steps: &mut Steps,
    ) -> Self {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_else(|| Self::empty(plan));
        parts.fold(first, |left, right| match (left, right) {
            (Self::Numbers(mut left), Self::Numbers(right)) => {
                left.merge(right);
                Self::Numbers(left)
            }
            (Self::Count(left), Self::Count(right)) => Self::Count(left + right),
            (Self::Distinct(mut left), Self::Distinct(right)) => {
                let threshold = match plan.op {
                    Op::Metric(Metric::Cardinality { threshold }) => threshold,
                    _ => 0,
                };
                left.merge(right, threshold);
                Self::Distinct(left)
            }
            (Self::Digest(mut left), Self::Digest(right)) => {
                left.merge(right);
                Self::Digest(left)
            }
            (Self::Buckets(left), Self::Buckets(right)) => {
                Self::Buckets(merge_buckets(plan, left, right, steps))
            }
            // An aggregation's partials are of one kind.
            (left, _) => left,
        })
    }
}

/// Joins buckets by their keys, in whose order they are.
pub(super) fn merge_buckets(
    plan: &Plan,
    left: Vec<(Key, Bucket)>,
    right: Vec<(Key, Bucket)>,
    steps: &mut Steps,
) -> Vec<(Key, Bucket)> {
    let mut merged = Vec::with_capacity(left.len().max(right.len()));
    let mut right = right.into_iter().peekable();
    for (key, mut bucket) in left {
        if !steps.goes_on(1) {
            return merged;
        }
        while let Some(before) = right.next_if(|(other, _)| *other < key) {
            merged.push(before);
        }
        if let Some((_, other)) = right.next_if(|(other, _)| *other == key) {
            bucket.count += other.count;
            let inside = bucket.inside.into_iter().zip(other.inside);
            let inside = plan.inside.iter().zip(inside);
            bucket.inside = inside
                .map(|(plan, (left, right))| Partial::merge(plan, [left, right], steps))
                .collect();
        }
        merged.push((key, bucket));
    }
    merged.extend(right);
    merged
}
