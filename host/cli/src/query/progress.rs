//! One line on standard error that says how far a long search is, where somebody watches.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A search that is done before shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_millis(100);

pub(super) struct Progress {
    total: usize,
    state: Mutex<State>,
}

struct State {
    done: usize,
    /// When to show it; `None` where nobody watches.
    next: Option<Instant>,
    shown: bool,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        let next = io::stderr()
            .is_terminal()
            .then(|| Instant::now() + PATIENCE);
        Self {
            total,
            state: Mutex::new(State {
                done: 0,
                next,
                shown: false,
            }),
        }
    }

    /// Counts documents that were evaluated, by any worker.
    pub(super) fn show(&self, more: usize) {
        let mut state = self.state();
        state.done += more;
        let now = Instant::now();
        if state.next.is_some_and(|next| now >= next) {
            state.next = Some(now + INTERVAL);
            state.shown = true;
            let done = state.done;
            state.write(&format!("\r\x1b[K{done} of {} documents", self.total));
        }
    }

    pub(super) fn clear(&self) {
        let mut state = self.state();
        if state.shown {
            state.write("\r\x1b[K");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, text: &str) {
        let mut stderr = io::stderr();
        let written = stderr.write_all(text.as_bytes());
        if written.and_then(|()| stderr.flush()).is_err() {
            self.next = None;
        }
    }
}
