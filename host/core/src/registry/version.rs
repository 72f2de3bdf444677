//! A version of a component on this node, between the store and a query.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::breaker::{Breaker, BreakerOptions, BreakerState, Pass, Verdict};
use super::run::Run;
use super::sha256::Sha256;
use super::statistics::{Counters, Ending, FunctionStatistics};
use super::storage::{Key, Listed, Record, Storage};
use crate::bound::{Evaluation, Observer};
use crate::engine::Engine;
use crate::error::{BindError, Cause, Stopped};
use crate::manifest::{Function, Manifest};
use crate::slots::ReservedInstances;
use crate::udf::Udf;
use crate::{Arguments, Bound, QueryContext};

/// A version in the store.
pub(super) struct Version {
    pub(super) key: Key,
    pub(super) tag: String,
    pub(super) written: SystemTime,
    /// `None` if the record cannot be read.
    pub(super) record: Option<Record>,
    pub(super) content: Result<Content, Problem>,
    enabled: AtomicBool,
}

/// The usable part of a version.
pub(super) struct Content {
    pub(super) manifest: Manifest,
    compile_time: Option<Duration>,
    /// In the order of the manifest.
    functions: Vec<FunctionState>,
    /// The compiled component, unless it was unloaded.
    loaded: Mutex<Option<Udf>>,
    /// The time of its last use, counted in selections.
    last_used: AtomicU64,
}

/// Why the version cannot be used.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) cause: Cause,
    /// Whether the store is at fault, which may be temporary.
    pub(super) may_pass: bool,
}

pub(super) struct FunctionState {
    counters: Counters,
    breaker: Mutex<Breaker>,
    trials: Mutex<Breaker>,
}

impl FunctionState {
    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The breaker of its trials.
    pub(super) fn trials(&self) -> MutexGuard<'_, Breaker> {
        self.trials.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Version {
    /// Fetches a version from the store and prepares it; `fresh` is its component, if the caller
    /// has it.
    pub(super) fn load(
        listed: Listed,
        fresh: Option<Udf>,
        engine: &Engine,
        storage: &Storage,
        breaker: &BreakerOptions,
    ) -> Self {
        let Listed { key, tag, written } = listed;
        let passing = |error| Problem {
            cause: Cause::chain(&error),
            may_pass: true,
        };
        let record = storage.record(&key).map_err(passing);
        let content = record.clone().and_then(|record| {
            let udf = match fresh {
                Some(udf) => udf,
                None => fetch(engine, storage, &record)?,
            };
            let manifest = udf.manifest();
            if (&manifest.name, &manifest.version) != (&key.name, &key.version) {
                let (name, version) = (&manifest.name, &manifest.version);
                return Err(Problem {
                    cause: Cause::new(format!("the component is `{name}` {version}")),
                    may_pass: true,
                });
            }
            Ok(Content::new(udf, breaker))
        });
        Self {
            key,
            tag,
            written,
            record: record.ok(),
            content,
            enabled: AtomicBool::new(true),
        }
    }

    /// Whether a query can use it.
    pub(super) fn is_usable(&self) -> bool {
        self.is_enabled() && self.content.is_ok()
    }

    /// Whether another try may help.
    pub(super) fn may_recover(&self) -> bool {
        self.content.as_ref().is_err_and(|problem| problem.may_pass)
    }

    /// The names of its functions.
    pub(super) fn functions(&self) -> Vec<String> {
        let record = self.record.as_ref();
        record.map_or_else(Vec::new, |record| record.functions.clone())
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    pub(super) fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    pub(super) fn sha256(&self) -> Option<Sha256> {
        self.record.as_ref().map(|record| record.sha256)
    }

    /// The compiled component, loaded from the store if necessary. Also returns whether it was
    /// already loaded.
    pub(super) fn udf(
        &self,
        content: &Content,
        engine: &Engine,
        storage: &Storage,
    ) -> Result<(Udf, bool), Problem> {
        let mut loaded = content.loaded();
        if let Some(udf) = &*loaded {
            return Ok((udf.clone(), true));
        }
        let Some(record) = &self.record else {
            unreachable!("content comes with its record");
        };
        let udf = fetch(engine, storage, record)?;
        *loaded = Some(udf.clone());
        Ok((udf, false))
    }

    /// The state of a function of a version that can be used.
    pub(super) fn function_state(&self, function: usize) -> &FunctionState {
        match &self.content {
            Ok(content) => &content.functions[function],
            Err(_) => unreachable!("only a version that can be used is selected"),
        }
    }

    pub(super) fn statistics(&self) -> Vec<FunctionStatistics> {
        let Ok(content) = &self.content else {
            return Vec::new();
        };
        let now = Instant::now();
        let functions = content.manifest.functions.iter().zip(&content.functions);
        let statistics = functions.map(|(function, state)| {
            state.counters.statistics(
                &self.key.name,
                &self.key.version,
                &function.name,
                content.compile_time,
                state.breaker().state(now),
            )
        });
        statistics.collect()
    }
}

impl Content {
    fn new(udf: Udf, options: &BreakerOptions) -> Self {
        let state = |_: &Function| FunctionState {
            counters: Counters::default(),
            breaker: Mutex::new(Breaker::new(options.clone())),
            trials: Mutex::new(Breaker::new(options.clone())),
        };
        Self {
            manifest: udf.manifest().clone(),
            compile_time: udf.compile_time(),
            functions: udf.manifest().functions.iter().map(state).collect(),
            loaded: Mutex::new(Some(udf)),
            last_used: AtomicU64::new(0),
        }
    }

    fn loaded(&self) -> MutexGuard<'_, Option<Udf>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn touch(&self, now: u64) {
        self.last_used.fetch_max(now, Ordering::Relaxed);
    }

    pub(super) fn last_used(&self) -> u64 {
        self.last_used.load(Ordering::Relaxed)
    }

    /// The size of its compiled code; 0 if it is not loaded, or still loading.
    pub(super) fn compiled_bytes(&self) -> usize {
        let loaded = self.loaded.try_lock();
        loaded.map_or(0, |loaded| loaded.as_ref().map_or(0, Udf::compiled_bytes))
    }

    /// Unloads the compiled code; queries that use it keep it until they end.
    pub(super) fn unload(&self) {
        *self.loaded() = None;
    }

    pub(super) fn index_of(&self, function: &str) -> Option<usize> {
        let mut functions = self.manifest.functions.iter();
        functions.position(|known| known.name == function)
    }

    pub(super) fn reset_breaker(&self, function: usize) {
        self.functions[function].breaker().reset();
    }

    /// Lets a query through to a function, or returns why not.
    pub(super) fn enter(&self, function: usize) -> Result<Pass, BreakerState> {
        let state = &self.functions[function];
        let passed = state.breaker().enter(Instant::now());
        if passed.is_err() {
            state.counters.switched_off();
        }
        passed
    }

    /// Lets a trial through to a function, or returns why not.
    pub(super) fn enter_trial(&self, function: usize) -> Result<Pass, BreakerState> {
        self.functions[function].trials().enter(Instant::now())
    }

    /// A query that was let through does not run after all.
    pub(super) fn abandon(&self, function: usize, pass: Pass) {
        let mut breaker = self.functions[function].breaker();
        breaker.end(pass, Verdict::Unknown, Instant::now());
    }
}

fn fetch(engine: &Engine, storage: &Storage, record: &Record) -> Result<Udf, Problem> {
    let component = storage.blob(record).map_err(|error| Problem {
        cause: Cause::chain(&error),
        may_pass: true,
    })?;
    Udf::new(engine, &component).map_err(|error| Problem {
        cause: Cause::chain(&error),
        may_pass: false,
    })
}

/// A function of a registered version, selected for one query.
///
/// The query keeps this version until it ends, even if versions are registered, disabled or deleted
/// meanwhile. When the selection and everything bound from it are dropped, the query counts in the
/// statistics of the function and for its circuit breaker.
#[derive(Debug, Clone)]
pub struct Selection(Arc<Use>);

struct Use {
    version: Arc<Version>,
    function: usize,
    udf: Udf,
    pass: Pass,
    run: Run,
}

impl std::fmt::Debug for Use {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} of {}",
            self.function().name,
            self.version.key
        )
    }
}

impl Selection {
    pub(super) fn new(version: Arc<Version>, function: usize, udf: Udf, pass: Pass) -> Self {
        Self(Arc::new(Use {
            version,
            function,
            udf,
            pass,
            run: Run::default(),
        }))
    }

    /// The component's name.
    pub fn name(&self) -> &str {
        &self.0.version.key.name
    }

    /// The selected version.
    pub fn version(&self) -> &semver::Version {
        &self.0.version.key.version
    }

    /// The component's hash.
    pub fn sha256(&self) -> Sha256 {
        match &self.0.version.record {
            Some(record) => record.sha256,
            None => unreachable!("content comes with its record"),
        }
    }

    /// The function's signature.
    pub fn function(&self) -> &Function {
        self.0.function()
    }

    /// The component.
    pub fn udf(&self) -> &Udf {
        &self.0.udf
    }

    /// The engine that it runs on.
    pub fn engine(&self) -> &Engine {
        self.0.udf.engine()
    }

    /// Binds the function to the query's arguments, for one worker: see [`Udf::bind`].
    ///
    /// # Errors
    ///
    /// The same as for [`Udf::bind`].
    pub fn bind(&self, arguments: &Arguments, query: &QueryContext) -> Result<Bound, BindError> {
        let reserved = self.engine().reserve(1, query);
        let mut reserved = reserved.map_err(|source| self.not_bound(source))?;
        self.bind_reserved(arguments, query, &mut reserved)
    }

    /// Counts a query that [reserved](Engine::reserve) no instances, and returns its error.
    pub fn not_bound(&self, source: Stopped) -> BindError {
        self.0.counters().ended(Ending::of(&source));
        BindError::Stopped {
            function: self.function().name.clone(),
            source,
        }
    }

    /// Like [`Selection::bind`], in an instance that the query has [reserved](Engine::reserve).
    ///
    /// # Errors
    ///
    /// The same as for [`Udf::bind`].
    pub fn bind_reserved(
        &self,
        arguments: &Arguments,
        query: &QueryContext,
        reserved: &mut ReservedInstances,
    ) -> Result<Bound, BindError> {
        let Use { udf, run, .. } = &*self.0;
        let function = &self.function().name;
        let observer = Arc::clone(&self.0) as Arc<dyn Observer>;
        let bound = run.bind(
            arguments,
            query,
            |_| true,
            |context| udf.bind_reserved(function, arguments, context, Some(observer), reserved),
        );
        self.count(&bound);
        bound
    }

    fn count(&self, bound: &Result<Bound, BindError>) {
        let counters = self.0.counters();
        match bound {
            Ok(_) => counters.instantiated(),
            Err(BindError::Stopped { source, .. }) => counters.ended(Ending::of(source)),
            Err(
                BindError::Argument { .. }
                | BindError::Refused { .. }
                | BindError::Failed { .. }
                | BindError::UnknownFunction { .. },
            ) => counters.arguments(),
        }
    }
}

impl Use {
    fn state(&self) -> &FunctionState {
        self.version.function_state(self.function)
    }

    fn function(&self) -> &Function {
        &self.udf.manifest().functions[self.function]
    }

    fn counters(&self) -> &Counters {
        &self.state().counters
    }
}

impl Observer for Use {
    fn evaluated(&self, evaluation: &Evaluation<'_>) {
        self.run.evaluated(evaluation);
        self.counters().evaluated(evaluation);
        if let Some(stopped) = evaluation.stopped {
            self.counters().ended(Ending::of(stopped));
        }
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        self.counters().query(self.run.time());
        let ended = self
            .state()
            .breaker()
            .end(self.pass, self.run.verdict(), Instant::now());
        if ended {
            log::warn!(
                "function `{}` of {} is switched off because it failed too often",
                self.function().name,
                self.version.key
            );
        }
    }
}
