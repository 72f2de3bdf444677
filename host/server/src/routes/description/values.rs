//! What the values of parameters look like, beyond their types.

use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType};
use utoipa::openapi::{RefOr, Type};

const TIME: &str = "^(-1|0|[0-9]{1,9}(nanos|micros|ms|s|m|h|d))$";
const FLAG: &str = "^(true|false|)$";
const PAGE: &str = "^[0-9]{1,4}$";

/// Regular expressions for parameters of any text, by name.
const PATTERNS: &[(&str, &str)] = &[
    ("cancel_after_time_interval", TIME),
    ("cluster_manager_timeout", TIME),
    (
        "expand_wildcards",
        "^(open|closed|hidden|none|all)(,(open|closed|hidden|none|all))*$",
    ),
    ("explain", FLAG),
    ("from", PAGE),
    ("level", "^(cluster|indices|shards)$"),
    ("master_timeout", TIME),
    ("min_score", "^-?[0-9]{1,9}(\\.[0-9]{1,9})?$"),
    ("pipeline", "^_none$"),
    ("search_type", "^(query_then_fetch|dfs_query_then_fetch)$"),
    ("seq_no_primary_term", FLAG),
    ("sha256", "^[0-9a-fA-F]{64}$"),
    ("size", PAGE),
    ("stored_fields", "^(_none_|)$"),
    ("timeout", TIME),
    ("track_scores", FLAG),
    ("track_total_hits", "^(true|false|[0-9]{1,9}|)$"),
    ("wait_for_active_shards", "^(all|[0-9]{1,9})$"),
    ("wait_for_nodes", "^(>=|<=|>|<)?[0-9]{1,9}$"),
];

/// Parameters that are known so that the refusal says what to do instead.
const REFUSED: &[&str] = &[
    "analyze_wildcard",
    "analyzer",
    "default_operator",
    "df",
    "lenient",
    "q",
    "scroll",
    "search_pipeline",
    "stats",
    "suggest_field",
    "suggest_mode",
    "suggest_size",
    "suggest_text",
    "terminate_after",
];

/// Leaves out the parameters that are always refused, and says what values the others have.
pub(super) fn complete(operation: &mut Operation, name: &str) {
    let parameters = operation.parameters.get_or_insert_default();
    parameters.retain(|parameter| !is_refused(parameter, name));
    for parameter in parameters {
        let is_text = |object: &utoipa::openapi::schema::Object| {
            matches!(object.schema_type, SchemaType::Type(Type::String))
                && object.enum_values.is_none()
        };
        let Some(RefOr::T(Schema::Object(object))) = &parameter.schema else {
            continue;
        };
        if !is_text(object) {
            continue;
        }
        let text = ObjectBuilder::new().schema_type(Type::String);
        let schema = match (&parameter.parameter_in, parameter.name.as_str()) {
            (ParameterIn::Path, _) => text.min_length(Some(1)),
            (_, "format") if name.starts_with("tables.") => {
                text.enum_values(Some(["json", "text"]))
            }
            (_, "format") => text.enum_values(Some(["json"])),
            // Of a search, it shows the version; of a read, it is a number.
            (_, "version") => text.pattern(Some(FLAG)),
            (_, name) => match PATTERNS.iter().find(|(of, _)| *of == name) {
                Some((_, pattern)) => text.pattern(Some(*pattern)),
                None => continue,
            },
        };
        parameter.schema = Some(RefOr::T(Schema::Object(schema.build())));
    }
}

fn is_refused(parameter: &Parameter, operation: &str) -> bool {
    let is_write = operation.starts_with("documents.")
        && !matches!(operation, "documents.get" | "documents.source");
    REFUSED.contains(&parameter.name.as_str()) || is_write && parameter.name == "version"
}
