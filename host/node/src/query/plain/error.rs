//! Why a query does not go with an index.

use tantivy::TantivyError;

use crate::mapping::FieldType;
use crate::query::DateMathError;

/// Why a query that is well formed does not go with the fields of an index.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A value that the field's type does not have.
    #[error(
        "`{path}`: the field `{field}` is of type `{field_type}`, and `{found}` is none: give {expected}"
    )]
    Value {
        /// Where in the request.
        path: String,
        /// The field's path.
        field: String,
        /// Its type.
        field_type: &'static str,
        /// The value.
        found: String,
        /// What values of the type look like.
        expected: &'static str,
    },
    /// A text for a date field that is no date.
    #[error("`{path}`: the field `{field}` is of type `date`, and `{found}` is none")]
    Date {
        /// Where in the request.
        path: String,
        /// The field's path.
        field: String,
        /// The text.
        found: String,
        /// What is wrong with it.
        source: DateMathError,
    },
    /// A clause that looks at the characters of texts, on a field that has none.
    #[error(
        "`{path}`: `{clause}` goes with fields of type `text` or `keyword`, and the field `{field}` is of type `{field_type}`: {instead}"
    )]
    FieldType {
        /// Where in the request.
        path: String,
        /// The clause.
        clause: &'static str,
        /// The field's path.
        field: String,
        /// Its type.
        field_type: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// A wildcard or a regular expression that is none.
    #[error(
        "`{path}`: the pattern for the field `{field}` is wrong at character {position}: {reason}"
    )]
    Pattern {
        /// Where in the request.
        path: String,
        /// The field's path.
        field: String,
        /// From 1, in characters.
        position: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// A regular expression that the engine makes no automaton of.
    #[error(
        "`{path}`: the regular expression for the field `{field}` is too much for the engine: make it shorter, with fewer and smaller repetitions"
    )]
    Automaton {
        /// Where in the request.
        path: String,
        /// The field's path.
        field: String,
        /// What the engine says.
        source: TantivyError,
    },
    /// There is more of something in the request than may be.
    #[error("`{path}` has too many {what}: {limit} may be")]
    TooMany {
        /// Where it came to be too many.
        path: String,
        /// What there is too much of.
        what: &'static str,
        /// How many may be.
        limit: usize,
    },
}

/// What values of a type look like in a query.
pub(super) fn expected(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Boolean => "true or false",
        FieldType::Long => "an integer",
        FieldType::Double => "a number",
        FieldType::Date => "a date such as \"2020-01-31\", or milliseconds since 1970",
        FieldType::Keyword | FieldType::Text => "a text",
    }
}
