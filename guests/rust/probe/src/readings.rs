//! The fake documents: they are read as the host reads them, which runs the same vectors.

use std::collections::HashMap;
use std::fs;

use serde_json::value::RawValue;
use serde_json::{Value, from_str};
use whittle_guest::Udf;
use whittle_guest::testing::{Document, Query};

use crate::read::{ReadBoolean, ReadFloat64, ReadInt64, ReadJson, ReadText, ReadTimestamp};

type Members = HashMap<String, Box<RawValue>>;

/// What a function reads of documents, as JSON.
fn read<T>(
    path: &str,
    documents: &[Document],
    json: impl Fn(<T::Output as whittle_guest::Output>::Value) -> String,
) -> Vec<Value>
where
    T: Udf,
{
    let function = Query::of::<T>().parameter("field", path).bind();
    let found = function.expect("bound").evaluate_all(documents);
    let found = found.into_iter().map(|value| value.expect("a value"));
    let shown = found.map(|value| value.map_or("null".to_owned(), &json));
    shown.map(|text| from_str(&text).expect("JSON")).collect()
}

/// With floats for all numbers, since the vectors' own come from another language.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(key, value)| (key.clone(), plain(value)))
                .collect()
        }
        other => other.clone(),
    }
}

/// The host runs the same vectors.
#[test]
fn documents_are_read_as_the_host_does() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/vectors");
    let text = fs::read_to_string(format!("{root}/read_kinds.json")).expect("the vectors");
    let suite: Members = from_str(&text).expect("vectors");
    let cases: Vec<Members> = from_str(suite["cases"].get()).expect("cases");
    assert!(cases.len() > 500);
    for case in cases {
        let params: HashMap<String, String> = from_str(case["params"].get()).expect("texts");
        let path = params["field"].as_str();
        let documents: Vec<&RawValue> = from_str(case["documents"].get()).expect("documents");
        let documents = documents.iter().map(|text| Document::from_json(text.get()));
        let documents: Vec<Document> = documents.collect();
        let text = |text: String| Value::from(text).to_string();
        let columns = [
            read::<ReadBoolean>(path, &documents, |value| value.to_string()),
            read::<ReadInt64>(path, &documents, |value| value.to_string()),
            read::<ReadFloat64>(path, &documents, |value| value.to_string()),
            read::<ReadText>(path, &documents, text),
            read::<ReadTimestamp>(path, &documents, |value| value.0.to_string()),
            read::<ReadJson>(path, &documents, |value| value.0),
        ];
        let rows = (0..documents.len()).map(|row| {
            let row = columns.iter().map(|column| column[row].clone());
            plain(&row.collect())
        });
        let expected: Vec<Value> = from_str(case["values"].get()).expect("values");
        let expected: Vec<Value> = expected.iter().map(plain).collect();
        assert_eq!(rows.collect::<Vec<_>>(), expected, "{}", case["name"]);
    }
}
