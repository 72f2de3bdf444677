//! The requests beside a search: a count, and several searches in one body.

use serde_json::Value as Json;

use super::error::RequestError;
use super::json;
use super::object::{Object, wrong};
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

/// A search of a multi search: its head, and its body, which is parsed by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultiSearchItem<'a> {
    /// The line before the search.
    pub head: SearchHead,
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
    fn parse(text: &[u8]) -> Result<Self, RequestError> {
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
    names.ok_or_else(|| wrong(path, "a name or a list of names", json))
}

/// Parses the lines of a multi search: heads and searches by turns.
///
/// # Errors
///
/// A head that is wrong, or without a search. A search that is wrong is an error of its own, when
/// it is parsed.
pub fn multi_search(body: &[u8]) -> Result<Vec<MultiSearchItem<'_>>, RequestError> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    if !body.ends_with(b"\n") {
        return Err(RequestError::NoNewline);
    }
    let body = body.trim_ascii_end();
    let mut lines = body.split(|byte| *byte == b'\n').enumerate();
    let mut searches = Vec::new();
    while let Some((number, head)) = lines.next() {
        let head = match head.trim_ascii() {
            b"" => SearchHead::default(),
            head => SearchHead::parse(head).map_err(|error| error.below(number))?,
        };
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
        let indexes: Vec<_> = searches.iter().map(|item| &item.head.indexes).collect();
        let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(indexes, [&list(&["a", "b"]), &None, &list(&["c"])]);
        assert_eq!(searches[2].head.ignore_unavailable, Some(true));
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
