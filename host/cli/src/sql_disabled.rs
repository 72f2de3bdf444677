//! `whittle sql` and `whittle export` in a build without the feature `sql`: they say how to get one.

use std::ffi::OsString;

use anyhow::{Result, bail};
use clap::Args;

/// Query files with SQL, with UDFs as functions (not in this build).
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Sql {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<OsString>,
}

/// Write an index out as Parquet files (not in this build).
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Export {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<OsString>,
}

macro_rules! not_built {
    ($($command:ident),*) => {$(
        impl $command {
            #[expect(
                clippy::unused_self,
                reason = "every command is run by a method, and the one with SQL uses its flags"
            )]
            pub(crate) fn run(&self) -> Result<()> {
                bail!(
                    "this build of the command has no SQL: build it again with \
                     `cargo install --path host/cli --features sql`"
                )
            }
        }
    )*};
}

not_built!(Sql, Export);
