//! Named arguments of a statement as positional ones.
//!
//! DataFusion accepts named arguments only if no parameter before the last one is left out. Here
//! those that are left out become null, which stands for the default.

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned, Value,
};
use whittle_host::{ArgumentError, BindError, Function, Presence};

use crate::bind::DOCUMENT;
use crate::error::CallError;
use crate::names::normalized;
use crate::site::Mistake;

/// Puts the arguments of a call in the order of the parameters, and the document after them.
///
/// # Errors
///
/// There is no parameter of a name, it is given twice, or a required one is left out.
pub(crate) fn make_positional(
    arguments: &mut FunctionArguments,
    function: &Function,
) -> Result<(), Mistake> {
    let FunctionArguments::List(list) = arguments else {
        return Ok(());
    };
    if list
        .args
        .iter()
        .all(|of| matches!(of, FunctionArg::Unnamed(_)))
    {
        return Ok(());
    }
    let mistake = |source, span| {
        let function = function.name.clone();
        Mistake::at(
            CallError::Bind(BindError::Argument { function, source }),
            span,
        )
    };
    let names = function.parameters.iter().map(|of| of.name.as_str());
    let names: Vec<&str> = names.chain([DOCUMENT]).collect();
    let mut places: Vec<Option<FunctionArg>> = Vec::new();
    for argument in std::mem::take(&mut list.args) {
        let span = argument.span();
        let (name, value) = match argument {
            FunctionArg::Unnamed(_) => {
                places.push(Some(argument));
                continue;
            }
            FunctionArg::Named { name, arg, .. } => (normalized(&name), arg),
            FunctionArg::ExprNamed { name, arg, .. } => match name {
                Expr::Identifier(name) => (normalized(&name), arg),
                other => (other.to_string(), arg),
            },
        };
        let place = names.iter().position(|known| *known == name);
        let place = place.ok_or_else(|| {
            let unknown = ArgumentError::Unknown {
                parameter: name.clone(),
                known: names.iter().map(|name| (*name).to_owned()).collect(),
            };
            mistake(unknown, span)
        })?;
        if places.len() <= place {
            places.resize(place + 1, None);
        }
        if places[place].replace(FunctionArg::Unnamed(value)).is_some() {
            return Err(mistake(ArgumentError::Twice { parameter: name }, span));
        }
    }
    let mut parameters = function.parameters.iter().zip(&places);
    let left_out =
        parameters.find(|(parameter, of)| of.is_none() && parameter.presence == Presence::Required);
    if let Some((parameter, _)) = left_out {
        return Err(CallError::missing(function, parameter).into());
    }
    let null = || FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::value(Value::Null)));
    let places = places.into_iter().map(|of| of.unwrap_or_else(null));
    list.args = places.collect();
    Ok(())
}
