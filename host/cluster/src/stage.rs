//! The tasks of an executor. A task that calls UDFs gets calls of its own: with the components that
//! its plan names, under the query's budget, which begins and ends with the task. Its plan gets no node
//! of ours: Ballista matches metrics to nodes by their position.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use ballista_core::JobId;
use ballista_core::error::BallistaError;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::serde::protobuf::{
    RuntimeStatsReport, ShuffleWritePartition, TaskColumnStats, WindowStateReport,
};
use ballista_executor::execution_engine::{
    DefaultExecutionEngine, ExecutionEngine, QueryStageExecutor,
};
use datafusion::arrow::error::ArrowError;
use datafusion::common::exec_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;
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
    workers: Workers,
}

/// The threads that run tasks. On Ballista's own, guest code would keep them from learning that a
/// task is cancelled.
struct Workers(Option<Runtime>);

impl Workers {
    fn start(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("whittle-task")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // Unlike dropping the runtime itself, this may happen inside another runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A plan that calls UDFs, and its calls.
type Calling = (Arc<dyn ExecutionPlan>, Arc<Query>);

impl Tasks {
    /// Tasks whose UDFs are these components, on so many threads.
    pub(crate) fn new(components: Components, threads: usize) -> io::Result<Self> {
        let connections = Arc::new(Connections::default());
        Ok(Self {
            ballista: DefaultExecutionEngine::with_client_pool(connections),
            components: Arc::new(components),
            functions: BallistaFunctionRegistry::default(),
            runtime: Arc::default(),
            workers: Workers::start(threads)?,
        })
    }

    /// The plan with calls of its own, if it calls UDFs.
    fn with_calls(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        config: &SessionConfig,
    ) -> Result<Option<Calling>> {
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
        let workers = self.workers.0.as_ref();
        Ok(Arc::new(Task {
            ballista,
            calls,
            name,
            workers: workers.map(|workers| workers.handle().clone()),
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
    /// `None` if the executor has ended.
    workers: Option<Handle>,
}

impl Task {
    /// Runs the task on the workers. If this is dropped, the task ends.
    async fn run(
        &self,
        task: usize,
        context: Arc<TaskContext>,
    ) -> Result<Vec<ShuffleWritePartition>> {
        let Some(workers) = &self.workers else {
            return exec_err!("the executor has ended");
        };
        let ballista = Arc::clone(&self.ballista);
        let mut running = JoinSet::new();
        running.spawn_on(
            async move { ballista.execute_query_stage(task, context).await },
            workers,
        );
        match running.join_next().await {
            Some(Ok(ended)) => ended,
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Some(Err(_)) | None => exec_err!("the executor has ended"),
        }
    }
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
            return self.run(task, context).await.map_err(readable);
        };
        log::debug!("task {} begins: {calls}", self.name);
        let started = Instant::now();
        // Dropped if the task is cancelled too: guest code that still runs is stopped then.
        let running = calls.start(context.memory_pool());
        let ended = self.run(task, context).await;
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
    let root = root(&error);
    let text = if let Some(call) = root.downcast_ref::<CallError>() {
        call.to_string()
    } else if let Some(DataFusionError::ResourcesExhausted(text)) = root.downcast_ref() {
        format!("an executor has too little memory: {text}")
    } else if let Some(
        arrow @ (ArrowError::ArithmeticOverflow(_)
        | ArrowError::CastError(_)
        | ArrowError::ComputeError(_)
        | ArrowError::DivideByZero
        | ArrowError::InvalidArgumentError(_)
        | ArrowError::ParseError(_)),
    ) = root.downcast_ref()
    {
        arrow.to_string()
    } else {
        return error;
    };
    marked(QueryError::Failed(text))
}

/// The cause of all others. Ballista's errors do not name theirs.
fn root<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    loop {
        let cause = match error.downcast_ref() {
            Some(BallistaError::DataFusionError(cause)) => Some(&**cause as &dyn Error),
            Some(BallistaError::ArrowError(cause)) => Some(&**cause as &dyn Error),
            _ => error.source(),
        };
        match cause {
            Some(cause) => error = cause,
            None => return error,
        }
    }
}
