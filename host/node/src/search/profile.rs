//! `profile`: what each clause of a query did, and what the search took of its budget.

use serde::Serialize;
use whittle_host::{Budget, QueryContext};

use crate::computed::Watch;
use crate::udf::FunctionCost;

/// What a search did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// The clauses of the query, those inside a clause before it. One that the query's shape makes
    /// unnecessary was never asked.
    pub clauses: Vec<ClauseReport>,
    /// The functions of the request, and what the search took for their cost when it ordered the
    /// clauses. Empty if it has no functions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<FunctionCost>,
    /// What the search took, and what it might have.
    pub budget: Vec<BudgetReport>,
}

/// What a clause did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseReport {
    /// Where it stands in the request.
    pub path: String,
    /// How long it was at work, in microseconds, over all threads, with the clauses inside it. The
    /// clock is part of it: some 50 ns a document.
    pub time_us: u64,
    /// About how many documents it was asked, or how often for the next one.
    pub documents_in: u64,
    /// How many documents it had.
    pub documents_out: u64,
}

/// What a search took of one limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetReport {
    /// The limit, as [`Budget`] names it.
    pub limit: &'static str,
    /// `us` or `bytes`.
    pub unit: &'static str,
    /// What was taken; of memory, the most that was held at once.
    pub used: u64,
    /// What might have been.
    pub allowed: u64,
}

impl ClauseReport {
    pub(super) fn of((path, watch): &(String, Watch)) -> Self {
        Self {
            path: path.clone(),
            time_us: u64::try_from(watch.time().as_micros()).unwrap_or(u64::MAX),
            documents_in: watch.documents_in(),
            documents_out: watch.documents_out(),
        }
    }
}

/// What a query has taken so far.
pub(super) fn budget(query: &QueryContext) -> Vec<BudgetReport> {
    let (usage, budget) = (query.usage(), query.budget());
    let Budget {
        wall_clock,
        cpu_time,
        memory_bytes,
        log_bytes,
        result_bytes,
        ..
    } = *budget;
    let time = |limit, used: std::time::Duration, allowed: std::time::Duration| BudgetReport {
        limit,
        unit: "us",
        used: u64::try_from(used.as_micros()).unwrap_or(u64::MAX),
        allowed: u64::try_from(allowed.as_micros()).unwrap_or(u64::MAX),
    };
    let bytes = |limit, used, allowed| BudgetReport {
        limit,
        unit: "bytes",
        used: used as u64,
        allowed: allowed as u64,
    };
    vec![
        time("wall_clock", usage.wall_clock, wall_clock),
        time("cpu_time", usage.cpu_time, cpu_time),
        bytes("memory_bytes", usage.memory_peak_bytes, memory_bytes),
        bytes("log_bytes", usage.log_bytes, log_bytes),
        bytes("result_bytes", usage.result_bytes, result_bytes),
    ]
}
