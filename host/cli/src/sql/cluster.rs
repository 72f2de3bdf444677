//! Sessions whose statements run on a cluster.

use anyhow::Result;
use datafusion::execution::SessionState;
use whittle_host::Budget;

/// The state of a session on the cluster of a scheduler. Each task has the budget.
///
/// # Errors
///
/// No scheduler answers.
pub(super) async fn connect(
    state: SessionState,
    scheduler: &str,
    budget: &Budget,
) -> Result<SessionState> {
    Ok(whittle_ballista::connect(state, scheduler, budget).await?)
}
