//! `arrow-udf` with its runtime for Python, which embeds CPython: `peer-arrow-udf-python`.
//!
//! A call is one record batch, of which each row becomes Python objects and a call of the function. CPython has
//! no limits.

#[path = "../../arrow/src/lib.rs"]
mod columns;

use anyhow::Result;
use arrow_array::RecordBatch;
use arrow_schema::DataType;
use arrow_udf_runtime::CallMode;
use arrow_udf_runtime::python::Runtime;
use serde_json::Value;
use whittle_peer::{Call, Rows, Work};

/// The functions. The constants of the query come before them.
const CODE: &str = include_str!("udf.py");

struct ArrowUdf {
    runtime: Runtime,
    name: &'static str,
    input: RecordBatch,
    output: RecordBatch,
}

fn main() -> Result<()> {
    whittle_peer::serve(|rows: Rows| {
        let input = columns::batch(&rows)?;
        let (name, returns) = match rows.work {
            Work::Noop => ("noop", DataType::Boolean),
            Work::Score => ("score", DataType::Float64),
            Work::ScoreNulls => ("score_nulls", DataType::Float64),
            Work::Distance => ("distance", DataType::Boolean),
            Work::Regex => ("regex", DataType::Utf8),
            Work::Json => ("json_path", DataType::Boolean),
            Work::BusinessDays => ("business_days", DataType::Int64),
        };
        let mut runtime = Runtime::new()?;
        let parameters = serde_json::to_string(&rows.parameters)?;
        let code = format!("PARAMETERS = {parameters}\n{CODE}");
        runtime.add_function(name, returns, CallMode::CalledOnNullInput, &code)?;
        let output = RecordBatch::new_empty(input.schema());
        Ok(Box::new(ArrowUdf {
            runtime,
            name,
            input,
            output,
        }))
    })
}

impl Call for ArrowUdf {
    fn call(&mut self) -> Result<()> {
        self.output = self.runtime.call(self.name, &self.input)?;
        Ok(())
    }

    fn values(&self) -> Vec<Value> {
        columns::values(self.output.column(0)).unwrap_or_default()
    }
}
