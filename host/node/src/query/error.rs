//! Why a well-formed query does not go with an index.

use super::DateMathError;
use crate::allowance::Ended;
use crate::expression::ExpressionError;
use crate::request::path::Path;
use crate::udf::UdfError;

/// Why a well-formed query cannot be planned for an index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A value that the field's type cannot have.
    #[error(
        "`{path}`: `{found}` is not a valid `{field_type}` for the field `{field}`; expected {expected}"
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
    /// An invalid date.
    #[error("`{path}`: `{found}` is not a valid `date` for the field `{field}`")]
    Date {
        /// Where in the request.
        path: String,
        /// The field's path.
        field: String,
        /// The date.
        found: String,
        /// What is wrong with it.
        source: Box<DateMathError>,
    },
    /// A clause or an option that does not go with the field's type.
    #[error(
        "`{path}`: `{clause}` works on fields of type {expected}, but the field `{field}` is of type `{field_type}`; {instead}"
    )]
    FieldType {
        /// Where in the request.
        path: String,
        /// The clause or the option.
        clause: &'static str,
        /// The types that it works on.
        expected: &'static str,
        /// The field's path.
        field: String,
        /// Its type.
        field_type: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// A field of OpenSearch's own that is not searchable.
    #[error(
        "`{path}`: the meta field `{field}` is not searchable; use `_id` or a field of the documents"
    )]
    MetaField {
        /// Where in the request.
        path: String,
        /// The field.
        field: String,
    },
    /// A field that the mapping keeps out of the index.
    #[error(
        "`{path}`: the field `{field}` is not indexed, since the mapping has `index` false for it; use an expression, which reads its column"
    )]
    NotIndexed {
        /// Where in the request.
        path: String,
        /// The field.
        field: String,
    },
    /// An invalid wildcard or regular expression.
    #[error(
        "`{path}`: the pattern for the field `{field}` is invalid at character {position}: {reason}"
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
    /// A regular expression that is too large for an automaton.
    #[error(
        "`{path}`: the regular expression for the field `{field}` is too large; make it shorter, with fewer and smaller repetitions"
    )]
    Automaton {
        /// Where in the request.
        path: String,
        /// The field's path.
        field: String,
    },
    /// There is more of something in the request than allowed.
    #[error("`{path}`: too many {what}; the limit is {limit}")]
    TooMany {
        /// Where the limit is exceeded.
        path: String,
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// An expression that is invalid, or does not go with its place.
    #[error("in `{path}`")]
    Expression {
        /// Where in the request.
        path: String,
        /// What is wrong.
        source: ExpressionError,
    },
    /// A UDF that is unknown, refuses its parameters or does not go with its place.
    #[error(transparent)]
    Udf(#[from] UdfError),
    /// The search ended before it was planned.
    #[error(transparent)]
    Ended(#[from] Ended),
}

/// Refuses a count above a limit.
pub(super) fn too_many(
    count: usize,
    limit: usize,
    what: &'static str,
    path: Path<'_>,
) -> Result<(), QueryError> {
    if count <= limit {
        return Ok(());
    }
    Err(QueryError::TooMany {
        path: path.to_string(),
        what,
        limit,
    })
}
