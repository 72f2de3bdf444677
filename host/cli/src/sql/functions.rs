//! The functions of a session: those of a registry, those that `CREATE FUNCTION` adds to the session,
//! and those of the engine.
//!
//! A registry that others share is never changed: `CREATE FUNCTION` and `DROP FUNCTION` change the
//! session alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail};
use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, ListBuilder, RecordBatch, StringArray, StringBuilder};
use datafusion::arrow::compute::kernels::comparison::{ilike, like};
use datafusion::arrow::compute::{cast, filter_record_batch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{plan_datafusion_err, plan_err};
use datafusion::error::Result as EngineResult;
use datafusion::execution::context::{FunctionFactory, RegisterFunction};
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::{CreateFunction, Expr};
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::ShowStatementFilter;
use whittle_host::{
    Budget, Engine, Function, QueryContext, Registry, SelectError, Selector, Udf, one_line,
};

use super::udf::{self, Callable, Current};
use crate::inspect::signature;
use crate::query::table;
use crate::setup;

/// The functions that a session can call.
#[derive(Debug, Clone)]
pub(super) struct Functions {
    engine: Engine,
    budget: Budget,
    /// The first that has a function counts.
    registries: Vec<Registry>,
    /// Those of `CREATE FUNCTION` and of components on the command line, by name. They come first.
    own: Arc<Mutex<BTreeMap<String, Udf>>>,
    /// The context of the statement that runs.
    pub(super) current: Current,
}

/// A function that can be called, in the version that its plain name means.
#[derive(Debug)]
pub(super) struct Listed {
    /// The component and its version.
    component: String,
    pub(super) function: Function,
}

impl Functions {
    /// Those of registries; each statement has the budget.
    pub(super) fn new(engine: Engine, budget: Budget, registries: Vec<Registry>) -> Self {
        Self {
            engine,
            current: Arc::new(Mutex::new((0, QueryContext::new(budget.clone())))),
            budget,
            registries,
            own: Arc::default(),
        }
    }

    /// Adds all functions of a component.
    ///
    /// # Errors
    ///
    /// There is one of the same name.
    pub(super) fn add(&self, component: &Udf) -> Result<()> {
        let mut own = lock(&self.own);
        for Function { name, .. } in &component.manifest().functions {
            if own.insert(name.clone(), component.clone()).is_some() {
                bail!("another component has a function `{name}` too");
            }
        }
        Ok(())
    }

    /// Begins a statement, whose time starts now.
    pub(super) fn begin(&self) -> QueryContext {
        let query = QueryContext::new(self.budget.clone());
        let mut current = lock(&self.current);
        *current = (current.0 + 1, query.clone());
        query
    }

    /// The function that a name means. `None` if there is none.
    pub(super) fn select(&self, selector: &Selector) -> Result<Option<Callable>, SelectError> {
        if let Some(component) = lock(&self.own).get(selector.function()) {
            let manifest = component.manifest();
            let is_named = selector
                .component()
                .is_none_or(|name| name == manifest.name);
            let versions = std::iter::once(&manifest.version);
            if is_named && selector.best(versions, |version| version).is_some() {
                let name = selector.function().to_owned();
                return Ok(Some(Callable::Given(component.clone(), name)));
            }
        }
        for registry in &self.registries {
            match registry.select(selector) {
                Err(SelectError::UnknownFunction { .. }) => {}
                selected => return selected.map(|of| Some(Callable::Registered(of))),
            }
        }
        Ok(None)
    }

    /// The functions that can be called, by name.
    pub(super) fn list(&self) -> Vec<Listed> {
        let mut latest: BTreeMap<(String, String), Listed> = BTreeMap::new();
        // The first registry counts.
        for registry in self.registries.iter().rev() {
            // In the order of their versions.
            for version in registry.list().iter().filter(|version| version.enabled) {
                for function in version.manifest.iter().flat_map(|of| &of.functions) {
                    let listed = Listed {
                        component: format!("{}@{}", version.name, version.version),
                        function: function.clone(),
                    };
                    latest.insert((function.name.clone(), version.name.clone()), listed);
                }
            }
        }
        for (name, component) in lock(&self.own).iter() {
            latest.retain(|(function, _), _| function != name);
            let callable = Callable::Given(component.clone(), name.clone());
            let listed = Listed {
                component: callable.label(),
                function: callable.function().clone(),
            };
            latest.insert((name.clone(), String::new()), listed);
        }
        latest.into_values().collect()
    }

    /// Removes a function of the session.
    ///
    /// # Errors
    ///
    /// There is none of this name.
    pub(super) fn remove(&self, name: &str) -> EngineResult<()> {
        if lock(&self.own).remove(name).is_some() {
            return Ok(());
        }
        let is_registered = self.list().iter().any(|of| of.function.name == name);
        if is_registered {
            return plan_err!(
                "`{name}` is a function of a registry: `whittle registry remove` deletes it"
            );
        }
        plan_err!("the session has no function `{name}`")
    }

    fn made(&self, statement: &CreateFunction) -> Result<(String, Callable)> {
        let CreateFunction {
            or_replace,
            name,
            args,
            return_type,
            params,
            ..
        } = statement;
        let language = params
            .language
            .as_ref()
            .map(|language| language.value.to_lowercase());
        if language.as_deref() != Some("wasm") {
            bail!("functions are components: write `LANGUAGE wasm AS 'file.wasm'`");
        }
        if args.as_ref().is_some_and(|args| !args.is_empty()) || return_type.is_some() {
            bail!("the component declares its parameters and result: leave out those of `{name}`");
        }
        let Some(Expr::Literal(path, _)) = &params.function_body else {
            bail!("expected the path of a component: write `LANGUAGE wasm AS 'file.wasm'`");
        };
        let path = path.try_as_str().flatten().unwrap_or_default();
        let udf = setup::udf(&self.engine, Path::new(path))?;
        let manifest = udf.manifest();
        let lower = name.to_lowercase();
        let function = manifest
            .function(name)
            .or_else(|| manifest.function(&lower));
        let Some(function) = function else {
            let names = manifest.functions.iter().map(|of| format!("`{}`", of.name));
            let names = names.collect::<Vec<_>>().join(", ");
            bail!("{path}: there is no function `{name}` in the component: it has {names}");
        };
        let name = function.name.clone();
        let mut own = lock(&self.own);
        if own.contains_key(&name) && !or_replace {
            bail!("there is a function `{name}` already: use `CREATE OR REPLACE FUNCTION`");
        }
        own.insert(name.clone(), udf.clone());
        Ok((name.clone(), Callable::Given(udf, name)))
    }
}

#[async_trait]
impl FunctionFactory for Functions {
    async fn create(
        &self,
        state: &SessionState,
        statement: CreateFunction,
    ) -> EngineResult<RegisterFunction> {
        let name = statement.name.to_lowercase();
        let of_engine = state
            .udf(&name)
            .is_ok_and(|known| udf::Udf::of(&known).is_none());
        if of_engine || state.udaf(&name).is_ok() || state.udwf(&name).is_ok() {
            return plan_err!("`{name}` is a function of DataFusion");
        }
        let (name, selection) = self
            .made(&statement)
            .map_err(|error| plan_datafusion_err!("{error:#}"))?;
        let function = udf::Udf::function(&name, selection, &self.current);
        Ok(RegisterFunction::Scalar(Arc::new(function)))
    }
}

/// The known name that is most similar to a wrong one, if one is similar.
pub(super) fn nearest<'a>(wrong: &str, known: &'a [String]) -> Option<&'a str> {
    let near = known.iter();
    let near = near.map(|name| (strsim::levenshtein(wrong, name), name.as_str()));
    let (distance, name) = near.min()?;
    (distance <= wrong.chars().count().div_ceil(3)).then_some(name)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All functions: the signatures of the UDFs, then the names of the engine's.
pub(super) fn overview(functions: &Functions, context: &SessionContext) -> String {
    let mut text = String::new();
    for Listed {
        component,
        function,
    } in functions.list()
    {
        text.push_str(&format!("{}  from {component}\n", signature(&function)));
    }
    let mut line = String::from("\nof DataFusion:");
    for name in of_engine(context) {
        if line.len() + name.len() >= table::width() {
            text.push_str(&line);
            text.push('\n');
            line.clear();
        }
        line.push(' ');
        line.push_str(&name);
    }
    text + &line + "\n"
}

/// The names of the engine's functions, sorted.
pub(super) fn of_engine(context: &SessionContext) -> Vec<String> {
    let state = context.state();
    let of_engine = |name: &String| {
        state
            .udf(name)
            .is_ok_and(|known| udf::Udf::of(&known).is_none())
    };
    let mut names: Vec<String> = state.udfs().into_iter().filter(of_engine).collect();
    names.extend(state.udafs());
    names.extend(state.udwfs());
    names.extend(state.table_functions().keys().cloned());
    names.sort();
    names.dedup();
    names
}

/// A function as its author describes it.
///
/// # Errors
///
/// There is none of this name.
pub(super) fn describe(
    functions: &Functions,
    context: &SessionContext,
    name: &str,
) -> Result<String> {
    let mut text = String::new();
    for Listed {
        component,
        function,
    } in functions.list()
    {
        if function.name == name {
            text.push_str(&format!("{}  from {component}\n", signature(&function)));
            text.push_str(&format!("  {}\n", one_line(&function.description)));
            for parameter in &function.parameters {
                let (name, description) = (&parameter.name, one_line(&parameter.description));
                text.push_str(&format!("  {name}: {description}\n"));
            }
        }
    }
    let state = context.state();
    let documentation = [
        state
            .udf(name)
            .ok()
            .and_then(|of| of.documentation().cloned()),
        state
            .udaf(name)
            .ok()
            .and_then(|of| of.documentation().cloned()),
        state
            .udwf(name)
            .ok()
            .and_then(|of| of.documentation().cloned()),
    ];
    for of in documentation.into_iter().flatten() {
        text.push_str(&format!(
            "{}\n  {}\n",
            of.syntax_example,
            of.description.trim()
        ));
        for (name, description) in of.arguments.iter().flatten() {
            text.push_str(&format!("  {name}: {description}\n"));
        }
        if let Some(example) = of.sql_example {
            text.push_str(&format!("{}\n", example.trim()));
        }
    }
    if !text.is_empty() {
        return Ok(text);
    }
    match of_engine(context).iter().any(|known| known == name) {
        true => Ok(format!("{name} is a function of DataFusion\n")),
        false => bail!("there is no function `{name}`: `\\h` lists them"),
    }
}

/// The rows of the UDFs in the answer to `SHOW FUNCTIONS`, in the columns that the engine gives its own.
pub(super) fn shown(
    functions: &Functions,
    filter: Option<&ShowStatementFilter>,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let functions = functions.list();
    let strings = |of: &dyn Fn(&Listed) -> String| -> ArrayRef {
        Arc::new(
            functions
                .iter()
                .map(|listed| Some(of(listed)))
                .collect::<StringArray>(),
        )
    };
    let lists = |of: &dyn Fn(&Function) -> Vec<String>| -> ArrayRef {
        let mut lists = ListBuilder::new(StringBuilder::new());
        for listed in &functions {
            for value in of(&listed.function) {
                lists.values().append_value(value);
            }
            lists.append(true);
        }
        Arc::new(lists.finish())
    };
    let parameters = |of: &Function| of.parameters.iter().map(|of| of.name.clone()).collect();
    let kinds = |of: &Function| of.parameters.iter().map(|of| of.kind.to_string()).collect();
    let names = strings(&|listed| listed.function.name.clone());
    let columns = [
        Arc::clone(&names),
        strings(&|listed| listed.function.returns.to_string()),
        lists(&parameters),
        lists(&kinds),
        strings(&|listed| listed.component.clone()),
        strings(&|listed| one_line(&listed.function.description)),
        strings(&|listed| signature(&listed.function)),
    ];
    let columns = columns.iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type()));
    let batch = RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)?;
    let matching = match filter {
        None => return Ok(batch),
        Some(ShowStatementFilter::Like(pattern)) => {
            like(&names, &StringArray::new_scalar(pattern.as_str()))?
        }
        Some(ShowStatementFilter::ILike(pattern)) => {
            ilike(&names, &StringArray::new_scalar(pattern.as_str()))?
        }
        Some(_) => return Ok(RecordBatch::new_empty(Arc::clone(schema))),
    };
    Ok(filter_record_batch(&batch, &matching)?)
}
