//! The functions of a session, as users see them: `CREATE FUNCTION`, lists and descriptions.
//!
//! A registry that others share is never changed: `CREATE FUNCTION` and `DROP FUNCTION` change the
//! session alone.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, ListBuilder, RecordBatch, StringArray, StringBuilder};
use datafusion::arrow::compute::kernels::comparison::{ilike, like};
use datafusion::arrow::compute::{cast, filter_record_batch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{plan_datafusion_err, plan_err};
use datafusion::error::Result as EngineResult;
use datafusion::execution::context::{FunctionFactory, RegisterFunction};
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::{CreateFunction, Expr, ScalarUDF};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{ShowStatementFilter, Statement as Sql};
use whittle_datafusion::{Functions, Listed, reference};
use whittle_host::{Engine, Function, one_line};

use super::mistake::message;
use crate::inspect::signature;
use crate::query::table;
use crate::setup;

/// Makes functions of components in files: `CREATE FUNCTION ... LANGUAGE wasm`.
#[derive(Debug, Clone)]
pub(super) struct Factory {
    pub(super) engine: Engine,
    pub(super) functions: Functions,
}

impl Factory {
    fn made(&self, statement: &CreateFunction) -> Result<Arc<ScalarUDF>> {
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
        let made = self.functions.create(&function.name, &udf, *or_replace);
        made.map_err(|error| anyhow!(message(&error)))
    }
}

/// Refuses clauses of `CREATE FUNCTION` that say nothing about a component: the engine would ignore them.
///
/// # Errors
///
/// The statement has such a clause.
pub(super) fn check_created(statement: &Statement) -> EngineResult<()> {
    let Statement::Statement(statement) = statement else {
        return Ok(());
    };
    let Sql::CreateFunction(create) = &**statement else {
        return Ok(());
    };
    let clauses = [
        ("IF NOT EXISTS", create.if_not_exists),
        ("OR ALTER", create.or_alter),
        ("IMMUTABLE` or `VOLATILE", create.behavior.is_some()),
        ("STRICT", create.called_on_null.is_some()),
        ("PARALLEL", create.parallel.is_some()),
        ("SECURITY", create.security.is_some()),
        ("SET", !create.set_params.is_empty()),
        ("USING", create.using.is_some()),
        ("DETERMINISTIC", create.determinism_specifier.is_some()),
        ("OPTIONS", create.options.is_some()),
        ("REMOTE", create.remote_connection.is_some()),
    ];
    match clauses.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((clause, _)) => plan_err!(
            "`CREATE FUNCTION` takes no `{clause}` here: write `LANGUAGE wasm AS 'file.wasm'` alone"
        ),
    }
}

#[async_trait]
impl FunctionFactory for Factory {
    async fn create(
        &self,
        _: &SessionState,
        statement: CreateFunction,
    ) -> EngineResult<RegisterFunction> {
        let made = self.made(&statement);
        let made = made.map_err(|error| plan_datafusion_err!("{error:#}"))?;
        Ok(RegisterFunction::Scalar(made))
    }
}

/// The component of a function and its version.
fn label(listed: &Listed) -> String {
    format!("{}@{}", listed.component, listed.version)
}

/// All functions: the signatures of the UDFs, then the names of the engine's.
pub(super) fn overview(functions: &Functions, context: &SessionContext) -> String {
    let mut text = String::new();
    for listed in functions.list() {
        let (signature, component) = (signature(&listed.function), label(&listed));
        text.push_str(&format!("{signature}  from {component}\n"));
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
            .is_ok_and(|known| reference(&known).is_none())
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
/// No function has this name.
pub(super) fn describe(
    functions: &Functions,
    context: &SessionContext,
    name: &str,
) -> Result<String> {
    let mut text = String::new();
    for listed in functions.list() {
        let component = label(&listed);
        let function = listed.function;
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
        strings(&|listed| label(listed)),
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
