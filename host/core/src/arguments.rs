//! A query's arguments, checked against a function's parameters.
//!
//! What a query gives ([`Arguments`]) and what a guest gets are two types: the second has every
//! default filled in and every value converted to its kind. The check is the only conversion from
//! one to the other, and runs before any guest code.

use std::collections::HashSet;

use crate::columns::timestamp_from_text;
use crate::error::ArgumentError;
use crate::manifest::{Function, Parameter, Presence};
use crate::value::{Kind, Value};
use crate::words::one_line;

/// The arguments of one call, by parameter name.
///
/// ```
/// use whittle_host::Arguments;
///
/// let typed = Arguments::new().with("target", "star wars").with("max_distance", 3);
/// let json = serde_json::json!({"target": "star wars", "max_distance": 3});
/// let parsed = Arguments::from_json(json.as_object().expect("an object"));
/// assert_ne!(typed, parsed, "a JSON value has no kind until its parameter is known");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arguments(Vec<(String, Given)>);

/// A value as given in the query. A JSON value has no kind until its parameter is known.
#[derive(Debug, Clone, PartialEq)]
enum Given {
    Value(Value),
    Json(serde_json::Value),
}

impl Arguments {
    /// An empty list of arguments.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an argument.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.push((name.into(), Given::Value(value.into())));
        self
    }

    /// The arguments of a JSON query. A JSON value is converted to the kind of its parameter: int64
    /// and float64 take an integer, text takes a string, timestamp takes a string (ISO 8601 or RFC
    /// 3339) or an integer (microseconds), json takes anything. A null counts as a missing
    /// argument, except for a json parameter.
    pub fn from_json(object: &serde_json::Map<String, serde_json::Value>) -> Self {
        Self(
            object
                .iter()
                .map(|(name, value)| (name.clone(), Given::Json(value.clone())))
                .collect(),
        )
    }

    /// The size of their texts and JSON values, in bytes, roughly.
    #[cfg(feature = "registry")]
    pub(crate) fn bytes(&self) -> usize {
        let given = self.0.iter().map(|(_, given)| match given {
            Given::Value(Value::Text(text) | Value::Json(text)) => text.len(),
            Given::Value(_) => 8,
            Given::Json(json) => json_bytes(json),
        });
        given.sum()
    }

    /// Checks the arguments and fills in the defaults, in the order of the parameters.
    pub(crate) fn checked(
        &self,
        function: &Function,
    ) -> Result<Vec<(String, Value)>, ArgumentError> {
        let mut seen = HashSet::new();
        for (name, _) in &self.0 {
            if !function
                .parameters
                .iter()
                .any(|parameter| parameter.name == *name)
            {
                let known = function.parameters.iter().map(|p| p.name.clone()).collect();
                return Err(ArgumentError::Unknown {
                    parameter: one_line(name),
                    known,
                });
            }
            if !seen.insert(name) {
                return Err(ArgumentError::Twice {
                    parameter: one_line(name),
                });
            }
        }
        let mut checked = Vec::new();
        for parameter in &function.parameters {
            if let Some(value) = self.value_of(parameter)? {
                checked.push((parameter.name.clone(), value));
            }
        }
        Ok(checked)
    }

    fn value_of(&self, parameter: &Parameter) -> Result<Option<Value>, ArgumentError> {
        let given = self.0.iter().find(|(name, _)| *name == parameter.name);
        let value = match given {
            None => Value::Null,
            Some((_, Given::Value(value))) => of_kind(parameter, value)?,
            Some((_, Given::Json(json))) => from_json(parameter, json)?,
        };
        match (value, &parameter.presence) {
            (Value::Null, Presence::Required) => Err(ArgumentError::Missing {
                parameter: parameter.name.clone(),
                kind: parameter.kind,
                description: one_line(&parameter.description),
            }),
            (Value::Null, Presence::Optional) => Ok(None),
            (Value::Null, Presence::Default(default)) => Ok(Some(default.clone())),
            (value, _) => Ok(Some(value)),
        }
    }
}

#[cfg(feature = "registry")]
fn json_bytes(json: &serde_json::Value) -> usize {
    use serde_json::Value as Json;
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => 8,
        Json::String(text) => text.len(),
        Json::Array(values) => values.iter().map(json_bytes).sum(),
        Json::Object(members) => {
            let members = members.iter();
            members
                .map(|(key, value)| key.len() + json_bytes(value))
                .sum()
        }
    }
}

fn of_kind(parameter: &Parameter, value: &Value) -> Result<Value, ArgumentError> {
    match (parameter.kind, value) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "int64 widens to float64 by contract"
        )]
        (Kind::Float64, Value::Int64(value)) => Ok(Value::Float64(*value as f64)),
        (Kind::Json, Value::Json(text)) if !is_json(text) => {
            Err(mismatch(parameter, "a text that is not JSON".to_owned()))
        }
        (kind, value) if value.kind().is_none_or(|found| found == kind) => Ok(value.clone()),
        _ => Err(mismatch(
            parameter,
            value
                .kind()
                .map_or("null".to_owned(), |kind| kind.to_string()),
        )),
    }
}

/// Whether the string is one JSON value (RFC 8259).
pub(crate) fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn from_json(parameter: &Parameter, json: &serde_json::Value) -> Result<Value, ArgumentError> {
    use serde_json::Value as Json;
    let value = match (parameter.kind, json) {
        (Kind::Json, json) => Some(Value::Json(json.to_string())),
        (_, Json::Null) => Some(Value::Null),
        (Kind::Boolean, Json::Bool(value)) => Some(Value::Boolean(*value)),
        (Kind::Int64, Json::Number(number)) => number.as_i64().map(Value::Int64),
        (Kind::Float64, Json::Number(number)) => number.as_f64().map(Value::Float64),
        (Kind::Text, Json::String(text)) => Some(Value::Text(text.clone())),
        (Kind::Timestamp, Json::String(text)) => timestamp_from_text(text).map(Value::Timestamp),
        (Kind::Timestamp, Json::Number(number)) => number.as_i64().map(Value::Timestamp),
        _ => None,
    };
    value.ok_or_else(|| mismatch(parameter, shown(json)))
}

fn mismatch(parameter: &Parameter, found: String) -> ArgumentError {
    ArgumentError::Kind {
        parameter: parameter.name.clone(),
        expected: parameter.kind,
        found: one_line(&found),
    }
}

/// The JSON value as shown in an error: shortened, and with its type if that is not obvious.
fn shown(json: &serde_json::Value) -> String {
    const SHOWN_BYTES: usize = 60;
    let kind = match json {
        serde_json::Value::String(_) => "the string ",
        serde_json::Value::Array(_) => "the list ",
        serde_json::Value::Object(_) => "the object ",
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => "",
    };
    let text = json.to_string();
    let end = text.floor_char_boundary(SHOWN_BYTES);
    let dots = if end < text.len() { "..." } else { "" };
    format!("{kind}{}{dots}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function() -> Function {
        let parameter = |name: &str, kind, presence| Parameter {
            name: name.to_owned(),
            description: "what it is for".to_owned(),
            kind,
            presence,
        };
        Function {
            name: "f".to_owned(),
            description: String::new(),
            parameters: vec![
                parameter("target", Kind::Text, Presence::Required),
                parameter("distance", Kind::Int64, Presence::Default(Value::Int64(2))),
                parameter("weight", Kind::Float64, Presence::Optional),
                parameter("since", Kind::Timestamp, Presence::Optional),
                parameter("extra", Kind::Json, Presence::Optional),
            ],
            returns: Kind::Boolean,
        }
    }

    fn check(json: serde_json::Value) -> Result<Vec<(String, Value)>, String> {
        let arguments = Arguments::from_json(json.as_object().expect("an object"));
        arguments
            .checked(&function())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn fills_in_defaults_and_converts_json_to_the_parameters_kind() {
        let checked = check(serde_json::json!({
            "target": "x", "weight": 3, "since": "1970-01-01T00:00:01Z", "extra": null,
        }));
        let expected = [
            ("target", Value::from("x")),
            ("distance", Value::Int64(2)),
            ("weight", Value::Float64(3.0)),
            ("since", Value::Timestamp(1_000_000)),
            ("extra", Value::Json("null".to_owned())),
        ];
        assert_eq!(
            checked,
            Ok(expected
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec())
        );
    }

    #[test]
    fn rejects_a_wrong_argument_with_its_parameter() {
        let cases = [
            (
                serde_json::json!({}),
                "missing parameter `target` (text): what it is for",
            ),
            (
                serde_json::json!({"target": null}),
                "missing parameter `target` (text): what it is for",
            ),
            (
                serde_json::json!({"target": 3}),
                "parameter `target` is text, but 3 was given",
            ),
            (
                serde_json::json!({"target": "x", "distnce": 3}),
                "unknown parameter `distnce`: did you mean `distance`?",
            ),
            (
                serde_json::json!({"target": "x", "distance": 2.5}),
                "parameter `distance` is int64, but 2.5 was given",
            ),
            (
                serde_json::json!({"target": "x", "distance": 9_223_372_036_854_775_808_u64}),
                "parameter `distance` is int64, but 9223372036854775808 was given",
            ),
            (
                serde_json::json!({"target": "x", "since": "soon"}),
                "parameter `since` is timestamp, but the string \"soon\" was given: give a date and time \
                 such as \"2024-01-31T12:00:00Z\", a date such as \"2024-01-31\", or an integer, \
                 the microseconds since 1970-01-01T00:00:00Z",
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(check(json), Err(expected.to_owned()));
        }
    }

    #[test]
    fn checks_typed_arguments_in_the_same_way() {
        let given = Arguments::new().with("target", "x").with("weight", 2);
        let checked = given.checked(&function()).expect("fits");
        assert!(checked.contains(&("weight".to_owned(), Value::Float64(2.0))));
        let twice = Arguments::new().with("target", "x").with("target", "y");
        let error = twice.checked(&function()).expect_err("given twice");
        assert_eq!(error.to_string(), "parameter `target` is given twice");
        let wrong = Arguments::new().with("target", true).checked(&function());
        let error = wrong.expect_err("another kind").to_string();
        assert_eq!(error, "parameter `target` is text, but boolean was given");
    }
}
