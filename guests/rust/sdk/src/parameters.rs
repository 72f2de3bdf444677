//! Parameters: what a struct's fields may be, and how a query's arguments become them.

use crate::bindings::whittle::udf::types::{Argument, Kind, Parameter, Presence, Value};
use crate::field::{Field, FieldKind};
use crate::{Error, Json, Timestamp};

/// A function's name, description and parameters. `#[derive(Parameters)]` implements it.
pub trait Parameters: Sized {
    /// The function's name in queries.
    const NAME: &'static str;
    /// For the author of a query.
    const DESCRIPTION: &'static str;

    /// The parameters, as the manifest has them.
    fn declared() -> Vec<Parameter>;

    /// The struct of a query's arguments.
    ///
    /// # Errors
    ///
    /// Where an argument is out of its type's range.
    fn from_arguments(arguments: &mut Arguments) -> Result<Self, Error>;
}

/// What a parameter may be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a parameter",
    note = "a parameter is a `bool`, `i64`, `i32`, `u32`, `u64`, `usize`, `f64`, `String`, \
            `Timestamp`, `Json`, an `Option` of these, or a `Field`",
    note = "put `#[parameter(skip)]` on a field that is not a parameter"
)]
pub trait ParameterType: Sized {
    /// The kind of its argument.
    const KIND: Kind;
    /// Whether a query may leave it out without a default.
    const OPTIONAL: bool = false;
    /// What is written after `default =`.
    type Default;

    /// The default as the manifest has it.
    fn default_value(default: Self::Default) -> Value;

    /// The parameter of an argument.
    ///
    /// # Errors
    ///
    /// Where the argument is out of the type's range.
    fn from_argument(name: &str, argument: Option<Value>) -> Result<Self, Error>;
}

/// The arguments of a query, which the host has checked against the manifest.
#[derive(Debug)]
pub struct Arguments(Vec<Argument>);

impl Arguments {
    pub(crate) fn new(arguments: Vec<Argument>) -> Self {
        Self(arguments)
    }

    /// Takes the argument of a parameter.
    ///
    /// # Errors
    ///
    /// Where it is out of the type's range.
    pub fn take<T: ParameterType>(&mut self, name: &str) -> Result<T, Error> {
        let index = self.0.iter().position(|argument| argument.name == name);
        T::from_argument(name, index.map(|index| self.0.swap_remove(index).value))
    }
}

/// A parameter's record in the manifest.
pub fn parameter<T: ParameterType>(name: &str, description: &str, presence: Presence) -> Parameter {
    Parameter {
        name: name.to_owned(),
        description: description.to_owned(),
        kind: T::KIND,
        presence,
    }
}

/// The presence of a parameter without a default.
pub fn presence<T: ParameterType>() -> Presence {
    if T::OPTIONAL {
        Presence::Optional
    } else {
        Presence::Required
    }
}

/// The presence of a parameter with a default.
pub fn default<T: ParameterType>(default: T::Default) -> Presence {
    Presence::Default(T::default_value(default))
}

/// The host breaks the contract where this is needed.
fn unexpected(name: &str) -> Error {
    Error::invalid_argument(format!("parameter `{name}` has no argument of its kind"))
}

macro_rules! parameter_types {
    ($($type:ty, $default:ty => $kind:ident, $to_value:expr, $from_value:expr;)*) => {
        $(impl ParameterType for $type {
            const KIND: Kind = Kind::$kind;
            type Default = $default;

            fn default_value(default: $default) -> Value {
                Value::$kind($to_value(default))
            }

            fn from_argument(name: &str, argument: Option<Value>) -> Result<Self, Error> {
                match argument {
                    Some(Value::$kind(value)) => Ok($from_value(value)),
                    _ => Err(unexpected(name)),
                }
            }
        })*
    };
}

parameter_types! {
    bool, bool => Boolean, std::convert::identity, std::convert::identity;
    i64, i64 => Int64, std::convert::identity, std::convert::identity;
    f64, f64 => Float64, std::convert::identity, std::convert::identity;
    String, &'static str => Text, str::to_owned, std::convert::identity;
    Timestamp, Timestamp => Timestamp, |timestamp: Timestamp| timestamp.0, Timestamp;
    Json, &'static str => Json, str::to_owned, Json;
}

macro_rules! integer_parameters {
    ($($type:ty),*) => {
        $(impl ParameterType for $type {
            const KIND: Kind = Kind::Int64;
            type Default = $type;

            fn default_value(default: $type) -> Value {
                Value::Int64(i64::try_from(default).expect("the default is within int64"))
            }

            fn from_argument(name: &str, argument: Option<Value>) -> Result<Self, Error> {
                let value = i64::from_argument(name, argument)?;
                value.try_into().map_err(|_| {
                    let most = i64::try_from(Self::MAX).unwrap_or(i64::MAX);
                    let least = Self::MIN;
                    Error::invalid_argument(format!(
                        "parameter `{name}`: {value} is not between {least} and {most}"
                    ))
                })
            }
        })*
    };
}

integer_parameters!(i32, u32, u64, usize);

impl<T: ParameterType> ParameterType for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;
    type Default = T::Default;

    fn default_value(default: T::Default) -> Value {
        T::default_value(default)
    }

    fn from_argument(name: &str, argument: Option<Value>) -> Result<Self, Error> {
        argument
            .map(|value| T::from_argument(name, Some(value)))
            .transpose()
    }
}

impl<T: FieldKind + ?Sized> ParameterType for Field<T> {
    const KIND: Kind = Kind::Text;
    type Default = &'static str;

    fn default_value(default: &'static str) -> Value {
        Value::Text(default.to_owned())
    }

    fn from_argument(name: &str, argument: Option<Value>) -> Result<Self, Error> {
        String::from_argument(name, argument).map(|path| Self::named(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take<T: ParameterType>(value: Value) -> Result<T, Error> {
        let argument = Argument {
            name: "count".to_owned(),
            value,
        };
        Arguments::new(vec![argument]).take("count")
    }

    #[test]
    fn integers_are_checked_against_their_range() {
        assert_eq!(take::<u32>(Value::Int64(7)), Ok(7));
        let below = "parameter `count`: -1 is not between 0 and 4294967295";
        assert_eq!(
            take::<u32>(Value::Int64(-1)),
            Err(Error::invalid_argument(below))
        );
        let above = "parameter `count`: 4294967296 is not between -2147483648 and 2147483647";
        assert_eq!(
            take::<i32>(Value::Int64(1 << 32)),
            Err(Error::invalid_argument(above))
        );
    }

    #[test]
    fn an_optional_parameter_may_be_absent() {
        let mut none = Arguments::new(Vec::new());
        assert_eq!(none.take::<Option<f64>>("count"), Ok(None));
        assert_eq!(take::<Option<f64>>(Value::Float64(0.5)), Ok(Some(0.5)));
        assert!(none.take::<f64>("count").is_err());
    }
}
