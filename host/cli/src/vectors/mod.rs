//! Test vectors: the expected results of a function, as data.
//!
//! `docs/VECTORS.md` has the format. Documents are read as a node reads them: with the mapping of the
//! case, of all cases or of the command line, or else with the one that an index would take from the
//! documents of the case.

mod difference;
mod documents;
mod native;
mod number;
mod run;
mod sample;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};
use whittle_host::ExactJson;
use whittle_node::mapping::Mapping;

use crate::setup;

pub(crate) use native::NativeCase;
pub(crate) use run::{Failure, run};

/// The bytes of a file of vectors.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>> {
    if !file.exists() {
        bail!(
            "{}: there are no test vectors: write them, or name another file with `--vectors`",
            file.display()
        );
    }
    setup::read(file)
}

/// The vectors of one function.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vectors {
    pub(crate) function: String,
    /// How far a number may be from the expected one, relative to the expected one.
    #[serde(default)]
    tolerance: f64,
    /// As in the request that makes an index.
    #[serde(default, deserialize_with = "mapping")]
    mapping: Option<Mapping>,
    pub(crate) cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) params: Map<String, Json>,
    documents: Vec<Box<RawValue>>,
    pub(crate) values: Option<Vec<ExactJson>>,
    #[serde(default)]
    errors: BTreeMap<usize, String>,
    error: Option<String>,
    error_prefix: Option<String>,
    logs: Option<Vec<String>>,
    /// Instead of that of all cases.
    #[serde(default, deserialize_with = "mapping")]
    mapping: Option<Mapping>,
}

/// The expected result of a case.
#[derive(Debug, PartialEq)]
enum Expected<'a> {
    /// The values of the documents, and the errors of some.
    Documents(&'a [ExactJson], &'a BTreeMap<usize, String>),
    Error(&'a str),
    ErrorPrefix(&'a str),
}

impl Vectors {
    /// # Errors
    ///
    /// Text that is not of the format, and text without cases, which would test nothing.
    pub(crate) fn parse(text: &[u8]) -> Result<Vec<Self>> {
        let vectors: Vec<Self> = match text.trim_ascii().first() {
            None => bail!("the file is empty: add vectors"),
            Some(b'[') => serde_json::from_slice(text)?,
            Some(_) => vec![serde_json::from_slice(text)?],
        };
        if vectors.is_empty() {
            bail!("the file has no vectors: add those of a function");
        }
        for suite in &vectors {
            suite
                .check()
                .with_context(|| format!("function `{}`", suite.function))?;
        }
        Ok(vectors)
    }

    fn check(&self) -> Result<()> {
        if self.cases.is_empty() {
            bail!("it has no cases");
        }
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            bail!(
                "`tolerance` must be a number from 0, but is {}",
                self.tolerance
            );
        }
        for case in &self.cases {
            let of = || format!("case \"{}\"", case.name);
            case.expected().with_context(of)?;
            documents::read(&case.documents).with_context(of)?;
        }
        Ok(())
    }
}

impl Case {
    fn expected(&self) -> Result<Expected<'_>> {
        let expected = match (&self.values, &self.error, &self.error_prefix) {
            (Some(values), None, None) => Expected::Documents(values, &self.errors),
            (None, Some(error), None) => Expected::Error(error),
            (None, None, Some(prefix)) => Expected::ErrorPrefix(prefix),
            _ => bail!("expected exactly one of `values`, `error`, `error_prefix`"),
        };
        match expected {
            Expected::Documents(values, errors) => {
                let (found, expected) = (values.len(), self.documents.len());
                if found != expected {
                    bail!("{found} values for {expected} documents: give one value per document");
                }
                for position in errors.keys() {
                    match values.get(*position) {
                        None => bail!("`errors`: there is no document {position}"),
                        Some(ExactJson::Null) => {}
                        Some(_) => bail!(
                            "document {position} has a value and an error: its value must be null"
                        ),
                    }
                }
            }
            Expected::Error(_) | Expected::ErrorPrefix(_) if !self.errors.is_empty() => {
                bail!("`errors` are of documents, and go with `values`")
            }
            Expected::Error(_) | Expected::ErrorPrefix(_) => {}
        }
        Ok(expected)
    }
}

fn mapping<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Mapping>, D::Error> {
    let json = Json::deserialize(deserializer)?;
    let mapping = Mapping::parse(&json).map_err(|error| {
        serde::de::Error::custom(format!(
            "{:#}",
            anyhow::Error::new(error).context("`mapping`")
        ))
    })?;
    Ok(Some(mapping))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_invalid_files_of_vectors() {
        let error = |text: &str| {
            let error = Vectors::parse(text.as_bytes()).expect_err("it is refused");
            format!("{error:#}")
        };
        let of_case = |rest: &str| {
            let case = format!(r#"{{"name": "n", "documents": [{{}}], {rest}}}"#);
            error(&format!(r#"[{{"function": "f", "cases": [{case}]}}]"#))
        };
        insta::assert_snapshot!(error(" \n"), @"the file is empty: add vectors");
        insta::assert_snapshot!(error("[]"), @"the file has no vectors: add those of a function");
        insta::assert_snapshot!(error(r#"{"function": "f", "cases": []}"#), @"function `f`: it has no cases");
        insta::assert_snapshot!(error(r#"{"function": "f", "case": []}"#), @r#"unknown field `case`, expected one of `function`, `tolerance`, `mapping`, `cases` at line 1 column 24"#);
        insta::assert_snapshot!(error(r#"{"function": "f", "tolerance": -1, "cases": [{"name": "n", "documents": [], "values": []}]}"#), @r#"function `f`: `tolerance` must be a number from 0, but is -1"#);
        insta::assert_snapshot!(error(r#"{"function": "f", "mapping": {"properties": {"a": {"type": "number"}}}, "cases": []}"#), @r#"`mapping`: the type `number` of `properties.a` is not supported: use `long` or `double`; the types are `boolean`, `byte`, `short`, `integer`, `long`, `half_float`, `float`, `double`, `scaled_float`, `date`, `keyword`, `text`, `object` at line 1 column 70"#);
        insta::assert_snapshot!(of_case(r#""logs": []"#), @r#"function `f`: case "n": expected exactly one of `values`, `error`, `error_prefix`"#);
        insta::assert_snapshot!(of_case(r#""values": []"#), @r#"function `f`: case "n": 0 values for 1 documents: give one value per document"#);
        insta::assert_snapshot!(of_case(r#""values": [1], "errors": {"0": "e"}"#), @r#"function `f`: case "n": document 0 has a value and an error: its value must be null"#);
        insta::assert_snapshot!(of_case(r#""values": [1], "errors": {"1": "e"}"#), @r#"function `f`: case "n": `errors`: there is no document 1"#);
        insta::assert_snapshot!(of_case(r#""error": "e", "errors": {"0": "e"}"#), @r#"function `f`: case "n": `errors` are of documents, and go with `values`"#);
        insta::assert_snapshot!(error(r#"{"function": "f", "cases": [{"name": "n", "documents": [3], "values": [1]}]}"#), @r#"function `f`: case "n": document 0 must be an object"#);
        insta::assert_snapshot!(error(r#"{"function": "f", "cases": [{"name": "n", "documents": [{"_id": [], "_source": {}}], "values": [1]}]}"#), @r#"function `f`: case "n": `_id` of document 0 must be a string"#);
    }
}
