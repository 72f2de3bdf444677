//! What functions cost where they run.
//!
//! All atomics: workers count without waiting for each other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts what a function costs, since its component was loaded. Whoever runs the function counts:
/// a data node knows what loading its columns took.
#[derive(Debug, Default)]
pub struct Meter {
    documents: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Meter {
    /// Counts documents, and the time that they took in all.
    pub fn add(&self, documents: u64, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.documents.fetch_add(documents, Ordering::Relaxed);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// What a document took on average, in nanoseconds; `None` before `documents` were counted.
    pub fn average_ns(&self, documents: u64) -> Option<u64> {
        let counted = self.documents.load(Ordering::Relaxed);
        let nanoseconds = self.nanoseconds.load(Ordering::Relaxed);
        nanoseconds
            .checked_div(counted)
            .filter(|_| counted >= documents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_average_once_enough_is_counted() {
        let meter = Meter::default();
        assert_eq!(meter.average_ns(0), None);
        meter.add(400, Duration::from_micros(8));
        assert_eq!(meter.average_ns(1_000), None);
        meter.add(600, Duration::from_micros(4));
        assert_eq!(meter.average_ns(1_000), Some(12));
    }
}
