//! Named arguments of a statement as positional ones.
//!
//! DataFusion accepts named arguments only if no parameter before the last one is left out. Here
//! those that are left out become null, which stands for the default.

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Value,
};
use whittle_host::{ArgumentError, BindError, Function};

use crate::bind::DOCUMENT;
use crate::error::CallError;
use crate::names::normalized;

/// Puts the arguments of a call in the order of the parameters, and the document after them.
///
/// # Errors
///
/// There is no parameter of a name, or it is given twice.
pub(crate) fn make_positional(
    arguments: &mut FunctionArguments,
    function: &Function,
) -> Result<(), CallError> {
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
    let mistake = |source| {
        CallError::Bind(BindError::Argument {
            function: function.name.clone(),
            source,
        })
    };
    let names = function.parameters.iter().map(|of| of.name.as_str());
    let names: Vec<&str> = names.chain([DOCUMENT]).collect();
    let mut places: Vec<Option<FunctionArg>> = Vec::new();
    for argument in std::mem::take(&mut list.args) {
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
            mistake(ArgumentError::Unknown {
                parameter: name.clone(),
                known: names.iter().map(|name| (*name).to_owned()).collect(),
            })
        })?;
        if places.len() <= place {
            places.resize(place + 1, None);
        }
        if places[place].replace(FunctionArg::Unnamed(value)).is_some() {
            return Err(mistake(ArgumentError::Twice { parameter: name }));
        }
    }
    let null = || FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::value(Value::Null)));
    let places = places.into_iter().map(|of| of.unwrap_or_else(null));
    list.args = places.collect();
    Ok(())
}
