//! `terms`: a bucket for each value.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value as Json, json};
use tantivy::columnar::MonotonicallyMappableToU64 as _;

use super::collect::Memory;
use super::error::AggregationError;
use super::finish::{Budget, bucket};
use super::format::Format;
use super::metric::{put, put_shown};
use super::order::{self, Criterion, Order};
use super::partial::{Bucket, Key, Partial, merge_buckets};
use super::plan::{Context, Plan};
use super::read;
use super::result::{Body, double};
use super::values::{Missing, Values, number};
use crate::expression::ColumnType;
use crate::request::RequestError;
use crate::request::object::{Object, wrong};

const DEFAULT_SIZE: u64 = 10;

/// How many values `include` and `exclude` may have.
const MOST_VALUES: usize = 65_536;

/// What a term takes among all of them, in bytes.
const KEY_BYTES: u64 = 64;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct TermsRequest {
    size: usize,
    min_doc_count: u64,
    order: Vec<Criterion>,
    include: Option<Vec<Json>>,
    exclude: Option<Vec<Json>>,
    shows_error: bool,
}

pub(super) struct Terms {
    size: usize,
    pub(super) min_doc_count: u64,
    order: Order,
    include: Option<HashSet<Key>>,
    exclude: Option<HashSet<Key>>,
    shows_error: bool,
    /// All terms of the index, where those that no hit has are shown too.
    all: Mutex<BTreeSet<Key>>,
}

impl TermsRequest {
    pub(super) fn read(of: Object<'_>) -> Result<Self, RequestError> {
        // There is one shard: it sends all of its buckets, and how is its own affair.
        read::size(of, "shard_size")?;
        let modes = ["breadth_first", "depth_first"];
        let expected = "`breadth_first` or `depth_first`";
        read::word(of, "collect_mode", &modes, expected)?;
        let hints = ["map", "global_ordinals"];
        let expected = "`map` or `global_ordinals`";
        read::word(of, "execution_hint", &hints, expected)?;
        let least = read::count(of, "min_doc_count")?.unwrap_or(1);
        let of_shard = read::count(of, "shard_min_doc_count")?.unwrap_or(0);
        let values = |key: &str| match of.get(key) {
            None => Ok(None),
            Some(Json::Array(list)) if list.len() <= MOST_VALUES => Ok(Some(list.clone())),
            Some(other) => Err(wrong(&of.path(key), "a list of up to 65,536 values", other)),
        };
        let size = read::size(of, "size")?.unwrap_or(DEFAULT_SIZE);
        Ok(Self {
            size: usize::try_from(size).unwrap_or(usize::MAX),
            min_doc_count: least.max(of_shard),
            order: order::read(of)?,
            include: values("include")?,
            exclude: values("exclude")?,
            shows_error: read::boolean(of, "show_term_doc_count_error")?.unwrap_or(false),
        })
    }

    pub(super) fn plan(
        &self,
        values: &Values,
        inside: &[Arc<Plan>],
        path: &str,
        context: Context<'_>,
    ) -> Result<Terms, AggregationError> {
        let keys = |list: &Option<Vec<Json>>, name: &str| {
            let key = |json| -> Result<Key, AggregationError> {
                let path = format!("{path}.{name}");
                let value = context.value(json, values.value_type, &values.format, &path)?;
                Ok(match value {
                    Missing::Number(number) => Key::Number(number),
                    Missing::Text(text) => Key::Text(text.into()),
                })
            };
            let keys = list.as_ref().map(|list| list.iter().map(key).collect());
            keys.transpose()
        };
        let by_count = [("_count", true)];
        Ok(Terms {
            size: self.size,
            min_doc_count: self.min_doc_count,
            order: Order::plan(&self.order, &by_count, inside, path)?,
            include: keys(&self.include, "include")?,
            exclude: keys(&self.exclude, "exclude")?,
            shows_error: self.shows_error,
            all: Mutex::default(),
        })
    }
}

impl Terms {
    /// Takes the terms of another index, too.
    pub(super) fn join(&self, other: &Self) {
        let mut other = other.all.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.append(&mut other);
    }

    /// Adds terms of a segment to those that are shown.
    pub(super) fn add_all(&self, keys: Vec<Key>, memory: &Memory) -> Result<(), AggregationError> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            memory.take(KEY_BYTES + key.bytes())?;
            all.insert(key);
        }
        Ok(())
    }

    /// Puts empty buckets of the terms that no hit has between the others.
    fn fill(
        &self,
        plan: &Plan,
        buckets: Vec<(Key, Bucket)>,
        budget: &mut Budget,
    ) -> Result<Vec<(Key, Bucket)>, AggregationError> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        budget.look_at(all.len())?;
        // As much as they have taken, and what they have inside.
        let inside = plan.inside.len() * size_of::<Partial>();
        let empty = (size_of::<(Key, Bucket)>() + inside) as u64;
        let bytes = all.iter().map(|key| empty.saturating_add(key.bytes()));
        let _held = budget.reserve(bytes.sum())?;
        let mut empty = Vec::with_capacity(all.len());
        for key in all.iter() {
            budget.steps.check(1)?;
            empty.push((key.clone(), Bucket::empty(plan)));
        }
        Ok(merge_buckets(plan, buckets, empty, &mut budget.steps))
    }

    pub(super) fn finish(
        &self,
        plan: &Plan,
        mut buckets: Vec<(Key, Bucket)>,
        budget: &mut Budget,
    ) -> Result<Body, AggregationError> {
        if self.min_doc_count == 0 {
            buckets = self.fill(plan, buckets, budget)?;
        }
        buckets.retain(|(key, bucket)| {
            let included = self.include.as_ref().is_none_or(|keys| keys.contains(key));
            let excluded = self.exclude.as_ref().is_some_and(|keys| keys.contains(key));
            included && !excluded && bucket.count >= self.min_doc_count
        });
        let total: u64 = buckets.iter().map(|(_, bucket)| bucket.count).sum();
        // They are counted before they are sorted.
        budget.take(buckets.len().min(self.size))?;
        self.order.sort(plan, &mut buckets, self.size);
        budget.steps.check(1)?;
        buckets.truncate(self.size);
        let shown: u64 = buckets.iter().map(|(_, bucket)| bucket.count).sum();
        let mut head = Map::new();
        put(&mut head, "doc_count_error_upper_bound", json!(0));
        put(&mut head, "sum_other_doc_count", json!(total - shown));
        let finished = buckets.into_iter().map(|(key, of)| {
            let mut head = Map::new();
            put_key(&mut head, key, plan.values.value_type, &plan.values.format);
            put(&mut head, "doc_count", json!(of.count));
            if self.shows_error {
                put(&mut head, "doc_count_error_upper_bound", json!(0));
            }
            bucket(plan, String::new(), head, of, budget)
        });
        Ok(Body::Buckets {
            head,
            buckets: finished.collect::<Result<_, _>>()?,
            keyed: false,
        })
    }
}

fn put_key(head: &mut Map<String, Json>, key: Key, value_type: ColumnType, format: &Format) {
    let value = match key {
        Key::Text(text) => return put(head, "key", json!(text)),
        Key::Number(value) => value,
    };
    let as_double = number(value_type, value);
    let json = match value_type {
        ColumnType::Boolean => json!(value),
        ColumnType::Long | ColumnType::Date => json!(i64::from_u64(value)),
        ColumnType::Double | ColumnType::Text => double(as_double),
    };
    put(head, "key", json);
    put_shown(head, "key_as_string", as_double, format);
}
