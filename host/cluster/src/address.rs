//! The addresses of servers.

use std::net::{SocketAddr, TcpListener};

use ballista_core::config::BallistaConfig;
use ballista_core::utils::{GrpcClientConfig, create_grpc_client_endpoint};

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

/// Why a scheduler cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchedulerError {
    /// Its address is invalid.
    #[error("`{address}` is not the address of a scheduler: expected `HOST:PORT`")]
    Address {
        /// The address.
        address: String,
    },
    /// It does not answer.
    #[error(
        "no scheduler answers at {address}: start one with `whittle scheduler --listen {address}`"
    )]
    NoAnswer {
        /// Its address.
        address: String,
    },
}

/// The host and the port of a scheduler that answers.
pub(crate) async fn scheduler(address: &str) -> Result<(String, u16), SchedulerError> {
    let parts = host_and_port(address);
    let address = address.to_owned();
    let Some(parts) = parts else {
        return Err(SchedulerError::Address { address });
    };
    let options = GrpcClientConfig::from(&BallistaConfig::default());
    let connected = match create_grpc_client_endpoint(url(&address), Some(&options)) {
        Ok(endpoint) => endpoint.connect().await.is_ok(),
        Err(_) => false,
    };
    match connected {
        true => Ok(parts),
        false => Err(SchedulerError::NoAnswer { address }),
    }
}

/// The URL of a server.
pub(crate) fn url(address: &str) -> String {
    format!("http://{address}")
}

/// The parts of an address such as `example.org:50050` or `[::1]:50050`.
fn host_and_port(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?)).filter(|(host, _)| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        let parts = |address| host_and_port(address).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(
            parts("example.org:50050").as_deref(),
            Some("example.org 50050")
        );
        assert_eq!(parts("[::1]:1").as_deref(), Some("[::1] 1"));
        for wrong in [
            "",
            "example.org",
            ":50050",
            "example.org:",
            "example.org:70000",
        ] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
