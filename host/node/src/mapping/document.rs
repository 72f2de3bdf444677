//! A document's values by field, as the mapping has them.

use std::collections::HashMap;
use std::iter;

use tantivy::schema::{Field, OwnedValue};
use whittle_host::one_line;

use super::coerce::{Malformed, TERM_BYTES, coerce};
use super::error::{LongName, broken_rule};
use super::field_type::{FieldType, ValueType};
use super::schema::{LONG_TEXTS, Mapped};
use super::{Dynamic, Mapping, is_metadata};
use crate::request::object::cut;
use whittle_host::{ExactJson, Members};

/// Why a document cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// A value that the field's type does not have.
    #[error(
        "failed to parse field [{field}] of type [{field_type}]{}. Preview of field's value: '{found}'{}",
        id.as_ref().map(|id| format!(" in document with id '{}'", one_line(id))).unwrap_or_default(),
        format.as_ref().map(|format| format!(": expected format [{format}]")).unwrap_or_default()
    )]
    Value {
        /// The field's path.
        field: String,
        /// Its type.
        field_type: &'static str,
        /// The value, or its beginning.
        found: String,
        /// The format of the field's dates, if it has dates.
        format: Option<String>,
        /// The document's id, if it is known.
        id: Option<String>,
    },
    /// A text that is too long to be found whole.
    #[error(
        "the field `{field}` has {found} bytes, and its limit is {TERM_BYTES}: map it with `ignore_above`, or as `text`"
    )]
    TooLong {
        /// The field's path.
        field: String,
        /// How long the text is, in bytes.
        found: usize,
    },
    /// A value where the mapping has an object.
    #[error(
        "object mapping for [{object}] tried to parse field [{}] as object, but found a concrete value",
        object.rsplit('.').next().unwrap_or_default()
    )]
    Concrete {
        /// The object's path.
        object: String,
    },
    /// A field that the mapping does not have, and that may not be added.
    #[error(
        "mapping set to strict, dynamic introduction of [{name}] within [{object}] is not allowed"
    )]
    Strict {
        /// The path of the object that it would be in, or `_doc`.
        object: String,
        /// The field's name there.
        name: String,
    },
    /// A key that no field can have.
    #[error("a field cannot have the name `{key}`: {rule}", rule = broken_rule(key))]
    Key {
        /// The key.
        key: String,
    },
    /// The path of a field is longer than it may be.
    #[error(transparent)]
    Long(#[from] LongName),
    /// The document's values, with those of sub-fields and copies, are more than may be indexed.
    #[error(
        "the values of the document take more than {VALUE_BYTES} bytes, with those of sub-fields and copies: take it apart, or map fewer of them"
    )]
    TooMuch,
    /// The document is nested deeper than it may be.
    #[error("the document has more than {limit} objects and lists inside of each other")]
    Depth {
        /// How deep it may be.
        limit: usize,
    },
}

impl DocumentError {
    /// The error, of a document with an id.
    #[must_use]
    pub(crate) fn in_document(mut self, of: &str) -> Self {
        if let Self::Value { id, .. } = &mut self {
            *id = Some(of.to_owned());
        }
        self
    }
}

/// How deep a document may be nested.
const DEPTH: usize = 64;

/// What the values of a document may take, in bytes: sub-fields and copies multiply them.
const VALUE_BYTES: usize = 64 << 20;

/// The longest text that a column holds, in bytes: tantivy cuts longer ones.
const COLUMN_BYTES: usize = 65_535;

/// Calls for each scalar of a document with its path, in the document's order. Keys that no field
/// can have, and what lies too deep, are left out: [`fields_of`] tells of them.
pub(super) fn each_scalar<'a>(
    mapping: &Mapping,
    document: &'a Members,
    visit: &mut impl FnMut(&str, &'a ExactJson),
) {
    let mut walk = Walk {
        mapping,
        path: String::new(),
        with_empty: false,
        visit: &mut |path, value| {
            visit(path, value);
            Ok(())
        },
    };
    // The same error comes when the document is read.
    drop(walk.object(document, 0));
}

/// Checks that an index takes a document's keys, whatever their values are.
///
/// # Errors
///
/// A key that no field can have, and a document that is nested too deep.
pub(crate) fn check_keys(mapping: &Mapping, document: &Members) -> Result<(), DocumentError> {
    let mut walk = Walk {
        mapping,
        path: String::new(),
        with_empty: false,
        visit: &mut |_, _| Ok(()),
    };
    walk.object(document, 0)
}

/// A document's values with tantivy's fields that they go to.
///
/// # Errors
///
/// A value that does not fit its field's type, an object in a field's place, a field that may not
/// be added, a key that cannot be, and a document that is nested too deep.
pub(crate) fn fields_of(
    mapping: &Mapping,
    document: &Members,
) -> Result<Vec<(Field, OwnedValue)>, DocumentError> {
    if let Some(key) = document.keys().find(|key| is_metadata(key)) {
        return Err(DocumentError::Key { key: key.clone() });
    }
    let mut values = Values::default();
    let mut walk = Walk {
        mapping,
        path: String::new(),
        with_empty: true,
        visit: &mut |path, value| {
            add(mapping, path, value, &mut values)?;
            match values.bytes > VALUE_BYTES {
                true => Err(DocumentError::TooMuch),
                false => Ok(()),
            }
        },
    };
    walk.object(document, 0)?;
    Ok(values.values)
}

/// As [`fields_of`], of a document that nobody checks: what does not fit is left out, and is none to
/// whoever reads the field.
pub(crate) fn readable_fields_of(
    mapping: &Mapping,
    document: &Members,
) -> Vec<(Field, OwnedValue)> {
    let mut values = Values::default();
    each_scalar(mapping, document, &mut |path, value| {
        // The values before the one that does not fit stay.
        drop(add(mapping, path, value, &mut values));
    });
    values.values
}

/// The first value of each field at some paths, whole and with its field's type. What does not fit
/// is left out. `places` has the place of a path in what comes back.
pub(crate) fn first_values_of(
    mapping: &Mapping,
    document: &Members,
    places: &HashMap<&str, usize>,
) -> Vec<Option<OwnedValue>> {
    let mut first = vec![None; places.len()];
    let mut see = |field: &Mapped, value: &ExactJson| {
        let place = places.get(field.path.as_str());
        if let Some(found) = place.and_then(|place| first.get_mut(*place))
            && found.is_none()
        {
            *found = coerce(&field.definition, value).unwrap_or_default();
        }
    };
    each_scalar(mapping, document, &mut |path, value| {
        let Some(field) = mapping.fields.get(path) else {
            return;
        };
        let copies = field.definition.copy_to.iter();
        let copies = copies.filter_map(|path| mapping.fields.get(path));
        for target in iter::once(field).chain(copies) {
            see(target, value);
            target
                .sub_fields
                .iter()
                .for_each(|sub_field| see(sub_field, value));
        }
    });
    first
}

/// Values with tantivy's fields that they go to, and what they take.
#[derive(Default)]
struct Values {
    values: Vec<(Field, OwnedValue)>,
    bytes: usize,
}

impl Values {
    fn push(&mut self, field: Field, value: OwnedValue) {
        let text = match &value {
            OwnedValue::Str(text) => text.len(),
            _ => 0,
        };
        self.bytes += size_of::<(Field, OwnedValue)>() + text;
        self.values.push((field, value));
    }
}

/// A walk over a document's scalars.
struct Walk<'w, 'a> {
    mapping: &'w Mapping,
    path: String,
    /// Whether empty lists and objects are visited too.
    with_empty: bool,
    visit: &'w mut dyn FnMut(&str, &'a ExactJson) -> Result<(), DocumentError>,
}

impl<'a> Walk<'_, 'a> {
    fn object(&mut self, members: &'a Members, depth: usize) -> Result<(), DocumentError> {
        if depth == 0 && !self.mapping.rules.root.enabled {
            return Ok(());
        }
        for (key, value) in members {
            let length = self.path.len();
            LongName::check(length, key)?;
            if key.split('.').any(|name| name.trim().is_empty()) {
                return Err(DocumentError::Key { key: cut(key) });
            }
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
            self.value(value, depth + 1)?;
            self.path.truncate(length);
        }
        Ok(())
    }

    fn value(&mut self, value: &'a ExactJson, depth: usize) -> Result<(), DocumentError> {
        if depth > DEPTH {
            return Err(DocumentError::Depth { limit: DEPTH });
        }
        if self.mapping.is_disabled(&self.path) {
            return Ok(());
        }
        match value {
            ExactJson::Null | ExactJson::Boolean(_) | ExactJson::Number(_) | ExactJson::Text(_) => {
                (self.visit)(&self.path, value)
            }
            ExactJson::List(elements) if self.with_empty && elements.is_empty() => {
                (self.visit)(&self.path, value)
            }
            ExactJson::Object(members) if self.with_empty && members.is_empty() => {
                (self.visit)(&self.path, value)
            }
            ExactJson::List(elements) => elements
                .iter()
                .try_for_each(|element| self.value(element, depth + 1)),
            ExactJson::Object(members) => self.object(members, depth),
        }
    }
}

fn add(
    mapping: &Mapping,
    path: &str,
    value: &ExactJson,
    values: &mut Values,
) -> Result<(), DocumentError> {
    let Some(mapped) = mapping.fields.get(path) else {
        return unmapped(mapping, path, value);
    };
    match value {
        ExactJson::List(_) => return Ok(()),
        ExactJson::Object(_) => return Err(mapped.malformed(shown(value))),
        _ => {}
    }
    mapped.add(mapping, value, values)?;
    for path in &mapped.definition.copy_to {
        match mapping.fields.get(path) {
            Some(target) => target.add(mapping, value, values)?,
            None => unmapped(mapping, path, value)?,
        }
    }
    Ok(())
}

impl Mapped {
    /// Adds a value to the field and to its sub-fields.
    fn add(
        &self,
        mapping: &Mapping,
        value: &ExactJson,
        values: &mut Values,
    ) -> Result<(), DocumentError> {
        match coerce(&self.definition, value) {
            Ok(None) => {}
            Ok(Some(converted)) => self.push(mapping, converted, values),
            Err(Malformed::Invalid) if self.definition.ignore_malformed => {}
            Err(Malformed::Invalid) => {
                return Err(self.malformed(shown(value)));
            }
            Err(Malformed::TooLong) => {
                let found = match value {
                    ExactJson::Text(text) | ExactJson::Number(text) => text.len(),
                    _ => 0,
                };
                let field = self.path.clone();
                return Err(DocumentError::TooLong { field, found });
            }
        }
        self.sub_fields
            .iter()
            .try_for_each(|sub_field| sub_field.add(mapping, value, values))
    }

    fn malformed(&self, found: String) -> DocumentError {
        let definition = &self.definition;
        let is_date = definition.value_type == ValueType::Date;
        DocumentError::Value {
            field: self.path.clone(),
            field_type: definition.value_type.name(),
            found,
            format: is_date.then(|| definition.format.text().to_owned()),
            id: None,
        }
    }

    fn push(&self, mapping: &Mapping, value: OwnedValue, values: &mut Values) {
        if let (Some(column), OwnedValue::Str(text)) = (self.column_field, &value) {
            let cut = text.floor_char_boundary(COLUMN_BYTES);
            if cut < text.len()
                && let Ok(long) = mapping.schema.get_field(LONG_TEXTS)
            {
                values.push(long, OwnedValue::U64(u64::from(column.field_id())));
            }
            values.push(column, OwnedValue::Str(text[..cut].to_owned()));
        }
        let is_only_in_column =
            self.definition.value_type.kept_as() == FieldType::Text && !self.definition.index;
        if !is_only_in_column {
            values.push(self.field, value);
        }
    }
}

/// What becomes of a value whose path has no field, also of null and of what is empty.
fn unmapped(mapping: &Mapping, path: &str, value: &ExactJson) -> Result<(), DocumentError> {
    for (dot, _) in path.match_indices('.') {
        if let Some(outer) = mapping.fields.get(&path[..dot]) {
            let inner = &path[dot + 1..];
            return Err(outer.malformed(format!("{{{inner}={}}}", shown(value))));
        }
    }
    if mapping.is_object(path) {
        return match value {
            ExactJson::Null | ExactJson::List(_) | ExactJson::Object(_) => Ok(()),
            _ => Err(DocumentError::Concrete {
                object: path.to_owned(),
            }),
        };
    }
    match mapping.dynamic_at(path) {
        Dynamic::Add | Dynamic::Ignore => Ok(()),
        Dynamic::Refuse => Err(strict(mapping, path)),
    }
}

fn strict(mapping: &Mapping, path: &str) -> DocumentError {
    let mut dots = path.match_indices('.').map(|(dot, _)| dot).rev();
    let (object, inner) = match dots.find(|dot| mapping.is_object(&path[..*dot])) {
        Some(dot) => (&path[..dot], &path[dot + 1..]),
        None => ("_doc", path),
    };
    let name = inner.split('.').next().unwrap_or_default();
    DocumentError::Strict {
        object: object.to_owned(),
        name: name.to_owned(),
    }
}

fn shown(value: &ExactJson) -> String {
    const SHOWN_BYTES: usize = 60;
    let text = match value {
        ExactJson::Text(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    };
    let text = one_line(&text);
    let end = text.floor_char_boundary(SHOWN_BYTES);
    if end < text.len() {
        format!("{}...", &text[..end])
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use whittle_host::exact_members;

    fn mapping() -> Mapping {
        Mapping::parse(&json!({"dynamic": "strict", "properties": {
            "b": {"type": "boolean"}, "l": {"type": "long"}, "d": {"type": "double"},
            "t": {"type": "date"}, "k": {"type": "keyword", "null_value": "none"},
            "x": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 3}}},
            "m": {"type": "long", "ignore_malformed": true, "copy_to": "k"},
            "off": {"enabled": false}, "o": {"properties": {"l": {"type": "long"}}}}}))
        .expect("a mapping")
    }

    fn read(document: &Json) -> Result<Vec<OwnedValue>, String> {
        let document = exact_members(document.as_object().expect("an object"));
        let fields = fields_of(&mapping(), &document).map_err(|error| error.to_string())?;
        Ok(fields.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn values_are_read_as_their_fields_types() {
        let text = |text: &str| OwnedValue::Str(text.to_owned());
        let long = OwnedValue::I64;
        for (document, expected) in [
            (
                json!({"b": [true, "false", null]}),
                vec![OwnedValue::Bool(true), OwnedValue::Bool(false)],
            ),
            (
                json!({"l": [1, 2.0, "-3", ""]}),
                vec![long(1), long(2), long(-3)],
            ),
            (json!({"t": ["1970-01-01", 1]}), vec![long(0), long(1_000)]),
            (
                json!({"k": ["a", 1, true, null]}),
                vec![text("a"), text("1"), text("true"), text("none")],
            ),
            (
                // The text's column, its words, and its keyword.
                json!({"x": ["abc", "abcd"]}),
                vec![
                    text("abc"),
                    text("abc"),
                    text("abc"),
                    text("abcd"),
                    text("abcd"),
                ],
            ),
            (
                json!({"o": [{"l": 1}, {"l": [2]}], "o.l": 3}),
                vec![long(1), long(2), long(3)],
            ),
            (json!({"m": ["x", 1]}), vec![text("x"), long(1), text("1")]),
            (json!({"off": {"": [1, {"a": "b"}]}}), vec![]),
            (json!({}), vec![]),
            (json!({"l": [], "x": null, "o": [{}, null, []]}), vec![]),
        ] {
            assert_eq!(read(&document), Ok(expected), "{document}");
        }
    }

    #[test]
    fn the_column_of_a_long_text_has_its_beginning_and_says_so() {
        let words = "é".repeat(COLUMN_BYTES);
        let values = read(&json!({"x": words})).expect("it fits");
        let lengths: Vec<Option<usize>> = values
            .iter()
            .map(|value| match value {
                OwnedValue::Str(text) => Some(text.len()),
                _ => None,
            })
            .collect();
        assert_eq!(
            lengths,
            [None, Some(COLUMN_BYTES - 1), Some(2 * COLUMN_BYTES)]
        );
    }

    #[test]
    fn rejects_a_document_that_does_not_fit_with_the_field() {
        let error = |document: Json| read(&document).expect_err("it is refused");
        insta::assert_snapshot!(error(json!({"b": 1})), @"failed to parse field [b] of type [boolean]. Preview of field's value: '1'");
        insta::assert_snapshot!(error(json!({"l": "1x"})), @"failed to parse field [l] of type [long]. Preview of field's value: '1x'");
        insta::assert_snapshot!(error(json!({"l": 9_223_372_036_854_775_808_u64})), @"failed to parse field [l] of type [long]. Preview of field's value: '9223372036854775808'");
        insta::assert_snapshot!(error(json!({"d": "NaN"})), @"failed to parse field [d] of type [double]. Preview of field's value: 'NaN'");
        insta::assert_snapshot!(error(json!({"t": "Jun 12 1998"})), @"failed to parse field [t] of type [date]. Preview of field's value: 'Jun 12 1998': expected format [strict_date_optional_time||epoch_millis]");
        insta::assert_snapshot!(error(json!({"t": i64::MAX})), @"failed to parse field [t] of type [date]. Preview of field's value: '9223372036854775807': expected format [strict_date_optional_time||epoch_millis]");
        insta::assert_snapshot!(error(json!({"k": "long ".repeat(20_000)})), @"the field `k` has 100000 bytes, and its limit is 32766: map it with `ignore_above`, or as `text`");
        insta::assert_snapshot!(error(json!({"l": {"m": 1}})), @"failed to parse field [l] of type [long]. Preview of field's value: '{m=1}'");
        insta::assert_snapshot!(error(json!({"o": 1})), @"object mapping for [o] tried to parse field [o] as object, but found a concrete value");
        insta::assert_snapshot!(error(json!({"z": 1})), @"mapping set to strict, dynamic introduction of [z] within [_doc] is not allowed");
        // What is empty has a kind too, and a name.
        insta::assert_snapshot!(error(json!({"l": {}})), @"failed to parse field [l] of type [long]. Preview of field's value: '{}'");
        insta::assert_snapshot!(error(json!({"m": [1, {}]})), @"failed to parse field [m] of type [long]. Preview of field's value: '{}'");
        insta::assert_snapshot!(error(json!({"l": {"m": null}})), @"failed to parse field [l] of type [long]. Preview of field's value: '{m=null}'");
        for empty in [
            json!(null),
            json!([]),
            json!({}),
            json!([null]),
            json!([{}]),
        ] {
            assert_eq!(
                error(json!({"o": {"z": empty}})),
                "mapping set to strict, dynamic introduction of [z] within [o] is not allowed"
            );
        }
        insta::assert_snapshot!(error(json!({"x.keyword": 1})), @"failed to parse field [x] of type [text]. Preview of field's value: '{keyword=1}'");
        insta::assert_snapshot!(error(json!({"o": {"": 1}})), @"a field cannot have the name ``: a name cannot be empty");
        insta::assert_snapshot!(error(json!({"_id": "a"})), @"a field cannot have the name `_id`: it is the name of a metadata field, which is no part of a document");
        insta::assert_snapshot!(error(json!({"o": {"p.q": 1}})), @"mapping set to strict, dynamic introduction of [p] within [o] is not allowed");
        insta::assert_snapshot!(error(json!({"a..b": 1})), @"a field cannot have the name `a..b`: a dot can be neither at the ends of a name nor beside another dot");
        let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
        insta::assert_snapshot!(error(json!({"l": deep})), @"the document has more than 64 objects and lists inside of each other");
    }
}
