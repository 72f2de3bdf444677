//! The state of one query: its budget, its idle instances, and what its calls cost.
//!
//! A plan can be executed several times. Each execution is a [`Run`] with a budget of its own. It
//! begins with the first evaluation or stream, and ends when the last of its streams is dropped.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use whittle_host::{Budget, QueryContext};

use crate::call::Instance;

/// The state of a planned query.
#[derive(Debug)]
pub struct Query {
    budget: Budget,
    calls: Mutex<Vec<Arc<Cost>>>,
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    run: Option<Arc<Run>>,
    streams: usize,
}

/// One execution of the query.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) context: QueryContext,
    reservation: Option<MemoryReservation>,
    /// For each call, its instances that no partition is using.
    idle: Vec<Mutex<Vec<Instance>>>,
}

/// What a call has cost, over all partitions.
#[derive(Debug)]
pub(crate) struct Cost {
    pub(crate) function: String,
    pub(crate) batches: AtomicUsize,
    pub(crate) rows: AtomicUsize,
    pub(crate) errors: AtomicUsize,
    pub(crate) instances: AtomicUsize,
    pub(crate) nanoseconds: AtomicU64,
    pub(crate) memory_bytes: AtomicUsize,
}

impl Cost {
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
        Arc::new(Self {
            budget,
            calls: Mutex::default(),
            current: Mutex::default(),
        })
    }

    /// Adds a call of a function. Returns its number, and where to count its cost.
    pub(crate) fn add_call(&self, function: &str) -> (usize, Arc<Cost>) {
        let mut calls = lock(&self.calls);
        let cost = Arc::new(Cost {
            function: function.to_owned(),
            batches: AtomicUsize::new(0),
            rows: AtomicUsize::new(0),
            errors: AtomicUsize::new(0),
            instances: AtomicUsize::new(0),
            nanoseconds: AtomicU64::new(0),
            memory_bytes: AtomicUsize::new(0),
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
        let run = current.run.get_or_insert_with(|| self.new_run(None));
        Arc::clone(run)
    }

    /// A stream of the query's results begins.
    pub(crate) fn open(&self, pool: &Arc<dyn MemoryPool>) {
        let mut current = lock(&self.current);
        current.streams += 1;
        if current.run.is_none() {
            current.run = Some(self.new_run(Some(pool)));
        }
    }

    /// A stream ends, or is dropped before its end. With the last one the execution ends: guest
    /// code that still runs for it is stopped.
    pub(crate) fn close(&self) {
        let mut current = lock(&self.current);
        current.streams = current.streams.saturating_sub(1);
        if current.streams == 0
            && let Some(run) = current.run.take()
        {
            run.context.cancel();
        }
    }

    fn new_run(&self, pool: Option<&Arc<dyn MemoryPool>>) -> Arc<Run> {
        let calls = lock(&self.calls).len();
        Arc::new(Run {
            context: QueryContext::new(self.budget.clone()),
            reservation: pool.map(|pool| MemoryConsumer::new("whittle UDFs").register(pool)),
            idle: (0..calls).map(|_| Mutex::default()).collect(),
        })
    }
}

impl Run {
    /// Takes an idle instance of a call that fits.
    pub(crate) fn take(&self, call: usize, fits: impl Fn(&Instance) -> bool) -> Option<Instance> {
        let mut idle = lock(self.idle.get(call)?);
        let at = idle.iter().rposition(fits)?;
        Some(idle.swap_remove(at))
    }

    /// Returns an instance for the next batch.
    pub(crate) fn put_back(&self, call: usize, instance: Instance) {
        if let Some(idle) = self.idle.get(call) {
            lock(idle).push(instance);
        }
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
        if held > reservation.size() {
            reservation.try_resize(held)?;
        }
        Ok(())
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
