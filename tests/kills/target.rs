//! The node that is written to, which may be killed at any time.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node, as its clients know it.
#[derive(Debug)]
pub(crate) struct Target {
    address: String,
    killed: AtomicBool,
    /// How long an index may be unavailable.
    unavailable: Duration,
}

impl Target {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            killed: AtomicBool::new(false),
            unavailable: Duration::ZERO,
        }
    }

    /// The same, with indexes that may be unavailable for a while, since they could not be opened
    /// on a full disk.
    pub(crate) fn after_full_disk(address: &str, unavailable: Duration) -> Self {
        Self {
            unavailable,
            ..Self::new(address)
        }
    }

    /// To be called before the node is killed: requests may fail from then on.
    pub(crate) fn will_be_killed(&self) {
        self.killed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    /// The answer to a request; `None` if the node was killed before it was complete.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Json)> {
        match self.exchange(method, path, body) {
            Ok(answer) => Some(answer),
            Err(error) => {
                assert!(
                    self.is_killed(),
                    "{method} {path}: no answer, and the node was not killed: {error}"
                );
                None
            }
        }
    }

    /// As [`Target::ask`], of a node that is not killed meanwhile.
    pub(crate) fn expect(&self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let start = Instant::now();
        loop {
            let answer = self.ask(method, path, &body);
            let (status, answer) = answer.expect("the node is not killed meanwhile");
            if status != 503 || start.elapsed() >= self.unavailable {
                return (status, answer);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn exchange(&self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, Json)> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let kind = if path.contains("_bulk") {
            "application/x-ndjson"
        } else {
            "application/json"
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let cut_off = || std::io::Error::from(ErrorKind::UnexpectedEof);
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut_off)?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let body = serde_json::from_str(body).map_err(|_| cut_off())?;
        Ok((status.ok_or_else(cut_off)?, body))
    }
}
