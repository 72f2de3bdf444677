//! The circuit breaker: a function that keeps trapping or running out of its budget is switched
//! off for a while, so that it cannot eat the node's time query after query.
//!
//! The pattern is Nygard's ("Release It!"). Closed, it counts failures; at the limit it opens, and
//! queries are refused without running anything. When the back-off is over one query is let through
//! as a probe: if it ends well the breaker closes, if it fails the back-off doubles. It knows
//! nothing of functions; time is handed in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

/// When a function is switched off, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerOptions {
    /// How many queries must fail within the window; by default 5. Zero never switches off.
    pub failures: usize,
    /// How long a failure counts; by default 60 s.
    pub window: Duration,
    /// How long the function is off at first; by default 10 s. Doubles with each failed probe.
    pub back_off: Duration,
    /// The longest that it is off before it is tried again; by default 10 min.
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

/// What a circuit breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum BreakerState {
    /// Every query.
    Closed,
    /// None; then one to try.
    Open {
        /// How long still, from when it was asked; in JSON `remaining_ms`.
        #[serde(rename = "remaining_ms", serialize_with = "as_milliseconds")]
        remaining: Duration,
    },
    /// None: one is trying.
    Probing,
}

fn as_milliseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// How a query got through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    Ordinary,
    /// It decides whether the breaker closes.
    Probe,
}

/// How a query ended, as far as its function goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Good,
    Failed,
    /// It never ran, or was cancelled: that says nothing.
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

    /// Lets a query through, or says why not. One that passed must [`end`](Self::end).
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

    /// A query that passed is over. Gives whether this switched the function off.
    pub(crate) fn end(&mut self, pass: Pass, outcome: Outcome, now: Instant) -> bool {
        let Self { options, state } = self;
        match (&mut *state, pass, outcome) {
            (State::Closed { failures }, _, Outcome::Failed) => {
                failures.retain(|failure| now.saturating_duration_since(*failure) < options.window);
                failures.push_back(now);
                if options.failures == 0 || failures.len() < options.failures {
                    return false;
                }
                *state = open(options.back_off, now);
                true
            }
            (State::Open { .. }, Pass::Probe, Outcome::Good) => {
                *state = CLOSED;
                false
            }
            (State::Open { back_off, .. }, Pass::Probe, Outcome::Failed) => {
                let back_off = (*back_off).saturating_mul(2).min(options.back_off_limit);
                *state = open(back_off, now);
                true
            }
            (State::Open { probing, .. }, Pass::Probe, Outcome::Unknown) => {
                *probing = false;
                false
            }
            // What was let through before it opened comes to its end.
            (State::Open { .. }, Pass::Ordinary, _) | (State::Closed { .. }, ..) => false,
        }
    }

    /// Switches the function on again, by hand. A probe that runs has no say any more.
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
        breaker.end(pass, Outcome::Failed, now)
    }

    fn remaining(breaker: &Breaker, now: Instant) -> Duration {
        match breaker.state(now) {
            BreakerState::Open { remaining } => remaining,
            other => panic!("it is {other:?}"),
        }
    }

    #[test]
    fn failures_in_a_window_open_it_and_older_ones_do_not_count() {
        let (mut breaker, start) = breaker();
        assert!(!fail(&mut breaker, start));
        assert!(!fail(&mut breaker, start + 9 * SECOND));
        // The first has left the window.
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
    fn one_probe_closes_it_or_doubles_the_back_off_to_a_limit() {
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
            assert!(breaker.end(Pass::Probe, Outcome::Failed, now));
        }
        now += 10 * SECOND;
        assert_eq!(breaker.enter(now), Ok(Pass::Probe));
        breaker.end(Pass::Probe, Outcome::Good, now);
        assert_eq!(breaker.state(now), BreakerState::Closed);
        assert!(!fail(&mut breaker, now), "it counts from none again");
    }

    #[test]
    fn a_probe_that_never_ran_leaves_its_place_to_the_next() {
        let (mut breaker, start) = breaker();
        for _ in 0..3 {
            fail(&mut breaker, start);
        }
        let now = start + 5 * SECOND;
        assert_eq!(breaker.enter(now), Ok(Pass::Probe));
        breaker.end(Pass::Probe, Outcome::Unknown, now);
        assert_eq!(breaker.enter(now), Ok(Pass::Probe));
    }

    #[test]
    fn what_passed_before_it_opened_changes_nothing_and_a_reset_closes_it() {
        let (mut breaker, start) = breaker();
        let early = breaker.enter(start).expect("it passes");
        for _ in 0..3 {
            fail(&mut breaker, start);
        }
        assert!(!breaker.end(early, Outcome::Good, start));
        assert_eq!(remaining(&breaker, start), 4 * SECOND);
        breaker.reset();
        assert_eq!(breaker.state(start), BreakerState::Closed);
        assert_eq!(breaker.enter(start), Ok(Pass::Ordinary));
    }

    #[test]
    fn no_limit_never_opens_it() {
        let mut breaker = Breaker::new(BreakerOptions {
            failures: 0,
            ..BreakerOptions::default()
        });
        let now = Instant::now();
        assert!((0..1000).all(|_| !fail(&mut breaker, now)));
    }
}
