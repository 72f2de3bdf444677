//! A node's log, on standard error: what it tells of itself, and what UDFs log.

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// What is logged, and how.
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// What is logged: a level, or `TARGET=LEVEL` with commas between; targets are `whittle::http`,
    /// `whittle::udf` and `whittle::node`.
    #[arg(
        long,
        value_name = "FILTER",
        env = "WHITTLE_LOG",
        default_value = "warn,whittle=info"
    )]
    log: String,
    /// How: a line of text, or a JSON object a line.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    log_format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Log {
    /// Logs from here on.
    ///
    /// # Errors
    ///
    /// A filter that is none.
    pub(crate) fn begin(&self) -> Result<()> {
        let filter = EnvFilter::builder()
            .with_default_directive(LevelFilter::WARN.into())
            .parse(&self.log)
            .with_context(|| format!("`--log {}`", self.log))?;
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr);
        let begun = match self.log_format {
            Format::Text => log.with_ansi(false).try_init(),
            Format::Json => log.json().flatten_event(true).try_init(),
        };
        begun.map_err(|error| anyhow!(error))
    }
}
