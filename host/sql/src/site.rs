//! Where a statement calls a function, for errors.
//!
//! DataFusion's plans have positions of columns alone. So while a statement is planned each of its
//! calls has a function of its own, under a name that no other call has, and that function knows
//! where the call is. Errors of the plan and of its execution then have the position of the call, or of
//! the argument that they are about.

use datafusion::common::{Diagnostic, Span};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::{Function as Call, FunctionArguments, Spanned};
use datafusion::sql::sqlparser::tokenizer;
use whittle_host::Function;

use crate::bind::DOCUMENT;
use crate::error::CallError;

/// The position of a call in the text of its statement.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The name that the function has while the statement is planned.
    pub(crate) name: String,
    call: Span,
    /// In the order of the parameters; `None` for those that are left out.
    arguments: Vec<Option<Span>>,
}

impl Site {
    /// The site of a call whose arguments are positional, of a function that SQL knows by a name.
    /// `None` if the statement was not parsed from a text.
    pub(crate) fn of(call: &Call, name: &str) -> Option<Self> {
        let span = Span::try_from_sqlparser_span(call.name.span())?;
        let arguments = match &call.args {
            FunctionArguments::List(list) => &list.args[..],
            FunctionArguments::None | FunctionArguments::Subquery(_) => &[],
        };
        let arguments = arguments.iter().map(Spanned::span);
        Some(Self {
            name: format!("{name} at {}:{}", span.start.line, span.start.column),
            call: span,
            arguments: arguments.map(Span::try_from_sqlparser_span).collect(),
        })
    }

    /// Gives an error of a call of this function its position, unless it has one.
    pub(crate) fn place(&self, error: DataFusionError, function: &Function) -> DataFusionError {
        if error.diagnostic().is_some() {
            return error;
        }
        let parameter = match &error {
            DataFusionError::External(error) => error.downcast_ref::<CallError>(),
            _ => None,
        };
        let argument = parameter.and_then(CallError::parameter).and_then(|name| {
            let at = match name {
                DOCUMENT => self.arguments.len().checked_sub(1),
                name => function.parameters.iter().position(|of| of.name == name),
            };
            *self.arguments.get(at?)?
        });
        placed(error, Some(argument.unwrap_or(self.call)))
    }
}

/// An error of a call, and the argument that it is about; an empty span if it is about none.
pub(crate) struct Mistake {
    pub(crate) error: Box<CallError>,
    pub(crate) argument: tokenizer::Span,
}

impl Mistake {
    pub(crate) fn at(error: CallError, argument: tokenizer::Span) -> Self {
        let error = Box::new(error);
        Self { error, argument }
    }
}

impl From<CallError> for Mistake {
    fn from(error: CallError) -> Self {
        Self::at(error, tokenizer::Span::empty())
    }
}

/// An error at a part of a parsed statement.
pub(crate) fn placed_at(error: DataFusionError, span: tokenizer::Span) -> DataFusionError {
    placed(error, Span::try_from_sqlparser_span(span))
}

fn placed(error: DataFusionError, span: Option<Span>) -> DataFusionError {
    if span.is_none() || error.diagnostic().is_some() {
        return error;
    }
    let diagnostic = Diagnostic::new_error(error.message(), span);
    error.with_diagnostic(diagnostic)
}
