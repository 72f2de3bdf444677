//! Searches.

use std::time::Instant;

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use whittle_host::QueryContext;
use whittle_node::{SearchRequest, SearchResponse};

use super::Shared;
use crate::address::Path;
use crate::body::{Body, broken};
use crate::error::ApiError;
use crate::log;
use crate::node::Node;
use crate::parameters::{NoParameters, Query, TotalHits, parameters};
use crate::selection;
use crate::work::EndsWithClient;

/// The body as JSON; without one, an empty object.
fn object(body: &Body) -> Result<Json, ApiError> {
    match body.is_empty() {
        true => Ok(json!({})),
        false => body.read(),
    }
}

/// Runs a search over an index.
async fn run(node: &std::sync::Arc<Node>, name: &str, body: Json) -> Result<Json, ApiError> {
    let request = SearchRequest::parse(body.to_string().as_bytes())?;
    let index = selection::one(node, name)?;
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

parameters! {
    /// A search, as the body has it.
    SearchParameters {
        /// As in the body.
        from: Option<u64> = "from",
        /// As in the body.
        size: Option<u64> = "size",
        /// Refused: give a `query` in the body.
        q: Option<String> = "q",
        /// As in the body.
        track_total_hits: Option<TotalHits> = "track_total_hits",
        /// As in the body.
        track_scores: Option<bool> = "track_scores",
        /// `true`, `false`, or paths with commas between.
        source: Option<String> = "_source",
    }
    ignoring ["preference", "routing", "request_cache", "batched_reduce_size"]
}

parameters! {
    /// A count.
    CountParameters {}
    ignoring ["preference", "routing"]
}

/// Puts what the address says into the body.
fn merged(mut body: Json, parameters: &SearchParameters) -> Result<Json, ApiError> {
    let bad = |reason: &str| ApiError::new(StatusCode::BAD_REQUEST, "parsing_exception", reason);
    if !body.is_object() {
        return Err(bad("the search must be an object"));
    }
    if parameters.q.is_some() {
        return Err(bad(
            "there are no queries in the address: give a `query` in the body",
        ));
    }
    if let Some(from) = parameters.from {
        body["from"] = json!(from);
    }
    if let Some(size) = parameters.size {
        body["size"] = json!(size);
    }
    match parameters.track_total_hits {
        None => {}
        Some(TotalHits::Counted(counted)) => body["track_total_hits"] = json!(counted),
        Some(TotalHits::UpTo(most)) => body["track_total_hits"] = json!(most),
    }
    if let Some(track) = parameters.track_scores {
        body["track_scores"] = json!(track);
    }
    match parameters.source.as_deref() {
        None => {}
        Some("true") => body["_source"] = json!(true),
        Some("false") => body["_source"] = json!(false),
        Some(paths) => body["_source"] = paths.split(',').map(str::to_owned).collect(),
    }
    Ok(body)
}

/// Search an index.
///
/// The body is a query as `docs/QUERIES.md` of the project describes it.
#[utoipa::path(
    method(get, post), path = "/{index}/_search", tag = "search",
    params(SearchParameters),
    request_body = Json,
    responses((status = 200, body = Json))
)]
pub(super) async fn search(
    State(node): Shared,
    Path(name): Path<String>,
    Query(parameters): Query<SearchParameters>,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    let body = merged(object(&body)?, &parameters)?;
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
    _: Query<CountParameters>,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    let mut body = object(&body)?;
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
    _: Query<NoParameters>,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    several(shared, None, body).await
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
    _: Query<NoParameters>,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    several(shared, Some(index), body).await
}

/// Searches of one request, one after the other: a line that names the index, and one that is the
/// search.
async fn several(
    State(node): Shared,
    default: Option<String>,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
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
            Err(error) => json!(error.body()),
        });
    }
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(axum::Json(json!({"took": took, "responses": responses})))
}
