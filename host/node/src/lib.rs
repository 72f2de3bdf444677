//! A data node's side of Whittle: documents, the query language, and search with UDFs in it.
//!
//! [`Documents`] are JSON objects with ids; a [`SearchRequest`] is a query in the shape that
//! Elasticsearch's users know, checked; [`search`] runs it. Guests are run by `whittle-host`,
//! which this crate hands Arrow columns and gets Arrow arrays from: it knows nothing of
//! WebAssembly.

mod aggregation;
mod computed;
mod dates;
mod documents;
pub mod expression;
pub mod index;
mod json;
pub mod mapping;
mod object;
mod path;
pub mod query;
mod request;
mod search;
mod snapshot;
mod udf;
mod value;

pub use aggregation::Aggregations;
pub use documents::{Documents, DocumentsError};
pub use request::{RequestError, SearchRequest};
pub use search::formula::Formula;
pub use search::profile::{BudgetReport, ClauseReport, Profile};
pub use search::rescore::Rescore;
pub use search::sort::{SortBy, SortKey};
pub use search::source::SourceFilter;
pub use search::workers::Threads;
pub use search::{Hit, Hits, SearchError, SearchResponse, search};
pub use snapshot::{Snapshot, SnapshotError};
pub use udf::{ErrorSample, FunctionError, UdfError, UdfReport, Udfs, UdfsError};
pub use value::Value;
