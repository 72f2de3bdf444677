//! Aggregations: counts and numbers over all hits of a search, as OpenSearch 2.19 gives them.
//!
//! [`Aggregations`] are a request, checked by itself. [`Aggregations::plan`] finds the fields and
//! formulas that it names in an index. [`Counting`] collects the hits: in a segment each node of
//! the plan keeps its state by bucket and is fed with blocks of documents ([`segment`]). What a
//! segment gives is a [`partial::Partial`], which knows nothing of the segment. Partials are merged
//! by key and finished into [`AggregationResults`].
//!
//! tantivy has aggregations as well, and is not asked for them: a value that a document has twice
//! counts twice there, dates are nanoseconds, and some options end the process.

mod collect;
mod digest;
mod distinct;
mod error;
mod filters;
mod finish;
mod format;
mod histogram;
mod metric;
mod order;
mod partial;
mod plan;
mod range;
mod read;
mod request;
mod result;
mod rounding;
mod segment;
mod several;
mod terms;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use collect::{Counted, Counting};
pub use error::AggregationError;
pub(crate) use plan::{Plan, Sources};
pub use request::Aggregations;
pub use result::{AggregationResults, WrittenAggregations};
pub(crate) use several::{CountedIndex, finish_several};
