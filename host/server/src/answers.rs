//! Answers that several routes give.

use axum::http::{HeaderValue, StatusCode, header::LOCATION};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use whittle_node::ShardFailure;
use whittle_node::index::{Stored, WriteResult, Written};

use crate::address;
use crate::source::Source;

/// The primary term of every document: this node was never replaced as its primary.
pub(crate) const PRIMARY_TERM: u64 = 1;

/// How many shards a request reached: one an index.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Shards {
    total: usize,
    successful: usize,
    failed: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<ShardFailure>,
}

impl Shards {
    pub(crate) fn of(indexes: usize) -> Self {
        Self {
            total: indexes,
            successful: indexes,
            failed: 0,
            failures: Vec::new(),
        }
    }

    /// So many indexes, some of which failed.
    pub(crate) fn with_failures(indexes: usize, failures: Vec<ShardFailure>) -> Self {
        Self {
            total: indexes,
            successful: indexes - failures.len(),
            failed: failures.len(),
            failures,
        }
    }
}

/// The answer of routes that only reach shards.
#[derive(Debug, Serialize)]
pub(crate) struct Reached {
    pub(crate) _shards: Shards,
}

/// The answer of a change that is done.
#[derive(Debug, Serialize)]
pub(crate) struct Acknowledged {
    acknowledged: bool,
}

impl Acknowledged {
    pub(crate) const DONE: Self = Self { acknowledged: true };
}

/// What became of a document that was to be written.
#[derive(Debug, Serialize)]
pub(crate) struct DocumentWritten {
    _index: String,
    _id: String,
    _version: u64,
    result: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) forced_refresh: bool,
    _shards: Shards,
    _seq_no: u64,
    _primary_term: u64,
    /// The document after an update that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) get: Option<Updated>,
    #[serde(skip)]
    pub(crate) status: StatusCode,
}

/// A document after its update.
#[derive(Debug, Serialize)]
pub(crate) struct Updated {
    _seq_no: u64,
    _primary_term: u64,
    found: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    _source: Option<Source>,
}

impl Updated {
    pub(crate) fn new(stored: &Stored, source: Option<Source>) -> Self {
        Self {
            _seq_no: stored.seq_no,
            _primary_term: PRIMARY_TERM,
            found: true,
            _source: source,
        }
    }
}

impl DocumentWritten {
    pub(crate) fn new(index: &str, written: &Written, forced_refresh: bool) -> Self {
        let (status, result) = match written.result {
            WriteResult::Created => (StatusCode::CREATED, "created"),
            WriteResult::Updated => (StatusCode::OK, "updated"),
            WriteResult::Deleted => (StatusCode::OK, "deleted"),
            WriteResult::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            WriteResult::Noop => (StatusCode::OK, "noop"),
        };
        let is_noop = written.result == WriteResult::Noop;
        Self {
            _index: index.to_owned(),
            _id: written.id.clone(),
            _version: written.version,
            result,
            forced_refresh: forced_refresh && !is_noop,
            _shards: Shards::of(if is_noop { 0 } else { 1 }),
            _seq_no: written.seq_no,
            _primary_term: PRIMARY_TERM,
            get: None,
            status,
        }
    }
}

impl IntoResponse for DocumentWritten {
    fn into_response(self) -> Response {
        let status = self.status;
        let location = address::of_document(&self._index, &self._id);
        let mut response = (status, axum::Json(self)).into_response();
        if status == StatusCode::CREATED
            && let Ok(location) = HeaderValue::from_str(&location)
        {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

/// A document that was asked for.
#[derive(Debug, Serialize)]
pub(crate) struct DocumentFound {
    pub(crate) _index: String,
    pub(crate) _id: String,
    #[serde(flatten)]
    pub(crate) state: Option<DocumentState>,
    pub(crate) found: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) _source: Option<Source>,
}

/// The numbers of a document that exists.
#[derive(Debug, Serialize)]
pub(crate) struct DocumentState {
    _version: u64,
    _seq_no: u64,
    _primary_term: u64,
}

impl DocumentFound {
    /// A document with its numbers, and what of its source was asked for.
    pub(crate) fn here(index: &str, stored: &Stored, source: Option<Source>) -> Self {
        Self {
            _index: index.to_owned(),
            _id: stored.id.clone(),
            state: Some(DocumentState {
                _version: stored.version,
                _seq_no: stored.seq_no,
                _primary_term: PRIMARY_TERM,
            }),
            found: true,
            _source: source,
        }
    }

    /// An id that no document has.
    pub(crate) fn missing(index: &str, id: &str) -> Self {
        Self {
            _index: index.to_owned(),
            _id: id.to_owned(),
            state: None,
            found: false,
            _source: None,
        }
    }
}
