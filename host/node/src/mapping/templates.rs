//! Dynamic templates: what becomes of new fields of a kind.
//!
//! The first template that a field fits decides, by the type that its value shows and by its name
//! or path.

use serde_json::{Map, Value as Json, json};

use super::error::{MappingError, unknown, wrong};
use super::parameters::Definition;
use crate::request::object::cut;

#[derive(Debug, Clone)]
pub(super) struct Template {
    conditions: Vec<(Condition, String)>,
    mapping: Map<String, Json>,
}

#[derive(Debug, Clone, Copy)]
enum Condition {
    Type,
    Name,
    NotName,
    Path,
    NotPath,
}

/// What a new field shows.
#[derive(Clone, Copy)]
pub(super) struct NewField<'a> {
    pub(super) path: &'a str,
    /// `string`, `long`, `double`, `boolean` or `date`.
    pub(super) shown: &'static str,
}

/// How many templates a mapping may have: a new field is compared with each.
const MOST_TEMPLATES: usize = 500;

/// Reads a list of templates, each an object with its name.
pub(super) fn parse(json: &Json, at: &str) -> Result<Vec<Template>, MappingError> {
    let wrong = |json: &Json| {
        let expected =
            format!("a list of up to {MOST_TEMPLATES} objects, each with a template's name");
        wrong(at, expected, json)
    };
    let templates = json.as_array();
    let templates = templates.filter(|templates| templates.len() <= MOST_TEMPLATES);
    let templates = templates.ok_or_else(|| wrong(json))?;
    let template = |json: &Json| {
        let mut members = json.as_object().into_iter().flatten();
        match (members.next(), members.next()) {
            (Some((name, Json::Object(template))), None) => {
                Template::parse(template, &format!("{at}.{}", cut(name)))
            }
            _ => Err(wrong(json)),
        }
    };
    templates.iter().map(template).collect()
}

impl Template {
    fn parse(members: &Map<String, Json>, at: &str) -> Result<Self, MappingError> {
        const KNOWN: [&str; 7] = [
            "match_mapping_type",
            "match",
            "unmatch",
            "path_match",
            "path_unmatch",
            "match_pattern",
            "mapping",
        ];
        const TYPES: [&str; 6] = ["string", "long", "double", "boolean", "date", "*"];
        let mut template = Self {
            conditions: Vec::new(),
            mapping: Map::new(),
        };
        for (key, json) in members {
            let at = format!("{at}.{}", cut(key));
            let condition = match key.as_str() {
                "match_mapping_type" if !TYPES.iter().any(|name| json == name) => {
                    let expected = "one of `string`, `long`, `double`, `boolean`, `date`, `*`";
                    return Err(wrong(&at, expected, json));
                }
                "match_mapping_type" => Condition::Type,
                "match" => Condition::Name,
                "unmatch" => Condition::NotName,
                "path_match" => Condition::Path,
                "path_unmatch" => Condition::NotPath,
                "match_pattern" if *json == "simple" => continue,
                "match_pattern" => return Err(wrong(&at, "\"simple\"", json)),
                "mapping" => {
                    let mapping = json.as_object();
                    template.mapping = mapping
                        .ok_or_else(|| wrong(&at, "an object", json))?
                        .clone();
                    continue;
                }
                _ => return Err(unknown(&at, &KNOWN)),
            };
            let pattern = json.as_str();
            let pattern = pattern.ok_or_else(|| wrong(&at, "a text with `*` for any", json))?;
            template.conditions.push((condition, pattern.to_owned()));
        }
        if template.conditions.is_empty() {
            return Err(MappingError::Value {
                path: at.to_owned(),
                expected: "an object with `match_mapping_type`, `match` or `path_match`".to_owned(),
                found: "one without any".to_owned(),
            });
        }
        let is_of_type =
            |(condition, _): &&(Condition, String)| matches!(condition, Condition::Type);
        let of_type = template.conditions.iter().find(is_of_type);
        let shown = match of_type.map(|(_, shown)| shown.as_str()) {
            Some("long") => "long",
            Some("double") => "double",
            Some("boolean") => "boolean",
            Some("date") => "date",
            _ => "string",
        };
        let path = "name";
        let field = template.field(NewField { path, shown });
        Definition::parse(&field, &format!("{at}.mapping"))?;
        Ok(template)
    }

    pub(super) fn fits(&self, field: NewField<'_>) -> bool {
        let name = field.path.rsplit('.').next().unwrap_or(field.path);
        self.conditions
            .iter()
            .all(|(condition, pattern)| match condition {
                Condition::Type => pattern == "*" || pattern == field.shown,
                Condition::Name => is_like(name, pattern),
                Condition::NotName => !is_like(name, pattern),
                Condition::Path => is_like(field.path, pattern),
                Condition::NotPath => !is_like(field.path, pattern),
            })
    }

    /// What is defined for a field.
    pub(super) fn field(&self, field: NewField<'_>) -> Map<String, Json> {
        let name = field.path.rsplit('.').next().unwrap_or(field.path);
        let shown = if field.shown == "string" {
            "text"
        } else {
            field.shown
        };
        let mut filled = fill(&self.mapping, name, shown);
        filled.entry("type").or_insert_with(|| json!(shown));
        filled
    }
}

fn fill(members: &Map<String, Json>, name: &str, shown: &str) -> Map<String, Json> {
    let text = |text: &str| {
        text.replace("{name}", name)
            .replace("{dynamic_type}", shown)
    };
    let value = |json: &Json| match json {
        Json::String(value) => Json::String(text(value)),
        Json::Object(members) => Json::Object(fill(members, name, shown)),
        other => other.clone(),
    };
    let filled = members.iter().map(|(key, json)| (text(key), value(json)));
    filled.collect()
}

/// Whether a text has a pattern's form, in which `*` is any text.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, mut pattern)) = pattern.split_once('*') else {
        return text == pattern;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    while let Some((middle, rest)) = pattern.split_once('*') {
        let Some(at) = text.find(middle) else {
            return false;
        };
        (text, pattern) = (&text[at + middle.len()..], rest);
    }
    text.ends_with(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_any_text() {
        for (text, pattern, expected) in [
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("abc", "*", true),
            ("abc", "a*c", true),
            ("abc", "*b*", true),
            ("abcbd", "a*b*d", true),
            ("ab", "a*b*b", false),
            ("", "*", true),
        ] {
            assert_eq!(is_like(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn the_first_template_that_fits_decides() {
        let json = json!([
            {"ids": {"match": "*_id", "unmatch": "no_*", "mapping": {"type": "keyword"}}},
            {"raw": {"match_mapping_type": "string", "path_match": "raw.*",
                "mapping": {"type": "{dynamic_type}", "copy_to": "all_{name}"}}},
            {"any": {"match_mapping_type": "*", "mapping": {"store": true}}}
        ]);
        let templates = parse(&json, "dynamic_templates").expect("templates");
        let field = |path, shown| {
            let field = NewField { path, shown };
            let template = templates.iter().find(|template| template.fits(field));
            template.map(|template| Json::Object(template.field(field)))
        };
        assert_eq!(field("a.user_id", "long"), Some(json!({"type": "keyword"})));
        let raw = json!({"type": "text", "copy_to": "all_x"});
        assert_eq!(field("raw.x", "string"), Some(raw));
        let any = json!({"store": true, "type": "long"});
        assert_eq!(field("no_id", "long"), Some(any));
    }

    #[test]
    fn rejects_what_is_no_template_with_its_path() {
        let error = |json: Json| {
            parse(&json!([{"t": json}]), "dynamic_templates")
                .expect_err("it is refused")
                .to_string()
        };
        let many =
            parse(&json!(vec![json!({}); 5_000]), "dynamic_templates").expect_err("too many");
        insta::assert_snapshot!(many, @"`dynamic_templates` must be a list of up to 500 objects, each with a template's name, but is a list of 5000");
        insta::assert_snapshot!(error(json!({"mapping": {}})), @"`dynamic_templates.t` must be an object with `match_mapping_type`, `match` or `path_match`, but is one without any");
        insta::assert_snapshot!(error(json!({"match": "a", "match_pattern": "regex"})), @r#"`dynamic_templates.t.match_pattern` must be "simple", but is "regex""#);
        insta::assert_snapshot!(error(json!({"match_mapping_type": "object", "mapping": {}})), @r#"`dynamic_templates.t.match_mapping_type` must be one of `string`, `long`, `double`, `boolean`, `date`, `*`, but is "object""#);
        insta::assert_snapshot!(error(json!({"match": "a", "mapping": {"type": "ip"}})), @"the type `ip` of `dynamic_templates.t.mapping` is not supported: use `keyword`; the types are `boolean`, `byte`, `short`, `integer`, `long`, `half_float`, `float`, `double`, `scaled_float`, `date`, `keyword`, `text`, `object`");
        insta::assert_snapshot!(error(json!({"match": "a", "runtime": {}})), @"unknown key `dynamic_templates.t.runtime`; expected one of `match_mapping_type`, `match`, `unmatch`, `path_match`, `path_unmatch`, `match_pattern`, `mapping`");
    }
}
