//! Native Rust: a loop over Arrow columns that gives an Arrow array, as a scalar function of DataFusion is
//! written. What all others are compared with. It has no limits: nothing ends a call before its time.

use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, PrimitiveArray, RecordBatch,
    StringArray,
};
use arrow_buffer::BooleanBuffer;
use peer_works::{Function, business_days, score};
use serde_json::{Value, json};
use whittle_peer::{Call, Rows};

struct Native {
    function: Function,
    columns: Vec<ArrayRef>,
    rows: usize,
    results: ArrayRef,
}

fn main() -> Result<()> {
    whittle_peer::serve(|rows: Rows| {
        let request = json!({"work": rows.work, "parameters": rows.parameters}).to_string();
        let function = Function::new(&request).map_err(anyhow::Error::msg)?;
        let batch: RecordBatch = peer_arrow::batch(&rows)?;
        let column = |name: &&str| {
            batch
                .column_by_name(name)
                .cloned()
                .context(name.to_string())
        };
        let columns = function
            .fields()
            .iter()
            .map(column)
            .collect::<Result<_>>()?;
        let results = Arc::new(BooleanArray::from(Vec::<bool>::new()));
        Ok(Box::new(Native {
            function,
            columns,
            rows: batch.num_rows(),
            results,
        }))
    })
}

impl Call for Native {
    fn call(&mut self) -> Result<()> {
        let Self {
            function,
            columns,
            rows,
            ..
        } = self;
        self.results = match function {
            Function::Noop => Arc::new(BooleanArray::from(BooleanBuffer::new_set(*rows))),
            Function::Score => Arc::new(scores(columns)),
            Function::Distance(pattern) => matches(columns, |text| pattern.matches(text)),
            Function::Json(member) => matches(columns, |text| member.matches(text)),
            Function::Regex(group) => {
                let texts: &StringArray = columns[0].as_string();
                let mut found = StringBuilder::with_capacity(*rows, 4 * *rows);
                for text in texts {
                    found.append_option(text.and_then(|text| group.find(text)));
                }
                Arc::new(found.finish())
            }
            Function::BusinessDays => {
                let start = columns[0].as_primitive::<Int64Type>().values();
                let end = columns[1].as_primitive::<Int64Type>().values();
                let days = start
                    .iter()
                    .zip(end)
                    .map(|(start, end)| business_days(*start, *end));
                Arc::new(Int64Array::from_iter_values(days))
            }
        };
        Ok(())
    }

    fn values(&self) -> Vec<Value> {
        peer_arrow::values(&self.results).unwrap_or_default()
    }
}

/// Without nulls the loop is over slices, and is vectorized.
fn scores(columns: &[ArrayRef]) -> Float64Array {
    let [prices, ratings, popularities] =
        [0, 1, 2].map(|column| columns[column].as_primitive::<Float64Type>());
    if columns.iter().all(|column| column.nulls().is_none()) {
        let rows = prices
            .values()
            .iter()
            .zip(ratings.values())
            .zip(popularities.values());
        let scores = rows.map(|((price, rating), popularity)| score(*price, *rating, *popularity));
        return Float64Array::from_iter_values(scores);
    }
    let value = |column: &PrimitiveArray<Float64Type>, row| {
        if column.is_valid(row) {
            column.value(row)
        } else {
            0.0
        }
    };
    let scores = (0..prices.len()).map(|row| {
        score(
            value(prices, row),
            value(ratings, row),
            value(popularities, row),
        )
    });
    Float64Array::from_iter_values(scores)
}

fn matches(columns: &[ArrayRef], matches: impl Fn(&str) -> bool) -> ArrayRef {
    let texts: &StringArray = columns[0].as_string();
    let matches = |row| texts.is_valid(row) && matches(texts.value(row));
    Arc::new(BooleanArray::from(BooleanBuffer::collect_bool(
        texts.len(),
        matches,
    )))
}
