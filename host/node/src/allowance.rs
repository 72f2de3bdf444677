//! What a search may still take: its time, and the memory of the node's requests.
//!
//! Everything that a search does asks here, many times a second: automata, iterators, collectors,
//! aggregations and pages. tantivy's iterators cannot fail, so that one which finds the time over
//! ends as if it had no more documents. Whoever runs the search asks [`Allowance::ended`] and drops
//! what came out.
//!
//! A look at the clock takes some 30 ns: [`Steps`] has one in [`STEPS`] small steps.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tantivy::TantivyError;
use whittle_host::{Budget, QueryContext, Stopped};

use crate::memory::{Memory, OutOfMemory, Reservation};

/// How many small steps there are between two looks at the clock: each takes far less than 100 µs.
const STEPS: u32 = 128;

/// What a search may still take. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Allowance(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    query: QueryContext,
    memory: Memory,
    /// What the search holds until it ends.
    held: Reservation,
    ended: OnceLock<Ended>,
}

/// What ended a search.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Ended {
    /// It was cancelled, or its time is over.
    #[error("the search was stopped")]
    Stopped(#[from] Stopped),
    /// There is too little memory for it.
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
}

impl Allowance {
    pub(crate) fn new(query: &QueryContext, memory: &Memory) -> Self {
        Self(Arc::new(Shared {
            query: query.clone(),
            memory: memory.clone(),
            held: memory.reservation(),
            ended: OnceLock::new(),
        }))
    }

    /// What ended the search, if something did.
    pub(crate) fn ended(&self) -> Option<&Ended> {
        self.0.ended.get()
    }

    /// # Errors
    ///
    /// The search has ended, or its time is over, which ends it.
    pub(crate) fn check(&self) -> Result<(), Ended> {
        if let Some(ended) = self.ended() {
            return Err(ended.clone());
        }
        self.0.query.check().map_err(|stopped| self.end(stopped))
    }

    /// Whether the search has to end.
    pub(crate) fn is_over(&self) -> bool {
        self.check().is_err()
    }

    /// Takes memory until the search ends.
    ///
    /// # Errors
    ///
    /// There is too little, which ends the search.
    pub(crate) fn take(&self, bytes: u64) -> Result<(), Ended> {
        self.0.held.grow(bytes).map_err(|error| self.end(error))
    }

    /// Reserves memory until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// There is too little, which ends the search.
    pub(crate) fn reserve(&self, bytes: u64) -> Result<Reservation, Ended> {
        self.0
            .memory
            .reserve(bytes)
            .map_err(|error| self.end(error))
    }

    fn end(&self, reason: impl Into<Ended>) -> Ended {
        self.0.ended.get_or_init(|| reason.into()).clone()
    }

    /// An allowance without limits, for work that is not a search.
    pub(crate) fn unlimited() -> Self {
        let query = QueryContext::new(Budget {
            wall_clock: Duration::MAX,
            ..Budget::default()
        });
        Self::new(&query, &Memory::unlimited())
    }
}

impl From<Ended> for TantivyError {
    fn from(ended: Ended) -> Self {
        Self::InternalError(ended.to_string())
    }
}

/// Counts small steps, and looks at the clock once in many of them.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    allowance: Allowance,
    left: u32,
    over: bool,
}

impl Steps {
    pub(crate) fn new(allowance: &Allowance) -> Self {
        Self {
            allowance: allowance.clone(),
            left: STEPS,
            over: false,
        }
    }

    /// Takes steps; false if the search has to end, from then on.
    #[inline]
    pub(crate) fn goes_on(&mut self, steps: u32) -> bool {
        if self.left > steps {
            self.left -= steps;
            return true;
        }
        self.look()
    }

    /// Whether the search was found to have to end.
    #[inline]
    pub(crate) fn are_over(&self) -> bool {
        self.over
    }

    #[cold]
    fn look(&mut self) -> bool {
        self.over = self.over || self.allowance.is_over();
        // At the end each step looks.
        self.left = if self.over { 0 } else { STEPS };
        !self.over
    }

    /// # Errors
    ///
    /// As [`Allowance::check`].
    pub(crate) fn check(&mut self, steps: usize) -> Result<(), Ended> {
        if self.goes_on(u32::try_from(steps).unwrap_or(u32::MAX)) {
            Ok(())
        } else {
            self.allowance.check()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_soon_after_the_search_is_cancelled_and_stay_ended() {
        let query = QueryContext::new(Budget::default());
        let allowance = Allowance::new(&query, &Memory::unlimited());
        let mut steps = Steps::new(&allowance);
        assert!((0..10 * STEPS).all(|_| steps.goes_on(1)));
        query.cancel();
        assert!((0..STEPS).any(|_| !steps.goes_on(1)));
        assert!(!steps.goes_on(1) && steps.are_over());
        assert!(matches!(
            allowance.ended(),
            Some(Ended::Stopped(Stopped::Cancelled))
        ));
    }

    #[test]
    fn the_first_reason_is_what_ended_the_search() {
        let budget = Budget {
            wall_clock: Duration::ZERO,
            ..Budget::default()
        };
        let memory = Memory::new(10);
        let allowance = Allowance::new(&QueryContext::new(budget), &memory);
        allowance.take(10).expect("so many are free");
        allowance.take(1).expect_err("none is free");
        let ended = allowance.check().expect_err("it has ended");
        insta::assert_snapshot!(ended, @"11 bytes are needed and 10 of 10 are free for requests: ask for less at once");
        drop(allowance);
        assert_eq!(memory.in_use(), 0);
    }
}
