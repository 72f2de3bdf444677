//! The calls of a statement, before DataFusion plans it.

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident,
    ObjectName, Spanned, VisitMut, visit_expressions_mut,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::arguments::make_positional;
use crate::error::CallError;
use crate::function::UdfFunction;
use crate::site::{Mistake, Site, placed_at};

/// What a name stands for.
pub(crate) enum Found {
    Udf(Arc<ScalarUDF>),
    /// A scalar function of DataFusion, or of somebody else.
    Scalar,
    /// Another function of DataFusion, or of somebody else.
    Other,
}

/// What knows the functions of a statement.
pub(crate) trait Known {
    /// Finds a function by its name.
    fn look_up(&mut self, name: &str) -> Result<Found, CallError>;

    /// Takes the function for a call at a site. Returns whether the call can use the name of the site.
    fn called_at(&mut self, site: Site, function: &UdfFunction) -> bool;
}

/// Looks up the functions that a statement calls, and completes the calls of UDFs.
pub(crate) fn complete(statement: &mut Statement, known: &mut impl Known) -> Result<()> {
    match statement {
        Statement::Statement(statement) => complete_in(statement.as_mut(), known),
        Statement::Explain(explain) => complete(&mut explain.statement, known),
        Statement::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => complete_in(query.as_mut(), known),
            CopyToSource::Relation(_) => Ok(()),
        },
        Statement::CreateExternalTable(_) | Statement::Reset(_) => Ok(()),
    }
}

fn complete_in<T: VisitMut>(tree: &mut T, known: &mut impl Known) -> Result<()> {
    let found = visit_expressions_mut(tree, |expression| {
        let Expr::Function(call) = expression else {
            return ControlFlow::Continue(());
        };
        let span = call.name.span();
        match complete_call(call, known) {
            Ok(()) => ControlFlow::Continue(()),
            Err(Mistake { error, argument }) => {
                let span = match argument == Span::empty() {
                    true => span,
                    false => argument,
                };
                ControlFlow::Break(placed_at(DataFusionError::from(*error), span))
            }
        }
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

fn complete_call(call: &mut Function, known: &mut impl Known) -> Result<(), Mistake> {
    let parts = call.name.0.iter();
    let parts: Option<Vec<String>> = parts.map(|part| part.as_ident().map(normalized)).collect();
    let Some(parts) = parts else {
        return Ok(());
    };
    let name = parts.join(".");
    let function = match known.look_up(&name)? {
        Found::Udf(function) => function,
        Found::Scalar => return Ok(check_scalar(call, &name)?),
        Found::Other => return Ok(()),
    };
    let span = call.name.span();
    if parts.len() > 1 {
        // DataFusion knows functions by one name.
        call.name = one_name(name.clone(), span);
    }
    let Some(function) = UdfFunction::of(&function) else {
        return Ok(());
    };
    let declared = &function.reference().function;
    check_scalar(call, &declared.name)?;
    check_arguments(&call.args, &declared.name)?;
    make_positional(&mut call.args, declared)?;
    if let Some(site) = Site::of(call, &name) {
        let planned = one_name(site.name.clone(), span);
        if known.called_at(site, function) {
            call.name = planned;
        }
    }
    Ok(())
}

fn one_name(name: String, span: Span) -> ObjectName {
    ObjectName::from(vec![Ident::with_quote_and_span('"', span, name)])
}

/// Refuses what belongs to aggregates and windows: DataFusion would ignore it.
fn check_scalar(call: &Function, name: &str) -> Result<(), CallError> {
    let list = match &call.args {
        FunctionArguments::List(list) => Some(list),
        FunctionArguments::None | FunctionArguments::Subquery(_) => None,
    };
    let duplicates = list.and_then(|list| list.duplicate_treatment);
    let clause = list.and_then(|list| list.clauses.first());
    let extra = if let Some(treatment) = duplicates {
        treatment.to_string()
    } else if let Some(clause) = clause {
        match clause {
            FunctionArgumentClause::OrderBy(_) => "ORDER BY".to_owned(),
            FunctionArgumentClause::Limit(_) => "LIMIT".to_owned(),
            clause => clause.to_string(),
        }
    } else if call.filter.is_some() {
        "FILTER".to_owned()
    } else if let Some(treatment) = &call.null_treatment {
        treatment.to_string()
    } else if call.over.is_some() {
        "OVER".to_owned()
    } else if !call.within_group.is_empty() {
        "WITHIN GROUP".to_owned()
    } else {
        return Ok(());
    };
    Err(CallError::argument(
        name,
        format!("it is a scalar function, which takes no `{extra}`"),
    ))
}

/// Refuses what stands for several arguments.
fn check_arguments(arguments: &FunctionArguments, name: &str) -> Result<(), Mistake> {
    let refused = |what: &str, span| {
        let problem = format!("{what} is not an argument: name columns or constants");
        Err(Mistake::at(CallError::argument(name, problem), span))
    };
    let list = match arguments {
        FunctionArguments::List(list) => list,
        FunctionArguments::None => return Ok(()),
        FunctionArguments::Subquery(query) => return refused("a query", query.span()),
    };
    for argument in &list.args {
        let value = match argument {
            FunctionArg::Unnamed(value) => value,
            FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } => arg,
        };
        if !matches!(value, FunctionArgExpr::Expr(_)) {
            return refused(&format!("`{value}`"), argument.span());
        }
    }
    Ok(())
}

/// The name that an identifier stands for: in lower case unless it is quoted.
pub(crate) fn normalized(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_ascii_lowercase(),
    }
}
