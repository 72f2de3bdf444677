//! The requests beside a search: a count, and several searches in one body.

use serde_json::Value as Json;

use super::error::RequestError;
use super::json;
use super::object::{Object, at_most, whole, wrong};
use super::{SearchRequest, query};

impl SearchRequest {
    /// Parses the body of a count, which has a `query` and nothing else.
    ///
    /// # Errors
    ///
    /// As [`SearchRequest::parse`].
    pub fn parse_count(text: &[u8]) -> Result<Self, RequestError> {
        let json = json::parse(text)?;
        let request = Object::read(&json, "")?;
        request.knows(&["query"])?;
        Ok(Self {
            query: query(&request)?,
            size: 0,
            ..Self::default()
        })
    }
}

/// How many searches a multi search may have.
const MOST_SEARCHES: usize = 1_000;

/// The longest head, in bytes.
const HEAD_BYTES: usize = 64 << 10;

/// How many names of indexes a head may have.
const MOST_NAMES: usize = 1_024;

/// A search of a multi search: two lines, each of which is parsed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MultiSearchItem<'a> {
    /// The line before the search, which [`SearchHead::parse`] takes.
    pub head: &'a [u8],
    /// The search.
    pub body: &'a [u8],
}

/// Where a search of a multi search runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchHead {
    /// The names or patterns of indexes, if it names any.
    pub indexes: Option<Vec<String>>,
    /// Whether an index that does not exist is no error.
    pub ignore_unavailable: Option<bool>,
    /// Whether a pattern that matches no index is no error.
    pub allow_no_indices: Option<bool>,
    /// The kinds of indexes that a pattern matches, with commas between.
    pub expand_wildcards: Option<String>,
}

impl SearchHead {
    /// Parses the line before a search; an empty one says nothing.
    ///
    /// # Errors
    ///
    /// A line that is too long, invalid JSON, a key that is unknown or of a wrong type.
    pub fn parse(text: &[u8]) -> Result<Self, RequestError> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        if text.len() > HEAD_BYTES {
            return Err(RequestError::LongHead {
                found: text.len(),
                limit: HEAD_BYTES,
            });
        }
        let json = json::parse(text)?;
        let head = Object::read(&json, "")?;
        head.knows(&[
            "index",
            "indices",
            "ignore_unavailable",
            "allow_no_indices",
            "expand_wildcards",
            // Without effect on one node, where an index is one shard.
            "preference",
            "routing",
            "request_cache",
            "ccs_minimize_roundtrips",
            "allow_partial_search_results",
            "max_concurrent_shard_requests",
            "search_type",
        ])?;
        if let Some(json) = head.get("search_type") {
            search_type(json, &head.path("search_type"))?;
        }
        without_effect(&head)?;
        let given = |key: &'static str| head.get(key).map(|_| head.flag(key)).transpose();
        let index = head.get("index").or(head.get("indices"));
        let expand = head.get("expand_wildcards");
        let joined = |names: Vec<String>| names.join(",");
        Ok(Self {
            indexes: index.map(|json| names(json, "index")).transpose()?,
            ignore_unavailable: given("ignore_unavailable")?,
            allow_no_indices: given("allow_no_indices")?,
            expand_wildcards: expand
                .map(|json| names(json, "expand_wildcards").map(joined))
                .transpose()?,
        })
    }
}

/// Checks the values of what has no effect: a parameter without effect must still be valid.
fn without_effect(head: &Object<'_>) -> Result<(), RequestError> {
    for key in [
        "request_cache",
        "ccs_minimize_roundtrips",
        "allow_partial_search_results",
    ] {
        head.flag(key)?;
    }
    for key in ["preference", "routing"] {
        let is_text = |json: &&Json| json.is_string() || json.is_number();
        if let Some(json) = head.get(key).filter(|json| !is_text(json)) {
            return Err(wrong(&head.path(key), "a string", json));
        }
    }
    let key = "max_concurrent_shard_requests";
    match head.get(key) {
        Some(json) if whole(json).is_none_or(|number| number == 0) => {
            Err(wrong(&head.path(key), "an integer from 1", json))
        }
        _ => Ok(()),
    }
}

/// Checks a search type; both are the same on one shard.
pub(super) fn search_type(json: &Json, path: &str) -> Result<(), RequestError> {
    match json.as_str() {
        Some("query_then_fetch" | "dfs_query_then_fetch") => Ok(()),
        _ => {
            let expected = "\"query_then_fetch\" or \"dfs_query_then_fetch\"";
            Err(wrong(path, expected, json))
        }
    }
}

fn names(json: &Json, path: &str) -> Result<Vec<String>, RequestError> {
    let split = |text: &str| text.split(',').map(|name| name.trim().to_owned()).collect();
    let names = match json {
        Json::String(text) => Some(split(text)),
        Json::Array(list) => list
            .iter()
            .map(|name| name.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    };
    let names: Vec<String> = names.ok_or_else(|| wrong(path, "a name or a list of names", json))?;
    at_most(names.len(), MOST_NAMES, "names", path)?;
    Ok(names)
}

/// Parses the lines of a multi search: heads and searches by turns.
///
/// # Errors
///
/// More searches than there may be; a head that is wrong, or without a search. A search that is
/// wrong is an error of its own, when it is parsed.
pub fn multi_search(body: &[u8]) -> Result<Vec<MultiSearchItem<'_>>, RequestError> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    if !body.ends_with(b"\n") {
        return Err(RequestError::NoNewline);
    }
    let body = body.trim_ascii_end();
    let lines = || body.split(|byte| *byte == b'\n');
    let found = lines().count().div_ceil(2);
    if found > MOST_SEARCHES {
        let limit = MOST_SEARCHES;
        return Err(RequestError::Searches { found, limit });
    }
    let mut lines = lines().enumerate();
    let mut searches = Vec::with_capacity(found);
    while let Some((number, head)) = lines.next() {
        // What it says is read again when its search runs, so that all are not held at once.
        SearchHead::parse(head).map_err(|error| error.below(number))?;
        let (_, body) = lines
            .next()
            .ok_or(RequestError::NoSearch { line: number + 1 })?;
        searches.push(MultiSearchItem { head, body });
    }
    Ok(searches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_heads_and_searches_by_turns() {
        let body = b"{\"index\": \"a,b\"}\n{\"size\": 1}\n\n{}\n{\"index\": [\"c\"], \"ignore_unavailable\": true}\n{\n\n";
        let searches = multi_search(body).expect("they are searches");
        let head = |item: &MultiSearchItem<'_>| SearchHead::parse(item.head).expect("a head");
        let indexes: Vec<_> = searches.iter().map(|item| head(item).indexes).collect();
        let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(indexes, [list(&["a", "b"]), None, list(&["c"])]);
        assert_eq!(head(&searches[2]).ignore_unavailable, Some(true));
        assert_eq!(searches[2].body, b"{");
        assert_eq!(multi_search(b""), Ok(Vec::new()));
    }

    #[test]
    fn names_the_line_of_a_head_that_is_wrong() {
        let error = |body: &[u8]| multi_search(body).expect_err("it is refused").to_string();
        insta::assert_snapshot!(error(b"{}\n{}\n{\"index\": 1}\n{}\n"), @"line 3: `index` must be a name or a list of names, but is 1");
        insta::assert_snapshot!(error(b"{}\n{}\n{\n{}\n"), @"line 3, column 1: invalid JSON: EOF while parsing an object");
        insta::assert_snapshot!(error(b"{}\n{}\n{}\n"), @"line 3: the head has no search in the next line");
        insta::assert_snapshot!(error(b"{}\n{}"), @r"The msearch request must be terminated by a newline [\n]");
        insta::assert_snapshot!(error(b"{\"request_cache\": 1}\n{}\n"), @"line 1: `request_cache` must be true or false, but is 1");
        insta::assert_snapshot!(error(b"{\"preference\": []}\n{}\n"), @"line 1: `preference` must be a string, but is a list");
        insta::assert_snapshot!(error(b"{\"max_concurrent_shard_requests\": 0}\n{}\n"), @"line 1: `max_concurrent_shard_requests` must be an integer from 1, but is 0");
        insta::assert_snapshot!(error(b"{\"allow_no_indices\": \"no\"}\n{}\n"), @r#"line 1: `allow_no_indices` must be true or false, but is "no""#);
        insta::assert_snapshot!(error(b"\n{}\n".repeat(1_001).as_slice()), @"the request has 1001 searches, and the limit is 1000: send several requests");
        insta::assert_snapshot!(error(format!("{{\"index\": \"{}a\"}}\n{{}}\n", "a,".repeat(1_024)).as_bytes()), @"line 1: `index`: too many names; the limit is 1024");
        insta::assert_snapshot!(error(format!("{}\n{{}}\n", "[".repeat(65_537)).as_bytes()), @"line 1: a head has up to 65536 bytes, and this one has 65537");
        insta::assert_snapshot!(error(b"{\"search_type\": \"scan\"}\n{}\n"), @r#"line 1: `search_type` must be "query_then_fetch" or "dfs_query_then_fetch", but is "scan""#);
    }

    #[test]
    fn counts_a_query_and_nothing_else() {
        let request = SearchRequest::parse_count(b"{}").expect("a count");
        assert_eq!((request.size, request.track_total_hits), (0, true));
        let error = SearchRequest::parse_count(br#"{"size": 1}"#).expect_err("it is refused");
        insta::assert_snapshot!(error, @"unknown key `size`; expected one of `query`");
    }
}
