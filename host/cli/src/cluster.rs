//! `whittle scheduler` and `whittle executor`: the servers of a Ballista cluster.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use tokio::runtime::Runtime;
use whittle_ballista::{Components, ExecutorOptions, SchedulerOptions};

use crate::log::Log;
use crate::setup;
use crate::signals;

/// Plan SQL queries for the executors of a cluster.
#[derive(Debug, Args)]
pub(crate) struct Scheduler {
    /// The address to listen on; with port 0 the system chooses a free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50050")]
    listen: SocketAddr,
    /// The host name or IP address under which executors reach the scheduler [default: that of
    /// `--listen`]
    #[arg(long, value_name = "HOST")]
    external_host: Option<String>,
    /// How long an executor may send no heartbeat before it is lost, and its tasks are run again
    /// elsewhere.
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    executor_timeout_seconds: u64,
    #[command(flatten)]
    log: Log,
}

/// Run the tasks of SQL queries for the scheduler of a cluster.
#[derive(Debug, Args)]
pub(crate) struct Executor {
    /// The address of the scheduler.
    #[arg(long, value_name = "HOST:PORT")]
    scheduler: String,
    /// The directory of the registry that the cluster's executors and clients share, or a URL such
    /// as `s3://bucket/prefix`; without it, queries cannot call UDFs.
    #[arg(long, value_name = "PLACE")]
    registry: Option<String>,
    /// The address for clients and other executors; with port 0 the system chooses a free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The port for the scheduler, on the same host; with 0 the system chooses a free port.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    bind_grpc_port: u16,
    /// The host name or IP address under which others reach the executor [default: that of
    /// `--listen`]
    #[arg(long, value_name = "HOST")]
    external_host: Option<String>,
    /// The partitions that are worked on at once [default: one for each core]
    #[arg(long, value_name = "COUNT")]
    vcores: Option<usize>,
    /// The directory for results between the stages of queries [default: a temporary directory]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// The memory limit of all tasks and their functions together, in MiB [default: 70 % of the
    /// machine's memory]
    #[arg(long, value_name = "MIB")]
    memory_mb: Option<u64>,
    /// The time between heartbeats.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    executor_heartbeat_interval_seconds: u64,
    #[command(flatten)]
    log: Log,
}

impl Scheduler {
    pub(crate) fn run(&self) -> Result<()> {
        self.log.begin()?;
        warn_of_others(
            self.listen,
            "run queries and read the files that it reaches",
        );
        let options = SchedulerOptions {
            listen: self.listen,
            external_host: self.external_host.clone(),
            executor_timeout: Duration::from_secs(self.executor_timeout_seconds),
        };
        let runtime = runtime()?;
        let served = runtime.block_on(async {
            let scheduler = whittle_ballista::Scheduler::bind(options).await?;
            announce(&format!("scheduling at {}", scheduler.address()))?;
            tokio::select! {
                served = scheduler.serve() => Ok(served?),
                () = signals::shutdown()? => Ok(()),
            }
        });
        // Queries that run have lost their scheduler.
        runtime.shutdown_background();
        served
    }
}

impl Executor {
    pub(crate) fn run(&self) -> Result<()> {
        self.log.begin()?;
        warn_of_others(self.listen, "read results of queries");
        let store = match &self.registry {
            Some(place) => Some((setup::storage(place)?, place.clone())),
            None => None,
        };
        let components = Components::new(setup::parallel_engine()?, store);
        let defaults = ExecutorOptions::new(&self.scheduler);
        let options = ExecutorOptions {
            listen: self.listen,
            grpc_port: self.bind_grpc_port,
            external_host: self.external_host.clone(),
            vcores: self.vcores.unwrap_or(defaults.vcores),
            work_dir: self.work_dir.clone(),
            memory_bytes: self.memory_mb.map(|mib| mib.saturating_mul(1 << 20)),
            heartbeat: Duration::from_secs(self.executor_heartbeat_interval_seconds),
            ..defaults
        };
        let runtime = runtime()?;
        let ran = runtime.block_on(async {
            let executor = whittle_ballista::Executor::new(options, components).await?;
            announce(&format!(
                "executing for {} at {}",
                self.scheduler,
                executor.address()
            ))?;
            // Ballista ends with the first signal, when the tasks that run have ended.
            tokio::spawn(signals::shutdown()?);
            Ok(executor.run().await?)
        });
        runtime.shutdown_background();
        ran
    }
}

/// Plans of large queries are deeply nested.
const STACK_BYTES: usize = 32 << 20;

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
}

fn announce(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn warn_of_others(listen: SocketAddr, what: &str) {
    if !listen.ip().is_loopback() {
        log::warn!(
            "listening on {listen}, which is not loopback: anyone who can reach it can {what}"
        );
    }
}
