//! Why aggregations that are well-formed fail.

use crate::allowance::Ended;

/// Why aggregations do not go with an index, or take too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AggregationError {
    /// The values of an aggregation have different types in different indexes.
    #[error(
        "aggregation `{name}`: the type of its values differs between the indexes; search each index by itself"
    )]
    DifferentTypes {
        /// The aggregation's name.
        name: String,
    },
    /// The answer would have more buckets than it may.
    #[error(
        "Trying to create too many buckets. Must be less than or equal to: [{limit}]; ask for fewer or larger ones"
    )]
    TooManyBuckets {
        /// The most there may be.
        limit: usize,
    },
    /// The buckets take more memory than they may.
    #[error("the buckets take more than {limit_bytes} bytes: ask for fewer or larger ones")]
    TooMuchMemory {
        /// What they may take.
        limit_bytes: u64,
    },
    /// The search ended meanwhile: whoever runs it knows why.
    #[error("the search ended")]
    Ended,
    /// Texts that are analyzed have no values.
    #[error(
        "`{path}`: text fields have no values to aggregate, and `{field}` is one: use a keyword field, such as `{field}.keyword`"
    )]
    AnalyzedText {
        /// Where in the request.
        path: String,
        /// The field.
        field: String,
    },
    /// A field without values by document.
    #[error("`{path}`: aggregations need doc values, and the field `{field}` has none")]
    NoDocValues {
        /// Where in the request.
        path: String,
        /// The field.
        field: String,
    },
    /// Values of a type that the aggregation does not take.
    #[error("`{path}` takes numbers, booleans and dates, but its values are of type keyword")]
    Keywords {
        /// Where in the request.
        path: String,
    },
    /// A value that does not go with the field's type.
    #[error("`{path}` must be {expected}, but is {found}")]
    Value {
        /// Where in the request.
        path: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A format that dates do not have.
    #[error("`{path}`: {reason}")]
    Format {
        /// Where in the request.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An order by something that the buckets do not have.
    #[error("`{path}`: invalid aggregation order path `{order}`: {reason}")]
    Order {
        /// Where in the request.
        path: String,
        /// What was to be ordered by.
        order: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl From<Ended> for AggregationError {
    fn from(_: Ended) -> Self {
        Self::Ended
    }
}

impl AggregationError {
    /// Whether the request is well-formed and asks for too much.
    pub fn is_too_much(&self) -> bool {
        matches!(
            self,
            Self::TooManyBuckets { .. } | Self::TooMuchMemory { .. }
        )
    }
}
