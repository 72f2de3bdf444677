//! What a node is tested for.

use std::cmp::Ordering;

use serde_json::{Number, Value};
use whittle_guest::Error;

/// An operator, with the value that it needs.
#[derive(Debug)]
pub(crate) enum Test {
    /// Any node passes.
    Exists,
    Equals(Value),
    Contains(Value),
    /// The node is less, or greater, than the value.
    Compares(Ordering, Value),
}

impl Test {
    /// A test, by the values of the parameters `operator` and `value`.
    pub(crate) fn new(operator: &str, value: Option<Value>) -> Result<Self, Error> {
        let value = || {
            value.ok_or_else(|| {
                Error::invalid_argument(format!("parameter `value`: `{operator}` needs it"))
            })
        };
        Ok(match operator {
            "exists" => Self::Exists,
            "equals" => Self::Equals(value()?),
            "contains" => Self::Contains(value()?),
            "less_than" => Self::Compares(Ordering::Less, value()?),
            "greater_than" => Self::Compares(Ordering::Greater, value()?),
            _ => {
                return Err(Error::invalid_argument(format!(
                    "parameter `operator`: `{}` is none of exists, equals, contains, less_than and \
                     greater_than",
                    operator.escape_debug()
                )));
            }
        })
    }

    /// Whether a node passes.
    pub(crate) fn passes(&self, node: &Value) -> bool {
        match self {
            Self::Exists => true,
            Self::Equals(value) => equal(node, value),
            Self::Contains(value) => match (node, value) {
                (Value::String(text), Value::String(part)) => text.contains(part),
                (Value::Array(elements), value) => {
                    elements.iter().any(|element| equal(element, value))
                }
                _ => false,
            },
            Self::Compares(ordering, value) => match (node, value) {
                (Value::Number(node), Value::Number(value)) => compare(node, value) == *ordering,
                // The order of UTF-8 is that of the scalar values.
                (Value::String(node), Value::String(value)) => node.cmp(value) == *ordering,
                _ => false,
            },
        }
    }
}

/// Whether two values are the same: numbers by their value, objects in any order.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right).is_eq(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(name, value)| right.get(name).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        (left, right) => left == right,
    }
}

/// The order of two numbers, exact where one is an integer that no float64 is.
fn compare(left: &Number, right: &Number) -> Ordering {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(left), None) => compare_mixed(left, float(right)),
        (None, Some(right)) => compare_mixed(right, float(left)).reverse(),
        (None, None) => compare_floats(float(left), float(right)),
    }
}

fn compare_mixed(integer: i128, float: f64) -> Ordering {
    // Rounded towards zero, and to the ends of i128, which no integer of JSON here comes near.
    let whole = float as i128;
    integer
        .cmp(&whole)
        .then_with(|| compare_floats(0.0, float.fract()))
}

fn compare_floats(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).expect("JSON has no NaN")
}

fn float(number: &Number) -> f64 {
    number.as_f64().expect("every number has a float64 near it")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn passes(operator: &str, node: Value, value: Value) -> bool {
        let test = Test::new(operator, Some(value)).expect("an operator");
        test.passes(&node)
    }

    #[test]
    fn numbers_are_equal_by_value_at_any_depth() {
        assert!(passes("equals", json!(1), json!(1.0)));
        assert!(passes("equals", json!(0), json!(-0.0)));
        assert!(passes(
            "equals",
            json!({"a": [1, {"b": 2}], "c": 3}),
            json!({"c": 3.0, "a": [1.0, {"b": 2}]})
        ));
        assert!(!passes("equals", json!({"a": 1}), json!({"a": 1, "b": 2})));
        assert!(!passes(
            "equals",
            json!({"a": 1, "b": 2}),
            json!({"a": 1, "c": 2})
        ));
        assert!(!passes("equals", json!([1, 2]), json!([2, 1])));
        for (left, right) in [
            (json!(1), json!("1")),
            (json!(0), json!(false)),
            (json!(null), json!(0)),
        ] {
            assert!(!passes("equals", left, right));
        }
    }

    #[test]
    fn large_integers_are_not_rounded() {
        let integer = (1_u64 << 53) + 1;
        assert!(!passes(
            "equals",
            json!(integer),
            json!((1_u64 << 53) as f64)
        ));
        assert!(passes(
            "greater_than",
            json!(integer),
            json!((1_u64 << 53) as f64)
        ));
        assert!(passes("greater_than", json!(u64::MAX), json!(i64::MAX)));
        assert!(passes("less_than", json!(i64::MIN), json!(-9.2e18)));
        assert!(passes("less_than", json!(u64::MAX), json!(1e300)));
        assert!(passes("greater_than", json!(u64::MAX), json!(-1e300)));
        assert!(passes("less_than", json!(-2), json!(-1.5)));
        assert!(passes("greater_than", json!(-1), json!(-1.5)));
    }

    proptest! {
        #[test]
        fn integers_and_floats_compare_as_floats_do_where_those_are_exact(
            integer in -1_000_000..1_000_000_i64,
            float in -1e6..1e6_f64,
        ) {
            let expected = (integer as f64).partial_cmp(&float).expect("no NaN");
            let (integer, float) = (Number::from(integer), Number::from_f64(float).expect("finite"));
            prop_assert_eq!(compare(&integer, &float), expected);
            prop_assert_eq!(compare(&float, &integer), expected.reverse());
        }
    }

    #[test]
    fn texts_compare_by_scalar_values() {
        assert!(passes("less_than", json!("Z"), json!("a")));
        // In UTF-16 the surrogates of the first would come before the second.
        assert!(passes(
            "greater_than",
            json!("\u{10000}"),
            json!("\u{ffff}")
        ));
        assert!(!passes("less_than", json!("a"), json!("a")));
        assert!(!passes("less_than", json!("1"), json!(2)));
        assert!(!passes("greater_than", json!(true), json!(false)));
    }

    #[test]
    fn texts_contain_texts_and_arrays_elements() {
        assert!(passes("contains", json!("a\u{0}bc"), json!("\u{0}b")));
        assert!(passes("contains", json!("abc"), json!("")));
        assert!(passes("contains", json!([1, "a", null]), json!(1.0)));
        assert!(passes("contains", json!([[1]]), json!([1])));
        assert!(!passes("contains", json!(["abc"]), json!("a")));
        assert!(!passes("contains", json!({"a": 1}), json!("a")));
        assert!(!passes("contains", json!("1"), json!(1)));
    }

    #[test]
    fn an_operator_has_its_value() {
        assert!(Test::new("exists", None).is_ok());
        let told = |operator| Test::new(operator, None).expect_err("refused").to_string();
        assert_eq!(told("equals"), "parameter `value`: `equals` needs it");
        assert_eq!(
            told("Equals"),
            "parameter `operator`: `Equals` is none of exists, equals, contains, less_than and greater_than"
        );
    }
}
