//! Every kind of answer, right and wrong.

use std::cell::Cell;

use whittle_guest::bindings::whittle::udf::types::Value;
use whittle_guest::{Error, Field, Json, Kind, Output, Parameters, Timestamp, document, udf};

/// The arguments that arrived, such as `boolean=true, text="a"`.
#[derive(Parameters)]
pub(crate) struct EchoArguments {
    /// A boolean.
    boolean: Option<bool>,
    /// An int64.
    int64: Option<i64>,
    /// A float64.
    float64: Option<f64>,
    /// A text.
    text: Option<String>,
    /// A timestamp.
    timestamp: Option<Timestamp>,
    /// A JSON value.
    json: Option<Json>,
}

#[udf]
impl EchoArguments {
    fn value(&self) -> String {
        let arguments = [
            self.boolean.map(|value| format!("boolean={value}")),
            self.int64.map(|value| format!("int64={value}")),
            self.float64.map(|value| format!("float64={value:?}")),
            self.text.as_ref().map(|value| format!("text={value:?}")),
            self.timestamp.map(|value| format!("timestamp={}", value.0)),
            self.json.as_ref().map(|value| format!("json={}", value.0)),
        ];
        arguments
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The field's text, or an error where it contains the needle.
#[derive(Parameters)]
pub(crate) struct FailOn {
    /// The field.
    field: Field<str>,
    /// What makes it fail.
    needle: String,
}

#[udf]
impl FailOn {
    fn value(&self) -> Result<Option<String>, Error> {
        let text = self.field.get();
        let needle = &self.needle;
        if text.as_ref().is_some_and(|text| text.contains(needle)) {
            return Err(Error::failed(format!(
                "found {needle} in {}",
                document::id()
            )));
        }
        Ok(text)
    }
}

/// Matches, but panics where the field's text contains the needle.
#[derive(Parameters)]
pub(crate) struct TrapOn {
    /// The field.
    field: Field<str>,
    /// What makes it panic.
    needle: String,
}

#[udf]
impl TrapOn {
    fn matches(&self) -> bool {
        let needle = &self.needle;
        let found = self
            .field
            .with(|text| text.contains(needle))
            .unwrap_or(false);
        assert!(!found, "found {needle} in {}", document::id());
        true
    }
}

/// Matches, but panics where the document has the field.
#[derive(Parameters)]
pub(crate) struct Throws {
    /// The field whose text the panic tells.
    field: Field<str>,
}

#[udf]
impl Throws {
    fn matches(&self) -> bool {
        if let Some(text) = self.field.get() {
            panic!("no good: {text}");
        }
        true
    }
}

/// Refuses its argument in `bind`.
#[derive(Parameters)]
pub(crate) struct Refuse {
    /// What the error says.
    message: String,
}

#[udf]
impl Refuse {
    fn prepare(&mut self) -> Result<(), Error> {
        Err(Error::invalid_argument(&*self.message))
    }

    fn matches(&self) -> bool {
        true
    }
}

/// Declared boolean, and of another kind.
#[derive(Parameters)]
pub(crate) struct WrongKind {
    /// The kind's name in the contract.
    #[parameter(default = "text")]
    kind: String,
}

#[udf]
impl WrongKind {
    fn value(&self) -> Mislabelled {
        Mislabelled(match self.kind.as_str() {
            "int64" => Value::Int64(1),
            "float64" => Value::Float64(1.0),
            "timestamp" => Value::Timestamp(1),
            "json" => Value::Json("true".to_owned()),
            _ => Value::Text("true".to_owned()),
        })
    }
}

/// An output that is not of its kind.
pub(crate) struct Mislabelled(Value);

impl Output for Mislabelled {
    const KIND: Kind = Kind::Boolean;
    type Value = bool;

    fn into_value(self) -> Result<Value, Error> {
        Ok(self.0)
    }
}

/// Declared json: the text that is given, JSON or not.
#[derive(Parameters)]
pub(crate) struct NotJson {
    /// The text.
    #[parameter(default = "{")]
    text: String,
}

#[udf]
impl NotJson {
    fn value(&self) -> Json {
        Json(self.text.clone())
    }
}

/// A score that is no number.
#[derive(Parameters)]
pub(crate) struct NotANumber {}

#[udf]
impl NotANumber {
    fn score(&self) -> f64 {
        f64::NAN
    }
}

thread_local! {
    static CALLS: Cell<i64> = const { Cell::new(0) };
}

/// How many documents this instance has seen, this one included.
#[derive(Parameters)]
pub(crate) struct State {}

#[udf]
impl State {
    fn value(&self) -> i64 {
        CALLS.set(CALLS.get() + 1);
        CALLS.get()
    }
}
