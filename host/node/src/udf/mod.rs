//! UDFs in a search: where they come from, what they read of a segment, and how they take the
//! place of a clause.
//!
//! Knows nothing of WebAssembly: it hands `whittle-host` Arrow columns and gets Arrow arrays back.

mod call;
mod columns;
mod cost;
mod keyword;
mod places;
mod udfs;
mod unmapped;
mod whole;

pub use call::{ErrorSample, UdfError, UdfReport};
pub(crate) use call::{Progress, SegmentCall, Surroundings, UdfCall};
pub use cost::{CostSource, FunctionCost};
pub(crate) use places::Place;
pub use places::TooManySearches;
pub use udfs::{FunctionError, Udfs, UdfsError};
pub use unmapped::{MistypedField, UnmappedField};
pub(crate) use unmapped::{mistyped, similar, unmapped};
pub(crate) use whole::{WholeField, data_type};
