//! Rows as Arrow arrays, and values out of Arrow arrays, for hosts whose own form is Arrow.

use std::sync::Arc;

use anyhow::{Result, bail};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use serde_json::Value;
use whittle_peer::{Rows, Work};

/// The columns: float64, int64 (days) or text. A column without nulls has no bitmap.
///
/// # Errors
///
/// Where a column is missing or of another type.
pub fn batch(rows: &Rows) -> Result<RecordBatch> {
    let column = |name: &String| -> Result<ArrayRef> {
        Ok(match rows.work {
            Work::Noop | Work::Score | Work::ScoreNulls => {
                let values = rows.numbers(name)?;
                let complete: Option<Vec<f64>> = values.iter().copied().collect();
                Arc::new(complete.map_or_else(|| Float64Array::from(values), Float64Array::from))
            }
            Work::Distance | Work::Regex | Work::Json => {
                let values = rows.texts(name)?;
                let complete: Option<Vec<&str>> = values.iter().copied().collect();
                Arc::new(complete.map_or_else(|| StringArray::from(values), StringArray::from))
            }
            Work::BusinessDays => {
                let values = rows.integers(name)?;
                let complete: Option<Vec<i64>> = values.iter().copied().collect();
                Arc::new(complete.map_or_else(|| Int64Array::from(values), Int64Array::from))
            }
        })
    };
    let columns = rows.columns.keys().map(|name| Ok((name, column(name)?)));
    Ok(RecordBatch::try_from_iter(
        columns.collect::<Result<Vec<_>>>()?,
    )?)
}

/// The values of an array.
///
/// # Errors
///
/// Where it is of another type than the functions return.
pub fn values(array: &dyn Array) -> Result<Vec<Value>> {
    let value = |row: usize| -> Result<Value> {
        Ok(match array.data_type() {
            _ if array.is_null(row) => Value::Null,
            DataType::Boolean => array.as_boolean().value(row).into(),
            DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
            DataType::Float64 => array.as_primitive::<Float64Type>().value(row).into(),
            DataType::Utf8 => array.as_string::<i32>().value(row).into(),
            other => bail!("a column of type {other}"),
        })
    };
    (0..array.len()).map(value).collect()
}
