//! The calls of UDFs in a statement, made ready for the engine: functions are looked up when they are
//! named, and named arguments become positional ones.

use std::ops::ControlFlow;

use datafusion::common::{Diagnostic, Span, plan_datafusion_err};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Spanned, Value,
    VisitMut, visit_expressions_mut,
};
use whittle_host::{Function as Declared, Selector};

use super::functions::{Functions, nearest};
use super::udf::Udf;

/// Looks up all functions that a statement names.
///
/// # Errors
///
/// A function is unknown or cannot be used, or has no parameter of a name.
pub(super) fn resolve(
    statement: &mut Statement,
    functions: &Functions,
    context: &SessionContext,
) -> Result<()> {
    match statement {
        Statement::Statement(statement) => visited(&mut **statement, functions, context),
        Statement::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => visited(&mut **query, functions, context),
            CopyToSource::Relation(_) => Ok(()),
        },
        Statement::Explain(explain) => resolve(&mut explain.statement, functions, context),
        Statement::CreateExternalTable(_) | Statement::Reset(_) => Ok(()),
    }
}

fn visited(
    node: &mut impl VisitMut,
    functions: &Functions,
    context: &SessionContext,
) -> Result<()> {
    let visited = visit_expressions_mut(node, |expression| match expression {
        Expr::Function(function) => match call(function, functions, context) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        },
        _ => ControlFlow::Continue(()),
    });
    match visited {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

fn call(function: &mut Function, functions: &Functions, context: &SessionContext) -> Result<()> {
    let parts = function.name.0.iter().filter_map(|part| part.as_ident());
    let name = parts.map(plain).collect::<Vec<_>>().join(".");
    // As the engine looks it up.
    let key = match function.name.0.len() {
        1 => name.clone(),
        _ => function.name.to_string(),
    };
    let state = context.state();
    let known = state.udf(&key);
    if known.as_ref().is_ok_and(|known| Udf::of(known).is_none())
        || state.udaf(&name).is_ok()
        || state.udwf(&name).is_ok()
    {
        return Ok(());
    }
    let span = Span::try_from_sqlparser_span(function.name.span());
    let placed = |message: String| {
        let diagnostic = Diagnostic::new_error(message.clone(), span);
        plan_datafusion_err!("{message}").with_diagnostic(diagnostic)
    };
    let selector: Selector = name.parse().map_err(|error| placed(format!("{error}")))?;
    let callable = match functions.select(&selector) {
        Ok(Some(callable)) => callable,
        // The engine expands some names by itself.
        Ok(None) if super::functions::of_engine(context).contains(&name) => return Ok(()),
        Ok(None) => {
            let mut names = super::functions::of_engine(context);
            names.extend(functions.list().into_iter().map(|of| of.function.name));
            let hint = match nearest(&name, &names) {
                Some(near) => format!(": did you mean `{near}`?"),
                None => "; `SHOW FUNCTIONS` lists them".to_owned(),
            };
            return Err(placed(format!("there is no function `{name}`{hint}")));
        }
        Err(error) => return Err(placed(format!("{error}"))),
    };
    if let FunctionArguments::List(list) = &mut function.args {
        let declared = callable.function();
        list.args = positional(std::mem::take(&mut list.args), declared).map_err(placed)?;
    }
    context.register_udf(Udf::function(&key, callable, &functions.current));
    Ok(())
}

/// Arguments in the order of the parameters; those between that are not given are null. A document is
/// the last.
fn positional(
    arguments: Vec<FunctionArg>,
    function: &Declared,
) -> std::result::Result<Vec<FunctionArg>, String> {
    let names: Vec<&str> = function
        .parameters
        .iter()
        .map(|of| of.name.as_str())
        .collect();
    let mut placed: Vec<Option<FunctionArg>> = Vec::new();
    let mut document = None;
    for argument in arguments {
        let (name, value) = match argument {
            FunctionArg::Unnamed(_) => {
                placed.push(Some(argument));
                continue;
            }
            FunctionArg::Named { name, arg, .. }
            | FunctionArg::ExprNamed {
                name: Expr::Identifier(name),
                arg,
                ..
            } => (plain(&name), FunctionArg::Unnamed(arg)),
            FunctionArg::ExprNamed { name, .. } => {
                return Err(format!("`{name}` is not the name of a parameter"));
            }
        };
        let Some(place) = names.iter().position(|known| *known == name) else {
            if name == "document" {
                document = Some(value);
                continue;
            }
            let known = names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>();
            return Err(format!(
                "`{}` has no parameter `{name}`: expected one of {}",
                function.name,
                known.join(", ")
            ));
        };
        if placed.len() <= place {
            placed.resize(place + 1, None);
        }
        if placed[place].replace(value).is_some() {
            return Err(format!(
                "parameter `{name}` of `{}` is given twice",
                function.name
            ));
        }
    }
    let null = || FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::value(Value::Null)));
    let placed = placed.into_iter().map(|of| of.unwrap_or_else(null));
    Ok(placed.chain(document).collect())
}

/// A name as SQL reads it: in lower case unless it is quoted.
fn plain(name: &Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_lowercase(),
    }
}
