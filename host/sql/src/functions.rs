//! The UDFs of a session: what is registered now, and the lookup of what is registered later.
//!
//! DataFusion plans a statement with the functions that the session has at that moment, and has no
//! hook for an unknown name. So [`Functions::sql`] parses the statement first, looks up the names
//! that it calls in the registry, and then lets DataFusion plan it. Statements that go to
//! `SessionContext::sql` instead find the functions of the last lookup.

use std::sync::Arc;

use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use whittle_host::{Registry, SelectError, Selector};

use crate::Options;
use crate::error::CallError;
use crate::function::UdfFunction;
use crate::names;
use crate::planner::UdfPlanner;

/// The UDFs of a session.
#[derive(Clone)]
pub struct Functions {
    context: SessionContext,
    registry: Registry,
    options: Options,
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Functions")
            .field("registry", &self.registry)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Makes the functions of a registry known to a session: `function` if only one component has
/// it, and `component.function`. A function of DataFusion that has the same name is preferred.
///
/// The session's query planner is replaced with one that calls it. Call this once for each
/// session.
pub fn register(context: &SessionContext, registry: &Registry, options: Options) -> Functions {
    let state = context.state_ref();
    let current = context.state();
    let planner = UdfPlanner {
        inner: Arc::clone(current.query_planner()),
        options: options.clone(),
    };
    let builder = SessionStateBuilder::new_from_existing(current);
    *state.write() = builder.with_query_planner(Arc::new(planner)).build();
    let functions = Functions {
        context: context.clone(),
        registry: registry.clone(),
        options,
    };
    functions.refresh();
    functions
}

impl Functions {
    /// Plans a statement, after it has looked up the UDFs that the statement calls.
    ///
    /// # Errors
    ///
    /// The statement cannot be parsed or planned, or a UDF in it cannot be used.
    pub async fn sql(&self, sql: &str) -> Result<DataFrame> {
        let state = self.context.state();
        let dialect = state.config().options().sql_parser.dialect;
        let statement = state.sql_to_statement(sql, &dialect)?;
        self.plan(statement).await
    }

    /// The same as [`Functions::sql`], for a statement that has been parsed.
    ///
    /// # Errors
    ///
    /// The statement cannot be planned, or a UDF in it cannot be used.
    pub async fn plan(&self, mut statement: Statement) -> Result<DataFrame> {
        self.resolve(&mut statement)?;
        let plan = self.context.state().statement_to_plan(statement).await?;
        self.context.execute_logical_plan(plan).await
    }

    /// Looks up the UDFs that a statement calls, and completes the calls: `component.function`
    /// becomes one name, and parameters that are left out between named arguments become null,
    /// which stands for their default.
    ///
    /// # Errors
    ///
    /// The statement names a version that does not exist, or a UDF that cannot be used.
    pub fn resolve(&self, statement: &mut Statement) -> Result<()> {
        names::complete(statement, &mut |name| self.look_up(name))
    }

    /// Makes all functions of the registry known. [`Functions::sql`] looks up single names without
    /// it.
    pub fn refresh(&self) {
        for version in self.registry.list() {
            let Ok(manifest) = version.manifest else {
                continue;
            };
            for function in manifest.functions {
                // What cannot be used is reported where it is called.
                let _ = self.look_up(&function.name);
                let _ = self.look_up(&format!("{}.{}", manifest.name, function.name));
            }
        }
    }

    /// Finds the UDF that a name stands for, and registers it with the session. `None` if it is
    /// another function, or unknown.
    fn look_up(&self, name: &str) -> Result<Option<Arc<ScalarUDF>>> {
        let state = self.context.state();
        let known = state.scalar_functions().get(name);
        let is_other = known.is_some_and(|known| UdfFunction::of(known).is_none())
            || state.aggregate_functions().contains_key(name)
            || state.window_functions().contains_key(name)
            || state.higher_order_functions().contains_key(name);
        if is_other {
            return Ok(None);
        }
        let Ok(selector) = name.parse::<Selector>() else {
            return Ok(None);
        };
        let selection = match self.registry.select(&selector) {
            Ok(selection) => selection,
            Err(SelectError::UnknownFunction { .. }) => {
                self.context.deregister_udf(name);
                return Ok(None);
            }
            Err(error) => return Err(CallError::from(error).into()),
        };
        let quoted = selector.component().map(|component| {
            let function = selector.function();
            format!("\"{component}\".{function}")
        });
        let aliases = quoted.into_iter().collect();
        let (registry, options) = (&self.registry, &self.options);
        let function = UdfFunction::new(name, aliases, registry, &selection, options)?;
        if let Some(known) = known
            && UdfFunction::of(known) == Some(&function)
        {
            return Ok(Some(Arc::clone(known)));
        }
        let function = ScalarUDF::new_from_impl(function);
        self.context.register_udf(function.clone());
        Ok(Some(Arc::new(function)))
    }
}
