//! Vectors that run with the component, in a thread of their own, so that an edit can end them.

use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;

use anyhow::{Result, bail};
use whittle_host::{QueryContext, Udf};

use super::Dev;
use super::report::Outcome;
use super::work::Work;
use crate::step;
use crate::vectors;

/// Vectors that run with a component. They are ended when this is dropped.
pub(super) struct Running {
    queries: Queries,
    result: Receiver<Result<Ran>>,
}

/// What the vectors gave.
pub(super) struct Ran {
    pub(super) outcomes: Vec<Outcome>,
    /// The documents to show, with their values.
    pub(super) shown: Vec<u8>,
}

/// The queries that cases run in, one after the other.
#[derive(Clone, Default)]
struct Queries(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    is_cancelled: bool,
    current: Option<QueryContext>,
}

impl Running {
    pub(super) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        dev: &'scope Dev,
        udf: Udf,
        work: Arc<Work>,
    ) -> Self {
        let queries = Queries::default();
        let (sender, result) = mpsc::channel();
        let of_thread = queries.clone();
        scope.spawn(move || {
            let ran = run(dev, &udf, &work, &of_thread);
            // Nobody waits for a run that was ended.
            let _ = sender.send(ran);
        });
        Self { queries, result }
    }

    /// What the vectors gave, if they have ended.
    pub(super) fn ended(&self) -> Option<Result<Ran>> {
        match self.result.try_recv() {
            Ok(ran) => Some(ran),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(anyhow::anyhow!("the run has panicked"))),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.queries.state();
        state.is_cancelled = true;
        if let Some(query) = &state.current {
            query.cancel();
        }
    }
}

impl Queries {
    /// The query of the next case.
    fn next(&self, dev: &Dev) -> Result<QueryContext> {
        let query = dev.run.query();
        let mut state = self.state();
        if state.is_cancelled {
            bail!("the run was ended");
        }
        state.current = Some(query.clone());
        Ok(query)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(dev: &Dev, udf: &Udf, work: &Work, queries: &Queries) -> Result<Ran> {
    let mut outcomes = Vec::new();
    for (suite, case) in work.cases() {
        let query = queries.next(dev)?;
        let result = step::shown(&format!("{}: {}", suite.function, case.name), || {
            vectors::run(udf, suite, case, work.mapping.as_ref(), &query)
        });
        outcomes.push(Outcome::new(&suite.function, &case.name, result));
    }
    let mut shown = Vec::new();
    if let Some(call) = &work.call {
        call.run(&mut shown, udf, &dev.mapping, &queries.next(dev)?)?;
    }
    Ok(Ran { outcomes, shown })
}
