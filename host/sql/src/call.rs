//! A call bound to its arguments, and the batches that the guest gets.
//!
//! Columns are handed over as they are. A document that is a struct is taken apart without a copy;
//! one that is a JSON text is parsed in every batch.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::{cast, is_not_null, kernels::nullif::nullif, not};
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use whittle_host::{Bound, Document, ExactJson, QueryContext};

use crate::bind::{Argument, Binding, bind, is_below};
use crate::error::CallError;
use crate::source::Callable;

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

impl Instance {
    /// Binds a function to arguments in the order of its parameters, with a document after them.
    pub(crate) fn bind(
        callable: &Callable,
        arguments: Vec<Argument>,
        context: &QueryContext,
    ) -> Result<Self, CallError> {
        let Binding {
            bound,
            columns,
            schema,
            document,
        } = bind(callable, &arguments, context)?;
        let constants = arguments.into_iter().map(|argument| argument.constant);
        Ok(Self {
            bound,
            constants: constants.collect(),
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

    /// How often the function has been evaluated: less often than once a row if its column is
    /// dictionary-encoded.
    pub(crate) fn evaluations(&self) -> usize {
        usize::try_from(self.bound.statistics().evaluations).unwrap_or(usize::MAX)
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
                let source = text.map_or(Ok(ExactJson::default()), |text| {
                    ExactJson::parse(text.as_bytes())
                });
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
