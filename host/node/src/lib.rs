//! A data node's side of Whittle: documents, the query language, and search with UDFs in it.
//!
//! [`Documents`] are JSON objects with ids; a [`SearchRequest`] is a query in the shape that
//! Elasticsearch's users know, checked; [`search`] runs it. Guests are run by `whittle-host`,
//! which this crate hands Arrow columns and gets Arrow arrays from: it knows nothing of
//! WebAssembly.

mod documents;
pub mod expression;
mod json;
mod request;
mod search;
mod udfs;

pub use documents::{Documents, DocumentsError};
pub use request::{Clause, RequestError, SearchRequest, UdfClause};
pub use search::{ErrorSample, Hit, Hits, SearchError, SearchResponse, UdfReport, search};
pub use udfs::{FunctionError, Udfs, UdfsError};
