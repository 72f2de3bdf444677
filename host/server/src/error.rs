//! Errors as clients of the field parse them.
//!
//! An answer has `{"error": {"root_cause": [...], "type": "...", "reason": "..."}, "status": 404}`,
//! as OpenSearch has it (<https://docs.opensearch.org/latest/api-reference/common-parameters/>):
//! clients take their exception class from the status, and show `type` and `reason`.

use std::error::Error;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use whittle_host::one_line;

/// What a request fails with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    kind: &'static str,
    reason: String,
    index: Option<String>,
}

impl ApiError {
    /// With a type such as `parsing_exception`. The reason is one line.
    pub fn new(status: StatusCode, kind: &'static str, reason: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            reason: reason.into(),
            index: None,
        }
    }

    /// With an error and its causes as the reason.
    pub fn of(status: StatusCode, kind: &'static str, error: &dyn Error) -> Self {
        let mut told = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            told.push_str(": ");
            told.push_str(&error.to_string());
            cause = error.source();
        }
        Self::new(status, kind, one_line(&told))
    }

    /// Of an index.
    #[must_use]
    pub fn in_index(mut self, index: impl Into<String>) -> Self {
        self.index = Some(index.into());
        self
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong, in one line.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What is inside `error`, alone, as answers to several requests at once have it.
    pub fn cause(&self) -> serde_json::Value {
        let mut cause = json!({"type": self.kind, "reason": self.reason});
        if let Some(index) = &self.index {
            cause["index"] = json!(index);
        }
        cause
    }

    /// The answer's body.
    pub fn body(&self) -> serde_json::Value {
        let cause = self.cause();
        let mut error = json!({"root_cause": [cause]});
        if let (Some(error), Some(cause)) = (error.as_object_mut(), cause.as_object()) {
            error.extend(cause.clone());
        }
        json!({"error": error, "status": self.status.as_u16()})
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
