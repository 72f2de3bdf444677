//! `--cluster` in a build without the feature `cluster`: it says how to get one.

use anyhow::Result;
use datafusion::execution::SessionState;
use whittle_host::Budget;

pub(super) async fn connect(_: SessionState, _: &str, _: &Budget) -> Result<SessionState> {
    Err(crate::cluster::missing())
}
