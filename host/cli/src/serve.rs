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
use whittle_server::{Node, NodeOptions, Token, UdfWrites, serve};

use crate::log::Log;
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
    /// The file with the token that changes of UDFs take [default: on loopback none is asked for,
    /// elsewhere no changes are taken]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    log: Log,
    #[command(flatten)]
    run: setup::Run,
}

impl Serve {
    pub(crate) fn run(&self) -> Result<()> {
        self.log.begin()?;
        let udf_writes = self.udf_writes()?;
        if !self.listen.ip().is_loopback() {
            log::warn!(
                "{} is open to the network, and whoever reaches it may search and write documents",
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
            udf_writes,
            ..NodeOptions::default()
        };
        let node = Arc::new(Node::open(&self.data, engine, options)?);
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(self.serve(node))
    }

    fn udf_writes(&self) -> Result<UdfWrites> {
        let Some(path) = &self.token_file else {
            return Ok(match self.listen.ip().is_loopback() {
                true => UdfWrites::Anyone,
                false => UdfWrites::Nobody,
            });
        };
        let token = String::from_utf8_lossy(&setup::read(path)?).trim().parse();
        let token: Token = token.with_context(|| path.display().to_string())?;
        Ok(UdfWrites::Token(token))
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
