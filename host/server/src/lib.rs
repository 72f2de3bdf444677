//! A data node over HTTP: indexes and searches in the shape that OpenSearch's clients know, and the
//! registry of UDFs below `/_udf`.
//!
//! Knows what a request and an answer look like, and nothing of how documents are kept, found or
//! evaluated: that is `whittle-node` and `whittle-host`. Whatever may take a while runs on threads
//! for blocking work, of which a bounded number is busy at once ([`work`]).

mod body;
mod error;
mod failures;
mod guard;
mod log;
mod metrics;
mod node;
mod parameters;
mod routes;
mod token;
mod work;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use tokio::net::TcpListener;

pub use error::ApiError;
pub use node::{Node, NodeError, NodeOptions};
pub use token::{Token, TokenError, UdfWrites};

/// How often what was written is shown to searches.
const REFRESH_EVERY: Duration = Duration::from_secs(1);

/// The routes of a node. What a browser sends for another site is refused.
pub fn router(node: Arc<Node>) -> Router {
    let limit = node.options().body_bytes;
    routes::all()
        .fallback(routes::no_route)
        .method_not_allowed_fallback(routes::no_method)
        .layer(from_fn(guard::own_origin))
        .layer(DefaultBodyLimit::max(limit))
        .layer(from_fn_with_state(Arc::clone(&node), observed))
        .with_state(node)
}

/// Serves a node until `shutdown` is over; requests that are under way are finished then, and the
/// indexes closed.
///
/// # Errors
///
/// Where the system refuses, or an index cannot be closed.
pub async fn serve(
    listener: TcpListener,
    node: Arc<Node>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), NodeError> {
    let refreshing = tokio::spawn(refresh(Arc::clone(&node)));
    let mut router = router(Arc::clone(&node));
    if listener
        .local_addr()
        .is_ok_and(|address| address.ip().is_loopback())
    {
        router = router.layer(from_fn(guard::local_name));
    }
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(shutdown)
        .await;
    refreshing.abort();
    served.map_err(NodeError::Network)?;
    let closed = tokio::task::spawn_blocking(move || node.close()).await;
    closed.unwrap_or(Ok(()))
}

/// Counts a request, and tells of it.
async fn observed(State(node): State<Arc<Node>>, request: Request, next: Next) -> Response {
    let (started, method) = (Instant::now(), request.method().clone());
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let (status, took) = (response.status(), started.elapsed());
    let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
    node.metrics.request(&method, route, status, took);
    log::request(&method, &path, status, took);
    response
}

/// Shows searches what was written, from time to time.
async fn refresh(node: Arc<Node>) {
    loop {
        tokio::time::sleep(REFRESH_EVERY).await;
        let node = Arc::clone(&node);
        let refreshed = tokio::task::spawn_blocking(move || node.refresh()).await;
        if let Ok(Err(error)) = refreshed {
            tracing::warn!(target: "whittle::node", "cannot refresh: {error}");
        }
    }
}
