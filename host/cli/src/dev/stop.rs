//! Ending on Ctrl-C, and on the signals of a terminal that closes and of a service manager.

use std::future::poll_fn;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

/// How long the watcher may take to end by itself, such as while a function is evaluated.
const PATIENCE: Duration = Duration::from_secs(1);

/// The exit code of a command that Ctrl-C has ended, in shells.
const INTERRUPTED: i32 = 130;

/// Whether somebody has asked the command to end.
#[derive(Clone, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Waits for the signals in a thread of its own.
    pub(super) fn on_signals() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let stop = Self::default();
        let asked = stop.clone();
        let mut signals = {
            let _runtime = runtime.enter();
            [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ]
        };
        thread::spawn(move || {
            runtime.block_on(poll_fn(|context| {
                let mut received = signals.iter_mut().map(|signal| signal.poll_recv(context));
                match received.any(|received| received.is_ready()) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            }));
            asked.0.store(true, Ordering::Relaxed);
            thread::sleep(PATIENCE);
            process::exit(INTERRUPTED);
        });
        Ok(stop)
    }

    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
