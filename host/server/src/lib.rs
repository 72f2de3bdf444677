//! A data node over HTTP: indexes and searches in the shape that OpenSearch's clients know, and the
//! registry of UDFs below `/_udf`.
//!
//! Knows what a request and an answer look like, and nothing of how documents are kept, found or
//! evaluated: that is `whittle-node` and `whittle-host`. Whatever may take a while runs on threads
//! for blocking work, of which a bounded number is busy at once ([`work`]).

mod address;
mod answers;
mod body;
mod client;
mod connections;
mod data;
mod drain;
mod edge;
mod error;
mod failures;
mod fault;
mod guard;
mod head;
mod indexes;
mod lag;
mod log;
mod media;
mod metrics;
mod node;
mod parameters;
mod presentation;
mod routes;
mod scalars;
mod selection;
mod sending;
mod serving;
mod settings;
mod sizes;
mod source;
mod table;
mod token;
mod unpacking;
mod work;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Uri;
use axum::middleware::{Next, from_fn, from_fn_with_state, map_request};
use axum::response::Response;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;

pub use data::DataDirectory;
pub use error::ApiError;
pub use node::{Node, NodeError, NodeOptions};
pub use token::{Token, TokenError, UdfWrites};

/// How often indexes are looked at for one whose refresh is due.
const REFRESH_CHECK: Duration = Duration::from_millis(100);

/// The routes of a node. Requests that a browser sends for another site are refused.
///
/// The layers from the outside in: the request is counted, its answer packed if the client wants
/// that, its body read to the end, the answer written as it is asked for, a panic answered; then it
/// is checked what its head is, where it comes from and what its body is.
pub fn router(node: Arc<Node>) -> Router {
    let routes = routes::all()
        .fallback(routes::no_route)
        .method_not_allowed_fallback(routes::no_method)
        .layer(from_fn(media::checked))
        .layer(from_fn(guard::own_origin))
        .layer(from_fn(head::checked))
        .layer(from_fn(fault::caught))
        .layer(from_fn_with_state(
            Arc::clone(&node),
            presentation::presented,
        ))
        .layer(from_fn_with_state(Arc::clone(&node), drain::drained))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(Arc::clone(&node), observed))
        .with_state(node);
    // Around the routes, since it changes which of them is meant.
    Router::new()
        .fallback_service(routes)
        .layer(map_request(without_trailing_slash))
}

/// Serves a node until `shutdown` is over; requests that are under way have five more seconds then,
/// and the indexes are closed.
///
/// # Errors
///
/// If the system refuses, or an index cannot be closed.
pub async fn serve(
    listener: TcpListener,
    node: Arc<Node>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), NodeError> {
    let edge = node.edge();
    let (connections, lag) = (Arc::clone(&edge.connections), Arc::clone(&edge.lag));
    lag::watch(&connections, &lag).map_err(NodeError::Network)?;
    let refreshing = tokio::spawn(refresh(Arc::clone(&node)));
    let timed = Arc::clone(&lag);
    let measuring = tokio::spawn(async move { timed.measure().await });
    let mut router = router(Arc::clone(&node));
    if listener
        .local_addr()
        .is_ok_and(|address| address.ip().is_loopback())
    {
        router = router.layer(from_fn(guard::local_name));
    }
    serving::serve(listener, router, connections, lag, shutdown).await;
    refreshing.abort();
    measuring.abort();
    let closed = tokio::task::spawn_blocking(move || node.close()).await;
    closed.unwrap_or(Ok(()))
}

/// `/films/` is `/films`.
async fn without_trailing_slash(mut request: Request) -> Request {
    let uri = request.uri();
    let path = uri.path();
    let trimmed = path.trim_end_matches('/');
    if trimmed.len() == path.len() || path == "/" {
        return request;
    }
    let trimmed = if trimmed.is_empty() { "/" } else { trimmed };
    let address = match uri.query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    if let Ok(uri) = address.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request
}

/// Counts a request, and logs it.
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

/// Shows searches what was written, index by index when its interval is over.
async fn refresh(node: Arc<Node>) {
    loop {
        tokio::time::sleep(REFRESH_CHECK).await;
        let node = Arc::clone(&node);
        // What fails is noted with its index, and logged.
        let _ = tokio::task::spawn_blocking(move || node.refresh()).await;
    }
}
