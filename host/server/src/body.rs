//! The bodies of requests: JSON, or lines of JSON.
//!
//! A body is reserved in the node's memory as it arrives, unpacked, and for as long as its bytes are
//! used. Bodies over 64 KiB share a part of that memory, so that small requests find room beside any
//! number of large ones. A body that stalls is cut off.
//!
//! What is made of a body is held with it: the memory is reserved before a text is parsed, by
//! [`Body::read`], or by [`Body::hold_parsed`] where a route parses by itself.

use std::error::Error;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body as Incoming, Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;
use whittle_node::{Memory, OutOfMemory, Reservation, parsed_bytes};

use crate::error::ApiError;
use crate::media::is_packed;
use crate::node::Node;
use crate::parameters::bad;
use crate::unpacking::{PART, Unpacking};

/// What a body may have without a share of the memory of large bodies.
const SMALL: usize = 64 << 10;

/// From this size on, address space for the whole body is taken at once; its pages are not there
/// before they are written to.
const WHOLE: usize = 1 << 20;

/// In each window of time so many bytes of a body must arrive, or its end.
const WINDOW: Duration = Duration::from_secs(10);
const LEAST: usize = 256 << 10;

/// How much of a body is read before other requests have their turn.
const TURN: usize = 256 << 10;

/// A body as it came, unpacked and within the node's limit. Its memory is reserved until the last
/// clone of its bytes is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    /// What is made of it holds of the node's memory.
    held: Arc<Reservation>,
}

impl FromRequest<Arc<Node>> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, node: &Arc<Node>) -> Result<Self, ApiError> {
        let headers = request.headers();
        let packing = is_packed(headers).then(Unpacking::new);
        let length = length(headers).filter(|_| packing.is_none());
        let mut reading = Reading::new(node.memory(), &node.edge().large_bodies);
        reading.limit = reading.limit.min(node.options().body_bytes);
        reading.read(request.into_body(), length, packing).await
    }
}

/// A body that arrives.
#[derive(Debug)]
struct Reading {
    limit: usize,
    window: Duration,
    memory: Memory,
    bytes: Vec<u8>,
    held: Held,
    /// How many bytes were read since other requests had their turn.
    turn: usize,
}

/// The memory of a body.
#[derive(Debug)]
struct Held {
    all: Reservation,
    large: Reservation,
}

/// The bytes of a body, with their memory.
struct Whole {
    bytes: Vec<u8>,
    _held: Held,
}

impl AsRef<[u8]> for Whole {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Reading {
    fn new(memory: &Memory, large: &Memory) -> Self {
        Self {
            limit: usize::try_from(large.limit()).unwrap_or(usize::MAX),
            window: WINDOW,
            memory: memory.clone(),
            bytes: Vec::new(),
            held: Held {
                all: memory.reservation(),
                large: large.reservation(),
            },
            turn: 0,
        }
    }

    async fn read(
        mut self,
        mut body: Incoming,
        length: Option<usize>,
        mut unpacking: Option<Unpacking>,
    ) -> Result<Body, ApiError> {
        if length.is_some_and(|length| length > self.limit) {
            return Err(self.too_long());
        }
        let mut window = (Instant::now() + self.window, 0);
        loop {
            let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
            let frame = match tokio::time::timeout_at(window.0, frame).await {
                Ok(None) => break,
                Ok(Some(frame)) => frame.map_err(|error| unreadable(&error))?,
                Err(_) if window.1 < LEAST => return Err(self.too_slow()),
                Err(_) => {
                    window = (Instant::now() + self.window, 0);
                    continue;
                }
            };
            // Trailers say nothing.
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let before = self.bytes.len();
            match &mut unpacking {
                None => self.add(&data, length).await?,
                Some(unpacking) => {
                    for packed in data.chunks(PART) {
                        self.add(unpacking.next(packed)?, None).await?;
                    }
                }
            }
            window.1 += self.bytes.len() - before;
        }
        if let Some(unpacking) = unpacking {
            self.add(&unpacking.finish()?, None).await?;
        }
        let (bytes, _held) = (self.bytes, self.held);
        Ok(Body {
            bytes: Bytes::from_owner(Whole { bytes, _held }),
            held: Arc::new(self.memory.reservation()),
        })
    }

    async fn add(&mut self, data: &[u8], length: Option<usize>) -> Result<(), ApiError> {
        let (had, has) = (self.bytes.len(), self.bytes.len() + data.len());
        if has > self.limit {
            return Err(self.too_long());
        }
        if has > SMALL {
            // From its first byte on.
            let more = if had > SMALL { data.len() } else { has };
            self.held.large.grow(more as u64)?;
        }
        self.held.all.grow(data.len() as u64)?;
        if has > self.bytes.capacity() {
            let capacity = match length {
                _ if has <= WHOLE => has.next_power_of_two(),
                Some(length) => length.max(has),
                None => self.limit,
            };
            let refused = self.bytes.try_reserve_exact(capacity - had);
            refused.map_err(|_| OutOfMemory {
                needed_bytes: capacity as u64,
                free_bytes: 0,
                limit_bytes: self.memory.limit(),
            })?;
        }
        self.bytes.extend_from_slice(data);
        self.turn += data.len();
        // What is packed may unpack for long without waiting for the network.
        if self.turn >= TURN {
            self.turn = 0;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn too_slow(&self) -> ApiError {
        let (least, window) = (LEAST >> 10, self.window);
        let reason = format!(
            "the body arrives too slowly: {least} KiB or its end must arrive in {window:?}"
        );
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout_exception", reason)
    }

    fn too_long(&self) -> ApiError {
        let limit = self.limit;
        let reason = format!("the body is larger than {limit} bytes: send less at once");
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        ApiError::new(status, "content_too_long_exception", reason)
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
        let held = self.held.grow(bytes);
        Ok(held.map_err(|error| error.beside(self.bytes.len() as u64))?)
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
    length(headers).is_some_and(|length| length > 0) || headers.contains_key(TRANSFER_ENCODING)
}

/// The length of a body, if it is known before it arrives.
fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body that cannot be read to its end.
fn unreadable(error: &dyn Error) -> ApiError {
    // Those around the innermost error repeat it.
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let cause = whittle_host::one_line(&cause.to_string());
    let reason = format!("cannot read the body: {cause}: send the request again");
    ApiError::new(StatusCode::BAD_REQUEST, "parse_exception", reason)
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

#[cfg(test)]
mod tests {
    use axum::body::Body as Sent;
    use futures_util::{StreamExt, stream};

    use super::*;

    const KIB: u64 = 1 << 10;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.expect("a runtime").block_on(future)
    }

    /// A body of parts of 16 KiB, which ends or does not.
    fn parts(count: usize, ends: bool) -> Sent {
        let part = || Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 16 << 10]));
        let parts = stream::iter((0..count).map(move |_| part()));
        match ends {
            true => Sent::from_stream(parts),
            false => Sent::from_stream(parts.chain(stream::pending())),
        }
    }

    #[test]
    fn a_body_holds_its_memory_as_long_as_its_bytes_are_used() {
        let (memory, large) = (Memory::new(512 * KIB), Memory::new(256 * KIB));
        let read =
            |count| block_on(Reading::new(&memory, &large).read(parts(count, true), None, None));
        let small = read(4).expect("it is read");
        assert_eq!((memory.in_use(), large.in_use()), (64 * KIB, 0));
        let body = read(10).expect("it is read");
        assert_eq!((memory.in_use(), large.in_use()), (224 * KIB, 160 * KIB));
        let bytes = body.bytes.clone();
        drop((small, body));
        assert_eq!(memory.in_use(), 160 * KIB);
        drop(bytes);
        assert_eq!((memory.in_use(), large.in_use()), (0, 0));
    }

    #[test]
    fn large_bodies_leave_room_for_small_ones() {
        let (memory, large) = (Memory::new(512 * KIB), Memory::new(256 * KIB));
        let read =
            |count| block_on(Reading::new(&memory, &large).read(parts(count, true), None, None));
        let first = read(10).expect("it is read");
        let refused = read(10).expect_err("there is no room");
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(read(4).is_ok());
        assert_eq!(memory.in_use(), 160 * KIB);
        drop(first);
        let refused = read(17).expect_err("it can never be read");
        insta::assert_snapshot!(refused.reason(), @"the body is larger than 262144 bytes: send less at once");
    }

    #[test]
    fn a_body_that_never_fits_with_what_is_made_of_it_is_too_large() {
        let (memory, large) = (Memory::new(512 * KIB), Memory::new(256 * KIB));
        let read =
            |count| block_on(Reading::new(&memory, &large).read(parts(count, true), None, None));
        let body = read(10).expect("it is read");
        body.hold(300 * KIB).expect("there is room");
        let refused = body
            .hold(53 * KIB)
            .expect_err("160 and 353 KiB are more than all");
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let other = memory.reserve(52 * KIB).expect("there is room");
        let refused = body.hold(52 * KIB).expect_err("another request has it");
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        drop(other);
        body.hold(52 * KIB).expect("there is room");
    }

    #[test]
    fn a_body_that_stalls_is_cut_off_and_holds_only_what_arrived() {
        let (memory, large) = (Memory::new(512 * KIB), Memory::new(512 * KIB));
        let held = memory.clone();
        let refused = block_on(async move {
            let mut reading = Reading::new(&memory, &large);
            reading.window = Duration::from_millis(200);
            let mut body = std::pin::pin!(reading.read(parts(2, false), Some(400 << 10), None));
            let waiting = tokio::time::timeout(Duration::from_millis(50), body.as_mut()).await;
            assert!(waiting.is_err());
            assert_eq!(memory.in_use(), 32 * KIB);
            body.await.expect_err("it is cut off")
        });
        assert_eq!(refused.status(), StatusCode::REQUEST_TIMEOUT);
        insta::assert_snapshot!(refused.reason(), @"the body arrives too slowly: 256 KiB or its end must arrive in 200ms");
        assert_eq!(held.in_use(), 0);
    }
}
