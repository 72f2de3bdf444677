//! What the host warns of, on standard error: a cache that cannot be used, a machine that is too
//! small for the usual pool of instances.

use std::io::{self, Write};

use log::{Level, LevelFilter, Log, Metadata, Record};

use whittle_host::one_line;

struct Warnings;

impl Log for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Libraries below the host's have nothing to say to a user.
        metadata.level() <= Level::Warn && metadata.target().starts_with("whittle")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let message = one_line(&record.args().to_string());
            // With standard error closed there is nobody to warn.
            let _ = writeln!(io::stderr(), "warning: {message}");
        }
    }

    fn flush(&self) {}
}

/// Shows warnings from here on.
pub(crate) fn show() {
    // It is the first logger of the process, and the only one.
    if log::set_logger(&Warnings).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
}
