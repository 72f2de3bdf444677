//! Registered UDFs as SQL functions in DataFusion.
//!
//! [`register`] makes the functions of a [`Registry`](whittle_host::Registry) known to a
//! `SessionContext`. The queries of the context then run them in parallel, an instance for each
//! partition, under one [`Budget`] for each query.
//!
//! ```
//! use datafusion::prelude::SessionContext;
//! use whittle_datafusion::{Options, register};
//! use whittle_host::{Engine, EngineOptions, Registry, RegistryOptions, Storage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new(EngineOptions::default())?;
//! let storage = Storage::in_memory()?;
//! let registry = Registry::open(engine, storage, RegistryOptions::default())?;
//! let context = SessionContext::new();
//! let functions = register(&context, &registry, Options::default());
//!
//! // Functions that are registered later are found too, and versions can be named:
//! // `SELECT * FROM films WHERE "string_distance@^1"(title, 'Alien', max_distance => 1)`.
//! let rows = functions.sql("SELECT 1 + 1").await?.collect().await?;
//! assert_eq!(rows[0].num_rows(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! A text parameter that names a field takes a column or an expression over columns, such as
//! `lower(title)`. All other parameters take constants. A function that names its fields itself
//! takes them from the last parameter, `document`: a struct, or a string that is a JSON object.
//! `docs/SQL.md` describes this for users.
//!
//! # What this crate is not for
//!
//! It knows nothing of Wasmtime, indexes or HTTP: it hands columns to `whittle-host`, and gets
//! columns back.

#![doc(test(attr(deny(warnings))))]

mod arguments;
mod bind;
mod call;
mod error;
mod exec;
mod function;
mod functions;
mod names;
mod planner;
mod query;
mod remote;
mod site;
mod source;

use whittle_host::Budget;

pub use error::CallError;
pub use functions::{Functions, Listed, register};
pub use query::Query;
pub use remote::{Called, Execution, declared, reference};
pub use source::Reference;

/// The options of the SQL functions of a context.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// What a query may use, over all of its functions and partitions; by default that of
    /// [`Budget`]. It begins when the query's plan is executed.
    pub budget: Budget,
}
