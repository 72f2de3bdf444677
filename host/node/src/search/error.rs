//! Why a search fails.

use tantivy::TantivyError;
use whittle_host::Stopped;

use crate::aggregation::AggregationError;
use crate::allowance::Ended;
use crate::expression::ExpressionError;
use crate::memory::OutOfMemory;
use crate::query::QueryError;
use crate::udf::UdfError;

/// Why a search fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The query does not fit the index.
    #[error(transparent)]
    Query(QueryError),
    /// An expression does not fit the index, or its place.
    #[error("in `{path}`")]
    Expression {
        /// Its path in the request.
        path: String,
        /// What is wrong.
        source: ExpressionError,
    },
    /// A sort key does not fit the index.
    #[error(transparent)]
    Sort(#[from] SortError),
    /// A listed field cannot be read as the request asks.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A value of the request that tantivy does not take.
    #[error("the request cannot be run: {reason}")]
    Argument {
        /// What tantivy said.
        reason: String,
    },
    /// An aggregation does not fit the index, or takes too much.
    #[error(transparent)]
    Aggregation(#[from] AggregationError),
    /// A function ended the search.
    #[error(transparent)]
    Udf(#[from] UdfError),
    /// The search was cancelled, or its time is over.
    #[error("the search was stopped")]
    Stopped(#[from] Stopped),
    /// There is too little memory for it.
    #[error("the search needs more memory than is free")]
    Memory(#[from] OutOfMemory),
    /// The index cannot be searched.
    #[error("the index cannot be searched")]
    Index(#[from] TantivyError),
}

/// Why hits cannot be sorted by a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SortError {
    /// The index has no such field.
    #[error("No mapping found for [{field}] in order to sort on{}", match &similar[..] {
        [] => String::new(),
        similar => format!("; did you mean [{}]?", similar.join("] or [")),
    })]
    Unmapped {
        /// The field's path.
        field: String,
        /// The paths of fields that are like it.
        similar: Vec<String>,
    },
    /// The mapping has `doc_values` false for the field.
    #[error("cannot sort by the field [{field}]: its `doc_values` is false in the mapping")]
    NoDocValues {
        /// The field's path.
        field: String,
    },
    /// The field is analyzed text.
    #[error("cannot sort by the text field [{field}]: {}", match keyword {
        Some(keyword) => format!("use [{keyword}]"),
        None => "map it as `keyword`, or add a sub-field that is one".to_owned(),
    })]
    Text {
        /// The field's path.
        field: String,
        /// The path of its keyword.
        keyword: Option<String>,
    },
    /// The field's values have no sum.
    #[error("sort mode `{mode}` of [{field}] needs numbers: use `min` or `max`")]
    Mode {
        /// The field's path.
        field: String,
        /// The mode.
        mode: &'static str,
    },
    /// A value of the request that is not of the key's type.
    #[error("{place}: {value} is not a valid {expected}")]
    Value {
        /// Where in the request.
        place: &'static str,
        /// The value, shortened.
        value: String,
        /// The type of the key's values.
        expected: &'static str,
    },
}

/// Why the values of a field cannot come back with hits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// A format that is not supported.
    #[error("`format` `{format}` of [{field}] is not supported: use {expected}")]
    Format {
        /// The field's path.
        field: String,
        /// The format.
        format: String,
        /// What is supported.
        expected: &'static str,
    },
    /// The mapping has `doc_values` false for the field.
    #[error(
        "cannot read doc values of the field [{field}]: its `doc_values` is false in the mapping; \
         use `_source`"
    )]
    NoDocValues {
        /// The field's path.
        field: String,
    },
    /// The field is analyzed text, which has no doc values.
    #[error("cannot read doc values of the text field [{field}]: use `fields` or `_source`")]
    Text {
        /// The field's path.
        field: String,
    },
}

impl From<QueryError> for SearchError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Udf(error) => Self::Udf(error),
            QueryError::Expression { path, source } => Self::Expression { path, source },
            QueryError::Ended(ended) => ended.into(),
            error => Self::Query(error),
        }
    }
}

impl From<Ended> for SearchError {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Stopped(stopped) => stopped.into(),
            Ended::Memory(error) => error.into(),
        }
    }
}
