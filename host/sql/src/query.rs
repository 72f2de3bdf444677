//! The state of one query: its budget, its idle instances, and what its calls cost.
//!
//! A plan can be executed several times. Each execution is a [`Run`] with a budget of its own,
//! unless the caller has given the query a context: it can then be executed once. A run begins with
//! the first stream. It ends when all partitions are done, or when a stream is dropped before its
//! end and no other is open.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use whittle_host::{Budget, QueryContext};

use crate::call::Instance;

/// The state of a planned query.
#[derive(Debug)]
pub struct Query {
    budget: Budget,
    /// The caller's context, for everything that the query does.
    given: Option<QueryContext>,
    /// The context in which arguments are checked and constants are folded.
    planning: OnceLock<QueryContext>,
    /// Why planning was stopped.
    failure: Mutex<Option<DataFusionError>>,
    calls: Mutex<Vec<Arc<Cost>>>,
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    run: Option<Arc<Run>>,
    /// The partitions whose streams have begun.
    begun: HashSet<usize>,
    /// The streams that are open.
    open: usize,
}

/// One execution of the query.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) context: QueryContext,
    reservation: Option<Mutex<MemoryReservation>>,
    /// Instances that no partition is using, with the numbers of their calls.
    idle: Mutex<Vec<(usize, Instance)>>,
}

/// What a call has cost, over all partitions.
#[derive(Debug, Default)]
pub(crate) struct Cost {
    pub(crate) function: String,
    pub(crate) batches: AtomicUsize,
    pub(crate) rows: AtomicUsize,
    pub(crate) evaluations: AtomicUsize,
    pub(crate) errors: AtomicUsize,
    pub(crate) instances: AtomicUsize,
    pub(crate) nanoseconds: AtomicU64,
    pub(crate) memory_bytes: AtomicUsize,
    /// The fields of which no document has had a value; `None` before the first one.
    without_values: Mutex<Option<BTreeSet<String>>>,
}

impl Cost {
    /// Adds the fields of which no document of a batch had a value.
    pub(crate) fn add_without_values(&self, fields: &BTreeSet<String>) {
        let mut known = lock(&self.without_values);
        match &mut *known {
            Some(known) => known.retain(|field| fields.contains(field)),
            None => *known = Some(fields.clone()),
        }
    }

    /// Warns of such fields: their names may be wrong.
    fn warn(&self) {
        for field in lock(&self.without_values).take().into_iter().flatten() {
            log::warn!(
                "function `{}` read the field `{field}`, of which no document had a value",
                self.function
            );
        }
    }

    pub(crate) fn time(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }

    pub(crate) fn evaluated(&self, rows: usize, time: Duration, failed: bool) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.errors
            .fetch_add(usize::from(failed), Ordering::Relaxed);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

impl Query {
    /// A query of which each execution has this budget.
    pub fn new(budget: Budget) -> Arc<Self> {
        Self::with(budget, None)
    }

    /// A query that does everything in the caller's context, and is executed once.
    pub(crate) fn in_context(context: &QueryContext) -> Arc<Self> {
        Self::with(context.budget().clone(), Some(context.clone()))
    }

    fn with(budget: Budget, given: Option<QueryContext>) -> Arc<Self> {
        Arc::new(Self {
            budget,
            given,
            planning: OnceLock::new(),
            failure: Mutex::default(),
            calls: Mutex::default(),
            current: Mutex::default(),
        })
    }

    /// The context for what happens before the query is executed.
    pub(crate) fn planning(&self) -> &QueryContext {
        self.planning.get_or_init(|| self.context())
    }

    /// Planning was stopped: the time is over, or the query was cancelled.
    pub(crate) fn fail(&self, error: DataFusionError) {
        lock(&self.failure).get_or_insert(error);
    }

    /// Fails if planning was stopped.
    pub(crate) fn check(&self) -> Result<()> {
        lock(&self.failure).take().map_or(Ok(()), Err)
    }

    fn context(&self) -> QueryContext {
        let given = self.given.clone();
        given.unwrap_or_else(|| QueryContext::new(self.budget.clone()))
    }

    /// Adds a call of a function. Returns its number, and where to count its cost.
    pub(crate) fn add_call(&self, function: &str) -> (usize, Arc<Cost>) {
        let mut calls = lock(&self.calls);
        let cost = Arc::new(Cost {
            function: function.to_owned(),
            ..Cost::default()
        });
        calls.push(Arc::clone(&cost));
        (calls.len() - 1, cost)
    }

    pub(crate) fn costs(&self) -> Vec<Arc<Cost>> {
        lock(&self.calls).clone()
    }

    /// The current execution. It begins now if there is none.
    pub(crate) fn run(&self) -> Arc<Run> {
        let mut current = lock(&self.current);
        let run = current.run.get_or_insert_with(|| self.begin(None));
        Arc::clone(run)
    }

    /// The stream of a partition begins.
    pub(crate) fn open(&self, partition: usize, pool: &Arc<dyn MemoryPool>) {
        let mut current = lock(&self.current);
        if current.open == 0 && current.begun.contains(&partition) {
            // Another execution.
            current.end();
        }
        current.begun.insert(partition);
        current.open += 1;
        if current.run.is_none() {
            current.run = Some(self.begin(Some(pool)));
        }
    }

    /// A stream ends, or is dropped before its end. If the execution ends with it, guest code that
    /// still runs is stopped.
    pub(crate) fn close(&self, is_complete: bool, partitions: usize) {
        let mut current = lock(&self.current);
        current.open = current.open.saturating_sub(1);
        let is_last = !is_complete || current.begun.len() >= partitions;
        if current.open == 0 && is_last {
            if is_complete {
                self.costs().iter().for_each(|cost| cost.warn());
            }
            current.end();
        }
    }

    fn begin(&self, pool: Option<&Arc<dyn MemoryPool>>) -> Arc<Run> {
        let reservation = pool.map(|pool| MemoryConsumer::new("whittle UDFs").register(pool));
        Arc::new(Run {
            context: self.context(),
            reservation: reservation.map(Mutex::new),
            idle: Mutex::default(),
        })
    }
}

impl Current {
    fn end(&mut self) {
        self.begun.clear();
        if let Some(run) = self.run.take() {
            run.context.cancel();
        }
    }
}

impl Run {
    /// Takes an idle instance of a call that fits.
    pub(crate) fn take(&self, call: usize, fits: impl Fn(&Instance) -> bool) -> Option<Instance> {
        let mut idle = lock(&self.idle);
        let at = idle
            .iter()
            .rposition(|(of, instance)| *of == call && fits(instance))?;
        Some(idle.swap_remove(at).1)
    }

    /// Returns an instance for the next batch.
    pub(crate) fn put_back(&self, call: usize, instance: Instance) {
        lock(&self.idle).push((call, instance));
    }

    /// Charges the memory of the guests to DataFusion's pool: the most that they held at once,
    /// until the execution ends.
    ///
    /// # Errors
    ///
    /// The pool has too little memory left.
    pub(crate) fn charge_memory(&self) -> Result<()> {
        let Some(reservation) = &self.reservation else {
            return Ok(());
        };
        let held = self.context.usage().memory_peak_bytes;
        let reservation = lock(reservation);
        if held > reservation.size() {
            reservation.try_resize(held)?;
        }
        Ok(())
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
