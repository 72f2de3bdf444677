//! Types of fields that nobody defined, from the documents that have them.
//!
//! | the values | the type |
//! |---|---|
//! | `true`, `false` | boolean |
//! | integers | long |
//! | numbers, some of them no integers | double |
//! | texts, all of them dates | date |
//! | other texts | text, with a keyword |
//!
//! The documents of one request are looked at together, so that a price of 10 before one of 9.99
//! makes no integers of them. A document that is refused brings no fields.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::definition::MOST_FIELDS;
use super::document::each_scalar;
use super::error::wrong;
use super::parameters;
use super::templates::{self, NewField, Template};
use super::{Dynamic, Mapping, MappingError};
use crate::dates::{DEFAULT_FORMAT, DateFormat};
use whittle_host::{ExactJson, Members};

/// How types are taken from values.
#[derive(Debug, Clone)]
pub(super) struct Detection {
    /// Whether texts that are dates make a field of dates.
    dates: bool,
    /// Whether texts that are numbers make a field of numbers.
    numbers: bool,
    formats: Vec<DateFormat>,
    templates: Vec<Template>,
}

/// The second form of dates that texts are taken for.
const SLASHES: &str = "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis";

/// How many formats texts are tried with.
const MOST_FORMATS: usize = 64;

impl Default for Detection {
    fn default() -> Self {
        let slashes = DateFormat::named(SLASHES);
        Self {
            dates: true,
            numbers: false,
            formats: [Ok(DateFormat::default()), slashes]
                .into_iter()
                .flatten()
                .collect(),
            templates: Vec::new(),
        }
    }
}

impl Detection {
    /// Takes a parameter of a mapping; `false` if it is not one of these.
    pub(super) fn set(&mut self, key: &str, json: &Json) -> Result<bool, MappingError> {
        match key {
            "date_detection" => self.dates = parameters::boolean(json, key)?,
            "numeric_detection" => self.numbers = parameters::boolean(json, key)?,
            "dynamic_date_formats" => {
                let formats = json.as_array();
                let formats = formats.filter(|formats| formats.len() <= MOST_FORMATS);
                let expected = || format!("a list of up to {MOST_FORMATS} formats");
                let formats = formats.ok_or_else(|| wrong(key, expected(), json))?;
                let formats = formats.iter().map(|json| parameters::format(json, key));
                self.formats = formats.collect::<Result<_, _>>()?;
            }
            "dynamic_templates" => self.templates = templates::parse(json, key)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn show(&self, value: &ExactJson) -> Option<Shown> {
        match value {
            ExactJson::Boolean(_) => Some(Shown::Boolean),
            ExactJson::Number(digits) => Some(number(digits)),
            ExactJson::Text(text) if text.parse::<f64>().is_ok() => Some(if self.numbers {
                number(text)
            } else {
                Shown::Text
            }),
            ExactJson::Text(text) if self.dates => {
                let has = |format: &DateFormat| format.parse(text).is_some();
                let format = self.formats.iter().position(has);
                Some(format.map_or(Shown::Text, Shown::Date))
            }
            ExactJson::Text(_) => Some(Shown::Text),
            ExactJson::Null | ExactJson::List(_) | ExactJson::Object(_) => None,
        }
    }

    fn field(&self, path: &str, shown: Shown) -> Json {
        let name = match shown {
            Shown::Boolean => "boolean",
            Shown::Long => "long",
            Shown::Double => "double",
            Shown::Date(_) => "date",
            Shown::Text => "string",
        };
        let field = NewField { path, shown: name };
        if let Some(template) = self.templates.iter().find(|template| template.fits(field)) {
            return Json::Object(template.field(field));
        }
        match shown {
            // Found by its words, and whole if it is short.
            Shown::Text => json!({"type": "text",
                "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}),
            Shown::Date(number) if self.formats[number].text() != DEFAULT_FORMAT => {
                json!({"type": "date", "format": self.formats[number].text()})
            }
            _ => json!({"type": name}),
        }
    }
}

/// What a value shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Boolean,
    Long,
    Double,
    /// By a format's number.
    Date(usize),
    Text,
}

fn number(digits: &str) -> Shown {
    match digits.parse::<i64>() {
        Ok(_) => Shown::Long,
        Err(_) => Shown::Double,
    }
}

/// What both show; if they exclude each other, the first, and the other's document is refused.
fn widest(known: Shown, new: Shown) -> Shown {
    match (known, new) {
        (Shown::Long, Shown::Double) => Shown::Double,
        (Shown::Date(known), Shown::Date(new)) if known == new => Shown::Date(known),
        (Shown::Date(_), Shown::Text | Shown::Date(_)) => Shown::Text,
        _ => known,
    }
}

impl Mapping {
    /// The mapping with the fields that documents bring, or `None` if they bring none. A document
    /// that does not fit is passed over: it is refused when it is read.
    ///
    /// # Errors
    ///
    /// More fields than there may be, or at paths that none can have.
    pub(crate) fn grown<'a>(
        &self,
        documents: impl IntoIterator<Item = &'a Members>,
    ) -> Result<Option<Self>, MappingError> {
        let mut shown: BTreeMap<String, Shown> = BTreeMap::new();
        let mut order = Vec::new();
        let mut see = |path: &str, value: &ExactJson| {
            let known = shown.get(path).copied();
            if known.is_none() && (self.dynamic_at(path) != Dynamic::Add || !self.has_room(path)) {
                return;
            }
            if known.is_none() && order.len() > MOST_FIELDS {
                // It cannot grow so far, whatever else there is.
                return;
            }
            let Some(new) = self.rules.detection.show(value) else {
                return;
            };
            if known.is_none() {
                order.push(path.to_owned());
            }
            let widest = known.map_or(new, |known| widest(known, new));
            shown.insert(path.to_owned(), widest);
        };
        for document in documents {
            each_scalar(
                self,
                document,
                &mut |path, value| match self.fields.get(path) {
                    None => see(path, value),
                    Some(mapped) => {
                        let targets = mapped.definition.copy_to.iter();
                        let new = targets.filter(|path| !self.fields.contains_key(*path));
                        new.for_each(|path| see(path, value));
                    }
                },
            );
        }
        if order.is_empty() {
            return Ok(None);
        }
        let field = |path: String| {
            let json = self.rules.detection.field(&path, shown[&path]);
            (path, json)
        };
        let fields: Vec<(String, Json)> = order.into_iter().map(field).collect();
        match self.with_fields(&fields) {
            Ok(grown) => return Ok(Some(grown)),
            Err(MappingError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
        let mut grown = self.clone();
        // One by one, so that two that exclude each other do not keep out the rest.
        let mut added = false;
        for field in fields {
            match grown.with_fields(&[field]) {
                Ok(mapping) => (grown, added) = (mapping, true),
                Err(MappingError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(added.then_some(grown))
    }

    /// Whether a field can be at a path: none in another.
    fn has_room(&self, path: &str) -> bool {
        let in_a_field = path
            .match_indices('.')
            .any(|(dot, _)| self.fields.contains_key(&path[..dot]));
        !in_a_field && !self.is_object(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whittle_host::exact_members;

    fn grown(mapping: &Mapping, documents: &[Json]) -> Json {
        let documents: Vec<Members> = documents
            .iter()
            .map(|document| exact_members(document.as_object().expect("an object")))
            .collect();
        let grown = mapping.grown(&documents).expect("there is room");
        let grown = grown.as_ref().unwrap_or(mapping);
        let types = grown.paths().map(|path| {
            let field = grown.field(path).expect("it is mapped");
            (path.to_owned(), json!(field.type_name()))
        });
        types.collect()
    }

    #[test]
    fn a_field_has_the_type_that_its_values_show() {
        let documents = [
            json!({"a": 1, "b": true, "c": "2020-01-01", "d": "2020", "e": {"f": [1.5, 2]}, "g": null}),
            json!({"a": 1.5, "c": "soon", "h": [[], {"i": "2020-01-01T00:00:00Z"}], "j": []}),
            json!({"b": "no boolean", "k": 18_446_744_073_709_551_615_u64, "l": "2020/01/02",
                "m": "9999-12-31", "n": "2020-01-01 00:00:00", "o": "a-b"}),
        ];
        let expected = json!({"a": "double", "b": "boolean", "c": "text", "d": "text",
            "e.f": "double", "h.i": "date", "k": "double", "l": "date", "m": "date",
            "n": "text", "o": "text"});
        assert_eq!(grown(&Mapping::dynamic(), &documents), expected);
    }

    #[test]
    fn a_mapping_says_how_types_are_detected() {
        let documents = [
            json!({"a": "2020-01-01", "b": "1", "c": "1.5", "d": "01.02.2020",
            "o": {"id": 1, "x": "y"}}),
        ];
        let types = |mapping: Json| {
            let mapping = Mapping::parse(&mapping).expect("a mapping");
            grown(&mapping, &documents)
        };
        let expected = json!({"a": "text", "b": "long", "c": "double", "d": "text",
            "o.id": "long", "o.x": "text"});
        let json = json!({"date_detection": false, "numeric_detection": true});
        assert_eq!(types(json), expected);
        let json = json!({"dynamic_date_formats": ["dd.MM.yyyy"], "dynamic_templates": [
            {"ids": {"path_match": "o.*", "match": "id", "mapping": {"type": "keyword"}}},
            {"texts": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}]});
        let expected = json!({"a": "keyword", "b": "keyword", "c": "keyword", "d": "date",
            "o.id": "keyword", "o.x": "keyword"});
        assert_eq!(types(json), expected);
    }

    #[test]
    fn what_does_not_fit_is_left_to_the_reading() {
        let mapping = Mapping::parse(&json!({"properties": {"a": {"type": "long"}}}));
        let mapping = mapping.expect("a mapping");
        let documents = [
            json!({"a": {"b": 1}, "c": 1}),
            json!({"c": {"d": 1}, "e": 1}),
        ];
        let expected = json!({"a": "long", "c": "long", "e": "long"});
        assert_eq!(grown(&mapping, &documents), expected);
    }

    #[test]
    fn nothing_is_added_where_nothing_may_be() {
        for dynamic in [json!(false), json!("strict")] {
            let mapping = Mapping::parse(&json!({"dynamic": dynamic})).expect("a mapping");
            assert_eq!(grown(&mapping, &[json!({"a": 1})]), json!({}));
        }
        let mapping = json!({"properties": {"o": {"dynamic": false, "properties": {
            "p": {"type": "object", "dynamic": true}}}, "off": {"enabled": false}}});
        let mapping = Mapping::parse(&mapping).expect("a mapping");
        let document = json!({"a": 1, "o": {"a": 1, "p": {"a": 1}}, "off": {"a": 1}});
        assert_eq!(
            grown(&mapping, &[document]),
            json!({"a": "long", "o.p.a": "long"})
        );
    }

    #[test]
    fn a_copy_may_bring_a_field() {
        let mapping = json!({"properties": {"a": {"type": "keyword", "copy_to": ["all", "a"]}}});
        let mapping = Mapping::parse(&mapping).expect("a mapping");
        let expected = json!({"a": "keyword", "all": "text"});
        assert_eq!(grown(&mapping, &[json!({"a": "x"})]), expected);
    }
}
