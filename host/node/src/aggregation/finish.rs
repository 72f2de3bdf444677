//! Partials that become answers.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::error::AggregationError;
use super::metric::put;
use super::partial::{Bucket, Key, Partial};
use super::plan::{Op, Plan};
use super::result::{AggregationResult, AggregationResults, Body, BucketResult};

/// How many buckets an answer may have.
const MOST_BUCKETS: usize = 65_536;

/// How many empty buckets may be looked at for it.
const MOST_EMPTY: usize = 1 << 22;

/// How many more buckets an answer may have, and how many empty ones may be looked at for it.
pub(super) struct Budget {
    buckets: usize,
    empty: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            buckets: MOST_BUCKETS,
            empty: MOST_EMPTY,
        }
    }

    /// Looks at so many empty buckets, most of which are not in the answer.
    pub(super) fn look_at(&mut self, count: usize) -> Result<(), AggregationError> {
        let limit = MOST_EMPTY;
        let left = self.empty.checked_sub(count);
        self.empty = left.ok_or(AggregationError::TooManyBuckets { limit })?;
        Ok(())
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
