//! Trying a UDF on sample documents.
//!
//! A trial counts in no statistics: a function that fails in one is not disabled for it, and a
//! disabled version can be tried. It needs no token, since it runs registered code alone, so it must
//! keep no search waiting: trials have permits and instances of their own, a short time, and a
//! circuit breaker that refuses trials of a function that keep running out of it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use whittle_host::{
    Arguments, Bound, Budget, EvaluateError, ExactJson, OnError, QueryContext, SelectError, Udf,
    VersionInfo, one_line, unquoted,
};
use whittle_node::index::IndexError;
use whittle_node::mapping::Mapping;
use whittle_node::{DocumentReader, SampleError, Samples};

use super::{Shared, udf::missing};
use crate::address::Path;
use crate::body::{Body, broken};
use crate::client::Client;
use crate::error::ApiError;
use crate::log;
use crate::node::Node;
use crate::parameters::{NoParameters, Query};
use crate::selection;

/// A function and what it is tried on.
struct Trial {
    version: Option<semver::VersionReq>,
    function: Option<String>,
    arguments: Arguments,
    samples: Samples,
    reader: Reading,
}

/// What a trial answers. Values keep the digits of their numbers.
#[derive(Debug, Serialize)]
struct Answer {
    name: String,
    version: String,
    function: String,
    results: Vec<SampleResult>,
    /// Why the documents after the last result were not evaluated.
    stopped: Option<String>,
    logs: Vec<Json>,
    udf: Json,
}

/// What the function gave for a document.
#[derive(Debug, Serialize)]
struct SampleResult {
    _id: String,
    #[serde(flatten)]
    result: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Value(ExactJson),
    Error(String),
}

/// How the fields of documents are typed.
enum Reading {
    /// As the documents show.
    Guess,
    Mapping(Box<Mapping>),
    /// As in an index of the node.
    Index(String),
}

/// Try a UDF on sample documents.
///
/// The body has `documents`, a list of objects, each a document or `{"_id", "_source", "_score"}`;
/// `params` for the function; `version`, a version or a range, by default the highest; `function`, if
/// the UDF has several; and `index` or `mapping` for the types of fields, which by default are those
/// that an index would take from the documents. The answer has a value or an error for each document, up to
/// the one that stopped the function, if one did; what the function logged; and what it cost. A
/// trial takes 2 seconds at most.
#[utoipa::path(
    post, path = "/_udf/{name}/_test", tag = "udf",
    params(("name" = String, Path, description = "the UDF")),
    request_body = Json, responses((status = 200, body = Json))
)]
pub(super) async fn test(
    State(node): Shared,
    Path(name): Path<String>,
    _: Query<NoParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    let (trials, memory) = (node.trials.clone(), node.memory().clone());
    let client = Client::default();
    let _waits = client.waits();
    let run = move || {
        let trial = Trial::read(&body)?;
        // The documents as columns.
        body.hold_parsed(&body.bytes, 1)?;
        // Its time begins now: not while it waits for others.
        let query = client.begins(QueryContext::new(budget(&node)));
        let (info, udf) = chosen(&node, &name, trial.version.as_ref())?;
        let answer = trial.run(&node, &info, &udf, &query);
        // Lines that were logged before an error.
        log::udfs(&query.take_log(), "a test");
        answer
    };
    trials.answer(&memory, run).await
}

/// The longest time of a trial.
const TIME: Duration = Duration::from_secs(2);

fn budget(node: &Node) -> Budget {
    let budget = node.options().budget.clone();
    Budget {
        wall_clock: budget.wall_clock.min(TIME),
        ..budget
    }
}

/// The highest version in the range, disabled or not.
fn chosen(
    node: &Node,
    name: &str,
    versions: Option<&semver::VersionReq>,
) -> Result<(VersionInfo, Udf), ApiError> {
    let named = node.registry().versions_of(name).into_iter();
    let fits = |info: &VersionInfo| versions.is_none_or(|range| range.matches(&info.version));
    let of = || versions.map_or(name.to_owned(), |range| format!("{name}@{range}"));
    let best = named
        .filter(fits)
        .max_by(|left, right| left.version.cmp(&right.version));
    let info = best.ok_or_else(|| missing(&of()))?;
    let udf = node
        .registry()
        .udf(name, &info.version)
        .map_err(|error| ApiError::of(StatusCode::UNPROCESSABLE_ENTITY, "udf_exception", &error))?;
    let udf = udf.ok_or_else(|| missing(&of()))?;
    Ok((info, udf))
}

fn bad(reason: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "parsing_exception", reason)
}

impl Trial {
    fn read(body: &Body) -> Result<Self, ApiError> {
        let body: BTreeMap<String, Box<RawValue>> = body.read()?;
        let mut trial = Self {
            version: None,
            function: None,
            arguments: Arguments::default(),
            samples: Samples::default(),
            reader: Reading::Guess,
        };
        for (key, raw) in body {
            if key == "documents" {
                trial.samples = samples(&raw)?;
                continue;
            }
            let value: Json = serde_json::from_str(raw.get()).map_err(|error| broken(1, &error))?;
            match (key.as_str(), value) {
                ("version", Json::String(text)) => trial.version = Some(range(&text)?),
                ("function", Json::String(function)) => trial.function = Some(function),
                ("params", Json::Object(given)) => trial.arguments = Arguments::from_json(&given),
                ("index" | "mapping", _) if !matches!(trial.reader, Reading::Guess) => {
                    return Err(bad(
                        "`index` and `mapping` exclude each other: give one of them",
                    ));
                }
                ("index", Json::String(name)) => trial.reader = Reading::Index(name),
                ("mapping", json) => {
                    let mapping = Mapping::parse(&json).map_err(IndexError::Mapping)?;
                    trial.reader = Reading::Mapping(Box::new(mapping));
                }
                ("version" | "function" | "index", _) => {
                    return Err(bad(format!("`{key}` must be a string")));
                }
                ("params", _) => return Err(bad("`params` must be an object")),
                _ => {
                    return Err(bad(format!(
                        "unknown key `{}`; expected one of `documents`, `function`, `index`, \
                         `mapping`, `params`, `version`",
                        one_line(&key)
                    )));
                }
            }
        }
        Ok(trial)
    }

    fn run(
        &self,
        node: &Node,
        info: &VersionInfo,
        udf: &Udf,
        query: &QueryContext,
    ) -> Result<Answer, ApiError> {
        let function = self.function(udf)?;
        let mut bound = self.bind(node, info, udf, function, query)?;
        // A document's error is its answer.
        bound.set_on_error(OnError::Null);
        let reader = self.reader(node)?;
        let (results, stopped) = self.evaluate(&mut bound, &reader);
        let logs = query.take_log();
        log::udfs(&logs, "a test");
        let logs = logs.iter().map(|line| {
            json!({"udf": &*line.udf, "level": line.level.to_string(), "message": line.message})
        });
        Ok(Answer {
            name: info.name.clone(),
            version: info.version.to_string(),
            function: function.to_owned(),
            results,
            stopped,
            logs: logs.collect(),
            udf: cost(&bound, query),
        })
    }

    fn bind(
        &self,
        node: &Node,
        info: &VersionInfo,
        udf: &Udf,
        function: &str,
        query: &QueryContext,
    ) -> Result<Bound, ApiError> {
        let trial = node.registry().trial(&info.name, &info.version, function);
        let trial = trial.map_err(|error| {
            let (status, kind) = match &error {
                SelectError::TrialsRefused { .. } => {
                    (StatusCode::TOO_MANY_REQUESTS, "circuit_breaking_exception")
                }
                _ => (StatusCode::UNPROCESSABLE_ENTITY, "udf_exception"),
            };
            ApiError::of(status, kind, &error)
        })?;
        match trial {
            Some(trial) => Ok(trial.bind(&self.arguments, query)?),
            // The component's error names the functions that it has.
            None => Ok(udf.bind(function, &self.arguments, query)?),
        }
    }

    /// The function that is asked for, or the only one.
    fn function<'a>(&'a self, udf: &'a Udf) -> Result<&'a str, ApiError> {
        if let Some(function) = &self.function {
            return Ok(function);
        }
        match &udf.manifest().functions[..] {
            [only] => Ok(&only.name),
            several => {
                let names: Vec<_> = several.iter().map(|of| format!("`{}`", of.name)).collect();
                Err(bad(format!(
                    "`function` is missing: give one of {}",
                    names.join(", ")
                )))
            }
        }
    }

    /// What reads the documents.
    fn reader(&self, node: &Node) -> Result<DocumentReader, ApiError> {
        let documents = &self.samples.documents;
        let read = match &self.reader {
            Reading::Guess => DocumentReader::guess(documents),
            Reading::Mapping(mapping) => DocumentReader::with_mapping(mapping, documents),
            Reading::Index(name) => {
                let index = selection::one(node, name)?;
                DocumentReader::with_mapping(&index.mapping(), documents)
            }
        };
        read.map_err(|error| {
            ApiError::of(StatusCode::BAD_REQUEST, "mapper_parsing_exception", &error)
        })
    }

    /// One document at a time, so that those before a trap have their results.
    fn evaluate(
        &self,
        bound: &mut Bound,
        reader: &DocumentReader,
    ) -> (Vec<SampleResult>, Option<String>) {
        let Samples { documents, scores } = &self.samples;
        let mut results = Vec::with_capacity(documents.len());
        for (position, score) in scores.iter().enumerate() {
            let _id = documents.id(position).to_owned();
            let batch = reader.load(bound, documents, position..position + 1, *score);
            let (result, stopped) = match batch.and_then(|batch| bound.evaluate_row(&batch)) {
                Ok(value) => (Outcome::Value(value.to_json()), None),
                Err(EvaluateError::Document { message, .. }) => {
                    (Outcome::Error(unquoted(&message).to_owned()), None)
                }
                Err(error) => {
                    let reason = ApiError::of(StatusCode::OK, "", &error).reason().to_owned();
                    (Outcome::Error(reason.clone()), Some(reason))
                }
            };
            results.push(SampleResult { _id, result });
            if stopped.is_some() {
                return (results, stopped);
            }
        }
        (results, None)
    }
}

fn range(text: &str) -> Result<semver::VersionReq, ApiError> {
    // A full version means that version only, as in a query.
    let range = match text.parse::<semver::Version>() {
        Ok(version) => format!("={version}").parse(),
        Err(_) => text.parse(),
    };
    range.map_err(|error: semver::Error| {
        let text = one_line(text);
        bad(format!(
            "`version`: `{text}` is neither a version such as `1.2.0` nor a range such as `^1.2`: \
             {error}"
        ))
    })
}

/// The documents, each plain or with an id and a score beside it.
fn samples(raw: &RawValue) -> Result<Samples, ApiError> {
    let texts: Result<Vec<Box<RawValue>>, _> = serde_json::from_str(raw.get());
    let texts = texts.map_err(|_| bad("`documents` must be a list of objects"))?;
    Samples::read(texts).map_err(|error| match error {
        SampleError::Type {
            position,
            member,
            expected,
        } => {
            let member = member.map_or(String::new(), |member| format!(".{member}"));
            bad(format!(
                "`documents[{position}]{member}` must be {expected}"
            ))
        }
        error => bad(format!("`documents`: {error}")),
    })
}

/// What the trial took.
fn cost(bound: &Bound, query: &QueryContext) -> Json {
    let (statistics, usage) = (bound.statistics(), query.usage());
    let Budget {
        memory_bytes,
        wall_clock,
        ..
    } = query.budget();
    let fields = bound.fields().iter().map(|field| json!(field.path));
    json!({
        "documents": statistics.documents,
        "errors": statistics.errors,
        "time_us": statistics.time.as_micros() as u64,
        "cpu_time_us": usage.cpu_time.as_micros() as u64,
        "wall_clock_us": usage.wall_clock.as_micros() as u64,
        "wall_clock_limit_ms": wall_clock.as_millis() as u64,
        "memory_peak_bytes": usage.memory_peak_bytes,
        "memory_limit_bytes": memory_bytes,
        "fields": fields.collect::<Vec<_>>(),
    })
}
