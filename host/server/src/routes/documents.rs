//! Single documents.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use whittle_node::index::{Index, Operation, Place, Stored, Written};
use whittle_node::{Reservation, SourceFilter, parsed_bytes};

use super::Shared;
use crate::address::Path;
use crate::answers::{DocumentFound, DocumentWritten, Updated};
use crate::body::{Body, NoBody, broken};
use crate::error::ApiError;
use crate::failures::{no_alias, no_copies, not_made};
use crate::node::Node;
use crate::parameters::{ActiveShards, OpType, Query, Refresh, Switch, bad, parameters};
use crate::scalars::{Flag, Long, Object, not_null};
use crate::selection;
use crate::sending;
use crate::source::{SourceGiven, SourceParameters, filtered, filtered_bytes};

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
        if_seq_no: Option<i64> = "if_seq_no",
        /// The primary term that the document must have; together with `if_seq_no`.
        if_primary_term: Option<i64> = "if_primary_term",
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
    /// The place that the document must have.
    ///
    /// # Errors
    ///
    /// As [`required_place`]; 400 for a version.
    fn seq_no(&self) -> Result<Option<Place>, ApiError> {
        if self.version.is_some() {
            return Err(internal_version());
        }
        required_place(self.if_seq_no, self.if_primary_term)
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

/// The place that a document must have, of a condition that names it by sequence number and primary
/// term.
///
/// # Errors
///
/// 400 for a number that none can have, and for one without the other.
pub(super) fn required_place(
    seq_no: Option<i64>,
    primary_term: Option<i64>,
) -> Result<Option<Place>, ApiError> {
    let seq_no = match seq_no {
        None | Some(UNASSIGNED) => None,
        Some(number) => Some(u64::try_from(number).map_err(|_| {
            bad(format!(
                "sequence numbers must be non negative. got [{number}]."
            ))
        })?),
    };
    match (seq_no, primary_term) {
        (_, Some(term @ ..0)) => Err(bad(format!(
            "primary term must be non negative. got [{term}]"
        ))),
        (None, None | Some(0)) => Ok(None),
        (Some(_), None | Some(0)) => Err(invalid("ifSeqNo is set, but primary term is [0]")),
        (None, Some(term)) => Err(invalid(&format!(
            "ifSeqNo is unassigned, but primary term is [{term}]"
        ))),
        (Some(seq_no), Some(term)) => Ok(Some(Place {
            seq_no,
            primary_term: term.unsigned_abs(),
        })),
    }
}

/// The sequence number that OpenSearch writes for none.
const UNASSIGNED: i64 = -2;

/// The condition of an update, which may stand in two places.
///
/// # Errors
///
/// 400 for two that differ.
fn one_condition(outer: Option<Place>, own: Option<Place>) -> Result<Option<Place>, ApiError> {
    let shown = |place: Place| format!("[{}] of [{}]", place.seq_no, place.primary_term);
    match (outer, own) {
        (Some(outer), Some(own)) if outer != own => Err(invalid(&format!(
            "if_seq_no and if_primary_term are given twice, as {} and as {}",
            shown(outer),
            shown(own)
        ))),
        _ => Ok(outer.or(own)),
    }
}

/// What a document takes while it is written: its text in the request, the log and tantivy; and
/// what is parsed of it, beside what it replaces.
pub(super) fn written_bytes(text: &[u8]) -> u64 {
    3 * text.len() as u64 + 2 * parsed_bytes(text)
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

/// What is written of a request's body, and what of the document comes back.
type Asked = (Operation, Option<SourceFilter>);

/// What the answer to a write takes, with the longest names, in bytes.
const ANSWER_BYTES: u64 = 8 << 10;

/// Writes one document.
async fn write(
    State(node): Shared,
    name: String,
    body: Option<Body>,
    writing: Writing,
    asked: impl FnOnce(&[u8]) -> Result<Asked, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let writes = node.writes.clone();
    let write = move || {
        let text = match &body {
            None => &[],
            Some(body) => {
                let text = body.required()?;
                body.hold(written_bytes(text))?;
                text
            }
        };
        let (operation, fetch) = asked(text)?;
        let index = if makes_index(&operation) {
            node.index_or_new(&name)
                .map_err(|error| not_made(&name, error))?
        } else {
            selection::one(&node, &name)?
        };
        check_copies(&node, &name, writing.wait_for_active_shards)?;
        let returned = Returned::reserve(&node, &index, &operation, fetch)?;
        let paid = node.memory().reserve(ANSWER_BYTES)?;
        let results = index.write(vec![operation]);
        let results = results.map_err(|error| ApiError::from(error).in_index(&name))?;
        let refreshed = writing.refresh.make(&index);
        let result = results.into_iter().next().expect("one for each operation");
        let of_index = |error: ApiError| {
            let uuid = node.settings(&name).map(|settings| settings.uuid);
            error.in_index(&name).with_uuid(uuid.unwrap_or_default())
        };
        let written = result.map_err(|error| of_index(error.into()))?;
        let mut answer = DocumentWritten::new(&name, &written, writing.refresh.is_forced());
        if let Err(error) = refreshed {
            answer.refresh_failed(Some(&of_index(error)));
        }
        if let Some(returned) = returned {
            answer.get = returned.of(&index, &written, &paid);
        }
        answer.into_json(node.memory(), paid)
    };
    writes.run(write).await
}

/// Whether an operation makes the index that it needs.
pub(super) fn makes_index(operation: &Operation) -> bool {
    match operation {
        Operation::Index { .. } | Operation::Create { .. } => true,
        Operation::Update { upsert, .. } => upsert.is_some(),
        Operation::Delete { .. } => false,
    }
}

/// What of an updated document comes back, and the memory for it, which is reserved before the
/// write so that a write that stands is never answered with an error.
pub(super) struct Returned {
    filter: SourceFilter,
    held: Reservation,
}

impl Returned {
    /// # Errors
    ///
    /// 429 if there is too little memory.
    pub(super) fn reserve(
        node: &Node,
        index: &Index,
        operation: &Operation,
        filter: Option<SourceFilter>,
    ) -> Result<Option<Self>, ApiError> {
        let (
            Some(filter),
            Operation::Update {
                id,
                partial,
                upsert,
                ..
            },
        ) = (filter, operation)
        else {
            return Ok(None);
        };
        let given = partial.len() + upsert.as_ref().map_or(0, Vec::len);
        let stored = index.get(id)?;
        let bytes = stored.map_or(0, |stored| filtered_bytes(&stored.source));
        let held = (node.memory()).reserve(bytes + 3 * given as u64 + Updated::AROUND)?;
        Ok(Some(Self { filter, held }))
    }

    /// The document as an update left it, unless another write has come since. Of the memory, what
    /// it takes goes to the answer, which holds and writes it; the rest is free.
    pub(super) fn of(
        self,
        index: &Index,
        written: &Written,
        answer: &Reservation,
    ) -> Option<Updated> {
        let read = || -> Result<_, ApiError> {
            let stored = index.get(&written.id)?;
            let stored = stored.filter(|stored| stored.place == written.place);
            let shown = |stored: Stored| {
                let source = filtered(&stored.source, &self.filter)?;
                Ok(Updated::new(&stored, source))
            };
            stored.map(shown).transpose()
        };
        let updated = read().unwrap_or_else(|error| {
            // The write stands, which is more to the client than what it wrote.
            tracing::warn!(target: "whittle::node", "cannot read an update: {}", error.reason());
            None
        })?;
        answer.take_over(&self.held, updated.bytes().min(self.held.bytes()));
        Some(updated)
    }
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
    let asked = |text: &[u8]| {
        let source = text.to_vec();
        Ok((Operation::Create { id: None, source }, None))
    };
    write(shared, name, Some(body), parameters.writing, asked).await
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
    let if_seq_no = parameters.condition.seq_no()?;
    let creates = parameters.op_type == Some(OpType::Create);
    if creates && if_seq_no.is_some() {
        return Err(conditional_create());
    }
    let asked = move |text: &[u8]| {
        let (id, source) = (Some(id), text.to_vec());
        let operation = match creates {
            true => Operation::Create { id, source },
            false => Operation::Index {
                id,
                source,
                if_seq_no,
            },
        };
        Ok((operation, None))
    };
    write(shared, name, Some(body), parameters.writing, asked).await
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
    let asked = |text: &[u8]| {
        let (id, source) = (Some(id), text.to_vec());
        Ok((Operation::Create { id, source }, None))
    };
    write(shared, name, Some(body), parameters.writing, asked).await
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
    let asked = move |_: &[u8]| Ok((Operation::Delete { id, if_seq_no }, None));
    write(shared, name, None, parameters.writing, asked).await
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
    let fetch = parameters.source.filter()?;
    let if_seq_no = parameters.condition.seq_no()?;
    let asked = move |text: &[u8]| {
        let update = Update::parse(text).map_err(|error| broken(1, &error))?;
        let fetch = match fetch {
            Some(fetch) => Some(fetch),
            None => update.source_filter()?,
        };
        Ok((update.operation(id, if_seq_no)?, fetch))
    };
    write(shared, name, Some(body), parameters.writing, asked).await
}

/// The body of an update.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Update<'a> {
    #[serde(borrow, default, deserialize_with = "not_null")]
    doc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "not_null")]
    upsert: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "not_null")]
    doc_as_upsert: Option<Flag>,
    #[serde(default, deserialize_with = "not_null")]
    detect_noop: Option<Flag>,
    #[serde(default, deserialize_with = "not_null")]
    _source: Option<SourceGiven>,
    #[serde(borrow, default, deserialize_with = "not_null")]
    script: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "not_null")]
    scripted_upsert: Option<Flag>,
    #[serde(default, deserialize_with = "not_null")]
    if_seq_no: Option<Long>,
    #[serde(default, deserialize_with = "not_null")]
    if_primary_term: Option<Long>,
}

impl<'a> Update<'a> {
    /// Reads one; an empty text says nothing.
    pub(super) fn parse(text: &'a [u8]) -> serde_json::Result<Self> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(text).map(|Object(update)| update)
    }

    /// What of the document is to come back, if anything.
    ///
    /// # Errors
    ///
    /// 400 for too many patterns.
    pub(super) fn source_filter(&self) -> Result<Option<SourceFilter>, ApiError> {
        self._source.clone().map(SourceGiven::filter).transpose()
    }

    /// The operation that it asks for. A condition may stand in the address or in the body.
    ///
    /// # Errors
    ///
    /// 400 for a script, and for an update without `doc`.
    pub(super) fn operation(
        self,
        id: String,
        if_seq_no: Option<Place>,
    ) -> Result<Operation, ApiError> {
        if self.script.is_some() || self.scripted_upsert == Some(Flag(true)) {
            return Err(bad(
                "scripts are not supported: give the changed fields as `doc`",
            ));
        }
        let Some(doc) = self.doc else {
            return Err(invalid("script or doc is missing"));
        };
        let number = |long: Option<Long>| long.map(|Long(number)| number);
        let own = required_place(number(self.if_seq_no), number(self.if_primary_term))?;
        let if_seq_no = one_condition(if_seq_no, own)?;
        let upsert = match self.upsert {
            Some(upsert) => Some(upsert),
            None => (self.doc_as_upsert == Some(Flag(true))).then_some(doc),
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
            detect_noop: self.detect_noop.is_none_or(|Flag(flag)| flag),
            if_seq_no,
        })
    }
}

/// The document with an id as it was written last, or as searches see it, after a refresh if that
/// is asked for.
pub(super) fn stored(
    node: &Node,
    index: &str,
    id: &str,
    realtime: bool,
    refresh: bool,
) -> Result<Option<Stored>, ApiError> {
    let index = selection::one(node, index)?;
    if refresh {
        index.refresh()?;
    }
    Ok(match realtime {
        true => index.get(id)?,
        false => index.get_refreshed(id)?,
    })
}

/// Reads a document as it is asked for, and answers with it.
async fn read(
    node: Arc<Node>,
    name: String,
    id: String,
    parameters: ReadParameters,
    answer: impl FnOnce(&Node, &str, &str, Option<Stored>) -> Result<Response, ApiError>
    + Send
    + 'static,
) -> Result<Response, ApiError> {
    let searches = node.searches.clone();
    let find = move || {
        let stored = stored(&node, &name, &id, parameters.realtime.0, parameters.refresh)?;
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
        let bytes = stored.as_ref().map(|stored| filtered_bytes(&stored.source));
        let _held = node.memory().reserve(bytes.unwrap_or_default())?;
        answer(&node, &name, &id, stored)
    };
    searches.run(find).await
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
    let answer = move |node: &Node, name: &str, id: &str, stored: Option<Stored>| {
        let Some(stored) = stored else {
            let answer = DocumentFound::missing(name, id);
            return Ok((StatusCode::NOT_FOUND, axum::Json(answer)).into_response());
        };
        let source = filtered(&stored.source, &filter)?;
        sending::json(node.memory(), &DocumentFound::here(name, &stored, source))
    };
    read(node, name, id, parameters, answer).await
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
    let answer = move |node: &Node, name: &str, id: &str, stored: Option<Stored>| {
        let Some(stored) = stored else {
            return Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "resource_not_found_exception",
                format!(
                    "Document not found [{name}]/[{}]",
                    whittle_host::one_line(id)
                ),
            ));
        };
        let mut text = sending::Text::new(node.memory());
        if let Some(source) = filtered(&stored.source, &filter)? {
            text.raw(source.text())?;
        }
        Ok(text.into_json())
    };
    read(node, name, id, parameters, answer).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_names_both_numbers() {
        assert_eq!(required_place(None, None), Ok(None));
        let place = |primary_term| Place {
            seq_no: 3,
            primary_term,
        };
        assert_eq!(required_place(Some(3), Some(1)), Ok(Some(place(1))));
        assert_eq!(required_place(Some(3), Some(2)), Ok(Some(place(2))));
        let refused = |seq_no, term| {
            let error = required_place(seq_no, term).expect_err("it is refused");
            format!("{} {}", error.status().as_u16(), error.reason())
        };
        insta::assert_snapshot!(refused(Some(3), None), @"400 Validation Failed: 1: ifSeqNo is set, but primary term is [0];");
        assert_eq!(required_place(Some(-2), Some(0)), Ok(None));
        insta::assert_snapshot!(refused(Some(-1), Some(1)), @"400 sequence numbers must be non negative. got [-1].");
        insta::assert_snapshot!(refused(Some(3), Some(-1)), @"400 primary term must be non negative. got [-1]");
        insta::assert_snapshot!(refused(Some(3), Some(0)), @"400 Validation Failed: 1: ifSeqNo is set, but primary term is [0];");
        insta::assert_snapshot!(refused(None, Some(1)), @"400 Validation Failed: 1: ifSeqNo is unassigned, but primary term is [1];");
    }

    #[test]
    fn an_update_is_read_with_its_digits() {
        let read = |text: &'static str| -> Result<Operation, String> {
            let update = Update::parse(text.as_bytes()).map_err(|error| error.to_string())?;
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

    #[test]
    fn a_member_of_an_update_is_obeyed_or_refused() {
        let read = |member: &str| -> Result<Operation, String> {
            let text = format!("{{\"doc\": {{}}, {member}}}");
            let update = Update::parse(text.as_bytes()).map_err(|error| error.to_string())?;
            let operation = update.operation("a".to_owned(), None);
            operation.map_err(|error| format!("{} {}", error.status(), error.reason()))
        };
        for number in ["3", "\"3\"", "3.0", "\"3.9\""] {
            let member = format!("\"if_seq_no\": {number}, \"if_primary_term\": \"2\"");
            let operation = read(&member);
            let is_obeyed = |operation: &Operation| {
                matches!(
                    operation,
                    Operation::Update {
                        if_seq_no: Some(Place {
                            seq_no: 3,
                            primary_term: 2
                        }),
                        ..
                    }
                )
            };
            assert!(operation.as_ref().is_ok_and(is_obeyed), "{operation:?}");
        }
        for (member, start) in [
            ("\"if_seq_no\": -1, \"if_primary_term\": 1", "400"),
            ("\"if_seq_no\": 3", "400"),
            ("\"if_seq_no\": [], \"if_primary_term\": 1", "must be"),
            ("\"if_seq_no\": null, \"if_primary_term\": 1", "must be"),
            ("\"if_seq_no\": true, \"if_primary_term\": 1", "must be"),
            ("\"detect_noop\": 0", "must be"),
            ("\"doc_as_upsert\": \"yes\"", "must be"),
            ("\"doc_as_upsert\": null", "must be"),
            ("\"scripted_upsert\": 1", "must be"),
            ("\"_source\": 1", "`_source` must be true, false,"),
            ("\"_source\": null", "`_source` must be true, false,"),
            ("\"if_version\": 1", "unknown field"),
        ] {
            let refused = read(member).expect_err(member);
            assert!(refused.starts_with(start), "{member}: {refused}");
        }
        let both = Update::parse(br#"{"doc": {}, "if_seq_no": 3, "if_primary_term": 1}"#);
        let other = Place {
            seq_no: 4,
            primary_term: 1,
        };
        let both = both
            .expect("an update")
            .operation("a".to_owned(), Some(other));
        let refused = both.expect_err("they differ");
        insta::assert_snapshot!(refused.reason(), @"Validation Failed: 1: if_seq_no and if_primary_term are given twice, as [4] of [1] and as [3] of [1];");
    }
}
