//! `whittle serve`: serves a data directory over HTTP.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use tokio::net::TcpListener;
use whittle_host::{Engine, EngineOptions};
use whittle_server::{Node, NodeOptions, Token, UdfWrites, serve};

use crate::allocator;
use crate::log::Log;
use crate::setup;
use crate::signals;

/// Serve the indexes and UDFs of a data directory over HTTP, compatible with OpenSearch clients.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The data directory; it is created if it does not exist.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The address to listen on; with port 0 the system chooses a free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9200")]
    listen: SocketAddr,
    /// A file with the token that clients need to add, change or remove UDFs [default: on loopback
    /// no token is needed, elsewhere UDFs cannot be changed]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The memory limit of all requests in flight together, besides their functions, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    requests_mb: u64,
    /// The most client connections; at most half of the files that the process may open.
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    connections: usize,
    /// The most indexes.
    #[arg(long, value_name = "COUNT", default_value_t = 2_000)]
    indexes: usize,
    #[command(flatten)]
    log: Log,
    #[command(flatten)]
    run: setup::Run,
}

impl Serve {
    pub(crate) fn run(&self) -> Result<()> {
        allocator::give_back();
        self.log.begin()?;
        let udf_writes = self.udf_writes()?;
        if !self.listen.ip().is_loopback() {
            log::warn!(
                "listening on {}, which is not loopback: anyone who can reach it can read and write \
                 all documents",
                self.listen
            );
        }
        let options = EngineOptions::default();
        let engine = Engine::new(EngineOptions {
            cache: setup::cache_folder(),
            few_rows: self.run.few_rows(options.few_rows),
            ..options
        })?;
        let options = NodeOptions {
            budget: self.run.budget(),
            indexes: self.indexes,
            udf_writes,
            request_bytes: self.requests_mb.saturating_mul(1 << 20),
            connections: self.connections,
            ..NodeOptions::default()
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(options.blocking_threads())
            .build()?;
        let node = Arc::new(Node::open(&self.data, engine, options)?);
        let served = runtime.block_on(self.serve(node));
        // The indexes are closed; work that still runs has lost its client.
        runtime.shutdown_background();
        served
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
        // What was acknowledged is on the disk.
        serve(listener, node, signals::shutdown()?).await?;
        Ok(())
    }
}
