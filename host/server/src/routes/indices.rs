//! Indexes: made, described and deleted.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use whittle_node::index::Index;
use whittle_node::mapping::Mapping;

use super::Shared;
use crate::body::Body;
use crate::error::ApiError;
use crate::failures::{no_index, not_made};
use crate::node::Node;
use crate::parameters::Parameters;

/// The index of a name, or several with commas between them, or `_all`.
///
/// # Errors
///
/// 404 where one is not there.
fn named(node: &Node, names: &str) -> Result<Vec<(String, Index)>, ApiError> {
    if names == "_all" || names == "*" {
        return Ok(node.indexes());
    }
    let one = |name: &str| {
        let index = node.index(name).ok_or_else(|| no_index(name))?;
        Ok((name.to_owned(), index))
    };
    names.split(',').map(one).collect()
}

/// One index.
///
/// # Errors
///
/// 404 where it is not there.
pub(super) fn one(node: &Node, name: &str) -> Result<Index, ApiError> {
    node.index(name).ok_or_else(|| no_index(name))
}

/// Make an index; the body may have `mappings`.
#[utoipa::path(
    put, path = "/{index}", tag = "indexes",
    request_body = Json,
    responses((status = 200, body = Json))
)]
pub(super) async fn create(
    State(node): Shared,
    Path(name): Path<String>,
    parameters: Parameters,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&[])?;
    let body = body.json(json!({}))?;
    let mapping = mapping_of(&body)?;
    let writes = node.writes.clone();
    let made = move || {
        let made = node.create(&name, mapping);
        made.map_err(|error| not_made(&name, error))?;
        Ok(name)
    };
    let name = writes.run(made).await?;
    let answer = json!({"acknowledged": true, "shards_acknowledged": true, "index": name});
    Ok(axum::Json(answer))
}

/// The mapping of an index that is made. Its settings are those of a cluster, and say nothing here.
fn mapping_of(body: &Json) -> Result<Mapping, ApiError> {
    let bad = |reason: String| ApiError::new(StatusCode::BAD_REQUEST, "parsing_exception", reason);
    let Json::Object(members) = body else {
        return Err(bad("the body must be an object".to_owned()));
    };
    for key in members.keys() {
        if !["mappings", "settings", "aliases"].contains(&key.as_str()) {
            let key = whittle_host::one_line(key);
            return Err(bad(format!("unknown key [{key}] for create index")));
        }
    }
    let aliases = members.get("aliases").and_then(Json::as_object);
    if aliases.is_some_and(|aliases| !aliases.is_empty()) {
        return Err(bad("`aliases` are not supported: leave them out".to_owned()));
    }
    match members.get("mappings") {
        None => Ok(Mapping::dynamic()),
        Some(mapping) => Mapping::parse(mapping).map_err(|error| {
            ApiError::of(StatusCode::BAD_REQUEST, "mapper_parsing_exception", &error)
        }),
    }
}

/// Delete an index.
#[utoipa::path(
    delete, path = "/{index}", tag = "indexes",
    responses((status = 200, body = Json))
)]
pub(super) async fn delete(
    State(node): Shared,
    Path(name): Path<String>,
    parameters: Parameters,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&[])?;
    let writes = node.writes.clone();
    let delete = move || match node.delete(&name)? {
        true => Ok(()),
        false => Err(no_index(&name)),
    };
    writes.run(delete).await?;
    Ok(axum::Json(json!({"acknowledged": true})))
}

/// Show an index with its mapping; a HEAD request tells whether there is one.
#[utoipa::path(
    get, path = "/{index}", tag = "indexes",
    responses((status = 200, body = Json))
)]
pub(super) async fn get(
    State(node): Shared,
    Path(names): Path<String>,
    parameters: Parameters,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&["flat_settings", "include_defaults"])?;
    let index = |(name, index): (String, Index)| {
        let settings = json!({"index": {"number_of_shards": "1", "number_of_replicas": "0",
            "provided_name": name}});
        let described = json!({"aliases": {}, "mappings": index.mapping().to_json(),
            "settings": settings});
        (name, described)
    };
    let described: Map<String, Json> = named(&node, &names)?.into_iter().map(index).collect();
    Ok(axum::Json(Json::Object(described)))
}

/// Show the types of an index's fields.
#[utoipa::path(
    get, path = "/{index}/_mapping", tag = "indexes",
    responses((status = 200, body = Json))
)]
pub(super) async fn mapping(
    State(node): Shared,
    Path(names): Path<String>,
    parameters: Parameters,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&["include_type_name"])?;
    let mapping =
        |(name, index): (String, Index)| (name, json!({"mappings": index.mapping().to_json()}));
    let mappings: Map<String, Json> = named(&node, &names)?.into_iter().map(mapping).collect();
    Ok(axum::Json(Json::Object(mappings)))
}

/// Add fields to an index.
#[utoipa::path(
    put, path = "/{index}/_mapping", tag = "indexes",
    request_body = Json,
    responses((status = 200, body = Json))
)]
pub(super) async fn put_mapping(
    State(node): Shared,
    Path(name): Path<String>,
    parameters: Parameters,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&["write_index_only"])?;
    let body = body.json(json!({}))?;
    let index = one(&node, &name)?;
    node.writes
        .run(move || Ok(index.put_mapping(&body)?))
        .await?;
    Ok(axum::Json(json!({"acknowledged": true})))
}

fn shards(indexes: usize) -> Json {
    json!({"total": indexes, "successful": indexes, "failed": 0})
}

async fn refreshed(
    node: &Node,
    indexes: Vec<(String, Index)>,
) -> Result<axum::Json<Json>, ApiError> {
    let shards = shards(indexes.len());
    let refresh = move || {
        for (_, index) in indexes {
            index.refresh()?;
        }
        Ok(())
    };
    node.writes.run(refresh).await?;
    Ok(axum::Json(json!({"_shards": shards})))
}

/// Show searches what was written.
#[utoipa::path(
    method(get, post), path = "/{index}/_refresh", tag = "indexes",
    responses((status = 200, body = Json))
)]
pub(super) async fn refresh(
    State(node): Shared,
    Path(names): Path<String>,
    parameters: Parameters,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&["force", "wait_if_ongoing"])?;
    let indexes = named(&node, &names)?;
    refreshed(&node, indexes).await
}

/// Show searches what was written, in all indexes.
#[utoipa::path(
    method(get, post), path = "/_refresh", tag = "indexes",
    responses((status = 200, body = Json))
)]
pub(super) async fn refresh_all(
    State(node): Shared,
    parameters: Parameters,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&["force", "wait_if_ongoing"])?;
    let indexes = node.indexes();
    refreshed(&node, indexes).await
}

fn statistics(indexes: Vec<(String, Index)>) -> axum::Json<Json> {
    let shards = shards(indexes.len());
    let (mut documents, mut deleted, mut bytes) = (0, 0, 0);
    let mut of_each = Map::new();
    let described = |documents: u64, deleted: u64, bytes: u64| {
        let numbers = json!({"docs": {"count": documents, "deleted": deleted},
            "store": {"size_in_bytes": bytes}});
        json!({"primaries": numbers, "total": numbers})
    };
    for (name, index) in indexes {
        let statistics = index.statistics();
        documents += statistics.documents;
        deleted += statistics.deleted;
        bytes += statistics.bytes;
        let mut of_one = described(statistics.documents, statistics.deleted, statistics.bytes);
        of_one["segments"] = json!(statistics.segments);
        of_one["pending"] = json!(statistics.pending);
        of_each.insert(name, of_one);
    }
    let all = described(documents, deleted, bytes);
    axum::Json(json!({"_shards": shards, "_all": all, "indices": of_each}))
}

/// Show how large an index is.
#[utoipa::path(
    get, path = "/{index}/_stats", tag = "indexes",
    responses((status = 200, body = Json))
)]
pub(super) async fn stats(
    State(node): Shared,
    Path(names): Path<String>,
    parameters: Parameters,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&["level", "fields", "groups"])?;
    Ok(statistics(named(&node, &names)?))
}

/// Show how large the indexes are.
#[utoipa::path(
    get, path = "/_stats", tag = "indexes",
    responses((status = 200, body = Json))
)]
pub(super) async fn stats_of_all(
    State(node): Shared,
    parameters: Parameters,
) -> Result<axum::Json<Json>, ApiError> {
    parameters.only(&["level", "fields", "groups"])?;
    Ok(statistics(node.indexes()))
}
