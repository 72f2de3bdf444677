//! The plan node above a query that calls UDFs. It passes batches on unchanged, ends the UDFs with
//! its streams, and shows in `EXPLAIN ANALYZE` what each call cost.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{Count, Metric, MetricValue, MetricsSet, Time};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, RecordBatchStream,
    SendableRecordBatchStream,
};
use futures_util::Stream;

use crate::query::Query;

#[derive(Debug)]
pub(crate) struct UdfExec {
    input: Arc<dyn ExecutionPlan>,
    query: Arc<Query>,
}

impl UdfExec {
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>, query: Arc<Query>) -> Self {
        Self { input, query }
    }
}

impl DisplayAs for UdfExec {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let costs = self.query.costs();
        let names: Vec<&str> = costs.iter().map(|cost| cost.function.as_str()).collect();
        write!(formatter, "UdfExec: calls=[{}]", names.join(", "))
    }
}

impl ExecutionPlan for UdfExec {
    fn name(&self) -> &'static str {
        "UdfExec"
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
        Ok(Arc::new(Self::new(input, Arc::clone(&self.query))))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let partitions = self.properties().output_partitioning().partition_count();
        self.query.open(partition, context.memory_pool());
        let open = Open {
            query: Arc::clone(&self.query),
            partitions,
            is_complete: false,
        };
        let input = self.input.execute(partition, context)?;
        Ok(Box::pin(UdfStream { input, open }))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        let mut metrics = MetricsSet::new();
        for cost in self.query.costs() {
            let name = |what: &str| Cow::Owned(format!("{}.{what}", cost.function));
            let counts: [(&str, &AtomicUsize); 6] = [
                ("instances", &cost.instances),
                ("batches", &cost.batches),
                ("rows", &cost.rows),
                ("evaluations", &cost.evaluations),
                ("errors", &cost.errors),
                ("memory_bytes", &cost.memory_bytes),
            ];
            for (what, counted) in counts {
                let count = Count::new();
                count.add(counted.load(Ordering::Relaxed));
                let value = MetricValue::Count {
                    name: name(what),
                    count,
                };
                metrics.push(Arc::new(Metric::new(value, None)));
            }
            let time = Time::new();
            time.add_duration(cost.time());
            let value = MetricValue::Time {
                name: name("time"),
                time,
            };
            metrics.push(Arc::new(Metric::new(value, None)));
        }
        Some(metrics)
    }
}

/// An open stream of the query.
struct Open {
    query: Arc<Query>,
    partitions: usize,
    is_complete: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.query.close(self.is_complete, self.partitions);
    }
}

struct UdfStream {
    input: SendableRecordBatchStream,
    open: Open,
}

impl Stream for UdfStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.input.as_mut().poll_next(context);
        self.open.is_complete |= matches!(polled, Poll::Ready(None));
        polled
    }
}

impl RecordBatchStream for UdfStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
