//! The answer of aggregations, and the JSON of it.

use serde::ser::{Serialize, SerializeMap, Serializer};
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
        serde_json::to_value(self.written(typed_keys)).unwrap_or_default()
    }
}

impl Serialize for AggregationResults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written(false).serialize(serializer)
    }
}

impl WrittenAggregations<'_> {
    /// Writes the members of the object.
    fn members<M: SerializeMap>(self, object: &mut M) -> Result<(), M::Error> {
        for result in &self.results.0 {
            let typed_keys = self.typed_keys;
            let written = Written {
                of: result,
                typed_keys,
            };
            if typed_keys {
                let name = format!("{}#{}", result.type_name, result.name);
                object.serialize_entry(&name, &written)?;
            } else {
                object.serialize_entry(&result.name, &written)?;
            }
        }
        Ok(())
    }
}

impl Serialize for WrittenAggregations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        self.members(&mut object)?;
        object.end()
    }
}

/// A part of an answer as it is written, without a copy of it.
struct Written<'a, T> {
    of: &'a T,
    typed_keys: bool,
}

impl Serialize for Written<'_, AggregationResult> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let typed_keys = self.typed_keys;
        let mut object = serializer.serialize_map(None)?;
        if let Some(meta) = &self.of.meta {
            object.serialize_entry("meta", meta)?;
        }
        match &self.of.body {
            Body::Numbers(numbers) => entries(&mut object, numbers)?,
            Body::Bucket(bucket) => Written {
                of: bucket,
                typed_keys,
            }
            .members(&mut object)?,
            Body::Buckets {
                head,
                buckets,
                keyed,
            } => {
                entries(&mut object, head)?;
                let keyed = *keyed;
                let buckets = WrittenBuckets {
                    buckets,
                    keyed,
                    typed_keys,
                };
                object.serialize_entry("buckets", &buckets)?;
            }
        }
        object.end()
    }
}

struct WrittenBuckets<'a> {
    buckets: &'a [BucketResult],
    /// Whether they are an object by their keys.
    keyed: bool,
    typed_keys: bool,
}

impl Serialize for WrittenBuckets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let typed_keys = self.typed_keys;
        let written = self.buckets.iter();
        let written = written.map(|of| (&of.name, Written { of, typed_keys }));
        if self.keyed {
            serializer.collect_map(written)
        } else {
            serializer.collect_seq(written.map(|(_, bucket)| bucket))
        }
    }
}

impl Written<'_, BucketResult> {
    /// Writes the members of the object.
    fn members<M: SerializeMap>(&self, object: &mut M) -> Result<(), M::Error> {
        entries(object, &self.of.head)?;
        self.of.inside.written(self.typed_keys).members(object)
    }
}

impl Serialize for Written<'_, BucketResult> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        self.members(&mut object)?;
        object.end()
    }
}

fn entries<M: SerializeMap>(object: &mut M, members: &Map<String, Json>) -> Result<(), M::Error> {
    for (key, value) in members {
        object.serialize_entry(key, value)?;
    }
    Ok(())
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
