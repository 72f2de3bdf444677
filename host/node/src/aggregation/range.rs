//! `range` and `date_range`: the buckets that were asked for, which may overlap.

use serde_json::{Map, Value as Json, json};

use super::error::AggregationError;
use super::finish::{Budget, bucket, numbered};
use super::metric::{put, put_shown};
use super::partial::{Bucket, Key};
use super::plan::{Context, Plan};
use super::read;
use super::result::{Body, double};
use super::values::Values;
use crate::request::RequestError;
use crate::request::object::{Object, at_most, cut, wrong};

/// How many ranges there may be.
const MOST: usize = 1_024;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct RangeRequest {
    /// Whether the bounds are dates.
    pub(super) dates: bool,
    keyed: bool,
    ranges: Vec<(Option<String>, [Option<Json>; 2])>,
}

pub(super) struct Range {
    keyed: bool,
    /// By their bounds.
    pub(super) ranges: Vec<OneRange>,
}

pub(super) struct OneRange {
    key: String,
    /// Within the range.
    from: f64,
    /// Not within it.
    to: f64,
}

impl RangeRequest {
    pub(super) fn read(of: Object<'_>, dates: bool) -> Result<Self, RequestError> {
        let path = of.path("ranges");
        let json = of.required("ranges")?;
        let list = json.as_array();
        let list = list.ok_or_else(|| wrong(&path, "a list of ranges", json))?;
        if list.is_empty() {
            let reason = "it is empty: give at least one range".to_owned();
            return Err(RequestError::Aggregation { path, reason });
        }
        at_most(list.len(), MOST, "ranges", &path)?;
        let range = |(number, json): (usize, &Json)| {
            let path = format!("{path}[{number}]");
            let range = Object::read(json, &path)?;
            range.knows(&["from", "to", "key"])?;
            let bound = |key: &str| range.get(key).filter(|json| !json.is_null()).cloned();
            Ok((read::text(range, "key")?, [bound("from"), bound("to")]))
        };
        let ranges = list.iter().enumerate().map(range);
        Ok(Self {
            dates,
            keyed: read::boolean(of, "keyed")?.unwrap_or(false),
            ranges: ranges.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn plan(
        &self,
        values: &Values,
        path: &str,
        context: Context<'_>,
    ) -> Result<Range, AggregationError> {
        let bound = |json: &Option<Json>, number: usize, name: &str, open: f64| {
            let Some(json) = json else {
                return Ok(open);
            };
            let path = format!("{path}.ranges[{number}].{name}");
            if self.dates {
                // A number is a date in the field's format, as its digits are.
                let digits =
                    read::number(json).map(|number| Json::from((number as i64).to_string()));
                let json = digits
                    .filter(|_| json.is_number())
                    .unwrap_or_else(|| json.clone());
                let millis = context.millis(&json, &values.format, &path)?;
                return Ok(millis as f64);
            }
            read::number(json).ok_or_else(|| AggregationError::Value {
                path,
                expected: "a number",
                found: cut(&json.to_string()),
            })
        };
        let mut ranges = Vec::with_capacity(self.ranges.len());
        for (number, (key, [from, to])) in self.ranges.iter().enumerate() {
            let from = bound(from, number, "from", f64::NEG_INFINITY)?;
            let to = bound(to, number, "to", f64::INFINITY)?;
            let shown = |bound: f64| match bound.is_finite() {
                true => values.format.key(bound),
                false => "*".to_owned(),
            };
            let key = key.clone();
            let key = key.unwrap_or_else(|| format!("{}-{}", shown(from), shown(to)));
            ranges.push(OneRange { key, from, to });
        }
        ranges.sort_by(|left, right| {
            let by_from = left.from.total_cmp(&right.from);
            by_from.then(left.to.total_cmp(&right.to))
        });
        let keyed = self.keyed;
        Ok(Range { keyed, ranges })
    }
}

impl OneRange {
    pub(super) fn contains(&self, value: f64) -> bool {
        self.from <= value && value < self.to
    }
}

impl Range {
    pub(super) fn finish(
        &self,
        plan: &Plan,
        buckets: Vec<(Key, Bucket)>,
        budget: &mut Budget,
    ) -> Result<Body, AggregationError> {
        budget.take(self.ranges.len())?;
        let mut finished = Vec::with_capacity(self.ranges.len());
        for (range, of) in self.ranges.iter().zip(numbered(buckets, plan)) {
            let mut head = Map::new();
            if !self.keyed {
                put(&mut head, "key", json!(range.key));
            }
            for (name, bound) in [("from", range.from), ("to", range.to)] {
                if bound.is_finite() {
                    put(&mut head, name, double(bound));
                    let shown_name = format!("{name}_as_string");
                    put_shown(&mut head, &shown_name, bound, &plan.values.format);
                }
            }
            put(&mut head, "doc_count", json!(of.count));
            finished.push(bucket(plan, range.key.clone(), head, of, budget)?);
        }
        Ok(Body::Buckets {
            head: Map::new(),
            buckets: finished,
            keyed: self.keyed,
        })
    }
}
