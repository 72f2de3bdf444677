//! What goes with the last clone of an index, and what is done without being asked.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::IndexError;
use super::inner::{Inner, lock};

/// What is gone with the last clone.
pub(super) struct Handle {
    pub(super) inner: Arc<Inner>,
    /// Refreshes where nobody asked to.
    refresher: Mutex<Option<JoinHandle<()>>>,
}

impl Handle {
    pub(super) fn new(inner: Inner) -> Self {
        let inner = Arc::new(inner);
        inner.options.resources.join(&inner);
        Self {
            inner,
            refresher: Mutex::new(None),
        }
    }

    /// Begins a refresh in the background where much was written since the last.
    pub(super) fn refresh_where_much_is_pending(&self) {
        let inner = &self.inner;
        if inner.lock().pending.bytes < inner.options.log_bytes
            || inner.refreshing.swap(true, Ordering::AcqRel)
        {
            return;
        }
        let refreshed = Arc::clone(inner);
        let refresher = thread::Builder::new()
            .name("whittle-refresh".to_owned())
            .spawn(move || {
                // If it fails, it is tried again, until a write reports it: see `make_room`.
                let _ = refreshed.refresh();
                refreshed.refreshing.store(false, Ordering::Release);
            });
        match refresher {
            Ok(refresher) => *lock(&self.refresher) = Some(refresher),
            Err(_) => inner.refreshing.store(false, Ordering::Release),
        }
    }

    /// Takes no more writes, has tantivy take in what is pending, and lets go of its files.
    ///
    /// # Errors
    ///
    /// Where the system refuses; the log has what is pending.
    pub(super) fn finish(&self) -> Result<(), IndexError> {
        self.take_no_more();
        let mut segments = lock(&self.inner.segments);
        let Some(open) = segments.as_mut() else {
            return Ok(());
        };
        let taken_in = self.inner.take_in(open);
        open.close();
        *segments = None;
        if let Some(disk) = self.inner.disk.as_ref().filter(|_| taken_in.is_ok()) {
            // Without it, the next writes have another term, and nothing is lost.
            let _ = lock(&self.inner.deciding).close(&disk.folder);
        }
        taken_in
    }

    /// Takes no more writes, and lets go of its files at once: nothing is written any more when
    /// this returns, not even what was acknowledged.
    pub(super) fn discard(&self) {
        self.inner.gate.shut();
        self.take_no_more();
        if let Some(disk) = &self.inner.disk {
            disk.log.close();
        }
        if let Some(mut segments) = lock(&self.inner.segments).take() {
            segments.discard();
        }
    }

    fn take_no_more(&self) {
        {
            // Nobody is deciding, nor will.
            let _deciding = lock(&self.inner.deciding);
            self.inner.lock().closed = true;
        }
        if let Some(refresher) = lock(&self.refresher).take() {
            // What it failed at is tried again.
            let _ = refresher.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // The log keeps what cannot be brought into segments now.
        let _ = self.finish();
    }
}
