//! What a component returns, as JSON.

use serde_json::Value as Json;

use crate::by_path::peer::documents::values::Value;

pub(crate) fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Number(value) => (*value).into(),
        Value::Text(value) => value.as_str().into(),
    }
}
