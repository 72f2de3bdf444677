//! Requests: JSON in OpenSearch's shape, checked, as typed values. Nothing in them is ignored.
//!
//! The JSON is walked by hand, since its errors are what users meet most: each names the path of
//! the key that is wrong and what is allowed there. A part of a search is a file here; its clauses
//! are in [`crate::query`], and its aggregations in [`crate::aggregation`].
//!
//! Knows nothing of how a search runs.

mod address;
mod error;
mod fields;
pub(crate) mod formula;
pub(crate) mod json;
pub(crate) mod object;
pub(crate) mod page;
pub(crate) mod path;
mod rescore;
mod several;
mod sort;
mod source;
mod time;
mod unsupported;

use std::time::Duration;

use serde_json::Value as Json;
use whittle_host::Budget;

use crate::aggregation::Aggregations;
use crate::query::Query;
use object::{Object, flag, wrong};
use page::DEFAULT_HITS;

pub use error::RequestError;
pub use fields::FieldValues;
pub use formula::Formula;
pub use rescore::Rescore;
pub use several::{MultiSearchItem, SearchHead, multi_search};
pub use sort::{Missing, SortBy, SortKey, SortMode};
pub use source::SourceFilter;

/// A search, checked: nothing in it is unknown or of a wrong type.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// Which documents, and their scores; by default all.
    pub query: Query,
    /// Which of them are hits; aggregations count the others too.
    pub post_filter: Option<Query>,
    /// How many hits are skipped; by default none.
    pub from: usize,
    /// How many hits come back; by default 10.
    pub size: usize,
    /// The order of the hits; by default by score, the best first.
    pub sort: Vec<SortKey>,
    /// The sort values of the last hit of the previous page.
    pub search_after: Option<Vec<Json>>,
    /// Which fields of the documents come back; by default all.
    pub source: SourceFilter,
    /// Whether hits have their ids; by default they do.
    pub ids: bool,
    /// Whether the total is in the answer; by default it is.
    pub track_total_hits: bool,
    /// Up to which number the answer gives the total exactly.
    pub total_hits_limit: Option<usize>,
    /// Hits that score lower are dropped.
    pub min_score: Option<f32>,
    /// Whether hits have scores even if they are ordered by something else.
    pub track_scores: bool,
    /// New scores for the first hits.
    pub rescore: Option<Rescore>,
    /// What is computed for each hit that comes back, by name.
    pub fields: Vec<(String, Formula)>,
    /// Fields of the mapping whose values come back, as they are in the documents.
    pub listed_fields: Vec<FieldValues>,
    /// Fields of the mapping whose values come back, in ascending order.
    pub docvalue_fields: Vec<FieldValues>,
    /// Whether hits have the versions of their documents.
    pub version: bool,
    /// Whether hits have the sequence numbers of their documents.
    pub seq_no_primary_term: bool,
    /// What is counted over all hits, by name.
    pub aggregations: Aggregations,
    /// Whether the answer reports what each clause did.
    pub profile: bool,
    /// How long it may take; by default as long as the node allows.
    pub timeout: Option<Duration>,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            query: Query::default(),
            post_filter: None,
            from: 0,
            size: DEFAULT_HITS,
            sort: Vec::new(),
            search_after: None,
            source: SourceFilter::default(),
            ids: true,
            track_total_hits: true,
            total_hits_limit: None,
            min_score: None,
            track_scores: false,
            rescore: None,
            fields: Vec::new(),
            listed_fields: Vec::new(),
            docvalue_fields: Vec::new(),
            version: false,
            seq_no_primary_term: false,
            aggregations: Aggregations::default(),
            profile: false,
            timeout: None,
        }
    }
}

/// The keys of a search.
const KEYS: &[&str] = &[
    "_source",
    "aggregations",
    "aggs",
    "docvalue_fields",
    "explain",
    "fields",
    "from",
    "min_score",
    "post_filter",
    "profile",
    "query",
    "rescore",
    "script_fields",
    "search_after",
    "seq_no_primary_term",
    "size",
    "sort",
    "stored_fields",
    "terminate_after",
    "timeout",
    "track_scores",
    "track_total_hits",
    "version",
];

impl SearchRequest {
    /// Parses and checks a search.
    ///
    /// # Errors
    ///
    /// Invalid JSON; a key that is unknown, missing, duplicate, not supported, or of a wrong type.
    pub fn parse(text: &[u8]) -> Result<Self, RequestError> {
        let request = Self::read(&json::parse(text)?)?;
        request.check()?;
        Ok(request)
    }

    /// Checks what several of its parts say together.
    ///
    /// # Errors
    ///
    /// A page that reaches too far, and parts that cannot be combined.
    pub fn check(&self) -> Result<(), RequestError> {
        if self.rescore.is_some() && !self.sort.is_empty() {
            return Err(RequestError::Together {
                keys: ["rescore", "sort"],
            });
        }
        let after = self.search_after.as_deref();
        page::check(self.from, self.size, self.sort.len(), after)
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

    /// If there is a `post_filter`: the request for its hits, and the one for its aggregations.
    pub(crate) fn post_filtered(&self) -> Option<(Self, Option<Self>)> {
        let filter = self.post_filter.clone()?;
        let hits = Self {
            query: self.query.clone().filtered_by(filter),
            post_filter: None,
            aggregations: Aggregations::default(),
            ..self.clone()
        };
        let counts = Self {
            query: self.query.clone(),
            aggregations: self.aggregations.clone(),
            min_score: self.min_score,
            size: 0,
            ..Self::default()
        };
        Some((hits, (!counts.aggregations.is_empty()).then_some(counts)))
    }

    fn read(json: &Json) -> Result<Self, RequestError> {
        let request = Object::read(json, "")?;
        unsupported::refuse_keys(&request)?;
        request.knows(KEYS)?;
        let fields = request.get("fields").map(fields::read).transpose()?;
        let fields = fields.unwrap_or_default();
        let docvalue_fields = request.get("docvalue_fields");
        let docvalue_fields = docvalue_fields.map(|json| fields::list(json, "docvalue_fields"));
        let mut read = Self {
            query: query(&request)?,
            post_filter: request
                .get("post_filter")
                .map(|query| Query::parse(query, "post_filter"))
                .transpose()?,
            from: page::count(&request, "from", 0)?,
            size: page::count(&request, "size", DEFAULT_HITS)?,
            sort: request
                .get("sort")
                .map(sort::read)
                .transpose()?
                .unwrap_or_default(),
            search_after: page::search_after(&request)?,
            min_score: min_score(&request)?,
            track_scores: request.flag("track_scores")?,
            rescore: request
                .get("rescore")
                .map(|json| Rescore::read(json, "rescore"))
                .transpose()?,
            fields: fields.computed,
            listed_fields: fields.listed,
            docvalue_fields: docvalue_fields.transpose()?.unwrap_or_default(),
            version: request.flag("version")?,
            seq_no_primary_term: request.flag("seq_no_primary_term")?,
            aggregations: aggregations(&request)?,
            profile: request.flag("profile")?,
            timeout: request.get("timeout").map(timeout).transpose()?.flatten(),
            ..Self::default()
        };
        if let Some(json) = request.get("track_total_hits") {
            read.set_track_total_hits(json)?;
        }
        if let Some(json) = request.get("stored_fields") {
            read.set_stored_fields(StoredFields::read(json)?);
        }
        if let Some(json) = request.get("_source") {
            read.source = SourceFilter::read(json)?;
        }
        Ok(read)
    }

    fn set_track_total_hits(&mut self, json: &Json) -> Result<(), RequestError> {
        let number = match json {
            Json::String(text) => text.parse().ok(),
            json => json.as_i64(),
        };
        let expected = "true, false, -1 or a number of hits";
        let wrong = || wrong("track_total_hits", expected, json);
        (self.track_total_hits, self.total_hits_limit) = match (flag(json), number) {
            (Some(flag), _) => (flag, None),
            (None, Some(-1)) => (false, None),
            (None, Some(number)) => (true, Some(usize::try_from(number).map_err(|_| wrong())?)),
            (None, None) => return Err(wrong()),
        };
        Ok(())
    }

    fn set_stored_fields(&mut self, stored: StoredFields) {
        match stored {
            StoredFields::Source => {}
            StoredFields::Nothing => self.source = SourceFilter::None,
            StoredFields::NotEvenIds => {
                self.source = SourceFilter::None;
                self.ids = false;
            }
        }
    }
}

/// What `stored_fields` may say here, where the source alone is stored.
#[derive(Clone, Copy)]
enum StoredFields {
    Source,
    Nothing,
    NotEvenIds,
}

impl StoredFields {
    fn read(json: &Json) -> Result<Self, RequestError> {
        let one = |json: &Json| json.as_str().map(str::to_owned);
        let names: Option<Vec<String>> = match json {
            Json::String(name) => Some(vec![name.clone()]),
            Json::Array(names) => names.iter().map(one).collect(),
            _ => None,
        };
        let expected = "a field or a list of fields";
        Self::of(&names.ok_or_else(|| wrong("stored_fields", expected, json))?)
    }

    fn of(names: &[String]) -> Result<Self, RequestError> {
        let [name] = names else {
            if names.is_empty() {
                return Ok(Self::Nothing);
            }
            return Err(not_stored());
        };
        match name.as_str() {
            "_none_" => Ok(Self::NotEvenIds),
            "_source" => Ok(Self::Source),
            "*" => Ok(Self::Nothing),
            _ => Err(not_stored()),
        }
    }
}

fn not_stored() -> RequestError {
    RequestError::Unsupported {
        path: "stored_fields".to_owned(),
        instead: "the source alone is stored; use `_source`, `fields` or `docvalue_fields`",
    }
}

fn query(request: &Object<'_>) -> Result<Query, RequestError> {
    let query = request.get("query");
    let query = query
        .map(|query| Query::parse(query, "query"))
        .transpose()?;
    Ok(query.unwrap_or_default())
}

fn aggregations(request: &Object<'_>) -> Result<Aggregations, RequestError> {
    match (request.get("aggs"), request.get("aggregations")) {
        (None, None) => Ok(Aggregations::default()),
        (Some(_), Some(_)) => Err(RequestError::Together {
            keys: ["aggs", "aggregations"],
        }),
        (Some(json), None) => Aggregations::read(json, "aggs"),
        (None, Some(json)) => Aggregations::read(json, "aggregations"),
    }
}

fn min_score(request: &Object<'_>) -> Result<Option<f32>, RequestError> {
    let Some(json) = request.get("min_score") else {
        return Ok(None);
    };
    #[expect(clippy::cast_possible_truncation, reason = "scores have 32 bits")]
    let score = json.as_f64().map(|score| score as f32);
    let score = score.ok_or_else(|| wrong("min_score", "a number", json))?;
    Ok(Some(score))
}

fn timeout(json: &Json) -> Result<Option<Duration>, RequestError> {
    let time = json.as_str().and_then(time::parse);
    let time = time.or_else(|| (json.as_i64() == Some(-1)).then_some(None));
    let expected = "a whole number above 0 with a unit, such as \"500ms\" or \"2s\"";
    time.ok_or_else(|| wrong("timeout", expected, json))
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
    fn fills_in_the_defaults() {
        assert_eq!(SearchRequest::parse(b"{}"), Ok(SearchRequest::default()));
    }

    #[test]
    fn reads_every_part() {
        let text = br#"{"query": {"match_none": {}}, "from": 5, "size": "20", "sort": ["_score", {"price": "DESC"}],
            "_source": false, "track_total_hits": 100, "min_score": 0.5, "timeout": "2s", "track_scores": true,
            "docvalue_fields": ["a", {"field": "b", "format": "epoch_millis"}], "fields": ["c*"], "version": true,
            "explain": false, "terminate_after": 0}"#;
        let request = SearchRequest::parse(text).expect("a search");
        assert_eq!(request.query.name(), "match_none");
        assert_eq!((request.from, request.size, request.sort.len()), (5, 20, 2));
        assert_eq!(request.timeout, Some(Duration::from_secs(2)));
        assert_eq!(request.min_score, Some(0.5));
        assert!(request.version && !request.seq_no_primary_term && request.sort[1].descending);
        let field = |pattern: &str, format: Option<&str>| FieldValues {
            pattern: pattern.to_owned(),
            format: format.map(str::to_owned),
        };
        let expected = [field("a", None), field("b", Some("epoch_millis"))];
        assert_eq!(request.docvalue_fields, expected);
        assert_eq!(request.listed_fields, [field("c*", None)]);
        let request = SearchRequest::parse(br#"{"sort": "price", "search_after": [3]}"#);
        let request = request.expect("a search");
        assert_eq!(request.search_after, Some(vec![Json::from(3)]));
        let request = SearchRequest::parse(br#"{"stored_fields": "_none_"}"#).expect("a search");
        assert_eq!((request.ids, request.source), (false, SourceFilter::None));
    }

    #[test]
    fn rejects_invalid_json_with_its_place() {
        insta::assert_snapshot!(error(""), @"line 1, column 0: invalid JSON: EOF while parsing a value");
        insta::assert_snapshot!(error("{\"query\": {\n\"wasm_udf\": }}"), @"line 2, column 13: invalid JSON: expected value");
        insta::assert_snapshot!(error("{\"size\": 1,\n\"size\": 2}"), @"line 2, column 6: duplicate key `size`");
        insta::assert_snapshot!(error("[]"), @"the search must be an object, but is a list");
    }

    #[test]
    fn rejects_unknown_keys_with_their_paths() {
        insta::assert_snapshot!(error(r#"{"qurey": {}}"#), @"unknown key `qurey`; expected one of `_source`, `aggregations`, `aggs`, `docvalue_fields`, `explain`, `fields`, `from`, `min_score`, `post_filter`, `profile`, `query`, `rescore`, `script_fields`, `search_after`, `seq_no_primary_term`, `size`, `sort`, `stored_fields`, `terminate_after`, `timeout`, `track_scores`, `track_total_hits`, `version`");
        insta::assert_snapshot!(error("{\"que\\u001b\\nry\\u202e\": {}}"), @r"unknown key `que� ry\u{202e}`; expected one of `_source`, `aggregations`, `aggs`, `docvalue_fields`, `explain`, `fields`, `from`, `min_score`, `post_filter`, `profile`, `query`, `rescore`, `script_fields`, `search_after`, `seq_no_primary_term`, `size`, `sort`, `stored_fields`, `terminate_after`, `timeout`, `track_scores`, `track_total_hits`, `version`");
        insta::assert_snapshot!(error(r#"{"sort": {"price": {"order": "asc", "modus": "min"}}}"#), @"unknown key `sort.price.modus`; expected one of `order`, `missing`, `mode`, `unmapped_type`");
        insta::assert_snapshot!(error(r#"{"_source": {"included": []}}"#), @"unknown key `_source.included`; expected one of `includes`, `excludes`, `include`, `exclude`");
        insta::assert_snapshot!(error(r#"{"docvalue_fields": [{"field": "a", "boost": 1}]}"#), @"unknown key `docvalue_fields[0].boost`; expected one of `field`, `format`");
    }

    #[test]
    fn rejects_what_is_not_supported_by_name() {
        insta::assert_snapshot!(error(r#"{"highlight": {}}"#), @"`highlight` is not supported: highlight in the client");
        insta::assert_snapshot!(error(r#"{"script_fields": {"a": {}}}"#), @"`script_fields` is not supported: use `fields` with an `expression` or a `wasm_udf`");
        insta::assert_snapshot!(error(r#"{"pit": {"id": "a"}}"#), @"`pit` is not supported: use `search_after` with `_id` as the last sort key");
        insta::assert_snapshot!(error(r#"{"explain": true}"#), @"`explain` is not supported: use `profile`, which reports what each clause did");
        insta::assert_snapshot!(error(r#"{"terminate_after": 10}"#), @"`terminate_after` is not supported: totals are exact; use `timeout` to bound a search");
        insta::assert_snapshot!(error(r#"{"stored_fields": ["title"]}"#), @"`stored_fields` is not supported: the source alone is stored; use `_source`, `fields` or `docvalue_fields`");
        insta::assert_snapshot!(error(r#"{"sort": [{"_script": {}}]}"#), @"`sort[0]._script` is not supported: use `wasm_udf` or `expression`");
        insta::assert_snapshot!(error(r#"{"sort": [{"price": {"numeric_type": "long"}}]}"#), @"`sort[0].price.numeric_type` is not supported: map the field with the same type in all indexes");
    }

    #[test]
    fn rejects_wrong_values_with_their_paths() {
        insta::assert_snapshot!(error(r#"{"size": -1}"#), @"[size] parameter cannot be negative, found [-1]");
        insta::assert_snapshot!(error(r#"{"size": 10001}"#), @"Result window is too large, from + size must be less than or equal to: [10000] but was [10001]; use `search_after` for later pages");
        insta::assert_snapshot!(error(r#"{"size": 10, "from": 9991}"#), @"Result window is too large, from + size must be less than or equal to: [10000] but was [10001]; use `search_after` for later pages");
        insta::assert_snapshot!(error(r#"{"sort": {"price": "up"}}"#), @r#"`sort.price` must be "asc" or "desc", but is "up""#);
        insta::assert_snapshot!(error(r#"{"sort": {"price": {"mode": "first"}}}"#), @r#"`sort.price.mode` must be "min", "max", "sum", "avg" or "median", but is "first""#);
        insta::assert_snapshot!(error(r#"{"sort": {"price": {"missing": null}}}"#), @r#"`sort.price.missing` must be "_first", "_last" or a value, but is null"#);
        insta::assert_snapshot!(error(r#"{"sort": {"_id": {"missing": "a"}}}"#), @r#"`sort._id.missing` must be "_first" or "_last", but is "a""#);
        insta::assert_snapshot!(error(r#"{"sort": {"price": {"unmapped_type": "number"}}}"#), @r#"`sort.price.unmapped_type` must be the name of a field type, such as "long" or "keyword", but is "number""#);
        insta::assert_snapshot!(error(r#"{"sort": "price", "search_after": [1, 2]}"#), @"`search_after` has 2 values, but `sort` has 1 key");
        insta::assert_snapshot!(error(r#"{"sort": "price", "search_after": [[1]]}"#), @"`search_after` must be a list of strings, numbers, booleans and nulls, but is a list");
        insta::assert_snapshot!(error(r#"{"sort": "price", "from": 1, "search_after": [1]}"#), @"`from` and `search_after` cannot be combined; remove one");
        insta::assert_snapshot!(error(r#"{"_source": 3}"#), @"`_source` must be true, false, fields or an object, but is 3");
        insta::assert_snapshot!(error(r#"{"track_total_hits": "yes"}"#), @r#"`track_total_hits` must be true, false, -1 or a number of hits, but is "yes""#);
        insta::assert_snapshot!(error(r#"{"min_score": "1"}"#), @r#"`min_score` must be a number, but is "1""#);
        insta::assert_snapshot!(error(r#"{"timeout": "soon"}"#), @r#"`timeout` must be a whole number above 0 with a unit, such as "500ms" or "2s", but is "soon""#);
        insta::assert_snapshot!(error(r#"{"timeout": "0ms"}"#), @r#"`timeout` must be a whole number above 0 with a unit, such as "500ms" or "2s", but is "0ms""#);
        insta::assert_snapshot!(error(r#"{"version": 1}"#), @"`version` must be true or false, but is 1");
        insta::assert_snapshot!(error(r#"{"rescore": {"expression": "a"}, "sort": ["b"]}"#), @"`rescore` and `sort` cannot be combined; remove one");
        insta::assert_snapshot!(error(r#"{"rescore": {"expression": "a", "window_size": 10001}}"#), @"Rescore window [10001] is too large. It must be less than [10000]: `rescore.window_size`");
    }

    #[test]
    fn sets_parameters_of_the_address() {
        let mut request = SearchRequest::parse(br#"{"size": 3}"#).expect("a search");
        for (name, value) in [
            ("from", "2"),
            ("size", "5"),
            ("sort", "price:desc,_id,a:b:asc"),
            ("_source", "a,b"),
            ("_source_excludes", "b.c"),
            ("docvalue_fields", "d"),
            ("track_total_hits", "false"),
            ("track_scores", ""),
            ("timeout", "5s"),
            ("version", "true"),
            ("explain", "false"),
        ] {
            assert_eq!(request.set(name, value), Ok(true), "{name}");
        }
        assert_eq!(request.set("colour", "red"), Ok(false));
        assert_eq!((request.from, request.size), (2, 5));
        let by: Vec<_> = request
            .sort
            .iter()
            .map(|key| (&key.by, key.descending))
            .collect();
        let field = |path: &str| SortBy::Field(path.to_owned());
        let expected = [
            (&field("price"), true),
            (&SortBy::Id, false),
            (&field("a:b"), false),
        ];
        assert_eq!(by, expected);
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (includes, excludes) = (list(&["a", "b"]), list(&["b.c"]));
        assert_eq!(request.source, SourceFilter::Fields { includes, excludes });
        assert!(!request.track_total_hits && request.track_scores && request.version);

        let mut refused = |name: &str, value: &str| {
            request
                .set(name, value)
                .expect_err("it is refused")
                .to_string()
        };
        insta::assert_snapshot!(refused("q", "a:b"), @"`q` is not supported: there are no query strings in the address; put a `match` query in the body");
        insta::assert_snapshot!(refused("scroll", "1m"), @"`scroll` is not supported: use `search_after` with `_id` as the last sort key");
        insta::assert_snapshot!(refused("size", "many"), @r#"`size` must be an integer from 0 to 10000, but is "many""#);
        insta::assert_snapshot!(refused("version", "1"), @r#"`version` must be true or false, but is "1""#);
        insta::assert_snapshot!(refused("sort", "a:up"), @r#"`sort` must be "asc" or "desc", but is "up""#);
        insta::assert_snapshot!(refused("explain", "true"), @"`explain` is not supported: use `profile`, which reports what each clause did");
        insta::assert_snapshot!(refused("stored_fields", "a"), @"`stored_fields` is not supported: the source alone is stored; use `_source`, `fields` or `docvalue_fields`");
    }
}
