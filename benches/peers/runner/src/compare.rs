//! Whether two peers give the same values.

use serde_json::Value;

/// The first row in which the values differ, with both values; or how many there are.
pub(crate) fn difference(expected: &[Value], values: &[Value]) -> Option<String> {
    if expected.len() != values.len() {
        return Some(format!(
            "{} values instead of {}",
            values.len(),
            expected.len()
        ));
    }
    let mut pairs = expected.iter().zip(values).enumerate();
    let (row, (expected, value)) = pairs.find(|(_, (expected, value))| !same(expected, value))?;
    Some(format!("{value} instead of {expected} in row {row}"))
}

/// Numbers are the same if they differ by no more than rounding: engines may add in another order.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() <= 1e-12 * one.abs().max(1.0),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compared(expected: Value, values: Value) -> Option<String> {
        difference(expected.as_array()?, values.as_array()?)
    }

    #[test]
    fn values_are_the_same_up_to_rounding() {
        assert_eq!(
            compared(json!([1, null, "a"]), json!([1.0, null, "a"])),
            None
        );
        assert_eq!(compared(json!([0.3]), json!([0.1 + 0.2])), None);
    }

    #[test]
    fn a_difference_has_its_row() {
        let values = compared(json!([1, 2, 3]), json!([1, 2.1, 4]));
        assert_eq!(values.as_deref(), Some("2.1 instead of 2 in row 1"));
        let short = compared(json!([1, 2]), json!([1]));
        assert_eq!(short.as_deref(), Some("1 values instead of 2"));
        assert_eq!(
            compared(json!([null]), json!([0])).as_deref(),
            Some("0 instead of null in row 0")
        );
    }
}
