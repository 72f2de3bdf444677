//! Standard output and standard error as lines of the UDF's log.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::error::Stopped;
use crate::query::{LogLevel, QueryContext};

/// The maximum size of a write.
const WRITE_BYTES: usize = 1 << 16;

/// A stream whose lines are logged. An unfinished line is logged when the stream is dropped.
pub(super) struct LogStream {
    query: QueryContext,
    udf: Arc<str>,
    level: LogLevel,
    line: Vec<u8>,
}

impl LogStream {
    pub(super) fn new(query: QueryContext, udf: Arc<str>, level: LogLevel) -> Self {
        Self {
            query,
            udf,
            level,
            line: Vec::new(),
        }
    }

    fn end_line(&mut self) -> Result<(), Stopped> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line);
        Ok(self.query.log(&self.udf, self.level, &line)?)
    }

    fn log(&mut self, bytes: &[u8]) -> Result<(), Stopped> {
        self.query.check()?;
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = part.strip_suffix(b"\n");
            self.line.extend_from_slice(text.unwrap_or(part));
            if text.is_some() || self.line.len() > WRITE_BYTES {
                self.end_line()?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.log(&bytes)
            .map_err(|stopped| StreamError::Trap(stopped.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

#[async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl Drop for LogStream {
    fn drop(&mut self) {
        // The guest is gone, so nobody can be told that the log's budget is spent.
        let _ = self.end_line();
    }
}
