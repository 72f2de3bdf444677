//! UDFs in plans that run in other processes.
//!
//! A plan carries a UDF as a [`Reference`]. A process that plans it makes a function of the reference
//! alone, with [`declared`]; the one that runs it adds the component, with [`Query::call`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::logical_expr::ScalarUDF;
use whittle_host::{Function, Sha256, Udf};

use crate::function::UdfFunction;
use crate::query::Query;

/// A UDF as a plan names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The name in SQL, such as `string_distance@^1`.
    pub name: String,
    /// The component's name.
    pub component: String,
    /// The component's version.
    pub version: semver::Version,
    /// The component's hash, which decides what runs.
    pub sha256: Option<Sha256>,
    /// The function's signature.
    pub function: Function,
}

/// The reference of a UDF; `None` for any other function.
pub fn reference(function: &ScalarUDF) -> Option<&Reference> {
    UdfFunction::of(function).map(UdfFunction::reference)
}

/// A UDF that can be planned and written again, but not run.
///
/// # Errors
///
/// None.
pub fn declared(udf: Reference) -> Result<ScalarUDF> {
    Ok(ScalarUDF::new_from_impl(UdfFunction::declared(udf)))
}

impl Query {
    /// A function for a call of a UDF in the task's plan.
    ///
    /// # Errors
    ///
    /// The component has no such function.
    pub fn call(self: &Arc<Self>, udf: Reference, component: Udf) -> Result<ScalarUDF> {
        let called = UdfFunction::for_task(udf, component, self)?;
        Ok(ScalarUDF::new_from_impl(called))
    }

    /// Begins the query. Guest memory is charged to the pool.
    pub fn begin(self: &Arc<Self>, pool: &Arc<dyn MemoryPool>) -> RunningQuery {
        self.open(pool);
        RunningQuery(Arc::clone(self))
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

/// A query that runs. It ends when this is dropped: guest code that still runs is stopped.
#[derive(Debug)]
#[must_use = "the query ends when this is dropped"]
pub struct RunningQuery(Arc<Query>);

impl Drop for RunningQuery {
    fn drop(&mut self) {
        self.0.close();
    }
}
