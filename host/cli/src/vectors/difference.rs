//! Where a value differs from the expected one.

use std::fmt;

use whittle_host::{ExactJson, Kind, Value};

use super::number::are_equal;

/// The first difference between two values.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    /// The path to it within a value of kind json; empty for the value itself.
    path: String,
    expected: Option<ExactJson>,
    found: Option<ExactJson>,
}

impl Difference {
    /// The first difference between a result of a function and the expected one. Numbers are compared
    /// by value, so that `1` equals `1.0`, and within the relative tolerance.
    pub(super) fn between(
        expected: &ExactJson,
        found: &ExactJson,
        kind: Option<Kind>,
        tolerance: f64,
    ) -> Option<Self> {
        let micros = match (kind, expected) {
            (Some(Kind::Timestamp), ExactJson::Text(text)) => Value::timestamp_from_text(text),
            _ => None,
        };
        let micros = micros.map(|value| value.to_json());
        difference(micros.as_ref().unwrap_or(expected), found, tolerance).map(|difference| Self {
            // As it was written.
            expected: match difference.path.is_empty() {
                true => Some(expected.clone()),
                false => difference.expected,
            },
            ..difference
        })
    }
}

fn difference(expected: &ExactJson, found: &ExactJson, tolerance: f64) -> Option<Difference> {
    match (expected, found) {
        (ExactJson::List(left), ExactJson::List(right)) => {
            let pairs = (0..left.len().max(right.len())).map(|place| {
                let step = format!("[{place}]");
                (step, left.get(place), right.get(place))
            });
            first(pairs, tolerance)
        }
        (ExactJson::Object(left), ExactJson::Object(right)) => {
            let more = right.keys().filter(|key| !left.contains_key(*key));
            let pairs = left.keys().chain(more).map(|key| {
                let step = format!(".{}", whittle_host::one_line(key));
                (step, left.get(key), right.get(key))
            });
            first(pairs, tolerance)
        }
        _ if are_alike(expected, found, tolerance) => None,
        _ => Some(Difference {
            path: String::new(),
            expected: Some(expected.clone()),
            found: Some(found.clone()),
        }),
    }
}

/// The first difference among members of two lists or objects, each with the step that leads to it.
fn first<'a>(
    mut members: impl Iterator<Item = (String, Option<&'a ExactJson>, Option<&'a ExactJson>)>,
    tolerance: f64,
) -> Option<Difference> {
    members.find_map(|(step, expected, found)| match (expected, found) {
        (Some(expected), Some(found)) => {
            let difference = difference(expected, found, tolerance)?;
            let path = format!("{step}{}", difference.path);
            Some(Difference { path, ..difference })
        }
        _ => Some(Difference {
            path: step,
            expected: expected.cloned(),
            found: found.cloned(),
        }),
    })
}

fn are_alike(expected: &ExactJson, found: &ExactJson, tolerance: f64) -> bool {
    let (ExactJson::Number(left), ExactJson::Number(right)) = (expected, found) else {
        return expected == found;
    };
    are_equal(left, right, tolerance)
}

/// A diff: the expected value after `-`, the value found after `+`.
impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            writeln!(formatter, "  at {}", self.path.trim_start_matches('.'))?;
        }
        let shown = |value: &Option<ExactJson>| match value {
            None => "nothing".to_owned(),
            Some(value) => whittle_host::one_line(&value.to_string()),
        };
        writeln!(formatter, "  - {}", shown(&self.expected))?;
        writeln!(formatter, "  + {}", shown(&self.found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(expected: &str, found: &str, tolerance: f64) -> Option<String> {
        let json = |text| serde_json::from_str(text).expect("it is JSON");
        let difference = Difference::between(&json(expected), &json(found), None, tolerance);
        difference.map(|difference| difference.to_string().replace("  ", ""))
    }

    #[test]
    fn compares_numbers_by_value_and_within_the_tolerance() {
        let alike = |expected, found, tolerance| between(expected, found, tolerance).is_none();
        assert!(alike("1", "1.0", 0.0));
        assert!(alike(r#"{"a": [1, 2.0]}"#, r#"{"a": [1.0, 2]}"#, 0.0));
        assert!(!alike("1", "1.0000001", 0.0));
        assert!(alike("1000", "1000.0001", 1e-6));
        assert!(!alike("1000", "1001", 1e-6));
        assert!(!alike("9007199254740993", "9007199254740992", 0.0));
        assert!(!alike("18446744073709551615", "18446744073709551614", 0.0));
        assert!(!alike("1", "\"1\"", 1.0));
        assert!(!alike("{\"a\": 1}", "{\"a\": 1, \"b\": 1}", 0.0));
    }

    #[test]
    fn names_the_place_of_the_first_difference() {
        let shown = |expected, found| between(expected, found, 0.0).expect("a difference");
        insta::assert_snapshot!(shown("1", "2"), @r"
        - 1
        + 2
        ");
        insta::assert_snapshot!(shown(r#"{"a": {"b": [1, 2]}}"#, r#"{"a": {"b": [1, 3]}}"#), @r"
        at a.b[1]
        - 2
        + 3
        ");
        insta::assert_snapshot!(shown(r#"[{"a": 1}]"#, r#"[{"a": 1, "b": "x"}, 1]"#), @r#"
        at [0].b
        - nothing
        + "x"
        "#);
    }

    #[test]
    fn a_timestamp_may_be_written_as_text() {
        let text = ExactJson::Text("1970-01-01T00:00:01Z".to_owned());
        let micros = ExactJson::Number("1000000".to_owned());
        let kind = Some(Kind::Timestamp);
        assert_eq!(Difference::between(&text, &micros, kind, 0.0), None);
        assert!(Difference::between(&text, &micros, None, 0.0).is_some());
    }
}
