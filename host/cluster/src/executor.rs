//! An executor: runs the tasks of queries.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use tempfile::TempDir;

use crate::address;
use crate::codec::{LogicalCodec, PhysicalCodec};
use crate::components::Components;
use crate::error::StartError;
use crate::scheduler::session_config;
use crate::stage::Tasks;

/// The options of an executor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutorOptions {
    /// The scheduler's address, such as `10.0.0.1:50050`.
    pub scheduler: String,
    /// The address for clients and other executors, which fetch results there; with port 0 the
    /// system chooses a free port. By default a free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// The port for the scheduler, on the same host; with 0, the default, the system chooses one.
    pub grpc_port: u16,
    /// The host name or IP address under which others reach the executor; by default that from which
    /// it connects to the scheduler.
    pub external_host: Option<String>,
    /// The partitions that are worked on at once; by default one for each core.
    pub vcores: usize,
    /// The directory for results between stages, which is created if it does not exist; by default a
    /// temporary one, which is removed at the end.
    pub work_dir: Option<PathBuf>,
    /// The memory limit of all tasks together, in bytes, which is split among `vcores`; by default
    /// 70 % of the machine's memory. It covers what DataFusion tracks, and guest memory.
    pub memory_bytes: Option<u64>,
    /// The time between heartbeats; by default 60 s.
    pub heartbeat: Duration,
}

impl ExecutorOptions {
    /// The default options of an executor of this scheduler.
    pub fn new(scheduler: impl Into<String>) -> Self {
        Self {
            scheduler: scheduler.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            grpc_port: 0,
            external_host: None,
            vcores: std::thread::available_parallelism().map_or(1, usize::from),
            work_dir: None,
            memory_bytes: None,
            heartbeat: Duration::from_secs(60),
        }
    }
}

/// An executor whose scheduler answers.
pub struct Executor {
    config: ExecutorProcessConfig,
    address: SocketAddr,
    /// Removed when the executor ends.
    _temporary: Option<TempDir>,
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Executor")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Executor {
    /// Prepares an executor with the components of a registry's store.
    ///
    /// # Errors
    ///
    /// No scheduler answers, an address is invalid or cannot be listened on, or the directory or the
    /// threads cannot be created.
    pub async fn new(options: ExecutorOptions, components: Components) -> Result<Self, StartError> {
        let ExecutorOptions {
            scheduler,
            listen,
            grpc_port,
            external_host,
            vcores,
            work_dir,
            memory_bytes,
            heartbeat,
        } = options;
        let (scheduler_host, scheduler_port) = address::scheduler(&scheduler).await?;
        let address = address::free(listen)?;
        let grpc = address::free(SocketAddr::new(listen.ip(), grpc_port))?;
        let temporary = match work_dir {
            Some(_) => None,
            None => Some(TempDir::with_prefix("whittle-executor-").map_err(|source| {
                StartError::Directory {
                    path: std::env::temp_dir().display().to_string(),
                    source,
                }
            })?),
        };
        let work_dir = match (&temporary, work_dir) {
            (Some(temporary), _) => temporary.path().to_owned(),
            (None, work_dir) => work_dir.unwrap_or_default(),
        };
        std::fs::create_dir_all(&work_dir).map_err(|source| StartError::Directory {
            path: work_dir.display().to_string(),
            source,
        })?;
        let vcores = vcores.max(1);
        let tasks = Tasks::new(components, vcores);
        let tasks = tasks.map_err(|source| StartError::Threads { source })?;
        let config = ExecutorProcessConfig {
            bind_host: listen.ip().to_string(),
            external_host: external_host.or_else(|| reachable(listen.ip())),
            port: address.port(),
            grpc_port: grpc.port(),
            scheduler_host,
            scheduler_port,
            vcores,
            work_dir: Some(work_dir.display().to_string()),
            memory_pool_size: memory_bytes,
            executor_heartbeat_interval_seconds: heartbeat.as_secs().max(1),
            override_execution_engine: Some(Arc::new(tasks)),
            override_config_producer: Some(Arc::new(session_config)),
            override_logical_codec: Some(Arc::new(LogicalCodec::default())),
            override_physical_codec: Some(Arc::new(PhysicalCodec::default())),
            ..ExecutorProcessConfig::default()
        };
        Ok(Self {
            config,
            address,
            _temporary: temporary,
        })
    }

    /// The address for clients and other executors.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs tasks until SIGTERM or Ctrl-C, and then until those that run have ended.
    ///
    /// # Errors
    ///
    /// The scheduler cannot be reached or refuses the executor.
    pub async fn run(self) -> Result<(), StartError> {
        start_executor_process(Arc::new(self.config))
            .await
            .map_err(|error| StartError::Ballista(error.to_string()))
    }
}

/// The address that others can use, if it is one.
fn reachable(ip: IpAddr) -> Option<String> {
    (!ip.is_unspecified()).then(|| ip.to_string())
}
