//! Prints the host's warnings to standard error, such as a cache that cannot be used or an address
//! space that is too small for the usual pool of instances.

use std::io::{self, Write};

use log::{Level, LevelFilter, Log, Metadata, Record};

use whittle_host::one_line;

struct Warnings;

impl Log for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The messages of other libraries mean nothing to a user.
        metadata.level() <= Level::Warn && metadata.target().starts_with("whittle")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let message = one_line(&record.args().to_string());
            // If standard error is closed, nobody can read the warning.
            let _ = writeln!(io::stderr(), "warning: {message}");
        }
    }

    fn flush(&self) {}
}

/// Starts printing warnings.
pub(crate) fn show() {
    // This is the only logger of the process, so setting it cannot fail.
    if log::set_logger(&Warnings).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
}
