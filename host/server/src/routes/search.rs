//! Searches and counts, over one index, several, or all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::openapi::path::Parameter;
use whittle_host::QueryContext;
use whittle_node::{
    CountResponse, SearchError, SearchHead, SearchRequest, SearchResponse, Writing, Written,
    multi_search, parsed_bytes, search_indexes,
};

use super::Shared;
use crate::address::Path;
use crate::body::Body;
use crate::client::Client;
use crate::error::{ApiError, ErrorBody};
use crate::failures::not_searched;
use crate::log;
use crate::node::Node;
use crate::parameters::{Given, Parameters, Query, Switch, Value, bad, described, parameters};
use crate::selection::{Expand, Indices, Selected};
use crate::sending::{self, Text};

parameters! {
    /// A search.
    SearchParameters {
        /// Whether the hits of some indexes are answered if others cannot be opened, by default
        /// true.
        allow_partial: Switch = "allow_partial_search_results",
        /// Whether the total of hits is a number instead of an object.
        total_as_int: bool = "rest_total_hits_as_int",
        /// Whether the names of aggregations have their kinds in front.
        typed_keys: bool = "typed_keys",
    }
    with {
        /// Parts of the search, which come before those of the body.
        parts: PartsOfSearch,
        /// Which indexes.
        indices: Indices,
    }
    ignoring [
        "batched_reduce_size", "cancel_after_time_interval",
        "ccs_minimize_roundtrips", "ignore_throttled", "max_concurrent_shard_requests",
        "phase_took", "pre_filter_shard_size", "preference", "request_cache", "routing",
    ]
}

parameters! {
    /// A count.
    CountParameters {}
    with {
        /// Parts of the count, which come before those of the body.
        parts: PartsOfCount,
        /// Which indexes.
        indices: Indices,
    }
    ignoring ["ignore_throttled", "preference", "routing"]
}

parameters! {
    /// Several searches.
    MultiSearchParameters {
        /// Whether the totals of hits are numbers instead of objects.
        total_as_int: bool = "rest_total_hits_as_int",
        /// Whether the names of aggregations have their kinds in front.
        typed_keys: bool = "typed_keys",
        /// How the searches run: `query_then_fetch` or `dfs_query_then_fetch`, which are the same
        /// on one shard.
        search_type: Option<String> = "search_type",
    }
    ignoring [
        "ccs_minimize_roundtrips", "max_concurrent_searches", "max_concurrent_shard_requests",
        "pre_filter_shard_size",
    ]
}

/// Parameters that are parts of a search, as they were given.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartsOfSearch(Vec<(&'static str, String)>);

/// Parameters that are parts of a count, as they were given.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartsOfCount(Vec<(&'static str, String)>);

impl Parameters for PartsOfSearch {
    fn take(given: &mut Given) -> Result<Self, ApiError> {
        taken(given, SearchRequest::PARAMETERS).map(Self)
    }

    fn described() -> Vec<Parameter> {
        described_parts(SearchRequest::PARAMETERS)
    }
}

impl Parameters for PartsOfCount {
    fn take(given: &mut Given) -> Result<Self, ApiError> {
        taken(given, SearchRequest::COUNT_PARAMETERS).map(Self)
    }

    fn described() -> Vec<Parameter> {
        described_parts(SearchRequest::COUNT_PARAMETERS)
    }
}

fn taken(
    given: &mut Given,
    names: &[&'static str],
) -> Result<Vec<(&'static str, String)>, ApiError> {
    let mut parts = Vec::new();
    for name in names {
        if let Some(value) = given.take::<Option<String>>(name)? {
            parts.push((*name, value));
        }
    }
    Ok(parts)
}

fn described_parts(names: &[&str]) -> Vec<Parameter> {
    let names = names.iter();
    names
        .map(|name| described::<String>(name, &["As in the body."]))
        .collect()
}

/// Sets parameters on the request that the body has.
fn with_parts(
    mut request: SearchRequest,
    parts: &[(&'static str, String)],
) -> Result<SearchRequest, ApiError> {
    for (name, value) in parts {
        request.set(name, value)?;
    }
    request.check()?;
    Ok(request)
}

/// Refuses a total as a plain number if it is exact only up to a limit, since the number could not
/// say so.
fn check_total(as_int: bool, request: &SearchRequest) -> Result<(), ApiError> {
    match request.total_hits_limit {
        Some(limit) if as_int => Err(bad(format!(
            "[rest_total_hits_as_int] cannot be used if the tracking of total hits is not \
             accurate, got {limit}"
        ))),
        _ => Ok(()),
    }
}

/// The bytes of a search, of which no bytes are an empty object.
fn bytes(text: &[u8]) -> &[u8] {
    if text.trim_ascii().is_empty() {
        b"{}"
    } else {
        text
    }
}

/// How often a search is in memory: parsed, and then as a request and its plan.
const COPIES: u64 = 2;

/// Runs a search, on a thread for blocking work. Indexes that cannot be searched are left out if
/// others can, and the search may be partial.
fn run(
    node: &Node,
    client: &Client,
    indexes: &Selected,
    request: &SearchRequest,
    allow_partial: bool,
) -> Result<SearchResponse, ApiError> {
    let limits = node.options().budget.clone();
    let query = QueryContext::lowered(request.budget(limits.clone()), limits);
    let query = client.begins(query);
    let names: Vec<&str> = indexes.iter().map(|(name, _)| name.as_str()).collect();
    let (mut snapshots, mut failed) = (Vec::new(), Vec::new());
    for (name, entry) in indexes {
        // Opening many takes some of the search's time.
        query.check().map_err(SearchError::Stopped)?;
        match entry.open() {
            Ok(index) => snapshots.push(
                (index.snapshot().named(name))
                    .with_threads(node.threads())
                    .with_memory(node.memory()),
            ),
            Err(error) => failed.push(error.of_shard(name)),
        }
    }
    if !failed.is_empty() && (snapshots.is_empty() || !allow_partial) {
        return Err(not_searched(&failed));
    }
    let response = search_indexes(&snapshots, request, node.udfs(), &query);
    log::udfs(&query.take_log(), &names.join(","));
    let mut response = response.map_err(|error| match names[..] {
        [name] => ApiError::from(error).in_index(name),
        _ => error.into(),
    })?;
    response.failed = failed;
    Ok(response)
}

async fn searched(
    node: Arc<Node>,
    names: String,
    parameters: SearchParameters,
    body: Body,
) -> Result<Response, ApiError> {
    let searches = node.searches.clone();
    let client = Client::default();
    let _waits = client.waits();
    let search = move || {
        let text = bytes(&body.bytes);
        body.hold_parsed(text, COPIES)?;
        let request = with_parts(SearchRequest::parse(text)?, &parameters.parts.0)?;
        check_total(parameters.total_as_int, &request)?;
        let indexes = parameters.indices.select(&node, &names)?;
        let allow_partial = parameters.allow_partial.0;
        let response = run(&node, &client, &indexes, &request, allow_partial)?;
        let writing = Writing {
            total_as_int: parameters.total_as_int,
            typed_keys: parameters.typed_keys,
        };
        sending::json(node.memory(), &response.written(writing))
    };
    searches.run(search).await
}

/// Search an index.
///
/// The body is a query as `docs/QUERIES.md` of the project describes it. The index may be several
/// with commas between, or a pattern with `*`.
#[utoipa::path(
    method(get, post), path = "/{index}/_search", tag = "search",
    params(SearchParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn search(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<SearchParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    searched(node, names, parameters, body).await
}

/// Search all indexes.
#[utoipa::path(
    method(get, post), path = "/_search", tag = "search",
    params(SearchParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn search_all(
    State(node): Shared,
    Query(parameters): Query<SearchParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    searched(node, "_all".to_owned(), parameters, body).await
}

async fn counted(
    node: Arc<Node>,
    names: String,
    parameters: CountParameters,
    body: Body,
) -> Result<axum::Json<CountResponse>, ApiError> {
    let searches = node.searches.clone();
    let client = Client::default();
    let _waits = client.waits();
    let count = move || {
        let text = bytes(&body.bytes);
        body.hold_parsed(text, COPIES)?;
        let request = with_parts(SearchRequest::parse_count(text)?, &parameters.parts.0)?;
        let indexes = parameters.indices.select(&node, &names)?;
        Ok(run(&node, &client, &indexes, &request, true)?.counted())
    };
    searches.run(count).await.map(axum::Json)
}

/// Count the documents that a query finds.
#[utoipa::path(
    method(get, post), path = "/{index}/_count", tag = "search",
    params(CountParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn count(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<CountParameters>,
    body: Body,
) -> Result<axum::Json<CountResponse>, ApiError> {
    counted(node, names, parameters, body).await
}

/// Count the documents of all indexes that a query finds.
#[utoipa::path(
    method(get, post), path = "/_count", tag = "search",
    params(CountParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn count_all(
    State(node): Shared,
    Query(parameters): Query<CountParameters>,
    body: Body,
) -> Result<axum::Json<CountResponse>, ApiError> {
    counted(node, "_all".to_owned(), parameters, body).await
}

/// The answer to one of several searches, with a status of its own.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Found {
        #[serde(flatten)]
        response: Written<'a>,
        status: u16,
    },
    Failed(ErrorBody),
}

/// Run several searches: a line that names the index, and one that is the search.
#[utoipa::path(
    method(get, post), path = "/_msearch", tag = "search",
    params(MultiSearchParameters),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn msearch(
    State(node): Shared,
    Query(parameters): Query<MultiSearchParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    several(node, "_all".to_owned(), parameters, body).await
}

/// Run several searches of an index.
#[utoipa::path(
    method(get, post), path = "/{index}/_msearch", tag = "search",
    params(MultiSearchParameters),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn msearch_of_index(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<MultiSearchParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    several(node, names, parameters, body).await
}

/// Runs the searches of one request, one after the other. Each has a permit, a client and a limit of
/// time of its own, and is dropped once its answer is written.
async fn several(
    node: Arc<Node>,
    names: String,
    parameters: MultiSearchParameters,
    body: Body,
) -> Result<Response, ApiError> {
    let started = Instant::now();
    if let Some(search_type) = &parameters.search_type {
        SearchRequest::default().set("search_type", search_type)?;
    }
    let searches = node.searches.clone();
    let several = Arc::new(Several {
        answers: Mutex::new(Text::new(node.memory())),
        node,
        names,
        parameters,
        body,
    });
    let of = Arc::clone(&several);
    let items = searches.run(move || of.items()).await?;
    if items.is_empty() {
        return Err(bad("Validation Failed: 1: no requests added;"));
    }
    for (head, text) in items {
        let client = Client::default();
        let _waits = client.waits();
        let of = Arc::clone(&several);
        let search = move || Ok(of.search(&client, &head, &text));
        // An error of the work itself, such as that too much of it is running, is this search's.
        match searches.run(search).await {
            Ok(answered) => answered?,
            Err(error) => several.answer(&Answer::Failed(error.body()))?,
        }
    }
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    several.finished(took)
}

/// Several searches of one request.
struct Several {
    node: Arc<Node>,
    names: String,
    parameters: MultiSearchParameters,
    body: Body,
    answers: Mutex<Text>,
}

impl Several {
    /// The head and the text of each search.
    fn items(&self) -> Result<Vec<(Bytes, Bytes)>, ApiError> {
        let body = &self.body.bytes;
        let items = multi_search(body)?.into_iter();
        let items = items.map(|item| (body.slice_ref(item.head), body.slice_ref(item.body)));
        Ok(items.collect())
    }

    /// Runs a search and writes its answer.
    ///
    /// # Errors
    ///
    /// What is wrong with the request as a whole.
    fn search(&self, client: &Client, head: &[u8], text: &[u8]) -> Result<(), ApiError> {
        let bytes = parsed_bytes(text).saturating_mul(COPIES);
        let parts = self.node.memory().reserve(bytes).map_err(ApiError::from);
        let parts = parts.and_then(|held| Ok((held, self.parts_of(head, text)?)));
        let found = match &parts {
            Ok((_held, (indexes, request))) => {
                check_total(self.parameters.total_as_int, request)?;
                run(&self.node, client, indexes, request, true)
            }
            Err(error) => Err(error.clone()),
        };
        let writing = Writing {
            total_as_int: self.parameters.total_as_int,
            typed_keys: self.parameters.typed_keys,
        };
        let answer = match &found {
            Ok(response) => Answer::Found {
                response: response.written(writing),
                status: 200,
            },
            Err(error) => Answer::Failed(error.body()),
        };
        self.answer(&answer)
    }

    /// The indexes and the request of a search.
    fn parts_of(&self, head: &[u8], text: &[u8]) -> Result<(Selected, SearchRequest), ApiError> {
        let head = SearchHead::parse(head)?;
        let request = SearchRequest::parse(text)?;
        let expand = head.expand_wildcards.as_deref();
        let indices = Indices {
            ignore_unavailable: head.ignore_unavailable.unwrap_or_default(),
            allow_no_indices: Switch(head.allow_no_indices.unwrap_or(true)),
            expand_wildcards: expand.map_or(Ok(Expand::Open), |kinds| {
                Expand::read("expand_wildcards", kinds)
            })?,
        };
        let named = head.indexes.as_ref().map(|names| names.join(","));
        let indexes = indices.select(&self.node, named.as_deref().unwrap_or(&self.names))?;
        Ok((indexes, request))
    }

    /// Writes an answer behind the others.
    fn answer(&self, answer: &Answer<'_>) -> Result<(), ApiError> {
        let mut answers = self.lock();
        if !answers.is_empty() {
            answers.raw(",")?;
        }
        answers.json(answer)
    }

    fn finished(&self, took: u64) -> Result<Response, ApiError> {
        let empty = Text::new(self.node.memory());
        let mut answers = std::mem::replace(&mut *self.lock(), empty);
        answers.raw("]}")?;
        answers.begin_with(format!("{{\"took\":{took},\"responses\":["))?;
        Ok(answers.into_json())
    }

    fn lock(&self) -> MutexGuard<'_, Text> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
