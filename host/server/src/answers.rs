//! Answers that several routes give.

use axum::http::{HeaderValue, StatusCode, header::LOCATION};
use axum::response::Response;
use serde::Serialize;
use whittle_node::index::{Stored, WriteResult, Written};
use whittle_node::{Memory, Reservation, ShardFailure};

use crate::address;
use crate::error::{ApiError, Cause};
use crate::sending::Text;
use crate::source::Source;

/// How many shards a request reached: one an index.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Shards<F = ShardFailure> {
    total: usize,
    successful: usize,
    failed: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<F>,
}

impl<F> Shards<F> {
    pub(crate) fn of(indexes: usize) -> Self {
        Self {
            total: indexes,
            successful: indexes,
            failed: 0,
            failures: Vec::new(),
        }
    }
}

impl Shards {
    /// This number of indexes, some of which failed.
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

/// What failed on a shard after a write, which stands.
#[derive(Debug, Serialize)]
struct WriteFailure {
    _index: String,
    _shard: u32,
    status: &'static str,
    primary: bool,
    reason: Cause,
}

/// What became of a document that was to be written.
#[derive(Debug, Serialize)]
pub(crate) struct DocumentWritten {
    _index: String,
    _id: String,
    _version: u64,
    result: &'static str,
    /// Whether a refresh was made that the request asked for; missing if it asked for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    forced_refresh: Option<bool>,
    _shards: Shards<WriteFailure>,
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
            _seq_no: stored.place.seq_no,
            _primary_term: stored.place.primary_term,
            found: true,
            _source: source,
        }
    }

    /// What it takes with its JSON beside the document, in bytes.
    pub(crate) const AROUND: u64 = 256;

    /// What it takes with its JSON, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        let source = self._source.as_ref();
        Self::AROUND + 2 * source.map_or(0, |source| source.text().len() as u64)
    }
}

impl DocumentWritten {
    /// What the JSON of one takes without what names it and what comes back of it, in bytes.
    pub(crate) const BYTES: u64 = 320;

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
            forced_refresh: (forced_refresh && !is_noop).then_some(true),
            _shards: Shards::of(if is_noop { 0 } else { 1 }),
            _seq_no: written.place.seq_no,
            _primary_term: written.place.primary_term,
            get: None,
            status,
        }
    }

    /// Says that the refresh after the write failed, and why if that is not said elsewhere. The
    /// write stands: an error would have the client repeat it.
    pub(crate) fn refresh_failed(&mut self, why: Option<&ApiError>) {
        if self._shards.total == 0 {
            // It has changed nothing that a refresh would show.
            return;
        }
        self.forced_refresh = self.forced_refresh.map(|_| false);
        let failure = why.map(|error| WriteFailure {
            _index: self._index.clone(),
            _shard: 0,
            status: "INTERNAL_SERVER_ERROR",
            primary: true,
            reason: error.cause().clone(),
        });
        self._shards = Shards {
            total: 1,
            successful: 0,
            failed: 1,
            failures: failure.into_iter().collect(),
        };
    }

    /// The answer, with the document's address if it is new, in memory that was reserved before the
    /// write.
    ///
    /// # Errors
    ///
    /// 429 if that is too little, and there is no more.
    pub(crate) fn into_json(
        self,
        memory: &Memory,
        paid: Reservation,
    ) -> Result<Response, ApiError> {
        let status = self.status;
        let location = address::of_document(&self._index, &self._id);
        let mut text = Text::paid(memory, paid);
        text.json(&self)?;
        let mut response = text.into_json();
        *response.status_mut() = status;
        if status == StatusCode::CREATED
            && let Ok(location) = HeaderValue::from_str(&location)
        {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
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
                _seq_no: stored.place.seq_no,
                _primary_term: stored.place.primary_term,
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
