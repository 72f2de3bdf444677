//! The query language: JSON in the shape that Elasticsearch's users know, checked.
//!
//! The walk over the JSON is by hand, since its errors are what users meet most: each names the
//! path of the key that is wrong and what may stand there. A clause more is a variant of
//! [`Clause`] and a function beside [`UdfClause::read`].

use serde_json::error::Category;
use serde_json::{Map, Value as Json};
use whittle_host::OnError;

use crate::json::Strict;
use crate::object::{Object, listed, wrong};

/// A search, checked: nothing in it is unknown or of a wrong type.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// Which documents are hits, and their scores.
    pub query: Clause,
    /// How many hits to give, at most 10,000; by default 10.
    pub size: usize,
}

/// A clause of the query.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Clause {
    /// A UDF filters, where it is boolean, or scores, where it is a number.
    WasmUdf(UdfClause),
}

/// `{"wasm_udf": {"function": ..., "params": {...}, "on_error": ...}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct UdfClause {
    /// The function's name.
    pub function: String,
    /// Its arguments, not yet checked against its parameters; by default none.
    pub params: Map<String, Json>,
    /// What to do with documents that it fails for; by default [`OnError::Fail`].
    pub on_error: OnError,
}

/// Why a text is no search.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The text is not JSON.
    #[error("line {line}, column {column}: broken JSON: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// What the parser expected.
        reason: String,
    },
    /// An object has two values for one key.
    #[error("line {line}, column {column}: {reason}")]
    Twice {
        /// From 1.
        line: usize,
        /// From 1, in bytes: the end of the second key.
        column: usize,
        /// Which key.
        reason: String,
    },
    /// A key that means nothing here.
    #[error("`{path}` is unknown: here can stand {}", listed(known))]
    UnknownKey {
        /// Where, with the key last.
        path: String,
        /// What may stand there.
        known: &'static [&'static str],
    },
    /// A clause that search engines know, and this one does not have yet.
    #[error("`{path}`: the clause `{clause}` is not supported yet: use `wasm_udf`")]
    UnsupportedClause {
        /// Where, with the clause last.
        path: String,
        /// The clause.
        clause: String,
    },
    /// A value of another type than it must be.
    #[error("{place} must be {expected}, but is {found}")]
    Type {
        /// The path in backticks, or `the search` for the whole.
        place: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A clause of Elasticsearch that this engine does without.
    #[error("`{path}`: there is no clause `{clause}` here: use {instead}")]
    NoSuchClause {
        /// Where, with the clause last.
        path: String,
        /// The clause.
        clause: String,
        /// What does the same or comes near.
        instead: &'static str,
    },
    /// A key of Elasticsearch that this engine does without.
    #[error(
        "`{path}` is not supported: leave it out; here can stand {}",
        listed(known)
    )]
    UnsupportedKey {
        /// Where, with the key last.
        path: String,
        /// What may stand there.
        known: &'static [&'static str],
    },
    /// An object that must have one key, and has none or more.
    #[error("{place} must have one key, {what}, but has {}", if found.is_empty() { "none".to_owned() } else { found.join(", ") })]
    OneKey {
        /// The path in backticks.
        place: String,
        /// What the key is.
        what: &'static str,
        /// The keys, in backticks.
        found: Vec<String>,
    },
    /// There is more of something than may be.
    #[error("`{path}` has too many {what}: {limit} may be")]
    TooMany {
        /// Where it came to be too many.
        path: String,
        /// What there is too much of.
        what: &'static str,
        /// How many may be.
        limit: usize,
    },
    /// Clauses lie in each other deeper than they may.
    #[error("`{path}` lies too deep: clauses may lie in each other {limit} deep")]
    Depth {
        /// Where.
        path: String,
        /// How deep they may lie.
        limit: usize,
    },
    /// A key that must be there.
    #[error("`{path}` is missing")]
    Missing {
        /// Where, with the key last.
        path: String,
    },
}

/// The clauses of Elasticsearch's query language.
const OTHER_CLAUSES: &[&str] = &[
    "bool",
    "boosting",
    "constant_score",
    "dis_max",
    "exists",
    "function_score",
    "fuzzy",
    "ids",
    "match",
    "match_all",
    "match_none",
    "match_phrase",
    "match_phrase_prefix",
    "multi_match",
    "nested",
    "prefix",
    "query_string",
    "range",
    "regexp",
    "script",
    "script_score",
    "simple_query_string",
    "term",
    "terms",
    "terms_set",
    "wildcard",
];

const MOST_HITS: u64 = 10_000;
const DEFAULT_HITS: usize = 10;

impl SearchRequest {
    /// Reads and checks a search.
    ///
    /// # Errors
    ///
    /// Broken JSON; a key that is unknown, missing, given twice, or of a wrong type.
    pub fn parse(text: &[u8]) -> Result<Self, RequestError> {
        let Strict(json) = serde_json::from_slice(text).map_err(|error| {
            let (line, column, reason) = (error.line(), error.column(), reason(&error));
            match error.classify() {
                Category::Data => RequestError::Twice {
                    line,
                    column,
                    reason,
                },
                Category::Io | Category::Syntax | Category::Eof => RequestError::Syntax {
                    line,
                    column,
                    reason,
                },
            }
        })?;
        let request = Object::read(&json, "")?;
        request.knows(&["query", "size"])?;
        let size = match request.get("size") {
            None => DEFAULT_HITS,
            Some(size) => size
                .as_u64()
                .filter(|size| *size <= MOST_HITS)
                .map_or_else(
                    || {
                        Err(wrong(
                            &request.path("size"),
                            "an integer from 0 to 10000",
                            size,
                        ))
                    },
                    |size| Ok(usize::try_from(size).unwrap_or(usize::MAX)),
                )?,
        };
        Ok(Self {
            query: Clause::read(request.required("query")?, "query")?,
            size,
        })
    }
}

impl Clause {
    fn read(json: &Json, path: &str) -> Result<Self, RequestError> {
        let clause = Object::read(json, path)?;
        for key in clause.keys() {
            if OTHER_CLAUSES.contains(&key.as_str()) {
                return Err(RequestError::UnsupportedClause {
                    path: clause.path(key),
                    clause: key.clone(),
                });
            }
        }
        clause.knows(&["wasm_udf"])?;
        UdfClause::read(clause.required("wasm_udf")?, &clause.path("wasm_udf")).map(Self::WasmUdf)
    }
}

impl UdfClause {
    fn read(json: &Json, path: &str) -> Result<Self, RequestError> {
        let clause = Object::read(json, path)?;
        clause.knows(&["function", "params", "on_error"])?;
        let function = clause.required("function")?;
        let Json::String(function) = function else {
            return Err(wrong(&clause.path("function"), "a text", function));
        };
        let params = match clause.get("params") {
            None => Map::new(),
            Some(Json::Object(params)) => params.clone(),
            Some(other) => return Err(wrong(&clause.path("params"), "an object", other)),
        };
        let on_error = match clause.get("on_error") {
            None => OnError::Fail,
            Some(Json::String(word)) if word == "fail" => OnError::Fail,
            Some(Json::String(word)) if word == "skip" => OnError::Skip,
            Some(Json::String(word)) if word == "null" => OnError::Null,
            Some(other) => {
                let expected = "\"fail\", \"skip\" or \"null\"";
                return Err(wrong(&clause.path("on_error"), expected, other));
            }
        };
        Ok(Self {
            function: function.clone(),
            params,
            on_error,
        })
    }
}

/// What a JSON parser expected, without the place, which we tell by ourselves.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        SearchRequest::parse(text.as_bytes())
            .expect_err("it is refused")
            .to_string()
    }

    #[test]
    fn defaults_are_filled_in() {
        let text = br#"{"query": {"wasm_udf": {"function": "f"}}}"#;
        let expected = SearchRequest {
            query: Clause::WasmUdf(UdfClause {
                function: "f".to_owned(),
                params: Map::new(),
                on_error: OnError::Fail,
            }),
            size: 10,
        };
        assert_eq!(SearchRequest::parse(text), Ok(expected));
    }

    #[test]
    fn what_is_no_search_is_told_by_its_path() {
        insta::assert_snapshot!(error(""), @"line 1, column 0: broken JSON: EOF while parsing a value");
        insta::assert_snapshot!(error("{\"query\": {\n\"wasm_udf\": }}"), @"line 2, column 13: broken JSON: expected value");
        insta::assert_snapshot!(error("{\"size\": 1,\n\"size\": 2}"), @"line 2, column 6: the key `size` stands there twice");
        insta::assert_snapshot!(error("[]"), @"the search must be an object, but is a list");
        insta::assert_snapshot!(error("{}"), @"`query` is missing");
        insta::assert_snapshot!(error(r#"{"qurey": {}}"#), @"`qurey` is unknown: here can stand `query`, `size`");
        insta::assert_snapshot!(error(r#"{"query": {}}"#), @"`query.wasm_udf` is missing");
        insta::assert_snapshot!(error(r#"{"query": {"match": {"title": "x"}}}"#), @"`query.match`: the clause `match` is not supported yet: use `wasm_udf`");
        insta::assert_snapshot!(error(r#"{"query": {"wasm": {}}}"#), @"`query.wasm` is unknown: here can stand `wasm_udf`");
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": []}}"#), @"`query.wasm_udf` must be an object, but is a list");
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": {}}}"#), @"`query.wasm_udf.function` is missing");
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": {"function": 3}}}"#), @"`query.wasm_udf.function` must be a text, but is 3");
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": {"function": "f", "parms": {}}}}"#), @"`query.wasm_udf.parms` is unknown: here can stand `function`, `params`, `on_error`");
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": {"function": "f", "params": []}}}"#), @"`query.wasm_udf.params` must be an object, but is a list");
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": {"function": "f", "on_error": "ignore"}}}"#), @r##"`query.wasm_udf.on_error` must be "fail", "skip" or "null", but is "ignore""##);
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": {"function": "f"}}, "size": -1}"#), @"`size` must be an integer from 0 to 10000, but is -1");
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": {"function": "f"}}, "size": 10001}"#), @"`size` must be an integer from 0 to 10000, but is 10001");
    }
}
