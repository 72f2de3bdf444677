//! Queries with registered UDFs on a Ballista cluster.
//!
//! * [`Scheduler`] plans queries, and needs no components: a plan names each UDF by its version, its
//!   content hash and its signature.
//! * [`Executor`] runs the tasks of a query. It fetches a component from the registry's store by its
//!   hash when a task needs it, verifies it, and compiles it once. So a version that is replaced
//!   during a query does not change the query.
//! * [`connect`] makes the queries of a DataFusion session run on a cluster. Register the session's
//!   UDFs with `whittle_datafusion::register` afterwards.
//!
//! ```no_run
//! use datafusion::prelude::SessionContext;
//! use whittle_ballista::connect;
//! use whittle_datafusion::{Options, register};
//! # use whittle_host::{Engine, EngineOptions, Registry, RegistryOptions, Storage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let engine = Engine::new(EngineOptions::default())?;
//! # let storage = Storage::local("/srv/udfs".as_ref())?;
//! # let registry = Registry::open(engine, storage, RegistryOptions::default())?;
//! let options = Options::default();
//! let state = SessionContext::new().state();
//! let state = connect(state, "10.0.0.1:50050", &options.budget).await?;
//! let context = SessionContext::new_with_state(state);
//! let functions = register(&context, &registry, options);
//! let films = "SELECT title FROM 'films/' WHERE string_distance(title, 'Alien', 2)";
//! functions.sql(films).await?.show().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Each task of a query has the session's budget: the time and the memory of all its UDFs together.
//! Guest memory is charged to the memory pool of the task.
//!
//! # What this crate is not for
//!
//! It knows nothing of Wasmtime or indexes. Tables are files that the scheduler and all executors
//! reach under the same path.

#![doc(test(attr(deny(warnings))))]

mod address;
mod client;
mod codec;
mod components;
mod connections;
mod error;
mod executor;
mod limits;
mod scheduler;
mod stage;
mod wire;

pub use address::SchedulerError;
pub use client::{ConnectError, connect};
pub use components::{ComponentError, Components};
pub use error::StartError;
pub use executor::{Executor, ExecutorOptions};
pub use scheduler::{Scheduler, SchedulerOptions};
