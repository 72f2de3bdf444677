//! What a handler leaves of a request's body is read all the same.
//!
//! A client that keeps its connection sends the next request behind the body. If an answer comes
//! before the body was read, as errors do, the connection would be cut while the client still
//! writes, and its next request fails. So the rest is read and dropped, up to a limit; beyond that
//! the answer says that the connection ends.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, EXPECT};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt, stream};

use crate::node::Node;

/// How long the rest of a body is waited for, if it was not found too slow already.
const PATIENCE: Duration = Duration::from_secs(5);

type Part = Option<Result<Bytes, axum::Error>>;

/// A body that the handler reads, and what is left of it afterwards.
struct Shared {
    stream: Mutex<BodyDataStream>,
    started: AtomicBool,
    ended: AtomicBool,
}

impl Shared {
    fn poll(&self, context: &mut Context<'_>) -> Poll<Part> {
        self.started.store(true, Ordering::Relaxed);
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let part = pin!(&mut *stream).poll_next(context);
        if matches!(part, Poll::Ready(None)) {
            self.ended.store(true, Ordering::Relaxed);
        }
        part
    }

    /// Reads what is left; false if it is more than so many bytes, or takes too long.
    async fn drain(&self, most: usize) -> bool {
        let mut left = pin!(stream::poll_fn(|context| self.poll(context)));
        let all = async {
            let mut read = 0;
            while let Some(Ok(part)) = left.next().await {
                read += part.len();
                tokio::task::yield_now().await;
                if read > most {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(PATIENCE, all).await.unwrap_or(false)
    }
}

/// Answers when the body is read, whoever read it.
pub(crate) async fn drained(
    State(node): State<Arc<Node>>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let waits_for_us = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let shared = Arc::new(Shared {
        stream: Mutex::new(body.into_data_stream()),
        started: AtomicBool::new(false),
        ended: AtomicBool::new(false),
    });
    let read = Arc::clone(&shared);
    let body = Body::from_stream(stream::poll_fn(move |context| read.poll(context)));
    let mut response = next.run(Request::from_parts(parts, body)).await;
    // A client that asked whether to send its body has not sent it, and is better not told to.
    let is_unsent = waits_for_us && !shared.started.load(Ordering::Relaxed);
    let is_slow = response.status() == StatusCode::REQUEST_TIMEOUT;
    let most = node.options().body_bytes;
    let is_whole = shared.ended.load(Ordering::Relaxed)
        || (!is_unsent && !is_slow && shared.drain(most).await);
    if !is_whole {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}
