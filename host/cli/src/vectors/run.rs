//! Running a case, and what differs from the expected result.

use std::fmt;

use whittle_host::{
    Arguments, EvaluateError, ExactJson, Kind, LogLine, OnError, QueryContext, Udf, one_line,
    unquoted,
};
use whittle_node::mapping::Mapping;
use whittle_node::{DocumentReader, Samples};

use super::difference::Difference;
use super::documents::{self, expanded};
use super::{Case, Expected, Vectors};

/// A case whose result differs from the expected one.
#[derive(Debug)]
pub(crate) struct Failure {
    function: String,
    case: String,
    differences: Vec<Different>,
    log: Vec<LogLine>,
}

/// What differs: a document's result, the result as a whole, or the log.
#[derive(Debug)]
struct Different {
    /// The line before the difference, about the document.
    document: Option<String>,
    diff: String,
}

/// How many differences are shown per case.
const SHOWN: usize = 5;

/// How much of a document is shown, in characters.
const DOCUMENT_SHOWN: usize = 120;

/// What a case gave: the results of its documents, or the error that ended it.
pub(super) type Found = Result<Vec<Result<ExactJson, String>>, String>;

/// Runs one case of a function's vectors. Documents are read with the mapping of the vectors, or
/// with `mapping`, or else with the one that they show.
pub(crate) fn run(
    udf: &Udf,
    vectors: &Vectors,
    case: &Case,
    mapping: Option<&Mapping>,
    query: &QueryContext,
) -> Result<(), Failure> {
    let function = udf.manifest().function(&vectors.function);
    let kind = function.map(|function| function.returns);
    let given = case.mapping.as_ref().or(vectors.mapping.as_ref());
    let mapping = given.or(mapping);
    let found = evaluate(udf, &vectors.function, case, mapping, query);
    compare(vectors, case, kind, &found, query.take_log())
}

/// Compares what a case gave with what it expects.
pub(super) fn compare(
    vectors: &Vectors,
    case: &Case,
    kind: Option<Kind>,
    found: &Found,
    log: Vec<LogLine>,
) -> Result<(), Failure> {
    let mut differences = differences(vectors, case, kind, found);
    let lines = log
        .iter()
        .map(|line| format!("{}: {}", line.level, line.message));
    let lines: Vec<String> = lines.collect();
    if let Some(expected) = case.logs.as_ref().filter(|expected| **expected != lines) {
        differences.push(Different {
            document: None,
            diff: diff(&shown_log(expected), &shown_log(&lines)),
        });
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(Failure {
        function: vectors.function.clone(),
        case: case.name.clone(),
        differences,
        log,
    })
}

impl Failure {
    /// What the function logged.
    pub(crate) fn log(&self) -> &[LogLine] {
        &self.log
    }
}

fn differences(
    vectors: &Vectors,
    case: &Case,
    kind: Option<Kind>,
    found: &Found,
) -> Vec<Different> {
    let whole = |expected: String| Different {
        document: None,
        diff: diff(&expected, &shown(found)),
    };
    match (case.expected(), found) {
        (Err(error), _) => vec![whole(format!("{error:#}"))],
        (Ok(Expected::Documents(values, errors)), Ok(found)) => {
            let expected = values.iter().enumerate();
            let different = expected
                .zip(found)
                .filter_map(|((position, value), found)| {
                    let diff = match (errors.get(&position), found) {
                        (None, Ok(found)) => {
                            Difference::between(value, found, kind, vectors.tolerance)?.to_string()
                        }
                        (Some(expected), Err(found)) if expected == found => return None,
                        (expected, found) => diff(
                            &expected.map_or_else(|| value.to_string(), |error| shown_error(error)),
                            &match found {
                                Ok(value) => value.to_string(),
                                Err(error) => shown_error(error),
                            },
                        ),
                    };
                    let document = truncated(&one_line(case.documents[position].get()));
                    Some(Different {
                        document: Some(format!("document {position}: {document}")),
                        diff,
                    })
                });
            different.collect()
        }
        (Ok(Expected::Documents(values, _)), Err(_)) => {
            vec![whole(shown_values(values.len()))]
        }
        (Ok(Expected::Error(expected)), Err(error)) if error == expected => Vec::new(),
        (Ok(Expected::Error(expected)), _) => vec![whole(shown_error(expected))],
        (Ok(Expected::ErrorPrefix(prefix)), Err(error)) if error.starts_with(prefix) => Vec::new(),
        (Ok(Expected::ErrorPrefix(prefix)), _) => {
            vec![whole(format!("{}...", shown_error(prefix)))]
        }
    }
}

fn evaluate(
    udf: &Udf,
    function: &str,
    case: &Case,
    mapping: Option<&Mapping>,
    query: &QueryContext,
) -> Found {
    let params = case.params.iter();
    let params = params.map(|(name, value)| (name.clone(), expanded(value)));
    let arguments = Arguments::from_json(&params.collect());
    let bound = udf.bind(function, &arguments, query);
    let mut bound = bound.map_err(with_causes)?;
    let Samples { documents, scores } = documents::read(&case.documents).map_err(with_causes)?;
    let reader = DocumentReader::of(mapping, &documents).map_err(with_causes)?;
    // Whether one document's error is expected or the whole case's is known to the case alone.
    let ends = case.values.is_none();
    bound.set_on_error(if ends { OnError::Fail } else { OnError::Null });
    let mut found = Vec::with_capacity(scores.len());
    for (position, score) in scores.into_iter().enumerate() {
        let batch = reader
            .load(&bound, &documents, position..position + 1, score)
            .map_err(with_causes)?;
        found.push(match bound.evaluate_row(&batch) {
            Ok(value) => Ok(value.to_json()),
            Err(EvaluateError::Document { message, .. }) if !ends => {
                Err(unquoted(&message).to_owned())
            }
            Err(error) => return Err(with_causes(error)),
        });
    }
    Ok(found)
}

fn with_causes(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}

fn diff(expected: &str, found: &str) -> String {
    format!("  - {}\n  + {}\n", one_line(expected), one_line(found))
}

fn shown(found: &Found) -> String {
    match found {
        Ok(found) => shown_values(found.len()),
        Err(error) => shown_error(error),
    }
}

fn shown_values(count: usize) -> String {
    match count {
        1 => "1 value".to_owned(),
        count => format!("{count} values"),
    }
}

fn shown_error(error: &str) -> String {
    format!("error: {error}")
}

fn shown_log(lines: &[String]) -> String {
    match lines {
        [] => "no log".to_owned(),
        lines => format!("log: {}", lines.join(" | ")),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (function, case) = (one_line(&self.function), one_line(&self.case));
        writeln!(formatter, "{function}: {case}")?;
        for Different { document, diff } in self.differences.iter().take(SHOWN) {
            if let Some(document) = document {
                writeln!(formatter, "  {document}")?;
            }
            formatter.write_str(diff)?;
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
