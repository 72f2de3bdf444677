//! The plan node above a query that runs on a cluster. It passes batches on unchanged, cancels the
//! query if its stream is dropped, and gives errors their plain reason.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ballista_core::execution_plans::DistributedQueryExec;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, RecordBatchStream,
    SendableRecordBatchStream,
};
use datafusion_proto::protobuf::LogicalPlanNode;
use futures_util::Stream;

use super::cancel;
use crate::error::plain;

#[derive(Debug)]
pub(super) struct ClusterExec {
    input: Arc<dyn ExecutionPlan>,
    scheduler: String,
}

impl ClusterExec {
    /// Over a plan of Ballista's; a plan that runs in the session itself stays as it is.
    pub(super) fn over(input: Arc<dyn ExecutionPlan>, scheduler: &str) -> Arc<dyn ExecutionPlan> {
        let scheduler = scheduler.to_owned();
        match query(&input) {
            Some(_) => Arc::new(Self { input, scheduler }),
            None => input,
        }
    }
}

/// Ballista's node for a query, at the top or below `EXPLAIN ANALYZE`.
fn query(plan: &Arc<dyn ExecutionPlan>) -> Option<&DistributedQueryExec<LogicalPlanNode>> {
    plan.downcast_ref()
        .or_else(|| plan.children().first()?.downcast_ref())
}

impl DisplayAs for ClusterExec {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ClusterExec: scheduler={}", self.scheduler)
    }
}

impl ExecutionPlan for ClusterExec {
    fn name(&self) -> &'static str {
        "ClusterExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.pop().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(Self {
            input,
            scheduler: self.scheduler.clone(),
        }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context).map_err(reason)?;
        Ok(Box::pin(Rows {
            input,
            plan: Arc::clone(&self.input),
            scheduler: self.scheduler.clone(),
            ended: false,
        }))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.input.metrics()
    }
}

/// The rows of a query.
struct Rows {
    input: SendableRecordBatchStream,
    plan: Arc<dyn ExecutionPlan>,
    scheduler: String,
    ended: bool,
}

impl Stream for Rows {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.input.as_mut().poll_next(context);
        next.map(|next| match next {
            Some(Ok(batch)) => Some(Ok(batch)),
            Some(Err(error)) => {
                self.ended = true;
                Some(Err(reason(error)))
            }
            None => {
                self.ended = true;
                None
            }
        })
    }
}

impl RecordBatchStream for Rows {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if let Some(job) = query(&self.plan).and_then(DistributedQueryExec::job_id) {
            cancel(self.scheduler.clone(), job.to_string());
        }
    }
}

/// The reason for an error, without the texts around it.
fn reason(error: DataFusionError) -> DataFusionError {
    match plain(&error.to_string()) {
        Some(reason) => DataFusionError::Execution(reason),
        None => error,
    }
}
