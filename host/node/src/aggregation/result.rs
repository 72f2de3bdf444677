//! The answer of aggregations, and the JSON of it.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

/// The answers of aggregations, in the order of the request. They serialize to what clients get.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AggregationResults(pub(super) Vec<AggregationResult>);

/// The same as they are written.
#[derive(Debug, Clone, Copy)]
pub struct WrittenAggregations<'a> {
    results: &'a AggregationResults,
    /// Whether each name stands behind its type, as `sterms#genres`.
    typed_keys: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct AggregationResult {
    pub(super) name: String,
    pub(super) type_name: &'static str,
    pub(super) meta: Option<Json>,
    pub(super) body: Body,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// Of a metric.
    Numbers(Map<String, Json>),
    /// Of an aggregation that is itself one bucket.
    Bucket(BucketResult),
    Buckets {
        /// What is said of all buckets.
        head: Map<String, Json>,
        buckets: Vec<BucketResult>,
        /// Whether they are an object by their keys.
        keyed: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct BucketResult {
    /// Its key where buckets are an object.
    pub(super) name: String,
    /// Its key and count.
    pub(super) head: Map<String, Json>,
    pub(super) inside: AggregationResults,
}

impl AggregationResults {
    /// As they are written, the names behind their types where `typed_keys` asks for it.
    pub fn written(&self, typed_keys: bool) -> WrittenAggregations<'_> {
        let results = self;
        WrittenAggregations {
            results,
            typed_keys,
        }
    }

    /// The answer as JSON, the names behind their types where `typed_keys` asks for it.
    pub fn to_json(&self, typed_keys: bool) -> Json {
        Json::Object(self.members(typed_keys).collect())
    }

    fn members(&self, typed_keys: bool) -> impl Iterator<Item = (String, Json)> {
        self.0.iter().map(move |result| {
            let name = if typed_keys {
                format!("{}#{}", result.type_name, result.name)
            } else {
                result.name.clone()
            };
            (name, result.to_json(typed_keys))
        })
    }
}

impl AggregationResult {
    fn to_json(&self, typed_keys: bool) -> Json {
        let mut object = Map::new();
        if let Some(meta) = &self.meta {
            object.insert("meta".to_owned(), meta.clone());
        }
        match &self.body {
            Body::Numbers(numbers) => object.extend(numbers.clone()),
            Body::Bucket(bucket) => object.extend(bucket.members(typed_keys)),
            Body::Buckets {
                head,
                buckets,
                keyed,
            } => {
                object.extend(head.clone());
                let to_json = |bucket: &BucketResult| Json::Object(bucket.members(typed_keys));
                let buckets = if *keyed {
                    let named = buckets.iter();
                    let named = named.map(|bucket| (bucket.name.clone(), to_json(bucket)));
                    Json::Object(named.collect())
                } else {
                    buckets.iter().map(to_json).collect()
                };
                object.insert("buckets".to_owned(), buckets);
            }
        }
        Json::Object(object)
    }
}

impl BucketResult {
    fn members(&self, typed_keys: bool) -> Map<String, Json> {
        let mut members = self.head.clone();
        members.extend(self.inside.members(typed_keys));
        members
    }
}

impl Serialize for AggregationResults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json(false).serialize(serializer)
    }
}

impl Serialize for WrittenAggregations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.results.to_json(self.typed_keys).serialize(serializer)
    }
}

/// A number as JSON. As in OpenSearch, one that is not finite is a text.
pub(super) fn double(number: f64) -> Json {
    if number.is_nan() {
        json!("NaN")
    } else if number.is_infinite() {
        json!(if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        })
    } else {
        json!(number)
    }
}
