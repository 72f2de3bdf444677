//! `_source`: which fields of a document come back with a hit.

use serde_json::Value as Json;

use super::error::RequestError;
use super::object::{Object, at_most, flag, wrong};

/// Which fields of a document come back. A pattern is a dotted path in which `*` stands for any
/// characters; it also takes everything below the path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SourceFilter {
    /// The document as it was written.
    #[default]
    All,
    /// Nothing.
    None,
    /// Some fields.
    Fields {
        /// What comes back; everything if there are no patterns.
        includes: Vec<String>,
        /// What is left out of that.
        excludes: Vec<String>,
    },
}

impl SourceFilter {
    /// How many patterns it may include, and how many exclude: each is compared with every field.
    pub const MOST_PATTERNS: usize = 1_000;

    pub(super) fn read(json: &Json) -> Result<Self, RequestError> {
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
                object.knows(&["includes", "excludes", "include", "exclude"])?;
                let read = |names: [&'static str; 2]| match names.map(|name| object.get(name)) {
                    [None, None] => Ok(Vec::new()),
                    [Some(json), None] => patterns(json, &object.path(names[0])),
                    [None, Some(json)] => patterns(json, &object.path(names[1])),
                    [Some(_), Some(_)] => Err(RequestError::Together { keys: names }),
                };
                Ok(Self::Fields {
                    includes: read(["includes", "include"])?,
                    excludes: read(["excludes", "exclude"])?,
                })
            }
            other => Err(wrong(PATH, "true, false, fields or an object", other)),
        }
    }

    /// Reads `_source` of the address: true, false, or patterns with commas between them.
    pub(super) fn parse(text: &str) -> Result<Self, RequestError> {
        Ok(match flag(&Json::from(text)) {
            Some(true) => Self::All,
            Some(false) => Self::None,
            None => Self::Fields {
                includes: few(names(text))?,
                excludes: Vec::new(),
            },
        })
    }

    /// Sets `_source_includes` of the address.
    pub(super) fn include(&mut self, text: &str) -> Result<(), RequestError> {
        let (_, excludes) = self.take_patterns();
        let includes = few(names(text))?;
        *self = Self::Fields { includes, excludes };
        Ok(())
    }

    /// Sets `_source_excludes` of the address.
    pub(super) fn exclude(&mut self, text: &str) -> Result<(), RequestError> {
        let (includes, _) = self.take_patterns();
        let excludes = few(names(text))?;
        *self = Self::Fields { includes, excludes };
        Ok(())
    }

    fn take_patterns(&mut self) -> (Vec<String>, Vec<String>) {
        match std::mem::take(self) {
            Self::Fields { includes, excludes } => (includes, excludes),
            Self::All | Self::None => Default::default(),
        }
    }
}

/// Names of the address, with commas between them.
pub(super) fn names(text: &str) -> Vec<String> {
    let names = text.split(',').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
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
    few(texts.ok_or_else(|| wrong(path, "a field or a list of fields", json))?)
}

/// Refuses more patterns than may be compared with each field of a document.
fn few(patterns: Vec<String>) -> Result<Vec<String>, RequestError> {
    let limit = SourceFilter::MOST_PATTERNS;
    at_most(patterns.len(), limit, "patterns", "_source")?;
    Ok(patterns)
}
