//! Single documents.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use whittle_node::SourceFilter;
use whittle_node::index::{Index, Operation, Stored};

use super::Shared;
use crate::address::Path;
use crate::answers::{DocumentFound, DocumentWritten, PRIMARY_TERM, Updated};
use crate::body::{Body, NoBody};
use crate::error::ApiError;
use crate::failures::{no_alias, no_copies, not_made};
use crate::node::Node;
use crate::parameters::{ActiveShards, OpType, Query, Refresh, Switch, bad, parameters};
use crate::selection;
use crate::source::{SourceGiven, SourceParameters, filtered};

parameters! {
    /// How a document is written.
    Writing {
        /// Whether searches see the write before the answer: `true`, `false` or `wait_for`.
        refresh: Refresh = "refresh",
        /// How many copies of the shard must be there: a number, or `all`. There is one.
        wait_for_active_shards: ActiveShards = "wait_for_active_shards",
    }
    ignoring ["routing", "timeout"]
}

parameters! {
    /// What the document must be for a write to happen.
    Condition {
        /// The sequence number that the document must have; together with `if_primary_term`.
        if_seq_no: Option<u64> = "if_seq_no",
        /// The primary term that the document must have; together with `if_seq_no`.
        if_primary_term: Option<u64> = "if_primary_term",
        /// Refused: use `if_seq_no` and `if_primary_term`.
        version: Option<u64> = "version",
    }
    ignoring ["version_type"]
}

parameters! {
    /// What a write goes to.
    Target {
        /// Whether the name must be an alias. There are none, so that `true` is refused.
        require_alias: bool = "require_alias",
        /// A pipeline that changes the document first. There are none but `_none`.
        pipeline: Option<String> = "pipeline",
    }
}

parameters! {
    /// Writing a document.
    IndexParameters {
        /// `create` refuses to replace a document; `index` replaces it.
        op_type: Option<OpType> = "op_type",
    }
    with {
        /// How it is written.
        writing: Writing,
        /// When it is written.
        condition: Condition,
        /// Where it is written.
        target: Target,
    }
}

parameters! {
    /// Writing a document that must not exist.
    CreateParameters {}
    with {
        /// How it is written.
        writing: Writing,
        /// Where it is written.
        target: Target,
    }
}

parameters! {
    /// Deleting a document.
    DeleteParameters {}
    with {
        /// How it is deleted.
        writing: Writing,
        /// When it is deleted.
        condition: Condition,
    }
}

parameters! {
    /// Updating a document.
    UpdateParameters {
        /// Whether the name must be an alias. There are none, so that `true` is refused.
        require_alias: bool = "require_alias",
    }
    with {
        /// How it is written.
        writing: Writing,
        /// When it is written.
        condition: Condition,
        /// What of it comes back.
        source: SourceParameters,
    }
    ignoring ["retry_on_conflict"]
}

parameters! {
    /// Reading a document.
    ReadParameters {
        /// Whether the document is read as it was written last, by default true; `false` reads what
        /// searches see.
        realtime: Switch = "realtime",
        /// Whether a refresh comes first, which shows with `realtime=false`.
        refresh: bool = "refresh",
        /// The version that the document must have.
        version: Option<u64> = "version",
    }
    with {
        /// What of it comes back.
        source: SourceParameters,
    }
    ignoring ["preference", "routing", "version_type"]
}

impl Condition {
    /// The sequence number that the document must have.
    ///
    /// # Errors
    ///
    /// As [`required_seq_no`]; 400 for a version.
    fn seq_no(&self) -> Result<Option<u64>, ApiError> {
        if self.version.is_some() {
            return Err(internal_version());
        }
        required_seq_no(self.if_seq_no, self.if_primary_term)
    }
}

impl Target {
    /// # Errors
    ///
    /// 404 for an alias, 400 for a pipeline: there are none.
    pub(super) fn check(&self, index: &str) -> Result<(), ApiError> {
        if self.require_alias {
            return Err(no_alias(index));
        }
        check_pipeline(self.pipeline.as_deref())
    }
}

/// # Errors
///
/// 400 for a pipeline: there are none.
pub(super) fn check_pipeline(pipeline: Option<&str>) -> Result<(), ApiError> {
    match pipeline {
        None | Some("_none") => Ok(()),
        Some(other) => {
            let other = whittle_host::one_line(other);
            Err(bad(format!("pipeline with id [{other}] does not exist")))
        }
    }
}

/// A request whose parts are each right, and not together.
pub(super) fn invalid(reason: &str) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "action_request_validation_exception",
        format!("Validation Failed: 1: {reason};"),
    )
}

pub(super) fn internal_version() -> ApiError {
    invalid(
        "internal versioning can not be used for optimistic concurrency control. Please use \
         `if_seq_no` and `if_primary_term` instead",
    )
}

/// The sequence number that a document must have, of a condition that names it with its primary
/// term.
///
/// # Errors
///
/// 400 for one without the other; 409 for a primary term that no document has.
pub(super) fn required_seq_no(
    seq_no: Option<u64>,
    primary_term: Option<u64>,
) -> Result<Option<u64>, ApiError> {
    match (seq_no, primary_term) {
        (None, None) => Ok(None),
        (Some(_), None | Some(0)) => Err(invalid("ifSeqNo is set, but primary term is [0]")),
        (None, Some(term)) => Err(invalid(&format!(
            "ifSeqNo is unassigned, but primary term is [{term}]"
        ))),
        (Some(seq_no), Some(PRIMARY_TERM)) => Ok(Some(seq_no)),
        (Some(seq_no), Some(term)) => Err(ApiError::new(
            StatusCode::CONFLICT,
            "version_conflict_engine_exception",
            format!(
                "version conflict, required seqNo [{seq_no}], primary term [{term}]; documents of \
                 this node have the primary term [{PRIMARY_TERM}]"
            ),
        )),
    }
}

/// # Errors
///
/// 503 if a write must reach more copies of the shard than there are.
pub(super) fn check_copies(node: &Node, index: &str, asked: ActiveShards) -> Result<(), ApiError> {
    let replicas = node
        .settings(index)
        .map_or(0, |settings| settings.replicas());
    match asked.copies(replicas) {
        0 | 1 => Ok(()),
        copies => Err(no_copies(index, copies)),
    }
}

/// Writes one document.
async fn write(
    State(node): Shared,
    name: String,
    operation: Operation,
    writing: Writing,
    makes_index: bool,
    fetch: Option<SourceFilter>,
) -> Result<Response, ApiError> {
    let writes = node.writes.clone();
    let write = move || {
        check_copies(&node, &name, writing.wait_for_active_shards)?;
        let index = if makes_index {
            node.index_or_new(&name)
                .map_err(|error| not_made(&name, error))?
        } else {
            selection::one(&node, &name)?
        };
        let results = index.write(vec![operation])?;
        if writing.refresh.before_the_answer() {
            index.refresh()?;
        }
        let result = results.into_iter().next().expect("one for each operation");
        let of_index = |error: ApiError| {
            let uuid = node.settings(&name).map(|settings| settings.uuid);
            error.in_index(&name).with_uuid(uuid.unwrap_or_default())
        };
        let written = result.map_err(|error| of_index(error.into()))?;
        let mut answer = DocumentWritten::new(&name, &written, writing.refresh.is_forced());
        if let Some(filter) = fetch {
            answer.get = updated(&index, &written.id, written.seq_no, &filter)?;
        }
        Ok(answer)
    };
    Ok(writes.run(write).await?.into_response())
}

/// The document as an update left it, unless another write has come since.
pub(super) fn updated(
    index: &Index,
    id: &str,
    seq_no: u64,
    filter: &SourceFilter,
) -> Result<Option<Updated>, ApiError> {
    let stored = index.get(id)?.filter(|stored| stored.seq_no == seq_no);
    let shown = |stored: Stored| {
        let source = filtered(&stored.source, filter)?;
        Ok(Updated::new(&stored, source))
    };
    stored.map(shown).transpose()
}

/// Write a document under a new id.
#[utoipa::path(
    post, path = "/{index}/_doc", tag = "documents",
    params(IndexParameters),
    request_body = serde_json::Value,
    responses((status = 201, body = serde_json::Value))
)]
pub(super) async fn add(
    shared: Shared,
    Path(name): Path<String>,
    Query(parameters): Query<IndexParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    parameters.target.check(&name)?;
    if parameters.condition.seq_no()?.is_some() {
        return Err(invalid("if_seq_no needs the id of a document"));
    }
    let source = body.required()?.to_vec();
    let operation = Operation::Create { id: None, source };
    write(shared, name, operation, parameters.writing, true, None).await
}

/// Write a document; one with the same id is replaced.
#[utoipa::path(
    method(put, post), path = "/{index}/_doc/{id}", tag = "documents",
    params(IndexParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value), (status = 201, body = serde_json::Value))
)]
pub(super) async fn put(
    shared: Shared,
    Path((name, id)): Path<(String, String)>,
    Query(parameters): Query<IndexParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    parameters.target.check(&name)?;
    let source = body.required()?.to_vec();
    let id = Some(id);
    let if_seq_no = parameters.condition.seq_no()?;
    let operation = match (parameters.op_type, if_seq_no) {
        (Some(OpType::Create), None) => Operation::Create { id, source },
        (Some(OpType::Create), Some(_)) => return Err(conditional_create()),
        (Some(OpType::Index) | None, if_seq_no) => Operation::Index {
            id,
            source,
            if_seq_no,
        },
    };
    write(shared, name, operation, parameters.writing, true, None).await
}

pub(super) fn conditional_create() -> ApiError {
    invalid(
        "create operations do not support compare and set. use index with sequence numbers instead",
    )
}

/// Write a document, unless there is one with the same id.
#[utoipa::path(
    method(put, post), path = "/{index}/_create/{id}", tag = "documents",
    params(CreateParameters),
    request_body = serde_json::Value,
    responses((status = 201, body = serde_json::Value))
)]
pub(super) async fn create(
    shared: Shared,
    Path((name, id)): Path<(String, String)>,
    Query(parameters): Query<CreateParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    parameters.target.check(&name)?;
    let operation = Operation::Create {
        id: Some(id),
        source: body.required()?.to_vec(),
    };
    write(shared, name, operation, parameters.writing, true, None).await
}

/// Delete a document.
#[utoipa::path(
    delete, path = "/{index}/_doc/{id}", tag = "documents",
    params(DeleteParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn delete(
    shared: Shared,
    Path((name, id)): Path<(String, String)>,
    Query(parameters): Query<DeleteParameters>,
    _: NoBody,
) -> Result<Response, ApiError> {
    let if_seq_no = parameters.condition.seq_no()?;
    let operation = Operation::Delete { id, if_seq_no };
    write(shared, name, operation, parameters.writing, false, None).await
}

/// Merge fields into a document: `doc`, and `upsert` for one that does not exist.
#[utoipa::path(
    post, path = "/{index}/_update/{id}", tag = "documents",
    params(UpdateParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value), (status = 201, body = serde_json::Value))
)]
pub(super) async fn update(
    shared: Shared,
    Path((name, id)): Path<(String, String)>,
    Query(parameters): Query<UpdateParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    if parameters.require_alias {
        return Err(no_alias(&name));
    }
    let update: Update = body.read()?;
    let fetch = parameters.source.filter()?;
    let fetch = fetch.or_else(|| update.source_filter());
    let operation = update.operation(id, parameters.condition.seq_no()?)?;
    let upserts = matches!(
        &operation,
        Operation::Update {
            upsert: Some(_),
            ..
        }
    );
    write(shared, name, operation, parameters.writing, upserts, fetch).await
}

/// The body of an update.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Update<'a> {
    #[serde(borrow)]
    doc: Option<&'a RawValue>,
    #[serde(borrow)]
    upsert: Option<&'a RawValue>,
    doc_as_upsert: Option<bool>,
    detect_noop: Option<bool>,
    _source: Option<SourceGiven>,
    #[serde(borrow)]
    script: Option<&'a RawValue>,
    scripted_upsert: Option<bool>,
    if_seq_no: Option<u64>,
    if_primary_term: Option<u64>,
}

impl Update<'_> {
    /// What of the document is to come back, if anything.
    pub(super) fn source_filter(&self) -> Option<SourceFilter> {
        self._source.clone().map(SourceGiven::filter)
    }

    /// The operation that it asks for. A condition may stand in the address or in the body.
    ///
    /// # Errors
    ///
    /// 400 for a script, and for an update without `doc`.
    pub(super) fn operation(
        self,
        id: String,
        if_seq_no: Option<u64>,
    ) -> Result<Operation, ApiError> {
        if self.script.is_some() || self.scripted_upsert == Some(true) {
            return Err(bad(
                "scripts are not supported: give the changed fields as `doc`",
            ));
        }
        let Some(doc) = self.doc else {
            return Err(invalid("script or doc is missing"));
        };
        let own = required_seq_no(self.if_seq_no, self.if_primary_term)?;
        let if_seq_no = if_seq_no.or(own);
        let upsert = match self.upsert {
            Some(upsert) => Some(upsert),
            None => (self.doc_as_upsert == Some(true)).then_some(doc),
        };
        if upsert.is_some() && if_seq_no.is_some() {
            return Err(invalid(
                "upsert requests don't support `if_seq_no` and `if_primary_term`",
            ));
        }
        let bytes = |raw: &RawValue| raw.get().as_bytes().to_vec();
        Ok(Operation::Update {
            id,
            partial: bytes(doc),
            upsert: upsert.map(bytes),
            detect_noop: self.detect_noop.unwrap_or(true),
            if_seq_no,
        })
    }
}

/// Reads a document as it is asked for.
async fn read(
    node: &Arc<Node>,
    name: &str,
    id: String,
    parameters: &ReadParameters,
) -> Result<(String, Option<Stored>), ApiError> {
    let (realtime, refresh) = (parameters.realtime.0, parameters.refresh);
    let (node_of, name_of) = (Arc::clone(node), name.to_owned());
    let find = move || {
        let index = selection::one(&node_of, &name_of)?;
        if refresh {
            index.refresh()?;
        }
        let stored = if realtime {
            index.get(&id)?
        } else {
            index.get_refreshed(&id)?
        };
        Ok((id, stored))
    };
    let (id, stored) = node.searches.run(find).await?;
    if let (Some(asked), Some(stored)) = (parameters.version, &stored)
        && asked != stored.version
    {
        let (id, found) = (whittle_host::one_line(&id), stored.version);
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "version_conflict_engine_exception",
            format!(
                "[{id}]: version conflict, current version [{found}] is different than the one \
                 provided [{asked}]"
            ),
        )
        .in_index(name));
    }
    Ok((id, stored))
}

/// Show a document.
#[utoipa::path(
    get, path = "/{index}/_doc/{id}", tag = "documents",
    params(ReadParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn get(
    State(node): Shared,
    Path((name, id)): Path<(String, String)>,
    Query(parameters): Query<ReadParameters>,
    _: NoBody,
) -> Result<Response, ApiError> {
    let filter = parameters.source.filter()?.unwrap_or_default();
    let (id, stored) = read(&node, &name, id, &parameters).await?;
    let Some(stored) = stored else {
        let answer = DocumentFound::missing(&name, &id);
        return Ok((StatusCode::NOT_FOUND, axum::Json(answer)).into_response());
    };
    let source = filtered(&stored.source, &filter)?;
    Ok(axum::Json(DocumentFound::here(&name, &stored, source)).into_response())
}

/// Show what a document was written as.
#[utoipa::path(
    get, path = "/{index}/_source/{id}", tag = "documents",
    params(ReadParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn source(
    State(node): Shared,
    Path((name, id)): Path<(String, String)>,
    Query(parameters): Query<ReadParameters>,
    _: NoBody,
) -> Result<Response, ApiError> {
    let filter = parameters.source.filter()?.unwrap_or_default();
    if filter == SourceFilter::None {
        return Err(invalid("fetching source can not be disabled"));
    }
    let (id, stored) = read(&node, &name, id, &parameters).await?;
    match stored.map(|stored| filtered(&stored.source, &filter)) {
        Some(source) => {
            let text = source?.map_or_else(String::new, |source| source.text().to_owned());
            let kind = HeaderValue::from_static("application/json");
            Ok(([(CONTENT_TYPE, kind)], text).into_response())
        }
        None => Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "resource_not_found_exception",
            format!(
                "Document not found [{name}]/[{}]",
                whittle_host::one_line(&id)
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_names_both_numbers() {
        assert_eq!(required_seq_no(None, None), Ok(None));
        assert_eq!(required_seq_no(Some(3), Some(1)), Ok(Some(3)));
        let refused = |seq_no, term| {
            let error = required_seq_no(seq_no, term).expect_err("it is refused");
            format!("{} {}", error.status().as_u16(), error.reason())
        };
        insta::assert_snapshot!(refused(Some(3), None), @"400 Validation Failed: 1: ifSeqNo is set, but primary term is [0];");
        insta::assert_snapshot!(refused(None, Some(1)), @"400 Validation Failed: 1: ifSeqNo is unassigned, but primary term is [1];");
        insta::assert_snapshot!(refused(Some(3), Some(2)), @"409 version conflict, required seqNo [3], primary term [2]; documents of this node have the primary term [1]");
    }

    #[test]
    fn an_update_is_read_with_its_digits() {
        let read = |text: &'static str| -> Result<Operation, String> {
            let update: Update = serde_json::from_str(text).map_err(|error| error.to_string())?;
            let operation = update.operation("a".to_owned(), None);
            operation.map_err(|error| error.reason().to_owned())
        };
        let text = r#"{"doc": {"n": 12345678901234567890123}, "doc_as_upsert": true}"#;
        let partial = br#"{"n": 12345678901234567890123}"#.to_vec();
        let expected = Operation::Update {
            id: "a".to_owned(),
            upsert: Some(partial.clone()),
            partial,
            detect_noop: true,
            if_seq_no: None,
        };
        assert_eq!(read(text), Ok(expected));
        let refused = |text| read(text).expect_err("it is refused");
        insta::assert_snapshot!(refused("{}"), @"Validation Failed: 1: script or doc is missing;");
        insta::assert_snapshot!(refused(r#"{"script": "x"}"#), @"scripts are not supported: give the changed fields as `doc`");
        insta::assert_snapshot!(refused(r#"{"doc": {}, "doc": {}}"#), @"duplicate field `doc` at line 1 column 17");
        insta::assert_snapshot!(refused(r#"{"dok": {}}"#), @"unknown field `dok`, expected one of `doc`, `upsert`, `doc_as_upsert`, `detect_noop`, `_source`, `script`, `scripted_upsert`, `if_seq_no`, `if_primary_term` at line 1 column 6");
        insta::assert_snapshot!(refused(r#"{"doc": {}, "upsert": {}, "if_seq_no": 1, "if_primary_term": 1}"#), @"Validation Failed: 1: upsert requests don't support `if_seq_no` and `if_primary_term`;");
    }
}
