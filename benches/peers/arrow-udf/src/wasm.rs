//! `arrow-udf` with its runtime for WebAssembly: `peer-arrow-udf-wasm FILE`.
//!
//! A call is one record batch, which is copied into the module's memory as Arrow IPC; the result comes back the
//! same way. The constants of the query are columns too, as in the databases that use it. It has a limit of
//! memory, and none of time.

#[path = "../../arrow/src/lib.rs"]
mod columns;

use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use arrow_udf_runtime::wasm::{Config, FunctionHandle, Runtime};
use serde_json::Value;
use whittle_peer::{Call, Rows, Work};

struct ArrowUdf {
    runtime: Arc<Runtime>,
    function: FunctionHandle,
    input: RecordBatch,
    output: RecordBatch,
}

fn main() -> Result<()> {
    let file = std::env::args()
        .nth(1)
        .context("usage: peer-arrow-udf-wasm FILE")?;
    let mut config = Config::default();
    config.memory_size_limit = Some(256 << 20);
    let runtime = Arc::new(Runtime::with_config(&std::fs::read(file)?, config)?);
    whittle_peer::serve(|rows: Rows| {
        let input = input(&rows)?;
        let fields = input.schema();
        let arguments = fields
            .fields()
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        let (name, returns) = match rows.work {
            Work::Noop => ("noop", DataType::Boolean),
            Work::Score | Work::ScoreNulls => ("score", DataType::Float64),
            Work::Distance => ("distance", DataType::Boolean),
            Work::Regex => ("regex", DataType::Utf8),
            Work::Json => ("json", DataType::Boolean),
            Work::BusinessDays => ("business_days", DataType::Int64),
        };
        let function = runtime.find_function(name, arguments, returns)?;
        let output = RecordBatch::new_empty(input.schema());
        Ok(Box::new(ArrowUdf {
            runtime: runtime.clone(),
            function,
            input,
            output,
        }))
    })
}

/// The columns in the order of the function's arguments, and after them the constants.
fn input(rows: &Rows) -> Result<RecordBatch> {
    let batch = columns::batch(rows)?;
    let count = batch.num_rows();
    let mut fields: Vec<Field> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| (**field).clone())
        .collect();
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    let constants: &[&str] = match rows.work {
        Work::Distance => &["target", "max_distance"],
        Work::Regex => &["pattern"],
        Work::Json => &["path", "equals"],
        Work::Noop | Work::Score | Work::ScoreNulls | Work::BusinessDays => &[],
    };
    for name in constants {
        let column: ArrayRef = match rows.text(name) {
            Ok(text) => Arc::new(StringArray::from(vec![text; count])),
            Err(_) => Arc::new(Int32Array::from(vec![rows.integer(name)? as i32; count])),
        };
        fields.push(Field::new(*name, column.data_type().clone(), true));
        columns.push(column);
    }
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}

impl Call for ArrowUdf {
    fn call(&mut self) -> Result<()> {
        self.output = self.runtime.call(&self.function, &self.input)?;
        Ok(())
    }

    fn values(&self) -> Vec<Value> {
        columns::values(self.output.column(0)).unwrap_or_default()
    }
}
