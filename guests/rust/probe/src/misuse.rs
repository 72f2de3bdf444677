//! Calls that the contract forbids. Each ends the query.

use whittle_guest::bindings::whittle::udf::{document, text_words};
use whittle_guest::{Error, Kind, Parameters, udf};

/// Resolves a field in `evaluate`.
#[derive(Parameters)]
pub(crate) struct ResolveLate {
    /// The field's path.
    field: String,
}

#[udf]
impl ResolveLate {
    fn value(&self) -> i64 {
        document::resolve(&self.field, Kind::Int64).into()
    }
}

/// Reads a field that it did not resolve.
#[derive(Parameters)]
pub(crate) struct ForgedHandle {
    /// The number that it takes for a field.
    handle: u32,
}

#[udf]
impl ForgedHandle {
    fn value(&self) -> Option<i64> {
        document::get_int64(self.handle)
    }
}

/// Resolves a field as text and reads it as int64.
#[derive(Parameters)]
pub(crate) struct WrongGetter {
    /// The field's path.
    field: String,
    #[parameter(skip)]
    handle: u32,
}

#[udf]
impl WrongGetter {
    fn prepare(&mut self) -> Result<(), Error> {
        self.handle = document::resolve(&self.field, Kind::Text);
        Ok(())
    }

    fn value(&self) -> Option<i64> {
        document::get_int64(self.handle)
    }
}

/// Resolves a field as int64 and asks for its length as a text.
#[derive(Parameters)]
pub(crate) struct WordsOfNumber {
    /// The field's path.
    field: String,
    #[parameter(skip)]
    handle: u32,
}

#[udf]
impl WordsOfNumber {
    fn prepare(&mut self) -> Result<(), Error> {
        self.handle = document::resolve(&self.field, Kind::Int64);
        Ok(())
    }

    fn value(&self) -> i64 {
        text_words::length(self.handle)
    }
}

/// Reads a document in `bind`, where there is none.
#[derive(Parameters)]
pub(crate) struct ReadInBind {
    /// The field's path.
    field: String,
    /// What it calls: `get-int64`, `int64-or`, `has`, `id`, `score`, `length` or `word`.
    #[parameter(default = "get-int64")]
    call: String,
}

#[udf]
impl ReadInBind {
    fn prepare(&mut self) -> Result<(), Error> {
        let number = || document::resolve(&self.field, Kind::Int64);
        let text = || document::resolve(&self.field, Kind::Text);
        let answer = match self.call.as_str() {
            "get-int64" => format!("{:?}", document::get_int64(number())),
            "int64-or" => document::int64_or(number(), 0).to_string(),
            "has" => document::has(number()).to_string(),
            "id" => document::id(),
            "score" => document::score().to_string(),
            "length" => text_words::length(text()).to_string(),
            "word" => text_words::word(text(), 0).to_string(),
            other => {
                return Err(Error::invalid_argument(format!(
                    "parameter `call`: {other}"
                )));
            }
        };
        Err(Error::failed(format!("the host answered {answer}")))
    }

    fn matches(&self) -> bool {
        true
    }
}
