//! A data node's side of Whittle: documents, the query language, and search with UDFs in it.
//!
//! [`Documents`] are JSON objects with ids; a [`SearchRequest`] is a query in the shape that
//! Elasticsearch's users know, checked; [`search`] runs it. Guests are run by `whittle-host`,
//! which this crate hands Arrow columns and gets Arrow arrays from: it knows nothing of
//! WebAssembly.

mod aggregation;
mod allowance;
mod columns;
mod computed;
mod dates;
mod documents;
pub mod expression;
pub mod index;
pub mod mapping;
mod memory;
mod parsed_bytes;
pub mod query;
mod reading;
mod request;
mod samples;
mod search;
mod snapshot;
mod udf;
mod value;

pub use aggregation::{AggregationError, AggregationResults, Aggregations, WrittenAggregations};
pub use documents::{Documents, DocumentsError};
pub use memory::{Memory, OutOfMemory, Reservation};
pub use parsed_bytes::parsed_bytes;
pub use reading::{DocumentReader, ReadError};
pub use request::{
    FieldValues, Formula, Missing, MultiSearchItem, RequestError, Rescore, SearchHead,
    SearchRequest, SortBy, SortKey, SortMode, SourceFilter, multi_search,
};
pub use samples::{SampleError, SampleOutcome, SampleResult, Samples};
pub use search::profile::{BudgetReport, ClauseReport, Profile};
pub use search::workers::Threads;
pub use search::{
    CountResponse, FieldError, Hit, Hits, SearchError, SearchResponse, SeqNo, ShardFailure,
    ShardFailureReason, Shards, SortError, Source, Writing, Written, search, search_indexes,
};
pub use snapshot::{Snapshot, SnapshotError};
pub use udf::{
    CostSource, ErrorSample, FunctionCost, FunctionError, MistypedField, TooManySearches, UdfError,
    UdfReport, Udfs, UdfsError, UnmappedField,
};
pub use value::Value;
