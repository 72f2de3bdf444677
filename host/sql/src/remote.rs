//! Functions in plans that others run: another process (see [`Reference`]), or a table that
//! evaluates a filter itself (see [`Called`]).
//!
//! A process that only passes a plan on declares its functions. A process that runs a part of the
//! plan makes a [`Query`] for it, adds the calls with their components, and starts it, or wraps the part.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::logical_expr::ScalarUDF;
use datafusion::physical_plan::ExecutionPlan;
use whittle_host::{QueryContext, Udf};

use crate::exec::UdfExec;
use crate::function::UdfFunction;
use crate::query::Query;
use crate::source::{Definition, Reference, Source};

/// The reference of a UDF; `None` for all other functions.
pub fn reference(function: &ScalarUDF) -> Option<&Reference> {
    UdfFunction::of(function).map(UdfFunction::reference)
}

/// A UDF that a plan calls.
#[derive(Debug, Clone)]
pub struct Called(UdfFunction);

impl Called {
    /// The UDF behind a scalar function; `None` for all other functions.
    pub fn of(function: &ScalarUDF) -> Option<Self> {
        UdfFunction::of(function).cloned().map(Self)
    }

    /// What identifies the function.
    pub fn reference(&self) -> &Reference {
        self.0.reference()
    }

    /// The compiled component, always of the version in the plan.
    ///
    /// # Errors
    ///
    /// The version was deleted, or this process does not have the component.
    pub fn component(&self) -> Result<Udf> {
        Ok(self.0.component()?)
    }

    /// The context of the query's execution, which begins now if it has not. `None` before the query
    /// has a physical plan.
    pub fn context(&self) -> Option<QueryContext> {
        self.0.context()
    }

    /// Counts rows that were evaluated elsewhere, for `EXPLAIN ANALYZE`.
    pub fn count(&self, rows: usize, time: Duration, failed: bool) {
        self.0.count(rows, time, failed);
    }
}

/// A function without its component. It can be planned, and has a [`reference`], but fails when it
/// is called.
///
/// # Errors
///
/// The manifest has two parameters of one name.
pub fn declared(reference: Reference) -> Result<ScalarUDF> {
    let definition = Definition::remote(reference, Source::Elsewhere);
    let function = UdfFunction::new(definition, Vec::new())?;
    Ok(ScalarUDF::new_from_impl(function))
}

impl Query {
    /// Adds a call of a function of a component. The caller has compared the component's hash.
    ///
    /// # Errors
    ///
    /// The manifest has two parameters of one name.
    pub fn call(self: &Arc<Self>, reference: Reference, component: Udf) -> Result<ScalarUDF> {
        let definition = Definition::remote(reference, Source::Component(component));
        let function = UdfFunction::new(definition, Vec::new())?;
        Ok(ScalarUDF::new_from_impl(function.called_in(self)?))
    }

    /// Puts a node on top of a plan that has calls of this query. The budget begins with the first
    /// stream of that node and ends with the last.
    pub fn wrap(self: &Arc<Self>, plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        Arc::new(UdfExec::new(plan, Arc::clone(self)))
    }

    /// Starts the query's execution without such a node. Its budget begins, and the guests' memory is charged to the pool.
    pub fn start(self: &Arc<Self>, pool: &Arc<dyn MemoryPool>) -> Execution {
        self.open(0, pool);
        Execution(Arc::clone(self))
    }
}

/// What each call has cost.
impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, cost) in self.costs().iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(
                formatter,
                "{separator}{} ({} rows, {} ms, {} instances)",
                cost.function,
                cost.rows.load(Ordering::Relaxed),
                cost.time().as_millis(),
                cost.instances.load(Ordering::Relaxed)
            )?;
        }
        Ok(())
    }
}

/// An execution of a [`Query`]. It ends when this is dropped: guest code that still runs is stopped.
#[derive(Debug)]
#[must_use = "the execution ends when this is dropped"]
pub struct Execution(Arc<Query>);

impl Drop for Execution {
    fn drop(&mut self) {
        self.0.close(false, 1);
    }
}
