//! `whittle scheduler` and `whittle executor` in a build without the feature `cluster`: they say how to
//! get one.

use std::ffi::OsString;

use anyhow::{Error, Result, anyhow};
use clap::Args;

/// A server of a cluster that runs SQL queries (not in this build).
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Server {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<OsString>,
}

pub(crate) type Scheduler = Server;
pub(crate) type Executor = Server;

impl Server {
    #[expect(
        clippy::unused_self,
        reason = "every command is run by a method, and the servers use their flags"
    )]
    pub(crate) fn run(&self) -> Result<()> {
        Err(missing())
    }
}

/// What this build lacks, and how to get it.
pub(crate) fn missing() -> Error {
    anyhow!(
        "this build of the command has no cluster: build it again with \
         `cargo install --path host/cli --features cluster`"
    )
}
