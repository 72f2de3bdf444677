//! The UDFs of a session: what is registered now, and the lookup of what is registered later.
//!
//! DataFusion plans a statement with the functions that the session has at that moment, and has no
//! hook for an unknown name. So [`Functions::sql`] parses the statement first, looks up the names
//! that it calls, and then lets DataFusion plan it. Statements that go to `SessionContext::sql`
//! instead find the functions of the last lookup.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use datafusion::common::plan_err;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{FunctionRegistry, SessionStateBuilder};
use datafusion::logical_expr::{
    DdlStatement, LogicalPlan, LogicalPlanBuilder, ScalarUDF, Statement as PlanStatement,
};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{DropFunction, FunctionDesc, Spanned, Statement as Sql};
use whittle_host::{Function, QueryContext, Registry, SelectError, Selector, Udf};

use crate::Options;
use crate::error::CallError;
use crate::function::UdfFunction;
use crate::names::{self, Found, Known, normalized};
use crate::planner::{self, UdfPlanner};
use crate::query::{Query, lock};
use crate::site::{Site, placed_at};
use crate::source::Definition;

/// The UDFs of a session. Clones share them.
#[derive(Clone)]
pub struct Functions {
    context: SessionContext,
    options: Options,
    sources: Arc<Mutex<Sources>>,
}

#[derive(Default)]
struct Sources {
    /// The first one that has a function counts.
    registries: Vec<Registry>,
    /// The components of the session, by the name of the function. They come first.
    own: BTreeMap<String, Own>,
    /// The number of components that were added.
    added: u64,
}

struct Own {
    udf: Udf,
    function: Function,
    number: u64,
}

/// A function that statements can call, in the version that its name stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The component's name.
    pub component: String,
    /// The component's version.
    pub version: semver::Version,
    /// The function.
    pub function: Function,
    /// Whether the function belongs to the session and not to a registry.
    pub is_of_session: bool,
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sources = lock(&self.sources);
        formatter
            .debug_struct("Functions")
            .field("registries", &sources.registries)
            .field("own", &sources.own.keys())
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
    let functions = Functions::new(context, options);
    functions.add_registry(registry);
    functions
}

impl Functions {
    /// Prepares a session for UDFs: see [`register`]. It has none yet.
    pub fn new(context: &SessionContext, options: Options) -> Self {
        let state = context.state_ref();
        let current = context.state();
        let planner = UdfPlanner {
            inner: Arc::clone(current.query_planner()),
            options: options.clone(),
        };
        let builder = SessionStateBuilder::new_from_existing(current);
        *state.write() = builder.with_query_planner(Arc::new(planner)).build();
        Self {
            context: context.clone(),
            options,
            sources: Arc::default(),
        }
    }

    /// Adds the functions of a registry, after those of all others: of two registries with a
    /// function of one name, the first one counts.
    pub fn add_registry(&self, registry: &Registry) {
        lock(&self.sources).registries.push(registry.clone());
        self.refresh();
    }

    /// Adds a function of a component to the session, for `CREATE FUNCTION`. It comes before those of
    /// registries. Returns the function as DataFusion knows it.
    ///
    /// # Errors
    ///
    /// * The component has no function of this name.
    /// * The session has one already, unless `replace` is set, or it is a function of DataFusion.
    pub fn create(&self, name: &str, component: &Udf, replace: bool) -> Result<Arc<ScalarUDF>> {
        let manifest = component.manifest();
        let Some(function) = manifest.function(name) else {
            let known = manifest.functions.iter().map(|of| of.name.clone());
            let error = whittle_host::BindError::UnknownFunction {
                function: name.to_owned(),
                known: known.collect(),
            };
            return Err(CallError::from(error).into());
        };
        if is_other(&self.context.state(), name) {
            return plan_err!("`{name}` is a function of DataFusion: its name cannot be used");
        }
        {
            let mut sources = lock(&self.sources);
            if !replace && sources.own.contains_key(name) {
                return plan_err!(
                    "function `{name}` exists already: use `CREATE OR REPLACE FUNCTION`"
                );
            }
            sources.added += 1;
            let own = Own {
                udf: component.clone(),
                function: function.clone(),
                number: sources.added,
            };
            sources.own.insert(name.to_owned(), own);
        }
        match self.look_up(name)? {
            Found::Udf(function) => Ok(function),
            Found::Scalar | Found::Other => plan_err!("`{name}` is not a name of a function"),
        }
    }

    /// Removes a function that was added with [`Functions::create`]. Functions of registries with the
    /// same name can be called again.
    ///
    /// # Errors
    ///
    /// The session has no such function.
    pub fn drop(&self, name: &str) -> Result<()> {
        self.check_drop(name)?;
        lock(&self.sources).own.remove(name);
        self.context.deregister_udf(name);
        Ok(())
    }

    fn check_drop(&self, name: &str) -> Result<()> {
        if lock(&self.sources).own.contains_key(name) {
            return Ok(());
        }
        if self.list().iter().any(|of| of.function.name == name) {
            return plan_err!(
                "function `{name}` belongs to a registry: `whittle registry remove` deletes it there"
            );
        }
        let sources = lock(&self.sources);
        Err(CallError::unknown(name, sources.own.keys()).into())
    }

    /// The functions that statements can call, by name: of each component the latest version that
    /// is enabled.
    pub fn list(&self) -> Vec<Listed> {
        let sources = lock(&self.sources);
        let mut listed: BTreeMap<(String, String), Listed> = BTreeMap::new();
        // The first registry counts.
        for registry in sources.registries.iter().rev() {
            // In the order of their versions.
            for version in registry
                .list()
                .into_iter()
                .filter(|version| version.enabled)
            {
                for function in version.manifest.iter().flat_map(|of| &of.functions) {
                    let key = (function.name.clone(), version.name.clone());
                    let of_registry = Listed {
                        component: version.name.clone(),
                        version: version.version.clone(),
                        function: function.clone(),
                        is_of_session: false,
                    };
                    listed.insert(key, of_registry);
                }
            }
        }
        for (name, Own { udf, function, .. }) in &sources.own {
            listed.retain(|(function, _), _| function != name);
            let manifest = udf.manifest();
            let of_session = Listed {
                component: manifest.name.clone(),
                version: manifest.version.clone(),
                function: function.clone(),
                is_of_session: true,
            };
            listed.insert((name.clone(), manifest.name.clone()), of_session);
        }
        listed.into_values().collect()
    }

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

    /// The same as [`Functions::sql`], for a statement that has been parsed. Errors that are at a call
    /// have its position, as a [`Diagnostic`](datafusion::common::Diagnostic).
    ///
    /// # Errors
    ///
    /// The statement cannot be planned, or a UDF in it cannot be used.
    pub async fn plan(&self, statement: Statement) -> Result<DataFrame> {
        self.plan_as(statement, Query::new(self.options.budget.clone()))
            .await
    }

    /// The same as [`Functions::plan`], in a context of the caller's, with which it can stop the
    /// functions, and has their log and their usage. Planning and execution share its budget. The
    /// context ends with the results, so that they can be read once.
    ///
    /// # Errors
    ///
    /// The statement cannot be planned, or a UDF in it cannot be used.
    pub async fn plan_in(&self, statement: Statement, context: &QueryContext) -> Result<DataFrame> {
        self.plan_as(statement, Query::in_context(context)).await
    }

    async fn plan_as(&self, statement: Statement, query: Arc<Query>) -> Result<DataFrame> {
        match plain(&statement) {
            Some(Sql::DropFunction(drop)) => {
                self.drop_all(drop)?;
                let empty = LogicalPlanBuilder::empty(false).build()?;
                Ok(DataFrame::new(self.context.state(), empty))
            }
            Some(Sql::CreateFunction(create)) => {
                let span = create.name.span();
                let created = self.plan_calls(statement, &query).await;
                created.map_err(|error| placed_at(error, span))
            }
            _ => self.plan_calls(statement, &query).await,
        }
    }

    async fn plan_calls(&self, mut statement: Statement, query: &Arc<Query>) -> Result<DataFrame> {
        let written = plain(&statement).map(ToString::to_string);
        let mut calls = Calls {
            functions: self,
            placed: Some(Vec::new()),
        };
        names::complete(&mut statement, &mut calls)?;
        let mut state = self.context.state();
        let placed = calls.placed.unwrap_or_default();
        for function in &placed {
            state.register_udf(Arc::new(ScalarUDF::new_from_impl(function.clone())))?;
        }
        let planned = state.statement_to_plan(statement).await;
        let planned =
            planned.map_err(|error| placed.iter().fold(error, |error, of| of.named(error)));
        let plan = match planned? {
            // Their calls are those of later queries.
            LogicalPlan::Ddl(DdlStatement::CreateView(mut view)) => {
                view.definition = written;
                planner::plan_for_later(LogicalPlan::Ddl(DdlStatement::CreateView(view)))?
            }
            plan @ LogicalPlan::Statement(PlanStatement::Prepare(_)) => {
                planner::plan_for_later(plan)?
            }
            plan => planner::plan_in(plan, query)?,
        };
        let plan = planner::with_own_columns(plan, &placed)?;
        let is_prepared = matches!(plan, LogicalPlan::Statement(PlanStatement::Execute(_)));
        let frame = self.context.execute_logical_plan(plan).await?;
        if !is_prepared {
            return Ok(frame);
        }
        let (state, plan) = frame.into_parts();
        Ok(DataFrame::new(state, planner::plan_in(plan, query)?))
    }

    /// Removes the functions of a statement, all or none.
    fn drop_all(&self, statement: &DropFunction) -> Result<()> {
        if let Some(behavior) = &statement.drop_behavior {
            return plan_err!("`DROP FUNCTION` takes no `{behavior}`: views keep the function");
        }
        let mut names = Vec::new();
        for FunctionDesc { name, args } in &statement.func_desc {
            let at = |error| placed_at(error, name.span());
            if args.as_ref().is_some_and(|args| !args.is_empty()) {
                return plan_err!("a name has one function: leave out the parameters of `{name}`")
                    .map_err(at);
            }
            let parts = name.0.iter();
            let parts = parts.map(|part| part.as_ident().map(normalized));
            let parts: Option<Vec<String>> = parts.collect();
            let name = parts.unwrap_or_default().join(".");
            match self.check_drop(&name) {
                Ok(()) => names.push(name),
                Err(_) if statement.if_exists => {}
                Err(error) => return Err(at(error)),
            }
        }
        names.iter().try_for_each(|name| self.drop(name))
    }

    /// Looks up the UDFs that a statement calls, and completes the calls: `component.function`
    /// becomes one name, and named arguments become positional ones.
    ///
    /// # Errors
    ///
    /// The statement calls a function that does not exist, or a UDF that cannot be used, or names a
    /// parameter that the function does not have.
    pub fn resolve(&self, statement: &mut Statement) -> Result<()> {
        let mut calls = Calls {
            functions: self,
            placed: None,
        };
        names::complete(statement, &mut calls)
    }

    /// Makes all functions of the registries known. [`Functions::sql`] looks up single names without
    /// it.
    pub fn refresh(&self) {
        for listed in self.list() {
            let name = listed.function.name;
            // What cannot be used is reported where it is called.
            let _ = self.look_up(&name);
            let _ = self.look_up(&format!("{}.{name}", listed.component));
        }
    }

    /// Finds the function that a name stands for, and registers a UDF with the session.
    fn look_up(&self, name: &str) -> Result<Found, CallError> {
        // A copy of the session's state would cost more than the rest of a look-up.
        let state = self.context.state_ref();
        if is_other(&state.read(), name) {
            let is_scalar = state.read().scalar_functions().contains_key(name);
            return Ok(match is_scalar && !PLANNED.contains(&name) {
                true => Found::Scalar,
                false => Found::Other,
            });
        }
        let Ok(selector) = name.parse::<Selector>() else {
            return Err(self.unknown(name));
        };
        let Some(definition) = self.define(name, &selector)? else {
            self.context.deregister_udf(name);
            return Err(self.unknown(name));
        };
        let quoted = selector.component().map(|component| {
            let function = selector.function();
            format!("\"{component}\".{function}")
        });
        let function = UdfFunction::new(definition, quoted.into_iter().collect())?;
        let known = state.read().scalar_functions().get(name).cloned();
        if let Some(known) = known
            && UdfFunction::of(&known) == Some(&function)
        {
            return Ok(Found::Udf(known));
        }
        let function = ScalarUDF::new_from_impl(function);
        self.context.register_udf(function.clone());
        Ok(Found::Udf(Arc::new(function)))
    }

    fn define(&self, name: &str, selector: &Selector) -> Result<Option<Definition>, CallError> {
        let budget = &self.options.budget;
        let registries = {
            let sources = lock(&self.sources);
            if let Some(own) = sources.own.get(selector.function()) {
                let manifest = own.udf.manifest();
                let component = selector.component();
                let is_named = component.is_none_or(|name| name == manifest.name);
                let version = std::iter::once(&manifest.version);
                if is_named && selector.best(version, |version| version).is_some() {
                    let Own {
                        udf,
                        function,
                        number,
                    } = own;
                    let own = Definition::of_session(name, udf, function, *number, budget);
                    return Ok(Some(own));
                }
            }
            sources.registries.clone()
        };
        for registry in &registries {
            match registry.select(selector) {
                Err(SelectError::UnknownFunction { .. }) => {}
                Err(error) => return Err(error.into()),
                Ok(selection) => {
                    return Definition::registered(name, registry, &selection, budget).map(Some);
                }
            }
        }
        Ok(None)
    }

    fn unknown(&self, name: &str) -> CallError {
        let state = self.context.state();
        let others = state.scalar_functions().iter();
        let others = others.filter(|(_, function)| UdfFunction::of(function).is_none());
        let others = others.map(|(name, _)| name);
        let others = others
            .chain(state.aggregate_functions().keys())
            .chain(state.window_functions().keys())
            .chain(state.higher_order_functions().keys());
        let own = self.list().into_iter().flat_map(|listed| {
            let function = listed.function.name;
            [format!("{}.{function}", listed.component), function]
        });
        let own: Vec<String> = own.collect();
        CallError::unknown(name, others.chain(&own))
    }
}

/// The functions of the session, for the calls of one statement.
struct Calls<'a> {
    functions: &'a Functions,
    /// A function for each call, for the state that the statement is planned in; `None` if it is planned
    /// elsewhere.
    placed: Option<Vec<UdfFunction>>,
}

impl Known for Calls<'_> {
    fn look_up(&mut self, name: &str) -> Result<Found, CallError> {
        self.functions.look_up(name)
    }

    fn called_at(&mut self, site: Site, function: &UdfFunction) -> bool {
        let Some(placed) = &mut self.placed else {
            return false;
        };
        placed.push(function.at(site));
        true
    }
}

/// A statement of SQL itself, not of DataFusion.
fn plain(statement: &Statement) -> Option<&Sql> {
    match statement {
        Statement::Statement(statement) => Some(statement),
        _ => None,
    }
}

/// Whether a name stands for a function that is not a UDF of ours.
fn is_other(state: &SessionState, name: &str) -> bool {
    let scalar = state.scalar_functions().get(name);
    scalar.is_some_and(|known| UdfFunction::of(known).is_none())
        || state.aggregate_functions().contains_key(name)
        || state.window_functions().contains_key(name)
        || state.higher_order_functions().contains_key(name)
        || PLANNED.contains(&name)
}

/// The functions that DataFusion's planner expands itself.
const PLANNED: [&str; 4] = ["make_map", "map", "unnest", "unnest_outer"];
