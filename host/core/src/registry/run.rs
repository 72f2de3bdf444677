//! What one query says about one function: the evidence for its circuit breaker.
//!
//! A client needs no token to choose a query's arguments, its documents and its timeout, and must
//! not be able to switch off a good function for everybody. So a query counts against a function
//! only if the function itself is the reason that it ended:
//!
//! * It trapped or broke the contract.
//! * The query ran out of the time that its **operator** allows, spent most of that in this
//!   function, and the function was slow: it took more processor time than a fiftieth of the limit
//!   for each document, and a microsecond for each byte of its input. Many documents, or a large
//!   one, take any function long.
//! * Its own instances asked for more memory than the operator allows a query, and for more than
//!   sixteen times its input.
//! * It alone wrote more log lines or results than a query may, and much for each document.
//!
//! Nothing else counts: a timeout that the client lowered, a cancellation, a busy pool, time and
//! memory that other functions took, fields that `bind` resolves because the arguments say so. Nor
//! does a trap if the input is so large that the function may have failed because of it. A query
//! that evaluates documents and is not stopped counts for the function, and clears what counted
//! against it before.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::breaker::Verdict;
use crate::Arguments;
use crate::bound::{Bound, Evaluation};
use crate::error::{BindError, Stopped};
use crate::limits::LimitExceeded;
use crate::query::{QueryContext, Share};

/// The share of a limit that each document may take: a function that takes less is not slow.
const DOCUMENTS: u32 = 50;

/// The processor time that each byte of the input may take.
const TIME_OF_BYTE: Duration = Duration::from_micros(1);

/// The memory that each byte of the input may take.
const MEMORY_OF_BYTE: usize = 16;

/// One function in one query.
#[derive(Debug, Default)]
pub(super) struct Run {
    query: OnceLock<QueryContext>,
    share: Arc<Share>,
    argument_bytes: AtomicUsize,
    time_us: AtomicU64,
    documents: AtomicU64,
    evaluated: AtomicBool,
    stopped: AtomicBool,
    failed: AtomicBool,
}

/// Where a function was when it was stopped.
#[derive(Debug, Clone, Copy, Default)]
struct At {
    documents: u64,
    input_bytes: usize,
}

impl Run {
    /// The query's context for an instance of the function, bound to arguments.
    fn context(&self, arguments: &Arguments, query: &QueryContext) -> QueryContext {
        self.query.get_or_init(|| query.clone());
        let bytes = arguments.bytes();
        self.argument_bytes.store(bytes, Ordering::Relaxed);
        query.sharing(&self.share)
    }

    /// Binds the function, and counts how that ended, if it counts.
    pub(super) fn bind(
        &self,
        arguments: &Arguments,
        query: &QueryContext,
        counts: impl Fn(&Stopped) -> bool,
        bind: impl FnOnce(&QueryContext) -> Result<Bound, BindError>,
    ) -> Result<Bound, BindError> {
        let context = self.context(arguments, query);
        let started = Instant::now();
        let bound = bind(&context);
        let stopped = match &bound {
            Err(BindError::Stopped { source, .. }) => Some(source),
            Ok(_) | Err(_) => None,
        };
        self.bound(started.elapsed(), stopped.filter(|stopped| counts(stopped)));
        bound
    }

    /// A `bind` has ended.
    fn bound(&self, time: Duration, stopped: Option<&Stopped>) {
        self.add_time(time);
        if let Some(stopped) = stopped {
            self.stopped(stopped, At::default());
        }
    }

    /// A batch has ended.
    pub(super) fn evaluated(&self, evaluation: &Evaluation<'_>) {
        self.add_time(evaluation.time);
        let before = self.documents.load(Ordering::Relaxed);
        match evaluation.stopped {
            None => {
                self.documents
                    .fetch_add(evaluation.documents, Ordering::Relaxed);
                if evaluation.documents > 0 {
                    self.evaluated.store(true, Ordering::Relaxed);
                }
            }
            Some(stopped) => self.stopped(
                stopped,
                At {
                    documents: before + evaluation.begun,
                    input_bytes: evaluation.input_bytes,
                },
            ),
        }
    }

    /// The time in `bind` and `evaluate`, over all workers.
    pub(super) fn time(&self) -> Duration {
        Duration::from_micros(self.time_us.load(Ordering::Relaxed))
    }

    pub(super) fn verdict(&self) -> Verdict {
        if self.failed.load(Ordering::Relaxed) {
            Verdict::Failed
        } else if self.evaluated.load(Ordering::Relaxed) && !self.stopped.load(Ordering::Relaxed) {
            Verdict::Good
        } else {
            Verdict::Unknown
        }
    }

    fn add_time(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.time_us.fetch_add(us, Ordering::Relaxed);
    }

    fn stopped(&self, stopped: &Stopped, at: At) {
        self.stopped.store(true, Ordering::Relaxed);
        if self.is_to_blame(stopped, at) {
            self.failed.store(true, Ordering::Relaxed);
        }
    }

    fn is_to_blame(&self, stopped: &Stopped, at: At) -> bool {
        let Some(query) = self.query.get() else {
            return false;
        };
        let (budget, limits) = (query.budget(), query.limits());
        let arguments = self.argument_bytes.load(Ordering::Relaxed);
        let at = At {
            input_bytes: at.input_bytes.saturating_add(arguments),
            ..at
        };
        let memory = at.input_bytes.saturating_mul(MEMORY_OF_BYTE);
        match stopped {
            Stopped::Cancelled | Stopped::Busy { .. } | Stopped::Wasmtime(_) => false,
            Stopped::Trap { .. } | Stopped::Misuse { .. } => memory <= limits.memory_bytes,
            Stopped::Limit(LimitExceeded { limit, met, .. }) => match *limit {
                "wall_clock" => {
                    let (allowed, limit) = (budget.wall_clock, limits.wall_clock);
                    allowed >= limit && self.time() >= limit / 2 && self.is_slow(limit, at)
                }
                "cpu_time" => {
                    let (allowed, limit) = (budget.cpu_time, limits.cpu_time);
                    let used = self.share.cpu_time();
                    allowed >= limit && used >= limit / 2 && self.is_slow(limit, at)
                }
                "memory_bytes" => {
                    self.share.memory_wanted_bytes() > limits.memory_bytes.max(memory)
                }
                "value_bytes" => *met > limits.value_bytes.max(memory) as u64,
                "log_bytes" => is_much(self.share.log_bytes(), limits.log_bytes, at),
                "result_bytes" => is_much(self.share.result_bytes(), limits.result_bytes, at),
                _ => false,
            },
        }
    }

    fn is_slow(&self, limit: Duration, at: At) -> bool {
        let documents = u32::try_from(at.documents + 1).unwrap_or(u32::MAX);
        let bytes = u32::try_from(at.input_bytes).unwrap_or(u32::MAX);
        let allowed = (limit / DOCUMENTS).saturating_mul(documents);
        let allowed = allowed.saturating_add(TIME_OF_BYTE.saturating_mul(bytes));
        self.share.cpu_time() >= allowed
    }
}

/// Whether a function used more than a query may, and not because of its many documents.
fn is_much(used: usize, limit: usize, at: At) -> bool {
    let of_each = (limit / DOCUMENTS as usize) as u64;
    used > limit && used as u64 > of_each.saturating_mul(at.documents + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Budget, LimitKind};

    const MIB: usize = 1 << 20;

    /// A run of a function that took processor time and memory.
    fn run(asked: Duration, cpu: Duration, memory: usize) -> Run {
        let limits = Budget::default();
        let budget = Budget {
            wall_clock: asked,
            ..limits.clone()
        };
        let run = Run::default();
        let query = QueryContext::lowered(budget, limits);
        let own = run.context(&Arguments::new(), &query);
        own.add_cpu_time(cpu);
        let _ = own.take_memory(memory);
        run.add_time(cpu);
        run
    }

    fn limit(limit: &'static str) -> Stopped {
        Stopped::Limit(LimitExceeded {
            kind: LimitKind::Amount,
            limit,
            unit: "of something",
            allowed: 1,
            met: 2,
            line: None,
        })
    }

    fn at(documents: u64, input_bytes: usize) -> At {
        At {
            documents,
            input_bytes,
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn time_counts_if_the_function_was_slow_for_as_long_as_the_operator_allows() {
        let out_of_time = limit("wall_clock");
        let slow = run(seconds(10), seconds(9), 0);
        assert!(slow.is_to_blame(&out_of_time, at(0, 100)));
        assert!(
            !slow.is_to_blame(&out_of_time, at(100, 100)),
            "many documents"
        );
        assert!(
            !slow.is_to_blame(&out_of_time, at(0, 20 * MIB)),
            "a large document"
        );
        let asked_for_less = run(Duration::from_millis(9_999), seconds(9), 0);
        assert!(!asked_for_less.is_to_blame(&out_of_time, at(0, 100)));
        let was_elsewhere = run(seconds(10), seconds(4), 0);
        assert!(!was_elsewhere.is_to_blame(&out_of_time, at(0, 100)));
        // It waited for a processor.
        let starved = run(seconds(10), Duration::from_millis(300), 0);
        starved.add_time(seconds(9));
        assert!(
            starved.is_to_blame(&out_of_time, at(0, 100)),
            "endless all the same"
        );
        assert!(!starved.is_to_blame(&out_of_time, at(2, 100)));
    }

    #[test]
    fn processor_time_counts_if_the_function_used_most_of_it() {
        let out_of_time = limit("cpu_time");
        assert!(run(seconds(10), seconds(16), 0).is_to_blame(&out_of_time, at(0, 0)));
        assert!(!run(seconds(10), seconds(14), 0).is_to_blame(&out_of_time, at(0, 0)));
    }

    #[test]
    fn memory_counts_if_the_function_alone_asked_for_too_much() {
        let out_of_memory = limit("memory_bytes");
        let greedy = run(seconds(10), seconds(0), 257 * MIB);
        assert!(greedy.is_to_blame(&out_of_memory, at(0, MIB)));
        assert!(
            !greedy.is_to_blame(&out_of_memory, at(0, 20 * MIB)),
            "a large document"
        );
        let among_others = run(seconds(10), seconds(0), 100 * MIB);
        assert!(!among_others.is_to_blame(&out_of_memory, at(0, MIB)));
    }

    #[test]
    fn what_others_decide_never_counts() {
        let slow = run(seconds(10), seconds(9), 257 * MIB);
        for stopped in [
            Stopped::Cancelled,
            limit("path_bytes"),
            limit("fields"),
            limit("log_bytes"),
            limit("result_bytes"),
            limit("value_bytes"),
        ] {
            assert!(!slow.is_to_blame(&stopped, at(0, 100)), "{stopped}");
        }
    }

    #[test]
    fn a_trap_counts_unless_the_input_explains_it() {
        let trap = Stopped::Trap {
            reason: "unreachable".to_owned(),
            message: None,
            line: None,
        };
        let quick = run(seconds(10), seconds(0), 0);
        assert!(quick.is_to_blame(&trap, at(1_000, MIB)));
        assert!(!quick.is_to_blame(&trap, at(0, 17 * MIB)));
    }

    #[test]
    fn lines_and_results_count_if_they_are_much_for_each_document() {
        assert!(is_much(2 * MIB, MIB, at(3, 0)));
        assert!(!is_much(2 * MIB, MIB, at(100, 0)));
        assert!(!is_much(MIB, MIB, at(0, 0)));
    }

    #[test]
    fn a_query_that_was_stopped_says_nothing_good() {
        let run = Run::default();
        run.context(&Arguments::new(), &QueryContext::new(Budget::default()));
        assert_eq!(run.verdict(), Verdict::Unknown);
        run.evaluated.store(true, Ordering::Relaxed);
        assert_eq!(run.verdict(), Verdict::Good);
        run.bound(Duration::ZERO, Some(&Stopped::Cancelled));
        assert_eq!(run.verdict(), Verdict::Unknown);
    }
}
