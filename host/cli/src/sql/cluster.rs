//! Sessions whose statements run on a cluster.

use anyhow::Result;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;
use whittle_datafusion::{Functions, Options, register};
use whittle_host::{Budget, Registry, RegistryOptions, Storage};

use crate::setup;

/// A session on the cluster of a scheduler, with the functions of a registry.
///
/// # Errors
///
/// No scheduler answers, or the registry cannot be opened.
pub(super) async fn connect(
    state: SessionState,
    scheduler: &str,
    registry: Option<&str>,
    budget: Budget,
) -> Result<(SessionContext, Functions)> {
    let engine = setup::parallel_engine()?;
    let registry = match registry {
        Some(place) => setup::registry(engine, place)?,
        None => Registry::open(engine, Storage::in_memory()?, RegistryOptions::default())?,
    };
    let state = whittle_ballista::connect(state, scheduler, &budget).await?;
    let context = SessionContext::new_with_state(state);
    let functions = register(&context, &registry, Options { budget });
    Ok((context, functions))
}
