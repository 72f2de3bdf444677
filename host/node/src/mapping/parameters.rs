//! Parameters of a field: from its JSON to what is done with its values.
//!
//! What only tunes OpenSearch's indices is taken without effect; what would change an answer is
//! obeyed or refused by name.

use serde_json::{Map, Value as Json};

use super::analysis::Analyzer;
use super::coerce;
use super::error::{LongName, MappingError, unknown, wrong};
use super::field_type::{ValueType, instead_of};
use crate::dates::DateFormat;
use crate::request::object::cut;
use whittle_host::ExactJson;

/// A field as a mapping defines it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Definition {
    pub(super) value_type: ValueType,
    /// Cuts documents' texts into words.
    pub(super) analyzer: Analyzer,
    /// Cuts queries' texts into words.
    pub(super) search_analyzer: Analyzer,
    pub(super) format: DateFormat,
    /// Whether queries may ask for it.
    pub(super) index: bool,
    /// Whether it may be sorted and aggregated by.
    pub(super) doc_values: bool,
    /// Whether a text's length counts for its score.
    pub(super) norms: bool,
    pub(super) coerce: bool,
    pub(super) ignore_malformed: bool,
    /// Longer texts are neither indexed nor in the column. In units of UTF-16.
    pub(super) ignore_above: Option<usize>,
    /// What stands for null.
    pub(super) null_value: Option<ExactJson>,
    /// Paths of fields that get the values too.
    pub(super) copy_to: Vec<String>,
    /// Sub-fields by name: the same values, indexed otherwise.
    pub(super) fields: Vec<(String, Definition)>,
}

/// The parameters of each type.
const ALL: [&str; 7] = [
    "type", "index", "store", "copy_to", "fields", "boost", "meta",
];
const COLUMN: [&str; 2] = ["doc_values", "null_value"];
const NUMBER: [&str; 2] = ["coerce", "ignore_malformed"];
const DATE: [&str; 2] = ["format", "ignore_malformed"];
const KEYWORD: [&str; 6] = [
    "ignore_above",
    "eager_global_ordinals",
    "index_options",
    "norms",
    "similarity",
    "split_queries_on_whitespace",
];
const TEXT: [&str; 10] = [
    "analyzer",
    "search_analyzer",
    "eager_global_ordinals",
    "fielddata",
    "index_options",
    "index_phrases",
    "norms",
    "position_increment_gap",
    "similarity",
    "term_vector",
];

const NO_NORMALIZERS: &str = "normalizers are not supported: use `case_insensitive` in queries, or index the values in lower case";

fn known_keys(value_type: ValueType) -> Vec<&'static str> {
    let mut known = ALL.to_vec();
    match value_type {
        ValueType::Text => known.extend(TEXT),
        ValueType::Keyword => known.extend(COLUMN.into_iter().chain(KEYWORD)),
        ValueType::Date => known.extend(COLUMN.into_iter().chain(DATE)),
        ValueType::Boolean => known.extend(COLUMN),
        ValueType::ScaledFloat { .. } => {
            known.extend(COLUMN.into_iter().chain(NUMBER).chain(["scaling_factor"]));
        }
        _ => known.extend(COLUMN.into_iter().chain(NUMBER)),
    }
    known
}

impl Definition {
    fn of(value_type: ValueType) -> Self {
        Self {
            value_type,
            analyzer: Analyzer::Standard,
            search_analyzer: Analyzer::Standard,
            format: DateFormat::default(),
            index: true,
            doc_values: true,
            norms: value_type == ValueType::Text,
            coerce: true,
            ignore_malformed: false,
            ignore_above: None,
            null_value: None,
            copy_to: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// Reads a field.
    pub(super) fn parse(members: &Map<String, Json>, at: &str) -> Result<Self, MappingError> {
        let name = match members.get("type") {
            Some(Json::String(name)) => name,
            Some(other) => return Err(wrong(&format!("{at}.type"), "a text", other)),
            None => return Err(wrong(&format!("{at}.type"), "a text", &Json::Null)),
        };
        let value_type = ValueType::named(name).ok_or_else(|| MappingError::Type {
            path: at.to_owned(),
            name: cut(name),
            instead: instead_of(name),
        })?;
        let mut definition = Self::of(value_type);
        let mut search_analyzer = None;
        let mut null_value = None;
        let known = known_keys(value_type);
        for (key, json) in members {
            let at = format!("{at}.{}", cut(key));
            if key == "normalizer" {
                return Err(MappingError::Unsupported {
                    path: at,
                    reason: NO_NORMALIZERS.to_owned(),
                });
            }
            if !known.contains(&key.as_str()) {
                return Err(unknown(&at, &known));
            }
            match key.as_str() {
                "index" => definition.index = boolean(json, &at)?,
                "doc_values" => definition.doc_values = boolean(json, &at)?,
                "coerce" => definition.coerce = boolean(json, &at)?,
                "ignore_malformed" => definition.ignore_malformed = boolean(json, &at)?,
                "norms" if value_type == ValueType::Text => {
                    definition.norms = boolean(json, &at)?;
                }
                "ignore_above" => definition.ignore_above = Some(count(json, &at)?),
                "analyzer" => definition.analyzer = Analyzer::parse(json, &at)?,
                "search_analyzer" => search_analyzer = Some(Analyzer::parse(json, &at)?),
                "format" => definition.format = format(json, &at)?,
                "scaling_factor" => {
                    let factor = json.as_f64().filter(|factor| *factor > 0.0);
                    let factor = factor.ok_or_else(|| wrong(&at, "a number above 0", json))?;
                    definition.value_type = ValueType::ScaledFloat { factor };
                }
                "null_value" if !json.is_null() => null_value = Some((json, at)),
                "copy_to" => definition.copy_to = paths(json, &at)?,
                "fields" => definition.fields = sub_fields(json, &at)?,
                _ => only_tunes(key, json, value_type, &at)?,
            }
        }
        let has_factor = members.contains_key("scaling_factor");
        if matches!(value_type, ValueType::ScaledFloat { .. }) && !has_factor {
            let at = format!("{at}.scaling_factor");
            return Err(wrong(&at, "a number above 0", &Json::Null));
        }
        definition.search_analyzer = search_analyzer.unwrap_or(definition.analyzer);
        if let Some((json, at)) = null_value {
            let value = ExactJson::from(json);
            let is_value = matches!(coerce::coerce(&definition, &value), Ok(Some(_)));
            if !is_value {
                return Err(wrong(&at, format!("a valid `{}`", value_type.name()), json));
            }
            definition.null_value = Some(value);
        }
        Ok(definition)
    }
}

/// Takes a parameter that has no effect here, with the values that change no answer.
fn only_tunes(key: &str, json: &Json, value_type: ValueType, at: &str) -> Result<(), MappingError> {
    let is_text = value_type == ValueType::Text;
    let (expected, fits) = match key {
        "type" | "null_value" => return Ok(()),
        // Stored beside the source, ordinals loaded early, pairs of words indexed: all of them are
        // a question of speed.
        "store" | "eager_global_ordinals" | "index_phrases" => {
            return boolean(json, at).map(drop);
        }
        "term_vector" => ("a text", json.is_string()),
        "meta" => ("an object", json.is_object()),
        "boost" => ("1: boost the queries", json.as_f64() == Some(1.0)),
        "similarity" => ("\"BM25\"", *json == "BM25"),
        "position_increment_gap" => ("100", *json == 100),
        "index_options" if is_text => (
            "\"positions\" or \"offsets\"",
            *json == "positions" || *json == "offsets",
        ),
        "index_options" => ("\"docs\"", *json == "docs"),
        "norms" | "split_queries_on_whitespace" => ("false", !boolean(json, at)?),
        "fielddata" => (
            "false: aggregate by a `keyword` sub-field",
            !boolean(json, at)?,
        ),
        _ => return Err(unknown(at, &known_keys(value_type))),
    };
    if fits {
        Ok(())
    } else {
        Err(wrong(at, expected, json))
    }
}

/// Reads `true` or `false`, which may be texts.
pub(super) fn boolean(json: &Json, at: &str) -> Result<bool, MappingError> {
    match json {
        Json::Bool(value) => Ok(*value),
        Json::String(word) if word == "true" => Ok(true),
        Json::String(word) if word == "false" => Ok(false),
        other => Err(wrong(at, "true or false", other)),
    }
}

fn count(json: &Json, at: &str) -> Result<usize, MappingError> {
    let number = match json {
        Json::String(text) => text.parse().ok(),
        other => other
            .as_u64()
            .and_then(|number| usize::try_from(number).ok()),
    };
    number.ok_or_else(|| wrong(at, "a number of characters", json))
}

pub(super) fn format(json: &Json, at: &str) -> Result<DateFormat, MappingError> {
    let text = json.as_str().ok_or_else(|| wrong(at, "a text", json))?;
    DateFormat::named(text).map_err(|error| MappingError::Unsupported {
        path: at.to_owned(),
        reason: error.to_string(),
    })
}

/// How many paths a field may be copied to.
const MOST_COPIES: usize = 100;

/// One path or several.
fn paths(json: &Json, at: &str) -> Result<Vec<String>, MappingError> {
    let path = |json: &Json| {
        let path = json.as_str().filter(|path| !path.is_empty());
        let path = path.ok_or_else(|| wrong(at, "a field's path, or a list of them", json))?;
        LongName::check(0, path)?;
        Ok(path.to_owned())
    };
    match json {
        Json::Array(paths) if paths.len() > MOST_COPIES => Err(MappingError::Unsupported {
            path: at.to_owned(),
            reason: format!("a field is copied to at most {MOST_COPIES} others"),
        }),
        Json::Array(paths) => paths.iter().map(path).collect(),
        other => Ok(vec![path(other)?]),
    }
}

fn sub_fields(json: &Json, at: &str) -> Result<Vec<(String, Definition)>, MappingError> {
    let Json::Object(members) = json else {
        return Err(wrong(at, "an object", json));
    };
    let sub_field = |(name, json): (&String, &Json)| {
        LongName::check(0, name)?;
        let at = format!("{at}.{name}");
        if name.is_empty() || name.contains('.') {
            let name = name.clone();
            return Err(MappingError::Name { path: at, name });
        }
        let Json::Object(members) = json else {
            return Err(wrong(&at, "an object", json));
        };
        for key in ["fields", "copy_to"] {
            if let Some(json) = members.get(key) {
                let expected = "left out of a sub-field";
                return Err(wrong(&format!("{at}.{key}"), expected, json));
            }
        }
        Ok((name.clone(), Definition::parse(members, &at)?))
    };
    members.iter().map(sub_field).collect()
}
