//! The bodies of requests: JSON, or lines of JSON.
//!
//! What is made of a body is held with it: the memory is reserved before a text is parsed, by
//! [`Body::read`], or by [`Body::hold_parsed`] where a route parses by itself.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use whittle_node::{Reservation, parsed_bytes};

use crate::error::ApiError;
use crate::node::Node;
use crate::parameters::bad;

/// A body as it came, unpacked and within the node's limit.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    /// What it and what is made of it hold of the node's memory.
    held: Arc<Reservation>,
}

impl FromRequest<Arc<Node>> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, node: &Arc<Node>) -> Result<Self, ApiError> {
        let held = Arc::new(node.memory().reserve(0)?);
        Bytes::from_request(request, node)
            .await
            .map(|bytes| Self { bytes, held })
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
    /// Whether nothing was sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    /// The body of a route that cannot do without.
    ///
    /// # Errors
    ///
    /// 400 if it is empty.
    pub(crate) fn required(&self) -> Result<&[u8], ApiError> {
        if self.is_empty() {
            return Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "parse_exception",
                "request body is required",
            ));
        }
        Ok(&self.bytes)
    }

    /// Reserves memory until the body is dropped.
    ///
    /// # Errors
    ///
    /// 429 if there is too little, 413 if there never is so much.
    pub(crate) fn hold(&self, bytes: u64) -> Result<(), ApiError> {
        Ok(self.held.grow(bytes)?)
    }

    /// Reserves what a text takes so many times when it is parsed, until the body is dropped.
    ///
    /// # Errors
    ///
    /// As [`Body::hold`].
    pub(crate) fn hold_parsed(&self, text: &[u8], times: u64) -> Result<(), ApiError> {
        self.hold(parsed_bytes(text).saturating_mul(times))
    }

    /// As JSON of a type; an empty body is the type's default. What it takes is held with the body.
    ///
    /// # Errors
    ///
    /// 400 with the place where it is broken, or not of the type; as [`Body::hold`].
    pub(crate) fn read<'a, T: Deserialize<'a> + Default>(&'a self) -> Result<T, ApiError> {
        if self.is_empty() {
            return Ok(T::default());
        }
        self.hold_parsed(&self.bytes, 1)?;
        serde_json::from_slice(&self.bytes).map_err(|error| broken(1, &error))
    }
}

/// The promise of a handler that it reads no body: a request with one is refused, since it was
/// meant for something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoBody;

impl<S: Sync> FromRequestParts<S> for NoBody {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        if !has_body(&parts.headers) {
            return Ok(Self);
        }
        let path = whittle_host::one_line(parts.uri.path());
        Err(bad(format!(
            "request [{} {path}] does not support having a body",
            parts.method
        )))
    }
}

/// Whether a request has a body that is not empty, or one whose length is not known yet.
pub(crate) fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    length.is_some_and(|length| length > 0) || headers.contains_key(TRANSFER_ENCODING)
}

/// A body, or a line of one, that is not JSON, or not of its type.
pub(crate) fn broken(first_line: usize, error: &serde_json::Error) -> ApiError {
    let line = first_line + error.line().saturating_sub(1);
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = whittle_host::one_line(text.strip_suffix(&place).unwrap_or(&text));
    let (kind, what) = if error.is_data() {
        ("parsing_exception", "")
    } else {
        ("json_parse_exception", "broken JSON: ")
    };
    ApiError::new(
        StatusCode::BAD_REQUEST,
        kind,
        format!("line {line}, column {}: {what}{reason}", error.column()),
    )
}
