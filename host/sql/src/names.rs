//! The calls of a statement, before DataFusion plans it.

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::common::{Diagnostic, Span};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, Ident, ObjectName, Spanned, VisitMut, visit_expressions_mut,
};

use crate::arguments::make_positional;
use crate::error::CallError;
use crate::function::UdfFunction;

/// What a name stands for.
pub(crate) enum Found {
    Udf(Arc<ScalarUDF>),
    /// A function of DataFusion, or of somebody else.
    Other,
}

/// Looks up a function by its name.
pub(crate) type LookUp<'a> = dyn FnMut(&str) -> Result<Found, CallError> + 'a;

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
        let span = call.name.span();
        match complete_call(call, look_up) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                let span = Span::try_from_sqlparser_span(span);
                let diagnostic = Diagnostic::new_error(error.to_string(), span);
                ControlFlow::Break(DataFusionError::from(error).with_diagnostic(diagnostic))
            }
        }
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

fn complete_call(call: &mut Function, look_up: &mut LookUp<'_>) -> Result<(), CallError> {
    let parts = call.name.0.iter();
    let parts: Option<Vec<String>> = parts.map(|part| part.as_ident().map(normalized)).collect();
    let Some(parts) = parts else {
        return Ok(());
    };
    let name = parts.join(".");
    let Found::Udf(function) = look_up(&name)? else {
        return Ok(());
    };
    if parts.len() > 1 {
        // DataFusion knows functions by one name.
        let span = call.name.span();
        call.name = ObjectName::from(vec![Ident::with_quote_and_span('"', span, name)]);
    }
    match UdfFunction::of(&function) {
        Some(function) => make_positional(&mut call.args, &function.reference().function),
        None => Ok(()),
    }
}

/// The name that an identifier stands for: in lower case unless it is quoted.
pub(crate) fn normalized(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_ascii_lowercase(),
    }
}
