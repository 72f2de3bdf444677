//! Conformance vectors: one suite for every language that a function is written in.
//!
//! A file of `tests/vectors` has a function and cases. A case has `params`, `documents` and either
//! the `values`, one a document, or the `error` that binding or evaluating ends in. A text may be
//! written as `{"repeat": TEXT, "times": N}`.

use serde_json::Value as Json;
use whittle_host::{Accessor, Document, Udf};
use whittle_tests::{ACCESSORS, bind, engine, guest, repository, told};

/// Every component that has a function, by language.
const COMPONENTS: &[(&str, &[&str])] = &[
    ("string_distance", &["string-distance"]),
    ("custom_score", &["custom-score"]),
];

#[test]
fn every_component_passes_the_vectors_of_its_function() {
    let folder = std::fs::read_dir(repository().join("tests/vectors")).expect("the vectors");
    let mut files = 0;
    for entry in folder {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a file of vectors");
        let vectors: Json = serde_json::from_str(&text).expect("vectors are JSON");
        let function = vectors["function"].as_str().expect("a function");
        let components = COMPONENTS.iter().find(|(name, _)| *name == function);
        let (_, components) = components.unwrap_or_else(|| panic!("nothing has {function}"));
        for component in *components {
            for accessor in ACCESSORS {
                let udf = Udf::new(&engine(accessor), &guest(component)).expect("registered");
                run(&udf, function, component, accessor, &vectors["cases"]);
            }
        }
        files += 1;
    }
    assert_eq!(files, COMPONENTS.len(), "a function has no vectors");
}

fn run(udf: &Udf, function: &str, component: &str, accessor: Accessor, cases: &Json) {
    for case in cases.as_array().expect("a list of cases") {
        let found = evaluate(
            udf,
            function,
            &expanded(&case["params"]),
            &case["documents"],
        );
        let expected = match case["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case["values"].as_array().expect("values").clone()),
        };
        assert_eq!(
            found, expected,
            "{component}, {accessor:?}: {}",
            case["name"]
        );
    }
}

fn evaluate(
    udf: &Udf,
    function: &str,
    params: &Json,
    documents: &Json,
) -> Result<Vec<Json>, String> {
    let mut bound = bind(udf, function, params).map_err(|error| told(&error))?;
    let documents = documents.as_array().expect("a list of documents");
    let evaluate = |(position, document): (usize, &Json)| {
        let (id, source) = (position.to_string(), expanded(document));
        let document = Document {
            id: &id,
            source: &source,
            score: None,
        };
        bound
            .evaluate_document(document)
            .map(|value| value.to_json())
            .map_err(|error| told(&error))
    };
    documents.iter().enumerate().map(evaluate).collect()
}

/// Writes out the texts that are given by repetition.
fn expanded(json: &Json) -> Json {
    match json {
        Json::Object(members) => match (&members.get("repeat"), members.get("times")) {
            (Some(Json::String(text)), Some(Json::Number(times))) => {
                let times = times.as_u64().expect("a count");
                text.repeat(usize::try_from(times).expect("a small count"))
                    .into()
            }
            _ => members
                .iter()
                .map(|(name, value)| (name.clone(), expanded(value)))
                .collect(),
        },
        other => other.clone(),
    }
}
