//! A node's log on standard error: its own messages and those of UDFs.

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The flags of the log.
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// What to log: a level, or a comma-separated list of `TARGET=LEVEL`. The targets are
    /// `whittle::http`, `whittle::udf` and `whittle::node`.
    #[arg(
        long,
        value_name = "FILTER",
        env = "WHITTLE_LOG",
        default_value = "warn,whittle=info"
    )]
    log: String,
    /// The format of a log entry: a line of text or a line of JSON.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    log_format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Log {
    /// Starts logging.
    ///
    /// # Errors
    ///
    /// The filter is invalid.
    pub(crate) fn begin(&self) -> Result<()> {
        let filter = EnvFilter::builder()
            .with_default_directive(LevelFilter::WARN.into())
            .parse(&self.log)
            .with_context(|| format!("`--log {}`", self.log))?;
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            // Else a full disk under the log ends the request that logs: it would print the error.
            .log_internal_errors(false)
            .with_writer(std::io::stderr);
        let begun = match self.log_format {
            Format::Text => log.with_ansi(false).try_init(),
            Format::Json => log.json().flatten_event(true).try_init(),
        };
        begun.map_err(|error| anyhow!(error))
    }
}
