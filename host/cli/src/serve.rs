//! `whittle serve`: a data folder over HTTP.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use whittle_host::{Engine, EngineOptions};
use whittle_server::{Node, NodeOptions, serve};

use crate::setup;

/// Serve the indexes and UDFs of a folder over HTTP, in the shape that OpenSearch's clients know.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The folder of the data, which is made where there is none.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The address; with port 0 the system chooses one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9200")]
    listen: SocketAddr,
    #[command(flatten)]
    run: setup::Run,
}

impl Serve {
    pub(crate) fn run(&self) -> Result<()> {
        if !self.listen.ip().is_loopback() {
            log::warn!(
                "{} is open to the network, and the node asks nobody who they are",
                self.listen
            );
        }
        let engine = Engine::new(EngineOptions {
            cache: setup::cache_folder(),
            accessor: self.run.accessor(),
            ..EngineOptions::default()
        })?;
        let options = NodeOptions {
            budget: self.run.budget(),
            ..NodeOptions::default()
        };
        let node = Arc::new(Node::open(&self.data, engine, options)?);
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(self.serve(node))
    }

    async fn serve(&self, node: Arc<Node>) -> Result<()> {
        let listener = TcpListener::bind(self.listen).await;
        let listener = listener.with_context(|| self.listen.to_string())?;
        let mut stdout = io::stdout();
        writeln!(
            stdout,
            "serving {} at http://{}",
            self.data.display(),
            listener.local_addr()?
        )?;
        stdout.flush()?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        serve(listener, node, shutdown).await?;
        Ok(())
    }
}
