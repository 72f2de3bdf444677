//! The node's log, as structured events: requests, and what UDFs log.
//!
//! | target | what | level |
//! |---|---|---|
//! | `whittle::http` | a request: method, path, status, milliseconds | debug; warn if the node failed |
//! | `whittle::udf` | a line that a UDF logged, with its name | the line's own |
//! | `whittle::node` | what changed: indexes, UDFs; what fails in the background | info; warn |

use std::time::Duration;

use axum::http::{Method, StatusCode};
use whittle_host::{LogLevel, LogLine, one_line};

/// Logs a request that was answered.
pub(crate) fn request(method: &Method, path: &str, status: StatusCode, took: Duration) {
    let (status, path, took_ms) = (status.as_u16(), one_line(path), took.as_millis() as u64);
    if status >= 500 && status != 503 {
        tracing::warn!(target: "whittle::http", %method, path, status, took_ms, "the node failed");
    } else {
        tracing::debug!(target: "whittle::http", %method, path, status, took_ms, "answered");
    }
}

/// Logs that an index, or a version of a UDF, has changed.
pub(crate) fn changed(what: &str, which: &str) {
    let which = one_line(which);
    tracing::info!(target: "whittle::node", which, "{what}");
}

/// Logs what failed without a request that could be told.
pub(crate) fn failing(what: &str, which: &str, reason: &str) {
    tracing::warn!(target: "whittle::node", which, reason, "{what}");
}

/// Logs what UDFs logged: `of` names the indexes that were searched, or what else they ran for.
pub(crate) fn udfs(lines: &[LogLine], of: &str) {
    let of = &*one_line(of);
    macro_rules! event {
        ($level:ident, $line:expr) => {
            tracing::$level!(target: "whittle::udf", udf = &*$line.udf, of, "{}", $line.message)
        };
    }
    for line in lines {
        match line.level {
            LogLevel::Trace => event!(trace, line),
            LogLevel::Debug => event!(debug, line),
            LogLevel::Info => event!(info, line),
            LogLevel::Warn => event!(warn, line),
            LogLevel::Error => event!(error, line),
        }
    }
}
