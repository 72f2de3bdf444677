//! Single documents.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use whittle_node::index::{Operation, WriteResult, Written};

use super::{Shared, indices};
use crate::body::Body;
use crate::error::ApiError;
use crate::failures::not_made;
use crate::parameters::Parameters;

/// What a write answers.
pub(super) fn written(index: &str, written: &Written) -> (StatusCode, Json) {
    let (status, result) = match written.result {
        WriteResult::Created => (StatusCode::CREATED, "created"),
        WriteResult::Updated => (StatusCode::OK, "updated"),
        WriteResult::Deleted => (StatusCode::OK, "deleted"),
        WriteResult::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        WriteResult::Noop => (StatusCode::OK, "noop"),
    };
    let answer = json!({
        "_index": index,
        "_id": written.id,
        "_version": written.version,
        "result": result,
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "_seq_no": written.seq_no,
        "_primary_term": 1,
    });
    (status, answer)
}

/// The sequence number that the document must have, where the parameters say so.
fn if_seq_no(parameters: &Parameters) -> Result<Option<u64>, ApiError> {
    let seq_no = parameters.number("if_seq_no")?;
    match parameters.number("if_primary_term")? {
        // There is one primary term.
        Some(term) if seq_no.is_some() && term != 1 => Ok(Some(u64::MAX)),
        _ => Ok(seq_no),
    }
}

const KNOWN: &[&str] = &[
    "refresh",
    "if_seq_no",
    "if_primary_term",
    "op_type",
    "_source",
];

/// Writes one document.
async fn write(
    shared: Shared,
    name: String,
    operation: Operation,
    parameters: Parameters,
    makes_index: bool,
) -> Result<Response, ApiError> {
    let State(node) = shared;
    let refresh = parameters.refresh()?;
    let writes = node.writes.clone();
    let write = move || {
        let index = if makes_index {
            node.index_or_new(&name)
                .map_err(|error| not_made(&name, error))?
        } else {
            indices::one(&node, &name)?
        };
        let results = index.write(vec![operation])?;
        if refresh {
            index.refresh()?;
        }
        let result = results.into_iter().next().expect("one for each operation");
        let result = result.map_err(|error| ApiError::from(error).in_index(&name))?;
        Ok(written(&name, &result))
    };
    let (status, answer) = writes.run(write).await?;
    Ok((status, axum::Json(answer)).into_response())
}

/// Write a document under a new id.
#[utoipa::path(
    post, path = "/{index}/_doc", tag = "documents",
    params(("refresh" = Option<String>, Query, description = "`true` or `wait_for`: searches see it before the answer")),
    request_body = Json,
    responses((status = 200, body = Json), (status = 201, body = Json))
)]
pub(super) async fn add(
    shared: Shared,
    Path(name): Path<String>,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let parameters = parameters.only(KNOWN)?;
    let operation = Operation::Create {
        id: None,
        source: body.0.to_vec(),
    };
    write(shared, name, operation, parameters, true).await
}

/// Write a document; one with the same id is replaced.
#[utoipa::path(
    method(put, post), path = "/{index}/_doc/{id}", tag = "documents",
    params(("refresh" = Option<String>, Query, description = "`true` or `wait_for`: searches see it before the answer")),
    request_body = Json,
    responses((status = 200, body = Json), (status = 201, body = Json))
)]
pub(super) async fn put(
    shared: Shared,
    Path((name, id)): Path<(String, String)>,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let parameters = parameters.only(KNOWN)?;
    let source = body.0.to_vec();
    let operation = match parameters.get("op_type") {
        Some("create") => Operation::Create {
            id: Some(id),
            source,
        },
        _ => Operation::Index {
            id: Some(id),
            source,
            if_seq_no: if_seq_no(&parameters)?,
        },
    };
    write(shared, name, operation, parameters, true).await
}

/// Write a document, unless there is one with the same id.
#[utoipa::path(
    method(put, post), path = "/{index}/_create/{id}", tag = "documents",
    params(("refresh" = Option<String>, Query, description = "`true` or `wait_for`: searches see it before the answer")),
    request_body = Json,
    responses((status = 200, body = Json), (status = 201, body = Json))
)]
pub(super) async fn create(
    shared: Shared,
    Path((name, id)): Path<(String, String)>,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let parameters = parameters.only(KNOWN)?;
    let operation = Operation::Create {
        id: Some(id),
        source: body.0.to_vec(),
    };
    write(shared, name, operation, parameters, true).await
}

/// Delete a document.
#[utoipa::path(
    delete, path = "/{index}/_doc/{id}", tag = "documents",
    params(("refresh" = Option<String>, Query, description = "`true` or `wait_for`: searches see it before the answer")),
    responses((status = 200, body = Json))
)]
pub(super) async fn delete(
    shared: Shared,
    Path((name, id)): Path<(String, String)>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let parameters = parameters.only(KNOWN)?;
    let if_seq_no = if_seq_no(&parameters)?;
    let operation = Operation::Delete { id, if_seq_no };
    write(shared, name, operation, parameters, false).await
}

/// Merge fields into a document.
#[utoipa::path(
    post, path = "/{index}/_update/{id}", tag = "documents",
    params(("refresh" = Option<String>, Query, description = "`true` or `wait_for`: searches see it before the answer")),
    request_body = Json,
    responses((status = 200, body = Json), (status = 201, body = Json))
)]
pub(super) async fn update(
    shared: Shared,
    Path((name, id)): Path<(String, String)>,
    parameters: Parameters,
    body: Body,
) -> Result<Response, ApiError> {
    let parameters = parameters.only(KNOWN)?;
    let if_seq_no = if_seq_no(&parameters)?;
    let operation = update_of(id, &body.json(json!({}))?, if_seq_no)?;
    let upserts = matches!(
        operation,
        Operation::Update {
            upsert: Some(_),
            ..
        }
    );
    write(shared, name, operation, parameters, upserts).await
}

/// The operation that the body of an update asks for.
pub(super) fn update_of(
    id: String,
    body: &Json,
    if_seq_no: Option<u64>,
) -> Result<Operation, ApiError> {
    let bad = |reason: &str| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "action_request_validation_exception",
            reason,
        )
    };
    let known = ["doc", "doc_as_upsert", "detect_noop"];
    let Some(members) = body.as_object() else {
        return Err(bad("an update is an object with `doc`"));
    };
    if members.keys().any(|key| !known.contains(&key.as_str())) {
        return Err(bad(
            "an update has `doc`, `doc_as_upsert` and nothing else; there are no scripts",
        ));
    }
    let Some(partial) = members.get("doc") else {
        return Err(bad("an update needs `doc`"));
    };
    let partial = partial.to_string().into_bytes();
    let upserts = members.get("doc_as_upsert") == Some(&Json::Bool(true));
    Ok(Operation::Update {
        id,
        upsert: upserts.then(|| partial.clone()),
        partial,
        detect_noop: true,
        if_seq_no,
    })
}

/// Show a document.
#[utoipa::path(
    get, path = "/{index}/_doc/{id}", tag = "documents",
    responses((status = 200, body = Json))
)]
pub(super) async fn get(
    State(node): Shared,
    Path((name, id)): Path<(String, String)>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let parameters = parameters.only(&["refresh", "_source", "stored_fields", "version"])?;
    let without_source = parameters.get("_source") == Some("false");
    let index = indices::one(&node, &name)?;
    let find = move || Ok((index.get(&id)?, id));
    let (found, id) = node.searches.run(find).await?;
    let Some(stored) = found else {
        let answer = json!({"_index": name, "_id": id, "found": false});
        return Ok((StatusCode::NOT_FOUND, axum::Json(answer)).into_response());
    };
    let mut answer = json!({"_index": name, "_id": stored.id, "_version": stored.version,
        "_seq_no": stored.seq_no, "_primary_term": 1, "found": true});
    if !without_source {
        answer["_source"] = as_json(&stored.source)?;
    }
    Ok(axum::Json(answer).into_response())
}

/// Show what a document was written as.
#[utoipa::path(
    get, path = "/{index}/_source/{id}", tag = "documents",
    responses((status = 200, body = Json))
)]
pub(super) async fn source(
    State(node): Shared,
    Path((name, id)): Path<(String, String)>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    parameters.only(&["refresh"])?;
    let index = indices::one(&node, &name)?;
    let find = move || Ok((index.get(&id)?, id));
    match node.searches.run(find).await? {
        (Some(stored), _) => {
            let text = String::from_utf8_lossy(&stored.source).into_owned();
            let source = RawValue::from_string(text).map_err(|error| damaged(&error))?;
            Ok(axum::Json(source).into_response())
        }
        (None, id) => Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "resource_not_found_exception",
            format!(
                "Document not found [{}]/[{}]",
                name,
                whittle_host::one_line(&id)
            ),
        )),
    }
}

fn as_json(source: &[u8]) -> Result<Json, ApiError> {
    serde_json::from_slice(source).map_err(|error| damaged(&error))
}

fn damaged(error: &serde_json::Error) -> ApiError {
    ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", error)
}
