//! Statistics of each function of each version, since this process began.
//!
//! All atomics: workers count without waiting for each other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use semver::Version;
use serde::Serialize;

use super::breaker::BreakerState;
use crate::bound::Evaluation;
use crate::error::Stopped;

/// The statistics of one function of one version in this process.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunctionStatistics {
    /// The component's name.
    pub name: String,
    /// The component's version.
    pub version: Version,
    /// The function.
    pub function: String,
    /// Queries that selected it.
    pub queries: u64,
    /// Instances created for these queries: one for each worker.
    pub instantiations: u64,
    /// Documents evaluated.
    pub documents: u64,
    /// Evaluations for them: of a function that reads a single keyword column, one for each
    /// distinct value.
    pub evaluations: u64,
    /// Errors by kind.
    pub errors: Errors,
    /// Time in evaluation, summed over workers, in microseconds.
    pub time_us: u64,
    /// A histogram of its queries by time spent in evaluation, summed over workers.
    pub times: Vec<TimeBucket>,
    /// The peak memory of one instance, in bytes.
    pub memory_peak_bytes: u64,
    /// How long the component took to compile in this process, in microseconds; `None` if it came
    /// from the cache.
    pub compile_time_us: Option<u64>,
    /// The state of its circuit breaker.
    pub breaker: BreakerState,
}

/// Errors by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Errors {
    /// Documents for which the function failed.
    pub documents: u64,
    /// Arguments that did not fit the manifest, or with which the guest could not be prepared.
    pub arguments: u64,
    /// Traps, and breaches of the contract.
    pub traps: u64,
    /// Queries that ran out of wall-clock or processor time.
    pub timeouts: u64,
    /// Queries that exceeded another limit.
    pub limits: u64,
    /// Queries that were cancelled while it ran.
    pub cancelled: u64,
    /// Queries that got no instance because the engine was busy.
    pub busy: u64,
    /// Queries that were refused because the function had failed too often.
    pub switched_off: u64,
}

/// The number of queries in a range of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TimeBucket {
    /// The upper bound in microseconds; the bucket before gives the lower one. `None` is unbounded.
    pub up_to_us: Option<u64>,
    /// The number of queries.
    pub queries: u64,
}

/// The bounds of the histogram's buckets: 16 us to 16 s, each four times the previous one.
const BOUNDS_US: [u64; 11] = {
    let mut bounds = [16; 11];
    let mut i = 1;
    while i < bounds.len() {
        bounds[i] = bounds[i - 1] * 4;
        i += 1;
    }
    bounds
};

/// Why a function was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Trap,
    Timeout,
    Limit,
    Cancelled,
    Busy,
}

impl Ending {
    pub(super) fn of(stopped: &Stopped) -> Self {
        match stopped {
            Stopped::Limit(limit) if limit.kind.is_time() => Self::Timeout,
            Stopped::Limit(_) => Self::Limit,
            Stopped::Cancelled => Self::Cancelled,
            Stopped::Busy { .. } => Self::Busy,
            Stopped::Trap { .. } | Stopped::Misuse { .. } | Stopped::Wasmtime(_) => Self::Trap,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    queries: AtomicU64,
    instantiations: AtomicU64,
    documents: AtomicU64,
    evaluations: AtomicU64,
    document_errors: AtomicU64,
    arguments: AtomicU64,
    traps: AtomicU64,
    timeouts: AtomicU64,
    limits: AtomicU64,
    cancelled: AtomicU64,
    busy: AtomicU64,
    switched_off: AtomicU64,
    time_us: AtomicU64,
    times: [AtomicU64; BOUNDS_US.len() + 1],
    memory_peak_bytes: AtomicU64,
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Counters {
    pub(super) fn switched_off(&self) {
        add(&self.switched_off, 1);
    }

    pub(super) fn instantiated(&self) {
        add(&self.instantiations, 1);
    }

    pub(super) fn arguments(&self) {
        add(&self.arguments, 1);
    }

    pub(super) fn evaluated(&self, evaluation: &Evaluation<'_>) {
        let Evaluation {
            documents,
            evaluations,
            errors,
            memory_bytes,
            ..
        } = *evaluation;
        add(&self.documents, documents);
        add(&self.evaluations, evaluations);
        add(&self.document_errors, errors);
        self.memory_peak_bytes
            .fetch_max(memory_bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn ended(&self, ending: Ending) {
        let counter = match ending {
            Ending::Trap => &self.traps,
            Ending::Timeout => &self.timeouts,
            Ending::Limit => &self.limits,
            Ending::Cancelled => &self.cancelled,
            Ending::Busy => &self.busy,
        };
        add(counter, 1);
    }

    /// A query has ended that spent this time in evaluation.
    pub(super) fn query(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        add(&self.queries, 1);
        add(&self.time_us, us);
        let bucket = BOUNDS_US.partition_point(|bound| *bound < us);
        add(&self.times[bucket], 1);
    }

    pub(super) fn statistics(
        &self,
        name: &str,
        version: &Version,
        function: &str,
        compile_time: Option<Duration>,
        breaker: BreakerState,
    ) -> FunctionStatistics {
        let bounds = BOUNDS_US.iter().copied().map(Some).chain([None]);
        let times = bounds
            .zip(&self.times)
            .map(|(up_to_us, queries)| TimeBucket {
                up_to_us,
                queries: get(queries),
            });
        FunctionStatistics {
            name: name.to_owned(),
            version: version.clone(),
            function: function.to_owned(),
            queries: get(&self.queries),
            instantiations: get(&self.instantiations),
            documents: get(&self.documents),
            evaluations: get(&self.evaluations),
            errors: Errors {
                documents: get(&self.document_errors),
                arguments: get(&self.arguments),
                traps: get(&self.traps),
                timeouts: get(&self.timeouts),
                limits: get(&self.limits),
                cancelled: get(&self.cancelled),
                busy: get(&self.busy),
                switched_off: get(&self.switched_off),
            },
            time_us: get(&self.time_us),
            times: times.collect(),
            memory_peak_bytes: get(&self.memory_peak_bytes),
            compile_time_us: compile_time
                .map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            breaker,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_a_time_in_its_bucket() {
        let counters = Counters::default();
        for us in [0, 16, 17, 64, 16_777_216, 16_777_217, 3_000_000_000] {
            counters.query(Duration::from_micros(us));
        }
        let version = Version::new(1, 0, 0);
        let statistics = counters.statistics("n", &version, "f", None, BreakerState::Closed);
        let counts: Vec<_> = statistics
            .times
            .iter()
            .map(|bucket| bucket.queries)
            .collect();
        assert_eq!(counts, [2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(statistics.times[10].up_to_us, Some(16_777_216));
        assert_eq!(statistics.queries, 7);
    }
}
