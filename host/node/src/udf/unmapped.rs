//! Fields that a function asks for and no document has, with those that may have been meant: an
//! empty answer to a misspelt field looks like any other.

use serde::Serialize;

use crate::mapping::{FieldType, Mapping};

/// A field that a function asked for and the index does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnmappedField {
    /// Its path.
    pub field: String,
    /// The paths of fields that are like it, the nearest first.
    pub similar: Vec<String>,
}

/// How many similar fields are named.
const MOST_SIMILAR: usize = 3;

/// Which of some paths the index does not have. Where documents may have fields that the mapping
/// leaves out, nobody knows.
pub(super) fn unmapped<'a>(
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

fn similar(path: &str, mapping: &Mapping) -> Vec<String> {
    let lower = path.to_lowercase();
    let wants_keyword = lower.ends_with(".keyword");
    let most = path.chars().count().div_ceil(3);
    let types = mapping.types();
    let mut near: Vec<(usize, String)> = types
        .filter_map(|(known, field_type)| {
            let candidate = match field_type {
                FieldType::Text if wants_keyword => format!("{known}.keyword"),
                _ => known.to_owned(),
            };
            let compared = candidate.to_lowercase();
            // A field of an object may be named without the object, or with another.
            let distance = if last(&compared) == last(&lower) && !wants_keyword {
                1
            } else {
                strsim::damerau_levenshtein(&lower, &compared)
            };
            (distance <= most).then_some((distance, candidate))
        })
        .collect();
    near.sort();
    near.truncate(MOST_SIMILAR);
    // Others that are much farther than the nearest were not meant.
    let nearest = near.first().map_or(0, |(distance, _)| *distance);
    near.retain(|(distance, _)| *distance <= nearest + 1);
    near.into_iter().map(|(_, path)| path).collect()
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
}
