//! A data node over HTTP: indexes and searches in the shape that OpenSearch's clients know, and the
//! registry of UDFs below `/_udf`.
//!
//! Knows what a request and an answer look like, and nothing of how documents are kept, found or
//! evaluated: that is `whittle-node` and `whittle-host`. Whatever may take a while runs on threads
//! for blocking work, of which there are a bounded number.

mod error;

pub use error::ApiError;
