//! One instance of a UDF: a store, the guest in it, and its exports.
//!
//! Each query and worker gets a fresh instance, so that no state outlives a query and a trap
//! affects nothing else. Every entry into the guest, including its start functions, runs under the
//! query's budget.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::component::{Instance as WasmInstance, InstancePre, TypedFunc};
use wasmtime::{Store, Trap, UpdateDeadline};

use crate::batch::Batches;
use crate::component::Shape;
use crate::contract::{FUNCTIONS, types};
use crate::document;
use crate::engine::Engine;
use crate::error::{Cause, Stopped};
use crate::lines::{SourceLine, trace};
use crate::query::QueryContext;
use crate::sink::Failed;
use crate::slots::Slot;
use crate::state::{Phase, State, misuse};

/// A component to instantiate.
#[derive(Clone, Copy)]
pub(crate) struct Guest<'a> {
    pub(crate) component: &'a InstancePre<State>,
    pub(crate) shape: &'a Shape,
}

/// An instantiated guest.
pub(crate) struct Instance {
    store: Store<State>,
    instance: WasmInstance,
    exports: Exports,
    /// Whole batches, if the component takes them.
    batches: Option<Batches>,
    few_rows: usize,
    /// Released after the store.
    _slot: Slot,
}

type BindResult = Result<(), types::Error>;
type EvaluateResult = Result<types::Value, types::Error>;

/// The guest's exports.
pub(crate) struct Exports {
    bind: TypedFunc<(String, Vec<types::Argument>), (BindResult,)>,
    evaluate: TypedFunc<(), (EvaluateResult,)>,
}

/// Why there is no instance, or why it does not describe itself.
pub(crate) enum StartError {
    /// Its exports are not those of the contract.
    Contract(Cause),
    Stopped(Stopped),
}

/// Why rows were not evaluated.
pub(crate) enum RunError {
    /// A document failed, and the query fails with it.
    Document(Failed),
    Stopped(Stopped),
}

impl Instance {
    /// Instantiates a guest and runs its start functions.
    pub(crate) fn new(
        engine: &Engine,
        udf: Arc<str>,
        guest: Guest<'_>,
        query: &QueryContext,
        phase: Phase,
        slot: Slot,
    ) -> Result<Self, StartError> {
        query.check()?;
        let mut state = State::new(udf, query.clone(), Arc::clone(engine.limits()), phase);
        state.lines.clone_from(&guest.shape.lines);
        let mut store = Store::new(engine.wasmtime(), state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(query.budget().memory_bytes);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| {
            context.data_mut().tick()?;
            Ok(UpdateDeadline::Continue(1))
        });
        let instance = timed(&mut store, |store| guest.component.instantiate(store));
        let instance = instance.map_err(|error| {
            let starting = stopped(&error, store.data());
            starting.unwrap_or_else(|| Stopped::Wasmtime(Cause::new(format!("{error:#}"))))
        })?;
        let exports = Exports::of(&mut store, &instance).map_err(StartError::contract)?;
        let batches = Batches::of(&mut store, &instance).map_err(StartError::contract)?;
        Ok(Self {
            store,
            instance,
            exports,
            batches,
            few_rows: engine.few_rows(),
            _slot: slot,
        })
    }

    pub(crate) fn state(&self) -> &State {
        self.store.data()
    }

    pub(crate) fn state_mut(&mut self) -> &mut State {
        self.store.data_mut()
    }

    /// The manifest that the component returns, unchecked.
    pub(crate) fn describe(&mut self) -> Result<types::Manifest, StartError> {
        let describe =
            export::<(), (types::Manifest,)>(&mut self.store, &self.instance, "describe")
                .map_err(StartError::contract)?;
        let described = timed(&mut self.store, |store| describe.call(store, ()));
        let (manifest,) = described.map_err(|error| called(&error, self.store.data()))?;
        Ok(manifest)
    }

    /// Binds a function to arguments. The inner error comes from the guest.
    pub(crate) fn bind(
        &mut self,
        function: &str,
        arguments: Vec<types::Argument>,
    ) -> Result<Result<(), types::Error>, Stopped> {
        let bind = &self.exports.bind;
        let bound = timed(&mut self.store, |store| {
            bind.call(store, (function.to_owned(), arguments))
        });
        let bound = bound.map(|(bound,)| bound);
        let bound = bound.map_err(|error| called(&error, self.store.data()))?;
        self.store.data_mut().phase = Phase::Evaluate;
        Ok(bound)
    }

    /// Evaluates the bound function for the rows of the columns in the state.
    pub(crate) fn run(&mut self, rows: usize) -> Result<(), RunError> {
        let result = match &self.batches {
            Some(batches) if rows > self.few_rows => batches.run(&mut self.store, rows),
            Some(_) | None => document::run(&self.exports, &mut self.store, rows),
        };
        result.map_err(|error| self.run_error(&error))
    }

    /// Evaluates the bound function for one row of the columns in the state.
    pub(crate) fn run_row(&mut self, row: usize) -> Result<(), RunError> {
        let result = document::run_row(&self.exports, &mut self.store, row);
        result.map_err(|error| self.run_error(&error))
    }

    /// Whether this many rows are evaluated as a batch.
    pub(crate) fn takes_batch(&self, rows: usize) -> bool {
        self.batches.is_some() && rows > self.few_rows
    }

    fn run_error(&self, error: &wasmtime::Error) -> RunError {
        match error.downcast_ref::<Failed>() {
            Some(failed) => RunError::Document(failed.clone()),
            None => RunError::Stopped(called(error, self.store.data())),
        }
    }

    /// The id of the document that is being evaluated.
    pub(crate) fn document(&self) -> String {
        let state = self.store.data();
        state.query.bounded(&state.id())
    }
}

impl StartError {
    fn contract(error: wasmtime::Error) -> Self {
        Self::Contract(Cause::new(error))
    }
}

impl From<Stopped> for StartError {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}

impl Exports {
    fn of(store: &mut Store<State>, instance: &WasmInstance) -> wasmtime::Result<Self> {
        Ok(Self {
            bind: export(store, instance, "bind")?,
            evaluate: export(store, instance, "evaluate")?,
        })
    }

    pub(crate) fn evaluate(
        &self,
        store: &mut Store<State>,
    ) -> wasmtime::Result<Result<types::Value, types::Error>> {
        self.evaluate.call(store, ()).map(|(result,)| result)
    }
}

fn export<Parameters, Results>(
    store: &mut Store<State>,
    instance: &WasmInstance,
    name: &str,
) -> wasmtime::Result<TypedFunc<Parameters, Results>>
where
    Parameters: wasmtime::component::ComponentNamedList + wasmtime::component::Lower,
    Results: wasmtime::component::ComponentNamedList + wasmtime::component::Lift,
{
    let interface = instance.get_export_index(&mut *store, None, FUNCTIONS);
    let function = instance.get_export_index(&mut *store, interface.as_ref(), name);
    let function = function
        .ok_or_else(|| wasmtime::Error::msg(format!("`{FUNCTIONS}` has no function `{name}`")))?;
    let typed = instance.get_typed_func(store, function);
    typed.map_err(|error| wasmtime::Error::msg(format!("`{FUNCTIONS}`: `{name}`: {error:#}")))
}

/// The reason why a call into the guest ended.
fn called(error: &wasmtime::Error, state: &State) -> Stopped {
    // An error that is not a trap is a value that does not fit its type: a string outside of the
    // guest's memory, or an unknown discriminant.
    stopped(error, state).unwrap_or_else(|| {
        let misuse = misuse(Cause::new(error.root_cause()).to_string());
        misuse.at(line(error, state))
    })
}

/// The reason why guest code ended; `None` if the failure was outside of guest code.
fn stopped(error: &wasmtime::Error, state: &State) -> Option<Stopped> {
    Some(reason(error, state)?.at(line(error, state)))
}

/// The author's line that was running.
fn line(error: &wasmtime::Error, state: &State) -> Option<SourceLine> {
    trace(state.lines.as_ref()?, error)
}

fn reason(error: &wasmtime::Error, state: &State) -> Option<Stopped> {
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        return Some(stopped.clone());
    }
    // A guest that is refused memory traps sooner or later: the refusal is then the reason.
    if let Some(refused) = state.memory.refused() {
        return Some(Stopped::Limit(refused.clone()));
    }
    let trap = error.downcast_ref::<Trap>()?;
    let reason = trap.to_string();
    let reason = reason.strip_prefix("wasm trap: ").unwrap_or(&reason);
    let reason = reason.to_owned();
    Some(if breaks_the_abi(*trap) {
        misuse(reason)
    } else {
        Stopped::Trap {
            reason,
            message: state.last_error(),
            line: None,
        }
    })
}

/// Whether the guest returned a value that the canonical ABI does not allow, rather than that its
/// code failed.
fn breaks_the_abi(trap: Trap) -> bool {
    matches!(
        trap,
        Trap::CannotEnterComponent
            | Trap::CannotLeaveComponent
            | Trap::InvalidChar
            | Trap::InvalidDiscriminant
            | Trap::ListOutOfBounds
            | Trap::StringOutOfBounds
            | Trap::UnalignedPointer
    )
}

/// Calls into the guest and charges the query for its time. The caller measures the time of a
/// batch.
fn timed<T>(store: &mut Store<State>, call: impl FnOnce(&mut Store<State>) -> T) -> T {
    let started = Instant::now();
    let result = call(store);
    store.data_mut().leave(started.elapsed());
    result
}
