//! A function, and what it is called with.

use serde_json::{Map, Value as Json};
use whittle_host::OnError;

use crate::query::FunctionCall;
use crate::request::RequestError;
use crate::request::object::{Object, wrong};

impl FunctionCall {
    /// Reads `function`, `params` and `on_error` of an object that may have other keys too.
    pub(crate) fn read(object: Object<'_>) -> Result<Self, RequestError> {
        let params = match object.get("params") {
            None => Map::new(),
            Some(Json::Object(params)) => params.clone(),
            Some(other) => return Err(wrong(&object.path("params"), "an object", other)),
        };
        let on_error = match object.get("on_error") {
            None => OnError::Fail,
            Some(Json::String(word)) if word == "fail" => OnError::Fail,
            Some(Json::String(word)) if word == "skip" => OnError::Skip,
            Some(Json::String(word)) if word == "null" => OnError::Null,
            Some(other) => {
                let expected = "\"fail\", \"skip\" or \"null\"";
                return Err(wrong(&object.path("on_error"), expected, other));
            }
        };
        Ok(Self {
            function: object.text("function")?,
            params,
            on_error,
        })
    }
}
