//! The attacker's view of a node.

use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use whittle_tests::Node;

use crate::wire::{Answer, Connection, request};

/// A node that is attacked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) address: &'a str,
}

impl<'a> Target<'a> {
    pub(crate) fn new(node: &'a Node) -> Self {
        Self {
            address: &node.address,
        }
    }

    /// Connections that are open at once; some may be refused.
    pub(crate) fn connections(self, count: usize) -> Vec<Connection> {
        let open = |_| Connection::open(self.address).ok();
        (0..count).filter_map(open).collect()
    }

    /// Sends bytes on a connection of their own.
    pub(crate) fn send(self, bytes: &[u8]) -> Answer {
        let started = Instant::now();
        let answer = Connection::open(self.address).and_then(|mut connection| {
            // Who refuses a body need not read it.
            let _ = connection.send(bytes);
            connection.answer()
        });
        let mut answer = answer.unwrap_or_default();
        answer.took = started.elapsed();
        answer
    }

    pub(crate) fn ask(self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(&request(
            method,
            path,
            "Connection: close\r\n",
            body.as_ref(),
        ))
    }

    /// The same from several clients at once.
    pub(crate) fn ask_at_once(
        self,
        clients: usize,
        method: &str,
        path: &str,
        body: impl AsRef<[u8]>,
    ) -> Vec<Answer> {
        let bytes = request(method, path, "Connection: close\r\n", body.as_ref());
        let bytes = &bytes;
        thread::scope(|scope| {
            let clients: Vec<_> = (0..clients)
                .map(|_| scope.spawn(move || self.send(bytes)))
                .collect();
            let answers = clients.into_iter().map(ScopedJoinHandle::join);
            answers.map(|answer| answer.expect("no panic")).collect()
        })
    }

    /// What must be done.
    pub(crate) fn done(self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        let answer = self.ask(method, path, body);
        assert!(
            [200, 201].contains(&answer.status),
            "{method} {path}: {}",
            answer.start()
        );
        answer
    }

    /// What must be refused as the client's mistake, or as too much, and within the time.
    pub(crate) fn refused(
        self,
        method: &str,
        path: &str,
        body: impl AsRef<[u8]>,
        within: Duration,
    ) -> Answer {
        let answer = self.ask(method, path, body);
        answer.is_refused_within(&format!("{method} {path:.80}"), within);
        answer
    }
}

impl Answer {
    /// Fails unless it is a refusal that came in time.
    pub(crate) fn is_refused_within(&self, what: &str, within: Duration) {
        let is_refused = (400..500).contains(&self.status);
        assert!(is_refused, "{what}: {}", self.start());
        self.is_within(what, within);
    }

    /// Fails if it took longer; slower builds have more time.
    pub(crate) fn is_within(&self, what: &str, within: Duration) {
        let within = if cfg!(debug_assertions) {
            within * 4
        } else {
            within
        };
        assert!(
            self.took <= within,
            "{what}: {:.1?}: {}",
            self.took,
            self.start()
        );
    }
}
