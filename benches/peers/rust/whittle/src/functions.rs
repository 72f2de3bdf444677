//! Which function of which component does a work in a language. The UDFs that this repository has in
//! `guests` alone are in components of their own; the others are in `peers`, from `benches/peers/guests/whittle`.

use serde_json::{Value, json};
use whittle_peer::{Rows, Work};

/// A function with its arguments.
pub(crate) struct Function {
    pub(crate) component: &'static str,
    pub(crate) name: &'static str,
    pub(crate) arguments: Value,
}

/// The function that does a work.
///
/// # Errors
///
/// If no function does it, with the reason.
pub(crate) fn function(language: &str, rows: &Rows) -> Result<Function, String> {
    let function = |component, name, arguments| {
        Ok(Function {
            component,
            name,
            arguments,
        })
    };
    let missing = |reason: &str| Err(format!("no such UDF: {reason}"));
    let parameter = |name: &str| rows.parameters.get(name).cloned().unwrap_or_default();
    let regex = json!({"field": "title", "pattern": parameter("pattern")});
    let json_path = json!({
        "field": "data", "path": parameter("path"), "operator": "equals", "value": parameter("equals"),
    });
    let days = json!({"start_field": "start", "end_field": "end"});
    match (rows.work, language) {
        (Work::Noop, "javascript-columns" | "python-columns" | "rust-columns") => {
            function("peers", "noop_columns", json!({}))
        }
        (Work::Noop, _) => function("peers", "noop", json!({})),
        (
            Work::Score | Work::ScoreNulls,
            "javascript-columns" | "python-columns" | "rust-columns",
        ) => function("column-score", "custom_score", json!({})),
        (Work::BusinessDays, "rust-columns") => function("peers", "business_days_columns", days),
        (_, "javascript-columns" | "python-columns" | "rust-columns") => {
            missing("columns are for numbers")
        }
        (Work::Score | Work::ScoreNulls, _) => function("custom-score", "custom_score", json!({})),
        (Work::Distance, _) => {
            let arguments = json!({
                "field": "title",
                "target": parameter("target"),
                "max_distance": parameter("max_distance"),
            });
            function("string-distance", "string_distance", arguments)
        }
        (Work::Regex, "rust") => function("regex-extract", "regex_value", regex),
        (Work::Regex, "go" | "javascript" | "python") => function("peers", "regex_value", regex),
        (Work::Regex, _) => missing("the language's library has no regular expressions"),
        (Work::Json, "rust" | "assemblyscript") => function("json-path", "json_path", json_path),
        (Work::Json, "go" | "javascript" | "python") => function("peers", "json_path", json_path),
        (Work::Json, _) => missing("the language's library has no JSON"),
        (Work::BusinessDays, _) => function("peers", "business_days", days),
    }
}
