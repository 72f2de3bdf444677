//! What a peer written in Rust needs to be measured: the work, its rows, and the conversation with the runner.
//!
//! A peer is a program that evaluates one function over the rows of a file, as an engine of its kind does
//! it. The runner starts it and writes lines to its standard input; it answers each with a line of JSON:
//!
//! * `{"prepare": "FILE"}`: the work and its rows. Answered by the values of one call over all rows,
//!   `{"values": [...]}`, or by why this peer cannot do the work, `{"unsupported": "REASON"}`.
//! * `{"measure": MILLISECONDS}`: calls with the same rows for so long. Answered by
//!   `{"calls": COUNT, "nanoseconds": TOTAL}`.
//!
//! This module must not know any engine.

mod each;
mod rows;

use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

pub use each::{each, filled};
pub use rows::{Rows, Work};

/// A work that an engine has prepared: bound to its parameters, with the rows in the form that the engine
/// takes them in.
pub trait Call {
    /// Evaluates the function for all rows, and keeps the results in the engine's form.
    ///
    /// # Errors
    ///
    /// Those of the engine and of the function.
    fn call(&mut self) -> Result<()>;

    /// The results of the last call: booleans, numbers, texts, or null.
    fn values(&self) -> Vec<Value>;
}

/// Why a peer does not do a work. The table shows it.
#[derive(Debug)]
pub struct Unsupported(pub String);

impl std::fmt::Display for Unsupported {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Unsupported {}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Request {
    Prepare(std::path::PathBuf),
    Measure(u64),
}

/// Answers the runner until it closes the standard input. `prepare` makes a work ready; it fails with
/// [`Unsupported`] for work that the engine cannot do.
///
/// # Errors
///
/// Where a file is missing, and where the engine or the function fails.
pub fn serve(mut prepare: impl FnMut(Rows) -> Result<Box<dyn Call>>) -> Result<()> {
    let mut prepared = None;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer =
            match serde_json::from_str(&line).with_context(|| format!("the request {line}"))? {
                Request::Prepare(file) => {
                    let rows = Rows::read(&file)?;
                    match prepare(rows) {
                        Ok(mut call) => {
                            call.call()?;
                            let values = call.values();
                            prepared = Some(call);
                            json!({ "values": values })
                        }
                        Err(error) => json!({ "unsupported": error.downcast::<Unsupported>()?.0 }),
                    }
                }
                Request::Measure(milliseconds) => {
                    let call = prepared.as_deref_mut().context("nothing is prepared")?;
                    let (calls, time) = measure(call, Duration::from_millis(milliseconds))?;
                    json!({ "calls": calls, "nanoseconds": time.as_nanos() as u64 })
                }
            };
        let mut output = io::stdout().lock();
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

/// Calls until the time is over. Looks at the clock after bursts of calls that are long enough for it not to
/// count, and never after single short ones.
fn measure(call: &mut dyn Call, time: Duration) -> Result<(u64, Duration)> {
    let (mut calls, mut burst) = (0, 1);
    let start = Instant::now();
    loop {
        let before = start.elapsed();
        for _ in 0..burst {
            call.call()?;
        }
        calls += burst;
        let elapsed = start.elapsed();
        if elapsed >= time {
            return Ok((calls, elapsed));
        }
        if elapsed - before < Duration::from_millis(1) {
            burst *= 2;
        }
    }
}
