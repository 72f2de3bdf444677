//! The signals that end a server.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Returns a future that ends with SIGTERM or Ctrl-C. A second signal ends the process at once.
///
/// # Errors
///
/// The system allows no handler.
pub(crate) fn shutdown() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        signalled(&mut terminate, &mut interrupt).await;
        tokio::spawn(async move {
            signalled(&mut terminate, &mut interrupt).await;
            log::warn!("ended at once by a second signal");
            std::process::exit(1);
        });
    })
}

async fn signalled(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
