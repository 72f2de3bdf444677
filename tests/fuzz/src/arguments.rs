//! Arguments as a query may give them, and what a function must then see: the contract's rules
//! once more, for one parameter at a time.

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value as Json};
use whittle_host::{Arguments, Kind, Parameter, Presence, Value};

/// What becomes of one parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function sees this; [`Value::Null`] is that it sees nothing.
    Sees(Value),
    /// The function sees some instant: texts are read by Arrow, which nothing here repeats.
    SeesInstantOrRefused,
    /// The query is refused.
    Refused,
}

/// What becomes of a parameter in a JSON query.
pub fn expected(parameter: &Parameter, params: &Map<String, Json>) -> Outcome {
    let given = params.get(&parameter.name).unwrap_or(&Json::Null);
    let is_given = params.contains_key(&parameter.name);
    let value = match (parameter.kind, given) {
        (Kind::Json, json) if is_given => Value::Json(json.to_string()),
        (_, Json::Null) => return left_out(parameter),
        (Kind::Boolean, Json::Bool(value)) => Value::Boolean(*value),
        (Kind::Int64, Json::Number(number)) if number.is_i64() => {
            Value::Int64(number.as_i64().unwrap_or_default())
        }
        (Kind::Timestamp, Json::Number(number)) if number.is_i64() => {
            Value::Timestamp(number.as_i64().unwrap_or_default())
        }
        (Kind::Float64, Json::Number(number)) => {
            Value::Float64(number.to_string().parse().unwrap_or(f64::NAN))
        }
        (Kind::Text, Json::String(text)) => Value::Text(text.clone()),
        (Kind::Timestamp, Json::String(_)) => return Outcome::SeesInstantOrRefused,
        _ => return Outcome::Refused,
    };
    Outcome::Sees(value)
}

fn left_out(parameter: &Parameter) -> Outcome {
    match &parameter.presence {
        Presence::Required => Outcome::Refused,
        Presence::Optional => Outcome::Sees(Value::Null),
        Presence::Default(value) => Outcome::Sees(value.clone()),
    }
}

/// Typed arguments of any kinds, and what becomes of each parameter; some have names that no
/// parameter has, and some come twice, which refuses the query.
///
/// # Errors
///
/// Never, but for what the input's end would be.
pub fn typed(
    input: &mut Unstructured<'_>,
    parameters: &[Parameter],
) -> Result<(Arguments, Vec<Outcome>, bool)> {
    let mut arguments = Arguments::new();
    let mut outcomes: Vec<Option<Outcome>> = vec![None; parameters.len()];
    let mut refused = false;
    while !input.is_empty() {
        let position = input.int_in_range(0..=parameters.len())?;
        let Some(parameter) = parameters.get(position) else {
            arguments = arguments.with(format!("?{}", input.arbitrary::<&str>()?), true);
            refused = true;
            continue;
        };
        let value = value(input, parameter.kind)?;
        refused |= outcomes[position].is_some();
        outcomes[position] = Some(of_kind(parameter, &value));
        arguments = arguments.with(parameter.name.clone(), value);
    }
    let outcomes = outcomes.into_iter().zip(parameters);
    let outcomes =
        outcomes.map(|(outcome, parameter)| outcome.unwrap_or_else(|| left_out(parameter)));
    Ok((arguments, outcomes.collect(), refused))
}

/// A value, mostly of a kind.
fn value(input: &mut Unstructured<'_>, kind: Kind) -> Result<Value> {
    let kind = if input.ratio(7, 8)? {
        Some(kind)
    } else {
        *input.choose(&[
            None,
            Some(Kind::Boolean),
            Some(Kind::Int64),
            Some(Kind::Float64),
            Some(Kind::Text),
            Some(Kind::Timestamp),
            Some(Kind::Json),
        ])?
    };
    Ok(match kind {
        None => Value::Null,
        Some(Kind::Boolean) => Value::Boolean(input.arbitrary()?),
        Some(Kind::Int64) => Value::Int64(input.arbitrary()?),
        Some(Kind::Float64) => Value::Float64(input.arbitrary()?),
        Some(Kind::Text) => Value::Text(input.arbitrary()?),
        Some(Kind::Timestamp) => Value::Timestamp(input.arbitrary()?),
        Some(Kind::Json) if input.ratio(1, 2)? => {
            Value::Json(format!("[{}]", input.arbitrary::<i64>()?))
        }
        Some(Kind::Json) => Value::Json(input.arbitrary()?),
    })
}

fn of_kind(parameter: &Parameter, value: &Value) -> Outcome {
    match (parameter.kind, value) {
        (_, Value::Null) => left_out(parameter),
        #[expect(
            clippy::cast_precision_loss,
            reason = "int64 widens to float64 by contract"
        )]
        (Kind::Float64, Value::Int64(value)) => Outcome::Sees(Value::Float64(*value as f64)),
        (Kind::Json, Value::Json(text)) if serde_json::from_str::<Json>(text).is_err() => {
            Outcome::Refused
        }
        (kind, value) if value.kind() == Some(kind) => Outcome::Sees(value.clone()),
        _ => Outcome::Refused,
    }
}

/// Whether two values are the same, bit for bit but for a NaN, which may come as another one.
pub fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Float64(left), Value::Float64(right)) => {
            left.to_bits() == right.to_bits() || left.is_nan() && right.is_nan()
        }
        _ => left == right,
    }
}
