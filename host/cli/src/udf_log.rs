//! The lines that functions log, on standard error.

use std::io::{self, Write};

use anyhow::Result;
use clap::{Args, ValueEnum};
use whittle_host::{LogLevel, LogLine, QueryContext};

/// What is printed of the lines that functions log.
#[derive(Debug, Clone, Args)]
pub(crate) struct UdfLog {
    /// The lowest level to print of the lines that functions log.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = Level::Trace)]
    log: Level,
}

impl UdfLog {
    /// Prints what the functions of a query have logged since the last time to standard error,
    /// without what the error quotes with which it ended. Returns the number of all lines.
    pub(crate) fn print<T>(&self, query: &QueryContext, ended: &Result<T>) -> usize {
        let lines = query.take_log();
        let error = ended.as_ref().err();
        let error = error.map_or_else(String::new, |error| format!("{error:#}"));
        self.print_lines(&lines, &error);
        lines.len()
    }

    /// Prints lines to standard error, without errors that `printed` quotes: a panic's message is
    /// both the last line of the guest and in the error of the host.
    pub(crate) fn print_lines(&self, lines: &[LogLine], printed: &str) {
        let from = LogLevel::from(self.log);
        let is_quoted = |line: &LogLine| {
            line.level == LogLevel::Error && printed.contains(&format!("\"{}\"", line.message))
        };
        let mut stderr = io::stderr().lock();
        for line in lines {
            if line.level < from || is_quoted(line) {
                continue;
            }
            let LogLine {
                udf,
                level,
                message,
            } = line;
            // If standard error is closed, nobody can read the log.
            let _ = writeln!(stderr, "[{udf} {level}] {message}");
        }
    }
}

/// `whittle_host::LogLevel` on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}
