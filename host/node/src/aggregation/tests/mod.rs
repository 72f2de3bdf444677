//! Aggregations over small indexes, whose documents lie in one segment or in several.

mod errors;
mod extreme;
mod property;
mod table;

use serde_json::{Value as Json, json};
use whittle_host::{Budget, QueryContext};

use crate::index::{Index, Operation};
use crate::mapping::Mapping;
use crate::udf::Udfs;
use crate::{SearchRequest, search};

/// Documents with a field of each type.
struct Sample {
    index: Index,
}

impl Sample {
    /// With so many documents a segment.
    fn new(documents: &[Json], a_segment: usize) -> Self {
        let mapping = json!({"properties": {
            "k": {"type": "keyword"}, "n": {"type": "long"}, "x": {"type": "double"},
            "b": {"type": "boolean"}, "d": {"type": "date"}, "t": {"type": "text"},
            "s": {"type": "date", "format": "epoch_second"},
            "h": {"type": "long", "doc_values": false}}});
        let mapping = Mapping::parse(&mapping).expect("a mapping");
        let index = Index::in_memory(mapping).expect("an index");
        for (number, segment) in documents.chunks(a_segment).enumerate() {
            let operations = segment.iter().enumerate().map(|(at, source)| {
                let id = Some((number * a_segment + at).to_string());
                let source = source.to_string().into_bytes();
                Operation::Create { id, source }
            });
            for written in index
                .write(operations.collect())
                .expect("it can be written")
            {
                written.expect("a document");
            }
            index.refresh().expect("there is room");
        }
        Self { index }
    }

    /// The answer's JSON with typed keys, or the error.
    fn typed(&self, query: &Json, aggs: &Json) -> Result<Json, String> {
        self.ask(query, aggs, true)
    }

    fn ask(&self, query: &Json, aggs: &Json, typed_keys: bool) -> Result<Json, String> {
        let text = json!({"size": 0, "query": query, "aggs": aggs}).to_string();
        let request = SearchRequest::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        let udfs = Udfs::new([]).expect("none are known");
        let context = QueryContext::new(Budget::default());
        let response = search(&self.index.snapshot(), &request, &udfs, &context, |_| ());
        let response = response.map_err(|error| error.to_string())?;
        let aggregations = response.aggregations.expect("they were asked for");
        Ok(aggregations.to_json(typed_keys))
    }
}
