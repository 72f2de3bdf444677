//! Trials: a function of a registered version that somebody tries on a few documents.
//!
//! A trial counts in no statistics and for no circuit breaker of queries, and may use a disabled
//! version. It has instances of its own and a breaker of its own, which opens only when trials of
//! the function keep running out of time: a function that traps is what trials are for.

use std::sync::Arc;
use std::time::Instant;

use super::breaker::Pass;
use super::run::Run;
use super::version::{FunctionState, Version};
use crate::arguments::Arguments;
use crate::bound::{Bound, Evaluation, Observer};
use crate::error::{BindError, Stopped};
use crate::manifest::Function;
use crate::query::QueryContext;
use crate::udf::Udf;

/// A function of a registered version, for one trial. When it and everything bound from it are
/// dropped, the trial counts for the breaker of the function's trials.
#[derive(Debug, Clone)]
pub struct Trial(Arc<Attempt>);

struct Attempt {
    version: Arc<Version>,
    function: usize,
    udf: Udf,
    pass: Pass,
    run: Run,
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = &self.function().name;
        write!(formatter, "{name} of {}", self.version.key)
    }
}

impl Trial {
    pub(super) fn new(version: Arc<Version>, function: usize, udf: Udf, pass: Pass) -> Self {
        Self(Arc::new(Attempt {
            version,
            function,
            udf,
            pass,
            run: Run::default(),
        }))
    }

    /// Binds the function to arguments, in an instance that queries cannot use.
    ///
    /// # Errors
    ///
    /// The same as for [`Udf::bind`].
    pub fn bind(&self, arguments: &Arguments, query: &QueryContext) -> Result<Bound, BindError> {
        let Attempt { udf, run, .. } = &*self.0;
        let function = &self.0.function().name;
        let observer = Arc::clone(&self.0) as Arc<dyn Observer>;
        run.bind(arguments, query, counts, |context| {
            udf.bind_for_trial(function, arguments, context, observer)
        })
    }
}

/// Whether the end of a trial is about its time.
fn counts(stopped: &Stopped) -> bool {
    match stopped {
        Stopped::Limit(limit) => limit.kind.is_time(),
        Stopped::Cancelled => true,
        _ => false,
    }
}

impl Attempt {
    fn state(&self) -> &FunctionState {
        self.version.function_state(self.function)
    }

    fn function(&self) -> &Function {
        &self.udf.manifest().functions[self.function]
    }
}

impl Observer for Attempt {
    fn evaluated(&self, evaluation: &Evaluation<'_>) {
        if evaluation.stopped.is_none_or(counts) {
            self.run.evaluated(evaluation);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut breaker = self.state().trials();
        breaker.end(self.pass, self.run.verdict(), Instant::now());
    }
}
