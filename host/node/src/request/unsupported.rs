//! What a search of OpenSearch may have and Whittle does not: refused by name, with what to do
//! instead.

use serde_json::Value as Json;

use super::error::RequestError;
use super::object::{Object, flag, whole, wrong};

/// Keys of the body.
const KEYS: &[(&str, &str)] = &[
    (
        "collapse",
        "use a `terms` aggregation, or collapse in the client",
    ),
    ("derived", "use `fields` with an `expression`"),
    ("ext", "remove it"),
    ("highlight", "highlight in the client"),
    (
        "indices_boost",
        "search each index by itself, with a `boost` in its query",
    ),
    ("pit", "use `search_after` with `_id` as the last sort key"),
    (
        "script_fields",
        "use `fields` with an `expression` or a `wasm_udf`",
    ),
    ("search_pipeline", "remove it"),
    (
        "slice",
        "use `search_after` with `_id` as the last sort key",
    ),
    ("stats", "remove it"),
    (
        "suggest",
        "use `match` with `fuzziness`, or `match_phrase_prefix`",
    ),
];

/// Parameters of the address.
const PARAMETERS: &[(&str, &str)] = &[
    ("analyze_wildcard", IN_THE_BODY),
    ("analyzer", IN_THE_BODY),
    ("default_operator", IN_THE_BODY),
    ("df", IN_THE_BODY),
    ("lenient", IN_THE_BODY),
    ("q", IN_THE_BODY),
    (
        "scroll",
        "use `search_after` with `_id` as the last sort key",
    ),
    ("search_pipeline", "remove it"),
    ("stats", "remove it"),
    ("suggest_field", SUGGEST),
    ("suggest_mode", SUGGEST),
    ("suggest_size", SUGGEST),
    ("suggest_text", SUGGEST),
];

const IN_THE_BODY: &str =
    "there are no query strings in the address; put a `match` query in the body";
const SUGGEST: &str = "use `match` with `fuzziness`, or `match_phrase_prefix`";

const EXPLAIN: &str = "use `profile`, which reports what each clause did";
const TERMINATE: &str = "totals are exact; use `timeout` to bound a search";

/// Refuses what is not supported in a body.
pub(super) fn refuse_keys(request: &Object<'_>) -> Result<(), RequestError> {
    for (key, instead) in KEYS {
        // Dashboards send an empty `script_fields`, which asks for nothing.
        let is_empty = |json: &Json| json.as_object().is_some_and(serde_json::Map::is_empty);
        let is_asked = request
            .get(key)
            .is_some_and(|json| *key != "script_fields" || !is_empty(json));
        if is_asked {
            return Err(unsupported(key, instead));
        }
    }
    if request.flag("explain")? {
        return Err(unsupported("explain", EXPLAIN));
    }
    match request.get("terminate_after") {
        None => Ok(()),
        Some(json) => terminate_after(json),
    }
}

/// Refuses a parameter of the address that is not supported; whether it is one of them.
pub(super) fn refuse_parameter(name: &str, value: &str) -> Result<bool, RequestError> {
    if let Some((name, instead)) = PARAMETERS.iter().find(|(known, _)| *known == name) {
        return Err(unsupported(name, instead));
    }
    let value = Json::from(value);
    match name {
        "explain" => match flag(&value) {
            Some(false) => Ok(true),
            Some(true) => Err(unsupported(name, EXPLAIN)),
            None => Err(wrong(name, "true or false", &value)),
        },
        "terminate_after" => terminate_after(&value).map(|()| true),
        _ => Ok(false),
    }
}

fn terminate_after(value: &Json) -> Result<(), RequestError> {
    match whole(value) {
        Some(0) => Ok(()),
        Some(_) => Err(unsupported("terminate_after", TERMINATE)),
        None => Err(wrong("terminate_after", "a number of documents", value)),
    }
}

fn unsupported(name: &str, instead: &'static str) -> RequestError {
    let path = name.to_owned();
    RequestError::Unsupported { path, instead }
}
