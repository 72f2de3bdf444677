//! What a case gave when a kit ran it natively, without a component.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use whittle_host::{ExactJson, Kind, LogLevel, LogLine};

use super::run::{Failure, Found, compare};
use super::{Case, Vectors};

/// A case's result, as a kit prints it.
#[derive(Debug, Deserialize)]
pub(crate) struct NativeCase {
    #[serde(default)]
    values: Vec<ExactJson>,
    #[serde(default)]
    errors: BTreeMap<usize, String>,
    error: Option<String>,
    #[serde(default)]
    logs: Vec<String>,
    /// Why the kit did not run the case.
    skipped: Option<String>,
    /// Whether the kit has ended the process, because it could not end the case alone.
    #[serde(default)]
    ends: bool,
}

impl NativeCase {
    /// A case that was ended by an error.
    pub(crate) fn failed(error: String) -> Self {
        Self {
            values: Vec::new(),
            errors: BTreeMap::new(),
            error: Some(error),
            logs: Vec::new(),
            skipped: None,
            ends: true,
        }
    }

    /// Whether the kit has run the case.
    pub(crate) fn has_run(&self) -> bool {
        self.skipped.is_none()
    }

    /// Whether the kit has run no case after it.
    pub(crate) fn ends(&self) -> bool {
        self.ends
    }

    /// The result of each document, or the error that ended the case.
    pub(crate) fn found(&self) -> Found {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let values = self.values.iter().enumerate();
        let results = values.map(|(position, value)| match self.errors.get(&position) {
            Some(error) => Err(error.clone()),
            None => Ok(value.clone()),
        });
        Ok(results.collect())
    }

    /// Compares the result with the expected one.
    pub(crate) fn check(&self, vectors: &Vectors, case: &Case) -> Result<(), Failure> {
        // The kit does not say of which kind values are. Of an instant, microseconds are found where
        // a string is expected.
        let is_text = |value: &ExactJson| matches!(value, ExactJson::Text(_));
        let is_integer = |value: &ExactJson| matches!(value, ExactJson::Number(digits) if digits.parse::<i64>().is_ok());
        let expects_texts = case.values.iter().flatten().any(is_text);
        let is_instant = expects_texts && self.values.iter().any(is_integer);
        let kind = is_instant.then_some(Kind::Timestamp);
        let log = self.logs.iter().map(|line| log_line(line)).collect();
        compare(vectors, case, kind, &self.found(), log)
    }
}

/// A line of the log from its text, such as `info: so many words`.
fn log_line(line: &str) -> LogLine {
    let (level, message) = line.split_once(": ").unwrap_or(("info", line));
    let level = match level {
        "trace" => LogLevel::Trace,
        "debug" => LogLevel::Debug,
        "warn" => LogLevel::Warn,
        "error" => LogLevel::Error,
        _ => LogLevel::Info,
    };
    LogLine {
        udf: Arc::from("natively"),
        level,
        message: whittle_host::one_line(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expected: &str, found: &str) -> String {
        let vectors = format!(
            r#"{{"function": "f", "cases": [{{"name": "n", "documents": [{{}}, {{}}], {expected}}}]}}"#
        );
        let vectors = Vectors::parse(vectors.as_bytes()).expect("vectors");
        let found: NativeCase = serde_json::from_str(found).expect("a result");
        assert!(found.has_run());
        let failure = found.check(&vectors[0], &vectors[0].cases[0]).err();
        failure.map_or_else(|| "passes".to_owned(), |failure| failure.to_string())
    }

    #[test]
    fn compares_as_with_a_component() {
        let values = r#""values": [1, null], "errors": {"1": "too long"}"#;
        let found = r#"{"values": [1.0, null], "errors": {"1": "too long"}, "logs": ["info: a"]}"#;
        insta::assert_snapshot!(shown(values, found), @"passes");
        insta::assert_snapshot!(shown(r#""values": [true, 2], "logs": ["warn: b"]"#, found), @r"
        f: n
          document 0: {}
          - true
          + 1.0
          document 1: {}
          - 2
          + error: too long
          - log: warn: b
          + log: info: a
        ");
        insta::assert_snapshot!(shown(r#""error": "no words""#, r#"{"error": "no words", "logs": []}"#), @"passes");
        insta::assert_snapshot!(shown(r#""values": [1, 2]"#, r#"{"error": "no words", "logs": []}"#), @r"
        f: n
          - 2 values
          + error: no words
        ");
        let day = r#""values": ["1970-01-02T00:00:00Z", null]"#;
        insta::assert_snapshot!(shown(day, r#"{"values": [86400000000, null]}"#), @"passes");
    }
}
