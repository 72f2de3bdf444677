//! Calls of UDFs, checked: `string_distance(title, 'Alien', max_distance => 2)`.
//!
//! An argument that is a field's name gives the UDF that name, so that it reads the field itself;
//! all others are constants. It knows nothing of how UDFs are found and bound.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArgOperator, Ident};
use whittle_host::{Kind as ValueKind, Parameter, Presence, nearest_name};

use super::Unusable;
use super::check::Checker;
use super::error::ExpressionError;
use super::functions::{how_many, listed_arguments};
use super::names;
use super::node::{Kind, Node, Type};
use super::parse::position;
use crate::dates;

impl Checker<'_> {
    /// Checks the call of a function that SQL does not have.
    pub(super) fn udf(
        &self,
        call: &Expr,
        name: &str,
        depth: usize,
    ) -> Result<Arc<Node>, ExpressionError> {
        let (Some(functions), Expr::Function(function)) = (self.scope.functions, call) else {
            return Err(names::unknown_function(call, name, &[]));
        };
        let unusable = |unusable| match unusable {
            Unusable::Unknown(known) => names::unknown_function(call, name, &known),
            Unusable::Other(reason) => ExpressionError::Value {
                at: position(call),
                reason,
            },
        };
        let signature = functions.find(name).map_err(unusable)?;
        let parameters = &signature.parameters;
        let given = listed_arguments(call, function)?;
        let mut arguments = Map::new();
        for (number, argument) in given.iter().enumerate() {
            let (parameter, value) = match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => {
                    let parameter = parameters.get(number);
                    let parameter = parameter.ok_or_else(|| ExpressionError::Arguments {
                        at: position(call),
                        function: name.to_owned(),
                        takes: how_many(&(0..=parameters.len())),
                        given: given.len(),
                    });
                    (parameter?, value)
                }
                FunctionArg::Named {
                    name: parameter,
                    arg: FunctionArgExpr::Expr(value),
                    operator: FunctionArgOperator::RightArrow,
                } => (named(name, parameters, parameter)?, value),
                _ => return Err(names::unsupported(call)),
            };
            let json = self.argument(name, parameter, value, depth)?;
            if arguments.insert(parameter.name.clone(), json).is_some() {
                return Err(ExpressionError::Value {
                    at: position(value),
                    reason: format!("`{name}` has two arguments for `{}`", parameter.name),
                });
            }
        }
        let is_missing = |parameter: &&Parameter| {
            parameter.presence == Presence::Required && !arguments.contains_key(&parameter.name)
        };
        if let Some(Parameter {
            name: missing,
            kind,
            ..
        }) = parameters.iter().find(is_missing)
        {
            return Err(ExpressionError::Value {
                at: position(call),
                reason: format!("`{name}` is called without its parameter `{missing}` ({kind})"),
            });
        }
        let udf = functions.call(name, arguments).map_err(unusable)?;
        let mut udfs = self.udfs.borrow_mut();
        udfs.push(udf);
        let type_ = match signature.returns {
            ValueKind::Boolean => Type::Boolean,
            ValueKind::Int64 => Type::Long,
            ValueKind::Float64 => Type::Double,
            ValueKind::Timestamp => Type::Date,
            ValueKind::Text | ValueKind::Json => Type::Text,
        };
        Ok(Node::new(Kind::Udf(udfs.len() - 1), type_))
    }

    /// The value of an argument, as a query gives it in JSON.
    fn argument(
        &self,
        function: &str,
        parameter: &Parameter,
        value: &Expr,
        depth: usize,
    ) -> Result<Json, ExpressionError> {
        let Parameter { name, kind, .. } = parameter;
        let path = match value {
            Expr::Identifier(name) => Some(std::slice::from_ref(name)),
            Expr::CompoundIdentifier(names) => Some(names.as_slice()),
            _ => None,
        };
        if let Some(path) = path
            && *kind == ValueKind::Text
        {
            return self.path(path).map(Json::String);
        }
        let operand = self.check(value, depth + 1)?;
        let json = match (&operand.node.kind, kind) {
            (Kind::Null, _) => Some(Json::Null),
            (Kind::Boolean(value), ValueKind::Boolean | ValueKind::Json) => Some((*value).into()),
            (Kind::Long(value), ValueKind::Int64 | ValueKind::Float64 | ValueKind::Json) => {
                Some((*value).into())
            }
            (Kind::Double(value), ValueKind::Float64 | ValueKind::Json) => Some((*value).into()),
            (Kind::Text(text), ValueKind::Text | ValueKind::Timestamp) => {
                Some(text.as_ref().into())
            }
            (Kind::Text(text), ValueKind::Json) => {
                let json = serde_json::from_str(text).map_err(|error| ExpressionError::Value {
                    at: operand.at,
                    reason: format!(
                        "parameter `{name}` of `{function}` is json, but this text is not JSON: {error}"
                    ),
                })?;
                Some(json)
            }
            (Kind::Instant(micros), ValueKind::Text | ValueKind::Timestamp) => {
                Some(dates::show(*micros).into())
            }
            _ => None,
        };
        json.ok_or_else(|| {
            if operand.node.is_constant() {
                operand.mismatch(format!("parameter `{name}` of `{function}` is {kind}"))
            } else {
                ExpressionError::Value {
                    at: operand.at,
                    reason: format!(
                        "parameter `{name}` of `{function}` ({kind}) takes {} constant: no value \
                         that is computed from fields",
                        match kind {
                            ValueKind::Text => "the name of a field or a",
                            _ => "a",
                        }
                    ),
                }
            }
        })
    }

    /// The path of a field, or of an object with fields.
    fn path(&self, names: &[Ident]) -> Result<String, ExpressionError> {
        let parts: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
        let path = parts.join(".");
        let columns = self.scope.columns;
        let is_object = || {
            let below = |known: &String| {
                let rest = known.strip_prefix(&path);
                rest.is_some_and(|rest| rest.starts_with('.'))
            };
            columns.paths().iter().any(below)
        };
        if columns.column(&path).is_none() && !is_object() {
            return Err(ExpressionError::UnknownColumn {
                at: names
                    .first()
                    .map(|name| name.span.start.into())
                    .unwrap_or_default(),
                hint: match names::nearest_column(&path, &columns.paths()) {
                    hint if hint.ends_with('?') => format!("{hint} A string is written '{path}'"),
                    hint => format!("{hint}; a string is written '{path}'"),
                },
                name: path,
            });
        }
        Ok(path)
    }
}

/// The parameter of a named argument.
fn named<'p>(
    function: &str,
    parameters: &'p [Parameter],
    name: &Ident,
) -> Result<&'p Parameter, ExpressionError> {
    let mut known = parameters.iter();
    let parameter = known.find(|parameter| parameter.name.eq_ignore_ascii_case(&name.value));
    parameter.ok_or_else(|| {
        let known = || parameters.iter().map(|parameter| parameter.name.as_str());
        let hint = match nearest_name(&name.value, known()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None if parameters.is_empty() => "it has no parameters".to_owned(),
            None => {
                let known: Vec<_> = known().map(|name| format!("`{name}`")).collect();
                format!("its parameters are {}", known.join(", "))
            }
        };
        ExpressionError::Value {
            at: name.span.start.into(),
            reason: format!("`{function}` has no parameter `{}`: {hint}", name.value),
        }
    })
}
