//! In which order buckets come.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::error::AggregationError;
use super::metric::Metric;
use super::partial::{Bucket, Key, Partial};
use super::plan::{Op, Plan};
use crate::request::RequestError;
use crate::request::object::{Object, cut, wrong};

/// The most criteria.
const MOST: usize = 16;

/// A criterion as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Criterion {
    by: String,
    descending: bool,
}

/// Reads one criterion or a list of them.
pub(super) fn read(of: Object<'_>) -> Result<Vec<Criterion>, RequestError> {
    let path = of.path("order");
    let Some(json) = of.get("order") else {
        return Ok(Vec::new());
    };
    let list = match json {
        Json::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    if list.is_empty() || list.len() > MOST {
        return Err(wrong(&path, "from 1 to 16 criteria", json));
    }
    let criterion = |json| {
        let object = Object::read(json, &path)?;
        let (by, direction) = object.only("what to order by")?;
        let descending = match direction.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("asc") => false,
            Some("desc") => true,
            _ => return Err(wrong(&object.path(by), "`asc` or `desc`", direction)),
        };
        let by = by.to_owned();
        Ok(Criterion { by, descending })
    };
    list.iter().map(criterion).collect()
}

/// Criteria over the aggregations inside; ties are in the order of the keys.
#[derive(Debug, PartialEq)]
pub(super) struct Order(Vec<(By, bool)>);

#[derive(Debug, PartialEq)]
enum By {
    Count,
    Key,
    /// A number of an aggregation inside.
    Number {
        /// Which one, and which one in that, by their places.
        path: Vec<usize>,
        /// Which of its numbers; `None` for the one that it has, or a bucket's count.
        name: Option<String>,
    },
}

impl Order {
    /// Finds what is ordered by among the aggregations inside; without criteria, `or`.
    pub(super) fn plan(
        criteria: &[Criterion],
        or: &[(&str, bool)],
        inside: &[std::sync::Arc<Plan>],
        path: &str,
    ) -> Result<Self, AggregationError> {
        let given = criteria.iter();
        let given = given.map(|criterion| (criterion.by.as_str(), criterion.descending));
        let mut all: Vec<(&str, bool)> = given.collect();
        if all.is_empty() {
            all = or.to_vec();
        }
        let find = |(by, descending): (&str, bool)| {
            let found = match by {
                "_count" => By::Count,
                "_key" | "_term" | "_time" => By::Key,
                other => number(other, inside).map_err(|reason| AggregationError::Order {
                    path: format!("{path}.order"),
                    order: cut(other),
                    reason: reason.to_owned(),
                })?,
            };
            Ok((found, descending))
        };
        all.into_iter()
            .map(find)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Sorts buckets; at least the first `limit` are in their places, and the others behind them.
    pub(super) fn sort(&self, plan: &Plan, buckets: &mut Vec<(Key, Bucket)>, limit: usize) {
        let numbers = |bucket: &Bucket| -> Vec<f64> {
            let numbers = self.0.iter().filter_map(|(by, _)| match by {
                By::Number { path, name } => Some(value(plan, bucket, path, name.as_deref())),
                By::Count | By::Key => None,
            });
            numbers.collect()
        };
        let with_numbers = buckets.drain(..).map(|(key, bucket)| {
            let numbers = numbers(&bucket);
            (key, bucket, numbers)
        });
        let mut sorted: Vec<(Key, Bucket, Vec<f64>)> = with_numbers.collect();
        let compare = |left: &(Key, Bucket, Vec<f64>), right: &(Key, Bucket, Vec<f64>)| {
            let mut numbers = left.2.iter().zip(&right.2);
            for (by, descending) in &self.0 {
                let (left_number, right_number) = match by {
                    By::Number { .. } => numbers.next().unwrap_or((&0.0, &0.0)),
                    By::Count | By::Key => (&0.0, &0.0),
                };
                let order = match by {
                    By::Count => left.1.count.cmp(&right.1.count),
                    By::Key => left.0.cmp(&right.0),
                    By::Number { .. } => {
                        // What has no number comes last in either direction.
                        match (left_number.is_nan(), right_number.is_nan()) {
                            (false, false) => left_number.total_cmp(right_number),
                            (true, true) => Ordering::Equal,
                            (true, false) => return Ordering::Greater,
                            (false, true) => return Ordering::Less,
                        }
                    }
                };
                let order = if *descending { order.reverse() } else { order };
                if order.is_ne() {
                    return order;
                }
            }
            left.0.cmp(&right.0)
        };
        if limit > 0 && limit < sorted.len() {
            sorted.select_nth_unstable_by(limit - 1, compare);
            sorted[..limit].sort_by(compare);
        } else {
            sorted.sort_by(compare);
        }
        let sorted = sorted.into_iter();
        buckets.extend(sorted.map(|(key, bucket, _)| (key, bucket)));
    }
}

/// Finds `metric`, `stats.avg`, `percentiles[99.9]` or `filter>metric`.
fn number(by: &str, mut inside: &[std::sync::Arc<Plan>]) -> Result<By, &'static str> {
    const UNKNOWN: &str = "there is no such aggregation inside";
    let mut path = Vec::new();
    let mut steps = by.split('>').map(str::trim).peekable();
    while let Some(step) = steps.next() {
        if step == "_count" && !path.is_empty() && steps.peek().is_none() {
            return Ok(By::Number { path, name: None });
        }
        let place = |name: &str| inside.iter().position(|plan| plan.name == name);
        // The name itself may have dots.
        let (at, name) = match place(step) {
            Some(at) => (at, None),
            None => {
                let mut marks = step.match_indices(['.', '[']);
                let split = marks.find_map(|(mark, found)| {
                    let name = &step[mark + 1..];
                    let name = if found == "[" {
                        name.strip_suffix(']')?
                    } else {
                        name
                    };
                    Some((place(&step[..mark])?, name))
                });
                let (at, name) = split.ok_or(UNKNOWN)?;
                (at, Some(name))
            }
        };
        path.push(at);
        let plan = &inside[at];
        match &plan.op {
            Op::Metric(metric) if steps.peek().is_none() => {
                return if metric.has_value(name) {
                    let name = name.map(str::to_owned);
                    Ok(By::Number { path, name })
                } else {
                    Err("name one number of the aggregation, as in `stats.avg`")
                };
            }
            Op::Metric(_) => return Err("a metric has no aggregations inside"),
            op if op.is_one_bucket() => match (name, steps.peek()) {
                (None | Some("_count" | "doc_count"), None) => {
                    return Ok(By::Number { path, name: None });
                }
                (None, Some(_)) => inside = &plan.inside,
                (Some(_), _) => return Err("a bucket has `_count` alone"),
            },
            _ => return Err("only metrics and aggregations of one bucket can be ordered by"),
        }
    }
    Err(UNKNOWN)
}

fn value(plan: &Plan, bucket: &Bucket, path: &[usize], name: Option<&str>) -> f64 {
    let Some((first, rest)) = path.split_first() else {
        return bucket.count as f64;
    };
    let plan = &plan.inside[*first];
    match (&plan.op, &bucket.inside[*first]) {
        (Op::Metric(metric), partial) => Metric::value(metric, partial, name),
        (_, Partial::Buckets(buckets)) => match buckets.first() {
            Some((_, bucket)) => value(plan, bucket, rest, name),
            None => value(plan, &Bucket::empty(plan), rest, name),
        },
        _ => f64::NAN,
    }
}
