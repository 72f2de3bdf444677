//! The circuit breaker: a function that keeps trapping or exceeding its budget is switched off for a
//! while, so that it cannot waste the node's time query after query.
//!
//! The pattern is Nygard's ("Release It!"). A closed breaker counts failures in a row; at the limit it
//! opens, and queries are refused without running anything. After the back-off one query is let
//! through as a probe: if it succeeds the breaker closes, if it fails the back-off doubles.
//!
//! One success clears the failures: a function that works for some is not broken, even if others
//! send what it cannot take. The breaker knows nothing of functions, and its caller passes the time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

/// When a function is switched off, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerOptions {
    /// The number of queries that must fail within the window, with none that succeeds between them;
    /// by default 5. Zero disables the breaker.
    pub failures: usize,
    /// The window: how long a failure counts; by default 60 s.
    pub window: Duration,
    /// The first back-off; by default 10 s. It doubles with each failed probe.
    pub back_off: Duration,
    /// The maximum back-off; by default 10 min.
    pub back_off_limit: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self {
            failures: 5,
            window: Duration::from_secs(60),
            back_off: Duration::from_secs(10),
            back_off_limit: Duration::from_secs(600),
        }
    }
}

/// The state of a circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum BreakerState {
    /// Lets every query through.
    Closed,
    /// Refuses every query until the back-off ends; then lets one through as a probe.
    Open {
        /// The rest of the back-off when the state was read; in JSON `remaining_ms`.
        #[serde(rename = "remaining_ms", serialize_with = "as_milliseconds")]
        remaining: Duration,
    },
    /// Refuses every query while the probe runs.
    Probing,
}

fn as_milliseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// How a query was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    Ordinary,
    /// As the probe, which decides whether the breaker closes.
    Probe,
}

/// How a query ended, as far as its function is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    Failed,
    /// It did not run, or ended for a reason that says nothing about the function.
    Unknown,
}

#[derive(Debug)]
pub(crate) struct Breaker {
    options: BreakerOptions,
    state: State,
}

#[derive(Debug)]
enum State {
    Closed {
        failures: VecDeque<Instant>,
    },
    Open {
        until: Instant,
        back_off: Duration,
        probing: bool,
    },
}

const CLOSED: State = State::Closed {
    failures: VecDeque::new(),
};

impl Breaker {
    pub(crate) fn new(options: BreakerOptions) -> Self {
        Self {
            options,
            state: CLOSED,
        }
    }

    pub(crate) fn state(&self, now: Instant) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { probing: true, .. } => BreakerState::Probing,
            State::Open { until, .. } => BreakerState::Open {
                remaining: until.saturating_duration_since(now),
            },
        }
    }

    /// Lets a query through, or returns why not. A query that was let through must
    /// [`end`](Self::end).
    pub(crate) fn enter(&mut self, now: Instant) -> Result<Pass, BreakerState> {
        let refused = self.state(now);
        match &mut self.state {
            State::Closed { .. } => Ok(Pass::Ordinary),
            State::Open { until, probing, .. } if !*probing && *until <= now => {
                *probing = true;
                Ok(Pass::Probe)
            }
            State::Open { .. } => Err(refused),
        }
    }

    /// Ends a query that was let through. Returns whether this switched off the function.
    pub(crate) fn end(&mut self, pass: Pass, verdict: Verdict, now: Instant) -> bool {
        let Self { options, state } = self;
        match (&mut *state, pass, verdict) {
            (State::Closed { failures }, _, Verdict::Failed) => {
                failures.retain(|failure| now.saturating_duration_since(*failure) < options.window);
                failures.push_back(now);
                if options.failures == 0 || failures.len() < options.failures {
                    return false;
                }
                *state = open(options.back_off, now);
                true
            }
            (State::Closed { .. }, _, Verdict::Good)
            | (State::Open { .. }, Pass::Probe, Verdict::Good) => {
                *state = CLOSED;
                false
            }
            (State::Open { back_off, .. }, Pass::Probe, Verdict::Failed) => {
                let back_off = (*back_off).saturating_mul(2).min(options.back_off_limit);
                *state = open(back_off, now);
                true
            }
            (State::Open { probing, .. }, Pass::Probe, Verdict::Unknown) => {
                *probing = false;
                false
            }
            // A query that was let through before the breaker opened.
            (State::Open { .. }, Pass::Ordinary, _)
            | (State::Closed { .. }, _, Verdict::Unknown) => false,
        }
    }

    /// Closes the breaker by hand. A probe that is running no longer counts.
    pub(crate) fn reset(&mut self) {
        self.state = CLOSED;
    }
}

fn open(back_off: Duration, now: Instant) -> State {
    State::Open {
        until: now + back_off,
        back_off,
        probing: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> (Breaker, Instant) {
        let options = BreakerOptions {
            failures: 3,
            window: 10 * SECOND,
            back_off: 4 * SECOND,
            back_off_limit: 10 * SECOND,
        };
        (Breaker::new(options), Instant::now())
    }

    fn fail(breaker: &mut Breaker, now: Instant) -> bool {
        let pass = breaker.enter(now).expect("it passes");
        breaker.end(pass, Verdict::Failed, now)
    }

    fn remaining(breaker: &Breaker, now: Instant) -> Duration {
        match breaker.state(now) {
            BreakerState::Open { remaining } => remaining,
            other => panic!("it is {other:?}"),
        }
    }

    #[test]
    fn opens_after_enough_failures_within_the_window() {
        let (mut breaker, start) = breaker();
        assert!(!fail(&mut breaker, start));
        assert!(!fail(&mut breaker, start + 9 * SECOND));
        // The first failure has left the window.
        assert!(!fail(&mut breaker, start + 11 * SECOND));
        assert!(fail(&mut breaker, start + 12 * SECOND));
        let now = start + 13 * SECOND;
        assert_eq!(
            breaker.enter(now),
            Err(BreakerState::Open {
                remaining: 3 * SECOND
            })
        );
    }

    #[test]
    fn a_success_clears_the_failures_before_it() {
        let (mut breaker, start) = breaker();
        for _ in 0..10 {
            assert!(!fail(&mut breaker, start));
            assert!(!fail(&mut breaker, start));
            // It says nothing, and changes nothing.
            breaker.end(Pass::Ordinary, Verdict::Unknown, start);
            breaker.end(Pass::Ordinary, Verdict::Good, start);
        }
        for failure in 0..3 {
            breaker.end(Pass::Ordinary, Verdict::Unknown, start);
            assert_eq!(fail(&mut breaker, start), failure == 2);
        }
    }

    #[test]
    fn a_probe_closes_it_or_doubles_the_back_off_up_to_a_limit() {
        let (mut breaker, start) = breaker();
        for _ in 0..3 {
            fail(&mut breaker, start);
        }
        let mut now = start;
        for back_off in [4, 8, 10, 10] {
            assert_eq!(remaining(&breaker, now), back_off * SECOND);
            now += back_off * SECOND;
            assert_eq!(breaker.enter(now), Ok(Pass::Probe));
            assert_eq!(breaker.enter(now), Err(BreakerState::Probing));
            assert!(breaker.end(Pass::Probe, Verdict::Failed, now));
        }
        now += 10 * SECOND;
        assert_eq!(breaker.enter(now), Ok(Pass::Probe));
        breaker.end(Pass::Probe, Verdict::Good, now);
        assert_eq!(breaker.state(now), BreakerState::Closed);
        assert!(!fail(&mut breaker, now), "it counts from none again");
    }

    #[test]
    fn a_probe_that_did_not_run_lets_the_next_query_probe() {
        let (mut breaker, start) = breaker();
        for _ in 0..3 {
            fail(&mut breaker, start);
        }
        let now = start + 5 * SECOND;
        assert_eq!(breaker.enter(now), Ok(Pass::Probe));
        breaker.end(Pass::Probe, Verdict::Unknown, now);
        assert_eq!(breaker.enter(now), Ok(Pass::Probe));
    }

    #[test]
    fn queries_from_before_it_opened_do_not_count_and_a_reset_closes_it() {
        let (mut breaker, start) = breaker();
        let early = breaker.enter(start).expect("it passes");
        for _ in 0..3 {
            fail(&mut breaker, start);
        }
        assert!(!breaker.end(early, Verdict::Good, start));
        assert_eq!(remaining(&breaker, start), 4 * SECOND);
        breaker.reset();
        assert_eq!(breaker.state(start), BreakerState::Closed);
        assert_eq!(breaker.enter(start), Ok(Pass::Ordinary));
    }

    #[test]
    fn a_limit_of_zero_never_opens_it() {
        let mut breaker = Breaker::new(BreakerOptions {
            failures: 0,
            ..BreakerOptions::default()
        });
        let now = Instant::now();
        assert!((0..1000).all(|_| !fail(&mut breaker, now)));
    }
}
