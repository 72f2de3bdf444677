//! A call bound to its arguments, and the batches that the guest gets.
//!
//! Columns are handed over as they are. A document that is a struct is taken apart without a copy;
//! one that is a JSON text is parsed in every batch.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StructArray,
};
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
    /// The fields of which no document of the last batch had a value.
    without_values: BTreeSet<String>,
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
            without_values: BTreeSet::new(),
        })
    }

    /// The fields of which no document of the last batch had a value; `None` without documents.
    pub(crate) fn without_values(&self) -> Option<&BTreeSet<String>> {
        self.document.and(Some(&self.without_values))
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

    /// The paths that the function reads of its document.
    fn read_of_document(&self) -> impl Iterator<Item = &str> {
        let paths = self.bound.fields().iter().map(|field| &*field.path);
        paths.filter(|path| {
            let mut given = self.schema.fields().iter();
            !given.any(|given| is_below(path, given.name()))
        })
    }

    fn problem(&self, problem: impl Into<String>) -> CallError {
        CallError::argument(&self.bound.function().name, problem)
    }

    /// The columns and the fields of the documents.
    fn with_document(
        &mut self,
        document: &ArrayRef,
        mut columns: Vec<ArrayRef>,
        rows: usize,
    ) -> Result<Result<RecordBatch, String>, CallError> {
        let mut fields: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
        self.without_values.clear();
        if let Some(document) = document.as_struct_opt() {
            let absent = self.read_of_document().filter(|path| !has(document, path));
            self.without_values = absent.map(str::to_owned).collect();
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
        let has_value = |path: &str| {
            let column = loaded.column_by_name(path);
            column.is_some_and(|column| column.logical_null_count() < rows)
        };
        let absent = self.read_of_document().filter(|path| !has_value(path));
        self.without_values = absent.map(str::to_owned).collect();
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

/// Whether a struct has a field at a path: by its name, or in the field of its first name.
fn has(document: &StructArray, path: &str) -> bool {
    if document.column_by_name(path).is_some() {
        return true;
    }
    path.split_once('.').is_some_and(|(first, rest)| {
        let inner = document.column_by_name(first);
        inner.is_some_and(|inner| match inner.as_struct_opt() {
            Some(inner) => has(inner, rest),
            // The fields of a list's items, or of a JSON object, are known to the host alone.
            None => true,
        })
    })
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
