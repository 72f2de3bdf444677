//! What a node has done and holds, as Prometheus reads it.
//!
//! Requests are counted here, as they are answered; all else is asked of what counts it already,
//! when the metrics are asked for. The format is OpenMetrics 1.0
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).

use std::fmt;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use whittle_host::{
    BreakerState, CacheStatistics, FunctionStatistics, PoolStatistics, RegistryStatistics,
};
use whittle_node::Memory;
use whittle_node::index::IndexStatistics;

use crate::connections::ConnectionStatistics;
use crate::head;
use crate::lag::LagStatistics;
use crate::node::Node;

/// The format, for the answer's head.
pub(crate) const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;

/// What is counted of requests.
#[derive(Debug)]
pub(crate) struct Metrics {
    requests: Family<Labels, Counter>,
    times: Family<Labels, Histogram, fn() -> Histogram>,
}

impl Default for Metrics {
    fn default() -> Self {
        // From 100 us to 13 s.
        let histogram = || Histogram::new(exponential_buckets(0.0001, 2.0, 18));
        Self {
            requests: Family::default(),
            times: Family::new_with_constructor(histogram),
        }
    }
}

impl Metrics {
    /// Counts a request. `route` is its pattern, of which there are few, not its address.
    pub(crate) fn request(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        // A client may make up any method.
        let method = head::method(method).unwrap_or("other");
        let method = ("method", method.to_owned());
        let route = ("route", route.to_owned());
        let status = ("status", status.as_str().to_owned());
        self.times
            .get_or_create(&vec![method.clone(), route.clone()])
            .observe(took.as_secs_f64());
        self.requests
            .get_or_create(&vec![method, route, status])
            .inc();
    }

    /// All metrics of a node.
    ///
    /// # Errors
    ///
    /// None: what is written into is a text.
    pub(crate) fn text(&self, node: &Node) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("whittle");
        registry.register("http_requests", "Answered requests", self.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Duration of requests",
            Unit::Seconds,
            self.times.clone(),
        );
        registry.register_collector(Box::new(State::of(node)));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// What a node holds, at one moment.
#[derive(Debug)]
struct State {
    indexes: Vec<(String, IndexStatistics)>,
    /// Whether each index has failed.
    failed: Vec<(String, bool)>,
    functions: Vec<FunctionStatistics>,
    registry: RegistryStatistics,
    pool: PoolStatistics,
    cache: Option<CacheStatistics>,
    memory: Memory,
    large_bodies: Memory,
    connections: ConnectionStatistics,
    lag: LagStatistics,
}

impl State {
    fn of(node: &Node) -> Self {
        let entries = node.indexes();
        // None is opened for its numbers.
        let indexes = entries.iter().filter_map(|(name, entry)| {
            let statistics = entry.known_statistics()?;
            Some((name.clone(), statistics))
        });
        let failed = entries
            .iter()
            .map(|(name, entry)| (name.clone(), entry.condition().failure.is_some()));
        let engine = node.registry().engine();
        Self {
            indexes: indexes.collect(),
            failed: failed.collect(),
            functions: node.registry().function_statistics(),
            registry: node.registry().statistics(),
            pool: engine.pool(),
            cache: engine.cache_statistics(),
            memory: node.memory().clone(),
            large_bodies: node.edge().large_bodies.clone(),
            connections: node.edge().connections.statistics(),
            lag: node.edge().lag.statistics(),
        }
    }
}

impl Collector for State {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(encoder);
        self.indexes(&mut families)?;
        self.functions(&mut families)?;
        self.times(&mut families)?;
        self.engine(&mut families)?;
        self.edge(&mut families)
    }
}

impl State {
    fn indexes(&self, families: &mut Families<'_>) -> fmt::Result {
        families.gauges(
            "index_failed",
            "1 if the index cannot be opened, or if written documents cannot be made visible to searches",
            self.failed
                .iter()
                .map(|(index, failed)| ([("index", index.as_str())], u64::from(*failed))),
        )?;
        let mut gauge = |name, help, value: fn(&IndexStatistics) -> u64| {
            let values = self.indexes.iter();
            families.gauges(
                name,
                help,
                values.map(|(index, statistics)| ([("index", index.as_str())], value(statistics))),
            )
        };
        gauge(
            "index_documents",
            "Documents visible to searches",
            |index| index.documents,
        )?;
        gauge(
            "index_deleted_documents",
            "Deleted and replaced documents that segments still hold",
            |index| index.deleted,
        )?;
        gauge(
            "index_bytes",
            "Size of the files in the index's directory",
            |index| index.bytes,
        )?;
        gauge("index_segments", "Segments visible to searches", |index| {
            index.segments as u64
        })?;
        gauge(
            "index_pending_operations",
            "Operations not visible to searches yet",
            |index| index.pending,
        )
    }

    fn functions(&self, families: &mut Families<'_>) -> fmt::Result {
        let mut counter = |name, help, value: fn(&FunctionStatistics) -> u64| {
            let functions = self.functions.iter();
            families.counters(
                name,
                help,
                None,
                functions.map(|of| (labels(of), value(of))),
            )
        };
        counter("udf_queries", "Queries that used the function", |of| {
            of.queries
        })?;
        counter("udf_documents", "Documents evaluated", |of| of.documents)?;
        counter(
            "udf_evaluations",
            "Evaluations for these documents: one for each distinct value if a function reads a single keyword field",
            |of| of.evaluations,
        )?;
        counter(
            "udf_instantiations",
            "Instances created, one for each worker",
            |of| of.instantiations,
        )?;
        let seconds = self.functions.iter();
        families.counters(
            "udf_evaluation",
            "Time in evaluation, over all workers",
            Some(&Unit::Seconds),
            seconds.map(|of| (labels(of), of.time_us as f64 / 1e6)),
        )?;
        families.counters(
            "udf_errors",
            "Errors, by kind",
            None,
            self.functions.iter().flat_map(errors),
        )?;
        let mut gauge = |name, help, value: fn(&FunctionStatistics) -> u64| {
            let functions = self.functions.iter();
            families.gauges(name, help, functions.map(|of| (labels(of), value(of))))
        };
        gauge(
            "udf_memory_peak_bytes",
            "Largest memory of one instance",
            |of| of.memory_peak_bytes,
        )?;
        gauge(
            "udf_switched_off",
            "1 if the function is switched off because it failed too often",
            |of| u64::from(of.breaker != BreakerState::Closed),
        )
    }

    fn times(&self, families: &mut Families<'_>) -> fmt::Result {
        let mut family = families.0.encode_descriptor(
            "udf_query_duration",
            "Evaluation time of a query, over all workers",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for function in &self.functions {
            let bucket = |bucket: &whittle_host::TimeBucket| {
                let bound = bucket.up_to_us.map_or(f64::MAX, |us| us as f64 / 1e6);
                (bound, bucket.queries)
            };
            let buckets: Vec<(f64, u64)> = function.times.iter().map(bucket).collect();
            let count = buckets.iter().map(|(_, queries)| queries).sum();
            let sum = function.time_us as f64 / 1e6;
            family
                .encode_family(&labels(function))?
                .encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }

    fn edge(&self, families: &mut Families<'_>) -> fmt::Result {
        families.gauge(
            "request_memory_bytes",
            "Memory of the requests in flight",
            self.memory.in_use(),
        )?;
        families.gauge(
            "request_memory_limit_bytes",
            "Largest memory of all requests in flight together",
            self.memory.limit(),
        )?;
        families.counter(
            "request_memory_refused",
            "Requests that were refused because they needed more memory than was free",
            self.memory.refused() + self.large_bodies.refused(),
        )?;
        let connections = &self.connections;
        families.gauge("connections", "Open connections", connections.open)?;
        families.gauge(
            "connections_limit",
            "Largest number of open connections, besides a few for /health and /metrics",
            connections.limit,
        )?;
        families.counter(
            "connections_refused",
            "Connections that were refused because all others were busy",
            connections.refused,
        )?;
        families.counter(
            "connections_closed",
            "Idle connections that were closed, after their time limit or for new ones",
            connections.closed,
        )?;
        let mut longest = |name, help, [since_start, since_read]: [Duration; 2]| {
            let values = [("start", since_start), ("scrape", since_read)];
            let values = values.map(|(since, time)| ([("since", since)], time.as_secs_f64()));
            families.times(name, help, values)
        };
        longest(
            "runtime_lag",
            "Longest time that one request blocked a thread of the runtime",
            self.lag.held,
        )?;
        longest(
            "runtime_delay",
            "Largest delay of a timer of the runtime",
            self.lag.late,
        )
    }

    fn engine(&self, families: &mut Families<'_>) -> fmt::Result {
        let (pool, registry) = (&self.pool, &self.registry);
        families.gauge(
            "pool_instances",
            "Largest number of instances at a time",
            u64::from(pool.instances),
        )?;
        families.gauge(
            "pool_instances_in_use",
            "Instances in use now",
            u64::from(pool.in_use),
        )?;
        families.gauge(
            "pool_waiting",
            "Bindings that are waiting for an instance now",
            pool.waiting as u64,
        )?;
        families.counter(
            "pool_waits",
            "Bindings that had to wait for an instance",
            pool.waits,
        )?;
        families.counter(
            "pool_busy",
            "Bindings that failed because the engine was busy",
            pool.busy,
        )?;
        families.gauge(
            "registry_versions",
            "Versions in the registry",
            registry.versions as u64,
        )?;
        families.gauge(
            "registry_compiled_bytes",
            "Size of the loaded compiled code",
            registry.compiled_bytes as u64,
        )?;
        families.counter(
            "registry_loads",
            "Versions that were loaded again",
            registry.loads,
        )?;
        families.counter(
            "registry_evictions",
            "Versions that were unloaded",
            registry.evictions,
        )?;
        let Some(cache) = &self.cache else {
            return Ok(());
        };
        families.counter(
            "cache_hits",
            "Components found in the cache of compiled code",
            cache.hits,
        )?;
        families.counter(
            "cache_misses",
            "Components that had to be compiled",
            cache.misses,
        )?;
        families.counter(
            "cache_evictions",
            "Components that were evicted from the cache",
            cache.evictions,
        )
    }
}

fn labels(of: &FunctionStatistics) -> Labels {
    vec![
        ("name", of.name.clone()),
        ("version", of.version.to_string()),
        ("function", of.function.clone()),
    ]
}

fn errors(of: &FunctionStatistics) -> impl Iterator<Item = (Labels, u64)> {
    let errors = &of.errors;
    let kinds = [
        ("document", errors.documents),
        ("arguments", errors.arguments),
        ("trap", errors.traps),
        ("timeout", errors.timeouts),
        ("limit", errors.limits),
        ("cancelled", errors.cancelled),
        ("busy", errors.busy),
        ("switched_off", errors.switched_off),
    ];
    kinds.into_iter().map(|(kind, count)| {
        let mut labels = labels(of);
        labels.push(("kind", kind.to_owned()));
        (labels, count)
    })
}

/// Writes whole families of metrics.
struct Families<'a>(DescriptorEncoder<'a>);

impl Families<'_> {
    fn counters<L, V>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        values: impl Iterator<Item = (L, V)>,
    ) -> fmt::Result
    where
        L: EncodeLabelSet,
        ConstCounter<V>: EncodeMetric,
    {
        let mut family = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Counter)?;
        for (labels, value) in values {
            ConstCounter::new(value).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn times<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: [(L, f64); 2],
    ) -> fmt::Result {
        let unit = Some(&Unit::Seconds);
        let mut family = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (labels, value) in values {
            ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn gauges<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = (L, u64)>,
    ) -> fmt::Result {
        let mut family = self
            .0
            .encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in values {
            ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let family = self
            .0
            .encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(family)
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let family = self
            .0
            .encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(value).encode(family)
    }
}
