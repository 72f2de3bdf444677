//! Errors in the shape that OpenSearch's clients parse.
//!
//! An answer has `{"error": {"root_cause": [...], "type": "...", "reason": "..."}, "status": 404}`,
//! as OpenSearch has it (<https://docs.opensearch.org/latest/api-reference/common-parameters/>):
//! clients take their exception class from the status, and show `type` and `reason`.

use std::error::Error;
use std::fmt::{self, Write};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use whittle_host::one_line;

/// How long a text of an error is; what a client sent may be part of it, and is cut.
const LONGEST: usize = 4 << 10;

/// What a request fails with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    /// Boxed, since results carry it through many functions.
    cause: Box<Cause>,
}

/// What went wrong, as it stands inside `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    #[serde(rename = "type")]
    kind: &'static str,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<String>,
    #[serde(rename = "resource.id", skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    #[serde(rename = "resource.type", skip_serializing_if = "Option::is_none")]
    resource_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_uuid: Option<String>,
}

/// The body of an answer that is an error.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorBody {
    error: WholeCause,
    status: u16,
}

#[derive(Debug, Clone, Serialize)]
struct WholeCause {
    root_cause: [Cause; 1],
    #[serde(flatten)]
    cause: Cause,
}

/// An error and its causes in one line, cut at the bound.
pub(crate) fn reason(error: &dyn Error) -> String {
    let mut reason = Bounded::default();
    let written = reason.write_all(error);
    // It fails when there is more than is kept.
    debug_assert!(written.is_ok() || reason.0.len() > LONGEST);
    bounded(one_line(&reason.0))
}

/// Marks an answer that is an error, which is sent whole whatever `filter_path` says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IsError;

impl ApiError {
    /// With a type such as `parsing_exception`. The reason is one line.
    pub fn new(status: StatusCode, kind: &'static str, reason: impl Into<String>) -> Self {
        let cause = Box::new(Cause {
            kind,
            reason: bounded(reason.into()),
            index: None,
            resource_id: None,
            resource_type: None,
            index_uuid: None,
        });
        Self { status, cause }
    }

    /// With an error and its causes as the reason.
    pub fn of(status: StatusCode, kind: &'static str, error: &dyn Error) -> Self {
        Self::new(status, kind, reason(error))
    }

    /// Of an index.
    #[must_use]
    pub fn in_index(mut self, index: impl Into<String>) -> Self {
        self.cause.index = Some(bounded(index.into()));
        self
    }

    /// Of an index with an identifier.
    #[must_use]
    pub(crate) fn with_uuid(mut self, uuid: impl Into<String>) -> Self {
        self.cause.index_uuid = Some(uuid.into());
        self
    }

    /// About something that was asked for by its name.
    #[must_use]
    pub(crate) fn about(mut self, kind: &'static str, id: impl Into<String>) -> Self {
        self.cause.resource_type = Some(kind);
        self.cause.resource_id = Some(bounded(id.into()));
        self
    }

    /// The same without what it says, for want of memory.
    #[must_use]
    pub(crate) fn without_reason(self) -> Self {
        let reason = "the reason does not fit into the memory that is free for requests";
        Self::new(self.status, self.cause.kind, reason)
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The type of what went wrong.
    pub(crate) fn kind(&self) -> &'static str {
        self.cause.kind
    }

    /// What went wrong, in one line.
    pub fn reason(&self) -> &str {
        &self.cause.reason
    }

    /// What is inside `error`, alone, as answers to several requests at once have it.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The answer's body.
    pub fn body(&self) -> ErrorBody {
        ErrorBody {
            error: WholeCause {
                root_cause: [self.cause().clone()],
                cause: self.cause().clone(),
            },
            status: self.status.as_u16(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        response.extensions_mut().insert(IsError);
        response
    }
}

/// A text of an error that is not written further than it is shown.
#[derive(Default)]
struct Bounded(String);

impl Bounded {
    /// An error and its causes.
    fn write_all(&mut self, error: &dyn Error) -> fmt::Result {
        write!(self, "{error}")?;
        let mut cause = error.source();
        while let Some(error) = cause {
            write!(self, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = (LONGEST + 1).saturating_sub(self.0.len());
        let kept = text.floor_char_boundary(room + 4);
        self.0.push_str(&text[..kept]);
        match kept < text.len() {
            true => Err(fmt::Error),
            false => Ok(()),
        }
    }
}

/// A text, cut at its bound.
fn bounded(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST - 3));
        text.push_str("...");
        text.shrink_to_fit();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no such field `{0}`")]
    struct Missing(String);

    #[test]
    fn the_reason_is_bounded() {
        let of = |name: String| {
            let error = ApiError::of(StatusCode::BAD_REQUEST, "x", &Missing(name));
            error.reason().to_owned()
        };
        assert_eq!(of("a".to_owned()), "no such field `a`");
        for name in ["a", "é", "\u{1f600}"] {
            let reason = of(name.repeat(1 << 20));
            assert!(
                reason.len() <= LONGEST && reason.len() > LONGEST - 8,
                "{}",
                reason.len()
            );
            assert!(reason.ends_with("..."));
        }
        let error = ApiError::new(StatusCode::BAD_REQUEST, "x", "a".repeat(1 << 20));
        assert_eq!(error.reason().len(), LONGEST);
        let error = error.in_index("b".repeat(1 << 20));
        assert!(serde_json::to_vec(&error.body()).expect("JSON").len() < 6 * LONGEST);
    }
}
