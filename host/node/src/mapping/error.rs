//! Why a mapping is refused.

use serde_json::Value as Json;

use super::field_type::ValueType;
use crate::documents::type_of;

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
    #[error("the type `{name}` of `{path}` is not supported: use {instead}; the types are {names}", names = ValueType::NAMES)]
    Type {
        /// The field, in the mapping.
        path: String,
        /// The type's name.
        name: String,
        /// What to use.
        instead: &'static str,
    },
    /// A date format that is not known.
    #[error("`{path}`: {reason}")]
    Format {
        /// Where in the mapping.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
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
    #[error("`{path}` cannot have the name `{name}`: {NAMES}")]
    Name {
        /// Where in the mapping.
        path: String,
        /// The name.
        name: String,
    },
    /// There are more fields than an index may have.
    #[error("the mapping has {found} fields, objects and sub-fields; the limit is {limit}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many may be.
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

/// What names of fields are.
pub(super) const NAMES: &str = "a name is not empty, has up to 50000 bytes and no dot at its ends or beside another, and is not that of a metadata field such as `_id`";

/// A field is two things.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the field `{field}` is {is}, and cannot be {asked} too")]
pub struct TypeConflict {
    /// Its path.
    pub field: String,
    /// What it is.
    pub is: String,
    /// What it should be besides.
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
        Json::String(_) | Json::Bool(_) | Json::Number(_) => found.to_string(),
        Json::Null | Json::Array(_) | Json::Object(_) => type_of(found).to_owned(),
    };
    MappingError::Value {
        path: path.to_owned(),
        expected: expected.into(),
        found,
    }
}

/// The error on a key that means nothing.
pub(super) fn unknown(path: &str, known: &[&str]) -> MappingError {
    let known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
    MappingError::UnknownKey {
        path: path.to_owned(),
        known: known.join(", "),
    }
}
