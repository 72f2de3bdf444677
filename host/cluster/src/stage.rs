//! The tasks of an executor. A task that calls UDFs gets calls of its own: with the components that
//! its plan names, under the query's budget, which begins and ends with the task. Its plan gets no node
//! of ours: Ballista matches metrics to nodes by their position.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use ballista_core::JobId;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::serde::protobuf::{
    RuntimeStatsReport, ShuffleWritePartition, TaskColumnStats, WindowStateReport,
};
use ballista_executor::execution_engine::{
    DefaultExecutionEngine, ExecutionEngine, QueryStageExecutor,
};
use datafusion::arrow::error::ArrowError;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use whittle_datafusion::{CallError, Query, declared};

use crate::codec::PhysicalCodec;
use crate::components::Components;
use crate::connections::Connections;
use crate::error::{QueryError, marked};
use crate::limits::Limits;

/// Makes tasks of plans.
pub(crate) struct Tasks {
    ballista: DefaultExecutionEngine,
    components: Arc<Components>,
    functions: BallistaFunctionRegistry,
    /// What plans are read with; they run with the task's.
    runtime: Arc<RuntimeEnv>,
}

impl Tasks {
    /// Tasks whose UDFs are these components.
    pub(crate) fn new(components: Components) -> Self {
        let connections = Arc::new(Connections::default());
        Self {
            ballista: DefaultExecutionEngine::with_client_pool(connections),
            components: Arc::new(components),
            functions: BallistaFunctionRegistry::default(),
            runtime: Arc::default(),
        }
    }

    /// The plan with calls of its own, if it calls UDFs.
    fn with_calls(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        config: &SessionConfig,
    ) -> Result<Option<(Arc<dyn ExecutionPlan>, Arc<Query>)>> {
        let calls = Query::new(Limits::budget(config));
        let (components, of_task) = (Arc::clone(&self.components), Arc::clone(&calls));
        let codec = PhysicalCodec::new(move |udf| {
            let Some(sha256) = udf.sha256 else {
                return declared(udf);
            };
            let component = components.get(&udf, sha256);
            let component = component.map_err(|error| marked(error.into()))?;
            of_task.call(udf, component)
        });
        let written = PhysicalPlanNode::try_from_physical_plan(Arc::clone(plan), &codec)?;
        if !codec.wrote_udf() {
            return Ok(None);
        }
        let BallistaFunctionRegistry {
            scalar_functions,
            aggregate_functions,
            window_functions,
            higher_order_functions,
        } = &self.functions;
        let context = TaskContext::new(
            None,
            String::new(),
            config.clone(),
            scalar_functions.clone(),
            higher_order_functions.clone(),
            aggregate_functions.clone(),
            window_functions.clone(),
            Arc::clone(&self.runtime),
        );
        let plan = written.try_into_physical_plan(&context, &codec)?;
        Ok(Some((plan, calls)))
    }
}

impl ExecutionEngine for Tasks {
    fn create_query_stage_exec(
        &self,
        job: JobId,
        stage: usize,
        task: usize,
        partitions: Vec<usize>,
        plan: Arc<dyn ExecutionPlan>,
        work_dir: &str,
        config: &SessionConfig,
    ) -> Result<Arc<dyn QueryStageExecutor>> {
        let own = self.with_calls(&plan, config)?;
        let (plan, calls) = match own {
            Some((plan, calls)) => (plan, Some(calls)),
            None => (plan, None),
        };
        let name = format!("{job}/{stage}/{task}");
        let ballista = self
            .ballista
            .create_query_stage_exec(job, stage, task, partitions, plan, work_dir, config)?;
        Ok(Arc::new(Task {
            ballista,
            calls,
            name,
        }))
    }
}

#[derive(Debug)]
struct Task {
    ballista: Arc<dyn QueryStageExecutor>,
    /// `None` if it calls no UDFs.
    calls: Option<Arc<Query>>,
    /// For the log.
    name: String,
}

impl fmt::Display for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ballista.fmt(formatter)
    }
}

#[async_trait]
impl QueryStageExecutor for Task {
    async fn execute_query_stage(
        &self,
        task: usize,
        context: Arc<TaskContext>,
    ) -> Result<Vec<ShuffleWritePartition>> {
        let Some(calls) = &self.calls else {
            let ended = self.ballista.execute_query_stage(task, context).await;
            return ended.map_err(readable);
        };
        log::debug!("task {} begins: {calls}", self.name);
        let started = Instant::now();
        // Dropped if the task is cancelled too: guest code that still runs is stopped then.
        let running = calls.start(context.memory_pool());
        let ended = self.ballista.execute_query_stage(task, context).await;
        drop(running);
        let how = match &ended {
            Ok(_) => "ends",
            Err(_) => "fails",
        };
        let milliseconds = started.elapsed().as_millis();
        log::debug!("task {} {how} after {milliseconds} ms: {calls}", self.name);
        ended.map_err(readable)
    }

    fn collect_plan_metrics(&self) -> Vec<MetricsSet> {
        self.ballista.collect_plan_metrics()
    }

    fn collect_runtime_stats_reports(&self) -> Vec<RuntimeStatsReport> {
        self.ballista.collect_runtime_stats_reports()
    }

    fn collect_window_state_reports(&self) -> Result<Vec<WindowStateReport>> {
        self.ballista.collect_window_state_reports()
    }

    fn collect_column_stats(&self) -> Vec<TaskColumnStats> {
        self.ballista.collect_column_stats()
    }
}

/// An error of the query itself, of which another try would not be better, in a form in which its text
/// reaches the client.
fn readable(error: DataFusionError) -> DataFusionError {
    let mut cause: Option<&dyn Error> = Some(&error);
    while let Some(next) = cause {
        if next.is::<CallError>() {
            return marked(QueryError::Failed(next.to_string()));
        }
        cause = next.source();
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(text) => marked(QueryError::Failed(format!(
            "an executor has too little memory: {text}"
        ))),
        DataFusionError::ArrowError(arrow, _) => match &**arrow {
            ArrowError::ArithmeticOverflow(_)
            | ArrowError::CastError(_)
            | ArrowError::ComputeError(_)
            | ArrowError::DivideByZero
            | ArrowError::InvalidArgumentError(_)
            | ArrowError::ParseError(_) => marked(QueryError::Failed(arrow.to_string())),
            _ => error,
        },
        _ => error,
    }
}
