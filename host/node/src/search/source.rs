//! Which fields of a document come back with a hit: `_source`.

use serde_json::{Map, Value as Json};

use crate::object::{Object, wrong};
use crate::request::RequestError;

/// Which fields of a document come back. A pattern is a dotted path, in which `*` is any text; it
/// takes what is below it too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SourceFilter {
    /// The document as it was written.
    #[default]
    All,
    /// Nothing.
    None,
    /// Some fields.
    Fields {
        /// What comes back; all where there are no patterns.
        includes: Vec<String>,
        /// What of that does not.
        excludes: Vec<String>,
    },
}

impl SourceFilter {
    pub(crate) fn read(json: &Json) -> Result<Self, RequestError> {
        const PATH: &str = "_source";
        match json {
            Json::Bool(true) => Ok(Self::All),
            Json::Bool(false) => Ok(Self::None),
            Json::String(_) | Json::Array(_) => Ok(Self::Fields {
                includes: patterns(json, PATH)?,
                excludes: Vec::new(),
            }),
            Json::Object(_) => {
                let object = Object::read(json, PATH)?;
                object.knows(&["includes", "excludes"])?;
                let read = |key: &str| match object.get(key) {
                    None => Ok(Vec::new()),
                    Some(json) => patterns(json, &object.path(key)),
                };
                Ok(Self::Fields {
                    includes: read("includes")?,
                    excludes: read("excludes")?,
                })
            }
            other => Err(wrong(PATH, "true, false, fields or an object", other)),
        }
    }

    /// What comes back of a document.
    pub(crate) fn of(&self, source: Json) -> Option<Json> {
        match (self, source) {
            (Self::All, source) => Some(source),
            (Self::None, _) => None,
            (Self::Fields { includes, excludes }, Json::Object(members)) => {
                Some(Json::Object(kept(members, "", includes, excludes)))
            }
            (Self::Fields { .. }, other) => Some(other),
        }
    }
}

fn patterns(json: &Json, path: &str) -> Result<Vec<String>, RequestError> {
    let texts = match json {
        Json::String(text) => Some(vec![text.clone()]),
        Json::Array(texts) => {
            let texts = texts
                .iter()
                .map(|text| text.as_str().map(ToOwned::to_owned));
            texts.collect()
        }
        _ => None,
    };
    texts.ok_or_else(|| wrong(path, "a field or a list of fields", json))
}

fn kept(
    members: Map<String, Json>,
    above: &str,
    includes: &[String],
    excludes: &[String],
) -> Map<String, Json> {
    let mut left = Map::new();
    for (key, value) in members {
        let path = if above.is_empty() {
            key.clone()
        } else {
            format!("{above}.{key}")
        };
        if any_matches(excludes, &path) {
            continue;
        }
        // What is included takes what is below along, without what is excluded there.
        let includes = if any_matches(includes, &path) {
            &[]
        } else {
            includes
        };
        if let Some(value) = kept_value(value, &path, includes, excludes) {
            left.insert(key, value);
        }
    }
    left
}

fn kept_value(value: Json, path: &str, includes: &[String], excludes: &[String]) -> Option<Json> {
    match value {
        Json::Object(members) => {
            let was_empty = members.is_empty();
            let left = kept(members, path, includes, excludes);
            let stays = !left.is_empty() || (was_empty && includes.is_empty());
            stays.then_some(Json::Object(left))
        }
        Json::Array(elements) if elements.iter().any(Json::is_object) => {
            let elements = elements.into_iter();
            let left: Vec<Json> = elements
                .filter_map(|element| kept_value(element, path, includes, excludes))
                .collect();
            (!left.is_empty()).then_some(Json::Array(left))
        }
        scalar => includes.is_empty().then_some(scalar),
    }
}

fn any_matches(patterns: &[String], path: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| matches(pattern.as_bytes(), path.as_bytes()))
}

/// Whether a pattern with `*` matches a whole text, in time that is their product.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, in_text));
            at += 1;
        } else if pattern.get(at) == Some(&text[in_text]) {
            (at, in_text) = (at + 1, in_text + 1);
        } else if let Some((star_at, taken)) = star {
            star = Some((star_at, taken + 1));
            (at, in_text) = (star_at + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_kept_by_their_paths() {
        let source = json!({"a": 1, "b": {"c": 2, "d": {"e": 3}}, "f": [{"g": 4, "h": 5}, {"h": 6}], "i": {}});
        let of = |filter: Json| {
            SourceFilter::read(&filter)
                .expect("a filter")
                .of(source.clone())
        };
        assert_eq!(of(json!(true)), Some(source.clone()));
        assert_eq!(of(json!(false)), None);
        assert_eq!(of(json!("a")), Some(json!({"a": 1})));
        assert_eq!(
            of(json!(["b.d", "f.g"])),
            Some(json!({"b": {"d": {"e": 3}}, "f": [{"g": 4}]}))
        );
        assert_eq!(
            of(json!("b.*")),
            Some(json!({"b": {"c": 2, "d": {"e": 3}}}))
        );
        assert_eq!(of(json!("*.e")), Some(json!({"b": {"d": {"e": 3}}})));
        assert_eq!(
            of(json!({"excludes": ["b.d", "f"]})),
            Some(json!({"a": 1, "b": {"c": 2}, "i": {}}))
        );
        assert_eq!(
            of(json!({"includes": "b", "excludes": "*.e"})),
            Some(json!({"b": {"c": 2}}))
        );
        assert_eq!(of(json!([])), Some(source.clone()));
    }

    #[test]
    fn a_star_is_any_text() {
        let matches = |pattern: &str, text: &str| matches(pattern.as_bytes(), text.as_bytes());
        assert!(matches("*", "") && matches("a*c", "abbc") && matches("*b*", "abc"));
        assert!(!matches("a*c", "abcd") && !matches("", "a") && !matches("a", ""));
        assert!(!matches(&"a*".repeat(50), &"b".repeat(1000)));
    }
}
