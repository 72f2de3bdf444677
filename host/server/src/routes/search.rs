//! Searches.

use std::time::Instant;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use whittle_host::QueryContext;
use whittle_node::{SearchRequest, SearchResponse};

use super::{Shared, indices};
use crate::body::{Body, broken};
use crate::error::ApiError;
use crate::log;
use crate::node::Node;
use crate::parameters::Parameters;
use crate::work::EndsWithClient;

/// Runs a search over an index.
async fn run(node: &std::sync::Arc<Node>, name: &str, body: Json) -> Result<Json, ApiError> {
    let request = SearchRequest::parse(body.to_string().as_bytes())?;
    let index = indices::one(node, name)?;
    let query = QueryContext::new(request.budget(node.options().budget.clone()));
    let _ends = EndsWithClient(query.clone());
    let (node_of, name) = (std::sync::Arc::clone(node), name.to_owned());
    let search = move || {
        let snapshot = index.snapshot().with_threads(node_of.threads());
        let response = whittle_node::search(&snapshot, &request, node_of.udfs(), &query, |_| ());
        log::udfs(&query.take_log(), &name);
        Ok(answer(
            &name,
            &response.map_err(|error| ApiError::from(error).in_index(&name))?,
        ))
    };
    node.searches.run(search).await
}

/// A search's answer as clients read it.
fn answer(index: &str, response: &SearchResponse) -> Json {
    let mut answer = json!(response);
    let mut hits = answer["hits"]["hits"].take();
    for hit in hits.as_array_mut().into_iter().flatten() {
        hit["_index"] = json!(index);
    }
    let mut told = json!({"max_score": response.hits.max_score, "hits": hits});
    if let Some(total) = response.hits.total {
        told["total"] = json!({"value": total, "relation": "eq"});
    }
    let mut whole = json!({
        "took": response.took_ms,
        "timed_out": false,
        "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
        "hits": told,
    });
    for part in ["aggregations", "udf", "profile"] {
        if let Some(part_of) = answer.get_mut(part) {
            whole[part] = part_of.take();
        }
    }
    whole
}

/// Puts what the address says into the body.
fn merged(mut body: Json, parameters: &Parameters) -> Result<Json, ApiError> {
    let bad = |reason: &str| ApiError::new(StatusCode::BAD_REQUEST, "parsing_exception", reason);
    if !body.is_object() {
        return Err(bad("the search must be an object"));
    }
    if parameters.get("q").is_some() {
        return Err(bad(
            "there are no queries in the address: give a `query` in the body",
        ));
    }
    for name in ["from", "size"] {
        if let Some(number) = parameters.number(name)? {
            body[name] = json!(number);
        }
    }
    for name in ["track_total_hits", "track_scores", "_source"] {
        match parameters.get(name) {
            None => {}
            Some("true") => body[name] = json!(true),
            Some("false") => body[name] = json!(false),
            Some(paths) if name == "_source" => {
                body[name] = paths.split(',').map(str::to_owned).collect();
            }
            Some(_) => body[name] = json!(parameters.number(name)?),
        }
    }
    Ok(body)
}

const KNOWN: &[&str] = &[
    "from",
    "size",
    "q",
    "track_total_hits",
    "track_scores",
    "_source",
];

/// Search an index.
///
/// The body is a query as `docs/QUERIES.md` of the project describes it.
#[utoipa::path(
    method(get, post), path = "/{index}/_search", tag = "search",
    params(
        ("from" = Option<u64>, Query, description = "as in the body"),
        ("size" = Option<u64>, Query, description = "as in the body"),
        ("track_total_hits" = Option<bool>, Query, description = "as in the body"),
        ("_source" = Option<String>, Query, description = "`true`, `false`, or paths with commas between")
    ),
    request_body = Json,
    responses((status = 200, body = Json))
)]
pub(super) async fn search(
    State(node): Shared,
    Path(name): Path<String>,
    parameters: Parameters,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    let parameters = parameters.only(KNOWN)?;
    let body = merged(body.json(json!({}))?, &parameters)?;
    Ok(axum::Json(run(&node, &name, body).await?))
}

/// Count the documents that a query finds.
#[utoipa::path(
    method(get, post), path = "/{index}/_count", tag = "search",
    request_body = Json,
    responses((status = 200, body = Json))
)]
pub(super) async fn count(
    State(node): Shared,
    Path(name): Path<String>,
    parameters: Parameters,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&["min_score"])?;
    let mut body = body.json(json!({}))?;
    let only_query = body
        .as_object()
        .is_some_and(|body| body.keys().all(|key| key == "query"));
    if !only_query {
        let reason = "a count takes `query` and nothing else";
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "parsing_exception",
            reason,
        ));
    }
    body["size"] = json!(0);
    let answer = run(&node, &name, body).await?;
    let count = &answer["hits"]["total"]["value"];
    Ok(axum::Json(
        json!({"count": count, "_shards": answer["_shards"]}),
    ))
}

/// Run several searches: a line that names the index, and one that is the search.
#[utoipa::path(
    method(get, post), path = "/_msearch", tag = "search",
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = Json))
)]
pub(super) async fn msearch(
    shared: Shared,
    parameters: Parameters,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    several(shared, None, parameters, body).await
}

/// Run several searches of an index.
#[utoipa::path(
    method(get, post), path = "/{index}/_msearch", tag = "search",
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = Json))
)]
pub(super) async fn msearch_of_index(
    shared: Shared,
    Path(index): Path<String>,
    parameters: Parameters,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    several(shared, Some(index), parameters, body).await
}

/// Searches of one request, one after the other: a line that names the index, and one that is the
/// search.
async fn several(
    State(node): Shared,
    default: Option<String>,
    parameters: Parameters,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&[])?;
    let started = Instant::now();
    let bad = |reason: String| ApiError::new(StatusCode::BAD_REQUEST, "parsing_exception", reason);
    let lines = body.0.split(|byte| *byte == b'\n').enumerate();
    let mut lines = lines.filter(|(number, line)| number % 2 == 0 || !line.is_empty());
    let mut responses = Vec::new();
    while let Some((number, head)) = lines.next() {
        if head.trim_ascii().is_empty() && number + 1 >= body.0.split(|byte| *byte == b'\n').count()
        {
            break;
        }
        let head: Json = if head.trim_ascii().is_empty() {
            json!({})
        } else {
            serde_json::from_slice(head).map_err(|error| broken(number + 1, &error))?
        };
        let Some((at, search)) = lines.next() else {
            return Err(bad(format!(
                "line {}: a head has no search in the next line",
                number + 1
            )));
        };
        let search: Json =
            serde_json::from_slice(search).map_err(|error| broken(at + 1, &error))?;
        let named = head["index"]
            .as_str()
            .map(str::to_owned)
            .or_else(|| default.clone());
        let Some(name) = named else {
            return Err(bad(format!("line {}: `index` is missing", number + 1)));
        };
        responses.push(match run(&node, &name, search).await {
            Ok(mut answer) => {
                answer["status"] = json!(200);
                answer
            }
            Err(error) => error.body(),
        });
    }
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(axum::Json(json!({"took": took, "responses": responses})))
}
