//! Work that blocks: on threads of its own, and not more of it at once than the node is for.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use whittle_host::QueryContext;

use crate::error::ApiError;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(1);

/// Ends the query of a client that goes away.
pub(crate) struct EndsWithClient(pub(crate) QueryContext);

impl Drop for EndsWithClient {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A kind of work, of which so much is done at once.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    kind: &'static str,
    turns: Arc<Semaphore>,
}

impl Work {
    pub(crate) fn new(kind: &'static str, at_once: usize) -> Self {
        Self {
            kind,
            turns: Arc::new(Semaphore::new(at_once)),
        }
    }

    /// Does some of it.
    ///
    /// # Errors
    ///
    /// Those of the work; 429 where too much of it is going on.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(PATIENCE, turn).await else {
            return Err(self.busy());
        };
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.unwrap_or_else(|error| {
            let reason = format!("the node failed at a {}: {error}", self.kind);
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(ApiError::new(status, "internal_error", reason))
        })
    }

    fn busy(&self) -> ApiError {
        ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rejected_execution_exception",
            format!(
                "too many of the kind {} are going on: try again later",
                self.kind
            ),
        )
    }
}
