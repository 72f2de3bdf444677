//! A call bound to its arguments: which of them are constants, which are columns, and how a batch
//! for the guest is made of them.
//!
//! The contract has no notion of a column argument. A text parameter may name a field, and only
//! `bind` shows whether it does. So a column is given to `bind` as a made-up path. If the guest
//! resolves that path, or one below it, then the column is its value; if not, the parameter takes
//! constants only. A constant that names a field is found in the same way: without a document it
//! is the field's value in every row.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::{cast, is_not_null, kernels::nullif::nullif, not};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use whittle_host::{
    Arguments, BindError, Bound, Document, ExactJson, Function, Kind, Parameter, QueryContext,
    Value,
};

use crate::error::CallError;
use crate::target::Target;

/// A function bound to the arguments of a call, in an instance of its own.
#[derive(Debug)]
pub(crate) struct Instance {
    bound: Bound,
    /// The constants; `None` for a column.
    constants: Vec<Option<ScalarValue>>,
    /// The arguments that are fields, and their columns in the guest's batch.
    columns: Vec<usize>,
    schema: SchemaRef,
    document: Option<usize>,
}

/// The path of the field that an argument stands for.
fn made_up(parameter: &Parameter) -> String {
    format!("argument_{}", parameter.name)
}

fn is_below(path: &str, parent: &str) -> bool {
    let rest = path.strip_prefix(parent);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Instance {
    /// Binds a function to constants and columns, given in the order of its parameters. The one
    /// after the last parameter is the document.
    pub(crate) fn bind(
        target: &Target,
        constants: Vec<Option<ScalarValue>>,
        fields: &[FieldRef],
        context: &QueryContext,
    ) -> Result<Self, CallError> {
        let function = target.function();
        let document = (constants.len() > function.parameters.len())
            .then_some(function.parameters.len())
            .filter(|document| {
                let constant = &constants[*document];
                constant.as_ref().is_none_or(|value| !value.is_null())
            });
        let mut columns = columns(function, &constants)?;
        let mut bound = bound(target, &constants, &columns, context)?;
        if document.is_none() {
            for at in named_fields(function, &constants, &columns, &bound) {
                let with = [columns.as_slice(), &[at]].concat();
                let other = self::bound(target, &constants, &with, context);
                if let Ok(other) = other
                    && reads(&other, &function.parameters[at])
                {
                    (columns, bound) = (with, other);
                }
            }
        }
        check_fields(function, &columns, &bound, document.is_some())?;
        let types = |at: usize| fields.get(at).map(|field| field.data_type().clone());
        let schema = columns.iter().map(|at| {
            let found = types(*at).unwrap_or(DataType::Null);
            column(function, &bound, *at, &found)
        });
        let schema = Schema::new(schema.collect::<Result<Vec<_>, _>>()?);
        Ok(Self {
            bound,
            constants,
            columns,
            schema: Arc::new(schema),
            document,
        })
    }

    /// Whether the instance is bound to the constants among the arguments.
    pub(crate) fn fits(&self, arguments: &[ColumnarValue]) -> bool {
        let mut pairs = self.constants.iter().zip(arguments);
        self.constants.len() == arguments.len()
            && pairs.all(|pair| match pair {
                (None, ColumnarValue::Array(_)) => true,
                (Some(bound), ColumnarValue::Scalar(given)) => bound == given,
                _ => false,
            })
    }

    /// The most memory that the guest held, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bound.statistics().memory_peak_bytes
    }

    /// Evaluates the function for each row.
    pub(crate) fn evaluate(
        &mut self,
        arguments: &[ColumnarValue],
        rows: usize,
    ) -> Result<ArrayRef, CallError> {
        let columns = self.columns.iter().map(|at| array(&arguments[*at], rows));
        let columns = columns.collect::<Result<Vec<_>, _>>();
        let columns = columns.map_err(|error| self.problem(error.to_string()))?;
        let batch = match self.document {
            None => batch(Arc::clone(&self.schema), columns, rows),
            Some(at) => {
                let document = array(&arguments[at], rows);
                let document = document.map_err(|error| self.problem(error.to_string()))?;
                self.with_document(&document, columns, rows)?
            }
        };
        let batch = batch.map_err(|error| self.problem(error))?;
        Ok(self.bound.evaluate(&batch)?)
    }

    fn problem(&self, problem: impl Into<String>) -> CallError {
        CallError::argument(&self.bound.function().name, problem)
    }

    /// The columns and the fields of the documents.
    fn with_document(
        &self,
        document: &ArrayRef,
        mut columns: Vec<ArrayRef>,
        rows: usize,
    ) -> Result<Result<RecordBatch, String>, CallError> {
        let mut fields: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
        if let Some(document) = document.as_struct_opt() {
            for (field, column) in document.fields().iter().zip(document.columns()) {
                fields.push(Arc::clone(field));
                columns.push(match document.nulls() {
                    None => Arc::clone(column),
                    Some(_) => {
                        let nulls = is_not_null(document).and_then(|valid| not(&valid));
                        let masked = nulls.and_then(|nulls| nullif(column, &nulls));
                        masked.map_err(|error| self.problem(error.to_string()))?
                    }
                });
            }
            return Ok(batch(Arc::new(Schema::new(fields)), columns, rows));
        }
        let texts = cast(document, &DataType::Utf8);
        let texts = texts.map_err(|error| self.problem(error.to_string()))?;
        let sources = texts
            .as_string::<i32>()
            .iter()
            .enumerate()
            .map(|(row, text)| {
                let source = text.map_or(Ok(ExactJson::Null), serde_json::from_str);
                source.map_err(|error| {
                    self.problem(format!(
                        "`document` is not valid JSON in row {row}: {error}"
                    ))
                })
            });
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        let documents: Vec<Document<'_>> = sources
            .iter()
            .map(|source| Document {
                id: "",
                source,
                score: None,
            })
            .collect();
        let loaded = self.bound.load(&documents)?;
        for (field, column) in loaded.schema_ref().fields().iter().zip(loaded.columns()) {
            let is_read = self
                .bound
                .fields()
                .iter()
                .any(|used| used.path == *field.name());
            let is_given = self.schema.fields().iter();
            let is_given = is_given
                .into_iter()
                .any(|given| is_below(field.name(), given.name()));
            if is_read && !is_given {
                fields.push(Arc::clone(field));
                columns.push(Arc::clone(column));
            }
        }
        Ok(batch(Arc::new(Schema::new(fields)), columns, rows))
    }
}

fn array(argument: &ColumnarValue, rows: usize) -> datafusion::error::Result<ArrayRef> {
    match argument {
        ColumnarValue::Array(array) => Ok(Arc::clone(array)),
        ColumnarValue::Scalar(value) => value.to_array_of_size(rows),
    }
}

fn batch(schema: SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, String> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(schema, columns, &options);
    batch.map_err(|error| error.to_string())
}

/// The arguments that are columns. A null for a required text is a field without a value.
fn columns(
    function: &Function,
    constants: &[Option<ScalarValue>],
) -> Result<Vec<usize>, CallError> {
    let mut columns = Vec::new();
    for (at, (parameter, constant)) in function.parameters.iter().zip(constants).enumerate() {
        let is_required = parameter.presence == whittle_host::Presence::Required;
        match constant {
            None if parameter.kind != Kind::Text => {
                return Err(CallError::argument(
                    &function.name,
                    format!(
                        "parameter `{}` ({}) takes a constant, but a column was given",
                        parameter.name, parameter.kind
                    ),
                ));
            }
            None => columns.push(at),
            Some(value) if value.is_null() && is_required && parameter.kind == Kind::Text => {
                columns.push(at);
            }
            Some(_) => {}
        }
    }
    Ok(columns)
}

fn bound(
    target: &Target,
    constants: &[Option<ScalarValue>],
    columns: &[usize],
    context: &QueryContext,
) -> Result<Bound, CallError> {
    let function = target.function();
    let mut arguments = Arguments::new();
    for (at, (parameter, constant)) in function.parameters.iter().zip(constants).enumerate() {
        if columns.contains(&at) {
            arguments = arguments.with(&parameter.name, made_up(parameter));
        } else if let Some(value) = constant.as_ref().filter(|value| !value.is_null()) {
            arguments = arguments.with(&parameter.name, value_of(function, parameter, value)?);
        }
    }
    target
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
        CallError::argument(
            &function.name,
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
    constants: &[Option<ScalarValue>],
    columns: &[usize],
    bound: &Bound,
) -> Vec<usize> {
    let parameters = function.parameters.iter().zip(constants).enumerate();
    let named = parameters.filter(|(at, (parameter, constant))| {
        let text = constant
            .as_ref()
            .and_then(|value| value.try_as_str().flatten());
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
    columns: &[usize],
    bound: &Bound,
    has_document: bool,
) -> Result<(), CallError> {
    let parameters: Vec<&Parameter> = columns.iter().map(|at| &function.parameters[*at]).collect();
    if let Some(parameter) = parameters.iter().find(|parameter| !reads(bound, parameter)) {
        return Err(CallError::argument(
            &function.name,
            format!(
                "parameter `{}` does not name a field: it takes a constant, and not null",
                parameter.name
            ),
        ));
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
        return Err(CallError::argument(
            &function.name,
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
        found => match kind {
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
        },
    }
}
