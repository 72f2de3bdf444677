//! UDFs in a search: where they are found, what they read of a segment, and how they take a
//! clause's place.
//!
//! Knows nothing of WebAssembly: it hands `whittle-host` Arrow columns and gets Arrow arrays back.

mod call;
mod columns;
mod dictionary;
mod udfs;

pub use call::UdfError;
pub use call::{ErrorSample, UdfReport};
pub(crate) use call::{Progress, SegmentCall, Surroundings, UdfCall};
pub(crate) use dictionary::Dictionaries;
pub use udfs::{FunctionError, Udfs, UdfsError};
