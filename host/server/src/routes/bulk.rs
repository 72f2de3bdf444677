//! Many writes in one request: a line for each operation, and one for its document.

use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::slice::Split;
use std::time::Instant;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use whittle_node::SourceFilter;
use whittle_node::index::{Index, Operation, WriteError, Written};

use super::Shared;
use super::documents::{
    Update, check_copies, check_pipeline, conditional_create, internal_version, required_seq_no,
    updated,
};
use crate::address::Path;
use crate::answers::DocumentWritten;
use crate::body::{Body, broken};
use crate::error::{ApiError, Cause};
use crate::failures::{no_alias, not_made};
use crate::node::Node;
use crate::parameters::{ActiveShards, Query, Refresh, bad, parameters};
use crate::selection;
use crate::source::{SourceGiven, SourceParameters};

parameters! {
    /// What holds for all operations of a bulk request.
    BulkParameters {
        /// Whether searches see the writes before the answer: `true`, `false` or `wait_for`.
        refresh: Refresh = "refresh",
        /// How many copies of the shard must be there: a number, or `all`. There is one.
        wait_for_active_shards: ActiveShards = "wait_for_active_shards",
        /// Whether names must be aliases. There are none, so that `true` refuses each operation.
        require_alias: bool = "require_alias",
        /// A pipeline that changes the documents first. There are none but `_none`.
        pipeline: Option<String> = "pipeline",
    }
    with {
        /// What comes back of documents that are updated.
        source: SourceParameters,
    }
    ignoring ["routing", "timeout"]
}

/// An operation of a bulk request.
struct Item {
    action: Action,
    index: String,
    id: Option<String>,
    operation: Result<Operation, ApiError>,
    /// What of an updated document comes back.
    fetch: Option<SourceFilter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Index,
    Create,
    Update,
    Delete,
}

/// Write documents, of any index: a line with the action, and one with the document.
#[utoipa::path(
    method(post, put), path = "/_bulk", tag = "documents",
    params(BulkParameters),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn bulk(
    shared: Shared,
    Query(parameters): Query<BulkParameters>,
    body: Body,
) -> Result<axum::Json<Answer>, ApiError> {
    run(shared, None, parameters, body).await
}

/// Write documents: a line with the action, and one with the document.
#[utoipa::path(
    method(post, put), path = "/{index}/_bulk", tag = "documents",
    params(BulkParameters),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn bulk_of_index(
    shared: Shared,
    Path(index): Path<String>,
    Query(parameters): Query<BulkParameters>,
    body: Body,
) -> Result<axum::Json<Answer>, ApiError> {
    run(shared, Some(index), parameters, body).await
}

/// The answer: what became of each operation, in the order of the request.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    took: u64,
    errors: bool,
    items: Vec<ItemAnswer>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum ItemAnswer {
    Index(ItemState),
    Create(ItemState),
    Update(ItemState),
    Delete(ItemState),
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ItemState {
    Done {
        #[serde(flatten)]
        written: Box<DocumentWritten>,
        status: u16,
    },
    Failed {
        _index: String,
        _id: Option<String>,
        status: u16,
        error: Cause,
    },
}

impl ItemState {
    fn failed(index: &str, id: Option<String>, error: &ApiError) -> Self {
        Self::Failed {
            _index: index.to_owned(),
            _id: id,
            status: error.status().as_u16(),
            error: error.cause().clone(),
        }
    }

    fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    fn of(self, action: Action) -> ItemAnswer {
        match action {
            Action::Index => ItemAnswer::Index(self),
            Action::Create => ItemAnswer::Create(self),
            Action::Update => ItemAnswer::Update(self),
            Action::Delete => ItemAnswer::Delete(self),
        }
    }
}

async fn run(
    State(node): Shared,
    index: Option<String>,
    parameters: BulkParameters,
    body: Body,
) -> Result<axum::Json<Answer>, ApiError> {
    let writes = node.writes.clone();
    let work = move || {
        let started = Instant::now();
        let items = Lines::new(body.required()?, index.as_deref(), &parameters)?.items()?;
        let states = write(&node, items, &parameters);
        let errors = states.iter().any(|(_, state)| state.is_failed());
        let items = states.into_iter().map(|(action, state)| state.of(action));
        Ok(Answer {
            took: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            errors,
            items: items.collect(),
        })
    };
    Ok(axum::Json(writes.run(work).await?))
}

/// What goes to one index, in the order in which it came.
#[derive(Default)]
struct Batch {
    places: Vec<Place>,
    operations: Vec<Operation>,
}

/// Where the answer of an operation goes.
struct Place {
    position: usize,
    action: Action,
    id: Option<String>,
    fetch: Option<SourceFilter>,
}

/// Writes all, and answers in the order of the request.
fn write(node: &Node, items: Vec<Item>, parameters: &BulkParameters) -> Vec<(Action, ItemState)> {
    let mut answers: Vec<Option<(Action, ItemState)>> = Vec::new();
    let mut batches: BTreeMap<String, Batch> = BTreeMap::new();
    for (position, item) in items.into_iter().enumerate() {
        let Item {
            action,
            index,
            id,
            operation,
            fetch,
        } = item;
        match operation {
            Ok(operation) => {
                let batch = batches.entry(index).or_default();
                batch.operations.push(operation);
                batch.places.push(Place {
                    position,
                    action,
                    id,
                    fetch,
                });
                answers.push(None);
            }
            Err(error) => answers.push(Some((action, ItemState::failed(&index, id, &error)))),
        }
    }
    for (name, Batch { places, operations }) in batches {
        let results = write_to(node, &name, operations, parameters);
        for (number, place) in places.into_iter().enumerate() {
            let state = match &results {
                Ok((index, results)) => state(&name, index, &results[number], &place, parameters),
                Err(error) => Err(error.clone()),
            };
            let state = state.unwrap_or_else(|error| ItemState::failed(&name, place.id, &error));
            answers[place.position] = Some((place.action, state));
        }
    }
    answers.into_iter().flatten().collect()
}

type Results = Vec<Result<Written, WriteError>>;

fn write_to(
    node: &Node,
    name: &str,
    operations: Vec<Operation>,
    parameters: &BulkParameters,
) -> Result<(Index, Results), ApiError> {
    check_copies(node, name, parameters.wait_for_active_shards)?;
    let deletes = |operation: &Operation| matches!(operation, Operation::Delete { .. });
    let index = if operations.iter().all(deletes) {
        selection::one(node, name)?
    } else {
        let index = node.index_or_new(name);
        index.map_err(|error| not_made(name, error))?
    };
    let results = index.write(operations)?;
    if parameters.refresh.before_the_answer() {
        index.refresh()?;
    }
    Ok((index, results))
}

fn state(
    name: &str,
    index: &Index,
    result: &Result<Written, WriteError>,
    place: &Place,
    parameters: &BulkParameters,
) -> Result<ItemState, ApiError> {
    let written = match result {
        Ok(written) => written,
        Err(error) => return Err(ApiError::from(error.clone()).in_index(name)),
    };
    let mut answer = DocumentWritten::new(name, written, parameters.refresh.is_forced());
    if let Some(filter) = &place.fetch {
        answer.get = updated(index, &written.id, written.seq_no, filter)?;
    }
    Ok(ItemState::Done {
        status: answer.status.as_u16(),
        written: Box::new(answer),
    })
}

/// The line that says what is done with which document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActionLine {
    Index(Metadata),
    Create(Metadata),
    Update(Metadata),
    Delete(Metadata),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    _index: Option<String>,
    _id: Option<Id>,
    op_type: Option<OpType>,
    if_seq_no: Option<u64>,
    if_primary_term: Option<u64>,
    version: Option<serde_json::Number>,
    /// Only `internal`, which is the default.
    #[serde(rename = "version_type")]
    _version_type: Option<VersionType>,
    require_alias: Option<bool>,
    pipeline: Option<String>,
    _source: Option<SourceGiven>,
    /// Without effect: an index has one shard.
    #[serde(rename = "routing")]
    _routing: Option<Id>,
    /// Without effect: an update reads and writes in one step.
    #[serde(rename = "retry_on_conflict")]
    _retry_on_conflict: Option<u64>,
}

/// An id, which may be written as a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Id {
    Text(String),
    Number(serde_json::Number),
}

impl Id {
    pub(super) fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OpType {
    Index,
    Create,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum VersionType {
    Internal,
}

/// Whether a byte ends a line.
type IsEnd = fn(&u8) -> bool;

/// The lines of a request.
struct Lines<'a> {
    lines: Enumerate<Split<'a, u8, IsEnd>>,
    index: Option<&'a str>,
    parameters: &'a BulkParameters,
    fetch: Option<SourceFilter>,
}

impl<'a> Lines<'a> {
    fn new(
        text: &'a [u8],
        index: Option<&'a str>,
        parameters: &'a BulkParameters,
    ) -> Result<Self, ApiError> {
        let Some(text) = text.strip_suffix(b"\n") else {
            return Err(bad(
                "The bulk request must be terminated by a newline [\\n]",
            ));
        };
        let is_end: IsEnd = |byte| *byte == b'\n';
        check_pipeline(parameters.pipeline.as_deref())?;
        Ok(Self {
            lines: text.split(is_end).enumerate(),
            index,
            parameters,
            fetch: parameters.source.filter()?,
        })
    }

    /// All operations.
    fn items(mut self) -> Result<Vec<Item>, ApiError> {
        let mut items = Vec::new();
        while let Some((number, line)) = self.lines.next() {
            if !line.trim_ascii().is_empty() {
                items.push(self.item(number + 1, line)?);
            }
        }
        Ok(items)
    }

    /// The operation that begins in a line.
    fn item(&mut self, number: usize, line: &[u8]) -> Result<Item, ApiError> {
        let (action, metadata) = action(number, line)?;
        let document = match action {
            Action::Delete => None,
            Action::Index | Action::Create | Action::Update => {
                let missing = || {
                    bad(format!(
                        "line {number}: the action has no document after it"
                    ))
                };
                Some(self.lines.next().ok_or_else(missing)?)
            }
        };
        let pipeline = check_pipeline(metadata.pipeline.as_deref());
        if metadata.version.is_some() {
            return Err(internal_version());
        }
        let index = match (&metadata._index, self.index) {
            (Some(index), _) => index.clone(),
            (None, Some(index)) => index.to_owned(),
            (None, None) => return Err(bad(format!("line {number}: `_index` is missing"))),
        };
        let require_alias = metadata
            .require_alias
            .unwrap_or(self.parameters.require_alias);
        let mut fetch = self.fetch.clone();
        if let Some(source) = &metadata._source {
            fetch = Some(source.clone().filter());
        }
        let id = metadata._id.map(Id::text);
        let condition = required_seq_no(metadata.if_seq_no, metadata.if_primary_term);
        let operation = if require_alias {
            Err(no_alias(&index))
        } else {
            pipeline.and(condition).and_then(|if_seq_no| {
                let is_create =
                    action == Action::Create || metadata.op_type == Some(OpType::Create);
                if is_create && if_seq_no.is_some() {
                    return Err(conditional_create());
                }
                operation(
                    action,
                    is_create,
                    id.clone(),
                    document,
                    if_seq_no,
                    &mut fetch,
                )
            })
        };
        Ok(Item {
            action,
            index,
            id,
            operation,
            fetch: fetch.filter(|_| action == Action::Update),
        })
    }
}

/// Parses an action line.
fn action(number: usize, line: &[u8]) -> Result<(Action, Metadata), ApiError> {
    let line: ActionLine = serde_json::from_slice(line).map_err(|error| {
        if error.is_data() {
            let text = whittle_host::one_line(&error.to_string());
            bad(format!("Malformed action/metadata line [{number}]: {text}"))
        } else {
            broken(number, &error)
        }
    })?;
    Ok(match line {
        ActionLine::Index(metadata) => (Action::Index, metadata),
        ActionLine::Create(metadata) => (Action::Create, metadata),
        ActionLine::Update(metadata) => (Action::Update, metadata),
        ActionLine::Delete(metadata) => (Action::Delete, metadata),
    })
}

/// The operation of an action with its document, which stands in a line of its own.
fn operation(
    action: Action,
    is_create: bool,
    id: Option<String>,
    document: Option<(usize, &[u8])>,
    if_seq_no: Option<u64>,
    fetch: &mut Option<SourceFilter>,
) -> Result<Operation, ApiError> {
    let (number, document) = document.unwrap_or_default();
    let id_of = |id: Option<String>| id.ok_or_else(|| bad("an id must be provided"));
    match action {
        Action::Delete => Ok(Operation::Delete {
            id: id_of(id)?,
            if_seq_no,
        }),
        Action::Update => {
            let id = id_of(id)?;
            let update: Update = match document.trim_ascii() {
                b"" => Update::default(),
                text => serde_json::from_slice(text).map_err(|error| broken(number + 1, &error))?,
            };
            if let Some(filter) = update.source_filter() {
                *fetch = Some(filter);
            }
            update.operation(id, if_seq_no)
        }
        Action::Index | Action::Create if is_create => Ok(Operation::Create {
            id,
            source: document.to_vec(),
        }),
        Action::Index | Action::Create => Ok(Operation::Index {
            id,
            source: document.to_vec(),
            if_seq_no,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Result<Vec<Item>, String> {
        let parameters = BulkParameters::default();
        let lines = Lines::new(text.as_bytes(), Some("films"), &parameters);
        lines
            .and_then(Lines::items)
            .map_err(|error| error.reason().to_owned())
    }

    #[test]
    fn reads_actions_with_their_documents() {
        let items = items(concat!(
            "{\"index\": {\"_id\": 7, \"_index\": \"other\"}}\r\n{\"a\": 1}\r\n\n",
            "{\"index\": {\"_id\": \"8\", \"op_type\": \"create\"}}\n{}\n",
            "{\"delete\": {\"_id\": \"9\", \"if_seq_no\": 3, \"if_primary_term\": 1}}\n",
            "{\"update\": {\"_id\": \"9\", \"_source\": true}}\n{\"doc\": {}}\n",
        ))
        .expect("they are read");
        let indexes: Vec<&str> = items.iter().map(|item| item.index.as_str()).collect();
        assert_eq!(indexes, ["other", "films", "films", "films"]);
        assert_eq!(items[0].id.as_deref(), Some("7"));
        assert!(matches!(items[1].operation, Ok(Operation::Create { .. })));
        let delete = Operation::Delete {
            id: "9".to_owned(),
            if_seq_no: Some(3),
        };
        assert_eq!(items[2].operation, Ok(delete));
        assert_eq!(items[3].fetch, Some(SourceFilter::All));
    }

    #[test]
    fn refuses_lines_that_are_wrong_by_their_number() {
        fn refused(text: &str) -> String {
            items(text).err().expect("it is refused")
        }
        insta::assert_snapshot!(refused("{\"index\": {}}\n{}"), @r"The bulk request must be terminated by a newline [\n]");
        insta::assert_snapshot!(refused("{\"index\": {}}\n"), @"line 1: the action has no document after it");
        insta::assert_snapshot!(refused("{\"index\": {}\n{}\n"), @"line 1, column 12: broken JSON: EOF while parsing an object");
        insta::assert_snapshot!(refused("\n{\"drop\": {}}\n{}\n"), @"Malformed action/metadata line [2]: unknown variant `drop`, expected one of `index`, `create`, `update`, `delete` at line 1 column 7");
        insta::assert_snapshot!(refused("{\"index\": {\"_idd\": 1}}\n{}\n"), @"Malformed action/metadata line [1]: unknown field `_idd`, expected one of `_index`, `_id`, `op_type`, `if_seq_no`, `if_primary_term`, `version`, `version_type`, `require_alias`, `pipeline`, `_source`, `routing`, `retry_on_conflict` at line 1 column 17");
        insta::assert_snapshot!(refused("{\"index\": {\"_id\": 1, \"_id\": 2}}\n{}\n"), @"Malformed action/metadata line [1]: duplicate field `_id` at line 1 column 26");
        for seq_no in ["\"0\"", "-1", "0.0", "[0]"] {
            let line = format!(
                "{{\"delete\": {{\"_id\": 1, \"if_seq_no\": {seq_no}, \"if_primary_term\": 1}}}}\n"
            );
            let refused = refused(&line);
            assert!(
                refused.starts_with("Malformed action/metadata line [1]"),
                "{refused}"
            );
        }
    }
}
