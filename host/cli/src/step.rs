//! One line on standard error that says which step of a command runs and for how long, if somebody
//! watches.
//!
//! As with cargo, the line is there only on a terminal. A slow step leaves its line with the time
//! that it took.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// A step that is done before shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_millis(100);

/// Runs a step, and shows it.
pub(crate) fn shown<T>(name: &str, run: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return run();
    }
    let start = Instant::now();
    let result = thread::scope(|scope| {
        // Dropped when the step ends, also by a panic.
        let (_running, ended) = mpsc::channel::<()>();
        scope.spawn(move || {
            let mut wait = PATIENCE;
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                // The cursor stays at the start of the line, which other output overwrites.
                write(&format!("\x1b[K{}\r", line(name, start.elapsed())));
                wait = INTERVAL;
            }
        });
        run()
    });
    if start.elapsed() >= PATIENCE {
        write(&format!("\x1b[K{}\n", line(name, start.elapsed())));
    }
    result
}

fn line(name: &str, elapsed: Duration) -> String {
    format!("  {name} {:.1} s", elapsed.as_secs_f64())
}

/// If standard error is closed, nobody watches.
fn write(text: &str) {
    let mut stderr = io::stderr();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}
