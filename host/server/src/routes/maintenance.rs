//! What keeps indexes in shape, and how large they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use whittle_host::one_line;
use whittle_node::ShardFailure;
use whittle_node::index::IndexStatistics;

use super::Shared;
use super::documents::invalid;
use crate::address::Path;
use crate::answers::{Reached, Shards};
use crate::body::NoBody;
use crate::error::ApiError;
use crate::failures::unavailable;
use crate::indexes::{Entry, Outcome};
use crate::node::Node;
use crate::parameters::{Query, Switch, bad, parameters};
use crate::presentation::Presentation;
use crate::selection::{Indices, Selected};
use crate::sizes::human;

parameters! {
    /// Refreshing indexes.
    RefreshParameters {}
    with {
        /// Which indexes.
        indices: Indices,
    }
}

parameters! {
    /// Flushing indexes.
    FlushParameters {
        /// Whether segments are written even if nothing has changed; they are in any case.
        force: bool = "force",
        /// Whether a flush waits for another, by default true. It does in any case, and a forced
        /// one must.
        wait_if_ongoing: Switch = "wait_if_ongoing",
    }
    with {
        /// Which indexes.
        indices: Indices,
    }
}

parameters! {
    /// Merging indexes.
    MergeParameters {
        /// How many segments an index may have afterwards, from 1; it has one.
        max_num_segments: Option<u64> = "max_num_segments",
    }
    with {
        /// Which indexes.
        indices: Indices,
    }
    ignoring ["flush", "only_expunge_deletes", "wait_for_completion"]
}

parameters! {
    /// Statistics of indexes.
    StatsParameters {
        /// `cluster` leaves out the indexes one by one; `indices` is the default.
        level: Option<String> = "level",
    }
    with {
        /// Which indexes.
        indices: Indices,
    }
    ignoring ["include_unloaded_segments"]
}

/// Works on each index. What fails in one is told, and keeps no other from its work; only if all
/// fail is the first error the answer.
async fn each(
    node: &Node,
    selected: Selected,
    work: fn(&Arc<Entry>) -> Outcome,
) -> Result<axum::Json<Reached>, ApiError> {
    let all = move || {
        let (total, mut failures, mut first) = (selected.len(), Vec::new(), None);
        for (name, entry) in selected {
            let done = work(&entry).map_err(|error| unavailable(&name, error));
            let done =
                done.and_then(|done| done.map_err(|error| ApiError::from(error).in_index(&name)));
            if let Err(error) = done {
                failures.push(ShardFailure::new(&name, error.kind(), error.reason()));
                first.get_or_insert(error);
            }
        }
        match first {
            Some(error) if failures.len() == total => Err(error),
            _ => Ok(Shards::with_failures(total, failures)),
        }
    };
    let _shards = node.writes.run(all).await?;
    Ok(axum::Json(Reached { _shards }))
}

fn merge_one(entry: &Arc<Entry>) -> Outcome {
    Ok(entry.open()?.merge())
}

/// Show searches what was written.
#[utoipa::path(
    method(get, post), path = "/{index}/_refresh", tag = "indexes",
    params(RefreshParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn refresh(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<RefreshParameters>,
    _: NoBody,
) -> Result<axum::Json<Reached>, ApiError> {
    let selected = parameters.indices.select(&node, &names)?;
    each(&node, selected, Entry::refresh).await
}

/// Show searches what was written, in all indexes.
#[utoipa::path(
    method(get, post), path = "/_refresh", tag = "indexes",
    params(RefreshParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn refresh_all(
    State(node): Shared,
    Query(parameters): Query<RefreshParameters>,
    _: NoBody,
) -> Result<axum::Json<Reached>, ApiError> {
    let selected = parameters.indices.select(&node, "_all")?;
    each(&node, selected, Entry::refresh).await
}

/// Bring what was written into segments on the disk, as a refresh does.
#[utoipa::path(
    method(get, post), path = "/{index}/_flush", tag = "indexes",
    params(FlushParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn flush(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<FlushParameters>,
    _: NoBody,
) -> Result<axum::Json<Reached>, ApiError> {
    flushed(&node, &names, &parameters).await
}

async fn flushed(
    node: &Node,
    names: &str,
    parameters: &FlushParameters,
) -> Result<axum::Json<Reached>, ApiError> {
    if parameters.force && !parameters.wait_if_ongoing.0 {
        return Err(invalid("wait_if_ongoing must be true for a force flush"));
    }
    let selected = parameters.indices.select(node, names)?;
    each(node, selected, Entry::refresh).await
}

/// Bring what was written to all indexes into segments on the disk, as a refresh does.
#[utoipa::path(
    method(get, post), path = "/_flush", tag = "indexes",
    params(FlushParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn flush_all(
    State(node): Shared,
    Query(parameters): Query<FlushParameters>,
    _: NoBody,
) -> Result<axum::Json<Reached>, ApiError> {
    flushed(&node, "_all", &parameters).await
}

async fn merged(
    node: &Node,
    names: &str,
    parameters: &MergeParameters,
) -> Result<axum::Json<Reached>, ApiError> {
    if parameters.max_num_segments == Some(0) {
        return Err(bad("max_num_segments must be 1 or more, but was 0"));
    }
    let selected = parameters.indices.select(node, names)?;
    each(node, selected, merge_one).await
}

/// Merge the segments of indexes into one each, without deleted documents.
#[utoipa::path(
    post, path = "/{index}/_forcemerge", tag = "indexes",
    params(MergeParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn merge(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<MergeParameters>,
    _: NoBody,
) -> Result<axum::Json<Reached>, ApiError> {
    merged(&node, &names, &parameters).await
}

/// Merge the segments of all indexes into one each, without deleted documents.
#[utoipa::path(
    post, path = "/_forcemerge", tag = "indexes",
    params(MergeParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn merge_all(
    State(node): Shared,
    Query(parameters): Query<MergeParameters>,
    _: NoBody,
) -> Result<axum::Json<Reached>, ApiError> {
    merged(&node, "_all", &parameters).await
}

/// How large indexes are.
#[derive(Debug, Serialize)]
pub(super) struct Statistics {
    _shards: Shards,
    _all: OfIndex,
    #[serde(skip_serializing_if = "Option::is_none")]
    indices: Option<BTreeMap<String, OfIndex>>,
}

/// An index has one shard, which is its primary: both parts are the same.
#[derive(Debug, Clone, Serialize)]
struct OfIndex {
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    primaries: Numbers,
    total: Numbers,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Numbers {
    #[serde(skip_serializing_if = "Option::is_none")]
    docs: Option<Documents>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<Store>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<Segments>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Documents {
    count: u64,
    deleted: u64,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Store {
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
    size_in_bytes: u64,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Segments {
    count: u64,
}

/// Which numbers are asked for, of those that the node keeps.
const METRICS: [&str; 3] = ["docs", "segments", "store"];

impl Numbers {
    fn of(metrics: &[&str], sums: &Sums, is_human: bool) -> Self {
        let has = |metric| metrics.contains(&metric);
        Self {
            docs: has("docs").then_some(Documents {
                count: sums.documents,
                deleted: sums.deleted,
            }),
            store: has("store").then(|| Store {
                size: is_human.then(|| human(sums.bytes)),
                size_in_bytes: sums.bytes,
            }),
            segments: has("segments").then_some(Segments {
                count: sums.segments,
            }),
        }
    }
}

#[derive(Debug, Default)]
struct Sums {
    documents: u64,
    deleted: u64,
    bytes: u64,
    segments: u64,
}

impl Sums {
    fn add(&mut self, statistics: &IndexStatistics) {
        self.documents += statistics.documents;
        self.deleted += statistics.deleted;
        self.bytes += statistics.bytes;
        self.segments += statistics.segments as u64;
    }
}

async fn statistics(
    State(node): Shared,
    names: &str,
    metrics: &str,
    parameters: &StatsParameters,
    presentation: Presentation,
) -> Result<axum::Json<Statistics>, ApiError> {
    let by_index = match parameters.level.as_deref() {
        None | Some("indices") => true,
        Some("cluster") => false,
        Some(other) => {
            let other = one_line(other);
            return Err(bad(format!(
                "level parameter must be one of [cluster] or [indices] but was [{other}]"
            )));
        }
    };
    let all_metrics = metrics.split(',').any(|metric| metric == "_all");
    let mut asked = Vec::new();
    for metric in metrics.split(',').filter(|_| !all_metrics) {
        let known = METRICS.into_iter().find(|known| *known == metric);
        asked.push(known.ok_or_else(|| {
            let metric = one_line(metric);
            bad(format!(
                "request contains unrecognized metric: [{metric}]: this node keeps [{}]",
                METRICS.join(", ")
            ))
        })?);
    }
    if all_metrics {
        asked.extend(METRICS);
    }
    let selected = parameters.indices.select(&node, names)?;
    let reports = node.reports.clone();
    let count = move || {
        let mut all = Sums::default();
        let mut indices = BTreeMap::new();
        let (total, mut failures) = (selected.len(), Vec::new());
        let numbers = |sums: &Sums, uuid| {
            let numbers = Numbers::of(&asked, sums, presentation.human);
            OfIndex {
                uuid,
                primaries: numbers.clone(),
                total: numbers,
            }
        };
        for (name, entry) in selected {
            let statistics = match entry.statistics() {
                Ok(statistics) => statistics,
                Err(error) => {
                    failures.push(error.of_shard(&name));
                    continue;
                }
            };
            let mut one = Sums::default();
            one.add(&statistics);
            all.add(&statistics);
            indices.insert(name, numbers(&one, Some(entry.settings().uuid)));
        }
        Ok(Statistics {
            _shards: Shards::with_failures(total, failures),
            _all: numbers(&all, None),
            indices: by_index.then_some(indices),
        })
    };
    reports.run(count).await.map(axum::Json)
}

/// Show how large indexes are.
#[utoipa::path(
    get, path = "/{index}/_stats", tag = "indexes",
    params(StatsParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn stats(
    shared: Shared,
    Path(names): Path<String>,
    Query(parameters): Query<StatsParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<axum::Json<Statistics>, ApiError> {
    statistics(shared, &names, "_all", &parameters, presentation).await
}

/// Show some numbers of indexes: `docs`, `segments`, `store`.
#[utoipa::path(
    get, path = "/{index}/_stats/{metric}", tag = "indexes",
    params(StatsParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn stats_by_metric(
    shared: Shared,
    Path((names, metric)): Path<(String, String)>,
    Query(parameters): Query<StatsParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<axum::Json<Statistics>, ApiError> {
    statistics(shared, &names, &metric, &parameters, presentation).await
}

/// Show some numbers of all indexes: `docs`, `segments`, `store`.
#[utoipa::path(
    get, path = "/_stats/{metric}", tag = "indexes",
    params(StatsParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn stats_of_all_by_metric(
    shared: Shared,
    Path(metric): Path<String>,
    Query(parameters): Query<StatsParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<axum::Json<Statistics>, ApiError> {
    statistics(shared, "_all", &metric, &parameters, presentation).await
}

/// Show how large all indexes are.
#[utoipa::path(
    get, path = "/_stats", tag = "indexes",
    params(StatsParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn stats_of_all(
    shared: Shared,
    Query(parameters): Query<StatsParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<axum::Json<Statistics>, ApiError> {
    statistics(shared, "_all", "_all", &parameters, presentation).await
}
