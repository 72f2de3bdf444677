//! A document's values by field, as the mapping has them.

use serde_json::{Map, Value as Json};
use tantivy::schema::{Field, OwnedValue};
use whittle_host::one_line;

use super::definition::TypeConflict;
use super::{Dynamic, FieldType, Keyword, Mapping};
use crate::dates;
use crate::documents::type_of;

/// Why a document cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// A value that the field's type does not have.
    #[error("the field `{field}` is of type `{field_type}`, and {found} is none")]
    Value {
        /// The field's path.
        field: String,
        /// Its type.
        field_type: &'static str,
        /// The value, or what it is.
        found: String,
    },
    /// An object where the mapping has a field, or the other way round.
    #[error(transparent)]
    Conflict(#[from] TypeConflict),
    /// A field that the mapping does not have, and that may not be added.
    #[error("the field `{field}` is not in the mapping, which is strict")]
    Unmapped {
        /// The field's path.
        field: String,
    },
    /// A key that no field can have.
    #[error(
        "the key `{key}` cannot be: a key is not empty, and neither begins nor ends with a dot"
    )]
    Key {
        /// The key.
        key: String,
    },
    /// The document is nested deeper than it may be.
    #[error("the document has objects and lists inside of each other more than {limit} deep")]
    Depth {
        /// How deep it may be.
        limit: usize,
    },
}

/// How deep a document may be nested.
const DEPTH: usize = 64;

/// The longest term that the engine takes, in bytes.
const TERM_BYTES: usize = 65_530;

/// Calls for each scalar of a document with its path, in the document's order. Keys that no field
/// can have, and what lies too deep, are left out: [`fields_of`] tells of them.
pub(super) fn each_scalar<'a>(
    document: &'a Map<String, Json>,
    visit: &mut impl FnMut(&str, &'a Json),
) {
    let mut path = String::new();
    let visited = walk_object(document, &mut path, 0, &mut |path, value| {
        visit(path, value);
        Ok(())
    });
    // The same error comes when the document is read.
    drop(visited);
}

/// A document's values with the engine's fields that they go to.
///
/// # Errors
///
/// A value that does not fit its field's type, an object in a field's place, a field that may not
/// be added, a key that cannot be, and a document that is nested too deep.
pub(crate) fn fields_of(
    mapping: &Mapping,
    document: &Map<String, Json>,
) -> Result<Vec<(Field, OwnedValue)>, DocumentError> {
    let mut values = Vec::new();
    walk_object(document, &mut String::new(), 0, &mut |path, value| {
        add(mapping, path, value, &mut values)
    })?;
    Ok(values)
}

/// As [`fields_of`], of a document that nobody checks: what does not fit is left out, and is none to
/// whoever reads the field.
pub(crate) fn readable_fields_of(
    mapping: &Mapping,
    document: &Map<String, Json>,
) -> Vec<(Field, OwnedValue)> {
    let mut values = Vec::new();
    each_scalar(document, &mut |path, value| {
        // The values before the one that does not fit stay.
        drop(add(mapping, path, value, &mut values));
    });
    values
}

type Visit<'v, 'a> = dyn FnMut(&str, &'a Json) -> Result<(), DocumentError> + 'v;

fn walk_object<'a>(
    object: &'a Map<String, Json>,
    path: &mut String,
    depth: usize,
    visit: &mut Visit<'_, 'a>,
) -> Result<(), DocumentError> {
    for (key, value) in object {
        if key.is_empty() || key.starts_with('.') || key.ends_with('.') || key.contains("..") {
            return Err(DocumentError::Key { key: key.clone() });
        }
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(key);
        walk(value, path, depth + 1, visit)?;
        path.truncate(length);
    }
    Ok(())
}

fn walk<'a>(
    value: &'a Json,
    path: &mut String,
    depth: usize,
    visit: &mut Visit<'_, 'a>,
) -> Result<(), DocumentError> {
    if depth > DEPTH {
        return Err(DocumentError::Depth { limit: DEPTH });
    }
    match value {
        Json::Null => Ok(()),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => visit(path, value),
        Json::Array(elements) => elements
            .iter()
            .try_for_each(|element| walk(element, path, depth + 1, visit)),
        Json::Object(members) => walk_object(members, path, depth, visit),
    }
}

fn add(
    mapping: &Mapping,
    path: &str,
    value: &Json,
    values: &mut Vec<(Field, OwnedValue)>,
) -> Result<(), DocumentError> {
    let Some(located) = mapping.fields.get(path) else {
        return unmapped(mapping, path, value);
    };
    let definition = &mapping.definitions[located.definition];
    let field_type = definition.field_type;
    let converted = convert(value, field_type).ok_or_else(|| DocumentError::Value {
        field: path.to_owned(),
        field_type: field_type.name(),
        found: shown(value),
    })?;
    if let Some(Keyword { ignore_above }) = definition.keyword
        && let Some(text) = value.as_str()
        && ignore_above.is_none_or(|characters| text.chars().count() <= characters)
        && text.len() <= TERM_BYTES
        && let Some(keyword) = mapping.keywords.get(&format!("{path}.keyword"))
    {
        values.push((keyword.field, OwnedValue::Str(text.to_owned())));
    }
    values.push((located.field, converted));
    Ok(())
}

/// What becomes of a value whose path has no field.
fn unmapped(mapping: &Mapping, path: &str, value: &Json) -> Result<(), DocumentError> {
    for (dot, _) in path.match_indices('.') {
        if let Some(outer) = mapping.fields.get(&path[..dot]) {
            let outer = &mapping.definitions[outer.definition];
            return Err(DocumentError::Conflict(TypeConflict {
                field: outer.path.clone(),
                is: format!("of type `{}`", outer.field_type.name()),
                asked: "an object".to_owned(),
            }));
        }
    }
    if mapping.is_object(path) {
        return Err(DocumentError::Conflict(TypeConflict {
            field: path.to_owned(),
            is: "an object".to_owned(),
            asked: type_of(value).to_owned(),
        }));
    }
    match mapping.dynamic {
        Dynamic::Add | Dynamic::Ignore => Ok(()),
        Dynamic::Refuse => Err(DocumentError::Unmapped {
            field: path.to_owned(),
        }),
    }
}

/// A value as its field's type; `None` where it is none. As Elasticsearch does it, texts that are
/// numbers or booleans count as such; unlike there, a fraction never loses its digits to be an
/// integer.
fn convert(value: &Json, field_type: FieldType) -> Option<OwnedValue> {
    match field_type {
        FieldType::Boolean => match value {
            Json::Bool(value) => Some(OwnedValue::Bool(*value)),
            Json::String(text) if text == "true" => Some(OwnedValue::Bool(true)),
            Json::String(text) if text == "false" => Some(OwnedValue::Bool(false)),
            _ => None,
        },
        FieldType::Long => long(value).map(OwnedValue::I64),
        FieldType::Double => double(value).map(OwnedValue::F64),
        FieldType::Date => {
            let micros = match value {
                Json::String(text) => dates::parse(text)?,
                Json::Number(number) => dates::from_millis(number.as_i64()?)?,
                _ => return None,
            };
            Some(OwnedValue::I64(micros))
        }
        FieldType::Keyword | FieldType::Text => {
            let text = match value {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let fits = field_type == FieldType::Text || text.len() <= TERM_BYTES;
            fits.then_some(OwnedValue::Str(text))
        }
    }
}

fn long(value: &Json) -> Option<i64> {
    match value {
        Json::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A float that is an integer.
fn whole(value: f64) -> Option<i64> {
    // Both bounds are floats; the upper one is the first that is too large.
    let bound = 9_223_372_036_854_775_808.0;
    let whole = value.fract() == 0.0 && value >= -bound && value < bound;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is an integer within i64"
    )]
    whole.then_some(value as i64)
}

fn double(value: &Json) -> Option<f64> {
    let value = match value {
        Json::Number(number) => number.as_f64()?,
        Json::String(text) => text.parse().ok()?,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

fn shown(value: &Json) -> String {
    const SHOWN_BYTES: usize = 60;
    let text = one_line(&value.to_string());
    let end = text.floor_char_boundary(SHOWN_BYTES);
    if end < text.len() {
        format!("`{}...`", &text[..end])
    } else {
        format!("`{text}`")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping() -> Mapping {
        Mapping::parse(&json!({"dynamic": "strict", "properties": {
            "b": {"type": "boolean"}, "l": {"type": "long"}, "d": {"type": "double"},
            "t": {"type": "date"}, "k": {"type": "keyword"},
            "x": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 3}}},
            "o": {"properties": {"l": {"type": "long"}}}}}))
        .expect("a mapping")
    }

    fn read(document: &Json) -> Result<Vec<OwnedValue>, String> {
        let document = document.as_object().expect("an object");
        let fields = fields_of(&mapping(), document).map_err(|error| error.to_string())?;
        Ok(fields.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn values_are_read_as_their_fields_types() {
        let date = OwnedValue::I64;
        let text = |text: &str| OwnedValue::Str(text.to_owned());
        for (document, expected) in [
            (
                json!({"b": [true, "false", null]}),
                vec![OwnedValue::Bool(true), OwnedValue::Bool(false)],
            ),
            (
                json!({"l": [1, 2.0, "-3"]}),
                vec![OwnedValue::I64(1), OwnedValue::I64(2), OwnedValue::I64(-3)],
            ),
            (
                json!({"d": [1, 2.5, "1e3"]}),
                vec![
                    OwnedValue::F64(1.0),
                    OwnedValue::F64(2.5),
                    OwnedValue::F64(1e3),
                ],
            ),
            (json!({"t": ["1970-01-01", 1]}), vec![date(0), date(1_000)]),
            (
                json!({"k": ["a", 1, true]}),
                vec![text("a"), text("1"), text("true")],
            ),
            (
                json!({"x": ["abc", "abcd"]}),
                vec![text("abc"), text("abc"), text("abcd")],
            ),
            (
                json!({"o": [{"l": 1}, {"l": [2]}], "o.l": 3}),
                vec![OwnedValue::I64(1), OwnedValue::I64(2), OwnedValue::I64(3)],
            ),
            (json!({}), vec![]),
        ] {
            assert_eq!(read(&document), Ok(expected), "{document}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_field() {
        let error = |document: Json| read(&document).expect_err("it is refused");
        insta::assert_snapshot!(error(json!({"b": 1})), @"the field `b` is of type `boolean`, and `1` is none");
        insta::assert_snapshot!(error(json!({"l": 1.5})), @"the field `l` is of type `long`, and `1.5` is none");
        insta::assert_snapshot!(error(json!({"l": 9_223_372_036_854_775_808_u64})), @"the field `l` is of type `long`, and `9223372036854775808` is none");
        insta::assert_snapshot!(error(json!({"d": "NaN"})), @r#"the field `d` is of type `double`, and `"NaN"` is none"#);
        insta::assert_snapshot!(error(json!({"t": "Jun 12 1998"})), @r#"the field `t` is of type `date`, and `"Jun 12 1998"` is none"#);
        insta::assert_snapshot!(error(json!({"t": i64::MAX})), @"the field `t` is of type `date`, and `9223372036854775807` is none");
        insta::assert_snapshot!(error(json!({"k": "long ".repeat(20_000)})), @r#"the field `k` is of type `keyword`, and `"long long long long long long long long long long long long...` is none"#);
        insta::assert_snapshot!(error(json!({"l": {"m": 1}})), @"the field `l` is of type `long`, and cannot be an object too");
        insta::assert_snapshot!(error(json!({"o": 1})), @"the field `o` is an object, and cannot be a number too");
        insta::assert_snapshot!(error(json!({"z": 1})), @"the field `z` is not in the mapping, which is strict");
        insta::assert_snapshot!(error(json!({"o": {"": 1}})), @"the key `` cannot be: a key is not empty, and neither begins nor ends with a dot");
        let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
        insta::assert_snapshot!(error(json!({"l": deep})), @"the document has objects and lists inside of each other more than 64 deep");
    }
}
