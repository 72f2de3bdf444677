//! Partials that become answers.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::error::AggregationError;
use super::metric::put;
use super::partial::{Bucket, Key, Partial};
use super::plan::{Op, Plan};
use super::result::{AggregationResult, AggregationResults, Body, BucketResult};
use crate::allowance::{Allowance, Steps};
use crate::memory::Reservation;
use crate::value::{json_bytes, members_bytes};

/// How many buckets an answer may have, as OpenSearch's `search.max_buckets`.
const MOST_BUCKETS: usize = 65_535;

/// How many empty buckets may be looked at for it.
const MOST_EMPTY: usize = 1 << 22;

/// How many more buckets an answer may have, and how many empty ones may be looked at for it.
pub(super) struct Budget {
    buckets: usize,
    empty: usize,
    allowance: Allowance,
    pub(super) steps: Steps,
}

impl Budget {
    pub(super) fn new(allowance: &Allowance) -> Self {
        Self {
            buckets: MOST_BUCKETS,
            empty: MOST_EMPTY,
            allowance: allowance.clone(),
            steps: Steps::new(allowance),
        }
    }

    /// Reserves memory that is not part of the answer.
    pub(super) fn reserve(&self, bytes: u64) -> Result<Reservation, AggregationError> {
        Ok(self.allowance.reserve(bytes)?)
    }

    /// Takes memory for a part of the answer, and the time for it.
    pub(super) fn hold(&mut self, bytes: u64) -> Result<(), AggregationError> {
        self.steps.check(1)?;
        Ok(self.allowance.take(bytes)?)
    }

    /// Looks at so many empty buckets, most of which are not in the answer.
    pub(super) fn look_at(&mut self, count: usize) -> Result<(), AggregationError> {
        let limit = MOST_EMPTY;
        let left = self.empty.checked_sub(count);
        self.empty = left.ok_or(AggregationError::TooManyBuckets { limit })?;
        Ok(self.steps.check(count)?)
    }

    /// Takes so many.
    pub(super) fn take(&mut self, count: usize) -> Result<(), AggregationError> {
        let limit = MOST_BUCKETS;
        let left = self.buckets.checked_sub(count);
        self.buckets = left.ok_or(AggregationError::TooManyBuckets { limit })?;
        Ok(())
    }

    /// Takes a number that may be far too large.
    pub(super) fn take_about(&mut self, count: f64) -> Result<usize, AggregationError> {
        // What is no number becomes 0, and what is too large the largest.
        let count = if count.is_nan() {
            usize::MAX
        } else {
            count as usize
        };
        self.take(count)?;
        Ok(count)
    }
}

/// Finishes aggregations that lie beside each other.
pub(super) fn finish_all(
    plans: &[Arc<Plan>],
    partials: Vec<Partial>,
    budget: &mut Budget,
) -> Result<AggregationResults, AggregationError> {
    let finished = plans.iter().zip(partials);
    let finished = finished.map(|(plan, partial)| plan.finish(partial, budget));
    finished.collect::<Result<_, _>>().map(AggregationResults)
}

impl Plan {
    fn finish(
        &self,
        partial: Partial,
        budget: &mut Budget,
    ) -> Result<AggregationResult, AggregationError> {
        let body = match (&self.op, partial) {
            (Op::Metric(metric), partial) => {
                Body::Numbers(metric.finish(partial, &self.values.format))
            }
            (op, Partial::Buckets(buckets)) => match op {
                Op::Terms(terms) => terms.finish(self, buckets, budget)?,
                Op::Histogram(histogram) => histogram.finish(self, buckets, budget)?,
                Op::DateHistogram(histogram) => histogram.finish(self, buckets, budget)?,
                Op::Range(range) => range.finish(self, buckets, budget)?,
                Op::Filters(filters) if !filters.one => filters.finish(self, buckets, budget)?,
                Op::Filters(_) | Op::Missing | Op::Global | Op::Metric(_) => {
                    let found = buckets.into_iter().next();
                    let of = found.map_or_else(|| Bucket::empty(self), |(_, bucket)| bucket);
                    let mut head = Map::new();
                    put(&mut head, "doc_count", json!(of.count));
                    Body::Bucket(bucket(self, String::new(), head, of, budget)?)
                }
            },
            _ => Body::Numbers(Map::new()),
        };
        let bytes = match &body {
            Body::Numbers(numbers) => members_bytes(numbers),
            // Buckets were counted when they were made.
            Body::Bucket(_) | Body::Buckets { .. } => 0,
        };
        let meta = self.meta.as_ref().map_or(0, json_bytes);
        // Names and metadata are in the answer as often as there are buckets around.
        let own = size_of::<AggregationResult>() + self.name.len();
        budget.hold(bytes + meta + own as u64)?;
        Ok(AggregationResult {
            name: self.name.clone(),
            type_name: self.type_name,
            meta: self.meta.clone(),
            body,
        })
    }
}

/// Finishes a bucket.
pub(super) fn bucket(
    plan: &Plan,
    name: String,
    head: Map<String, Json>,
    bucket: Bucket,
    budget: &mut Budget,
) -> Result<BucketResult, AggregationError> {
    let own = size_of::<BucketResult>() + name.len();
    budget.hold(own as u64 + members_bytes(&head))?;
    let inside = finish_all(&plan.inside, bucket.inside, budget)?;
    Ok(BucketResult { name, head, inside })
}

/// The buckets with the numbers 0, 1, 2 and so on without end; those that no document is in are
/// empty.
pub(super) fn numbered(
    buckets: Vec<(Key, Bucket)>,
    plan: &Plan,
) -> impl Iterator<Item = Bucket> + '_ {
    let mut buckets = buckets.into_iter().peekable();
    (0_u64..).map(move |number| {
        let found = buckets.next_if(|(key, _)| *key == Key::Number(number));
        found.map_or_else(|| Bucket::empty(plan), |(_, bucket)| bucket)
    })
}
