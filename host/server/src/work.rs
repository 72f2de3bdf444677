//! Work that blocks: it runs on threads of its own, a bounded amount of it at once.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use whittle_host::QueryContext;

use crate::error::ApiError;

/// How long a request waits for a permit, unless its kind of work says otherwise.
const PATIENCE: Duration = Duration::from_secs(1);

/// Cancels the query of a client that disconnects.
pub(crate) struct EndsWithClient(pub(crate) QueryContext);

impl Drop for EndsWithClient {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

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

    /// Runs some of it.
    ///
    /// # Errors
    ///
    /// The errors of the work; 429 if too much of it is running.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(self.patience, permit).await else {
            return Err(self.busy());
        };
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.unwrap_or_else(|error| {
            let reason = format!("the node failed to {}: {error}", self.kind);
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(ApiError::new(status, "internal_error", reason))
        })
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
