//! Tables for people: `/_cat`.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::response::Response;
use whittle_node::index::IndexStatistics;

use super::Shared;
use super::cluster::{CLUSTER, NODE, State as ClusterState, time};
use crate::address::Path;
use crate::body::NoBody;
use crate::error::ApiError;
use crate::failures::unavailable;
use crate::indexes::Entry;
use crate::parameters::{Health, Query, Switch, parameters};
use crate::presentation::Presentation;
use crate::selection::Indices;
use crate::table::{Cell, Column, Table, TableParameters};

parameters! {
    /// The table of indexes.
    IndicesParameters {
        /// Only indexes of this health.
        health: Option<Health> = "health",
    }
    with {
        /// Which indexes.
        indices: Indices,
        /// How it is shown.
        table: TableParameters,
    }
    ignoring ["include_unloaded_segments", "pri"]
}

parameters! {
    /// A table about indexes.
    SomeParameters {}
    with {
        /// Which indexes.
        indices: Indices,
        /// How it is shown.
        table: TableParameters,
    }
}

const fn shown(name: &'static str, short: &'static str, about: &'static str) -> Column {
    Column {
        name,
        short,
        about,
        shown: true,
    }
}

const fn hidden(name: &'static str, short: &'static str, about: &'static str) -> Column {
    Column {
        name,
        short,
        about,
        shown: false,
    }
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

const INDICES: &[Column] = &[
    shown("health", "h", "current health status"),
    shown("status", "s", "open/close status"),
    shown("index", "i,idx", "index name"),
    shown("uuid", "id,uuid", "index uuid"),
    shown(
        "pri",
        "p,shards.primary,shardsPrimary",
        "number of primary shards",
    ),
    shown(
        "rep",
        "r,shards.replica,shardsReplica",
        "number of replica shards",
    ),
    shown("docs.count", "dc,docsCount", "available docs"),
    shown("docs.deleted", "dd,docsDeleted", "deleted docs"),
    hidden(
        "creation.date",
        "cd",
        "index creation date (millisecond value)",
    ),
    hidden(
        "creation.date.string",
        "cds",
        "index creation date (as string)",
    ),
    shown(
        "store.size",
        "ss,storeSize",
        "store size of primaries & replicas",
    ),
    shown("pri.store.size", "pss", "store size of primaries"),
    hidden("segments.count", "sc,segmentsCount", "number of segments"),
];

fn row(name: &str, entry: &Arc<Entry>) -> (Health, Vec<Cell>) {
    // First, since it may open the index, which shows its condition.
    let statistics = entry.statistics().ok();
    let condition = entry.condition();
    let number = |of: fn(&IndexStatistics) -> u64| match &statistics {
        Some(statistics) => Cell::Number(of(statistics)),
        None => Cell::Empty,
    };
    let size = || match &statistics {
        Some(statistics) => Cell::Size(statistics.bytes),
        None => Cell::Empty,
    };
    let (health, settings) = (condition.health(), &condition.settings);
    let cells = vec![
        text(health.name()),
        text("open"),
        text(name),
        text(settings.uuid.clone()),
        Cell::Number(1),
        Cell::Number(settings.replicas()),
        number(|statistics| statistics.documents),
        number(|statistics| statistics.deleted),
        Cell::Number(settings.created),
        text(super::cluster::date(settings.created).unwrap_or_default()),
        size(),
        size(),
        number(|statistics| statistics.segments as u64),
    ];
    (health, cells)
}

async fn indices_table(
    State(node): Shared,
    names: &str,
    parameters: IndicesParameters,
    presentation: Presentation,
) -> Result<Response, ApiError> {
    let selected = parameters.indices.select(&node, names)?;
    let reports = node.reports.clone();
    let table = move || {
        let rows = selected.iter().filter_map(|(name, entry)| {
            let (health, cells) = row(name, entry);
            let is_asked = parameters.health.is_none_or(|asked| asked == health);
            is_asked.then_some(cells)
        });
        let table = Table {
            columns: INDICES,
            rows: rows.collect(),
        };
        table.shown(&parameters.table, presentation)
    };
    reports.run(table).await
}

/// List the indexes as a table.
#[utoipa::path(
    get, path = "/_cat/indices", tag = "tables",
    params(IndicesParameters),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(super) async fn indices(
    shared: Shared,
    Query(parameters): Query<IndicesParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<Response, ApiError> {
    indices_table(shared, "_all", parameters, presentation).await
}

/// List some indexes as a table.
#[utoipa::path(
    get, path = "/_cat/indices/{index}", tag = "tables",
    params(IndicesParameters),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(super) async fn some_indices(
    shared: Shared,
    Path(names): Path<String>,
    Query(parameters): Query<IndicesParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<Response, ApiError> {
    indices_table(shared, &names, parameters, presentation).await
}

const COUNT: &[Column] = &[
    shown("epoch", "t,time", "seconds since 1970-01-01 00:00:00"),
    shown("timestamp", "ts,hms,hhmmss", "time in HH:MM:SS"),
    shown("count", "dc,docs.count,docsCount", "the document count"),
];

/// The cells of the time that it is.
fn now() -> [Cell; 2] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.map_or(0, |since| since.as_secs());
    [text(seconds.to_string()), text(time(seconds))]
}

async fn count_table(
    State(node): Shared,
    names: &str,
    parameters: SomeParameters,
    presentation: Presentation,
) -> Result<Response, ApiError> {
    let selected = parameters.indices.select(&node, names)?;
    let table = move || {
        let mut count = 0;
        for (name, entry) in selected {
            let statistics = entry.statistics();
            count += statistics
                .map_err(|error| unavailable(&name, error))?
                .documents;
        }
        let [epoch, timestamp] = now();
        let table = Table {
            columns: COUNT,
            rows: vec![vec![epoch, timestamp, Cell::Number(count)]],
        };
        table.shown(&parameters.table, presentation)
    };
    node.reports.run(table).await
}

/// Count the documents of all indexes.
#[utoipa::path(
    get, path = "/_cat/count", tag = "tables",
    params(SomeParameters),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(super) async fn count(
    shared: Shared,
    Query(parameters): Query<SomeParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<Response, ApiError> {
    count_table(shared, "_all", parameters, presentation).await
}

/// Count the documents of some indexes.
#[utoipa::path(
    get, path = "/_cat/count/{index}", tag = "tables",
    params(SomeParameters),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(super) async fn some_count(
    shared: Shared,
    Path(names): Path<String>,
    Query(parameters): Query<SomeParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<Response, ApiError> {
    count_table(shared, &names, parameters, presentation).await
}

parameters! {
    /// The table of the cluster's health.
    HealthTableParameters {
        /// Whether the time is shown, by default true.
        ts: Switch = "ts",
    }
    with {
        /// How it is shown.
        table: TableParameters,
    }
}

/// The first columns of the health, which are the time.
const TIME_COLUMNS: usize = 2;

const HEALTH: &[Column] = &[
    shown("epoch", "t,time", "seconds since 1970-01-01 00:00:00"),
    shown("timestamp", "ts,hms,hhmmss", "time in HH:MM:SS"),
    shown("cluster", "cl", "cluster name"),
    shown("status", "st", "health status"),
    shown("node.total", "nt,nodeTotal", "total number of nodes"),
    shown(
        "node.data",
        "nd,nodeData",
        "number of nodes that can store data",
    ),
    shown(
        "discovered_cluster_manager",
        "dcm",
        "cluster manager is discovered or not",
    ),
    shown(
        "shards",
        "t,sh,shards.total,shardsTotal",
        "total number of shards",
    ),
    shown(
        "pri",
        "p,shards.primary,shardsPrimary",
        "number of primary shards",
    ),
    shown(
        "relo",
        "r,shards.relocating,shardsRelocating",
        "number of relocating nodes",
    ),
    shown(
        "init",
        "i,shards.initializing,shardsInitializing",
        "number of initializing nodes",
    ),
    shown(
        "unassign",
        "u,shards.unassigned,shardsUnassigned",
        "number of unassigned shards",
    ),
    shown(
        "pending_tasks",
        "pt,pendingTasks",
        "number of pending tasks",
    ),
    shown(
        "max_task_wait_time",
        "mtwt,maxTaskWaitTime",
        "wait time of longest task pending",
    ),
    shown(
        "active_shards_percent",
        "asp,activeShardsPercent",
        "active number of shards in percent",
    ),
];

/// Show the health of the cluster as a table.
#[utoipa::path(
    get, path = "/_cat/health", tag = "tables",
    params(HealthTableParameters),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(super) async fn health(
    State(node): Shared,
    Query(parameters): Query<HealthTableParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<Response, ApiError> {
    let conditions = node.indexes().into_iter();
    let conditions: Vec<_> = conditions.map(|(_, entry)| entry.condition()).collect();
    let state = ClusterState::of(&conditions);
    let [epoch, timestamp] = now();
    let mut row = vec![
        epoch,
        timestamp,
        text(CLUSTER),
        text(state.status.name()),
        Cell::Number(1),
        Cell::Number(1),
        text("true"),
        Cell::Number(state.shards),
        Cell::Number(state.shards),
        Cell::Number(0),
        Cell::Number(0),
        Cell::Number(state.unassigned),
        Cell::Number(0),
        text("-"),
        text(format!("{:.1}%", state.percent())),
    ];
    let mut columns = HEALTH;
    if !parameters.ts.0 {
        row.drain(..TIME_COLUMNS);
        columns = &HEALTH[TIME_COLUMNS..];
    }
    let table = Table {
        columns,
        rows: vec![row],
    };
    table.shown(&parameters.table, presentation)
}

const NODES: &[Column] = &[
    shown(
        "node.role",
        "r,role,nodeRole",
        "m:cluster eligible node, d:data node",
    ),
    shown("node.roles", "rs,all roles", "roles of the node"),
    shown("cluster_manager", "cm,m", "*:current cluster manager"),
    shown("name", "n", "node name"),
    hidden("version", "v", "the version of Whittle"),
    hidden("pid", "p", "process id"),
];

/// Show this node as a table.
#[utoipa::path(
    get, path = "/_cat/nodes", tag = "tables",
    params(TableParameters),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(super) async fn nodes(
    Query(parameters): Query<TableParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<Response, ApiError> {
    let row = vec![
        text("dm"),
        text("cluster_manager,data"),
        text("*"),
        text(NODE),
        text(env!("CARGO_PKG_VERSION")),
        Cell::Number(u64::from(std::process::id())),
    ];
    let table = Table {
        columns: NODES,
        rows: vec![row],
    };
    table.shown(&parameters, presentation)
}

const ALIASES: &[Column] = &[
    shown("alias", "a", "alias name"),
    shown("index", "i,idx", "index alias points to"),
    shown("filter", "f,fi", "filter"),
    shown("routing.index", "ri,routingIndex", "index routing"),
    shown("routing.search", "rs,routingSearch", "search routing"),
    shown("is_write_index", "w,isWriteIndex", "write index"),
];

/// Show the aliases as a table: indexes have no aliases here.
#[utoipa::path(
    get, path = "/_cat/aliases", tag = "tables",
    params(SomeParameters),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(super) async fn aliases(
    Query(parameters): Query<SomeParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<Response, ApiError> {
    let table = Table {
        columns: ALIASES,
        rows: Vec::new(),
    };
    table.shown(&parameters.table, presentation)
}

const SHARDS: &[Column] = &[
    shown("index", "i,idx", "index name"),
    shown("shard", "s,sh", "shard name"),
    shown("prirep", "p,pr,primaryOrReplica", "primary or replica"),
    shown("state", "st", "shard state"),
    shown("docs", "d,dc", "number of docs in shard"),
    shown("store", "sto", "store size of shard"),
    shown("node", "n", "name of node where it lives"),
    hidden("unassigned.reason", "ur", "reason shard became unassigned"),
    hidden(
        "unassigned.details",
        "ud",
        "additional details as to why the shard became unassigned",
    ),
];

/// The row of a shard that no node has.
fn unassigned(index: &str, kind: &str, reason: &str, details: Cell) -> Vec<Cell> {
    vec![
        text(index),
        Cell::Number(0),
        text(kind),
        text("UNASSIGNED"),
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
        text(reason),
        details,
    ]
}

async fn shards_table(
    State(node): Shared,
    names: &str,
    parameters: SomeParameters,
    presentation: Presentation,
) -> Result<Response, ApiError> {
    let selected = parameters.indices.select(&node, names)?;
    let reports = node.reports.clone();
    let table = move || {
        let mut rows = Vec::new();
        for (name, entry) in selected {
            let statistics = entry.statistics();
            let condition = entry.condition();
            rows.push(match statistics {
                Ok(statistics) => vec![
                    text(&*name),
                    Cell::Number(0),
                    text("p"),
                    text("STARTED"),
                    Cell::Number(statistics.documents),
                    Cell::Size(statistics.bytes),
                    text(NODE),
                    Cell::Empty,
                    Cell::Empty,
                ],
                Err(_) => {
                    let details = condition.failure.map_or(Cell::Empty, Cell::Text);
                    unassigned(&name, "p", "ALLOCATION_FAILED", details)
                }
            });
            for _ in 0..condition.settings.replicas() {
                rows.push(unassigned(&name, "r", "INDEX_CREATED", Cell::Empty));
            }
        }
        let table = Table {
            columns: SHARDS,
            rows,
        };
        table.shown(&parameters.table, presentation)
    };
    reports.run(table).await
}

/// List the shards, one an index, as a table.
#[utoipa::path(
    get, path = "/_cat/shards", tag = "tables",
    params(SomeParameters),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(super) async fn shards(
    shared: Shared,
    Query(parameters): Query<SomeParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<Response, ApiError> {
    shards_table(shared, "_all", parameters, presentation).await
}

/// List the shards of some indexes as a table.
#[utoipa::path(
    get, path = "/_cat/shards/{index}", tag = "tables",
    params(SomeParameters),
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(super) async fn some_shards(
    shared: Shared,
    Path(names): Path<String>,
    Query(parameters): Query<SomeParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<Response, ApiError> {
    shards_table(shared, &names, parameters, presentation).await
}
