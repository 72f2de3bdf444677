//! `histogram` and `date_histogram`: a bucket for each interval.
//!
//! Intervals are numbered, as whole doubles or as longs; a bucket's key is its interval's number.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use tantivy::columnar::MonotonicallyMappableToU64 as _;

use super::error::AggregationError;
use super::finish::{Budget, bucket};
use super::format::shown;
use super::metric::{put, put_shown};
use super::order::{self, Criterion, Order};
use super::partial::{Bucket, Key};
use super::plan::{Context, Plan};
use super::read;
use super::result::{Body, double};
use super::rounding::{self, Interval, Rounding};
use super::values::Values;
use crate::request::RequestError;
use crate::request::object::{Object, cut, wrong};

/// The smallest interval: one that is smaller has too many buckets for any values but zeros.
const LEAST_INTERVAL: f64 = 1e-100;

#[derive(Debug, Clone, PartialEq)]
struct Common {
    min_doc_count: u64,
    keyed: bool,
    order: Vec<Criterion>,
    extended: Option<Bounds<Json>>,
    hard: Option<Bounds<Json>>,
}

/// The first and the last of something.
#[derive(Debug, Clone, PartialEq)]
struct Bounds<T> {
    min: Option<T>,
    max: Option<T>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct HistogramRequest {
    interval: f64,
    offset: f64,
    common: Common,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct DateHistogramRequest {
    rounding: Rounding,
    common: Common,
}

/// Buckets as they are answered.
struct Shape {
    min_doc_count: u64,
    keyed: bool,
    order: Order,
}

pub(super) struct Histogram {
    interval: f64,
    offset: f64,
    extended: Bounds<f64>,
    hard: Bounds<f64>,
    shape: Shape,
}

pub(super) struct DateHistogram {
    rounding: Rounding,
    extended: Bounds<i64>,
    hard: Bounds<i64>,
    shape: Shape,
}

impl Common {
    fn read(of: Object<'_>) -> Result<Self, RequestError> {
        Ok(Self {
            min_doc_count: read::count(of, "min_doc_count")?.unwrap_or(0),
            keyed: read::boolean(of, "keyed")?.unwrap_or(false),
            order: order::read(of)?,
            extended: bounds(of, "extended_bounds")?,
            hard: bounds(of, "hard_bounds")?,
        })
    }

    fn shape(&self, inside: &[Arc<Plan>], path: &str) -> Result<Shape, AggregationError> {
        Ok(Shape {
            min_doc_count: self.min_doc_count,
            keyed: self.keyed,
            order: Order::plan(&self.order, &[("_key", false)], inside, path)?,
        })
    }

    /// The bounds as values: the extended ones lie within the hard ones.
    fn bounds<T: PartialOrd + Copy>(
        &self,
        path: &str,
        value: impl Fn(&Json, &str) -> Result<T, AggregationError>,
    ) -> Result<[Bounds<T>; 2], AggregationError> {
        let read = |bounds: &Option<Bounds<Json>>, name: &str| {
            let path = format!("{path}.{name}");
            let bound = |json: Option<&Json>, name: &str| {
                let value = json.map(|json| value(json, &format!("{path}.{name}")));
                value.transpose()
            };
            let bounds = bounds.as_ref();
            let min = bound(bounds.and_then(|bounds| bounds.min.as_ref()), "min")?;
            let max = bound(bounds.and_then(|bounds| bounds.max.as_ref()), "max")?;
            if min.zip(max).is_some_and(|(min, max)| min > max) {
                return Err(AggregationError::Value {
                    path,
                    expected: "a `min` that is not above its `max`",
                    found: "the other way round".to_owned(),
                });
            }
            Ok(Bounds { min, max })
        };
        let extended = read(&self.extended, "extended_bounds")?;
        let hard = read(&self.hard, "hard_bounds")?;
        let below = |left: Option<T>, right: Option<T>| {
            left.zip(right).is_some_and(|(left, right)| left < right)
        };
        if below(extended.min, hard.min) || below(hard.max, extended.max) {
            return Err(AggregationError::Value {
                path: format!("{path}.extended_bounds"),
                expected: "within `hard_bounds`",
                found: "outside of them".to_owned(),
            });
        }
        Ok([extended, hard])
    }
}

fn bounds(of: Object<'_>, key: &str) -> Result<Option<Bounds<Json>>, RequestError> {
    let Some(json) = of.get(key) else {
        return Ok(None);
    };
    let path = of.path(key);
    let object = Object::read(json, &path)?;
    object.knows(&["min", "max"])?;
    let bound = |key: &str| object.get(key).filter(|json| !json.is_null()).cloned();
    Ok(Some(Bounds {
        min: bound("min"),
        max: bound("max"),
    }))
}

impl HistogramRequest {
    pub(super) fn read(of: Object<'_>) -> Result<Self, RequestError> {
        let expected = "a number of at least 1e-100";
        let interval = read::optional(of, "interval", expected, |json| {
            read::number(json).filter(|interval| *interval >= LEAST_INTERVAL)
        })?;
        let missing = || RequestError::Missing {
            path: of.path("interval"),
        };
        Ok(Self {
            interval: interval.ok_or_else(missing)?,
            offset: read::optional(of, "offset", "a number", read::number)?.unwrap_or(0.0),
            common: Common::read(of)?,
        })
    }

    pub(super) fn plan(
        &self,
        inside: &[Arc<Plan>],
        path: &str,
    ) -> Result<Histogram, AggregationError> {
        let [extended, hard] = self.common.bounds(path, |json, path| {
            read::number(json).ok_or_else(|| AggregationError::Value {
                path: path.to_owned(),
                expected: "a number",
                found: cut(&json.to_string()),
            })
        })?;
        Ok(Histogram {
            interval: self.interval,
            offset: self.offset,
            extended,
            hard,
            shape: self.common.shape(inside, path)?,
        })
    }
}

impl DateHistogramRequest {
    pub(super) fn read(of: Object<'_>, zone_seconds: i64) -> Result<Self, RequestError> {
        const KEYS: &[&str] = &["calendar_interval", "fixed_interval", "interval"];
        let given = KEYS.iter().copied().filter(|key| of.get(key).is_some());
        let given: Vec<&str> = given.collect();
        let [key] = given[..] else {
            return Err(RequestError::OneOf {
                path: of.path("calendar_interval"),
                keys: KEYS,
            });
        };
        let expected = match key {
            "calendar_interval" => "an interval of the calendar, such as `day` or `1M`",
            "fixed_interval" => "a fixed interval, such as `90m` or `30d`",
            _ => "an interval, such as `1M` or `90m`",
        };
        let interval = read::optional(of, key, expected, |json| {
            let millis = json.as_i64().map(|millis| format!("{millis}ms"));
            let text = millis.or_else(|| json.as_str().map(str::to_owned))?;
            match key {
                "calendar_interval" => Interval::calendar(&text),
                "fixed_interval" => Interval::fixed(&text),
                _ => Interval::calendar(&text).or_else(|| Interval::fixed(&text)),
            }
        })?;
        let expected = "a span of time, such as `6h` or `-1d`";
        let offset = read::optional(of, "offset", expected, |json| {
            json.as_i64().or_else(|| rounding::span(json.as_str()?))
        })?;
        let interval = interval.ok_or_else(|| wrong(&of.path(key), expected, &Json::Null))?;
        let shift = offset.unwrap_or(0).saturating_sub(zone_seconds * 1_000);
        Ok(Self {
            rounding: Rounding { interval, shift },
            common: Common::read(of)?,
        })
    }

    pub(super) fn plan(
        &self,
        values: &Values,
        inside: &[Arc<Plan>],
        path: &str,
        context: Context<'_>,
    ) -> Result<DateHistogram, AggregationError> {
        let bounds = |json: &Json, path: &str| context.millis(json, &values.format, path);
        let [extended, hard] = self.common.bounds(path, bounds)?;
        Ok(DateHistogram {
            rounding: self.rounding,
            extended,
            hard,
            shape: self.common.shape(inside, path)?,
        })
    }
}

impl Histogram {
    /// The key of a value's interval, unless that lies outside of the hard bounds.
    pub(super) fn key(&self, value: f64) -> Option<u64> {
        let number = self.number(value);
        // As in OpenSearch, the offset is not in it.
        let start = number * self.interval;
        let Bounds { min, max } = &self.hard;
        let within = min.is_none_or(|min| start >= min) && max.is_none_or(|max| start <= max);
        within.then(|| number.to_u64())
    }

    fn number(&self, value: f64) -> f64 {
        // Without the sign of a negative zero.
        ((value - self.offset) / self.interval).floor() + 0.0
    }

    pub(super) fn finish(
        &self,
        plan: &Plan,
        buckets: Vec<(Key, Bucket)>,
        budget: &mut Budget,
    ) -> Result<Body, AggregationError> {
        let of = |key: &Key| match key {
            Key::Number(number) => f64::from_u64(*number),
            Key::Text(_) => 0.0,
        };
        let after = |key: &Key, steps: usize| Key::Number((of(key) + steps as f64).to_u64());
        let bound = |bound: Option<f64>| {
            let number = bound.map(|bound| self.number(bound));
            number.map(|number| Key::Number(number.to_u64()))
        };
        let bounds = [bound(self.extended.min), bound(self.extended.max)];
        let steps = |from: &Key, to: &Key| of(to) - of(from);
        let buckets = self
            .shape
            .fill(plan, buckets, bounds, steps, after, budget)?;
        self.shape.finish(plan, buckets, budget, |key| {
            let start = of(key) * self.interval + self.offset;
            (double(start), start)
        })
    }
}

impl DateHistogram {
    /// The key of an instant's interval, unless that lies outside of the hard bounds.
    pub(super) fn key(&self, millis: i64) -> Option<u64> {
        let number = self.rounding.number(millis);
        let Bounds { min, max } = self.hard;
        if min.is_some() || max.is_some() {
            let start = self.rounding.start(number);
            if min.is_some_and(|min| start < min) || max.is_some_and(|max| start >= max) {
                return None;
            }
        }
        Some(number.to_u64())
    }

    pub(super) fn finish(
        &self,
        plan: &Plan,
        buckets: Vec<(Key, Bucket)>,
        budget: &mut Budget,
    ) -> Result<Body, AggregationError> {
        let of = |key: &Key| match key {
            Key::Number(number) => i64::from_u64(*number),
            Key::Text(_) => 0,
        };
        let after =
            |key: &Key, steps: usize| Key::Number(of(key).saturating_add(steps as i64).to_u64());
        let bound = |bound: Option<i64>| {
            let number = bound.map(|bound| self.rounding.number(bound));
            number.map(|number| Key::Number(number.to_u64()))
        };
        let bounds = [bound(self.extended.min), bound(self.extended.max)];
        let steps = |from: &Key, to: &Key| of(to) as f64 - of(from) as f64;
        let buckets = self
            .shape
            .fill(plan, buckets, bounds, steps, after, budget)?;
        self.shape.finish(plan, buckets, budget, |key| {
            let start = self.rounding.start(of(key));
            (json!(start), start as f64)
        })
    }
}

impl Shape {
    /// Puts empty buckets between the others, and up to the bounds.
    fn fill(
        &self,
        plan: &Plan,
        mut buckets: Vec<(Key, Bucket)>,
        [min, max]: [Option<Key>; 2],
        steps: impl Fn(&Key, &Key) -> f64,
        after: impl Fn(&Key, usize) -> Key,
        budget: &mut Budget,
    ) -> Result<Vec<(Key, Bucket)>, AggregationError> {
        if self.min_doc_count > 0 {
            buckets.retain(|(_, bucket)| bucket.count >= self.min_doc_count);
            budget.take(buckets.len())?;
            return Ok(buckets);
        }
        let ends = buckets.first().zip(buckets.last());
        let (first, last) = match ends.map(|((first, _), (last, _))| (first, last)) {
            Some((first, last)) => (
                min.map_or(first.clone(), |min| min.min(first.clone())),
                max.map_or(last.clone(), |max| max.max(last.clone())),
            ),
            None => match min.zip(max) {
                Some(bounds) => bounds,
                None => return Ok(buckets),
            },
        };
        let count = budget.take_about(steps(&first, &last) + 1.0)?;
        let mut filled = Vec::with_capacity(count);
        let mut next = 0;
        for (key, bucket) in buckets {
            let until = (steps(&first, &key) as usize).min(count);
            filled.extend((next..until).map(|step| (after(&first, step), Bucket::empty(plan))));
            next = until + 1;
            filled.push((key, bucket));
        }
        filled.extend((next..count).map(|step| (after(&first, step), Bucket::empty(plan))));
        Ok(filled)
    }

    fn finish(
        &self,
        plan: &Plan,
        mut buckets: Vec<(Key, Bucket)>,
        budget: &mut Budget,
        start: impl Fn(&Key) -> (Json, f64),
    ) -> Result<Body, AggregationError> {
        self.order.sort(plan, &mut buckets, usize::MAX);
        let format = &plan.values.format;
        let finished = buckets.into_iter().map(|(key, of)| {
            let (json, start) = start(&key);
            let mut head = Map::new();
            put_shown(&mut head, "key_as_string", start, format);
            let name = match (self.keyed, format.show(start)) {
                (false, _) => String::new(),
                (true, Some(shown)) => shown,
                // A long has no decimal places.
                (true, None) if json.is_i64() => json.to_string(),
                (true, None) => shown(start),
            };
            put(&mut head, "key", json);
            put(&mut head, "doc_count", json!(of.count));
            bucket(plan, name, head, of, budget)
        });
        Ok(Body::Buckets {
            head: Map::new(),
            buckets: finished.collect::<Result<_, _>>()?,
            keyed: self.keyed,
        })
    }
}
