//! The connections of a node, from the listener to their end.
//!
//! What hyper does not bound is bounded here: how many connections there are, how long each may do
//! nothing ([`connections`](crate::connections)), how large its buffers grow, and how long the node
//! waits for them when it ends.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::connections::{Connections, End, Place, Taken, UnderWay};
use crate::error::ApiError;
use crate::lag::Lag;

/// What a connection buffers at most of what it reads, and of what it sends; no head is larger.
const BUFFER: usize = 32 << 10;

/// How often connections are looked at for one that has done nothing for too long.
const SWEEP: Duration = Duration::from_secs(1);

/// How long requests may go on when the node ends.
const GRACE: Duration = Duration::from_secs(5);

/// How long the node waits after an error of the listener, such as too many open files.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until `shutdown` is over, and those that are open then to their end, for a
/// bounded time.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Arc<Connections>,
    lag: Arc<Lag>,
    shutdown: impl Future<Output = ()>,
) {
    let (open, mut all_closed) = mpsc::channel::<()>(1);
    let accepting = async {
        let routes = TowerToHyperService::new(router);
        loop {
            connections.settled().await;
            let stream = accepted(&listener, &connections).await;
            let Some(taken) = connections.take() else {
                continue;
            };
            let (routes, lag, open) = (routes.clone(), Arc::clone(&lag), open.clone());
            tokio::spawn(async move {
                connection(stream, &taken, routes, &lag).await;
                drop((taken, open));
            });
        }
    };
    let sweeping = async {
        loop {
            tokio::time::sleep(SWEEP).await;
            connections.close_overdue(Instant::now());
        }
    };
    tokio::select! {
        () = shutdown => {}
        () = accepting => {}
        () = sweeping => {}
    }
    drop((listener, open));
    connections.end(End::Finish);
    if tokio::time::timeout(GRACE, all_closed.recv())
        .await
        .is_err()
    {
        tracing::warn!(target: "whittle::node", "requests were cut off: they did not end in {GRACE:?}");
        connections.end(End::Close);
        // Closing takes one turn of each connection.
        let _ = tokio::time::timeout(GRACE, all_closed.recv()).await;
    }
}

/// The next connection. An error of one connection is its own, any other is waited out.
async fn accepted(listener: &TcpListener, connections: &Connections) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // An answer's end does not wait for the client's receipt of its beginning.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                tracing::warn!(target: "whittle::node", "cannot accept a connection: {error}");
                connections.close_longest_idle();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// Serves a connection until its end, or until it is told to end.
async fn connection(
    stream: TcpStream,
    taken: &Taken,
    routes: TowerToHyperService<Router>,
    lag: &Lag,
) {
    let place = taken.place();
    let service = service_fn(move |request: Request<Incoming>| {
        let under_way = place.begin();
        let refused = place.is_spare() && !is_of_operators(request.uri().path());
        let answer = (!refused).then(|| routes.call(request));
        async move {
            let response = match answer {
                Some(answer) => answer.await?,
                None => busy(),
            };
            let body = |body| Answer {
                body,
                _under_way: under_way,
            };
            Ok::<_, std::convert::Infallible>(response.map(body))
        }
    });
    let io = TokioIo::new(Reporting {
        stream,
        place: Arc::clone(place),
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        // Heads are timed with all else.
        .header_read_timeout(None)
        .max_buf_size(BUFFER)
        .serve_connection(io, service);
    let mut served = pin!(served);
    let mut known = None;
    loop {
        let polled = poll_fn(|context| lag.timed(place, || served.as_mut().poll(context)));
        tokio::select! {
            // What it failed with is the client's affair.
            _ = polled => return,
            end = place.told(known) => match end {
                End::Finish => served.as_mut().graceful_shutdown(),
                End::Close => return,
            },
        }
        known = Some(End::Finish);
    }
}

/// Whether a path is served when all connections are busy.
fn is_of_operators(path: &str) -> bool {
    matches!(path, "/health" | "/metrics")
}

fn busy() -> Response {
    let reason = "too many connections, each with a request under way: try again later";
    let status = StatusCode::TOO_MANY_REQUESTS;
    let error = ApiError::new(status, "rejected_execution_exception", reason);
    let close = HeaderValue::from_static("close");
    ([(CONNECTION, close)], error).into_response()
}

/// A body whose request is under way until it is sent.
struct Answer {
    body: Body,
    _under_way: UnderWay,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that reports when bytes arrive, and when the client takes none.
struct Reporting {
    stream: TcpStream,
    place: Arc<Place>,
}

impl Reporting {
    fn sent(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.place.sent(polled.is_ready());
        polled
    }
}

impl AsyncRead for Reporting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.place.arrived();
        }
        polled
    }
}

impl AsyncWrite for Reporting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.sent(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
