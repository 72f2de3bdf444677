//! Wasmtime with a time limit by epochs, for the peers that embed it: a thread counts them, and a call of many
//! documents has a second.

use std::time::Duration;

use anyhow::Result;
use wasmtime::{Config, Engine, Error};

/// How long an epoch is, and how many a call may last.
const EPOCH: Duration = Duration::from_millis(10);
pub const CALL_EPOCHS: u64 = 100;

/// An engine whose code looks at the epoch.
///
/// # Errors
///
/// Where Wasmtime does not know the machine.
pub fn engine() -> Result<Engine> {
    Engine::new(Config::new().epoch_interruption(true)).map_err(failed)
}

/// Starts to count epochs, for as long as the engine lives.
pub fn count(engine: &Engine) {
    let weak = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH);
        }
    });
}

/// Wasmtime's errors are types of their own.
pub fn failed(error: Error) -> anyhow::Error {
    anyhow::Error::from_boxed(error.into_boxed_dyn_error())
}
