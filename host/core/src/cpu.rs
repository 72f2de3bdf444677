//! Measures the processor time of guest code, cheaply enough for calls of a single document.
//!
//! Reading the thread's own clock is a system call, so it measures only calls that reach the first
//! tick of the epoch, from that tick on. The part before the first tick, and a call that ends
//! before it, count by the wall clock, which the caller reads anyway.

use std::time::Duration;

/// The part of a call before its first tick is no longer than this.
const TICK: Duration = Duration::from_millis(1);

/// The processor time of the current call.
#[derive(Debug, Default)]
pub(crate) struct CpuClock {
    ticks: Option<Ticks>,
}

#[derive(Debug)]
struct Ticks {
    first: Duration,
    last: Duration,
}

impl CpuClock {
    /// The epoch has advanced during the call: returns the time since the last tick.
    pub(crate) fn tick(&mut self) -> Duration {
        self.tick_at(thread_time())
    }

    /// The call has ended after `elapsed` of wall-clock time: returns the time not returned yet.
    pub(crate) fn leave(&mut self, elapsed: Duration) -> Duration {
        match self.ticks.take() {
            None => elapsed,
            Some(ticks) => ticks.rest(thread_time(), elapsed),
        }
    }

    fn tick_at(&mut self, now: Duration) -> Duration {
        let ticks = self.ticks.get_or_insert(Ticks {
            first: now,
            last: now,
        });
        now.saturating_sub(std::mem::replace(&mut ticks.last, now))
    }
}

impl Ticks {
    fn rest(&self, now: Duration, elapsed: Duration) -> Duration {
        let since_first = now.saturating_sub(self.first);
        let before_first = elapsed.saturating_sub(since_first).min(TICK);
        now.saturating_sub(self.last) + before_first
    }
}

/// The processor time of this thread.
#[cfg(unix)]
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// On systems without such a clock, assumes that the thread has a processor to itself.
#[cfg(not(unix))]
fn thread_time() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_call_without_a_tick_counts_by_the_wall_clock() {
        assert_eq!(CpuClock::default().leave(7 * MS), 7 * MS);
    }

    #[test]
    fn the_parts_of_a_long_call_add_up_to_its_processor_time() {
        let mut clock = CpuClock::default();
        assert_eq!(clock.tick_at(100 * MS), Duration::ZERO);
        assert_eq!(clock.tick_at(101 * MS), MS);
        // The thread ran for 5 ms of 50.
        assert_eq!(clock.tick_at(105 * MS), 4 * MS);
        let ticks = clock.ticks.take().expect("it has ticked");
        assert_eq!(ticks.rest(107 * MS, 50 * MS), 2 * MS + MS);
        // A tick was due when the call began, and the call took almost no time.
        let ticks = Ticks {
            first: 100 * MS,
            last: 100 * MS,
        };
        let short = Duration::from_micros(3);
        assert_eq!(ticks.rest(100 * MS, short), short);
    }
}
