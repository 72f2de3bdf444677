//! Why a mapping is refused.

use serde_json::Value as Json;

use super::field_type::ValueType;
use super::is_metadata;
use crate::documents::type_with_length;
use crate::request::object::cut;

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
    #[error("unknown key `{path}`; expected one of {known}")]
    UnknownKey {
        /// Where, with the key last.
        path: String,
        /// What may stand there.
        known: String,
    },
    /// A type that fields cannot have here.
    #[error("the type `{name}` of `{path}` is not supported: {instead}; the types are {names}", names = ValueType::NAMES)]
    Type {
        /// The field, in the mapping.
        path: String,
        /// The type's name.
        name: String,
        /// What to do.
        instead: String,
    },
    /// A date format or a parameter that is not supported.
    #[error("`{path}`: {reason}")]
    Unsupported {
        /// Where in the mapping.
        path: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The fields are given below the name of a type, as old versions had it.
    #[error(
        "Types cannot be provided in put mapping requests, unless the include_type_name parameter is set to true."
    )]
    Types,
    /// The field is there, and is something else.
    #[error(transparent)]
    Conflict(#[from] TypeConflict),
    /// A parameter of a field that is there cannot change.
    #[error(
        "the field `{field}` has the {parameter} `{is}`, which cannot become `{asked}`: make a new index"
    )]
    Fixed {
        /// The field's path.
        field: String,
        /// The parameter.
        parameter: &'static str,
        /// What it is.
        is: String,
        /// What it should become.
        asked: String,
    },
    /// A field has a name that none can have.
    #[error("`{path}` cannot have the name `{name}`: {rule}", rule = broken_rule(name))]
    Name {
        /// Where in the mapping.
        path: String,
        /// The name.
        name: String,
    },
    /// There are more fields than an index may have.
    #[error(
        "Limit of total fields [{limit}] has been exceeded: the mapping would have {found} fields, objects and sub-fields: map an object with `enabled: false`, or set `dynamic: false`"
    )]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
    /// The path of a field is longer than it may be.
    #[error(transparent)]
    Long(#[from] LongName),
    /// The mapping is larger than it may be.
    #[error(
        "the mapping has {found} bytes, and its limit is {limit}: remove `meta`, `_meta` and what fields do not need"
    )]
    TooLarge {
        /// How large it would be, in bytes.
        found: usize,
        /// How large it may be, in bytes.
        limit: usize,
    },
    /// A field lies in more objects than it may.
    #[error("the field `{field}` lies in more than {limit} objects")]
    Depth {
        /// The field's path, or the beginning of it.
        field: String,
        /// How many objects there may be.
        limit: usize,
    },
}

/// The rule that a name of a field breaks.
pub(super) fn broken_rule(name: &str) -> &'static str {
    if is_metadata(name) {
        "it is the name of a metadata field, which is no part of a document"
    } else if name.trim().is_empty() {
        "a name cannot be empty"
    } else if name.split('.').any(|part| part.trim().is_empty()) {
        "a dot can be neither at the ends of a name nor beside another dot"
    } else {
        "the name of a sub-field cannot have a dot"
    }
}

/// The longest path of a field, in bytes. Lucene's own limit on terms is 32 times as much and
/// OpenSearch's on names 50 times; but a node keeps each path several times, and a thousand paths
/// an index. Twenty levels of fifty letters fit.
pub(super) const PATH_BYTES: usize = 1_024;

/// The path of a field is longer than it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Field name [{start}] is too long. The limit is set to [{PATH_BYTES}] bytes but was [{found}] bytes"
)]
pub struct LongName {
    /// Its beginning.
    pub start: String,
    /// How long it is, in bytes.
    pub found: usize,
}

impl LongName {
    /// # Errors
    ///
    /// If a name makes a path too long, in an object whose path has so many bytes.
    pub(super) fn check(object_bytes: usize, name: &str) -> Result<(), Self> {
        let dot = usize::from(object_bytes > 0);
        let found = object_bytes + dot + name.len();
        if found <= PATH_BYTES {
            return Ok(());
        }
        let start = cut(name);
        Err(Self { start, found })
    }
}

/// A field would get a second type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mapper [{field}] cannot be changed from type [{is}] to [{asked}]")]
pub struct TypeConflict {
    /// Its path.
    pub field: String,
    /// Its type, or `object`.
    pub is: String,
    /// The type that it would get, or `object`.
    pub asked: String,
}

impl TypeConflict {
    pub(super) fn new(field: &str, is: impl Into<String>, asked: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            is: is.into(),
            asked: asked.into(),
        }
    }
}

/// The error on a value that a mapping cannot have.
pub(super) fn wrong(path: &str, expected: impl Into<String>, found: &Json) -> MappingError {
    let found = match found {
        Json::String(_) | Json::Bool(_) | Json::Number(_) => cut(&found.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => type_with_length(found),
    };
    MappingError::Value {
        path: path.to_owned(),
        expected: expected.into(),
        found,
    }
}

/// A path, or the beginning of one that is not a field's.
pub(super) fn cut_path(path: &str) -> String {
    let end = path.floor_char_boundary(2 * PATH_BYTES);
    if end < path.len() {
        format!("{}...", &path[..end])
    } else {
        path.to_owned()
    }
}

/// The error on a key that means nothing.
pub(super) fn unknown(path: &str, known: &[&str]) -> MappingError {
    let known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
    MappingError::UnknownKey {
        path: cut_path(path),
        known: known.join(", "),
    }
}
