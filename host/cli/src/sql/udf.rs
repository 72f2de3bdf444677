//! A registered function as a scalar function of the engine, for one statement.
//!
//! An argument that is a column or an expression is a field of the document that the function reads:
//! the parameter must be one that names a field, and is bound to a path of our own, under which the
//! batch has the values. A constant is the parameter's value; where the function takes that for the
//! path of a field, it is a field with this value in every row. A last argument that is a struct is
//! the document itself, for fields that the function names.

use std::any::Any;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, make_array, new_empty_array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, TimeUnit};
use datafusion::common::{ScalarValue, exec_datafusion_err, plan_datafusion_err, plan_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use serde_json::{Map, Value as Json, json};
use whittle_host::{
    Arguments, BindError, Bound, FieldUse, Function, Kind, Presence, QueryContext, Selection,
    Udf as Component,
};

/// The statement that runs: its number and its context. Views keep functions of earlier statements,
/// and run in the context of this one.
pub(super) type Current = Arc<Mutex<(u64, QueryContext)>>;

/// A function that can be called.
#[derive(Debug, Clone)]
pub(super) enum Callable {
    /// Of a registry, in one version.
    Registered(Selection),
    /// Of a component that is in no registry, by its name.
    Given(Component, String),
}

impl Callable {
    pub(super) fn function(&self) -> &Function {
        match self {
            Self::Registered(selection) => selection.function(),
            Self::Given(component, name) => {
                let functions = &component.manifest().functions;
                let found = functions.iter().find(|function| function.name == *name);
                found.unwrap_or(&functions[0])
            }
        }
    }

    /// The component and its version.
    pub(super) fn label(&self) -> String {
        let (name, version) = match self {
            Self::Registered(selection) => (selection.name(), selection.version()),
            Self::Given(component, _) => {
                let manifest = component.manifest();
                (manifest.name.as_str(), &manifest.version)
            }
        };
        format!("{name}@{version}")
    }

    fn bind(
        &self,
        arguments: &Arguments,
        query: &QueryContext,
    ) -> std::result::Result<Bound, BindError> {
        match self {
            Self::Registered(selection) => selection.bind(arguments, query),
            Self::Given(component, name) => component.bind(name, arguments, query),
        }
    }
}

/// One as a function of the engine.
#[derive(Debug)]
pub(super) struct Udf {
    /// As the statement has it.
    name: String,
    callable: Callable,
    current: Current,
    signature: Signature,
    /// Bound instances that are not in use.
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    /// The number of its statement.
    statement: u64,
    call: Call,
    bound: Bound,
}

/// What an instance is bound to.
#[derive(Debug, Clone, PartialEq)]
struct Call {
    parameters: Map<String, Json>,
    /// The parameters that are fields, and the places of their arguments.
    fields: Vec<(String, usize)>,
    /// The types of the arguments.
    types: Vec<DataType>,
    /// The place of the document.
    document: Option<usize>,
}

impl Udf {
    pub(super) fn function(name: &str, callable: Callable, current: &Current) -> ScalarUDF {
        ScalarUDF::from(Self {
            name: name.to_owned(),
            callable,
            current: Arc::clone(current),
            signature: Signature::user_defined(Volatility::Immutable),
            idle: Mutex::default(),
        })
    }

    /// The UDF behind a function of the engine, if it is one.
    pub(super) fn of(function: &ScalarUDF) -> Option<&Self> {
        let function: &dyn Any = function.inner().as_ref();
        function.downcast_ref()
    }

    /// Its signature.
    pub(super) fn declared(&self) -> &Function {
        self.callable.function()
    }

    /// The component that it is a function of.
    pub(super) fn component(&self) -> &Component {
        match &self.callable {
            Callable::Registered(selection) => selection.udf(),
            Callable::Given(component, _) => component,
        }
    }

    /// The context of the statement that runs.
    pub(super) fn query(&self) -> QueryContext {
        lock(&self.current).1.clone()
    }

    /// The call with these arguments: constants, or the types of columns.
    fn call(&self, arguments: &[(Option<&ScalarValue>, &DataType)]) -> Result<Call> {
        let function = self.callable.function();
        let last = arguments.last();
        let names = &function.parameters;
        // A parameter that must be given is not left out for a document.
        let document = last.and_then(|(_, of)| {
            let place = arguments.len() - 1;
            let is_due = names
                .get(place)
                .is_some_and(|of| of.presence == Presence::Required);
            (matches!(of, DataType::Struct(_)) && !is_due).then_some(place)
        });
        let given = &arguments[..document.unwrap_or(arguments.len())];
        if given.len() > names.len() {
            let (wanted, given) = (names.len(), given.len());
            return plan_err!(
                "`{}` takes {wanted} arguments, and {given} are given",
                self.name
            );
        }
        let mut call = Call {
            parameters: Map::new(),
            fields: Vec::new(),
            types: arguments.iter().map(|(_, of)| (*of).clone()).collect(),
            document,
        };
        for (place, (parameter, (constant, of))) in names.iter().zip(given).enumerate() {
            // What cannot be the parameter's value may be that of a field.
            let is_value = !of.is_nested() && (parameter.kind != Kind::Text || of.is_string());
            let value = match constant.filter(|value| is_value || value.is_null()) {
                // Left out.
                Some(value) if value.is_null() => continue,
                Some(value) => constant_of(value, parameter.kind)
                    .map_err(|problem| self.mistake(&parameter.name, &problem))?,
                None if parameter.kind != Kind::Text => {
                    return Err(self.mistake(&parameter.name, "expected a constant, not a column"));
                }
                None => {
                    call.fields.push((parameter.name.clone(), place));
                    json!(parameter.name)
                }
            };
            call.parameters.insert(parameter.name.clone(), value);
        }
        Ok(call)
    }

    fn mistake(&self, parameter: &str, problem: &str) -> DataFusionError {
        plan_datafusion_err!("parameter `{parameter}` of `{}`: {problem}", self.name)
    }

    /// An instance for a call, and the call with the constants that turned out to be fields.
    fn bind(&self, call: Call) -> Result<(Call, Bound)> {
        let (_, query) = lock(&self.current).clone();
        let arguments = Arguments::from_json(&call.parameters);
        let bound = self.callable.bind(&arguments, &query);
        let bound = bound.map_err(|error| chain(&error.into()))?;
        let read: BTreeSet<&str> = bound.fields().iter().map(|of| of.path.as_str()).collect();
        if let Some((parameter, _)) = call.fields.iter().find(|(path, _)| !read.contains(&**path)) {
            return Err(self.mistake(parameter, "expected a constant string"));
        }
        for (path, place) in &call.fields {
            let kinds = bound.fields().iter().filter(|field| field.path == *path);
            let given = &call.types[*place];
            if let Some(field) = kinds.into_iter().find(|field| !reads(field.kind, given)) {
                let kind = field.kind;
                let problem = format!(
                    "it is read as {kind}, and the column has the type {given}: use `CAST`"
                );
                return Err(self.mistake(path, &problem));
            }
        }
        if call.document.is_some() {
            return Ok((call, bound));
        }
        let is_field = |path: &str| call.fields.iter().any(|(field, _)| field == path);
        let others: Vec<&str> = read.into_iter().filter(|path| !is_field(path)).collect();
        if others.is_empty() {
            return Ok((call, bound));
        }
        let parameters = self.callable.function().parameters.iter().enumerate();
        for (place, parameter) in parameters {
            let value = call.parameters.get(&parameter.name).and_then(Json::as_str);
            if parameter.kind != Kind::Text || !value.is_some_and(|path| others.contains(&path)) {
                continue;
            }
            // If it is not this constant that names a field, the path is not read.
            let mut other = call.clone();
            let name = &parameter.name;
            other.parameters.insert(name.clone(), json!(name));
            other.fields.push((name.clone(), place));
            if let Ok(bound) = self.bind(other) {
                return Ok(bound);
            }
        }
        plan_err!(
            "`{}` reads the field `{}`: give its column as an argument, or a document as the last one, \
             such as `named_struct('{}', column)`",
            self.name,
            others[0],
            others[0]
        )
    }

    /// An idle instance, or a new one.
    fn instance(&self, call: Call) -> Result<(Call, Bound)> {
        let statement = lock(&self.current).0;
        let mut idle = lock(&self.idle);
        // Those of earlier statements are of no use.
        idle.retain(|idle| idle.statement == statement);
        if let Some(found) = idle.iter().position(|idle| idle.call == call) {
            let Idle { call, bound, .. } = idle.swap_remove(found);
            return Ok((call, bound));
        }
        drop(idle);
        self.bind(call)
    }

    fn give_back(&self, call: Call, bound: Bound) {
        let statement = lock(&self.current).0;
        lock(&self.idle).push(Idle {
            statement,
            call,
            bound,
        });
    }
}

impl ScalarUDFImpl for Udf {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arguments.to_vec())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.callable.function().returns.data_type())
    }

    /// Mistakes in arguments are found here, before anything runs.
    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types = arguments.arg_fields.iter().map(|field| field.data_type());
        let given = arguments.scalar_arguments.iter().copied().zip(types);
        let call = self.call(&given.collect::<Vec<_>>())?;
        let (call, bound) = self.instance(call)?;
        self.give_back(call, bound);
        Ok(Arc::new(self.callable.function().returns.field(&self.name)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ScalarFunctionArgs {
            args, number_rows, ..
        } = arguments;
        let types: Vec<DataType> = args.iter().map(ColumnarValue::data_type).collect();
        let given = args.iter().zip(&types).map(|(value, of)| match value {
            ColumnarValue::Scalar(value) => (Some(value), of),
            ColumnarValue::Array(_) => (None, of),
        });
        let call = self.call(&given.collect::<Vec<_>>())?;
        if number_rows == 0 {
            let empty = new_empty_array(&self.callable.function().returns.data_type());
            return Ok(ColumnarValue::Array(empty));
        }
        let (call, mut bound) = self.instance(call)?;
        let batch = batch(&call, &bound, &args, number_rows)?;
        let values = bound
            .evaluate(&batch)
            .map_err(|error| chain(&error.into()))?;
        self.give_back(call, bound);
        Ok(ColumnarValue::Array(values))
    }
}

/// Whether a function can read values of a type as a kind.
fn reads(kind: Kind, given: &DataType) -> bool {
    match (kind, given) {
        (Kind::Json, _) | (_, DataType::Null) => true,
        (_, DataType::Dictionary(_, of)) => reads(kind, of),
        (_, DataType::List(of) | DataType::LargeList(of)) => reads(kind, of.data_type()),
        (Kind::Boolean, of) => *of == DataType::Boolean,
        (Kind::Int64, of) => of.is_integer(),
        (Kind::Float64, of) => of.is_numeric(),
        (Kind::Text, of) => of.is_string(),
        (Kind::Timestamp, of) => of.is_string() || of.is_temporal(),
    }
}

/// The rows that a function reads.
fn batch(
    call: &Call,
    bound: &Bound,
    arguments: &[ColumnarValue],
    rows: usize,
) -> Result<RecordBatch> {
    let mut columns: Vec<(FieldRef, ArrayRef)> = Vec::new();
    for (path, place) in &call.fields {
        let column = arguments[*place].to_array_of_size(rows)?;
        let of = column.data_type();
        let is_json = bound.fields().contains(&FieldUse {
            path: path.clone(),
            kind: Kind::Json,
        });
        if is_json && of.is_string() {
            // SQL has JSON as text.
            let field = Kind::Json.field(path);
            let column = cast(&column, field.data_type())?;
            columns.push((Arc::new(field), column));
        } else if of.is_decimal() {
            let field = Field::new(path, DataType::Float64, true);
            columns.push((Arc::new(field), cast(&column, &DataType::Float64)?));
        } else {
            columns.push((Arc::new(Field::new(path, of.clone(), true)), column));
        }
    }
    if let Some(place) = call.document {
        let document = arguments[place].to_array_of_size(rows)?;
        let document = document.as_struct();
        for (field, column) in document.fields().iter().zip(document.columns()) {
            // A document that is null has no fields.
            let column = match document.nulls() {
                None => Arc::clone(column),
                Some(nulls) => {
                    let nulls = NullBuffer::union(Some(nulls), column.nulls());
                    make_array(column.to_data().into_builder().nulls(nulls).build()?)
                }
            };
            columns.push((Arc::clone(field), column));
        }
    }
    let (fields, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let schema = Arc::new(Schema::new(fields));
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

/// A constant as the value of a parameter.
fn constant_of(value: &ScalarValue, kind: Kind) -> std::result::Result<Json, String> {
    if let Some(Some(text)) = value.try_as_str() {
        return match kind {
            Kind::Json => {
                serde_json::from_str(text).map_err(|error| format!("invalid JSON: {error}"))
            }
            _ => Ok(json!(text)),
        };
    }
    let as_type = match value.data_type() {
        DataType::Boolean => DataType::Boolean,
        of if of.is_integer() => DataType::Int64,
        of if of.is_numeric() => DataType::Float64,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        other => return Err(format!("a constant of the type {other} cannot be given")),
    };
    let value = value.cast_to(&as_type).map_err(|error| error.to_string())?;
    match value {
        ScalarValue::Boolean(Some(value)) => Ok(json!(value)),
        ScalarValue::Int64(Some(value)) | ScalarValue::TimestampMicrosecond(Some(value), _) => {
            Ok(json!(value))
        }
        ScalarValue::Float64(Some(value)) => Ok(json!(value)),
        other => Err(format!("the constant `{other}` cannot be given")),
    }
}

/// An error of the host, with its causes.
fn chain(error: &anyhow::Error) -> DataFusionError {
    exec_datafusion_err!("{error:#}")
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Each is another function: its instances belong to a statement.
impl PartialEq for Udf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.callable.label() == other.callable.label()
    }
}

impl Eq for Udf {}

impl Hash for Udf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}
