//! `--cluster` in a build without the feature `cluster`: it says how to get one.

use anyhow::{Result, bail};
use datafusion::execution::SessionState;
use whittle_host::Budget;

pub(super) async fn connect(_: SessionState, _: &str, _: &Budget) -> Result<SessionState> {
    bail!(
        "this build of the command has no cluster: build it again with \
         `cargo install --path host/cli --features cluster`"
    )
}
