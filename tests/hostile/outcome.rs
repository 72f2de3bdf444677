//! What a component leads to that was written by hand: registered, then asked for three documents.

use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use serde_json::{Value as Json, json};
use whittle_host::{Budget, QueryContext, Udf};
use whittle_tests::{ByHand, arguments, told};

use crate::attack::{HOSTS, documents, without_measure};

/// A budget of so many milliseconds.
pub(crate) fn milliseconds(milliseconds: u64) -> Budget {
    Budget {
        wall_clock: Duration::from_millis(milliseconds),
        ..Budget::default()
    }
}

/// What a guest by hand leads to: its registration, and a query for its function `f`.
pub(crate) fn by_hand(guest: &ByHand<'_>) -> String {
    component(&guest.component())
}

/// As [`by_hand`], of a component.
pub(crate) fn component(component: &[u8]) -> String {
    component_within(component, json!({}), &Budget::default())
}

/// As [`component`], of a query with parameters and a budget. A good query comes after it.
pub(crate) fn component_within(component: &[u8], params: Json, budget: &Budget) -> String {
    let params = arguments(&params);
    let host = &HOSTS[0];
    let run = || -> Result<String, String> {
        let udf = Udf::new(&host.engine, component)
            .map_err(|error| format!("not registered: {}", told(&error)))?;
        let query = QueryContext::new(budget.clone());
        let bound = udf.bind("f", &params, &query).map_err(|error| told(&error));
        let values = bound?
            .evaluate(&documents())
            .map_err(|error| told(&error))?;
        Ok(shown(&values))
    };
    let end = run().unwrap_or_else(|error| without_measure(&error));
    host.assert_works();
    end
}

/// A name and an end in each line.
pub(crate) fn table(rows: impl IntoIterator<Item = (impl AsRef<str>, String)>) -> String {
    let rows = rows.into_iter().map(|(name, end)| {
        let name = name.as_ref();
        let space = if end.starts_with('\n') { "" } else { " " };
        format!("{name}:{space}{}", end.replace('\n', "\n  "))
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// An array in one line.
fn shown(values: &ArrayRef) -> String {
    let value = |row| match values.data_type() {
        _ if values.is_null(row) => "null".to_owned(),
        DataType::Boolean => values.as_boolean().value(row).to_string(),
        DataType::Int64 => values.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:?}", values.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => format!("{:?}", values.as_string::<i32>().value(row)),
        other => panic!("no function here returns {other}"),
    };
    let values: Vec<String> = (0..values.len()).map(value).collect();
    format!("[{}]", values.join(", "))
}
