//! Documents of vectors, for those who measure.

use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};
use whittle_node::mapping::Mapping;

use super::{Case, Vectors, documents};

/// The documents and parameters of a case.
#[derive(Debug)]
pub(crate) struct Sample {
    /// The name of the case.
    pub(crate) case: String,
    pub(crate) params: Map<String, Json>,
    pub(crate) documents: Vec<Box<RawValue>>,
    pub(crate) mapping: Option<Mapping>,
}

impl Vectors {
    /// The case with the most documents among those that have a value for each document; `None` if
    /// there are none.
    pub(crate) fn sample(&self) -> Option<Sample> {
        let succeeds = |case: &&Case| case.values.is_some() && case.errors.is_empty();
        let cases = self.cases.iter().filter(succeeds).rev();
        let case = cases.max_by_key(|case| case.documents.len())?;
        let documents = case.documents.iter();
        let documents = documents.map(|text| documents::with_repetitions(text));
        let documents: Vec<_> = documents.collect::<Result<_, _>>().ok()?;
        let params = case.params.iter();
        let params = params.map(|(name, value)| (name.clone(), documents::expanded(value)));
        let mapping = case.mapping.as_ref().or(self.mapping.as_ref());
        (!documents.is_empty()).then(|| Sample {
            case: case.name.clone(),
            params: params.collect(),
            documents,
            mapping: mapping.cloned(),
        })
    }
}
