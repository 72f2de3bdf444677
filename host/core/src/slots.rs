//! The slots for instances of an engine, and the queue for them.
//!
//! A caller takes all slots that it needs in one step or waits without any: queries that hold one
//! and wait for the next would wait for each other. If too few are free, callers wait in a queue,
//! first come first served, so that neither a query that needs many instances nor many queries that
//! need one can starve the others. They wait at most for the engine's `pool_wait`, and not beyond
//! their query's deadline or cancellation. Wasmtime's pool alone would refuse at once.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Stopped;
use crate::limits::LimitExceeded;
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

/// Instances that a query has reserved, for its functions to be bound in: see
/// [`Engine::reserve`](crate::Engine::reserve). Those that are left are released on drop.
#[derive(Debug)]
pub struct ReservedInstances(Vec<Slot>);

impl ReservedInstances {
    /// One of them, if there is one left of these slots.
    pub(crate) fn next(&mut self, slots: &Slots) -> Option<Slot> {
        let is_of = |slot: &Slot| Arc::ptr_eq(&slot.0.0, &slots.0);
        self.0.pop_if(|slot| is_of(slot))
    }
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

    /// Takes slots, if that many are free and nobody waits for one.
    pub(crate) fn reserve_if_free(&self, count: u32) -> Option<ReservedInstances> {
        let mut line = self.0.line();
        (line.waiting.is_empty() && self.0.has(&line, count)).then(|| self.taken(&mut line, count))
    }

    /// Takes slots all at once, or waits until that many are free.
    pub(crate) fn reserve(
        &self,
        count: u32,
        query: &QueryContext,
    ) -> Result<ReservedInstances, Stopped> {
        let (allowed, met) = (self.0.instances as usize, count as usize);
        LimitExceeded::check("pool_instances", "instances", allowed, met)?;
        if let Some(slots) = self.reserve_if_free(count) {
            return Ok(slots);
        }
        let mut line = self.0.line();
        let ticket = line.next_ticket;
        line.next_ticket += 1;
        line.waits += 1;
        line.waiting.push_back(ticket);
        let started = Instant::now();
        loop {
            if line.waiting.front() == Some(&ticket) && self.0.has(&line, count) {
                line.waiting.pop_front();
                // There may be enough for the next in line too.
                self.0.moved.notify_all();
                return Ok(self.taken(&mut line, count));
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

    /// Takes a slot, or waits for one.
    pub(crate) fn take(&self, query: &QueryContext) -> Result<Slot, Stopped> {
        let mut reserved = self.reserve(1, query)?;
        Ok(reserved.0.pop().expect("one was reserved"))
    }

    fn taken(&self, line: &mut Line, count: u32) -> ReservedInstances {
        line.in_use += count;
        ReservedInstances((0..count).map(|_| Slot(self.clone())).collect())
    }

    fn still_waits(&self, query: &QueryContext, started: Instant) -> Result<(), Stopped> {
        query.check()?;
        if started.elapsed() <= self.0.patience {
            return Ok(());
        }
        Err(self.busy(self.0.patience))
    }

    /// The error if instances were in use for so long.
    pub(crate) fn busy(&self, waited: Duration) -> Stopped {
        Stopped::Busy {
            instances: self.0.instances,
            waited,
        }
    }
}

impl Inner {
    fn has(&self, line: &Line, count: u32) -> bool {
        self.instances - line.in_use >= count
    }

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

    #[test]
    fn takes_all_slots_at_once_or_waits_without_any() {
        let slots = Slots::new(3, Duration::from_secs(60));
        let held = slots.reserve(2, &query()).expect("they are free");
        assert!(slots.reserve_if_free(2).is_none());
        std::thread::scope(|scope| {
            let pair = scope.spawn(|| slots.reserve(2, &query()).map(drop));
            wait_for(&slots, 1);
            assert_eq!(slots.statistics().in_use, 2, "it holds none while it waits");
            // The third is free, and somebody is in line before.
            assert!(slots.reserve_if_free(1).is_none());
            let one = scope.spawn(|| slots.take(&query()).map(drop));
            wait_for(&slots, 2);
            drop(held);
            assert!(pair.join().expect("no panic").is_ok());
            assert!(one.join().expect("no panic").is_ok());
        });
        assert_eq!(slots.statistics().in_use, 0);
    }

    #[test]
    fn refuses_more_slots_than_there_are_at_once() {
        let slots = Slots::new(3, Duration::from_secs(60));
        let refused = slots.reserve(4, &query()).expect_err("there are three");
        assert_eq!(
            refused.to_string(),
            "too many instances: 4 instances, and the limit `pool_instances` is 3 instances"
        );
    }

    #[test]
    fn many_queries_that_need_several_slots_never_wait_for_each_other() {
        let slots = Slots::new(4, Duration::from_secs(20));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let slots = &slots;
                scope.spawn(move || {
                    for round in 0..200 {
                        let count = 1 + (thread + round) % 4;
                        let held = slots.reserve(count, &query()).expect("in turn");
                        std::thread::yield_now();
                        drop(held);
                    }
                });
            }
        });
        assert_eq!(slots.statistics().busy, 0);
    }
}
