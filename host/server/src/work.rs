//! Work that blocks: it runs on threads of its own, a bounded amount of it at once.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use tokio::sync::Semaphore;
use whittle_node::Memory;

use crate::error::ApiError;
use crate::{fault, sending};

/// How long a request waits for a permit, unless its kind of work says otherwise.
const PATIENCE: Duration = Duration::from_secs(1);

/// A kind of work, with a limit on how much of it runs at once.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    kind: &'static str,
    permits: Arc<Semaphore>,
    patience: Duration,
}

impl Work {
    pub(crate) fn new(kind: &'static str, at_once: usize) -> Self {
        Self {
            kind,
            permits: Arc::new(Semaphore::new(at_once)),
            patience: PATIENCE,
        }
    }

    /// The same work, for which requests wait so long.
    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Runs some of it, and answers with its result as JSON, which is written on the same thread and
    /// held in the node's memory until it is sent.
    ///
    /// # Errors
    ///
    /// The errors of the work; 429 if too much of it is running, or the answer finds no memory.
    pub(crate) async fn answer<T: Serialize>(
        &self,
        memory: &Memory,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<Response, ApiError> {
        let memory = memory.clone();
        self.run(move || sending::json(&memory, &work()?)).await
    }

    /// Runs some of it.
    ///
    /// # Errors
    ///
    /// The errors of the work; 429 if too much of it is running; 500 if it panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(self.patience, permit).await else {
            return Err(self.busy());
        };
        unbounded(move || {
            let _permit = permit;
            work()
        })
        .await
    }

    fn busy(&self) -> ApiError {
        ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rejected_execution_exception",
            format!(
                "too many concurrent requests to {}: try again later",
                self.kind
            ),
        )
    }
}

/// Runs work that is short, or bounded by what it works on, on a thread for blocking work.
///
/// # Errors
///
/// The errors of the work; 500 if it panics.
pub(crate) async fn unbounded<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(match error.try_into_panic() {
            Ok(panic) => fault::answered(&*panic),
            Err(error) => ApiError::of(
                StatusCode::SERVICE_UNAVAILABLE,
                "node_closed_exception",
                &error,
            ),
        }),
    }
}
