//! Answers what nobody asked for: too much, the wrong thing, and words that steer a terminal.

use whittle_guest::bindings::whittle::udf::types::Value;
use whittle_guest::{Error, Json, Kind, Output, Parameters, udf};

/// A text of so many bytes.
#[derive(Parameters)]
pub(crate) struct HugeText {
    /// How many.
    #[parameter(default = 1)]
    bytes: usize,
}

#[udf]
impl HugeText {
    fn value(&self) -> String {
        "x".repeat(self.bytes)
    }
}

/// A text of 64 KiB for each document.
#[derive(Parameters)]
pub(crate) struct ManyTexts {}

#[udf]
impl ManyTexts {
    fn value(&self) -> String {
        "x".repeat(1 << 16)
    }
}

/// An error of so many bytes.
#[derive(Parameters)]
pub(crate) struct HugeError {
    /// How many.
    #[parameter(default = 1)]
    bytes: usize,
}

#[udf]
impl HugeError {
    fn value(&self) -> Result<bool, Error> {
        Err(Error::failed("x".repeat(self.bytes)))
    }
}

/// An error that pretends to be two lines, and clears the screen.
#[derive(Parameters)]
pub(crate) struct EscapingError {}

#[udf]
impl EscapingError {
    fn value(&self) -> Result<bool, Error> {
        Err(Error::failed("\u{1b}[2J\rok\n2026-01-01 admin logged in\0"))
    }
}

/// A refusal likewise, once `now` is true.
#[derive(Parameters)]
pub(crate) struct EscapingRefusal {
    /// Whether it attacks.
    #[parameter(default = false)]
    now: bool,
}

#[udf]
impl EscapingRefusal {
    fn prepare(&mut self) -> Result<(), Error> {
        if self.now {
            return Err(Error::invalid_argument("\u{9b}31m\u{7}\nno"));
        }
        Ok(())
    }

    fn matches(&self) -> bool {
        true
    }
}

/// NaN.
#[derive(Parameters)]
pub(crate) struct Nan {}

#[udf]
impl Nan {
    fn score(&self) -> f64 {
        f64::NAN
    }
}

/// Infinity.
#[derive(Parameters)]
pub(crate) struct Infinite {}

#[udf]
impl Infinite {
    fn score(&self) -> f64 {
        f64::INFINITY
    }
}

/// What is no JSON, as JSON.
#[derive(Parameters)]
pub(crate) struct BrokenJson {}

#[udf]
impl BrokenJson {
    fn value(&self) -> Json {
        Json("{\"a\": 1} \u{1b}[2J".to_owned())
    }
}

/// A text, from a function that declares int64.
#[derive(Parameters)]
pub(crate) struct WrongKind {}

/// What is declared as an int64 and given as a text.
pub(crate) struct NotThat;

impl Output for NotThat {
    const KIND: Kind = Kind::Int64;
    type Value = i64;

    fn into_value(self) -> Result<Value, Error> {
        Ok(Value::Text("no".to_owned()))
    }
}

#[udf]
impl WrongKind {
    fn value(&self) -> NotThat {
        NotThat
    }
}
