//! The bodies of requests: JSON, or lines of JSON.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde_json::Value as Json;

use crate::error::ApiError;

/// A body as it came, within the node's limit.
#[derive(Debug, Clone)]
pub(crate) struct Body(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Bytes::from_request(request, state)
            .await
            .map(Self)
            .map_err(|error| {
                if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    let reason = "the body is larger than this node takes: send less at once";
                    return ApiError::new(error.status(), "content_too_long_exception", reason);
                }
                ApiError::new(error.status(), "parse_exception", error.body_text())
            })
    }
}

impl Body {
    /// As JSON; an empty one is `default`.
    ///
    /// # Errors
    ///
    /// 400 with the place where it is broken.
    pub(crate) fn json(&self, default: Json) -> Result<Json, ApiError> {
        if self.0.trim_ascii().is_empty() {
            return Ok(default);
        }
        serde_json::from_slice(&self.0).map_err(|error| broken(1, &error))
    }
}

/// A body, or a line of one, that is not JSON.
pub(crate) fn broken(first_line: usize, error: &serde_json::Error) -> ApiError {
    let line = first_line + error.line().saturating_sub(1);
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = text.strip_suffix(&place).unwrap_or(&text);
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "parsing_exception",
        format!(
            "line {line}, column {}: broken JSON: {reason}",
            error.column()
        ),
    )
}
