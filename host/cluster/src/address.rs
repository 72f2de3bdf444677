//! Addresses that a server listens on.

use std::net::{SocketAddr, TcpListener};

use crate::error::StartError;

/// The address that a server gets when it listens on `address`: with port 0 the system chooses a
/// free port. Ballista opens the port itself, so it is closed again here.
pub(crate) fn free(address: SocketAddr) -> Result<SocketAddr, StartError> {
    let listening = TcpListener::bind(address).and_then(|listener| listener.local_addr());
    listening.map_err(|source| StartError::Listen {
        address: address.to_string(),
        source,
    })
}
