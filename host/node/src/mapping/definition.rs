//! Mappings as clients write them: read, put together, and given back as they were put.
//!
//! The JSON is kept, and what is done with values is derived from it. Names with dots become
//! objects, so that `a.b` and `b` in `a` are one field.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::error::{LongName, MappingError, TypeConflict, unknown, wrong};
use super::parameters::{self, Definition};
use super::{Dynamic, Mapping, ObjectRules, Rules, is_metadata};
use crate::request::object::cut;

/// The most fields, objects and sub-fields of an index.
pub(super) const MOST_FIELDS: usize = 1_000;

/// How many objects a field may lie in.
const DEPTH: usize = 20;

/// The largest mapping, in bytes of its JSON: it is kept in memory, and written as a whole when a
/// field is added.
const MAPPING_BYTES: usize = 4 << 20;

impl Mapping {
    /// Reads a mapping as clients give it: `{"dynamic": ..., "properties": {...}}`.
    ///
    /// # Errors
    ///
    /// Keys, types or values that a mapping does not have, a field that is two things.
    pub fn parse(json: &Json) -> Result<Self, MappingError> {
        Self::dynamic().extended(json)
    }

    /// The mapping and more fields and parameters.
    ///
    /// # Errors
    ///
    /// As [`Mapping::parse`]; a field that is there with another type.
    pub(crate) fn extended(&self, json: &Json) -> Result<Self, MappingError> {
        let Json::Object(members) = json else {
            return Err(wrong("mappings", "an object", json));
        };
        let mut root = self.root.clone();
        let mut tree = self.properties.clone();
        for (key, json) in members {
            if key == "properties" {
                properties(&mut tree, json, key, "")?;
            } else {
                root.insert(key.clone(), as_shown(key, json));
            }
        }
        self.with(root, tree)
    }

    /// The mapping with a field for each path; `None` where one cannot be added.
    pub(super) fn with_fields(&self, fields: &[(String, Json)]) -> Result<Self, MappingError> {
        let mut tree = self.properties.clone();
        for (path, json) in fields {
            LongName::check(0, path)?;
            put_below(&mut tree, json, path, path, path)?;
        }
        self.with(self.root.clone(), tree)
    }

    fn with(&self, root: Map<String, Json>, tree: Map<String, Json>) -> Result<Self, MappingError> {
        let found = bytes_of(&root) + bytes_of(&tree);
        if found > MAPPING_BYTES {
            return Err(MappingError::TooLarge {
                found,
                limit: MAPPING_BYTES,
            });
        }
        let rules = rules(&root)?;
        Self::new(root, tree, rules, self.order.clone())
    }

    /// The mapping as clients get it.
    pub fn to_json(&self) -> Json {
        let mut mapping = self.root.clone();
        if !self.properties.is_empty() {
            let properties = Json::Object(self.properties.clone());
            mapping.insert("properties".to_owned(), properties);
        }
        Json::Object(mapping)
    }

    /// What [`Mapping::restore`] makes the same mapping of, its schema included.
    pub(crate) fn save(&self) -> Json {
        json!({"mapping": self.to_json(), "order": self.order})
    }

    /// The mapping that [`Mapping::save`] saved.
    ///
    /// # Errors
    ///
    /// If it is not one.
    pub(crate) fn restore(saved: &Json) -> Result<Self, MappingError> {
        let expected = "the paths of a saved mapping";
        let order: Vec<String> = serde_json::from_value(saved["order"].clone())
            .map_err(|_| wrong("order", expected, &saved["order"]))?;
        let mut mapping = Self::dynamic();
        mapping.order = order;
        mapping.extended(&saved["mapping"])
    }
}

/// How long an object is as JSON, in bytes, or a little less.
fn bytes_of(members: &Map<String, Json>) -> usize {
    fn of(json: &Json) -> usize {
        match json {
            Json::Null | Json::Bool(_) | Json::Number(_) => 4,
            Json::String(text) => text.len() + 3,
            Json::Array(values) => 2 + values.iter().map(of).sum::<usize>(),
            Json::Object(members) => bytes_of(members),
        }
    }
    let member = |(key, value): (&String, &Json)| key.len() + 3 + of(value);
    2 + members.iter().map(member).sum::<usize>()
}

/// Reads the parameters beside a mapping's fields.
fn rules(root: &Map<String, Json>) -> Result<Rules, MappingError> {
    const KNOWN: [&str; 9] = [
        "dynamic",
        "properties",
        "date_detection",
        "numeric_detection",
        "dynamic_date_formats",
        "dynamic_templates",
        "enabled",
        "_meta",
        "_source",
    ];
    let mut rules = Rules::default();
    for (key, json) in root {
        let key = key.as_str();
        match key {
            "dynamic" => rules.root.dynamic = Some(dynamic(json, key)?),
            "enabled" => rules.root.enabled = parameters::boolean(json, key)?,
            "_meta" if json.is_object() => {}
            "_meta" => return Err(wrong(key, "an object", json)),
            "_source" if *json == json!({}) || *json == json!({"enabled": true}) => {}
            "_source" => {
                let expected = "`{\"enabled\": true}`: documents are kept whole";
                return Err(wrong(key, expected, json));
            }
            _ if rules.detection.set(key, json)? => {}
            "_doc" if json.is_object() => return Err(MappingError::Types),
            _ => return Err(unknown(key, &KNOWN)),
        }
    }
    Ok(rules)
}

fn dynamic(json: &Json, at: &str) -> Result<Dynamic, MappingError> {
    match json {
        Json::Bool(true) => Ok(Dynamic::Add),
        Json::Bool(false) => Ok(Dynamic::Ignore),
        Json::String(word) if word == "true" => Ok(Dynamic::Add),
        Json::String(word) if word == "false" => Ok(Dynamic::Ignore),
        Json::String(word) if word == "strict" => Ok(Dynamic::Refuse),
        other => Err(wrong(at, "true, false or \"strict\"", other)),
    }
}

/// A parameter as clients get it: `dynamic` is a text, also where it was a boolean.
fn as_shown(key: &str, json: &Json) -> Json {
    match json {
        Json::Bool(value) if key == "dynamic" => Json::String(value.to_string()),
        other => other.clone(),
    }
}

/// Whether a node of a mapping is an object, and no field.
fn is_object(members: &Map<String, Json>) -> bool {
    match members.get("type") {
        None => true,
        Some(name) => *name == "object",
    }
}

/// The type of a node, as errors say it.
fn type_of(members: &Map<String, Json>) -> &str {
    match members.get("type") {
        Some(Json::String(name)) => name,
        _ => "object",
    }
}

/// Puts fields into an object.
fn properties(
    tree: &mut Map<String, Json>,
    json: &Json,
    at: &str,
    object: &str,
) -> Result<(), MappingError> {
    let Json::Object(members) = json else {
        return Err(wrong(at, "an object", json));
    };
    for (name, json) in members {
        LongName::check(object.len(), name)?;
        let at = format!("{at}.{name}");
        let is_name = name.split('.').all(|part| !part.trim().is_empty());
        if !is_name || (object.is_empty() && is_metadata(name)) {
            let name = name.clone();
            return Err(MappingError::Name { path: at, name });
        }
        let path = if object.is_empty() {
            name.clone()
        } else {
            format!("{object}.{name}")
        };
        put_below(tree, json, &at, name, &path)?;
    }
    Ok(())
}

/// Puts a field or an object into another, at what is left of its path.
fn put_below(
    tree: &mut Map<String, Json>,
    json: &Json,
    at: &str,
    rest: &str,
    path: &str,
) -> Result<(), MappingError> {
    let Json::Object(new) = json else {
        return Err(wrong(at, "an object", json));
    };
    let Some((name, rest)) = rest.split_once('.') else {
        return put_node(tree, new, at, rest, path);
    };
    let entry = tree.entry(name).or_insert_with(|| json!({}));
    let outer = path.len() - rest.len() - 1;
    match entry {
        Json::Object(node) if is_object(node) => put_below(below(node), json, at, rest, path),
        Json::Object(node) => {
            Err(TypeConflict::new(&path[..outer], type_of(node), "object").into())
        }
        other => Err(wrong(at, "an object", other)),
    }
}

/// The fields of an object.
fn below(node: &mut Map<String, Json>) -> &mut Map<String, Json> {
    let properties = node.entry("properties").or_insert_with(|| json!({}));
    if !properties.is_object() {
        *properties = json!({});
    }
    match properties {
        Json::Object(properties) => properties,
        _ => unreachable!("it was just made an object"),
    }
}

fn put_node(
    tree: &mut Map<String, Json>,
    new: &Map<String, Json>,
    at: &str,
    name: &str,
    path: &str,
) -> Result<(), MappingError> {
    let Some(Json::Object(known)) = tree.get_mut(name) else {
        let mut node = Map::new();
        if is_object(new) {
            put_object(&mut node, new, at, path)?;
        } else {
            Definition::parse(new, at)?;
            node = new.clone();
        }
        tree.insert(name.to_owned(), Json::Object(node));
        return Ok(());
    };
    match (is_object(known), is_object(new)) {
        (true, true) => put_object(known, new, at, path),
        (false, false) => {
            let asked = Definition::parse(new, at)?;
            let is = Definition::parse(known, at)?;
            if is.value_type != asked.value_type {
                return Err(TypeConflict::new(path, type_of(known), type_of(new)).into());
            }
            may_become(&is, &asked, path)?;
            *known = put_field(known, new);
            Definition::parse(known, at).map(drop)
        }
        _ => Err(TypeConflict::new(path, type_of(known), type_of(new)).into()),
    }
}

fn put_object(
    node: &mut Map<String, Json>,
    new: &Map<String, Json>,
    at: &str,
    path: &str,
) -> Result<(), MappingError> {
    for (key, json) in new {
        let at = format!("{at}.{}", cut(key));
        match key.as_str() {
            "type" => {}
            "dynamic" => drop(dynamic(json, &at)?),
            "enabled" => drop(parameters::boolean(json, &at)?),
            "properties" => {
                properties(below(node), json, &at, path)?;
                continue;
            }
            _ => return Err(unknown(&at, &["type", "dynamic", "enabled", "properties"])),
        }
        node.insert(key.clone(), as_shown(key, json));
    }
    Ok(())
}

/// A field's parameters as they were put last, and all its sub-fields.
fn put_field(known: &Map<String, Json>, new: &Map<String, Json>) -> Map<String, Json> {
    let mut merged = new.clone();
    let Some(Json::Object(sub_fields)) = known.get("fields") else {
        return merged;
    };
    let mut all = sub_fields.clone();
    if let Some(Json::Object(new)) = new.get("fields") {
        all.extend(new.clone());
    }
    merged.insert("fields".to_owned(), Json::Object(all));
    merged
}

/// That only such parameters of a field change as its segments do not depend on.
fn may_become(is: &Definition, asked: &Definition, path: &str) -> Result<(), MappingError> {
    let fixed = |definition: &Definition| {
        [
            ("type", definition.value_type.name().to_owned()),
            ("analyzer", definition.analyzer.name().to_owned()),
            ("index", definition.index.to_string()),
            ("doc_values", definition.doc_values.to_string()),
            ("norms", definition.norms.to_string()),
            ("format", definition.format.text().to_owned()),
        ]
    };
    for ((parameter, is), (_, asked)) in fixed(is).into_iter().zip(fixed(asked)) {
        if is != asked {
            return Err(MappingError::Fixed {
                field: path.to_owned(),
                parameter,
                is,
                asked,
            });
        }
    }
    for (name, asked) in &asked.fields {
        if let Some((_, is)) = is.fields.iter().find(|(known, _)| known == name) {
            may_become(is, asked, &format!("{path}.{name}"))?;
        }
    }
    Ok(())
}

/// The fields and objects of a mapping, by path.
#[derive(Default)]
pub(super) struct Flat {
    pub(super) fields: BTreeMap<String, Definition>,
    pub(super) objects: BTreeMap<String, ObjectRules>,
    /// The paths of fields in the order of the mapping.
    pub(super) order: Vec<String>,
}

impl Flat {
    /// # Errors
    ///
    /// Parameters that a field does not have, more fields than there may be.
    pub(super) fn of(tree: &Map<String, Json>) -> Result<Self, MappingError> {
        let mut flat = Self::default();
        flat.add(tree, "", 0)?;
        let sub_fields = flat.fields.values().map(|field| field.fields.len());
        let found = flat.fields.len() + flat.objects.len() + sub_fields.sum::<usize>();
        if found > MOST_FIELDS {
            return Err(MappingError::TooMany {
                found,
                limit: MOST_FIELDS,
            });
        }
        Ok(flat)
    }

    fn add(
        &mut self,
        tree: &Map<String, Json>,
        object: &str,
        depth: usize,
    ) -> Result<(), MappingError> {
        if depth > DEPTH {
            return Err(MappingError::Depth {
                field: object.to_owned(),
                limit: DEPTH,
            });
        }
        for (name, json) in tree {
            LongName::check(object.len(), name)?;
            let path = match object {
                "" => name.clone(),
                _ => format!("{object}.{name}"),
            };
            let Json::Object(node) = json else {
                return Err(wrong(&path, "an object", json));
            };
            if !is_object(node) {
                let definition = Definition::parse(node, &path)?;
                for (name, _) in &definition.fields {
                    LongName::check(path.len(), name)?;
                }
                self.order.push(path.clone());
                self.fields.insert(path, definition);
                continue;
            }
            let mut rules = ObjectRules::default();
            if let Some(json) = node.get("dynamic") {
                rules.dynamic = Some(dynamic(json, &path)?);
            }
            if let Some(json) = node.get("enabled") {
                rules.enabled = parameters::boolean(json, &path)?;
            }
            if let Some(Json::Object(below)) = node.get("properties") {
                self.add(below, &path, depth + 1)?;
            }
            self.objects.insert(path, rules);
        }
        Ok(())
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
    fn a_mapping_is_shown_as_it_was_put() {
        let json = json!({"dynamic": "strict", "date_detection": false, "_meta": {"v": 1}, "properties": {
            "title": {"type": "text", "analyzer": "english",
                "fields": {"raw": {"type": "keyword", "ignore_above": 256}, "n": {"type": "integer"}}},
            "seller": {"type": "object", "dynamic": "true", "properties": {
                "address": {"properties": {"city": {"type": "keyword", "store": true}}},
                "since": {"type": "date", "format": "dd/MM/yyyy||epoch_millis"}}},
            "a key": {"type": "boolean"}, "price": {"type": "scaled_float", "scaling_factor": 100},
            "stock": {"type": "byte"}, "off": {"enabled": false}}});
        let mapping = Mapping::parse(&json).expect("a mapping");
        assert_eq!(mapping.to_json().to_string(), json.to_string());
        let restored = Mapping::restore(&mapping.save()).expect("it was saved");
        assert_eq!(restored.to_json().to_string(), json.to_string());
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
        let stock = mapping.field("stock").expect("it is mapped");
        assert_eq!(
            (stock.field_type, stock.type_name()),
            (crate::mapping::FieldType::Long, "byte")
        );
        let raw = mapping.field("title.raw").expect("it is mapped");
        assert_eq!(raw.field_type, crate::mapping::FieldType::Keyword);
        let since = mapping.field("seller.since").expect("it is mapped");
        assert_eq!(since.date_format().expect("dates").print(0), "01/01/1970");
        assert_eq!(Mapping::dynamic().to_json(), json!({}));
    }

    #[test]
    fn dynamic_is_shown_as_a_text() {
        let json = json!({"dynamic": false, "properties": {"o": {"dynamic": true}}});
        let mapping = Mapping::parse(&json).expect("a mapping");
        let shown = json!({"dynamic": "false", "properties": {"o": {"dynamic": "true"}}});
        assert_eq!(mapping.to_json(), shown);
    }

    #[test]
    fn a_name_with_dots_is_a_field_in_objects() {
        let mapping = json!({"properties": {"a.b": {"type": "long"}, "a": {"properties": {"c": {"type": "date"}}}}});
        let mapping = Mapping::parse(&mapping).expect("a mapping");
        let expected = json!({"properties": {"a": {"properties": {"b": {"type": "long"}, "c": {"type": "date"}}}}});
        assert_eq!(mapping.to_json(), expected);
    }

    #[test]
    fn rejects_what_is_no_mapping_with_its_path() {
        let field = |json: Json| error(json!({"properties": {"a": json}}));
        insta::assert_snapshot!(error(json!([])), @"`mappings` must be an object, but is a list");
        insta::assert_snapshot!(error(json!({"propertys": {}})), @"unknown key `propertys`; expected one of `dynamic`, `properties`, `date_detection`, `numeric_detection`, `dynamic_date_formats`, `dynamic_templates`, `enabled`, `_meta`, `_source`");
        insta::assert_snapshot!(error(json!({"dynamic": "maybe"})), @r#"`dynamic` must be true, false or "strict", but is "maybe""#);
        insta::assert_snapshot!(error(json!({"_source": {"enabled": false}})), @r#"`_source` must be `{"enabled": true}`: documents are kept whole, but is an object"#);
        insta::assert_snapshot!(error(json!({"dynamic_date_formats": ["wow"]})), @"`dynamic_date_formats`: `wow` is not a known date format: the pattern letter `w` is not supported");
        insta::assert_snapshot!(field(json!({"type": "geo_point"})), @"the type `geo_point` of `properties.a` is not supported: use two fields of type `double`; the types are `boolean`, `byte`, `short`, `integer`, `long`, `half_float`, `float`, `double`, `scaled_float`, `date`, `keyword`, `text`, `object`");
        insta::assert_snapshot!(field(json!({"type": "nested"})), @"the type `nested` of `properties.a` is not supported: use `object`, or a document for each nested object; the types are `boolean`, `byte`, `short`, `integer`, `long`, `half_float`, `float`, `double`, `scaled_float`, `date`, `keyword`, `text`, `object`");
        let instead = |name: &str| {
            let error = field(json!({"type": name}));
            error.split(';').next().unwrap_or_default().to_owned()
        };
        insta::assert_snapshot!(instead("keywrd"), @"the type `keywrd` of `properties.a` is not supported: did you mean `keyword`?");
        insta::assert_snapshot!(instead("string"), @"the type `string` of `properties.a` is not supported: use `text` or `keyword`");
        insta::assert_snapshot!(instead("alias"), @"the type `alias` of `properties.a` is not supported: query the field itself");
        insta::assert_snapshot!(instead("percolator"), @"the type `percolator` of `properties.a` is not supported: use another type");
        insta::assert_snapshot!(error(json!({"_doc": {"properties": {}}})), @"Types cannot be provided in put mapping requests, unless the include_type_name parameter is set to true.");
        insta::assert_snapshot!(field(json!({"type": 3})), @"`properties.a.type` must be a text, but is 3");
        insta::assert_snapshot!(field(json!({"type": "long", "analyzer": "english"})), @"unknown key `properties.a.analyzer`; expected one of `type`, `index`, `store`, `copy_to`, `fields`, `boost`, `meta`, `doc_values`, `null_value`, `coerce`, `ignore_malformed`");
        insta::assert_snapshot!(field(json!({"type": "long", "null_value": "x"})), @r#"`properties.a.null_value` must be a valid `long`, but is "x""#);
        insta::assert_snapshot!(field(json!({"type": "keyword", "norms": true})), @"`properties.a.norms` must be false, but is true");
        insta::assert_snapshot!(field(json!({"type": "keyword", "normalizer": "lowercase"})), @"`properties.a.normalizer`: normalizers are not supported: use `case_insensitive` in queries, or index the values in lower case");
        insta::assert_snapshot!(field(json!({"type": "text", "analyzer": "french"})), @r#"`properties.a.analyzer` must be one of `standard`, `english`, `whitespace`, `simple`, `stop`, `keyword`, but is "french""#);
        insta::assert_snapshot!(field(json!({"type": "text", "index_options": "docs"})), @r#"`properties.a.index_options` must be "positions" or "offsets", but is "docs""#);
        insta::assert_snapshot!(field(json!({"type": "text", "fielddata": true})), @"`properties.a.fielddata` must be false: aggregate by a `keyword` sub-field, but is true");
        insta::assert_snapshot!(field(json!({"type": "text", "similarity": "boolean"})), @r#"`properties.a.similarity` must be "BM25", but is "boolean""#);
        insta::assert_snapshot!(field(json!({"type": "text", "fields": {"raw": {}}})), @"`properties.a.fields.raw.type` must be a text, but is null");
        insta::assert_snapshot!(field(json!({"type": "text", "fields": {"a.b": {"type": "keyword"}}})), @"`properties.a.fields.a.b` cannot have the name `a.b`: the name of a sub-field cannot have a dot");
        insta::assert_snapshot!(field(json!({"type": "date", "format": "YYYY"})), @"`properties.a.format`: `YYYY` is not a known date format: the pattern letter `YYYY` is not supported: use `yyyy`");
        insta::assert_snapshot!(field(json!({"type": "scaled_float"})), @"`properties.a.scaling_factor` must be a number above 0, but is null");
        insta::assert_snapshot!(field(json!({"properties": {"b": {"type": "long", "coerce": 1}}})), @"`properties.a.properties.b.coerce` must be true or false, but is 1");
        insta::assert_snapshot!(error(json!({"properties": {"": {"type": "date"}}})), @"`properties.` cannot have the name ``: a name cannot be empty");
        insta::assert_snapshot!(error(json!({"properties": {"_id": {"type": "keyword"}}})), @"`properties._id` cannot have the name `_id`: it is the name of a metadata field, which is no part of a document");
        insta::assert_snapshot!(error(json!({"properties": {"a": {"type": "long"}, "a.b": {"type": "long"}}})), @"mapper [a] cannot be changed from type [long] to [object]");
        insta::assert_snapshot!(error(json!({"properties": {"a.b": {"type": "long"}, "a": {"type": "long"}}})), @"mapper [a] cannot be changed from type [object] to [long]");
        let deep = (0..22).fold(
            json!({"type": "long"}),
            |inner, _| json!({"properties": {"a": inner}}),
        );
        insta::assert_snapshot!(error(deep), @"the field `a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a` lies in more than 20 objects");
    }

    #[test]
    fn a_field_keeps_what_its_segments_depend_on() {
        let mapping = Mapping::parse(&json!({"properties": {
            "a": {"type": "text", "fields": {"raw": {"type": "keyword", "ignore_above": 10}}},
            "d": {"type": "date"}, "n": {"type": "integer"}}}));
        let mapping = mapping.expect("a mapping");
        let extended = |fields: Json| mapping.extended(&json!({"properties": fields}));
        let error = |fields| extended(fields).expect_err("it is refused").to_string();
        insta::assert_snapshot!(error(json!({"a": {"type": "keyword"}})), @"mapper [a] cannot be changed from type [text] to [keyword]");
        insta::assert_snapshot!(error(json!({"a": {"type": "text", "analyzer": "english"}})), @"the field `a` has the analyzer `standard`, which cannot become `english`: make a new index");
        insta::assert_snapshot!(error(json!({"a": {"type": "text", "fields": {"raw": {"type": "long"}}}})), @"the field `a.raw` has the type `keyword`, which cannot become `long`: make a new index");
        insta::assert_snapshot!(error(json!({"d": {"type": "date", "format": "epoch_millis"}})), @"the field `d` has the format `strict_date_optional_time||epoch_millis`, which cannot become `epoch_millis`: make a new index");
        insta::assert_snapshot!(error(json!({"n": {"type": "long"}})), @"mapper [n] cannot be changed from type [integer] to [long]");
        let more = json!({"a": {"type": "text", "fields": {"raw": {"type": "keyword"}, "en": {"type": "text", "analyzer": "english"}}}});
        let grown = extended(more.clone()).expect("it can be extended");
        assert_eq!(grown.to_json()["properties"]["a"], more["a"]);
        let grown = grown.extended(&json!({"properties": {"a": {"type": "text"}}}));
        assert_eq!(
            grown.expect("it is known").to_json()["properties"]["a"],
            more["a"]
        );
        let many = (0..1000).map(|number| (format!("n{number}"), json!({"type": "long"})));
        insta::assert_snapshot!(error(Json::Object(many.collect())), @"Limit of total fields [1000] has been exceeded: the mapping would have 1004 fields, objects and sub-fields: map an object with `enabled: false`, or set `dynamic: false`");
    }
}
