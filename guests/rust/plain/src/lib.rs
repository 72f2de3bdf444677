//! A weighted score of three numbers, without a kit: with bindings that were generated from version
//! 0.1 of the contract alone. It shows the tests that such components keep running.

use std::cell::Cell;

use bindings::exports::whittle::udf::functions::{Argument, Error, Guest, Manifest, Value};
use bindings::whittle::udf::document::{float64_or, resolve};
use bindings::whittle::udf::types::{Function, Kind, Parameter, Presence};

#[expect(unsafe_code, reason = "generated from the contract")]
mod bindings {
    wit_bindgen::generate!({ path: "../../../wit/udf.wit", world: "udf" });
    use super::Plain;
    export!(Plain);
}

struct Plain;

/// The fields by their handles, each with its weight.
type Weighted = [(u32, f64); 3];

thread_local! {
    static BOUND: Cell<Weighted> = const { Cell::new([(0, 0.0); 3]) };
}

/// The fields by their names, each with its usual weight.
const FIELDS: [(&str, f64); 3] = [("price", 0.3), ("rating", 0.5), ("popularity", 0.2)];

fn parameter(name: String, kind: Kind, default: Value) -> Parameter {
    Parameter {
        name,
        description: String::new(),
        kind,
        presence: Presence::Default(default),
    }
}

impl Guest for Plain {
    fn describe() -> Manifest {
        let of_field = |(name, weight): (&str, f64)| {
            [
                parameter(
                    format!("{name}_weight"),
                    Kind::Float64,
                    Value::Float64(weight),
                ),
                parameter(
                    format!("{name}_field"),
                    Kind::Text,
                    Value::Text(name.to_owned()),
                ),
            ]
        };
        Manifest {
            name: "plain".to_owned(),
            version: "0.1.0".to_owned(),
            description: "A weighted score of three numbers, without a kit.".to_owned(),
            author: String::new(),
            functions: vec![Function {
                name: "custom_score".to_owned(),
                description: "The weighted sum of three fields.".to_owned(),
                parameters: FIELDS.into_iter().flat_map(of_field).collect(),
                returns: Kind::Float64,
            }],
        }
    }

    fn bind(_function: String, arguments: Vec<Argument>) -> Result<(), Error> {
        let find = |name: String| arguments.iter().find(|argument| argument.name == name);
        let mut bound = [(0, 0.0); 3];
        for ((field, weight), (name, _)) in bound.iter_mut().zip(FIELDS) {
            match find(format!("{name}_weight")).map(|argument| &argument.value) {
                Some(Value::Float64(value)) => *weight = *value,
                _ => return Err(Error::InvalidArgument(format!("{name}_weight"))),
            }
            match find(format!("{name}_field")).map(|argument| &argument.value) {
                Some(Value::Text(path)) => *field = resolve(path, Kind::Float64),
                _ => return Err(Error::InvalidArgument(format!("{name}_field"))),
            }
        }
        BOUND.set(bound);
        Ok(())
    }

    fn evaluate() -> Result<Value, Error> {
        let weighted = |(field, weight)| weight * float64_or(field, 0.0);
        Ok(Value::Float64(BOUND.get().into_iter().map(weighted).sum()))
    }
}
