//! Panics: a fault of the node's own ends the request that met it, and no other.
//!
//! The client is told an identifier, under which the log has what happened.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use uuid::Uuid;
use whittle_host::one_line;

use crate::error::ApiError;

/// Answers 500 if a handler panics.
pub(crate) async fn caught(request: Request, next: Next) -> Response {
    // What a request shares with others is behind locks, which are taken again after a panic.
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind();
    match answered.await {
        Ok(response) => response,
        Err(panic) => self::answered(&*panic).into_response(),
    }
}

/// Logs a panic, and returns the error that names the entry.
pub(crate) fn answered(panic: &(dyn Any + Send)) -> ApiError {
    let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "a panic without a message",
    };
    let id = Uuid::new_v4();
    tracing::error!(target: "whittle::node", %id, "a request panicked: {}", one_line(message));
    let reason = format!("the node failed: see its log for [{id}]");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_learns_nothing_of_a_panic_but_its_id() {
        let panic = std::panic::catch_unwind(|| panic!("secret")).expect_err("it panics");
        let error = answered(&*panic);
        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let (start, id) = error.reason().split_once('[').expect("an id");
        assert_eq!(start, "the node failed: see its log for ");
        assert!(id.trim_end_matches(']').parse::<Uuid>().is_ok());
    }
}
