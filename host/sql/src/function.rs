//! A UDF as a scalar function of DataFusion.
//!
//! The function of a session holds the name of its version only. In the plan of a query it is
//! replaced with one that belongs to the query: see [`crate::planner`]. DataFusion evaluates the
//! session's function itself to fold constants; it then runs as a query of its own.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use datafusion::arrow::array::new_empty_array;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use whittle_host::{
    Budget, Function, Kind, Parameter, Presence, QueryContext, Registry, Selection, Selector, Udf,
};

use crate::Options;
use crate::call::Instance;
use crate::error::CallError;
use crate::query::{Cost, Query, Run};
use crate::remote::Reference;
use crate::target::Target;

/// The parameter after those of the manifest.
pub(crate) const DOCUMENT: &str = "document";

#[derive(Debug, Clone)]
pub(crate) struct UdfFunction {
    /// As written in SQL: `string_distance` or `string_distance@^1`.
    name: String,
    aliases: Vec<String>,
    signature: Signature,
    version: Arc<Version>,
    call: Option<Call>,
}

/// The version that a name stands for.
#[derive(Debug)]
pub(crate) struct Version {
    reference: Reference,
    source: Source,
}

/// Where a version comes from.
#[derive(Debug)]
enum Source {
    Registry {
        registry: Registry,
        /// Names exactly this version.
        selector: Selector,
        options: Options,
    },
    /// The plan of another process.
    Plan,
}

/// A call in the plan of a query.
#[derive(Debug, Clone)]
struct Call {
    query: Arc<Query>,
    number: usize,
    cost: Arc<Cost>,
    target: Target,
}

impl PartialEq for UdfFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.version.is(&other.version)
    }
}

impl Eq for UdfFunction {}

impl Hash for UdfFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.version.reference.component.hash(state);
    }
}

impl Version {
    fn is(&self, other: &Self) -> bool {
        let (own, other) = (&self.reference, &other.reference);
        (&own.component, &own.version, own.sha256)
            == (&other.component, &other.version, other.sha256)
    }
}

impl UdfFunction {
    /// A function of a registry.
    pub(crate) fn new(
        name: &str,
        aliases: Vec<String>,
        registry: &Registry,
        selection: &Selection,
        options: &Options,
    ) -> Result<Self, CallError> {
        let function = selection.function().clone();
        let exact = format!(
            "{}.{}@{}",
            selection.name(),
            function.name,
            selection.version()
        );
        let selector = exact
            .parse()
            .map_err(|error: whittle_host::SelectorError| {
                CallError::argument(&function.name, error.to_string())
            })?;
        Ok(Self {
            name: name.to_owned(),
            aliases,
            signature: signature(&function)?,
            version: Arc::new(Version {
                reference: Reference {
                    name: name.to_owned(),
                    component: selection.name().to_owned(),
                    version: selection.version().clone(),
                    sha256: Some(selection.sha256()),
                    function,
                },
                source: Source::Registry {
                    registry: registry.clone(),
                    selector,
                    options: options.clone(),
                },
            }),
            call: None,
        })
    }

    /// A function of another process's plan, which cannot run.
    pub(crate) fn declared(udf: Reference) -> Self {
        Self {
            name: udf.name.clone(),
            aliases: Vec::new(),
            signature: positional(),
            version: Arc::new(Version {
                reference: udf,
                source: Source::Plan,
            }),
            call: None,
        }
    }

    /// A call in the plan of a task.
    ///
    /// # Errors
    ///
    /// The component has no such function.
    pub(crate) fn for_task(
        udf: Reference,
        component: Udf,
        task: &Arc<Query>,
    ) -> Result<Self, CallError> {
        let name = &udf.function.name;
        let functions = &component.manifest().functions;
        let Some(function) = functions.iter().position(|of| of.name == *name) else {
            let problem = format!(
                "the component {}@{} has no function of this name",
                udf.component, udf.version
            );
            return Err(CallError::argument(name, problem));
        };
        let (number, cost) = task.add_call(&udf.name);
        let target = Target::Given {
            component,
            function,
        };
        Ok(Self {
            call: Some(Call {
                query: Arc::clone(task),
                number,
                cost,
                target,
            }),
            ..Self::declared(udf)
        })
    }

    pub(crate) fn reference(&self) -> &Reference {
        &self.version.reference
    }

    /// The UDF behind a scalar function, if it is one.
    pub(crate) fn of(function: &ScalarUDF) -> Option<&Self> {
        let function: &dyn Any = function.inner().as_ref();
        function.downcast_ref()
    }

    pub(crate) fn parameters(&self) -> &[Parameter] {
        &self.version.reference.function.parameters
    }

    /// The function for a call in a query's plan.
    ///
    /// # Errors
    ///
    /// The version cannot be selected any more, or cannot be bound to the arguments.
    pub(crate) fn for_query(&self, query: &Arc<Query>, arguments: &[Expr]) -> Result<Self> {
        let (target, budget) = self.select()?;
        let constants = arguments.iter().map(|argument| match argument {
            Expr::Literal(value, _) => Some(value.clone()),
            _ => None,
        });
        // The types of the columns are checked when the query runs; nulls fit all.
        Instance::bind(
            &target,
            constants.collect(),
            &[],
            &QueryContext::new(budget),
        )?;
        let (number, cost) = query.add_call(&self.name);
        let call = Call {
            query: Arc::clone(query),
            number,
            cost,
            target,
        };
        Ok(Self {
            call: Some(call),
            ..self.clone()
        })
    }

    /// What a call runs, and the budget of a query.
    fn select(&self) -> Result<(Target, Budget), CallError> {
        match &self.version.source {
            Source::Registry {
                registry,
                selector,
                options,
            } => {
                let selection = registry.select(selector)?;
                Ok((Target::Selected(selection), options.budget.clone()))
            }
            Source::Plan => Err(CallError::argument(
                &self.version.reference.function.name,
                "it can only run on an executor",
            )),
        }
    }

    fn argument(&self, problem: String) -> DataFusionError {
        DataFusionError::from(CallError::argument(
            &self.version.reference.function.name,
            problem,
        ))
    }
}

impl Call {
    fn evaluate(&self, args: &ScalarFunctionArgs, rows: usize) -> Result<ColumnarValue> {
        let started = Instant::now();
        let run = self.query.run();
        let fits = |instance: &Instance| instance.fits(&args.args);
        let instance = run.take(self.number, fits);
        let mut instance = instance.map_or_else(|| self.bind(args, &run), Ok)?;
        let evaluated = instance.evaluate(&args.args, rows);
        self.cost
            .evaluated(rows, started.elapsed(), evaluated.is_err());
        let memory = instance.memory_bytes();
        self.cost.memory_bytes.fetch_max(memory, Ordering::Relaxed);
        let values = evaluated?;
        run.put_back(self.number, instance);
        run.charge_memory()?;
        Ok(ColumnarValue::Array(values))
    }

    fn bind(&self, args: &ScalarFunctionArgs, run: &Run) -> Result<Instance, CallError> {
        self.cost.instances.fetch_add(1, Ordering::Relaxed);
        let constants = args.args.iter().map(|argument| match argument {
            ColumnarValue::Scalar(value) => Some(value.clone()),
            ColumnarValue::Array(_) => None,
        });
        Instance::bind(
            &self.target,
            constants.collect(),
            &args.arg_fields,
            &run.context,
        )
    }
}

impl ScalarUDFImpl for UdfFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.version.reference.function.returns.data_type())
    }

    /// A value of the manifest's kind, or null.
    fn return_field_from_args(&self, _: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let field: Field = self.version.reference.function.returns.field(&self.name);
        Ok(Arc::new(field))
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let parameters = self.parameters();
        if given.len() > parameters.len() + 1 {
            return Err(self.argument(format!(
                "it has {} parameters and `{DOCUMENT}`, but {} arguments were given",
                parameters.len(),
                given.len()
            )));
        }
        let absent = parameters.iter().skip(given.len());
        let mut absent = absent.filter(|parameter| parameter.presence == Presence::Required);
        if let Some(parameter) = absent.next() {
            return Err(self.argument(format!(
                "missing parameter `{}` ({})",
                parameter.name, parameter.kind
            )));
        }
        let types = given.iter().enumerate().map(|(at, found)| {
            let (name, expected, target) = match parameters.get(at) {
                Some(parameter) => {
                    let target = constant_type(parameter.kind, found);
                    (parameter.name.as_str(), parameter.kind.to_string(), target)
                }
                None => {
                    let is_document = found.is_string()
                        || found.is_null()
                        || matches!(found, DataType::Struct(_));
                    let target = is_document.then(|| found.clone());
                    (DOCUMENT, "a struct or a JSON object".to_owned(), target)
                }
            };
            target.ok_or_else(|| {
                self.argument(format!(
                    "parameter `{name}` is {expected}, but {found} was given"
                ))
            })
        });
        types.collect()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let scalar = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Scalar(_));
        let is_constant = args.args.iter().all(scalar);
        let rows = if is_constant { 1 } else { args.number_rows };
        if rows == 0 {
            let kind = self.version.reference.function.returns;
            return Ok(ColumnarValue::Array(new_empty_array(&kind.data_type())));
        }
        let value = match &self.call {
            Some(call) => call.evaluate(&args, rows)?,
            None => {
                let (target, budget) = self.select()?;
                let query = Query::new(budget);
                let (number, cost) = query.add_call(&self.name);
                let call = Call {
                    query,
                    number,
                    cost,
                    target,
                };
                call.evaluate(&args, rows)?
            }
        };
        match value {
            ColumnarValue::Array(values) if is_constant => Ok(ColumnarValue::Scalar(
                ScalarValue::try_from_array(&values, 0)?,
            )),
            value => Ok(value),
        }
    }
}

fn positional() -> Signature {
    Signature::user_defined(Volatility::Immutable)
}

fn signature(function: &Function) -> Result<Signature, CallError> {
    let names = function.parameters.iter();
    let names = names.map(|parameter| parameter.name.as_str());
    positional()
        .with_parameter_names(names.chain([DOCUMENT]).collect())
        .map_err(|error| CallError::argument(&function.name, error.to_string()))
}

/// The type to which a constant for a parameter is cast. Texts keep their type, since they may be
/// columns of any type.
fn constant_type(kind: Kind, found: &DataType) -> Option<DataType> {
    let fits = match kind {
        _ if found.is_null() => return Some(DataType::Null),
        Kind::Text => return Some(found.clone()),
        Kind::Json => {
            let fits = found.is_string() || found.is_numeric() || *found == DataType::Boolean;
            return fits.then(|| found.clone());
        }
        Kind::Boolean => *found == DataType::Boolean,
        Kind::Int64 => found.is_integer(),
        Kind::Float64 => found.is_numeric(),
        Kind::Timestamp => {
            found.is_string()
                || matches!(
                    found,
                    DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
                )
        }
    };
    fits.then(|| kind.data_type())
}
