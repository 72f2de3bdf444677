//! A session whose queries run on a cluster.

mod exec;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ballista_core::config::BALLISTA_CLIENT_PULL;
use ballista_core::extension::{SessionConfigExt, SessionStateExt};
use ballista_core::planner::BallistaQueryPlanner;
use ballista_core::serde::protobuf::CancelJobParams;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::utils::create_grpc_client_endpoint;
use datafusion::catalog::Session;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::protobuf::LogicalPlanNode;
use whittle_datafusion::reference;
use whittle_host::Budget;

use self::exec::ClusterExec;
use crate::address::{self, SchedulerError};
use crate::codec::LogicalCodec;
use crate::limits::Limits;
use crate::wire;

/// Why a session cannot run its queries on a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The scheduler cannot be used.
    #[error(transparent)]
    Scheduler(#[from] SchedulerError),
    /// DataFusion refuses the session.
    #[error(transparent)]
    Session(#[from] DataFusionError),
}

/// Changes a session so that its queries run on the cluster of a scheduler, at `HOST:PORT`. Each
/// task of a query has the budget.
///
/// The session gets Ballista's configuration, planner and functions: register UDFs and tables
/// afterwards. Tables are files that the scheduler and all executors reach under the same path.
///
/// # Errors
///
/// The address is invalid, no scheduler answers, or DataFusion refuses the session.
pub async fn connect(
    state: SessionState,
    scheduler: &str,
    budget: &Budget,
) -> std::result::Result<SessionState, ConnectError> {
    address::scheduler(scheduler).await?;
    let url = address::url(scheduler);
    let config = state.config().clone();
    let config = config
        .with_option_extension(Limits::new(budget))
        .upgrade_for_ballista()
        // Otherwise a client learns the id of its job, and can cancel it, only when a stage has ended.
        .set_bool(BALLISTA_CLIENT_PULL, true);
    let planner = Planner {
        ballista: BallistaQueryPlanner::with_extension(
            url.clone(),
            config.ballista_config(),
            Arc::new(LogicalCodec::default()),
        ),
        scheduler: url.clone(),
    };
    let config = config.with_ballista_query_planner(Arc::new(planner));
    let state = SessionStateBuilder::new_from_existing(state)
        .with_config(config)
        .build();
    Ok(state.upgrade_for_ballista(url)?)
}

/// Plans queries as Ballista does, and watches over them.
struct Planner {
    ballista: BallistaQueryPlanner<LogicalPlanNode>,
    scheduler: String,
}

impl fmt::Debug for Planner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Planner")
            .field("scheduler", &self.scheduler)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        check(plan)?;
        let plan = self.ballista.create_physical_plan(plan, session).await?;
        Ok(ClusterExec::over(plan, &self.scheduler))
    }
}

/// Checks that the executors can get all UDFs of a plan.
fn check(plan: &LogicalPlan) -> Result<()> {
    let visited = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let Expr::ScalarFunction(call) = expression
                    && let Some(udf) = reference(&call.func)
                {
                    wire::write(udf, &mut Vec::new())?;
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    visited.map(drop)
}

/// Asks the scheduler to cancel a job. Nobody waits for it.
fn cancel(scheduler: String, job: String) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    runtime.spawn(async move {
        let Ok(endpoint) = create_grpc_client_endpoint(scheduler, None) else {
            return;
        };
        if let Ok(connection) = endpoint.connect().await {
            let mut scheduler = SchedulerGrpcClient::new(connection);
            let cancelled = scheduler.cancel_job(CancelJobParams { job_id: job }).await;
            if let Err(error) = cancelled {
                log::warn!("cannot cancel a query: {error}");
            }
        }
    });
}
