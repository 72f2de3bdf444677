//! A node as a program of its own, and requests to it without a client library.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::{ByHand, guest_path, whittle};

/// A node that runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Node {
    process: Child,
    /// Where it listens, as `127.0.0.1:9200`.
    pub address: String,
    log: PathBuf,
    /// Where it is the node's own.
    own: Option<TempDir>,
}

impl Node {
    /// Starts one in a folder of its own.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// As [`Node::start`], with flags.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    pub fn start_with(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut node = Self::start_at(folder.path(), flags);
        node.own = Some(folder);
        node
    }

    /// In a folder that may have data already, and stays.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    pub fn start_at(folder: &Path, flags: &[&str]) -> Self {
        Self::start_after(folder, "", flags).unwrap_or_else(|log| panic!("no node: {log}"))
    }

    /// As [`Node::start_at`], with writes that fail and do not end the process where the system
    /// limits the size of files (`prlimit --fsize`).
    ///
    /// # Panics
    ///
    /// As there.
    pub fn start_on_any_disk(folder: &Path, flags: &[&str]) -> Self {
        let started = Self::start_after(folder, "trap '' XFSZ", flags);
        started.unwrap_or_else(|log| panic!("no node: {log}"))
    }

    /// As [`Node::start_at`], after a shell ran `before`, which sets limits of the system.
    ///
    /// # Errors
    ///
    /// The log of a node that does not start.
    ///
    /// # Panics
    ///
    /// If the folder cannot be used.
    pub fn start_after(folder: &Path, before: &str, flags: &[&str]) -> Result<Self, String> {
        let usual = [["--listen", "127.0.0.1:0"], ["--timeout", "500"]];
        let usual = usual.iter().filter(|[flag, _]| !flags.contains(flag));
        let log = folder.join("log");
        let mut process = Command::new("sh")
            .args(["-c", &format!("{before}\nexec \"$0\" \"$@\"")])
            .arg(whittle())
            .args(["serve", "--data"])
            .arg(folder.join("data"))
            .args(usual.flatten())
            .args(flags)
            .env("WHITTLE_CACHE", folder.join("cache"))
            .env_remove("WHITTLE_LOG")
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("a file"))
            .spawn()
            .expect("the command runs");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it is read");
        let address = line.trim().rsplit('/').next().expect("an address");
        if address.is_empty() {
            process.wait().expect("it ends");
            return Err(std::fs::read_to_string(&log).expect("a log"));
        }
        Ok(Self {
            process,
            address: address.replace("0.0.0.0", "127.0.0.1"),
            log,
            own: None,
        })
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills it, as `kill -9` does, and waits for its end.
    ///
    /// # Panics
    ///
    /// Where it ended before.
    pub fn kill(&mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it ends");
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Panics
    ///
    /// If it cannot be asked.
    pub fn terminate(&self) {
        let sent = Command::new("kill").arg(self.id().to_string()).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for its end, and returns its exit code.
    ///
    /// # Panics
    ///
    /// If the system refuses.
    pub fn wait(&mut self) -> Option<i32> {
        self.process.wait().expect("it ends").code()
    }

    /// What it logged so far.
    ///
    /// # Panics
    ///
    /// Where its log cannot be read.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }

    /// Sends a request, with lines of headers: the status and the body. A body is JSON unless the
    /// headers name another kind.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub fn with_headers(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> (u16, String) {
        let (status, _, body) = self.exchange(method, path, headers, body);
        (status, String::from_utf8(body).expect("text"))
    }

    /// As [`Node::with_headers`], with the head of the answer, and the bytes of its body.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> (u16, String, Vec<u8>) {
        let kind = if body.is_empty() || headers.contains("Content-Type:") {
            ""
        } else {
            "Content-Type: application/json\r\n"
        };
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let host = if headers.contains("Host:") {
            String::new()
        } else {
            format!("Host: {}\r\n", self.address)
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{host}{kind}{headers}Connection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("it is sent");
        // Who refuses a body need not read it.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let body = answer.split_off(end.expect("a head") + 4);
        let head = String::from_utf8(answer).expect("text");
        let status = head.split(' ').nth(1).expect("a status");
        (status.parse().expect("a number"), head, body)
    }

    /// Sends JSON, or nothing where it is null: the status, and what came back as JSON.
    ///
    /// # Panics
    ///
    /// Where there is no answer.
    pub fn ask(&self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (status, text) = self.with_headers(method, path, "", body.as_bytes());
        (status, serde_json::from_str(&text).unwrap_or(Json::Null))
    }

    /// The status, type and reason of an error.
    ///
    /// # Panics
    ///
    /// Where it is none.
    pub fn refused(&self, method: &str, path: &str, body: &Json) -> String {
        let (status, answer) = self.ask(method, path, body);
        let error = &answer["error"];
        assert_eq!(answer["status"], status, "{answer}");
        assert_eq!(error["root_cause"][0]["reason"], error["reason"]);
        let text = |key: &str| error[key].as_str().expect("a text").to_owned();
        format!("{status} {}: {}", text("type"), text("reason"))
    }

    /// The longest time that a request held a thread of the runtime, since the `start` of the node
    /// or the last `scrape` of its metrics.
    ///
    /// # Panics
    ///
    /// If the node does not measure it.
    pub fn lag_seconds(&self, since: &str) -> f64 {
        self.metric(&format!(
            "whittle_runtime_lag_seconds{{since=\"{since}\"}} "
        ))
    }

    /// A metric: what follows its name, labels and a blank.
    ///
    /// # Panics
    ///
    /// If the node does not measure it.
    pub fn metric(&self, name: &str) -> f64 {
        let (_, metrics) = self.with_headers("GET", "/metrics", "", b"");
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        let value = line.and_then(|line| line.trim().parse().ok());
        value.unwrap_or_else(|| panic!("no {name}in {metrics}"))
    }

    /// How many documents of an index searches see.
    pub fn count(&self, index: &str) -> Json {
        let (_, answer) = self.ask("GET", &format!("/{index}/_count"), &Json::Null);
        answer["count"].clone()
    }

    /// Uploads a guest of ours in Rust: the status and the answer.
    ///
    /// # Panics
    ///
    /// Where it was not built.
    pub fn upload(&self, name: &str) -> (u16, String) {
        let component = std::fs::read(guest_path("rust", name)).expect("build the guests first");
        self.with_headers("PUT", "/_udf", "", &component)
    }

    /// Registers a guest by hand.
    ///
    /// # Panics
    ///
    /// Where it is refused.
    pub fn upload_by_hand(&self, guest: &ByHand<'_>) {
        let (status, answer) = self.with_headers("PUT", "/_udf", "", &guest.component());
        assert_eq!(status, 201, "{answer}");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.process.kill();
        self.process.wait().expect("it ends");
    }
}
