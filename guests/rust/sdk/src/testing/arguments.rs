//! A query's arguments, checked against a function's parameters as the host does, in its words.

use super::instant;
use super::source::Source;
use super::value::{Value, kind_name};
use crate::bindings::whittle::udf::types::{self, Argument, Kind, Parameter, Presence};

/// The arguments that a function gets: with the defaults, in the order of the parameters.
pub(super) fn checked(
    parameters: Vec<Parameter>,
    given: &[(String, Value)],
) -> Result<Vec<Argument>, String> {
    for (index, (name, _)) in given.iter().enumerate() {
        if !parameters.iter().any(|parameter| parameter.name == *name) {
            let known = parameters.iter().map(|parameter| &*parameter.name);
            return Err(format!(
                "unknown parameter `{name}`: {}",
                did_you_mean(name, known.collect())
            ));
        }
        if given[..index].iter().any(|(other, _)| other == name) {
            return Err(format!("parameter `{name}` is given twice"));
        }
    }
    let mut arguments = Vec::new();
    for parameter in parameters {
        let given = given.iter().find(|(name, _)| *name == parameter.name);
        let value = match given {
            None => types::Value::Null,
            Some((_, value)) => of_kind(&parameter, value)?,
        };
        let value = match (value, parameter.presence) {
            (types::Value::Null, Presence::Required) => {
                return Err(format!(
                    "missing parameter `{}` ({}): {}",
                    parameter.name,
                    kind_name(parameter.kind),
                    parameter.description
                ));
            }
            (types::Value::Null, Presence::Optional) => continue,
            (types::Value::Null, Presence::Default(default)) => default,
            (value, _) => value,
        };
        arguments.push(Argument {
            name: parameter.name,
            value,
        });
    }
    Ok(arguments)
}

fn of_kind(parameter: &Parameter, value: &Value) -> Result<types::Value, String> {
    let source = &value.source;
    let found = match (parameter.kind, source) {
        (Kind::Json, source) => Some(types::Value::Json(source.to_string())),
        (_, Source::Null) => Some(types::Value::Null),
        (Kind::Boolean, Source::Boolean(value)) => Some(types::Value::Boolean(*value)),
        (Kind::Int64, Source::Number(number)) => integer(number).map(types::Value::Int64),
        (Kind::Float64, Source::Number(number)) => float(number).map(types::Value::Float64),
        (Kind::Text, Source::Text(text)) => Some(types::Value::Text(text.clone())),
        (Kind::Timestamp, Source::Text(text)) => instant::parsed(text).map(types::Value::Timestamp),
        (Kind::Timestamp, Source::Instant(micros)) => Some(types::Value::Timestamp(*micros)),
        (Kind::Timestamp, Source::Number(number)) => integer(number).map(types::Value::Timestamp),
        _ => None,
    };
    found.ok_or_else(|| {
        format!(
            "parameter `{}` is {}, but {} was given",
            parameter.name,
            kind_name(parameter.kind),
            shown(value)
        )
    })
}

/// As the host reads a number for an integer: `-0` is a float.
fn integer(digits: &str) -> Option<i64> {
    digits.parse().ok().filter(|_| digits != "-0")
}

fn float(digits: &str) -> Option<f64> {
    digits
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

const SHOWN_BYTES: usize = 60;

/// The value as the host's errors show it.
fn shown(value: &Value) -> String {
    let kind = match &value.source {
        Source::Instant(_) => return "timestamp".to_owned(),
        Source::Text(_) => "the string ",
        Source::List(_) => "the list ",
        Source::Object(_) => "the object ",
        _ => "",
    };
    let text = value.source.to_string();
    let end = text.floor_char_boundary(SHOWN_BYTES);
    let dots = if end < text.len() { "..." } else { "" };
    format!("{kind}{}{dots}", &text[..end])
}

/// The known names that are most similar to a wrong one, or all of them if none is.
fn did_you_mean(wrong: &str, known: Vec<&str>) -> String {
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .map(|name| (edits(wrong, name), *name))
        .filter(|(distance, name)| *distance <= name.len().max(wrong.len()) / 3)
        .collect();
    near.sort_unstable();
    let quoted = |names: Vec<&str>| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    if !near.is_empty() {
        let near = near.into_iter().map(|(_, name)| name).collect();
        return format!("did you mean {}?", quoted(near));
    }
    match known[..] {
        [] => "there are none".to_owned(),
        [only] => format!("expected `{only}`"),
        _ => format!("expected one of {}", quoted(known)),
    }
}

/// The Levenshtein distance in bytes.
fn edits(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
