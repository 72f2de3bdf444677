//! The calls of a statement, before DataFusion plans it.

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArguments, Ident,
    ObjectName, Value, VisitMut, visit_expressions_mut,
};

use crate::function::UdfFunction;

/// Looks up a function by its name.
pub(crate) type LookUp<'a> = dyn FnMut(&str) -> Result<Option<Arc<ScalarUDF>>> + 'a;

/// Looks up the functions that a statement calls, and completes the calls of UDFs.
pub(crate) fn complete(statement: &mut Statement, look_up: &mut LookUp<'_>) -> Result<()> {
    match statement {
        Statement::Statement(statement) => complete_in(statement.as_mut(), look_up),
        Statement::Explain(explain) => complete(&mut explain.statement, look_up),
        Statement::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => complete_in(query.as_mut(), look_up),
            CopyToSource::Relation(_) => Ok(()),
        },
        Statement::CreateExternalTable(_) | Statement::Reset(_) => Ok(()),
    }
}

fn complete_in<T: VisitMut>(tree: &mut T, look_up: &mut LookUp<'_>) -> Result<()> {
    let found = visit_expressions_mut(tree, |expression| {
        let Expr::Function(call) = expression else {
            return ControlFlow::Continue(());
        };
        match complete_call(call, look_up) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

fn complete_call(call: &mut Function, look_up: &mut LookUp<'_>) -> Result<(), DataFusionError> {
    let parts: Option<Vec<String>> = call
        .name
        .0
        .iter()
        .map(|part| part.as_ident().map(normalized))
        .collect();
    let Some(parts) = parts else {
        return Ok(());
    };
    let name = parts.join(".");
    let Some(function) = look_up(&name)? else {
        return Ok(());
    };
    if parts.len() > 1 {
        call.name = ObjectName::from(vec![Ident::with_quote('"', name)]);
    }
    if let Some(function) = UdfFunction::of(&function) {
        fill_gaps(call, function);
    }
    Ok(())
}

/// The name that an identifier stands for: in lower case unless it is quoted.
fn normalized(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_ascii_lowercase(),
    }
}

/// DataFusion accepts named arguments if no parameter before the last one is left out. Adds those
/// that are, as nulls: the host fills in the defaults.
fn fill_gaps(call: &mut Function, function: &UdfFunction) {
    let FunctionArguments::List(list) = &mut call.args else {
        return;
    };
    let names = list.args.iter().filter_map(|argument| match argument {
        FunctionArg::Named { name, .. } => Some(normalized(name)),
        FunctionArg::ExprNamed {
            name: Expr::Identifier(name),
            ..
        } => Some(normalized(name)),
        FunctionArg::ExprNamed { .. } | FunctionArg::Unnamed(_) => None,
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return;
    }
    let positional = list.args.len() - names.len();
    for parameter in function.parameters().iter().skip(positional) {
        let is_given = names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(&parameter.name));
        if !is_given {
            list.args.push(FunctionArg::Named {
                name: Ident::with_quote('"', parameter.name.clone()),
                arg: FunctionArgExpr::Expr(Expr::Value(Value::Null.into())),
                operator: FunctionArgOperator::RightArrow,
            });
        }
    }
}
