//! What a client asks of a cluster, of which this node is the whole.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use super::{Shared, page};
use crate::error::ApiError;
use crate::metrics;
use crate::parameters::Parameters;

/// The version of OpenSearch whose clients are served.
const OPENSEARCH: &str = "2.19.0";

/// Tell which node this is, to clients; browsers are shown the node's page.
#[utoipa::path(
    get, path = "/", tag = "node",
    responses((status = 200, body = Json))
)]
pub(super) async fn banner(
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    parameters.only(&[])?;
    let accepted = headers.get(ACCEPT).map(HeaderValue::as_bytes);
    let is_browser = accepted.is_some_and(|kinds| kinds.starts_with(b"text/html"));
    if is_browser {
        return Ok(page::index());
    }
    let banner = axum::Json(json!({
        "name": "whittle",
        "cluster_name": "whittle",
        "cluster_uuid": "_na_",
        "version": {
            "distribution": "opensearch",
            "number": OPENSEARCH,
            "build_type": "whittle",
            "build_hash": "unknown",
            "build_snapshot": false,
            "lucene_version": "none",
            "minimum_wire_compatibility_version": OPENSEARCH,
            "minimum_index_compatibility_version": OPENSEARCH,
        },
        "whittle": env!("CARGO_PKG_VERSION"),
        "tagline": "You know, for search, with functions of your own",
    }));
    Ok(banner.into_response())
}

/// Show what the node has done and holds, as Prometheus reads it.
#[utoipa::path(
    get, path = "/metrics", tag = "node",
    responses((status = 200, content_type = "application/openmetrics-text", body = String))
)]
pub(super) async fn metrics(State(node): Shared) -> Result<Response, ApiError> {
    let node_of = Arc::clone(&node);
    let text = move || {
        node_of.metrics.text(&node_of).map_err(|error| {
            ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", &error)
        })
    };
    let text = node.reports.run(text).await?;
    Ok(([(CONTENT_TYPE, metrics::FORMAT)], text).into_response())
}

/// Tell that the node answers.
#[utoipa::path(
    get, path = "/health", tag = "node",
    responses((status = 200, body = Json))
)]
pub(super) async fn health() -> axum::Json<Json> {
    axum::Json(json!({"status": "green"}))
}

/// Tell how the cluster is, of which this node is the whole.
#[utoipa::path(
    get, path = "/_cluster/health", tag = "node",
    responses((status = 200, body = Json))
)]
pub(super) async fn cluster_health(
    State(node): Shared,
    parameters: Parameters,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&[
        "level",
        "wait_for_status",
        "wait_for_nodes",
        "wait_for_no_relocating_shards",
    ])?;
    let indexes = node.indexes().len();
    Ok(axum::Json(json!({
        "cluster_name": "whittle",
        "status": "green",
        "timed_out": false,
        "number_of_nodes": 1,
        "number_of_data_nodes": 1,
        "active_primary_shards": indexes,
        "active_shards": indexes,
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": 0,
        "number_of_pending_tasks": 0,
    })))
}

/// The columns of the indexes' table.
const COLUMNS: [&str; 8] = [
    "health",
    "status",
    "index",
    "pri",
    "rep",
    "docs.count",
    "docs.deleted",
    "store.size",
];

/// List the indexes as a table.
#[utoipa::path(
    get, path = "/_cat/indices", tag = "indexes",
    params(("format" = Option<String>, Query, description = "`json`, else text"), ("v" = Option<bool>, Query, description = "with a head")),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(super) async fn cat_indices(
    State(node): Shared,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let parameters = parameters.only(&["v", "h", "s", "bytes"])?;
    let row = |(name, index): &(String, whittle_node::index::Index)| {
        let statistics = index.statistics();
        [
            "green".to_owned(),
            "open".to_owned(),
            name.clone(),
            "1".to_owned(),
            "0".to_owned(),
            statistics.documents.to_string(),
            statistics.deleted.to_string(),
            format!("{}b", statistics.bytes),
        ]
    };
    let rows: Vec<[String; 8]> = node.indexes().iter().map(row).collect();
    if parameters.get("format") == Some("json") {
        let object = |row: &[String; 8]| -> Json {
            let members = COLUMNS.iter().zip(row);
            members
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect()
        };
        return Ok(axum::Json(rows.iter().map(object).collect::<Vec<Json>>()).into_response());
    }
    let head = COLUMNS.map(str::to_owned);
    let shown = parameters.flag("v")?.then_some(head);
    let rows: Vec<[String; 8]> = shown.into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let line = |row: &[String; 8]| {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("{}\n", cells.join(" ").trim_end())
    };
    let text: String = rows.iter().map(line).collect();
    Ok(([(CONTENT_TYPE, "text/plain; charset=UTF-8")], text).into_response())
}
