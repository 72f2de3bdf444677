//! The status and type of each failure.

use std::error::Error;

use axum::http::StatusCode;
use whittle_host::{BindError, EvaluateError, SelectError, Stopped};
use whittle_node::index::{IndexError, WriteError};
use whittle_node::mapping::{DocumentError, MappingError};
use whittle_node::{
    FunctionError, OutOfMemory, RequestError, SearchError, ShardFailure, SortError, UdfError,
};

use crate::error::ApiError;
use crate::indexes::Unavailable;
use crate::node::CreateError;

const ILLEGAL: &str = "illegal_argument_exception";
const PARSING: &str = "parsing_exception";
const UDF: &str = "udf_exception";

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        let kind = match &error {
            RequestError::Negative { .. }
            | RequestError::Window { .. }
            | RequestError::After { .. }
            | RequestError::Terms { .. }
            | RequestError::Regexp { .. }
            | RequestError::Retrieved { .. }
            | RequestError::RescoreWindow { .. }
            | RequestError::NoNewline => ILLEGAL,
            RequestError::Clauses { .. } => "too_many_nested_clauses",
            _ => PARSING,
        };
        Self::of(StatusCode::BAD_REQUEST, kind, &error)
    }
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        let (status, kind) = match &error {
            SearchError::Memory(error) => return error.clone().into(),
            SearchError::Query(_) | SearchError::Sort(SortError::Unmapped { .. }) => {
                (StatusCode::BAD_REQUEST, "query_shard_exception")
            }
            SearchError::Expression { .. } => (StatusCode::BAD_REQUEST, PARSING),
            SearchError::Aggregation(error) if error.is_too_much() => {
                (StatusCode::BAD_REQUEST, "too_many_buckets_exception")
            }
            SearchError::Argument { .. }
            | SearchError::Aggregation(_)
            | SearchError::Sort(_)
            | SearchError::Field(_) => (StatusCode::BAD_REQUEST, ILLEGAL),
            SearchError::Udf(UdfError::Function(function)) => of_function(function),
            SearchError::Udf(UdfError::Returns { .. }) => (StatusCode::BAD_REQUEST, ILLEGAL),
            SearchError::Udf(UdfError::Evaluate(evaluate)) => of_evaluation(evaluate),
            SearchError::Stopped(stopped) => of_stopped(stopped),
            _ => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "search_phase_execution_exception",
            ),
        };
        Self::of(status, kind, &error)
    }
}

impl From<OutOfMemory> for ApiError {
    fn from(error: OutOfMemory) -> Self {
        let status = match error.is_final() {
            true => StatusCode::PAYLOAD_TOO_LARGE,
            false => StatusCode::TOO_MANY_REQUESTS,
        };
        Self::of(status, "circuit_breaking_exception", &error)
    }
}

fn of_function(error: &FunctionError) -> (StatusCode, &'static str) {
    match error {
        FunctionError::Bind(error) => of_bind(error),
        FunctionError::Select(SelectError::SwitchedOff { .. }) => {
            (StatusCode::TOO_MANY_REQUESTS, "circuit_breaking_exception")
        }
        FunctionError::Busy(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "rejected_execution_exception",
        ),
        _ => (StatusCode::BAD_REQUEST, ILLEGAL),
    }
}

fn of_bind(error: &BindError) -> (StatusCode, &'static str) {
    match error {
        BindError::Refused { .. } | BindError::Failed { .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, UDF)
        }
        BindError::Stopped { source, .. } => of_stopped(source),
        _ => (StatusCode::BAD_REQUEST, ILLEGAL),
    }
}

impl From<BindError> for ApiError {
    fn from(error: BindError) -> Self {
        let (status, kind) = of_bind(&error);
        Self::of(status, kind, &error)
    }
}

fn of_evaluation(error: &EvaluateError) -> (StatusCode, &'static str) {
    match error {
        EvaluateError::Stopped { source, .. } => of_stopped(source),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, UDF),
    }
}

/// A fault of a guest is 422, and so is a limit that it hits, except for time.
fn of_stopped(stopped: &Stopped) -> (StatusCode, &'static str) {
    match stopped {
        Stopped::Limit(limit) if limit.kind.is_time() => {
            (StatusCode::REQUEST_TIMEOUT, "timeout_exception")
        }
        Stopped::Cancelled => (StatusCode::REQUEST_TIMEOUT, "task_cancelled_exception"),
        Stopped::Busy { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "rejected_execution_exception",
        ),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, UDF),
    }
}

impl From<IndexError> for ApiError {
    fn from(error: IndexError) -> Self {
        let (status, kind) = match &error {
            IndexError::Mapping(error) => (StatusCode::BAD_REQUEST, of_mapping(error)),
            IndexError::Closed => {
                return Self::new(
                    StatusCode::NOT_FOUND,
                    "index_not_found_exception",
                    "no such index: it was deleted while the request was under way",
                );
            }
            IndexError::Exists { .. } => {
                (StatusCode::BAD_REQUEST, "resource_already_exists_exception")
            }
            // As OpenSearch blocks the writes of a disk that is nearly full.
            error if error.is_out_of_room() => {
                (StatusCode::TOO_MANY_REQUESTS, "cluster_block_exception")
            }
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        };
        Self::of(status, kind, &error)
    }
}

fn of_mapping(error: &MappingError) -> &'static str {
    match error {
        MappingError::Conflict(_)
        | MappingError::Fixed { .. }
        | MappingError::TooMany { .. }
        | MappingError::TooLarge { .. }
        | MappingError::Long(_)
        | MappingError::Types => ILLEGAL,
        _ => "mapper_parsing_exception",
    }
}

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        let (status, kind) = match &error {
            WriteError::Exists { .. } | WriteError::SeqNo { .. } => {
                (StatusCode::CONFLICT, "version_conflict_engine_exception")
            }
            WriteError::Missing { .. } => (StatusCode::NOT_FOUND, "document_missing_exception"),
            WriteError::Id { .. } => (StatusCode::BAD_REQUEST, ILLEGAL),
            WriteError::TooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "content_too_long_exception")
            }
            WriteError::Mapping(error) => (StatusCode::BAD_REQUEST, of_mapping(error)),
            WriteError::Document(DocumentError::Strict { .. }) => {
                (StatusCode::BAD_REQUEST, "strict_dynamic_mapping_exception")
            }
            WriteError::Document(DocumentError::Long(_)) => (StatusCode::BAD_REQUEST, ILLEGAL),
            WriteError::Document(DocumentError::TooMuch) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "content_too_long_exception")
            }
            _ => (StatusCode::BAD_REQUEST, "mapper_parsing_exception"),
        };
        Self::of(status, kind, &error)
    }
}

/// An index that cannot be made.
pub(crate) fn not_made(name: &str, error: CreateError) -> ApiError {
    let shown = whittle_host::one_line(name);
    match error {
        CreateError::Name(rule) => ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid_index_name_exception",
            format!("Invalid index name [{shown}], {rule}"),
        )
        .with_uuid("_na_"),
        CreateError::Exists(uuid) => ApiError::new(
            StatusCode::BAD_REQUEST,
            "resource_already_exists_exception",
            format!("index [{shown}/{uuid}] already exists"),
        )
        .with_uuid(uuid),
        CreateError::TooMany(count) => ApiError::new(
            StatusCode::BAD_REQUEST,
            "validation_exception",
            format!(
                "Validation Failed: 1: this action would add [1] total shards, but this cluster \
                 currently has [{count}]/[{count}] maximum shards open;"
            ),
        ),
        CreateError::Unavailable(error) => unavailable(&shown, error),
        CreateError::Index(error) => error.into(),
    }
    .in_index(shown)
}

impl Unavailable {
    /// As the failure of the index's shard.
    pub(crate) fn of_shard(self, name: &str) -> ShardFailure {
        let error = unavailable(name, self);
        ShardFailure::new(name, error.kind(), error.reason())
    }
}

/// An index that cannot be used.
pub(crate) fn unavailable(name: &str, error: Unavailable) -> ApiError {
    let name = whittle_host::one_line(name);
    let reason = match error {
        Unavailable::Gone => return no_index(&name),
        Unavailable::Failed(reason) => {
            format!("No shard available for [{name}]: the index cannot be opened: {reason}")
        }
        Unavailable::Closing => format!("No shard available for [{name}]: the node is closing"),
    };
    let kind = "no_shard_available_action_exception";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, kind, reason).in_index(name)
}

/// An index that does not exist.
pub(crate) fn no_index(name: &str) -> ApiError {
    let name = whittle_host::one_line(name);
    ApiError::new(
        StatusCode::NOT_FOUND,
        "index_not_found_exception",
        format!("no such index [{name}]"),
    )
    .in_index(name.clone())
    .with_uuid("_na_")
    .about("index_or_alias", name)
}

/// A search of which no index, or not every one, could be opened.
pub(crate) fn not_searched(failed: &[ShardFailure]) -> ApiError {
    let is_gone = |failure: &ShardFailure| failure.reason.kind == "index_not_found_exception";
    if let [first, ..] = failed
        && failed.iter().all(is_gone)
    {
        return no_index(&first.index);
    }
    let reasons = failed.iter().map(|failure| failure.reason.reason.as_str());
    let reasons: Vec<&str> = reasons.collect();
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "search_phase_execution_exception",
        format!(
            "Search rejected due to missing shards: {}",
            reasons.join("; ")
        ),
    )
}

/// A name that must be an alias.
pub(crate) fn no_alias(name: &str) -> ApiError {
    let name = whittle_host::one_line(name);
    ApiError::new(
        StatusCode::NOT_FOUND,
        "index_not_found_exception",
        format!(
            "no such index [{name}] and [require_alias] request flag is [true] and [{name}] is not \
             an alias"
        ),
    )
    .in_index(name.clone())
    .with_uuid("_na_")
    .about("index_or_alias", name)
}

/// Copies of a shard that no other node has.
pub(crate) fn no_copies(index: &str, needed: u64) -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable_shards_exception",
        format!(
            "[{index}][0] Not enough active copies to meet shard count of [{needed}] (have 1, \
             needed {needed}): this node holds one copy, and there are no others"
        ),
    )
    .in_index(index)
}

/// Any other failure, with a status.
pub(crate) fn with(status: StatusCode, kind: &'static str) -> impl FnOnce(&dyn Error) -> ApiError {
    move |error| ApiError::of(status, kind, error)
}
