//! What a client asks of a cluster, of which this node is the whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use whittle_host::one_line;

use super::{Shared, page};
use crate::address::Path;
use crate::body::NoBody;
use crate::error::ApiError;
use crate::indexes::Condition;
use crate::metrics;
use crate::parameters::{ActiveShards, Health, NoParameters, Query, bad, parameters};
use crate::selection::Indices;

/// The version of OpenSearch whose clients are served.
const OPENSEARCH: &str = "2.19.0";

/// The names of the cluster and of its only node.
pub(super) const CLUSTER: &str = "whittle";
pub(super) const NODE: &str = "whittle";

/// What a client learns of the node first; the Java client requires each member.
#[derive(Debug, Serialize)]
struct Banner {
    name: &'static str,
    cluster_name: &'static str,
    cluster_uuid: &'static str,
    version: BannerVersion,
    whittle: &'static str,
    tagline: &'static str,
}

#[derive(Debug, Serialize)]
struct BannerVersion {
    distribution: &'static str,
    number: &'static str,
    build_type: &'static str,
    build_hash: &'static str,
    build_date: &'static str,
    build_snapshot: bool,
    lucene_version: &'static str,
    minimum_wire_compatibility_version: &'static str,
    minimum_index_compatibility_version: &'static str,
}

const BANNER: Banner = Banner {
    name: NODE,
    cluster_name: CLUSTER,
    cluster_uuid: "_na_",
    version: BannerVersion {
        distribution: "opensearch",
        number: OPENSEARCH,
        build_type: "whittle",
        build_hash: "unknown",
        build_date: "1970-01-01T00:00:00Z",
        build_snapshot: false,
        lucene_version: "9.12.1",
        minimum_wire_compatibility_version: "7.10.0",
        minimum_index_compatibility_version: "7.0.0",
    },
    whittle: env!("CARGO_PKG_VERSION"),
    tagline: "You know, for search, with functions of your own",
};

/// Describe this node to clients; browsers are shown its page.
#[utoipa::path(
    get, path = "/", tag = "node",
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn banner(headers: HeaderMap, _: Query<NoParameters>, _: NoBody) -> Response {
    let accepted = headers.get(ACCEPT).map(HeaderValue::as_bytes);
    let is_browser = accepted.is_some_and(|kinds| kinds.starts_with(b"text/html"));
    if is_browser {
        return page::index();
    }
    axum::Json(BANNER).into_response()
}

/// Show what the node has done and holds, in the format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "node",
    responses((status = 200, content_type = "application/openmetrics-text", body = String))
)]
pub(super) async fn metrics(
    extract::State(node): Shared,
    _: Query<NoParameters>,
) -> Result<Response, ApiError> {
    let node_of = Arc::clone(&node);
    let text = move || {
        node_of.metrics.text(&node_of).map_err(|error| {
            ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", &error)
        })
    };
    let text = node.reports.run(text).await?;
    Ok(([(CONTENT_TYPE, metrics::FORMAT)], text).into_response())
}

/// The answer of a node that answers.
#[derive(Debug, Serialize)]
pub(super) struct Alive {
    status: Health,
}

/// Show that the node answers.
#[utoipa::path(
    get, path = "/health", tag = "node",
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn health(_: Query<NoParameters>) -> axum::Json<Alive> {
    axum::Json(Alive {
        status: Health::Green,
    })
}

parameters! {
    /// What a cluster's health is waited for. What it waits for comes at once or never, since no
    /// shard moves on one node: 408 is answered at once.
    HealthParameters {
        /// The least health: `green`, `yellow` or `red`.
        wait_for_status: Option<Health> = "wait_for_status",
        /// How many nodes there must be: a number, or one after `>=`, `<=`, `>` or `<`.
        wait_for_nodes: Option<String> = "wait_for_nodes",
        /// How many shards must be active: a number, or `all`.
        wait_for_active_shards: Option<ActiveShards> = "wait_for_active_shards",
        /// `indices` or `shards` add their health to the answer; `cluster` is the default.
        level: Option<String> = "level",
    }
    with {
        /// Which indexes.
        indices: Indices,
    }
    ignoring [
        "local", "timeout", "cluster_manager_timeout", "master_timeout", "wait_for_events",
        "wait_for_no_initializing_shards", "wait_for_no_relocating_shards"
    ]
}

/// What indexes together are.
pub(super) struct State {
    pub(super) status: Health,
    pub(super) shards: u64,
    pub(super) unassigned: u64,
}

impl State {
    pub(super) fn of(conditions: &[Condition]) -> Self {
        let mut state = Self {
            status: Health::Green,
            shards: 0,
            unassigned: 0,
        };
        for condition in conditions {
            state.status = state.status.max(condition.health());
            state.unassigned += condition.settings.replicas();
            match condition.is_active {
                true => state.shards += 1,
                false => state.unassigned += 1,
            }
        }
        state
    }

    /// How many of the shards that are to be there are.
    pub(super) fn percent(&self) -> f64 {
        match self.shards + self.unassigned {
            0 => 100.0,
            all => 100.0 * self.shards as f64 / all as f64,
        }
    }
}

/// The health of a cluster.
#[derive(Debug, Serialize)]
struct ClusterHealth {
    cluster_name: &'static str,
    status: Health,
    timed_out: bool,
    number_of_nodes: u64,
    number_of_data_nodes: u64,
    discovered_master: bool,
    discovered_cluster_manager: bool,
    active_primary_shards: u64,
    active_shards: u64,
    relocating_shards: u64,
    initializing_shards: u64,
    unassigned_shards: u64,
    delayed_unassigned_shards: u64,
    number_of_pending_tasks: u64,
    number_of_in_flight_fetch: u64,
    task_max_waiting_in_queue_millis: u64,
    active_shards_percent_as_number: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    indices: Option<BTreeMap<String, IndexHealth>>,
}

#[derive(Debug, Serialize)]
struct IndexHealth {
    status: Health,
    number_of_shards: u64,
    number_of_replicas: u64,
    active_primary_shards: u64,
    active_shards: u64,
    relocating_shards: u64,
    initializing_shards: u64,
    unassigned_shards: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shards: Option<BTreeMap<&'static str, ShardHealth>>,
}

#[derive(Debug, Serialize)]
struct ShardHealth {
    status: Health,
    primary_active: bool,
    active_shards: u64,
    relocating_shards: u64,
    initializing_shards: u64,
    unassigned_shards: u64,
}

fn index_health(condition: Condition, with_shards: bool) -> IndexHealth {
    let (status, replicas) = (condition.health(), condition.settings.replicas());
    let active = u64::from(condition.is_active);
    let unassigned = replicas + 1 - active;
    let shard = ShardHealth {
        status,
        primary_active: condition.is_active,
        active_shards: active,
        relocating_shards: 0,
        initializing_shards: 0,
        unassigned_shards: unassigned,
    };
    IndexHealth {
        status,
        number_of_shards: 1,
        number_of_replicas: replicas,
        active_primary_shards: active,
        active_shards: active,
        relocating_shards: 0,
        initializing_shards: 0,
        unassigned_shards: unassigned,
        reason: condition.failure,
        shards: with_shards.then(|| BTreeMap::from([("0", shard)])),
    }
}

/// Show the health of the cluster, of which this node is the whole.
#[utoipa::path(
    get, path = "/_cluster/health", tag = "node",
    params(HealthParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn cluster_health(
    shared: Shared,
    Query(parameters): Query<HealthParameters>,
    _: NoBody,
) -> Result<Response, ApiError> {
    health_of(shared, "_all", &parameters)
}

/// Show the health of some indexes.
#[utoipa::path(
    get, path = "/_cluster/health/{index}", tag = "node",
    params(HealthParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn health_of_index(
    shared: Shared,
    Path(names): Path<String>,
    Query(parameters): Query<HealthParameters>,
    _: NoBody,
) -> Result<Response, ApiError> {
    health_of(shared, &names, &parameters)
}

fn health_of(
    extract::State(node): Shared,
    names: &str,
    parameters: &HealthParameters,
) -> Result<Response, ApiError> {
    let (by_index, by_shard) = match parameters.level.as_deref() {
        None | Some("cluster") => (false, false),
        Some("indices") => (true, false),
        Some("shards") => (true, true),
        Some(other) => {
            let other = one_line(other);
            return Err(bad(format!(
                "level parameter must be one of [cluster] or [indices] or [shards] but was \
                 [{other}]"
            )));
        }
    };
    let nodes = match &parameters.wait_for_nodes {
        None => true,
        Some(text) => enough_nodes(text).ok_or_else(|| {
            let text = one_line(text);
            bad(format!(
                "[wait_for_nodes] has the value [{text}], which is not a number of nodes"
            ))
        })?,
    };
    // An index that does not exist is waited for, and does not come.
    let (selected, is_missing) = match parameters.indices.select(&node, names) {
        Ok(selected) => (selected, false),
        Err(error) if error.status() == StatusCode::NOT_FOUND => (Vec::new(), true),
        Err(error) => return Err(error),
    };
    let (names, conditions): (Vec<String>, Vec<Condition>) = selected
        .into_iter()
        .map(|(name, entry)| (name, entry.condition()))
        .unzip();
    let mut state = State::of(&conditions);
    if is_missing {
        state.status = Health::Red;
    }
    let status = (parameters.wait_for_status).is_none_or(|least| state.status <= least);
    let active = match parameters.wait_for_active_shards {
        None => true,
        Some(ActiveShards::All) => state.unassigned == 0,
        Some(ActiveShards::Number(shards)) => state.shards >= shards,
    };
    let timed_out = is_missing || !status || !nodes || !active;
    let indices = by_index.then(|| {
        let each = names.into_iter().zip(conditions);
        each.map(|(name, condition)| (name, index_health(condition, by_shard)))
            .collect()
    });
    let answer = ClusterHealth {
        cluster_name: CLUSTER,
        status: state.status,
        timed_out,
        number_of_nodes: 1,
        number_of_data_nodes: 1,
        discovered_master: true,
        discovered_cluster_manager: true,
        active_primary_shards: state.shards,
        active_shards: state.shards,
        relocating_shards: 0,
        initializing_shards: 0,
        unassigned_shards: state.unassigned,
        delayed_unassigned_shards: 0,
        number_of_pending_tasks: 0,
        number_of_in_flight_fetch: 0,
        task_max_waiting_in_queue_millis: 0,
        active_shards_percent_as_number: state.percent(),
        indices,
    };
    let status = match timed_out {
        true => StatusCode::REQUEST_TIMEOUT,
        false => StatusCode::OK,
    };
    Ok((status, axum::Json(answer)).into_response())
}

/// Whether one node is enough; `None` for what is not a number of nodes.
fn enough_nodes(text: &str) -> Option<bool> {
    let text = text.trim();
    for (sign, name) in [(">=", "ge("), ("<=", "le("), (">", "gt("), ("<", "lt(")] {
        let named = || text.strip_prefix(name)?.strip_suffix(')');
        if let Some(number) = text.strip_prefix(sign).or_else(named) {
            let number: u64 = number.trim().parse().ok()?;
            return Some(match sign {
                ">=" => 1 >= number,
                "<=" => 1 <= number,
                ">" => 1 > number,
                _ => 1 < number,
            });
        }
    }
    text.parse::<u64>().ok().map(|number| number == 1)
}

/// The time of a day in UTC, as `HH:MM:SS`.
pub(super) fn time(seconds: u64) -> String {
    let of_day = seconds % 86_400;
    let (hours, minutes) = (of_day / 3600, of_day / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", of_day % 60)
}

/// A point in time in UTC, of milliseconds since 1970.
pub(super) fn date(millis: u64) -> Option<String> {
    let date = chrono::DateTime::from_timestamp_millis(millis.try_into().ok()?)?;
    Some(date.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_node_is_enough_or_not() {
        let read = |text| enough_nodes(text);
        for text in ["1", ">=1", "<=2", ">0", "<2", "ge(1)", "lt( 5 )"] {
            assert_eq!(read(text), Some(true), "{text}");
        }
        for text in ["2", ">=2", "<1", "gt(1)"] {
            assert_eq!(read(text), Some(false), "{text}");
        }
        for text in ["", "some", ">=x", "ge(1", "-1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_shown_in_utc() {
        assert_eq!(time(86_399), "23:59:59");
        assert_eq!(
            date(1_420_070_400_123).as_deref(),
            Some("2015-01-01T00:00:00.123Z")
        );
    }
}
