//! The query language: JSON in the shape that Elasticsearch's users know, checked.
//!
//! The walk over the JSON is by hand, since its errors are what users meet most: each names the
//! path of the key that is wrong and what may stand there. A clause more is a variant of
//! [`Clause`] and a function beside [`UdfClause::read`].

use std::time::Duration;

use serde_json::Value as Json;
use serde_json::error::Category;
use whittle_host::Budget;

use crate::aggregation::Aggregations;
use crate::json::Strict;
use crate::object::{Object, listed, wrong};
use crate::query::Query;
use crate::search::fields;
use crate::search::formula::Formula;
use crate::search::rescore::Rescore;
use crate::search::sort::{self, SortKey};
use crate::search::source::SourceFilter;

/// A search, checked: nothing in it is unknown or of a wrong type.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// Which documents, and their scores; by default all.
    pub query: Query,
    /// How many hits are passed over; by default none.
    pub from: usize,
    /// How many hits come back; by default 10.
    pub size: usize,
    /// The order of the hits; by default that of their scores, the best first.
    pub sort: Vec<SortKey>,
    /// The sort values of the last hit of the page before.
    pub search_after: Option<Vec<Json>>,
    /// Which fields of the documents come back; by default all.
    pub source: SourceFilter,
    /// Whether all hits are counted; by default they are.
    pub track_total_hits: bool,
    /// Hits with lower scores are none.
    pub min_score: Option<f32>,
    /// Whether hits have scores where they are ordered by something else.
    pub track_scores: bool,
    /// What gives the first hits new scores.
    pub rescore: Option<Rescore>,
    /// What is computed for each hit that comes back, by name.
    pub fields: Vec<(String, Formula)>,
    /// What is counted over all hits, by name.
    pub aggregations: Aggregations,
    /// Whether it is told what each clause did.
    pub profile: bool,
    /// How long it may take; by default as long as the node allows.
    pub timeout: Option<Duration>,
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
    /// The last hit that is asked for is too far down.
    #[error("`from` and `size` reach to hit {end}, and may reach to {limit}: use `search_after`")]
    Window {
        /// The last hit.
        end: usize,
        /// How far they may reach.
        limit: usize,
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
    /// Two keys of which one contradicts the other.
    #[error("`{}` and `{}` do not go together: leave one out", keys[0], keys[1])]
    Together {
        /// The keys.
        keys: [&'static str; 2],
    },
    /// Aggregations inside one that makes no buckets.
    #[error("`{path}` cannot be, since `{kind}` makes no buckets: put it beside")]
    NoBuckets {
        /// Where.
        path: String,
        /// The outer aggregation's kind.
        kind: &'static str,
    },
    /// One of several keys must be there, and no more than one.
    #[error("`{path}` must have one of {}, and only one", listed(keys))]
    OneOf {
        /// Where.
        path: String,
        /// The keys.
        keys: &'static [&'static str],
    },
    /// One of two keys must be there, and not both.
    #[error("`{path}` must have either `{}` or `{}`", keys[0], keys[1])]
    Either {
        /// Where.
        path: String,
        /// The keys.
        keys: [&'static str; 2],
    },
    /// A key that must be there.
    #[error("`{path}` is missing")]
    Missing {
        /// Where, with the key last.
        path: String,
    },
}

/// The last hit that a search gives: pages beyond are asked for with `search_after`.
pub(crate) const MOST_HITS: usize = 10_000;
const DEFAULT_HITS: usize = 10;

/// What a search may have.
const KEYS: &[&str] = &[
    "_source",
    "aggregations",
    "aggs",
    "fields",
    "from",
    "min_score",
    "profile",
    "query",
    "rescore",
    "search_after",
    "size",
    "sort",
    "timeout",
    "track_scores",
    "track_total_hits",
];

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
        Self::read(&json)
    }

    /// What a node allows, within the time that the request asks for.
    #[must_use]
    pub fn budget(&self, allowed: Budget) -> Budget {
        let asked = self.timeout.unwrap_or(allowed.wall_clock);
        Budget {
            wall_clock: allowed.wall_clock.min(asked),
            ..allowed
        }
    }

    fn read(json: &Json) -> Result<Self, RequestError> {
        let request = Object::read(json, "")?;
        request.knows(KEYS)?;
        let query = request.get("query");
        let query = query
            .map(|query| Query::parse(query, "query"))
            .transpose()?;
        let from = count(&request, "from", 0)?;
        let size = count(&request, "size", DEFAULT_HITS)?;
        if from + size > MOST_HITS {
            return Err(RequestError::Window {
                end: from + size,
                limit: MOST_HITS,
            });
        }
        let sort = request
            .get("sort")
            .map(sort::read)
            .transpose()?
            .unwrap_or_default();
        Ok(Self {
            query: query.unwrap_or_default(),
            from,
            size,
            search_after: search_after(&request, sort.len(), from)?,
            sort,
            source: request
                .get("_source")
                .map(SourceFilter::read)
                .transpose()?
                .unwrap_or_default(),
            track_total_hits: track_total_hits(&request)?,
            min_score: min_score(&request)?,
            track_scores: flag(&request, "track_scores")?,
            rescore: rescore(&request)?,
            fields: request
                .get("fields")
                .map(fields::read)
                .transpose()?
                .unwrap_or_default(),
            aggregations: aggregations(&request)?,
            profile: flag(&request, "profile")?,
            timeout: timeout(&request)?,
        })
    }
}

fn count(request: &Object<'_>, key: &str, default: usize) -> Result<usize, RequestError> {
    let Some(json) = request.get(key) else {
        return Ok(default);
    };
    let count = json.as_u64().and_then(|count| usize::try_from(count).ok());
    count
        .filter(|count| *count <= MOST_HITS)
        .ok_or_else(|| wrong(&request.path(key), "an integer from 0 to 10000", json))
}

fn search_after(
    request: &Object<'_>,
    keys: usize,
    from: usize,
) -> Result<Option<Vec<Json>>, RequestError> {
    let Some(json) = request.get("search_after") else {
        return Ok(None);
    };
    let values = json
        .as_array()
        .filter(|values| values.len() == keys && from == 0 && keys > 0);
    let values = values.ok_or_else(|| {
        let expected = "a value for each key of `sort`, without `from`";
        wrong(&request.path("search_after"), expected, json)
    })?;
    Ok(Some(values.clone()))
}

fn aggregations(request: &Object<'_>) -> Result<Aggregations, RequestError> {
    let (json, key) = match (request.get("aggs"), request.get("aggregations")) {
        (None, None) => return Ok(Aggregations::default()),
        (Some(_), Some(_)) => {
            return Err(RequestError::Together {
                keys: ["aggs", "aggregations"],
            });
        }
        (Some(json), None) => (json, "aggs"),
        (None, Some(json)) => (json, "aggregations"),
    };
    if request.get("min_score").is_some() {
        return Err(RequestError::Together {
            keys: ["aggs", "min_score"],
        });
    }
    Aggregations::read(json, key)
}

fn rescore(request: &Object<'_>) -> Result<Option<Rescore>, RequestError> {
    let Some(json) = request.get("rescore") else {
        return Ok(None);
    };
    if request.get("sort").is_some() {
        return Err(RequestError::Together {
            keys: ["rescore", "sort"],
        });
    }
    Rescore::read(json, "rescore").map(Some)
}

fn track_total_hits(request: &Object<'_>) -> Result<bool, RequestError> {
    match request.get("track_total_hits") {
        None | Some(Json::Bool(true)) => Ok(true),
        Some(Json::Bool(false)) => Ok(false),
        // Counting them all costs nothing more.
        Some(Json::Number(number)) if number.is_u64() => Ok(true),
        Some(other) => {
            let expected = "true, false or a number of hits";
            Err(wrong(&request.path("track_total_hits"), expected, other))
        }
    }
}

fn flag(request: &Object<'_>, key: &str) -> Result<bool, RequestError> {
    match request.get(key) {
        None => Ok(false),
        Some(Json::Bool(flag)) => Ok(*flag),
        Some(other) => Err(wrong(&request.path(key), "true or false", other)),
    }
}

fn min_score(request: &Object<'_>) -> Result<Option<f32>, RequestError> {
    let Some(json) = request.get("min_score") else {
        return Ok(None);
    };
    #[expect(clippy::cast_possible_truncation, reason = "scores have 32 bits")]
    let score = json.as_f64().map(|score| score as f32);
    let score = score.ok_or_else(|| wrong(&request.path("min_score"), "a number", json))?;
    Ok(Some(score))
}

/// Reads a time such as `500ms`.
fn timeout(request: &Object<'_>) -> Result<Option<Duration>, RequestError> {
    let Some(json) = request.get("timeout") else {
        return Ok(None);
    };
    let units = [("ms", 1_u64), ("s", 1_000), ("m", 60_000)];
    let milliseconds = json.as_str().and_then(|text| {
        let (number, factor) = units
            .into_iter()
            .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
        number.parse::<u64>().ok()?.checked_mul(factor)
    });
    let milliseconds = milliseconds.filter(|milliseconds| *milliseconds > 0);
    let expected = "a time such as \"500ms\" or \"2s\"";
    let milliseconds =
        milliseconds.ok_or_else(|| wrong(&request.path("timeout"), expected, json))?;
    Ok(Some(Duration::from_millis(milliseconds)))
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
        let expected = SearchRequest {
            query: Query::default(),
            from: 0,
            size: 10,
            sort: Vec::new(),
            search_after: None,
            source: SourceFilter::default(),
            track_total_hits: true,
            min_score: None,
            track_scores: false,
            rescore: None,
            fields: Vec::new(),
            aggregations: Aggregations::default(),
            profile: false,
            timeout: None,
        };
        assert_eq!(SearchRequest::parse(b"{}"), Ok(expected));
    }

    #[test]
    fn everything_is_read() {
        let text = br#"{"query": {"match_none": {}}, "from": 5, "size": 20, "sort": ["_score", {"price": "desc"}],
            "_source": false, "track_total_hits": 100, "min_score": 0.5, "timeout": "2s", "track_scores": true}"#;
        let request = SearchRequest::parse(text).expect("a search");
        assert_eq!(request.query.name(), "match_none");
        assert_eq!((request.from, request.size, request.sort.len()), (5, 20, 2));
        assert_eq!(request.timeout, Some(Duration::from_secs(2)));
        assert_eq!(request.min_score, Some(0.5));
        let text = br#"{"sort": "price", "search_after": [3]}"#;
        let request = SearchRequest::parse(text).expect("a search");
        assert_eq!(request.search_after, Some(vec![Json::from(3)]));
    }

    #[test]
    fn what_is_no_search_is_told_by_its_path() {
        insta::assert_snapshot!(error(""), @"line 1, column 0: broken JSON: EOF while parsing a value");
        insta::assert_snapshot!(error("{\"query\": {\n\"wasm_udf\": }}"), @"line 2, column 13: broken JSON: expected value");
        insta::assert_snapshot!(error("{\"size\": 1,\n\"size\": 2}"), @"line 2, column 6: the key `size` stands there twice");
        insta::assert_snapshot!(error("[]"), @"the search must be an object, but is a list");
        insta::assert_snapshot!(error(r#"{"qurey": {}}"#), @"`qurey` is unknown: here can stand `_source`, `aggregations`, `aggs`, `fields`, `from`, `min_score`, `profile`, `query`, `rescore`, `search_after`, `size`, `sort`, `timeout`, `track_scores`, `track_total_hits`");
        insta::assert_snapshot!(error("{\"que\\u001b\\nry\\u202e\": {}}"), @"`que� ry�` is unknown: here can stand `_source`, `aggregations`, `aggs`, `fields`, `from`, `min_score`, `profile`, `query`, `rescore`, `search_after`, `size`, `sort`, `timeout`, `track_scores`, `track_total_hits`");
        insta::assert_snapshot!(error("{\"query\": {\"a\\u007f\\n\": {}, \"b\": {}}}"), @"`query` must have one key, the clause's name, but has `a� `, `b`");
        insta::assert_snapshot!(error(r#"{"query": {}}"#), @"`query` must have one key, the clause's name, but has none");
        insta::assert_snapshot!(error(r#"{"query": {"wasm": {}}}"#), @"`query.wasm` is unknown: here can stand `bool`, `boosting`, `constant_score`, `dis_max`, `exists`, `expression`, `expression_score`, `fuzzy`, `ids`, `match`, `match_all`, `match_bool_prefix`, `match_none`, `match_phrase`, `match_phrase_prefix`, `multi_match`, `prefix`, `range`, `regexp`, `term`, `terms`, `wasm_udf`, `wildcard`");
        insta::assert_snapshot!(error(r#"{"query": {"script_score": {}}}"#), @"`query.script_score`: there is no clause `script_score` here: use `expression_score` or `wasm_udf`");
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": []}}"#), @"`query.wasm_udf` must be an object, but is a list");
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": {}}}"#), @"`query.wasm_udf.function` is missing");
        insta::assert_snapshot!(error(r#"{"query": {"wasm_udf": {"function": "f", "parms": {}}}}"#), @"`query.wasm_udf.parms` is unknown: here can stand `function`, `params`, `query`, `on_error`, `boost`");
        insta::assert_snapshot!(error(r#"{"size": -1}"#), @"`size` must be an integer from 0 to 10000, but is -1");
        insta::assert_snapshot!(error(r#"{"size": 10001}"#), @"`size` must be an integer from 0 to 10000, but is 10001");
        insta::assert_snapshot!(error(r#"{"size": 10, "from": 9991}"#), @"`from` and `size` reach to hit 10001, and may reach to 10000: use `search_after`");
        insta::assert_snapshot!(error(r#"{"sort": {"price": "up"}}"#), @r#"`sort.price` must be "asc" or "desc", but is "up""#);
        insta::assert_snapshot!(error(r#"{"sort": {"price": {"order": "asc", "mode": "min"}}}"#), @"`sort.price.mode` is unknown: here can stand `order`, `missing`, `unmapped_type`");
        insta::assert_snapshot!(error(r#"{"sort": "price", "search_after": [1, 2]}"#), @"`search_after` must be a value for each key of `sort`, without `from`, but is a list");
        insta::assert_snapshot!(error(r#"{"_source": 3}"#), @"`_source` must be true, false, fields or an object, but is 3");
        insta::assert_snapshot!(error(r#"{"_source": {"include": []}}"#), @"`_source.include` is unknown: here can stand `includes`, `excludes`");
        insta::assert_snapshot!(error(r#"{"track_total_hits": "yes"}"#), @r#"`track_total_hits` must be true, false or a number of hits, but is "yes""#);
        insta::assert_snapshot!(error(r#"{"min_score": "1"}"#), @r#"`min_score` must be a number, but is "1""#);
        insta::assert_snapshot!(error(r#"{"timeout": "soon"}"#), @r#"`timeout` must be a time such as "500ms" or "2s", but is "soon""#);
    }
}
