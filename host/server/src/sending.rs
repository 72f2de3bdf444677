//! Answers until they are sent.
//!
//! An answer is written on a thread for blocking work, into blocks of at most 64 KiB. Each block is
//! reserved in the node's memory before it is allocated, and given back when the network has taken
//! it, so that an answer that nobody reads is counted for as long as it is held. An answer that finds
//! no memory is refused with 429.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use serde::Serialize;
use whittle_node::{Memory, OutOfMemory, Reservation};

use crate::error::ApiError;

/// The size of a block, except for a text's first.
pub(crate) const BLOCK: usize = 64 << 10;

/// What a text begins with: most answers are small.
const FIRST: usize = 1 << 10;

/// An answer with a value as JSON.
///
/// To be called on a thread for blocking work, as [`Work::answer`](crate::work::Work::answer) does.
///
/// # Errors
///
/// 429 if there is too little memory.
pub(crate) fn json(memory: &Memory, value: &impl Serialize) -> Result<Response, ApiError> {
    let mut text = Text::new(memory);
    text.json(value)?;
    Ok(text.into_json())
}

/// A text that is being written, in memory that is reserved as it grows.
#[derive(Debug)]
pub(crate) struct Text {
    memory: Memory,
    full: VecDeque<Bytes>,
    /// The bytes of the full blocks.
    length: u64,
    last: Block,
    /// What is taken before the node is asked for more.
    paid: Option<Reservation>,
    refused: Option<OutOfMemory>,
}

/// A part of a text, with the memory that it holds.
#[derive(Debug, Default)]
struct Block {
    bytes: Vec<u8>,
    held: Option<Reservation>,
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Text {
    pub(crate) fn new(memory: &Memory) -> Self {
        Self {
            memory: memory.clone(),
            full: VecDeque::new(),
            length: 0,
            last: Block::default(),
            paid: None,
            refused: None,
        }
    }

    /// A text that has its memory already, or most of it.
    pub(crate) fn paid(memory: &Memory, paid: Reservation) -> Self {
        Self {
            paid: Some(paid),
            ..Self::new(memory)
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.full.is_empty() && self.last.bytes.is_empty()
    }

    /// Writes a value as JSON.
    ///
    /// # Errors
    ///
    /// 429 if there is too little memory. Discard the text then.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), ApiError> {
        serde_json::to_writer(&mut *self, value).map_err(|error| self.failure(&error))
    }

    /// Writes what is JSON already.
    ///
    /// # Errors
    ///
    /// As [`Text::json`].
    pub(crate) fn raw(&mut self, json: &str) -> Result<(), ApiError> {
        self.write_all(json.as_bytes())
            .map_err(|error| self.failure(&error))
    }

    /// Puts a short text before all that was written.
    ///
    /// # Errors
    ///
    /// As [`Text::json`].
    pub(crate) fn begin_with(&mut self, start: String) -> Result<(), ApiError> {
        let held = self.memory.reserve(start.len() as u64)?;
        self.length += start.len() as u64;
        self.full.push_front(Bytes::from_owner(Block {
            bytes: start.into_bytes(),
            held: Some(held),
        }));
        Ok(())
    }

    /// Why writing failed: for lack of memory, or for a reason that the writer knows.
    pub(crate) fn failure(&mut self, error: &(dyn std::error::Error + 'static)) -> ApiError {
        match self.refused.take() {
            Some(refused) => refused.into(),
            None => ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", error),
        }
    }

    /// The text as the body of an answer.
    pub(crate) fn into_body(mut self) -> Body {
        self.end_block();
        Body::new(Unsent {
            blocks: self.full,
            length: self.length,
            is_tired: false,
        })
    }

    /// The text, which is JSON, as an answer.
    pub(crate) fn into_json(self) -> Response {
        let mut response = Response::new(self.into_body());
        let kind = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }

    /// Makes room for a byte or more, and returns for how many.
    fn room(&mut self) -> Result<usize, OutOfMemory> {
        let (length, capacity) = (self.last.bytes.len(), self.last.bytes.capacity());
        if length < capacity {
            return Ok(capacity - length);
        }
        if capacity >= BLOCK {
            self.end_block();
        }
        let more = match self.last.bytes.capacity() {
            0 if self.length > 0 => BLOCK,
            0 => FIRST,
            capacity => (capacity * 3).min(BLOCK - capacity),
        };
        let held = (self.last.held).get_or_insert_with(|| self.memory.reservation());
        let is_paid = (self.paid.as_ref()).is_some_and(|paid| held.take_over(paid, more as u64));
        if !is_paid {
            held.grow(more as u64)?;
        }
        self.last.bytes.reserve_exact(more);
        Ok(more)
    }

    fn end_block(&mut self) {
        let block = std::mem::take(&mut self.last);
        if !block.bytes.is_empty() {
            self.length += block.bytes.len() as u64;
            self.full.push_back(Bytes::from_owner(block));
        }
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = match self.room() {
            Ok(room) => room,
            Err(refused) => {
                self.refused = Some(refused.clone());
                return Err(io::Error::new(io::ErrorKind::OutOfMemory, refused));
            }
        };
        let written = bytes.len().min(room);
        self.last.bytes.extend_from_slice(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The body of an answer: one block a frame.
#[derive(Debug)]
struct Unsent {
    blocks: VecDeque<Bytes>,
    length: u64,
    /// Whether a block was just handed out. The next comes at another turn, so that one turn never
    /// packs more than a block.
    is_tired: bool,
}

impl HttpBody for Unsent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if std::mem::take(&mut self.is_tired) && !self.blocks.is_empty() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let block = self.blocks.pop_front();
        if let Some(block) = &block {
            self.length -= block.len() as u64;
            self.is_tired = true;
        }
        Poll::Ready(block.map(|block| Ok(Frame::data(block))))
    }

    fn is_end_stream(&self) -> bool {
        self.blocks.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    fn frames(response: Response) -> Vec<Bytes> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let read = response.into_body().into_data_stream().collect::<Vec<_>>();
        let frames = runtime.expect("a runtime").block_on(read).into_iter();
        frames.map(|frame| frame.expect("a frame")).collect()
    }

    #[test]
    fn an_answer_holds_its_memory_until_each_block_is_sent() {
        let memory = Memory::new(1 << 20);
        let value = "x".repeat(3 * BLOCK);
        let response = json(&memory, &value).expect("it fits");
        assert_eq!(
            response.body().size_hint().exact(),
            Some(3 * BLOCK as u64 + 2)
        );
        let held = memory.in_use();
        assert!(
            held >= 3 * BLOCK as u64 && held <= 4 * BLOCK as u64,
            "{held}"
        );
        let mut frames = frames(response);
        assert!(frames.iter().all(|frame| frame.len() <= BLOCK));
        assert_eq!(frames.concat(), serde_json::to_vec(&value).expect("JSON"));
        assert_eq!(memory.in_use(), held);
        frames.pop();
        assert!(memory.in_use() < held);
        drop(frames);
        assert_eq!(memory.in_use(), 0);
    }

    #[test]
    fn a_small_answer_holds_little() {
        let memory = Memory::new(FIRST as u64);
        let response = json(&memory, &["a"]).expect("it fits");
        assert_eq!(memory.in_use(), FIRST as u64);
        assert_eq!(frames(response), [Bytes::from_static(b"[\"a\"]")]);
        assert_eq!(memory.in_use(), 0);
    }

    #[test]
    fn a_text_takes_what_is_paid_for_it_first() {
        let memory = Memory::new(200_000);
        let paid = memory.reserve(70_000).expect("all are free");
        let _others = memory.reserve(130_000).expect("they are free");
        let mut text = Text::paid(&memory, paid);
        text.json(&"x".repeat(65_000)).expect("it is paid");
        assert!(text.json(&"x".repeat(5_000)).is_err());
        let mut text = Text::paid(&memory, memory.reservation());
        assert!(text.json(&1).is_err());
    }

    #[test]
    fn a_text_may_begin_with_what_is_known_last() {
        let memory = Memory::new(1 << 20);
        let mut text = Text::new(&memory);
        text.raw("[1,").expect("it fits");
        text.json(&2).expect("it fits");
        text.raw("]}").expect("it fits");
        text.begin_with("{\"took\":3,\"items\":".to_owned())
            .expect("it fits");
        let response = text.into_json();
        assert_eq!(response.body().size_hint().exact(), Some(24));
        assert_eq!(frames(response).concat(), b"{\"took\":3,\"items\":[1,2]}");
    }

    #[test]
    fn an_answer_without_memory_is_refused_and_gives_back_what_it_took() {
        let memory = Memory::new(100_000);
        let refused = json(&memory, &"x".repeat(200_000)).expect_err("it does not fit");
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        insta::assert_snapshot!(refused.reason(), @"65536 bytes are needed and 34464 of 100000 are free for requests: try again later, or ask for less at once");
        assert_eq!(memory.in_use(), 0);
    }
}
