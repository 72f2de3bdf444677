//! Places for searches with UDFs: fewer than there may be searches, so that functions that take all
//! the time they get leave room for searches without any.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a search waits for a place. It is short, since the search may hold what others need.
const PATIENCE: Duration = Duration::from_millis(250);

/// Clones share the places.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: usize,
    taken: Mutex<usize>,
    freed: Condvar,
}

/// A place of one search; free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place(Places);

/// There was no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "too many concurrent searches with functions, of which {searches} may run: try again later"
)]
pub struct TooManySearches {
    /// The number of places.
    pub searches: usize,
}

impl Places {
    pub(super) fn new(all: usize) -> Self {
        Self(Arc::new(Inner {
            all,
            taken: Mutex::new(0),
            freed: Condvar::new(),
        }))
    }

    /// Takes a place, or waits a moment for one.
    pub(super) fn take(&self) -> Result<Place, TooManySearches> {
        let Inner { all, freed, .. } = &*self.0;
        let woken = freed.wait_timeout_while(self.taken(), PATIENCE, |taken| *taken >= *all);
        let (mut taken, _) = woken.unwrap_or_else(PoisonError::into_inner);
        if *taken >= *all {
            return Err(TooManySearches { searches: *all });
        }
        *taken += 1;
        Ok(Place(self.clone()))
    }

    fn taken(&self) -> MutexGuard<'_, usize> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.taken() -= 1;
        self.0.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_waits_a_moment_for_a_place() {
        let places = Places::new(1);
        let held = places.take().expect("it is free");
        let refused = places.take().expect_err("it is taken");
        assert_eq!(
            refused.to_string(),
            "too many concurrent searches with functions, of which 1 may run: try again later"
        );
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| places.take().map(drop));
            std::thread::sleep(Duration::from_millis(20));
            drop(held);
            assert_eq!(waiting.join().expect("no panic"), Ok(()));
        });
        assert_eq!(*places.taken(), 0);
    }
}
