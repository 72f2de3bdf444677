//! The answer to a search, in OpenSearch's shape.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use whittle_host::Members;

use super::profile::Profile;
use super::source::Source;
use crate::aggregation::{AggregationResults, WrittenAggregations};
use crate::allowance::Allowance;
use crate::memory::Reservation;
use crate::udf::UdfReport;
use crate::value::{Value, exact_members_bytes};

/// The answer to a search; it serializes to what clients of OpenSearch read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchResponse {
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How many indexes were searched.
    pub indexes: usize,
    /// The indexes that could not be searched, and why; a search leaves it empty, for callers that
    /// leave out indexes.
    pub failed: Vec<ShardFailure>,
    /// The hits.
    pub hits: Hits,
    /// A report for each UDF in the request.
    pub udf: Vec<UdfReport>,
    /// The results of the aggregations, by name.
    pub aggregations: Option<AggregationResults>,
    /// What each clause did, if the request asks for it.
    pub profile: Option<Profile>,
    /// The memory of all this.
    pub(super) held: Held,
}

/// Memory of an answer, given back when the last of its clones is dropped. It makes no difference
/// between answers.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    _hits: Option<Arc<Reservation>>,
    _aggregations: Option<Allowance>,
}

impl From<Reservation> for Held {
    fn from(hits: Reservation) -> Self {
        Self {
            _hits: Some(Arc::new(hits)),
            _aggregations: None,
        }
    }
}

impl Held {
    /// Holds what the aggregations have taken, too.
    pub(super) fn with_aggregations(self, allowance: Allowance) -> Self {
        Self {
            _aggregations: Some(allowance),
            ..self
        }
    }
}

impl PartialEq for Held {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The hits of a search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hits {
    /// How many there are; `None` if the request does not track them.
    pub total: Option<usize>,
    /// Up to which number the total is exact; a greater one is written as this and "gte".
    pub total_limit: Option<usize>,
    /// The best score of all of them; `None` if they have no scores.
    pub max_score: Option<f64>,
    /// The page that was asked for.
    pub hits: Vec<Hit>,
}

/// A hit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// The name of its index, if that has one.
    #[serde(rename = "_index", skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Its id; empty if the request does not want it.
    #[serde(rename = "_id", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// How often its id was written.
    #[serde(rename = "_version", skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// When it was written, in the order of writes.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub seq_no: Option<SeqNo>,
    /// Its score; null if hits are ordered by something else. An infinite one is null in JSON, too.
    #[serde(rename = "_score")]
    pub score: Option<f64>,
    /// The document, or some of it.
    #[serde(rename = "_source", skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What was computed for it or read from its fields, by name: lists of values.
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub fields: Members,
    /// Its sort values, for the next page's `search_after`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<Value>,
}

impl Hit {
    /// About what it takes, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        let texts = self.id.len() + self.index.as_ref().map_or(0, String::len);
        let source = self.source.as_ref().map_or(0, Source::bytes);
        let sort: u64 = self.sort.iter().map(Value::bytes).sum();
        (size_of::<Self>() + texts) as u64 + source + sort + exact_members_bytes(&self.fields)
    }
}

/// A sequence number, with the term that clients expect beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SeqNo {
    /// The number.
    #[serde(rename = "_seq_no")]
    pub seq_no: u64,
    /// 1: a node has no other copies that could take over.
    #[serde(rename = "_primary_term")]
    pub primary_term: u64,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Writing {
    /// Whether the total is a number, as before OpenSearch 1.0.
    pub total_as_int: bool,
    /// Whether the names of aggregations have their kinds in front.
    pub typed_keys: bool,
}

/// The indexes that a search ran over, each of one shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shards {
    total: usize,
    successful: usize,
    skipped: usize,
    failed: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<ShardFailure>,
}

/// An index that could not be searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShardFailure {
    /// The number of its shard: 0.
    pub shard: u64,
    /// The index's name.
    pub index: String,
    /// The node's name; null, since no node has the shard.
    pub node: Option<String>,
    /// Why.
    pub reason: ShardFailureReason,
}

/// Why an index could not be searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShardFailureReason {
    /// A type such as `no_shard_available_action_exception`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One line.
    pub reason: String,
}

impl ShardFailure {
    /// Of an index of one shard.
    pub fn new(index: &str, kind: &str, reason: &str) -> Self {
        Self {
            shard: 0,
            index: index.to_owned(),
            node: None,
            reason: ShardFailureReason {
                kind: kind.to_owned(),
                reason: reason.to_owned(),
            },
        }
    }
}

/// The answer to a count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountResponse {
    /// How many documents there are.
    pub count: usize,
    /// The indexes that were searched.
    #[serde(rename = "_shards")]
    pub shards: Shards,
}

/// An answer as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct Written<'a> {
    took: u64,
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    hits: WrittenHits<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregations: Option<WrittenAggregations<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    udf: &'a [UdfReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a Profile>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct WrittenHits<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Total>,
    max_score: Option<f64>,
    hits: &'a [Hit],
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum Total {
    Number(i64),
    Object {
        value: usize,
        relation: &'static str,
    },
}

impl Shards {
    /// So many indexes that were searched, and those that were not.
    pub fn of(indexes: usize, failures: &[ShardFailure]) -> Self {
        Self {
            total: indexes + failures.len(),
            successful: indexes,
            skipped: 0,
            failed: failures.len(),
            failures: failures.to_vec(),
        }
    }
}

impl SearchResponse {
    /// The answer as it is written.
    pub fn written(&self, writing: Writing) -> Written<'_> {
        let limit = self.hits.total_limit.unwrap_or(usize::MAX);
        let total = match (self.hits.total, writing.total_as_int) {
            (total, true) => {
                Some(Total::Number(total.map_or(-1, |total| {
                    i64::try_from(total).unwrap_or(i64::MAX)
                })))
            }
            (None, false) => None,
            (Some(total), false) => Some(Total::Object {
                value: total.min(limit),
                relation: if total > limit { "gte" } else { "eq" },
            }),
        };
        Written {
            took: self.took_ms,
            timed_out: false,
            shards: Shards::of(self.indexes, &self.failed),
            hits: WrittenHits {
                total,
                max_score: self.hits.max_score,
                hits: &self.hits.hits,
            },
            aggregations: self
                .aggregations
                .as_ref()
                .map(|results| results.written(writing.typed_keys)),
            udf: &self.udf,
            profile: self.profile.as_ref(),
        }
    }

    /// The answer to a count, of a search that tracks its total.
    pub fn counted(&self) -> CountResponse {
        CountResponse {
            count: self.hits.total.unwrap_or_default(),
            shards: Shards::of(self.indexes, &self.failed),
        }
    }
}

impl Serialize for SearchResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written(Writing::default()).serialize(serializer)
    }
}
