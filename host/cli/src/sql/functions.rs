//! The functions of a session: those of a registry, those that `CREATE FUNCTION` adds to the session,
//! and those of the engine.
//!
//! A session keeps the components of `CREATE FUNCTION` in a registry of its own, in memory, so both
//! kinds are named, versioned and listed alike. A registry that others share is never changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, bail};
use datafusion::arrow::array::{ArrayRef, ListBuilder, RecordBatch, StringArray, StringBuilder};
use datafusion::arrow::compute::kernels::comparison::{ilike, like};
use datafusion::arrow::compute::{cast, filter_record_batch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::FunctionRegistry;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::ShowStatementFilter;
use whittle_host::{Function, Registry, one_line};

use crate::inspect::signature;
use crate::query::table;

/// The registries whose functions a session can call, the session's own first.
#[derive(Debug, Clone)]
pub(super) struct Functions(pub(super) Vec<Registry>);

/// A function that can be called, in the version that its plain name means.
#[derive(Debug)]
pub(super) struct Listed {
    /// The component and its version.
    component: String,
    pub(super) function: Function,
}

impl Functions {
    /// The functions that can be called, by name.
    pub(super) fn list(&self) -> Vec<Listed> {
        let mut latest: BTreeMap<(String, String), Listed> = BTreeMap::new();
        // The session's own come last, and hide others.
        for registry in self.0.iter().rev() {
            let versions = registry.list();
            // In the order of their versions.
            for version in versions.iter().filter(|version| version.enabled) {
                let functions = version.manifest.iter().flat_map(|of| &of.functions);
                for function in functions {
                    let listed = Listed {
                        component: format!("{}@{}", version.name, version.version),
                        function: function.clone(),
                    };
                    latest.insert((function.name.clone(), version.name.clone()), listed);
                }
            }
        }
        latest.into_values().collect()
    }
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
    let mut names: Vec<String> = state.udfs().into_iter().collect();
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
