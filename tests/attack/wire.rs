//! HTTP by hand: what no client library would send, and answers however they come.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// How long anything is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What came back of a request.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// 0 if the connection ended without an answer.
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) took: Duration,
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body's first bytes, for messages.
    pub(crate) fn start(&self) -> String {
        let start = &self.body[..self.body.len().min(300)];
        format!("{} {}", self.status, String::from_utf8_lossy(start))
    }
}

/// A connection, which can be asked more than once.
#[derive(Debug)]
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(address: &str) -> io::Result<Self> {
        let address: SocketAddr = address.parse().map_err(io::Error::other)?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::with_capacity(64 << 10, stream)))
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.0.get_mut()
    }

    /// Sends bytes; who refuses a request need not read all of them.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream().write_all(bytes)
    }

    /// Reads the next answer.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let started = Instant::now();
        let mut head = String::new();
        loop {
            let before = head.len();
            if self.0.read_line(&mut head)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if head.len() == before + 2 {
                if !head.starts_with("HTTP/1.1 100") {
                    break;
                }
                head.clear();
            }
        }
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
        let status = status.ok_or(ErrorKind::InvalidData)?;
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let mut named = lines.filter(|(header, _)| header.eq_ignore_ascii_case(name));
            named.next().map(|(_, value)| value)
        };
        let mut body = Vec::new();
        if header("transfer-encoding").is_some() {
            self.chunks(&mut body)?;
        } else if let Some(length) = header("content-length") {
            let length = length.parse().map_err(io::Error::other)?;
            self.0.by_ref().take(length).read_to_end(&mut body)?;
            if (body.len() as u64) < length {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Answer {
            status,
            body,
            took: started.elapsed(),
        })
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            let before = body.len();
            self.0.by_ref().take(size + 2).read_to_end(body)?;
            if ((body.len() - before) as u64) < size + 2 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            body.truncate(body.len() - 2);
            if size == 0 {
                return Ok(());
            }
        }
    }
}

/// A request with a body of JSON, or of what the headers say, on a connection that stays.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let kind = match body.is_empty() || headers.contains("Content-Type:") {
        true => "",
        false => "Content-Type: application/json\r\n",
    };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{kind}{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
