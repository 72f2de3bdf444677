//! The good client: an application that searches, reads and writes beside an attack, and knows
//! what each answer must be.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use whittle_tests::Node;

use crate::wire::{Answer, Connection, request};

/// The documents that it searches.
const DOCUMENTS: usize = 500;

/// What a good client met.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// How long each answer took.
    pub(crate) times: Vec<Duration>,
    /// What took the longest.
    pub(crate) slowest: String,
    /// Answers that were not as they should be.
    pub(crate) faults: Vec<String>,
}

impl Met {
    /// The time within which 99 of 100 answers came.
    pub(crate) fn p99(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let index = (times.len() * 99 / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn longest(&self) -> Duration {
        self.times.iter().max().copied().unwrap_or_default()
    }
}

/// What the good client needs of a node.
pub(crate) fn prepare(node: &Node) {
    let mapping = json!({"mappings": {"properties": {"title": {"type": "text"},
        "number": {"type": "long"}}}});
    assert_eq!(node.ask("PUT", "/good", &mapping).0, 200);
    assert_eq!(node.ask("PUT", "/written", &Json::Null).0, 200);
    let lines = (0..DOCUMENTS).map(|number| {
        let document = document(number);
        format!("{{\"index\": {{\"_id\": \"{number}\"}}}}\n{document}\n")
    });
    let body: String = lines.collect();
    let (status, answer) = node.with_headers("POST", "/good/_bulk?refresh", "", body.as_bytes());
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains(r#""errors":false"#), "{answer}");
    assert_eq!(node.upload("string-distance").0, 201);
}

fn document(number: usize) -> Json {
    json!({"title": format!("star film unique{number}"), "number": number})
}

/// A client with a connection of its own.
#[derive(Debug)]
pub(crate) struct Good<'a> {
    address: &'a str,
    connection: Option<Connection>,
    round: usize,
    met: Met,
}

impl<'a> Good<'a> {
    pub(crate) fn new(address: &'a str) -> Self {
        Self {
            address,
            connection: None,
            round: 0,
            met: Met::default(),
        }
    }

    /// Asks everything once and again, until it is over, and at least once.
    pub(crate) fn run(mut self, is_over: impl Fn() -> bool) -> Met {
        loop {
            self.once();
            if is_over() || self.met.faults.len() > 20 {
                return self.met;
            }
        }
    }

    fn once(&mut self) {
        self.round += 1;
        let number = self.round * 37 % DOCUMENTS;
        let one_hit = |answer: &Json| {
            answer["hits"]["total"]["value"] == 1
                && answer["hits"]["hits"][0]["_source"] == document(number)
        };
        let found = json!({"query": {"match": {"title": format!("unique{number}")}}});
        self.check("POST", "/good/_search", &found, one_hit);
        let distance = json!({"query": {"bool": {"must": [{"match": {"title": "star"}}],
            "filter": [{"wasm_udf": {"function": "string_distance", "params": {"field": "title",
                "target": format!("star film uniqe{number}"), "max_distance": 1}}}]}}});
        self.check("POST", "/good/_search", &distance, |answer| {
            let hits = answer["hits"]["hits"].as_array();
            hits.is_some_and(|hits| hits.iter().any(|hit| hit["_source"] == document(number)))
        });
        let sum = json!({"size": 0, "query": {"range": {"number": {"lt": 100}}},
            "aggs": {"sum": {"sum": {"field": "number"}}}});
        let is_sum = |answer: &Json| answer["aggregations"]["sum"]["value"] == 4950.0;
        self.check("POST", "/good/_search", &sum, is_sum);
        let path = format!("/good/_doc/{number}");
        let is_document = |answer: &Json| answer["_source"] == document(number);
        self.check("GET", &path, &Json::Null, is_document);

        // A document of its own, which is read back before it can be searched.
        let path = format!("/written/_doc/{}", self.round % 20);
        let own = json!({"round": self.round});
        self.check("PUT", &path, &own, |answer| {
            answer["_shards"]["failed"] == 0
        });
        let is_own = |answer: &Json| answer["_source"] == own;
        self.check("GET", &path, &Json::Null, is_own);

        // A monitor connects anew each time.
        self.connection = None;
        let is_status = |answer: &Json| answer["status"].is_string();
        self.check("GET", "/health", &Json::Null, is_status);
        self.connection = None;
    }

    fn check(&mut self, method: &str, path: &str, body: &Json, is_right: impl Fn(&Json) -> bool) {
        let text = match body {
            Json::Null => String::new(),
            body => body.to_string(),
        };
        let bytes = request(method, path, "", text.as_bytes());
        let started = Instant::now();
        let had_connection = self.connection.is_some();
        let mut answer = self.ask(&bytes);
        if answer.is_err() && had_connection {
            // A connection that was idle may be closed at any time.
            answer = self.ask(&bytes);
        }
        let took = started.elapsed();
        if took >= self.met.longest() {
            self.met.slowest = format!("{method} {path}");
        }
        self.met.times.push(took);
        let fault = match answer {
            Err(error) => Some(error.to_string()),
            Ok(answer) if ![200, 201].contains(&answer.status) => Some(answer.start()),
            Ok(answer) if !is_right(&answer.json()) => Some(format!("wrong: {}", answer.start())),
            Ok(_) => None,
        };
        if let Some(fault) = fault {
            let fault = format!("{method} {path} after {took:.1?}: {fault}");
            self.met.faults.push(fault);
        }
    }

    fn ask(&mut self, bytes: &[u8]) -> std::io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.address)?,
        };
        connection.send(bytes)?;
        let answer = connection.answer()?;
        self.connection = Some(connection);
        Ok(answer)
    }
}
