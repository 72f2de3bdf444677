//! A UDF as a scalar function of DataFusion.
//!
//! The function of a session knows neither its query nor its partition. In the plan of a query it is
//! replaced twice: when the statement is planned, with one that folds constants in the query's
//! context, and when the optimized plan becomes a physical one, with a call that has instances and
//! costs of its own (see [`crate::planner`]).

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions, new_empty_array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::{DFSchema, ExprSchema, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::create_physical_expr;
use whittle_host::{Presence, QueryContext, Udf};

use crate::bind::{Argument, DOCUMENT, constant_type, document_at};
use crate::call::Instance;
use crate::error::CallError;
use crate::query::{Cost, Query};
use crate::site::Site;
use crate::source::{Callable, Definition, Reference};

#[derive(Debug, Clone)]
pub(crate) struct UdfFunction {
    definition: Arc<Definition>,
    aliases: Vec<String>,
    signature: Signature,
    /// Where the statement calls it.
    site: Option<Arc<Site>>,
    place: Place,
}

/// What the function is part of.
#[derive(Debug, Clone)]
enum Place {
    Session,
    /// The logical plan of a query.
    Logical(Arc<Query>),
    /// The physical plan of a query.
    Physical(Call),
}

/// A call in the plan of a query.
#[derive(Debug, Clone)]
struct Call {
    query: Arc<Query>,
    number: usize,
    cost: Arc<Cost>,
    callable: Callable,
}

/// Calls of one version are equal, so that a query's plan has the same call once.
impl PartialEq for UdfFunction {
    fn eq(&self, other: &Self) -> bool {
        self.definition == other.definition
    }
}

impl Eq for UdfFunction {}

impl Hash for UdfFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.reference().name.hash(state);
    }
}

impl UdfFunction {
    pub(crate) fn new(definition: Definition, aliases: Vec<String>) -> Result<Self, CallError> {
        let function = &definition.reference.function;
        let names = function.parameters.iter();
        let names = names.map(|parameter| parameter.name.as_str());
        let signature = Signature::user_defined(Volatility::Immutable)
            .with_parameter_names(names.chain([DOCUMENT]).collect())
            .map_err(|error| CallError::argument(&function.name, error.to_string()))?;
        Ok(Self {
            definition: Arc::new(definition),
            aliases,
            signature,
            site: None,
            place: Place::Session,
        })
    }

    /// The UDF behind a scalar function, if it is one.
    pub(crate) fn of(function: &ScalarUDF) -> Option<&Self> {
        let function: &dyn Any = function.inner().as_ref();
        function.downcast_ref()
    }

    pub(crate) fn reference(&self) -> &Reference {
        &self.definition.reference
    }

    /// The query to whose plan the function belongs.
    pub(crate) fn query(&self) -> Option<&Arc<Query>> {
        match &self.place {
            Place::Session => None,
            Place::Logical(query) | Place::Physical(Call { query, .. }) => Some(query),
        }
    }

    /// The function while a statement is planned that calls it at this site.
    pub(crate) fn at(&self, site: Site) -> Self {
        Self {
            aliases: Vec::new(),
            site: Some(Arc::new(site)),
            place: Place::Session,
            ..self.clone()
        }
    }

    /// The function without the site of its call, for statements that others run.
    pub(crate) fn without_site(&self) -> Self {
        Self {
            site: None,
            ..self.clone()
        }
    }

    /// Gives an error of the call its position.
    pub(crate) fn placed(&self, error: impl Into<DataFusionError>) -> DataFusionError {
        let error = error.into();
        match &self.site {
            Some(site) => site.place(error, &self.reference().function),
            None => error,
        }
    }

    /// Puts the function's name in the place of the one that it has while a statement is planned.
    pub(crate) fn named(&self, error: DataFusionError) -> DataFusionError {
        let message = error.find_root().message().into_owned();
        match &self.site {
            Some(site) if message.contains(&site.name) => {
                let message = message.replace(&site.name, &self.reference().name);
                let named = DataFusionError::Plan(message);
                match error.diagnostic() {
                    Some(diagnostic) => named.with_diagnostic(diagnostic.clone()),
                    None => self.placed(named),
                }
            }
            _ => error,
        }
    }

    /// The name of a column that has the text of an expression with a call of the function in it, once
    /// the function has its own name; `None` if it has it already.
    pub(crate) fn column_named(&self, column: &str) -> Option<String> {
        let site = self.site.as_ref()?;
        let called = format!("{}(", site.name);
        let own = format!("{}(", self.reference().name);
        column
            .contains(&called)
            .then(|| column.replace(&called, &own))
    }

    /// The function in the logical plan of a query.
    pub(crate) fn planned_in(&self, query: &Arc<Query>) -> Self {
        Self {
            place: Place::Logical(Arc::clone(query)),
            ..self.clone()
        }
    }

    /// The function for a call in the physical plan of a query.
    ///
    /// # Errors
    ///
    /// The version cannot be selected any more.
    pub(crate) fn called_in(&self, query: &Arc<Query>) -> Result<Self, CallError> {
        let callable = self.definition.callable()?;
        let (number, cost) = query.add_call(&self.reference().name);
        let call = Call {
            query: Arc::clone(query),
            number,
            cost,
            callable,
        };
        Ok(Self {
            place: Place::Physical(call),
            ..self.clone()
        })
    }

    /// The compiled component.
    ///
    /// # Errors
    ///
    /// The version was deleted, or this process does not have the component.
    pub(crate) fn component(&self) -> Result<Udf, CallError> {
        self.definition.component()
    }

    /// The context of the query's execution, once there is a physical plan.
    pub(crate) fn context(&self) -> Option<QueryContext> {
        match &self.place {
            Place::Physical(call) => Some(call.query.run().context.clone()),
            Place::Session | Place::Logical(_) => None,
        }
    }

    /// Counts rows that were evaluated elsewhere.
    pub(crate) fn count(&self, rows: usize, time: Duration, failed: bool) {
        if let Place::Physical(call) = &self.place {
            call.cost.evaluated(rows, time, failed);
        }
    }

    /// Checks arguments over columns of a schema, before the query runs.
    ///
    /// # Errors
    ///
    /// An argument without columns cannot be evaluated, the version cannot be selected any more, or it
    /// cannot be bound to the arguments.
    pub(crate) fn check(
        &self,
        arguments: &[Expr],
        schema: &dyn ExprSchema,
        query: &Query,
    ) -> Result<(), CallError> {
        for (at, argument) in arguments.iter().enumerate() {
            self.check_constant(at, argument)?;
        }
        let arguments = arguments.iter().map(|argument| Argument {
            constant: match argument {
                Expr::Literal(value, _) => Some(value.clone()),
                _ => None,
            },
            // What has no type here is checked when the query runs: null fits everywhere.
            data_type: argument.get_type(schema).unwrap_or(DataType::Null),
        });
        let callable = self.definition.callable()?;
        Instance::bind(&callable, arguments.collect(), query.planning())?;
        Ok(())
    }

    /// Checks an argument that should be a constant by now: DataFusion leaves what it cannot fold, without
    /// the reason.
    fn check_constant(&self, at: usize, argument: &Expr) -> Result<(), CallError> {
        let is_folded = matches!(argument, Expr::Literal(..));
        if is_folded || argument.any_column_refs() || argument.is_volatile() {
            return Ok(());
        }
        let physical = create_physical_expr(
            argument,
            &DFSchema::empty(),
            &ExecutionProps::new(),
            &PhysicalPlanningContext::default(),
        );
        let Ok(physical) = physical else {
            return Ok(());
        };
        let row = RecordBatchOptions::new().with_row_count(Some(1));
        let row = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &row);
        let evaluated = row.map_err(DataFusionError::from);
        let evaluated = evaluated.and_then(|row| physical.evaluate(&row));
        let Err(error) = evaluated else {
            return Ok(());
        };
        let function = &self.reference().function;
        let parameter = function.parameters.get(at);
        let name = parameter.map_or(DOCUMENT, |parameter| &parameter.name);
        let reason = error.find_root().message().into_owned();
        let problem = format!("parameter `{name}` cannot be evaluated: {reason}");
        Err(CallError::parameter_of(&function.name, name, problem))
    }

    /// Evaluates a call that is not part of a physical plan, such as one with constants only.
    fn fold(&self, args: &ScalarFunctionArgs, rows: usize) -> Result<ColumnarValue> {
        let context = match self.query() {
            Some(query) => query.planning().clone(),
            None => QueryContext::new(self.definition.budget.clone()),
        };
        let callable = self.definition.callable()?;
        let folded = Instance::bind(&callable, given(args), &context)
            .and_then(|mut instance| instance.evaluate(&args.args, rows));
        match (folded, self.query()) {
            // DataFusion would leave the call for the execution.
            (Err(error), Some(query)) if context.check().is_err() => {
                let told = error.to_string();
                query.fail(self.placed(error));
                Err(DataFusionError::Execution(told))
            }
            (folded, _) => Ok(ColumnarValue::Array(folded?)),
        }
    }

    /// The types to which arguments of these types are cast.
    ///
    /// # Errors
    ///
    /// There are too many or too few, or a type does not fit its parameter.
    fn coerced(&self, given: &[DataType]) -> Result<Vec<DataType>, CallError> {
        let function = &self.reference().function;
        let parameters = &function.parameters;
        if given.len() > parameters.len() + 1 {
            return Err(CallError::argument(
                &function.name,
                format!(
                    "it has {} parameters and `{DOCUMENT}`, but {} arguments were given",
                    parameters.len(),
                    given.len()
                ),
            ));
        }
        let document = document_at(function, given);
        let absent = parameters.iter().skip(document.unwrap_or(given.len()));
        let mut absent = absent.filter(|parameter| parameter.presence == Presence::Required);
        if let Some(parameter) = absent.next() {
            return Err(CallError::missing(function, parameter));
        }
        let types = given.iter().enumerate().map(|(at, found)| {
            let parameter = parameters.get(at).filter(|_| document != Some(at));
            let (name, expected, target) = match parameter {
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
                let problem = format!("parameter `{name}` is {expected}, but {found} was given");
                CallError::parameter_of(&function.name, name, problem)
            })
        });
        types.collect()
    }
}

impl Call {
    fn evaluate(&self, args: &ScalarFunctionArgs, rows: usize) -> Result<ColumnarValue> {
        let started = Instant::now();
        let run = self.query.run();
        let fits = |instance: &Instance| instance.fits(&args.args);
        let mut instance = match run.take(self.number, fits) {
            Some(instance) => instance,
            None => {
                self.cost.instances.fetch_add(1, Ordering::Relaxed);
                Instance::bind(&self.callable, given(args), &run.context)?
            }
        };
        let before = instance.evaluations();
        let evaluated = instance.evaluate(&args.args, rows);
        self.cost
            .evaluated(rows, started.elapsed(), evaluated.is_err());
        let evaluations = instance.evaluations() - before;
        self.cost
            .evaluations
            .fetch_add(evaluations, Ordering::Relaxed);
        let memory = instance.memory_bytes();
        self.cost.memory_bytes.fetch_max(memory, Ordering::Relaxed);
        let values = evaluated?;
        if let Some(fields) = instance.without_values() {
            self.cost.add_without_values(fields);
        }
        run.put_back(self.number, instance);
        run.charge_memory()?;
        Ok(ColumnarValue::Array(values))
    }
}

fn given(args: &ScalarFunctionArgs) -> Vec<Argument> {
    let arguments = args.args.iter().zip(&args.arg_fields);
    let arguments = arguments.map(|(argument, field)| Argument {
        constant: match argument {
            ColumnarValue::Scalar(value) => Some(value.clone()),
            ColumnarValue::Array(_) => None,
        },
        data_type: field.data_type().clone(),
    });
    arguments.collect()
}

impl ScalarUDFImpl for UdfFunction {
    /// One of its own while the statement is planned: see [`Site`].
    fn name(&self) -> &str {
        match (&self.place, &self.site) {
            (Place::Session, Some(site)) => &site.name,
            _ => &self.reference().name,
        }
    }

    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        let arguments = arguments.iter().map(|of| of.schema_name().to_string());
        let arguments = arguments.collect::<Vec<_>>().join(",");
        Ok(format!("{}({arguments})", self.reference().name))
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.reference().function.returns.data_type())
    }

    /// A value of the manifest's kind, or null.
    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types = args
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone());
        self.coerced(&types.collect::<Vec<_>>())
            .map_err(|error| self.placed(error))?;
        let Reference { name, function, .. } = self.reference();
        let field: Field = function.returns.field(name);
        Ok(Arc::new(field))
    }

    /// DataFusion wraps errors from here in a text of its own: they are reported with the field.
    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        Ok(self.coerced(given).unwrap_or_else(|_| given.to_vec()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let scalar = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Scalar(_));
        let is_constant = args.args.iter().all(scalar);
        let rows = if is_constant { 1 } else { args.number_rows };
        if rows == 0 {
            let kind = self.reference().function.returns;
            return Ok(ColumnarValue::Array(new_empty_array(&kind.data_type())));
        }
        let value = match &self.place {
            Place::Physical(call) => call.evaluate(&args, rows),
            Place::Session | Place::Logical(_) => self.fold(&args, rows),
        };
        let value = value.map_err(|error| self.placed(error))?;
        match value {
            ColumnarValue::Array(values) if is_constant => Ok(ColumnarValue::Scalar(
                ScalarValue::try_from_array(&values, 0)?,
            )),
            value => Ok(value),
        }
    }
}
