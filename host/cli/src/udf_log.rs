//! The lines that functions log, on standard error.

use std::io::{self, Write};

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
    /// Prints what the functions of a query have logged since the last time to standard error.
    /// Returns the number of their lines, whatever their level.
    pub(crate) fn print(&self, query: &QueryContext) -> usize {
        let lines = query.take_log();
        self.print_lines(&lines);
        lines.len()
    }

    /// Prints lines to standard error.
    pub(crate) fn print_lines(&self, lines: &[LogLine]) {
        let from = LogLevel::from(self.log);
        let mut stderr = io::stderr().lock();
        for LogLine {
            udf,
            level,
            message,
        } in lines.iter().filter(|line| line.level >= from)
        {
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
