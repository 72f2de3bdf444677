//! Trying a UDF on sample documents.
//!
//! A trial counts in no statistics: a function that fails in one is not disabled for it, and a
//! disabled version can be tried. It needs no token, since it runs registered code alone, so it must
//! keep no search waiting: trials have permits and instances of their own, a short time, and a
//! circuit breaker that refuses trials of a function that keep running out of it.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value as Json, json};
use whittle_host::{
    Arguments, Bound, Budget, Document, EvaluateError, OnError, QueryContext, SelectError, Udf,
    VersionInfo, one_line,
};

use super::{Shared, udf::missing};
use crate::address::Path;
use crate::body::Body;
use crate::client::Client;
use crate::error::ApiError;
use crate::log;
use crate::node::Node;
use crate::parameters::{NoParameters, Query};

/// A function and what it is tried on.
struct Trial {
    version: Option<semver::VersionReq>,
    function: Option<String>,
    arguments: Arguments,
    documents: Vec<Sample>,
}

struct Sample {
    id: String,
    source: Json,
    score: Option<f64>,
}

/// Try a UDF on sample documents.
///
/// The body has `documents`, a list of objects, each a document or `{"_id", "_source", "_score"}`;
/// `params` for the function; `version`, a version or a range, by default the highest; and
/// `function`, if the UDF has several. The answer has a value or an error for each document, up to
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
        let body: Map<String, Json> = body.read()?;
        let mut trial = Self {
            version: None,
            function: None,
            arguments: Arguments::default(),
            documents: Vec::new(),
        };
        for (key, value) in body {
            match (key.as_str(), value) {
                ("version", Json::String(text)) => trial.version = Some(range(&text)?),
                ("function", Json::String(function)) => trial.function = Some(function),
                ("params", Json::Object(given)) => trial.arguments = Arguments::from_json(&given),
                ("documents", Json::Array(documents)) => {
                    let samples = documents.into_iter().enumerate();
                    let samples = samples.map(|(position, document)| sample(position, document));
                    trial.documents = samples.collect::<Result<_, _>>()?;
                }
                ("version" | "function", _) => {
                    return Err(bad(format!("`{key}` must be a string")));
                }
                ("params", _) => return Err(bad("`params` must be an object")),
                ("documents", _) => return Err(bad("`documents` must be a list of objects")),
                _ => {
                    return Err(bad(format!(
                        "unknown key `{}`; expected one of `documents`, `function`, `params`, \
                         `version`",
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
    ) -> Result<Json, ApiError> {
        let function = self.function(udf)?;
        let mut bound = self.bind(node, info, udf, function, query)?;
        // A document's error is its answer.
        bound.set_on_error(OnError::Null);
        let (results, stopped) = self.evaluate(&mut bound);
        let logs = query.take_log();
        log::udfs(&logs, "a test");
        let logs = logs.iter().map(|line| {
            json!({"udf": &*line.udf, "level": log::level(line.level), "message": line.message})
        });
        Ok(json!({
            "name": info.name,
            "version": info.version,
            "function": function,
            "results": results,
            "stopped": stopped,
            "logs": logs.collect::<Vec<_>>(),
            "udf": cost(&bound, query),
        }))
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

    /// One document at a time, so that those before a trap have their results.
    fn evaluate(&self, bound: &mut Bound) -> (Vec<Json>, Option<String>) {
        let mut results = Vec::with_capacity(self.documents.len());
        for Sample { id, source, score } in &self.documents {
            let (id, score) = (id.as_str(), *score);
            match bound.evaluate_document(Document { id, source, score }) {
                Ok(value) => results.push(json!({"_id": id, "value": value.to_json()})),
                Err(EvaluateError::Document { message, .. }) => {
                    results.push(json!({"_id": id, "error": message}));
                }
                Err(error) => {
                    let reason = ApiError::of(StatusCode::OK, "", &error).reason().to_owned();
                    results.push(json!({"_id": id, "error": reason}));
                    return (results, Some(reason));
                }
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

/// A document, or one with an id and a score beside it.
fn sample(position: usize, document: Json) -> Result<Sample, ApiError> {
    let at = |problem: &str| bad(format!("`documents[{position}]{problem}"));
    let Json::Object(mut object) = document else {
        return Err(at("` must be an object"));
    };
    let described = object.get("_source").is_some_and(Json::is_object)
        && (object.keys()).all(|key| matches!(key.as_str(), "_id" | "_source" | "_score"));
    if !described {
        return Ok(Sample {
            id: position.to_string(),
            source: Json::Object(object),
            score: None,
        });
    }
    let id = match object.remove("_id") {
        None => position.to_string(),
        Some(Json::String(id)) => id,
        Some(Json::Number(id)) => id.to_string(),
        Some(_) => return Err(at("._id` must be a string")),
    };
    let score = match object.remove("_score") {
        None | Some(Json::Null) => None,
        Some(score) => Some(
            score
                .as_f64()
                .ok_or_else(|| at("._score` must be a number"))?,
        ),
    };
    let source = object.remove("_source").unwrap_or(Json::Object(Map::new()));
    Ok(Sample { id, source, score })
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
