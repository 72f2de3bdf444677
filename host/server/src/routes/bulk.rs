//! Many writes in one request: a line for each operation, and one for its document.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use whittle_node::index::{Operation, WriteError, Written};

use super::documents::{update_of, written};
use super::{Shared, indices};
use crate::body::{Body, broken};
use crate::error::ApiError;
use crate::failures::not_made;
use crate::node::Node;
use crate::parameters::Parameters;

/// An operation of a bulk request.
struct Item {
    /// `index`, `create`, `update` or `delete`.
    action: &'static str,
    index: String,
    id: Option<String>,
    operation: Result<Operation, ApiError>,
}

/// Write documents, of any index: a line with the action, and one with the document.
#[utoipa::path(
    method(post, put), path = "/_bulk", tag = "documents",
    params(("refresh" = Option<String>, Query, description = "`true` or `wait_for`: searches see it before the answer")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = Json))
)]
pub(super) async fn bulk(
    shared: Shared,
    parameters: Parameters,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    run(shared, None, parameters, body).await
}

/// Write documents: a line with the action, and one with the document.
#[utoipa::path(
    method(post, put), path = "/{index}/_bulk", tag = "documents",
    params(("refresh" = Option<String>, Query, description = "`true` or `wait_for`: searches see it before the answer")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = Json))
)]
pub(super) async fn bulk_of_index(
    shared: Shared,
    Path(index): Path<String>,
    parameters: Parameters,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    run(shared, Some(index), parameters, body).await
}

async fn run(
    State(node): Shared,
    index: Option<String>,
    parameters: Parameters,
    body: Body,
) -> Result<axum::Json<Json>, ApiError> {
    let parameters = parameters.only(&["refresh", "_source", "pipeline"])?;
    let refresh = parameters.refresh()?;
    let writes = node.writes.clone();
    let work = move || {
        let started = Instant::now();
        let items = items(&body.0, index.as_deref())?;
        let answers = write(&node, items, refresh);
        let errors = answers
            .iter()
            .any(|(_, answer)| answer.get("error").is_some());
        let items = answers
            .into_iter()
            .map(|(action, answer)| json!({action: answer}));
        Ok(json!({
            "took": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "errors": errors,
            "items": items.collect::<Vec<Json>>(),
        }))
    };
    Ok(axum::Json(writes.run(work).await?))
}

/// What goes to one index, in the order in which it came.
#[derive(Default)]
struct Batch {
    places: Vec<Place>,
    operations: Vec<Operation>,
}

/// Where an operation's answer goes.
struct Place {
    position: usize,
    action: &'static str,
    id: Option<String>,
}

/// Writes all, and answers in the order of the request.
fn write(node: &Node, items: Vec<Item>, refresh: bool) -> Vec<(&'static str, Json)> {
    let mut answers: Vec<Option<(&'static str, Json)>> = Vec::new();
    let mut batches: BTreeMap<String, Batch> = BTreeMap::new();
    for (position, item) in items.into_iter().enumerate() {
        let Item {
            action,
            index,
            id,
            operation,
        } = item;
        match operation {
            Ok(operation) => {
                let batch = batches.entry(index).or_default();
                batch.operations.push(operation);
                batch.places.push(Place {
                    position,
                    action,
                    id,
                });
                answers.push(None);
            }
            Err(error) => answers.push(Some((action, failed(&index, id, &error)))),
        }
    }
    for (name, Batch { places, operations }) in batches {
        let results = write_to(node, &name, operations, refresh);
        for (number, place) in places.into_iter().enumerate() {
            let result = match &results {
                Ok(results) => results[number].clone().map_err(ApiError::from),
                Err(error) => Err(error.clone()),
            };
            let answer = match result {
                Ok(result) => {
                    let (status, mut answer) = written(&name, &result);
                    answer["status"] = json!(status.as_u16());
                    answer
                }
                Err(error) => failed(&name, place.id, &error),
            };
            answers[place.position] = Some((place.action, answer));
        }
    }
    answers.into_iter().flatten().collect()
}

fn write_to(
    node: &Node,
    name: &str,
    operations: Vec<Operation>,
    refresh: bool,
) -> Result<Vec<Result<Written, WriteError>>, ApiError> {
    let deletes = |operation: &Operation| matches!(operation, Operation::Delete { .. });
    let index = if operations.iter().all(deletes) {
        indices::one(node, name)?
    } else {
        let index = node.index_or_new(name);
        index.map_err(|error| not_made(name, error))?
    };
    let results = index.write(operations)?;
    if refresh {
        index.refresh()?;
    }
    Ok(results)
}

fn failed(index: &str, id: Option<String>, error: &ApiError) -> Json {
    json!({"_index": index, "_id": id, "status": error.status().as_u16(), "error": error.cause()})
}

/// Reads the lines of a request.
fn items(text: &[u8], default: Option<&str>) -> Result<Vec<Item>, ApiError> {
    let mut items = Vec::new();
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    let mut lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    while let Some((number, line)) = lines.next() {
        let line_number = number + 1;
        let (action, index, id, if_seq_no) = action(line, line_number, default)?;
        let mut document = || {
            let missing =
                format!("line {line_number}: `{action}` has no document in the next line");
            lines.next().ok_or_else(|| bad(missing))
        };
        let operation = match action {
            "delete" => match &id {
                Some(id) => Ok(Operation::Delete {
                    id: id.clone(),
                    if_seq_no,
                }),
                None => Err(bad(format!("line {line_number}: `delete` has no `_id`"))),
            },
            "create" => Ok(Operation::Create {
                id: id.clone(),
                source: document()?.1.to_vec(),
            }),
            "update" => {
                let (number, body) = document()?;
                match &id {
                    None => Err(bad(format!("line {line_number}: `update` has no `_id`"))),
                    Some(id) => serde_json::from_slice(body)
                        .map_err(|error| broken(number + 1, &error))
                        .and_then(|body| update_of(id.clone(), &body, if_seq_no)),
                }
            }
            _ => Ok(Operation::Index {
                id: id.clone(),
                source: document()?.1.to_vec(),
                if_seq_no,
            }),
        };
        items.push(Item {
            action,
            index,
            id,
            operation,
        });
    }
    Ok(items)
}

type Action = (&'static str, String, Option<String>, Option<u64>);

/// Reads the line that says what is done with which document.
fn action(line: &[u8], number: usize, default: Option<&str>) -> Result<Action, ApiError> {
    const ACTIONS: [&str; 4] = ["index", "create", "update", "delete"];
    const KNOWN: [&str; 7] = [
        "_index",
        "_id",
        "if_seq_no",
        "if_primary_term",
        "routing",
        "retry_on_conflict",
        "require_alias",
    ];
    let json: Json = serde_json::from_slice(line).map_err(|error| broken(number, &error))?;
    let mut members = json.as_object().into_iter().flatten();
    let (Some((name, of)), None) = (members.next(), members.next()) else {
        return Err(bad(format!(
            "line {number}: an action is an object with one key"
        )));
    };
    let action = ACTIONS.into_iter().find(|known| known == name);
    let (Some(action), Some(of)) = (action, of.as_object()) else {
        return Err(bad(format!(
            "line {number}: an action is `index`, `create`, `update` or `delete`, with an object"
        )));
    };
    if let Some(key) = of.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        let key = whittle_host::one_line(key);
        return Err(bad(format!("line {number}: `{action}.{key}` is unknown")));
    }
    let text = |key: &str| match of.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(Json::Number(number)) if key == "_id" => Ok(Some(number.to_string())),
        Some(_) => Err(bad(format!(
            "line {number}: `{action}.{key}` must be a text"
        ))),
    };
    let index = text("_index")?.or_else(|| default.map(str::to_owned));
    let index = index.ok_or_else(|| bad(format!("line {number}: `{action}._index` is missing")))?;
    let if_seq_no = of.get("if_seq_no").and_then(Json::as_u64);
    Ok((action, index, text("_id")?, if_seq_no))
}

fn bad(reason: String) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "illegal_argument_exception",
        reason,
    )
}
