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
//! makes no integers of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::document::each_scalar;
use super::{Definition, Dynamic, FieldType, Mapping, MappingError};
use crate::dates;

impl Mapping {
    /// The mapping with the fields that documents bring, or `None` where they bring none. A
    /// document that does not fit is passed over: it is refused when it is read.
    ///
    /// # Errors
    ///
    /// More fields than there may be, and no text in reserve.
    pub(crate) fn grown<'a>(
        &self,
        documents: impl IntoIterator<Item = &'a Map<String, Json>>,
        written: bool,
    ) -> Result<Option<Self>, MappingError> {
        if self.dynamic != Dynamic::Add {
            return Ok(None);
        }
        let mut shown = BTreeMap::new();
        let mut order = Vec::new();
        for document in documents {
            each_scalar(document, &mut |path, value| {
                if self.fields.contains_key(path) || !self.has_room(path) {
                    return;
                }
                let Some(new) = show(value) else {
                    return;
                };
                match shown.get_mut(path) {
                    Some(known) => *known = widest(*known, new),
                    None => {
                        shown.insert(path.to_owned(), new);
                        order.push(path.to_owned());
                    }
                }
            });
        }
        if order.is_empty() {
            return Ok(None);
        }
        let definitions = order.iter().map(|path| match shown[path] {
            FieldType::Text => Definition::text_and_keyword(path),
            other => Definition::new(path, other),
        });
        let definitions: Vec<Definition> = definitions.collect();
        match self.with(definitions.clone(), written) {
            Ok(grown) => return Ok(Some(grown)),
            Err(MappingError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
        let mut grown = self.clone();
        // One by one, so that two that exclude each other do not keep out the rest.
        let mut added = false;
        for definition in definitions {
            match grown.with(vec![definition], written) {
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

fn show(value: &Json) -> Option<FieldType> {
    match value {
        Json::Bool(_) => Some(FieldType::Boolean),
        Json::Number(number) if number.is_i64() => Some(FieldType::Long),
        Json::Number(_) => Some(FieldType::Double),
        Json::String(text) if dates::looks_like_date(text) => Some(FieldType::Date),
        Json::String(_) => Some(FieldType::Text),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The type that takes the values of both; where none does, the first's, and the other's document
/// is refused.
fn widest(known: FieldType, new: FieldType) -> FieldType {
    match (known, new) {
        (FieldType::Long, FieldType::Double) => FieldType::Double,
        (FieldType::Date, FieldType::Text) => FieldType::Text,
        _ => known,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn grown(mapping: &Mapping, documents: &[Json]) -> Json {
        let documents = documents.iter().filter_map(Json::as_object);
        let grown = mapping.grown(documents, false).expect("there is room");
        let types = grown.as_ref().unwrap_or(mapping).types();
        types
            .map(|(path, field_type)| (path.to_owned(), json!(field_type.name())))
            .collect()
    }

    #[test]
    fn a_field_has_the_type_that_its_values_show() {
        let documents = [
            json!({"a": 1, "b": true, "c": "2020-01-01", "d": "2020", "e": {"f": [1.5, 2]}, "g": null}),
            json!({"a": 1.5, "c": "soon", "h": [[], {"i": "2020-01-01T00:00:00Z"}], "j": []}),
            json!({"b": "no boolean", "k": 18_446_744_073_709_551_615_u64}),
        ];
        let expected = json!({"a": "double", "b": "boolean", "c": "text", "d": "text",
            "e.f": "double", "h.i": "date", "k": "double"});
        assert_eq!(grown(&Mapping::dynamic(), &documents), expected);
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
    }
}
