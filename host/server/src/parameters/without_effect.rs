//! Parameters that can change nothing on one node, each with the reason.
//!
//! This is the only list of what is taken and not obeyed. Routes name which of them they take, and
//! their values are checked all the same.

use utoipa::openapi::path::Parameter;

use super::values::{Switch, Time, Value, VersionType};
use crate::error::ApiError;

/// What a value must be.
#[derive(Clone, Copy)]
enum Kind {
    Flag,
    Number,
    Time,
    Text,
    VersionType,
}

const WITHOUT_EFFECT: &[(&str, Kind, &str)] = &[
    (
        "allow_partial_search_results",
        Kind::Flag,
        "an index has one shard, which answers in whole or fails",
    ),
    (
        "batched_reduce_size",
        Kind::Number,
        "one shard's results need no merging",
    ),
    (
        "cancel_after_time_interval",
        Kind::Time,
        "a search ends with its client, and at the node's own limit of time",
    ),
    (
        "ccs_minimize_roundtrips",
        Kind::Flag,
        "there are no other clusters to search",
    ),
    (
        "cluster_manager_timeout",
        Kind::Time,
        "this node is the cluster manager, and need not wait for one",
    ),
    (
        "error_trace",
        Kind::Flag,
        "errors of this node have no stack traces",
    ),
    (
        "flush",
        Kind::Flag,
        "a merge brings what is written to the disk in any case",
    ),
    ("ignore_throttled", Kind::Flag, "no index is throttled"),
    (
        "include_unloaded_segments",
        Kind::Flag,
        "all segments are loaded",
    ),
    (
        "local",
        Kind::Flag,
        "what this node knows is all that the cluster knows",
    ),
    (
        "master_timeout",
        Kind::Time,
        "this node is the cluster manager, and need not wait for one",
    ),
    (
        "max_concurrent_searches",
        Kind::Number,
        "searches of one request run one after the other, and the order of answers is the same",
    ),
    (
        "max_concurrent_shard_requests",
        Kind::Number,
        "an index has one shard",
    ),
    (
        "only_expunge_deletes",
        Kind::Flag,
        "a merge leaves one segment, without deleted documents",
    ),
    (
        "phase_took",
        Kind::Flag,
        "there is one phase, which `took` measures",
    ),
    (
        "pre_filter_shard_size",
        Kind::Number,
        "an index has one shard",
    ),
    ("pri", Kind::Flag, "the only copy of a shard is its primary"),
    (
        "preference",
        Kind::Text,
        "a shard has one copy, which all searches read",
    ),
    (
        "request_cache",
        Kind::Flag,
        "answers are not cached, and a cached one would be the same",
    ),
    (
        "retry_on_conflict",
        Kind::Number,
        "an update reads and writes its document in one step, so that no other write comes between",
    ),
    (
        "routing",
        Kind::Text,
        "an index has one shard, which all documents go to",
    ),
    ("time", Kind::Text, "no column of the table is a time"),
    (
        "timeout",
        Kind::Time,
        "the shard is there, and a change of the cluster need not reach other nodes",
    ),
    (
        "version_type",
        Kind::VersionType,
        "the node numbers versions itself, which is `internal`; other types are refused",
    ),
    (
        "wait_for_completion",
        Kind::Flag,
        "requests are answered when their work is done",
    ),
    (
        "wait_for_events",
        Kind::Text,
        "no change of the cluster is ever pending",
    ),
    (
        "wait_for_no_initializing_shards",
        Kind::Flag,
        "no shard is initializing when a request comes",
    ),
    (
        "wait_for_no_relocating_shards",
        Kind::Flag,
        "there is no other node to relocate a shard to",
    ),
    (
        "write_index_only",
        Kind::Flag,
        "there are no aliases with an index to write to",
    ),
];

fn entry(name: &str) -> Option<&'static (&'static str, Kind, &'static str)> {
    WITHOUT_EFFECT.iter().find(|(known, ..)| *known == name)
}

/// Checks the value of a parameter of the list.
///
/// # Errors
///
/// 400 for a value that it cannot have.
pub(super) fn check(name: &'static str, text: &str) -> Result<(), ApiError> {
    match entry(name).map(|(_, kind, _)| *kind) {
        Some(Kind::Flag) => Switch::read(name, text).map(drop),
        Some(Kind::Number) => u64::read(name, text).map(drop),
        Some(Kind::Time) => Time::read(name, text).map(drop),
        Some(Kind::VersionType) => VersionType::read(name, text).map(drop),
        Some(Kind::Text) | None => Ok(()),
    }
}

/// What the API's description says of it.
pub(super) fn described(name: &str) -> Parameter {
    let (kind, reason) = entry(name).map_or((Kind::Text, ""), |(_, kind, reason)| (*kind, *reason));
    let text = format!("No effect: {reason}.");
    match kind {
        Kind::Flag => super::described::<Switch>(name, &[&text]),
        Kind::Number => super::described::<u64>(name, &[&text]),
        Kind::Time => super::described::<Time>(name, &[&text]),
        Kind::Text => super::described::<String>(name, &[&text]),
        Kind::VersionType => super::described::<VersionType>(name, &[&text]),
    }
}
