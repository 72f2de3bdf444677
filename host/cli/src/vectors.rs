//! Test vectors: the expected results of a function, as data.
//!
//! A file has the vectors of one function, or a list of those of several:
//!
//! ```json
//! {
//!   "function": "too_long",
//!   "cases": [
//!     {
//!       "name": "longer than two hours",
//!       "params": {"field": "minutes"},
//!       "documents": [{"minutes": 90}, {"minutes": 130}, {}],
//!       "values": [false, true, false]
//!     },
//!     {
//!       "name": "a negative length",
//!       "params": {"field": "minutes", "enough": -1},
//!       "documents": [],
//!       "error": "function `too_long`: ..."
//!     }
//!   ]
//! }
//! ```
//!
//! A case has the expected `values`, one per document, or the `error` that binding or evaluating
//! fails with, or only the beginning of that error as `error_prefix`, if implementations differ in
//! the rest. A string in the parameters and documents may be written as
//! `{"repeat": STRING, "times": N}`. Numbers are compared exactly, or within the relative
//! `tolerance` that is given beside the cases. Values of kind json are compared as JSON.

use std::fmt;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use whittle_host::{Arguments, Document, QueryContext, Udf, one_line};

/// The vectors of one function.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vectors {
    pub(crate) function: String,
    /// How far a number may be from the expected one, relative to the expected one.
    #[serde(default)]
    tolerance: f64,
    pub(crate) cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    name: String,
    #[serde(default)]
    params: Map<String, Json>,
    documents: Vec<Json>,
    values: Option<Vec<Json>>,
    error: Option<String>,
    error_prefix: Option<String>,
}

/// The expected result of a case.
#[derive(Debug, PartialEq)]
enum Expected<'a> {
    Values(&'a [Json]),
    Error(&'a str),
    ErrorPrefix(&'a str),
}

/// A case whose result differs from the expected one.
#[derive(Debug, PartialEq)]
pub(crate) struct Failure {
    function: String,
    case: String,
    differences: Vec<Difference>,
}

#[derive(Debug, PartialEq)]
struct Difference {
    /// The document whose value differs; `None` if the result as a whole does.
    document: Option<(usize, Json)>,
    expected: String,
    found: String,
}

/// How many differences are shown per case.
const SHOWN: usize = 5;

/// How much of a document is shown, in characters.
const DOCUMENT_SHOWN: usize = 120;

impl Vectors {
    pub(crate) fn parse(text: &[u8]) -> Result<Vec<Self>> {
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        let vectors: Vec<Self> = match first {
            Some(b'[') => serde_json::from_slice(text)?,
            _ => vec![serde_json::from_slice(text)?],
        };
        for suite in &vectors {
            if suite.cases.is_empty() {
                bail!("function `{}` has no cases", suite.function);
            }
            for case in &suite.cases {
                case.expected()
                    .with_context(|| format!("case \"{}\"", case.name))?;
            }
        }
        Ok(vectors)
    }
}

impl Case {
    fn expected(&self) -> Result<Expected<'_>> {
        match (&self.values, &self.error, &self.error_prefix) {
            (Some(values), None, None) if values.len() == self.documents.len() => {
                Ok(Expected::Values(values))
            }
            (Some(values), None, None) => bail!(
                "{} values for {} documents: give one value per document",
                values.len(),
                self.documents.len()
            ),
            (None, Some(error), None) => Ok(Expected::Error(error)),
            (None, None, Some(prefix)) => Ok(Expected::ErrorPrefix(prefix)),
            _ => bail!("expected exactly one of `values`, `error`, `error_prefix`"),
        }
    }
}

/// Runs one case of a function's vectors.
pub(crate) fn run(
    udf: &Udf,
    vectors: &Vectors,
    case: &Case,
    query: &QueryContext,
) -> Result<(), Failure> {
    let found = evaluate(udf, &vectors.function, case, query);
    let differences = match (case.expected(), &found) {
        (Err(error), _) => vec![Difference {
            document: None,
            expected: format!("{error:#}"),
            found: shown_result(&found),
        }],
        (Ok(Expected::Values(expected)), Ok(found)) => {
            let pairs = expected.iter().zip(found).enumerate();
            let different =
                pairs.filter(|(_, (expected, found))| !alike(expected, found, vectors.tolerance));
            let differences = different.map(|(position, (expected, found))| Difference {
                document: Some((position, case.documents[position].clone())),
                expected: expected.to_string(),
                found: found.to_string(),
            });
            differences.collect()
        }
        (Ok(Expected::Error(expected)), Err(found)) if expected == found => Vec::new(),
        (Ok(Expected::ErrorPrefix(prefix)), Err(found)) if found.starts_with(prefix) => Vec::new(),
        (Ok(expected), _) => vec![Difference {
            document: None,
            expected: expected.to_string(),
            found: shown_result(&found),
        }],
    };
    if differences.is_empty() {
        return Ok(());
    }
    Err(Failure {
        function: vectors.function.clone(),
        case: case.name.clone(),
        differences,
    })
}

fn evaluate(
    udf: &Udf,
    function: &str,
    case: &Case,
    query: &QueryContext,
) -> Result<Vec<Json>, String> {
    let params = case.params.iter();
    let params = params.map(|(name, value)| (name.clone(), expanded(value)));
    let arguments = Arguments::from_json(&params.collect());
    let mut bound = udf
        .bind(function, &arguments, query)
        .map_err(|error| with_causes(error.into()))?;
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
            .map_err(|error| with_causes(error.into()))
    };
    case.documents.iter().enumerate().map(evaluate).collect()
}

fn with_causes(error: anyhow::Error) -> String {
    format!("{error:#}")
}

/// Expands the strings that are written as a repetition.
fn expanded(json: &Json) -> Json {
    match json {
        Json::Object(members) => match (members.get("repeat"), members.get("times")) {
            (Some(Json::String(text)), Some(Json::Number(times))) if members.len() == 2 => {
                let times = times.as_u64().and_then(|times| usize::try_from(times).ok());
                text.repeat(times.unwrap_or_default()).into()
            }
            _ => {
                let members = members.iter();
                members
                    .map(|(name, value)| (name.clone(), expanded(value)))
                    .collect()
            }
        },
        other => other.clone(),
    }
}

/// Whether a value equals the expected one. Numbers are compared by value: `1` equals `1.0`.
fn alike(expected: &Json, found: &Json, tolerance: f64) -> bool {
    match (expected, found) {
        (Json::Number(left), Json::Number(right)) => {
            if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
                return left == right;
            }
            let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) else {
                return false;
            };
            (left - right).abs() <= tolerance * left.abs()
        }
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| alike(left, right, tolerance))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, left)| {
                    right
                        .get(name)
                        .is_some_and(|right| alike(left, right, tolerance))
                })
        }
        _ => expected == found,
    }
}

impl fmt::Display for Expected<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values(values) => write!(formatter, "{} values", values.len()),
            Self::Error(error) => write!(formatter, "error: {error}"),
            Self::ErrorPrefix(prefix) => write!(formatter, "error: {prefix}..."),
        }
    }
}

fn shown_result(found: &Result<Vec<Json>, String>) -> String {
    match found {
        Ok(values) => format!("{} values", values.len()),
        Err(error) => format!("error: {error}"),
    }
}

/// A diff: the expected value after `-`, the value found after `+`.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{}: {}",
            one_line(&self.function),
            one_line(&self.case)
        )?;
        for difference in self.differences.iter().take(SHOWN) {
            if let Some((position, document)) = &difference.document {
                let document = truncated(&one_line(&document.to_string()));
                writeln!(formatter, "  document {position}: {document}")?;
            }
            writeln!(formatter, "  - {}", one_line(&difference.expected))?;
            writeln!(formatter, "  + {}", one_line(&difference.found))?;
        }
        match self.differences.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => writeln!(formatter, "  and {more} more"),
        }
    }
}

fn truncated(text: &str) -> String {
    match text.char_indices().nth(DOCUMENT_SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Vectors>, String> {
        Vectors::parse(text.as_bytes()).map_err(with_causes)
    }

    #[test]
    fn rejects_invalid_files_of_vectors() {
        let error = |text: &str| parse(text).expect_err("it is refused");
        insta::assert_snapshot!(error(r#"{"function": "f", "cases": []}"#), @"function `f` has no cases");
        insta::assert_snapshot!(error(r#"{"function": "f", "cases": [{"name": "n", "documents": []}]}"#), @r#"case "n": expected exactly one of `values`, `error`, `error_prefix`"#);
        insta::assert_snapshot!(error(r#"[{"function": "f", "cases": [{"name": "n", "documents": [{}], "values": []}]}]"#), @r#"case "n": 0 values for 1 documents: give one value per document"#);
        insta::assert_snapshot!(error(r#"{"function": "f", "case": []}"#), @"unknown field `case`, expected one of `function`, `tolerance`, `cases` at line 1 column 24");
    }

    #[test]
    fn compares_numbers_by_value_and_within_the_tolerance() {
        let alike = |left: &str, right: &str, tolerance| {
            let json = |text| serde_json::from_str(text).expect("it is JSON");
            alike(&json(left), &json(right), tolerance)
        };
        assert!(alike("1", "1.0", 0.0));
        assert!(alike(r#"{"a": [1, 2.0]}"#, r#"{"a": [1.0, 2]}"#, 0.0));
        assert!(!alike("1", "1.0000001", 0.0));
        assert!(alike("1000", "1000.0001", 1e-6));
        assert!(!alike("1000", "1001", 1e-6));
        assert!(!alike("9007199254740993", "9007199254740992", 0.0));
        assert!(!alike("1", "\"1\"", 1.0));
        assert!(!alike("{\"a\": 1}", "{\"a\": 1, \"b\": 1}", 0.0));
    }

    #[test]
    fn expands_repeated_strings() {
        let json = serde_json::json!({"a": {"repeat": "ab", "times": 3}, "b": [1]});
        assert_eq!(
            expanded(&json),
            serde_json::json!({"a": "ababab", "b": [1]})
        );
    }
}
