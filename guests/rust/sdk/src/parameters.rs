//! Parameters: what a struct's fields may be, and how a query's arguments become them.

use std::fmt::Display;

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
        T::from_argument(name, self.value(name))
    }

    /// Takes the argument of a number with bounds.
    ///
    /// # Errors
    ///
    /// Where it is out of the bounds, or of its type's range.
    pub fn take_within<T: NumberType>(
        &mut self,
        name: &str,
        bounds: &Bounds<T::Default>,
    ) -> Result<T, Error> {
        T::within(name, self.value(name), bounds)
    }

    fn value(&mut self, name: &str) -> Option<Value> {
        let index = self.0.iter().position(|argument| argument.name == name);
        index.map(|index| self.0.swap_remove(index).value)
    }
}

/// The least and the greatest value of a number, both included.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<T> {
    minimum: Option<T>,
    maximum: Option<T>,
}

impl<T: PartialOrd + Display> Bounds<T> {
    const NONE: Self = Self {
        minimum: None,
        maximum: None,
    };

    /// The bounds of `#[parameter(minimum = .., maximum = ..)]`.
    pub const fn new(minimum: Option<T>, maximum: Option<T>) -> Self {
        Self { minimum, maximum }
    }

    /// What is wrong with a value. NaN is out of every bound.
    fn problem(&self, value: &T) -> Option<String> {
        let is_enough = self.minimum.as_ref().is_none_or(|least| value >= least);
        let is_little = self.maximum.as_ref().is_none_or(|most| value <= most);
        if is_enough && is_little {
            return None;
        }
        let allowed = match (&self.minimum, &self.maximum) {
            (Some(least), Some(most)) => format!("between {least} and {most}"),
            (Some(least), None) => format!("at least {least}"),
            (None, Some(most)) => format!("at most {most}"),
            (None, None) => return None,
        };
        Some(format!("must be {allowed}, not {value}"))
    }

    fn checked(&self, name: &str, value: T) -> Result<T, Error> {
        match self.problem(&value) {
            None => Ok(value),
            Some(problem) => Err(Error::invalid_argument(format!(
                "parameter `{name}` {problem}"
            ))),
        }
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

/// The same for a number with bounds.
///
/// # Panics
///
/// If the default is out of the bounds: the component describes itself when it is built, so its author
/// reads that.
pub fn default_within<T: NumberType>(
    name: &str,
    default: T::Default,
    bounds: &Bounds<T::Default>,
) -> Presence {
    if let Some(problem) = bounds.problem(&default) {
        panic!("the default of parameter `{name}` {problem}");
    }
    self::default::<T>(default)
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

/// A parameter that may have a minimum and a maximum.
#[diagnostic::on_unimplemented(
    message = "a parameter of type `{Self}` cannot have a minimum or a maximum",
    note = "bounds are for `i64`, `i32`, `u32`, `u64`, `usize`, `f64`, and an `Option` of these"
)]
pub trait NumberType: ParameterType<Default: PartialOrd + Display> {
    /// The parameter of an argument within bounds.
    ///
    /// # Errors
    ///
    /// Where the argument is out of the bounds, or of the type's range.
    fn within(
        name: &str,
        argument: Option<Value>,
        bounds: &Bounds<Self::Default>,
    ) -> Result<Self, Error>;
}

macro_rules! unlimited_numbers {
    ($($type:ty),*) => {
        $(impl NumberType for $type {
            fn within(
                name: &str,
                argument: Option<Value>,
                bounds: &Bounds<$type>,
            ) -> Result<Self, Error> {
                bounds.checked(name, Self::from_argument(name, argument)?)
            }
        })*
    };
}

unlimited_numbers!(i64, f64);

impl<T: NumberType> NumberType for Option<T> {
    fn within(
        name: &str,
        argument: Option<Value>,
        bounds: &Bounds<T::Default>,
    ) -> Result<Self, Error> {
        argument
            .map(|value| T::within(name, Some(value), bounds))
            .transpose()
    }
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
                Self::within(name, argument, &Bounds::NONE)
            }
        }

        impl NumberType for $type {
            fn within(
                name: &str,
                argument: Option<Value>,
                bounds: &Bounds<$type>,
            ) -> Result<Self, Error> {
                let value = i64::from_argument(name, argument)?;
                let of_bound = |bound: Self| i64::try_from(bound).unwrap_or(i64::MAX);
                let least = of_bound(bounds.minimum.unwrap_or(Self::MIN));
                let most = of_bound(bounds.maximum.unwrap_or(Self::MAX));
                // No argument is above that.
                let most = Some(most).filter(|most| *most < i64::MAX);
                let value = Bounds::new(Some(least), most).checked(name, value)?;
                value.try_into().map_err(|_| unexpected(name))
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
        let below = "parameter `count` must be between 0 and 4294967295, not -1";
        assert_eq!(
            take::<u32>(Value::Int64(-1)),
            Err(Error::invalid_argument(below))
        );
        let above = "parameter `count` must be between -2147483648 and 2147483647, not 4294967296";
        assert_eq!(
            take::<i32>(Value::Int64(1 << 32)),
            Err(Error::invalid_argument(above))
        );
    }

    #[test]
    fn numbers_are_checked_against_their_bounds() {
        fn refused<T: NumberType + std::fmt::Debug>(
            minimum: Option<T::Default>,
            maximum: Option<T::Default>,
            value: Value,
        ) -> String {
            let argument = Argument {
                name: "n".to_owned(),
                value,
            };
            let mut arguments = Arguments::new(vec![argument]);
            let taken = arguments.take_within::<T>("n", &Bounds::new(minimum, maximum));
            let Err(Error::InvalidArgument(text)) = taken else {
                return format!("{taken:?}");
            };
            text
        }
        let long = |number| Value::Int64(number);
        let float = |number| Value::Float64(number);
        for (found, expected) in [
            (refused::<u32>(Some(1), Some(9), long(9)), "Ok(9)"),
            (
                refused::<u32>(Some(1), Some(9), long(0)),
                "parameter `n` must be between 1 and 9, not 0",
            ),
            (
                refused::<i32>(None, Some(9), long(10)),
                "parameter `n` must be between -2147483648 and 9, not 10",
            ),
            (
                refused::<u64>(Some(1), None, long(0)),
                "parameter `n` must be at least 1, not 0",
            ),
            (
                refused::<i64>(None, Some(-1), long(0)),
                "parameter `n` must be at most -1, not 0",
            ),
            (refused::<f64>(Some(0.5), None, float(0.5)), "Ok(0.5)"),
            (
                refused::<f64>(Some(0.5), Some(1.0), float(f64::NAN)),
                "parameter `n` must be between 0.5 and 1, not NaN",
            ),
            (
                refused::<Option<f64>>(Some(0.5), None, float(0.25)),
                "parameter `n` must be at least 0.5, not 0.25",
            ),
        ] {
            assert_eq!(found, expected);
        }
        let mut none = Arguments::new(Vec::new());
        let bounds = Bounds::new(Some(1), None);
        assert_eq!(none.take_within::<Option<u32>>("n", &bounds), Ok(None));
    }

    #[test]
    #[should_panic(expected = "the default of parameter `n` must be at least 1, not 0")]
    fn a_default_is_within_the_bounds() {
        default_within::<u32>("n", 0, &Bounds::new(Some(1), None));
    }

    #[test]
    fn an_optional_parameter_may_be_absent() {
        let mut none = Arguments::new(Vec::new());
        assert_eq!(none.take::<Option<f64>>("count"), Ok(None));
        assert_eq!(take::<Option<f64>>(Value::Float64(0.5)), Ok(Some(0.5)));
        assert!(none.take::<f64>("count").is_err());
    }
}
