//! The clock of the engine: a thread that increments the epoch each millisecond.
//!
//! Guest code compares the epoch at loop back-edges and function entries. When the epoch has
//! advanced, the store checks its query's deadline. The thread ends when the engine is dropped.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::EngineWeak;

const TICK: Duration = Duration::from_millis(1);

pub(crate) struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: EngineWeak) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let tick = move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else {
                    return;
                };
                engine.increment_epoch();
            }
        };
        let thread = std::thread::Builder::new()
            .name("whittle-ticker".to_owned())
            .spawn(tick)?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If the thread has panicked, there is nothing left to end.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_ends_with_its_engine() {
        let engine = wasmtime::Engine::default();
        let weak = engine.weak();
        let ticker = Ticker::start(engine.weak()).expect("a thread");
        drop(engine);
        // Joins the thread: the test would hang if it did not end.
        drop(ticker);
        assert!(
            weak.upgrade().is_none(),
            "the thread has let go of the engine"
        );
    }
}
