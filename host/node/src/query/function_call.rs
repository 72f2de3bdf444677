//! A function and what it is called with.

use serde_json::{Map, Value as Json};
use whittle_host::OnError;

use super::parameters::optional;
use super::parse::{Object, RequestError};

/// A function and what it is called with.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionCall {
    /// The function's name; of a registry's, with the versions that will do.
    pub function: String,
    /// Its arguments, not yet checked against its parameters; by default none.
    pub params: Map<String, Json>,
    /// What to do with documents that it fails for; by default [`OnError::Fail`].
    pub on_error: OnError,
}

impl FunctionCall {
    /// Reads `function`, `params` and `on_error` of an object that may have other keys too.
    pub(crate) fn read(object: Object<'_>) -> Result<Self, RequestError> {
        let params = optional(object, "params", "an object", |json| {
            json.as_object().cloned()
        });
        let on_error = optional(
            object,
            "on_error",
            "\"fail\", \"skip\" or \"null\"",
            |json| match json.as_str()? {
                "fail" => Some(OnError::Fail),
                "skip" => Some(OnError::Skip),
                "null" => Some(OnError::Null),
                _ => None,
            },
        );
        Ok(Self {
            params: params?.unwrap_or_default(),
            on_error: on_error?.unwrap_or(OnError::Fail),
            function: object.text("function")?,
        })
    }
}
