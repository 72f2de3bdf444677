//! Fields that a function asks for and cannot read: those that no document has, with those that may
//! have been meant, and those of another type. An empty answer to either looks like any other.

use std::fmt;

use serde::{Deserialize, Serialize};

use whittle_host::{FieldUse, Kind, edits, one_line};

use crate::mapping::{FieldType, Mapping};

/// A field that a function asked for and the index does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmappedField {
    /// Its path.
    pub field: String,
    /// The paths of fields that are like it, the nearest first.
    pub similar: Vec<String>,
}

/// A field whose values a function cannot read as the kind that it asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MistypedField {
    /// Its path.
    pub field: String,
    /// Its type in the mapping.
    #[serde(rename = "type")]
    pub field_type: String,
    /// The kind that the function asked for.
    pub wanted: String,
}

impl fmt::Display for UnmappedField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = one_line(&self.field);
        write!(formatter, "no document has the field `{field}`")?;
        let similar = self.similar.iter();
        let similar: Vec<String> = similar
            .map(|path| format!("`{}`", one_line(path)))
            .collect();
        match similar[..] {
            [] => Ok(()),
            _ => write!(formatter, "; did you mean {}?", similar.join(" or ")),
        }
    }
}

impl fmt::Display for MistypedField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [field, field_type, wanted] =
            [&self.field, &self.field_type, &self.wanted].map(|text| one_line(text));
        write!(
            formatter,
            "the field `{field}` has type {field_type}, and the function reads {wanted}"
        )
    }
}

/// How many similar fields are named.
const MOST_SIMILAR: usize = 3;

/// Which of some paths the index does not have. Where documents may have fields that the mapping
/// leaves out, nobody knows.
pub(crate) fn unmapped<'a>(
    paths: impl Iterator<Item = &'a str>,
    mapping: &Mapping,
) -> Vec<UnmappedField> {
    let mut unmapped: Vec<UnmappedField> = Vec::new();
    for path in paths {
        let known = mapping.field(path).is_some() || mapping.is_object(path);
        if known || mapping.hides(path) || unmapped.iter().any(|one| one.field == path) {
            continue;
        }
        unmapped.push(UnmappedField {
            field: path.to_owned(),
            similar: similar(path, mapping),
        });
    }
    unmapped
}

/// Which of some fields have no value that reads as the kind that was asked for.
pub(crate) fn mistyped(fields: &[FieldUse], mapping: &Mapping) -> Vec<MistypedField> {
    let mut mistyped = Vec::new();
    for FieldUse { path, kind } in fields {
        let Some(field) = mapping.field(path) else {
            continue;
        };
        if !reads(field.field_type, *kind) {
            mistyped.push(MistypedField {
                field: path.clone(),
                field_type: field.type_name().to_owned(),
                wanted: kind.to_string(),
            });
        }
    }
    mistyped
}

/// Whether values of a type may read as a kind, as the contract converts them.
fn reads(field_type: FieldType, kind: Kind) -> bool {
    match kind {
        Kind::Boolean => field_type == FieldType::Boolean,
        Kind::Int64 => field_type == FieldType::Long,
        Kind::Float64 => matches!(field_type, FieldType::Long | FieldType::Double),
        Kind::Text => matches!(field_type, FieldType::Keyword | FieldType::Text),
        Kind::Timestamp => matches!(
            field_type,
            FieldType::Date | FieldType::Keyword | FieldType::Text
        ),
        Kind::Json => true,
    }
}

/// The paths of fields that are like another path, the nearest first.
pub(crate) fn similar(path: &str, mapping: &Mapping) -> Vec<String> {
    let lower = path.to_lowercase();
    let most = path.chars().count().div_ceil(3);
    let known = mapping.paths().chain(mapping.sub_field_paths());
    let mut near: Vec<(usize, &str)> = known
        .filter_map(|known| {
            let compared = known.to_lowercase();
            let distance = edits(&lower, &compared)?;
            // A field of an object may be named without the object, or with another.
            let distance = if last(&compared) == last(&lower) && last(&lower) != "keyword" {
                distance.min(1)
            } else {
                distance
            };
            (distance <= most).then_some((distance, known))
        })
        .collect();
    near.sort();
    near.truncate(MOST_SIMILAR);
    // Others that are much farther than the nearest were not meant.
    let nearest = near.first().map_or(0, |(distance, _)| *distance);
    near.retain(|(distance, _)| *distance <= nearest + 1);
    near.into_iter().map(|(_, path)| path.to_owned()).collect()
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_the_nearest_fields() {
        let mapping = Mapping::parse(&json!({"properties": {
            "title": {"type": "text", "fields": {"keyword": {"type": "keyword"}}},
            "titles": {"type": "keyword"},
            "author": {"properties": {"name": {"type": "keyword"}, "age": {"type": "long"}}},
        }}));
        let mapping = mapping.expect("a mapping");
        let nearest = |path: &str| unmapped([path].into_iter(), &mapping);
        for (path, similar) in [
            ("titel", &["title", "titles"][..]),
            ("Title", &["title", "titles"]),
            ("titel.keyword", &["title.keyword"]),
            ("title.kyword", &["title.keyword"]),
            ("name", &["author.name"]),
            ("author.nam", &["author.name"]),
            ("writer.age", &["author.age"]),
            ("nothing", &[]),
        ] {
            let expected = UnmappedField {
                field: path.to_owned(),
                similar: similar.iter().map(|path| (*path).to_owned()).collect(),
            };
            assert_eq!(nearest(path), [expected], "{path}");
        }
        for path in ["title", "title.keyword", "author", "author.name"] {
            assert_eq!(nearest(path), [], "{path}");
        }
        let hidden = Mapping::parse(&json!({"dynamic": false, "properties": {}}));
        let hidden = hidden.expect("a mapping");
        assert_eq!(unmapped(["any"].into_iter(), &hidden), []);
    }
    #[test]
    fn names_fields_of_another_type() {
        let mapping = Mapping::parse(&json!({"properties": {
            "title": {"type": "text"}, "price": {"type": "integer"}, "day": {"type": "date"}}}));
        let mapping = mapping.expect("a mapping");
        let asked = |path: &str, kind| FieldUse {
            path: path.to_owned(),
            kind,
        };
        let fields = [
            asked("title", Kind::Text),
            asked("price", Kind::Float64),
            asked("day", Kind::Timestamp),
            asked("title", Kind::Timestamp),
            asked("nothing", Kind::Int64),
            asked("price", Kind::Text),
        ];
        let expected = MistypedField {
            field: "price".to_owned(),
            field_type: "integer".to_owned(),
            wanted: "text".to_owned(),
        };
        assert_eq!(mistyped(&fields, &mapping), [expected]);
    }
}
