//! How SQL arguments become a binding: which of them are constants, which are columns, and which
//! is the document.
//!
//! The contract has no notion of a column argument. A text parameter may name a field, and only
//! `bind` shows whether it does. So a column is given to `bind` as a made-up path. If the guest
//! resolves that path, or one below it, then the column is its value; if not, the parameter takes
//! constants only. A constant that names a field is found in the same way: without a document it
//! is the field's value in every row.

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use whittle_host::{
    Arguments, BindError, Bound, Function, Kind, Parameter, Presence, QueryContext, Value,
};

use crate::error::CallError;
use crate::source::Callable;

/// The parameter after those of the manifest.
pub(crate) const DOCUMENT: &str = "document";

/// An argument of a call.
#[derive(Debug)]
pub(crate) struct Argument {
    /// `None` for a column.
    pub(crate) constant: Option<ScalarValue>,
    pub(crate) data_type: DataType,
}

/// A function bound to arguments.
pub(crate) struct Binding {
    pub(crate) bound: Bound,
    /// The arguments that are fields.
    pub(crate) columns: Vec<usize>,
    /// Their columns in the guest's batch.
    pub(crate) schema: Schema,
    /// The argument that is the document.
    pub(crate) document: Option<usize>,
}

/// The argument that is the document: the one after the last parameter, or a struct in the place
/// of a parameter that may be left out and is no JSON.
pub(crate) fn document_at(function: &Function, types: &[DataType]) -> Option<usize> {
    let last = types.len().checked_sub(1)?;
    match function.parameters.get(last) {
        None => Some(last),
        Some(parameter) => {
            let may_be_absent = parameter.presence != Presence::Required;
            let is_struct = matches!(types[last], DataType::Struct(_));
            let is_document = may_be_absent && is_struct && parameter.kind != Kind::Json;
            is_document.then_some(last)
        }
    }
}

/// Binds a function to arguments in the order of its parameters, with a document after them.
pub(crate) fn bind(
    callable: &Callable,
    arguments: &[Argument],
    context: &QueryContext,
) -> Result<Binding, CallError> {
    let function = callable.function();
    let types: Vec<DataType> = arguments.iter().map(|of| of.data_type.clone()).collect();
    let place = document_at(function, &types);
    let given = &arguments[..place.unwrap_or(arguments.len())];
    let is_null = |at: &usize| {
        let constant = arguments[*at].constant.as_ref();
        constant.is_some_and(ScalarValue::is_null)
    };
    let document = place.filter(|place| !is_null(place));
    check_nulls(function, given)?;
    let mut columns = columns(function, given)?;
    let mut bound = bound(callable, given, &columns, context)?;
    if document.is_none() {
        for at in named_fields(function, given, &columns, &bound) {
            let with = [columns.as_slice(), &[at]].concat();
            let other = self::bound(callable, given, &with, context);
            if let Ok(other) = other
                && reads(&other, &function.parameters[at])
            {
                (columns, bound) = (with, other);
            }
        }
    }
    check_fields(function, given, &columns, &bound, document.is_some())?;
    let schema = columns
        .iter()
        .map(|at| column(function, &bound, *at, &types[*at]));
    let schema = Schema::new(schema.collect::<Result<Vec<_>, _>>()?);
    Ok(Binding {
        bound,
        columns,
        schema,
        document,
    })
}

/// Checks that required constants are not null. A text may name a field, which has no value then.
fn check_nulls(function: &Function, given: &[Argument]) -> Result<(), CallError> {
    let mut parameters = function.parameters.iter().zip(given);
    let null = parameters.find(|(parameter, argument)| {
        let constant = argument.constant.as_ref();
        parameter.presence == Presence::Required
            && parameter.kind != Kind::Text
            && constant.is_some_and(ScalarValue::is_null)
    });
    null.map_or(Ok(()), |(parameter, _)| Err(is_null(function, parameter)))
}

fn is_null(function: &Function, parameter: &Parameter) -> CallError {
    let Parameter { name, kind, .. } = parameter;
    CallError::parameter_of(
        &function.name,
        name,
        format!("parameter `{name}` ({kind}) is required, but null was given"),
    )
}

/// The path of the field that an argument stands for.
fn made_up(parameter: &Parameter) -> String {
    format!("argument_{}", parameter.name)
}

/// Whether a path is another one or below it.
pub(crate) fn is_below(path: &str, parent: &str) -> bool {
    let rest = path.strip_prefix(parent);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The arguments that are columns: also a null for a required text, which is a field without a value,
/// and a constant that is not a string, such as a date, which is the field's value in every row.
fn columns(function: &Function, given: &[Argument]) -> Result<Vec<usize>, CallError> {
    let mut columns = Vec::new();
    for (at, (parameter, argument)) in function.parameters.iter().zip(given).enumerate() {
        let is_required = parameter.presence == Presence::Required;
        match &argument.constant {
            None if parameter.kind != Kind::Text => {
                return Err(CallError::parameter_of(
                    &function.name,
                    &parameter.name,
                    format!(
                        "parameter `{}` ({}) takes a constant, but a column was given",
                        parameter.name, parameter.kind
                    ),
                ));
            }
            None => columns.push(at),
            Some(value) if parameter.kind == Kind::Text => {
                let found = value.data_type();
                let is_value = found.is_string() || found.is_null();
                if !is_value || (value.is_null() && is_required) {
                    columns.push(at);
                }
            }
            Some(_) => {}
        }
    }
    Ok(columns)
}

fn bound(
    callable: &Callable,
    given: &[Argument],
    columns: &[usize],
    context: &QueryContext,
) -> Result<Bound, CallError> {
    let function = callable.function();
    let mut arguments = Arguments::new();
    for (at, (parameter, argument)) in function.parameters.iter().zip(given).enumerate() {
        let constant = argument.constant.as_ref();
        if columns.contains(&at) {
            arguments = arguments.with(&parameter.name, made_up(parameter));
        } else if let Some(value) = constant.filter(|value| !value.is_null()) {
            arguments = arguments.with(&parameter.name, value_of(function, parameter, value)?);
        }
    }
    callable
        .bind(&arguments, context)
        .map_err(|error| match error {
            BindError::Refused {
                function: name,
                message,
            } if !columns.is_empty() => {
                let names = columns
                    .iter()
                    .map(|at| format!("`{}`", function.parameters[*at].name));
                let names = names.collect::<Vec<_>>().join(", ");
                CallError::argument(
                    &name,
                    format!(
                        "refused its arguments: \"{message}\" (columns are given for {names}; a \
                     parameter that does not name a field takes a constant)"
                    ),
                )
            }
            error => error.into(),
        })
}

/// A constant as a value of the parameter's kind.
fn value_of(
    function: &Function,
    parameter: &Parameter,
    constant: &ScalarValue,
) -> Result<Value, CallError> {
    let value = match (parameter.kind, constant) {
        (Kind::Boolean, ScalarValue::Boolean(Some(value))) => Some(Value::Boolean(*value)),
        (Kind::Int64, ScalarValue::Int64(Some(value))) => Some(Value::Int64(*value)),
        (Kind::Float64, ScalarValue::Float64(Some(value))) => Some(Value::Float64(*value)),
        (Kind::Timestamp, ScalarValue::TimestampMicrosecond(Some(value), _)) => {
            Some(Value::Timestamp(*value))
        }
        (Kind::Text, text) => text.try_as_str().flatten().map(Value::from),
        (Kind::Json, value) => {
            let text = value.try_as_str().flatten();
            Some(Value::Json(
                text.map_or_else(|| value.to_string(), str::to_owned),
            ))
        }
        _ => None,
    };
    value.ok_or_else(|| {
        CallError::parameter_of(
            &function.name,
            &parameter.name,
            format!(
                "parameter `{}` is {}, but {} was given",
                parameter.name,
                parameter.kind,
                constant.data_type()
            ),
        )
    })
}

/// The constants that may name a field: the function reads a field of that name.
fn named_fields(
    function: &Function,
    given: &[Argument],
    columns: &[usize],
    bound: &Bound,
) -> Vec<usize> {
    let parameters = function.parameters.iter().zip(given).enumerate();
    let named = parameters.filter(|(at, (parameter, argument))| {
        let constant = argument.constant.as_ref();
        let text = constant.and_then(|value| value.try_as_str().flatten());
        parameter.kind == Kind::Text
            && !columns.contains(at)
            && text.is_some_and(|text| {
                bound
                    .fields()
                    .iter()
                    .any(|field| is_below(&field.path, text))
            })
    });
    named.map(|(at, _)| at).collect()
}

fn reads(bound: &Bound, parameter: &Parameter) -> bool {
    let path = made_up(parameter);
    bound
        .fields()
        .iter()
        .any(|field| is_below(&field.path, &path))
}

/// Checks that the function reads each column as a field, and no field that is not given.
fn check_fields(
    function: &Function,
    given: &[Argument],
    columns: &[usize],
    bound: &Bound,
    has_document: bool,
) -> Result<(), CallError> {
    let parameters: Vec<&Parameter> = columns.iter().map(|at| &function.parameters[*at]).collect();
    let mut unread = columns.iter().zip(&parameters);
    if let Some((at, parameter)) = unread.find(|(_, parameter)| !reads(bound, parameter)) {
        let constant = given[*at].constant.as_ref();
        return Err(match constant.is_some_and(ScalarValue::is_null) {
            true => is_null(function, parameter),
            false => CallError::parameter_of(
                &function.name,
                &parameter.name,
                format!(
                    "parameter `{}` does not name a field: it takes a constant string",
                    parameter.name
                ),
            ),
        });
    }
    let mut missing: Vec<String> = bound
        .fields()
        .iter()
        .filter(|field| {
            let mut given = parameters.iter();
            !given.any(|parameter| is_below(&field.path, &made_up(parameter)))
        })
        .map(|field| format!("`{}`", field.path))
        .collect();
    missing.dedup();
    if has_document || missing.is_empty() {
        return Ok(());
    }
    Err(CallError::argument(
        &function.name,
        format!(
            "it reads {} of a document: give columns for the parameters that name them, or add \
             `document => ...`, a struct or a JSON object",
            missing.join(", ")
        ),
    ))
}

/// The Arrow field of a column argument.
fn column(
    function: &Function,
    bound: &Bound,
    at: usize,
    found: &DataType,
) -> Result<Field, CallError> {
    let parameter = &function.parameters[at];
    let path = made_up(parameter);
    let kinds = bound.fields().iter().filter(|field| field.path == path);
    let kinds: Vec<Kind> = kinds.map(|field| field.kind).collect();
    if let Some(kind) = kinds.iter().find(|kind| !can_read(**kind, found)) {
        return Err(CallError::parameter_of(
            &function.name,
            &parameter.name,
            format!(
                "parameter `{}` takes a column of kind {kind}, but {found} was given: cast it",
                parameter.name
            ),
        ));
    }
    let field = Field::new(path, found.clone(), true);
    let is_json = !kinds.is_empty() && kinds.iter().all(|kind| *kind == Kind::Json);
    if is_json && is_text(found) {
        return Ok(field.with_metadata(Kind::Json.field("").metadata().clone()));
    }
    Ok(field)
}

fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Dictionary(_, values) => is_text(values),
        found => found.is_string(),
    }
}

/// Whether a function can read a column as a kind: what the contract converts. Lists are read by
/// their first value.
fn can_read(kind: Kind, found: &DataType) -> bool {
    match found {
        DataType::Null => true,
        DataType::Dictionary(_, values) => can_read(kind, values),
        DataType::List(item) | DataType::LargeList(item) if kind != Kind::Json => {
            can_read(kind, item.data_type())
        }
        found => can_convert(kind, found),
    }
}

/// Whether values of a type, which is no list and no dictionary, can be read as a kind.
fn can_convert(kind: Kind, found: &DataType) -> bool {
    match kind {
        Kind::Boolean => *found == DataType::Boolean,
        Kind::Int64 => found.is_integer(),
        Kind::Float64 => found.is_numeric(),
        Kind::Text => found.is_string(),
        Kind::Timestamp => {
            found.is_string()
                || matches!(
                    found,
                    DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
                )
        }
        Kind::Json => true,
    }
}

/// The type to which a constant for a parameter is cast. Texts keep their type, since they may be
/// columns of any type.
pub(crate) fn constant_type(kind: Kind, found: &DataType) -> Option<DataType> {
    match kind {
        _ if found.is_null() => Some(DataType::Null),
        Kind::Text => Some(found.clone()),
        Kind::Json => {
            let fits = found.is_string() || found.is_numeric() || *found == DataType::Boolean;
            fits.then(|| found.clone())
        }
        kind => can_convert(kind, found).then(|| kind.data_type()),
    }
}
