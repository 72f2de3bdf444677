//! `arrow-udf` with its runtime for JavaScript, which embeds QuickJS: `peer-arrow-udf-javascript row|batch`.
//!
//! A call is one record batch. `row`: each row becomes JavaScript values and a call of the function. `batch`:
//! the function is called once, with an array for each column. The limits of time and memory are active.

#[path = "../../arrow/src/lib.rs"]
mod columns;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use arrow_array::RecordBatch;
use arrow_schema::DataType;
use arrow_udf_runtime::javascript::{FunctionOptions, Runtime};
use serde_json::Value;
use whittle_peer::{Call, Rows, Work};

/// The functions of a row. The constants of the query come before them.
const CODE: &str = include_str!("udf.js");

struct ArrowUdf {
    executor: tokio::runtime::Runtime,
    runtime: Runtime,
    name: &'static str,
    input: RecordBatch,
    output: RecordBatch,
}

fn main() -> Result<()> {
    let calls = std::env::args()
        .nth(1)
        .context("usage: peer-arrow-udf-javascript row|batch")?;
    let is_batched = match &*calls {
        "row" => false,
        "batch" => true,
        _ => bail!("usage: peer-arrow-udf-javascript row|batch"),
    };
    whittle_peer::serve(|rows: Rows| {
        let input = columns::batch(&rows)?;
        let (name, returns) = match rows.work {
            Work::Noop => ("noop", DataType::Boolean),
            Work::Score => ("score", DataType::Float64),
            Work::ScoreNulls => ("scoreNulls", DataType::Float64),
            Work::Distance => ("distance", DataType::Boolean),
            Work::Regex => ("regex", DataType::Utf8),
            Work::Json => ("jsonPath", DataType::Boolean),
            Work::BusinessDays => ("businessDays", DataType::Int64),
        };
        let parameters = serde_json::to_string(&rows.parameters)?;
        let code = format!("const PARAMETERS = {parameters};\n{CODE}");
        let mut options = FunctionOptions::default();
        if is_batched {
            options = options.batched().handler(format!("{name}Batch"));
        }
        let executor = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let runtime = executor.block_on(async {
            let mut runtime = Runtime::new().await?;
            runtime.set_memory_limit(Some(256 << 20)).await;
            runtime.set_timeout(Some(Duration::from_secs(1))).await;
            runtime.add_function(name, returns, &code, options).await?;
            anyhow::Ok(runtime)
        })?;
        let output = RecordBatch::new_empty(input.schema());
        Ok(Box::new(ArrowUdf {
            executor,
            runtime,
            name,
            input,
            output,
        }))
    })
}

impl Call for ArrowUdf {
    fn call(&mut self) -> Result<()> {
        let Self {
            executor,
            runtime,
            name,
            input,
            output,
        } = self;
        *output = executor.block_on(runtime.call(name, input))?;
        Ok(())
    }

    fn values(&self) -> Vec<Value> {
        columns::values(self.output.column(0)).unwrap_or_default()
    }
}
