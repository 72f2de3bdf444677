//! Definitions of fields: from the JSON of a mapping and back, and two mappings joined.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::schema::RESERVED_TEXTS;
use super::{Analyzer, Definition, Dynamic, FieldType, Keyword, Mapping};
use crate::documents::type_of;

/// Why a mapping is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// A value of another type than it must be, or one that it cannot have.
    #[error("`{path}` must be {expected}, but is {found}")]
    Value {
        /// Where in the mapping.
        path: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A key that means nothing there.
    #[error("`{path}` is unknown: here can stand {known}")]
    UnknownKey {
        /// Where, with the key last.
        path: String,
        /// What may stand there.
        known: String,
    },
    /// The field is there, and is something else.
    #[error(transparent)]
    Conflict(#[from] TypeConflict),
    /// A field has a path that none can have.
    #[error(
        "the field name `{name}` at `{path}` cannot be: a name is not empty, and neither begins nor ends with a dot"
    )]
    Name {
        /// Where in the mapping.
        path: String,
        /// The name.
        name: String,
    },
    /// There are more fields than an index may have.
    #[error("the mapping has {found} fields, and may have {limit}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
    /// Documents were written, and no analyzed text is left in reserve.
    #[error(
        "the text `{field}` comes after documents were written, and the {limit} texts in reserve are taken: make a new index, or map it as keyword"
    )]
    NoTextLeft {
        /// The field's path.
        field: String,
        /// How many there were.
        limit: usize,
    },
    /// Documents were written, and texts in reserve have the standard analyzer.
    #[error(
        "the text `{field}` comes after documents were written, and can have the analyzer `standard` alone, not `{analyzer}`: make a new index"
    )]
    AnalyzerLate {
        /// The field's path.
        field: String,
        /// The analyzer.
        analyzer: &'static str,
    },
}

/// A field is two things.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the field `{field}` is {is}, and cannot be {asked} too")]
pub struct TypeConflict {
    /// Its path.
    pub field: String,
    /// What it is.
    pub is: String,
    /// What it should be besides.
    pub asked: String,
}

/// The most fields of an index.
const MOST_FIELDS: usize = 1_000;

impl Mapping {
    /// Reads a mapping as clients give it: `{"dynamic": ..., "properties": {...}}`.
    ///
    /// # Errors
    ///
    /// Keys, types or values that a mapping does not have, a field that is two things.
    pub fn parse(json: &Json) -> Result<Self, MappingError> {
        let (dynamic, definitions) = parse(json)?;
        let mut mapping = Self::new(dynamic.unwrap_or(Dynamic::Add), Vec::new());
        mapping = mapping.with(definitions, false)?;
        Ok(mapping)
    }

    /// The mapping and more fields. `written`: whether documents were written already, so that the
    /// schema can only grow.
    ///
    /// # Errors
    ///
    /// As [`Mapping::parse`]; a field that is there with another type; a text that there is no
    /// room for.
    pub(crate) fn extended(&self, json: &Json, written: bool) -> Result<Self, MappingError> {
        let (dynamic, definitions) = parse(json)?;
        let mut mapping = self.with(definitions, written)?;
        mapping.dynamic = dynamic.unwrap_or(self.dynamic);
        Ok(mapping)
    }

    /// The mapping and more definitions; those that it has already change nothing.
    pub(super) fn with(&self, more: Vec<Definition>, written: bool) -> Result<Self, MappingError> {
        let mut definitions = self.definitions.clone();
        let mut known: BTreeMap<String, usize> = definitions
            .iter()
            .enumerate()
            .map(|(number, definition)| (definition.path.clone(), number))
            .collect();
        for mut definition in more {
            if let Some(number) = known.get(&definition.path) {
                same(&definitions[*number], &definition)?;
                continue;
            }
            fits(&known, &definitions, &definition)?;
            if written && definition.field_type == FieldType::Text {
                definition.reserved = reserve(&definitions, &definition)?;
            }
            known.insert(definition.path.clone(), definitions.len());
            definitions.push(definition);
        }
        if definitions.len() > MOST_FIELDS {
            return Err(MappingError::TooMany {
                found: definitions.len(),
                limit: MOST_FIELDS,
            });
        }
        Ok(Self::new(self.dynamic, definitions))
    }

    /// The mapping as clients get it.
    pub fn to_json(&self) -> Json {
        let mut properties = Map::new();
        for definition in &self.definitions {
            let mut at = &mut properties;
            let (objects, name) = match definition.path.rsplit_once('.') {
                None => (None, definition.path.as_str()),
                Some((objects, name)) => (Some(objects), name),
            };
            for object in objects.into_iter().flat_map(|objects| objects.split('.')) {
                let entry = at
                    .entry(object)
                    .or_insert_with(|| json!({"properties": {}}));
                let Some(Json::Object(below)) = entry.get_mut("properties") else {
                    unreachable!("a field is no object: `fits` sees to it");
                };
                at = below;
            }
            at.insert(name.to_owned(), definition.to_json());
        }
        let mut mapping = Map::new();
        match self.dynamic {
            Dynamic::Add => {}
            Dynamic::Ignore => drop(mapping.insert("dynamic".to_owned(), json!(false))),
            Dynamic::Refuse => drop(mapping.insert("dynamic".to_owned(), json!("strict"))),
        }
        mapping.insert("properties".to_owned(), Json::Object(properties));
        Json::Object(mapping)
    }

    /// What [`Mapping::restore`] makes the same mapping of, its schema included.
    pub(crate) fn save(&self) -> Json {
        let fields = self.definitions.iter().map(|definition| {
            json!({"path": definition.path, "is": definition.to_json(), "reserved": definition.reserved})
        });
        let dynamic = match self.dynamic {
            Dynamic::Add => json!(true),
            Dynamic::Ignore => json!(false),
            Dynamic::Refuse => json!("strict"),
        };
        json!({"dynamic": dynamic, "fields": fields.collect::<Vec<_>>()})
    }

    /// The mapping that [`Mapping::save`] saved.
    ///
    /// # Errors
    ///
    /// Where it is none.
    pub(crate) fn restore(saved: &Json) -> Result<Self, MappingError> {
        let wrong = |path: &str, found: &Json| value(path, "a saved mapping", found);
        let dynamic = dynamic(&saved["dynamic"], "dynamic")?;
        let fields = saved["fields"].as_array();
        let fields = fields.ok_or_else(|| wrong("fields", &saved["fields"]))?;
        let mut definitions = Vec::new();
        for field in fields {
            let path = field["path"].as_str();
            let path = path.ok_or_else(|| wrong("fields.path", &field["path"]))?;
            let before = definitions.len();
            define(&field["is"], path, path, &mut definitions)?;
            if definitions.len() != before + 1 {
                return Err(wrong("fields.is", &field["is"]));
            }
            if let Some(definition) = definitions.last_mut() {
                definition.reserved = field["reserved"] == json!(true);
            }
        }
        Ok(Self::new(dynamic, definitions))
    }
}

impl Definition {
    pub(super) fn new(path: &str, field_type: FieldType) -> Self {
        Self {
            path: path.to_owned(),
            field_type,
            analyzer: Analyzer::Standard,
            keyword: None,
            reserved: false,
        }
    }

    /// A text that came without a definition: found by its words, and whole where it is short.
    pub(super) fn text_and_keyword(path: &str) -> Self {
        let ignore_above = Some(256);
        Self {
            keyword: Some(Keyword { ignore_above }),
            ..Self::new(path, FieldType::Text)
        }
    }

    fn to_json(&self) -> Json {
        let mut json = Map::new();
        json.insert("type".to_owned(), json!(self.field_type.name()));
        if self.analyzer != Analyzer::Standard {
            json.insert("analyzer".to_owned(), json!(self.analyzer.name()));
        }
        if let Some(Keyword { ignore_above }) = self.keyword {
            let mut keyword = json!({"type": "keyword"});
            if let Some(characters) = ignore_above {
                keyword["ignore_above"] = json!(characters);
            }
            json.insert("fields".to_owned(), json!({"keyword": keyword}));
        }
        Json::Object(json)
    }
}

/// That a definition says of a field what it is.
fn same(is: &Definition, asked: &Definition) -> Result<(), MappingError> {
    let what = |definition: &Definition| {
        let analyzer = definition.analyzer.name();
        let keyword = match definition.keyword {
            None => String::new(),
            Some(Keyword { ignore_above: None }) => " with a keyword".to_owned(),
            Some(Keyword {
                ignore_above: Some(characters),
            }) => format!(" with a keyword up to {characters} characters"),
        };
        match definition.field_type {
            FieldType::Text => format!("a text by `{analyzer}`{keyword}"),
            other => format!("of type `{}`", other.name()),
        }
    };
    let (is_what, asked_what) = (what(is), what(asked));
    if is_what == asked_what {
        return Ok(());
    }
    Err(MappingError::Conflict(TypeConflict {
        field: is.path.clone(),
        is: is_what,
        asked: asked_what,
    }))
}

/// That no field lies in another, nor under a text's `.keyword`.
fn fits(
    known: &BTreeMap<String, usize>,
    definitions: &[Definition],
    new: &Definition,
) -> Result<(), MappingError> {
    let conflict = |field: &str, is: &str, asked: &str| {
        Err(MappingError::Conflict(TypeConflict {
            field: field.to_owned(),
            is: is.to_owned(),
            asked: asked.to_owned(),
        }))
    };
    for (dot, _) in new.path.match_indices('.') {
        if let Some(number) = known.get(&new.path[..dot]) {
            let outer = &definitions[*number];
            return conflict(
                &outer.path,
                &format!("of type `{}`", outer.field_type.name()),
                "an object",
            );
        }
    }
    let below = format!("{}.", new.path);
    let mut after = known.range(below.clone()..);
    if after
        .next()
        .is_some_and(|(path, _)| path.starts_with(&below))
    {
        return conflict(
            &new.path,
            "an object",
            &format!("of type `{}`", new.field_type.name()),
        );
    }
    Ok(())
}

/// That there is a text in reserve for a definition.
fn reserve(definitions: &[Definition], text: &Definition) -> Result<bool, MappingError> {
    if text.analyzer != Analyzer::Standard {
        return Err(MappingError::AnalyzerLate {
            field: text.path.clone(),
            analyzer: text.analyzer.name(),
        });
    }
    let taken = definitions.iter().filter(|definition| definition.reserved);
    if taken.count() >= RESERVED_TEXTS {
        return Err(MappingError::NoTextLeft {
            field: text.path.clone(),
            limit: RESERVED_TEXTS,
        });
    }
    Ok(true)
}

fn parse(json: &Json) -> Result<(Option<Dynamic>, Vec<Definition>), MappingError> {
    let Json::Object(members) = json else {
        return Err(value("mappings", "an object", json));
    };
    let mut found = (None, Vec::new());
    for (key, json) in members {
        match key.as_str() {
            "dynamic" => found.0 = Some(dynamic(json, "dynamic")?),
            "properties" => properties(json, "properties", "", &mut found.1)?,
            _ => return Err(unknown(key, "`dynamic`, `properties`")),
        }
    }
    Ok(found)
}

fn dynamic(json: &Json, at: &str) -> Result<Dynamic, MappingError> {
    match json {
        Json::Bool(true) => Ok(Dynamic::Add),
        Json::Bool(false) => Ok(Dynamic::Ignore),
        Json::String(word) if word == "true" => Ok(Dynamic::Add),
        Json::String(word) if word == "false" => Ok(Dynamic::Ignore),
        Json::String(word) if word == "strict" => Ok(Dynamic::Refuse),
        other => Err(value(at, "true, false or \"strict\"", other)),
    }
}

/// Reads the fields below an object.
fn properties(
    json: &Json,
    at: &str,
    object: &str,
    definitions: &mut Vec<Definition>,
) -> Result<(), MappingError> {
    let Json::Object(members) = json else {
        return Err(value(at, "an object", json));
    };
    for (name, json) in members {
        let at = format!("{at}.{name}");
        if name.is_empty() || name.starts_with('.') || name.ends_with('.') || name.contains("..") {
            let name = name.clone();
            return Err(MappingError::Name { path: at, name });
        }
        let path = if object.is_empty() {
            name.clone()
        } else {
            format!("{object}.{name}")
        };
        define(json, &at, &path, definitions)?;
    }
    Ok(())
}

/// Reads a field, or an object with the fields below it.
fn define(
    json: &Json,
    at: &str,
    path: &str,
    definitions: &mut Vec<Definition>,
) -> Result<(), MappingError> {
    let Json::Object(members) = json else {
        return Err(value(at, "an object", json));
    };
    let below = |key: &str| format!("{at}.{key}");
    let named = match members.get("type") {
        None => None,
        Some(Json::String(name)) => Some(name.as_str()),
        Some(other) => return Err(value(&below("type"), "a text", other)),
    };
    let field_type = match named {
        None | Some("object") => {
            for (key, json) in members {
                match key.as_str() {
                    "type" => {}
                    "properties" => properties(json, &below(key), path, definitions)?,
                    _ => return Err(unknown(&below(key), "`type`, `properties`")),
                }
            }
            return Ok(());
        }
        Some("boolean") => FieldType::Boolean,
        Some("long" | "integer" | "short" | "byte") => FieldType::Long,
        Some("double" | "float" | "half_float") => FieldType::Double,
        Some("date") => FieldType::Date,
        Some("keyword") => FieldType::Keyword,
        Some("text") => FieldType::Text,
        Some(other) => {
            let types = "one of `boolean`, `long`, `double`, `date`, `keyword`, `text`, `object`";
            return Err(value(&below("type"), types, &json!(other)));
        }
    };
    let mut definition = Definition::new(path, field_type);
    for (key, json) in members {
        match (key.as_str(), field_type) {
            ("type", _) => {}
            ("analyzer", FieldType::Text) => definition.analyzer = analyzer(json, &below(key))?,
            ("fields", FieldType::Text) => definition.keyword = keyword(json, &below(key))?,
            ("format", FieldType::Date) => format(json, &below(key))?,
            (_, FieldType::Text) => {
                return Err(unknown(&below(key), "`type`, `analyzer`, `fields`"));
            }
            (_, FieldType::Date) => return Err(unknown(&below(key), "`type`, `format`")),
            _ => return Err(unknown(&below(key), "`type`")),
        }
    }
    definitions.push(definition);
    Ok(())
}

fn analyzer(json: &Json, at: &str) -> Result<Analyzer, MappingError> {
    let named = |analyzer: &Analyzer| json.as_str() == Some(analyzer.name());
    let found = Analyzer::ALL.into_iter().find(named);
    found.ok_or_else(|| value(at, "one of `standard`, `english`, `whitespace`", json))
}

/// The one sub-field that a text may have.
fn keyword(json: &Json, at: &str) -> Result<Option<Keyword>, MappingError> {
    let Json::Object(fields) = json else {
        return Err(value(at, "an object", json));
    };
    let mut found = None;
    for (name, json) in fields {
        let at = format!("{at}.{name}");
        let Json::Object(members) = json else {
            return Err(value(&at, "an object", json));
        };
        if name != "keyword" {
            return Err(unknown(&at, "`keyword`"));
        }
        let mut keyword = Keyword { ignore_above: None };
        for (key, json) in members {
            let at = format!("{at}.{key}");
            match key.as_str() {
                "type" if *json == json!("keyword") => {}
                "type" => return Err(value(&at, "`keyword`", json)),
                "ignore_above" => {
                    let characters = json
                        .as_u64()
                        .and_then(|number| usize::try_from(number).ok());
                    let characters =
                        characters.ok_or_else(|| value(&at, "a number of characters", json))?;
                    keyword.ignore_above = Some(characters);
                }
                _ => return Err(unknown(&at, "`type`, `ignore_above`")),
            }
        }
        found = Some(keyword);
    }
    Ok(found)
}

/// The one format that dates have.
fn format(json: &Json, at: &str) -> Result<(), MappingError> {
    match json.as_str() {
        Some(
            "strict_date_optional_time||epoch_millis"
            | "strict_date_optional_time"
            | "date_optional_time"
            | "epoch_millis",
        ) => Ok(()),
        _ => Err(value(at, "`strict_date_optional_time||epoch_millis`", json)),
    }
}

fn value(path: &str, expected: &str, found: &Json) -> MappingError {
    let found = match found {
        Json::String(_) | Json::Bool(_) | Json::Number(_) => found.to_string(),
        Json::Null | Json::Array(_) | Json::Object(_) => type_of(found).to_owned(),
    };
    MappingError::Value {
        path: path.to_owned(),
        expected: expected.to_owned(),
        found,
    }
}

fn unknown(path: &str, known: &str) -> MappingError {
    MappingError::UnknownKey {
        path: path.to_owned(),
        known: known.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: Json) -> String {
        Mapping::parse(&json)
            .expect_err("it is refused")
            .to_string()
    }

    #[test]
    fn a_mapping_is_shown_as_it_was_given() {
        let json = json!({"dynamic": "strict", "properties": {
            "title": {"type": "text", "analyzer": "english",
                "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}},
            "seller": {"properties": {"address": {"properties": {"city": {"type": "keyword"}}},
                "since": {"type": "date"}}},
            "a key": {"type": "boolean"}, "price": {"type": "double"}, "stock": {"type": "long"}}});
        let mapping = Mapping::parse(&json).expect("a mapping");
        assert_eq!(mapping.to_json(), json);
        let restored = Mapping::restore(&mapping.save()).expect("it was saved");
        assert_eq!(restored.to_json(), json);
        assert_eq!(restored.schema(), mapping.schema());
        let paths: Vec<_> = mapping.paths().collect();
        assert_eq!(
            paths,
            [
                "a key",
                "price",
                "seller.address.city",
                "seller.since",
                "stock",
                "title"
            ]
        );
        assert!(mapping.is_object("seller") && !mapping.is_object("sell"));
        let city = mapping.field("seller.address.city").expect("it is there");
        assert_eq!(city.field_type, FieldType::Keyword);
    }

    #[test]
    fn what_is_no_mapping_is_told_by_its_path() {
        insta::assert_snapshot!(error(json!([])), @"`mappings` must be an object, but is a list");
        insta::assert_snapshot!(error(json!({"propertys": {}})), @"`propertys` is unknown: here can stand `dynamic`, `properties`");
        insta::assert_snapshot!(error(json!({"dynamic": "maybe"})), @r#"`dynamic` must be true, false or "strict", but is "maybe""#);
        insta::assert_snapshot!(error(json!({"properties": {"a": {"type": "geo_point"}}})), @r#"`properties.a.type` must be one of `boolean`, `long`, `double`, `date`, `keyword`, `text`, `object`, but is "geo_point""#);
        insta::assert_snapshot!(error(json!({"properties": {"a": {"type": 3}}})), @"`properties.a.type` must be a text, but is 3");
        insta::assert_snapshot!(error(json!({"properties": {"a": {"type": "long", "index": false}}})), @"`properties.a.index` is unknown: here can stand `type`");
        insta::assert_snapshot!(error(json!({"properties": {"a": {"type": "text", "analyzer": "french"}}})), @r#"`properties.a.analyzer` must be one of `standard`, `english`, `whitespace`, but is "french""#);
        insta::assert_snapshot!(error(json!({"properties": {"a": {"type": "text", "fields": {"raw": {}}}}})), @"`properties.a.fields.raw` is unknown: here can stand `keyword`");
        insta::assert_snapshot!(error(json!({"properties": {"a": {"type": "date", "format": "yyyy"}}})), @r#"`properties.a.format` must be `strict_date_optional_time||epoch_millis`, but is "yyyy""#);
        insta::assert_snapshot!(error(json!({"properties": {"": {"type": "date"}}})), @"the field name `` at `properties.` cannot be: a name is not empty, and neither begins nor ends with a dot");
        insta::assert_snapshot!(error(json!({"properties": {"a": {"type": "long"}, "a.b": {"type": "long"}}})), @"the field `a` is of type `long`, and cannot be an object too");
        insta::assert_snapshot!(error(json!({"properties": {"a.b": {"type": "long"}, "a": {"type": "long"}}})), @"the field `a` is an object, and cannot be of type `long` too");
    }

    #[test]
    fn what_a_mapping_cannot_become_is_told() {
        let mapping = Mapping::parse(&json!({"properties": {"a": {"type": "text"}}}));
        let mapping = mapping.expect("a mapping");
        let extended = |fields: Json| mapping.extended(&json!({"properties": fields}), true);
        let error = |fields| extended(fields).expect_err("it is refused").to_string();
        insta::assert_snapshot!(error(json!({"a": {"type": "keyword"}})), @"the field `a` is a text by `standard`, and cannot be of type `keyword` too");
        insta::assert_snapshot!(error(json!({"b": {"type": "text", "analyzer": "english"}})), @"the text `b` comes after documents were written, and can have the analyzer `standard` alone, not `english`: make a new index");
        let texts = |count: usize| {
            let texts = (0..count).map(|number| (format!("t{number}"), json!({"type": "text"})));
            Json::Object(texts.collect())
        };
        insta::assert_snapshot!(error(texts(17)), @"the text `t16` comes after documents were written, and the 16 texts in reserve are taken: make a new index, or map it as keyword");
        assert!(extended(texts(16)).is_ok());
        let many = (0..1000).map(|number| (format!("n{number}"), json!({"type": "long"})));
        insta::assert_snapshot!(error(Json::Object(many.collect())), @"the mapping has 1001 fields, and may have 1000");
    }
}
