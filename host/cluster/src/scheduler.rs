//! A scheduler: plans queries, and gives their tasks to executors.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::extension::SessionConfigExt;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion::prelude::SessionConfig;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;

use crate::codec::{LogicalCodec, PhysicalCodec};
use crate::error::StartError;
use crate::limits::Limits;

/// The options of a scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulerOptions {
    /// The address to listen on; with port 0 the system chooses a free port. By default
    /// 127.0.0.1:50050.
    pub listen: SocketAddr,
    /// The host name or IP address under which executors reach the scheduler; by default that of
    /// `listen`.
    pub external_host: Option<String>,
    /// How long an executor may send no heartbeat before it is lost and its tasks are run again
    /// elsewhere; by default 180 s. At least twice the executors' interval of heartbeats.
    pub executor_timeout: Duration,
}

impl Default for SchedulerOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 50050)),
            external_host: None,
            executor_timeout: Duration::from_secs(180),
        }
    }
}

/// A scheduler that listens.
#[derive(Debug)]
pub struct Scheduler {
    listener: TcpListener,
    address: SocketAddr,
    options: SchedulerOptions,
}

impl Scheduler {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on.
    pub async fn bind(options: SchedulerOptions) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen {
            address: options.listen.to_string(),
            source,
        };
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            options,
        })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves clients and executors until it fails or is dropped.
    ///
    /// # Errors
    ///
    /// Ballista cannot start, or the connection fails.
    pub async fn serve(self) -> Result<(), StartError> {
        let SchedulerOptions {
            listen: _,
            external_host,
            executor_timeout,
        } = self.options;
        let seconds = executor_timeout.as_secs().max(1);
        let config = SchedulerConfig {
            bind_host: self.address.ip().to_string(),
            bind_port: self.address.port(),
            external_host: external_host.unwrap_or_else(|| self.address.ip().to_string()),
            task_distribution: TaskDistributionPolicy::RoundRobin,
            executor_timeout_seconds: seconds,
            expire_dead_executor_interval_seconds: (seconds / 3).clamp(1, 15),
            no_executors_grace_period_seconds: seconds,
            executor_termination_grace_period: 30,
            override_config_producer: Some(Arc::new(session_config)),
            override_logical_codec: Some(Arc::new(LogicalCodec::default())),
            override_physical_codec: Some(Arc::new(PhysicalCodec::default())),
            ..SchedulerConfig::default()
        };
        let cluster = BallistaCluster::new_from_config(&config);
        let cluster = cluster.await.map_err(failed)?;
        let scheduler =
            create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config));
        let scheduler = scheduler.await.map_err(failed)?;
        start_grpc_service_with_listener(self.listener, scheduler)
            .await
            .map_err(failed)
    }
}

/// The configuration of sessions on schedulers and executors.
pub(crate) fn session_config() -> SessionConfig {
    SessionConfig::new_with_ballista().with_option_extension(Limits::default())
}

fn failed(error: ballista_core::error::BallistaError) -> StartError {
    StartError::Ballista(error.to_string())
}
