//! `filter` and `filters`: a bucket for each query, of the documents that match it.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use tantivy::query::Weight;

use super::error::AggregationError;
use super::finish::{Budget, bucket, numbered};
use super::metric::put;
use super::partial::{Bucket, Key};
use super::plan::{Plan, Sources};
use super::read;
use super::result::Body;
use crate::query::Query;
use crate::request::RequestError;
use crate::request::object::{Object, at_most};

/// How many queries there may be.
const MOST: usize = 100;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct FiltersRequest {
    /// Whether it is `filter`, whose bucket has no key.
    pub(super) one: bool,
    /// Whether the queries have names.
    keyed: bool,
    /// By their names, or by their places as names.
    queries: Vec<(String, Query)>,
    /// The name of the bucket of all other documents, where there is one.
    other: Option<String>,
}

pub(super) struct Filters {
    pub(super) one: bool,
    keyed: bool,
    /// Of all buckets, the one of all other documents last.
    names: Vec<String>,
    pub(super) weights: Vec<Arc<dyn Weight>>,
}

impl FiltersRequest {
    /// Reads an aggregation of this kind; `None` if it is of another.
    pub(super) fn read(name: &str, json: &Json, path: &str) -> Result<Option<Self>, RequestError> {
        match name {
            "filter" => {
                let query = Query::parse(json, path)?;
                Ok(Some(Self {
                    one: true,
                    keyed: false,
                    queries: vec![(String::new(), query)],
                    other: None,
                }))
            }
            "filters" => Self::read_several(Object::read(json, path)?).map(Some),
            _ => Ok(None),
        }
    }

    fn read_several(of: Object<'_>) -> Result<Self, RequestError> {
        of.knows(&["filters", "other_bucket", "other_bucket_key"])?;
        let path = of.path("filters");
        let json = of.get("filters").unwrap_or(&Json::Null);
        let found = match json {
            Json::Array(list) => list.len(),
            Json::Object(members) => members.len(),
            _ => 0,
        };
        at_most(found, MOST, "queries", &path)?;
        let mut queries = Vec::new();
        let keyed = json.is_object();
        match json {
            Json::Array(list) => {
                for (number, json) in list.iter().enumerate() {
                    let query = Query::parse(json, &format!("{path}[{number}]"))?;
                    queries.push((number.to_string(), query));
                }
            }
            Json::Object(members) => {
                let object = Object::read(json, &path)?;
                for (name, json) in members {
                    queries.push((name.clone(), Query::parse(json, &object.path(name))?));
                }
                queries.sort_by(|(left, _), (right, _)| left.cmp(right));
            }
            _ => {}
        }
        if queries.is_empty() {
            let reason = "[filters] cannot be empty: give queries, with or without names";
            let reason = reason.to_owned();
            return Err(RequestError::Aggregation { path, reason });
        }
        let name = read::text(of, "other_bucket_key")?;
        let has_other = read::boolean(of, "other_bucket")?.unwrap_or(name.is_some());
        let other = has_other.then(|| name.unwrap_or_else(|| "_other_".to_owned()));
        Ok(Self {
            one: false,
            keyed,
            queries,
            other,
        })
    }

    pub(super) fn plan<S: Sources>(
        &self,
        path: &str,
        sources: &mut S,
    ) -> Result<Filters, S::Error> {
        let weight = |(name, query): &(String, Query)| {
            let path = match (self.one, self.keyed) {
                (true, _) => path.to_owned(),
                (false, true) => format!("{path}.filters.{name}"),
                (false, false) => format!("{path}.filters[{name}]"),
            };
            sources.filter(query, &path)
        };
        let weights = self.queries.iter().map(weight).collect::<Result<_, _>>()?;
        let names = self.queries.iter().map(|(name, _)| name);
        Ok(Filters {
            one: self.one,
            keyed: self.keyed,
            names: names.chain(&self.other).cloned().collect(),
            weights,
        })
    }
}

impl Filters {
    /// Whether documents that match no query have a bucket.
    pub(super) fn has_other(&self) -> bool {
        self.names.len() > self.weights.len()
    }

    /// The answer of `filters`.
    pub(super) fn finish(
        &self,
        plan: &Plan,
        buckets: Vec<(Key, Bucket)>,
        budget: &mut Budget,
    ) -> Result<Body, AggregationError> {
        budget.take(self.names.len())?;
        let mut finished = Vec::with_capacity(self.names.len());
        for (name, of) in self.names.iter().zip(numbered(buckets, plan)) {
            let mut head = Map::new();
            put(&mut head, "doc_count", json!(of.count));
            finished.push(bucket(plan, name.clone(), head, of, budget)?);
        }
        Ok(Body::Buckets {
            head: Map::new(),
            buckets: finished,
            keyed: self.keyed,
        })
    }
}
