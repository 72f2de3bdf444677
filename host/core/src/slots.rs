//! The slots for instances of an engine, and the queue for them.
//!
//! If no slot is free, callers wait in a queue, first come first served, so that a query that needs
//! many instances cannot starve the others. They wait at most for the engine's `pool_wait`, and not
//! beyond their query's deadline or cancellation. Wasmtime's pool alone would refuse at once.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Stopped;
use crate::query::QueryContext;

/// How often a waiting caller checks its query's deadline.
const TICK: Duration = Duration::from_millis(1);

/// Clones share the slots.
#[derive(Debug, Clone)]
pub(crate) struct Slots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    instances: u32,
    patience: Duration,
    line: Mutex<Line>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Line {
    in_use: u32,
    next_ticket: u64,
    waiting: VecDeque<u64>,
    waits: u64,
    busy: u64,
}

/// A permit for one instance; released on drop.
#[derive(Debug)]
pub(crate) struct Slot(Slots);

/// How the instances of an engine are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatistics {
    /// The maximum number of instances at once.
    pub instances: u32,
    /// The number of instances now.
    pub in_use: u32,
    /// The number of bindings that wait for an instance now.
    pub waiting: usize,
    /// The number of bindings that had to wait so far.
    pub waits: u64,
    /// The number of bindings that failed because the engine was busy.
    pub busy: u64,
}

impl Slots {
    pub(crate) fn new(instances: u32, patience: Duration) -> Self {
        Self(Arc::new(Inner {
            instances,
            patience,
            line: Mutex::default(),
            moved: Condvar::new(),
        }))
    }

    pub(crate) fn statistics(&self) -> PoolStatistics {
        let line = self.0.line();
        PoolStatistics {
            instances: self.0.instances,
            in_use: line.in_use,
            waiting: line.waiting.len(),
            waits: line.waits,
            busy: line.busy,
        }
    }

    /// Takes a slot, if one is free and nobody waits for it.
    pub(crate) fn free(&self) -> Option<Slot> {
        let mut line = self.0.line();
        (line.waiting.is_empty() && line.in_use < self.0.instances).then(|| {
            line.in_use += 1;
            Slot(self.clone())
        })
    }

    /// Takes a slot, or waits for one.
    pub(crate) fn take(&self, query: &QueryContext) -> Result<Slot, Stopped> {
        if let Some(slot) = self.free() {
            return Ok(slot);
        }
        let mut line = self.0.line();
        let ticket = line.next_ticket;
        line.next_ticket += 1;
        line.waits += 1;
        line.waiting.push_back(ticket);
        let started = Instant::now();
        loop {
            if line.waiting.front() == Some(&ticket) && line.in_use < self.0.instances {
                line.waiting.pop_front();
                line.in_use += 1;
                // More than one slot may be free now.
                self.0.moved.notify_all();
                return Ok(Slot(self.clone()));
            }
            if let Err(stopped) = self.still_waits(query, started) {
                line.waiting.retain(|waiting| *waiting != ticket);
                line.busy += u64::from(matches!(stopped, Stopped::Busy { .. }));
                self.0.moved.notify_all();
                return Err(stopped);
            }
            let woken = self.0.moved.wait_timeout(line, TICK);
            line = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn still_waits(&self, query: &QueryContext, started: Instant) -> Result<(), Stopped> {
        query.check()?;
        if started.elapsed() <= self.0.patience {
            return Ok(());
        }
        Err(Stopped::Busy {
            instances: self.0.instances,
            waited: self.0.patience,
        })
    }
}

impl Inner {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.0.line().in_use -= 1;
        self.0.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::limits::Budget;

    fn query() -> QueryContext {
        QueryContext::new(Budget::default())
    }

    fn wait_for(slots: &Slots, waiting: usize) {
        while slots.statistics().waiting != waiting {
            std::thread::yield_now();
        }
    }

    #[test]
    fn serves_waiting_callers_in_order() {
        let slots = Slots::new(1, Duration::from_secs(60));
        let held = slots.take(&query()).expect("it is free");
        let (tell, told) = channel();
        std::thread::scope(|scope| {
            for name in 0..8 {
                let (slots, tell) = (&slots, tell.clone());
                scope.spawn(move || {
                    let slot = slots.take(&query()).expect("it waits long enough");
                    tell.send(name).expect("somebody listens");
                    drop(slot);
                });
                wait_for(slots, name + 1);
            }
            drop(held);
        });
        drop(tell);
        assert_eq!(told.iter().collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
        let PoolStatistics { in_use, waits, .. } = slots.statistics();
        assert_eq!((in_use, waits), (0, 8));
    }

    #[test]
    fn a_wait_ends_at_the_engines_limit() {
        let slots = Slots::new(2, Duration::from_millis(20));
        let _held = [slots.take(&query()), slots.take(&query())];
        let busy = slots.take(&query()).expect_err("none is free");
        assert_eq!(
            busy.to_string(),
            "the engine is busy: its 2 instances are in use, and none became free within 20 ms"
        );
        let PoolStatistics { waiting, busy, .. } = slots.statistics();
        assert_eq!((waiting, busy), (0, 1));
    }

    #[test]
    fn cancelling_a_query_ends_its_wait() {
        let slots = Slots::new(1, Duration::from_secs(60));
        let _held = slots.take(&query()).expect("it is free");
        let cancelled = query();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| slots.take(&cancelled).map(drop));
            wait_for(&slots, 1);
            cancelled.cancel();
            let ended = waiting.join().expect("no panic");
            assert!(matches!(ended, Err(Stopped::Cancelled)), "{ended:?}");
        });
    }
}
