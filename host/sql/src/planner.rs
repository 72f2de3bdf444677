//! The query planner of a context with UDFs: it gives each query its own state.
//!
//! A function in DataFusion belongs to the session, and knows neither its query nor its partition.
//! So this planner replaces each call in the optimized plan with a call that belongs to the query,
//! lets the session's planner do its work, and puts a [`UdfExec`] on top.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::{Expr, LogicalPlan, ScalarUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::analyze::AnalyzeExec;

use crate::Options;
use crate::exec::UdfExec;
use crate::function::UdfFunction;
use crate::query::Query;

#[derive(Debug)]
pub(crate) struct UdfPlanner {
    pub(crate) inner: Arc<dyn QueryPlanner + Send + Sync>,
    pub(crate) options: Options,
}

#[async_trait]
impl QueryPlanner for UdfPlanner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let query = Query::new(self.options.budget.clone());
        let own = plan.clone().transform_up_with_subqueries(|node| {
            node.map_expressions(|expression| {
                expression.transform_up(|expression| of_query(expression, &query))
            })
        })?;
        if !own.transformed {
            return self.inner.create_physical_plan(plan, session).await;
        }
        let physical = self.inner.create_physical_plan(&own.data, session).await?;
        let root: &dyn Any = physical.as_ref();
        if !root.is::<AnalyzeExec>() {
            return Ok(Arc::new(UdfExec::new(physical, query)));
        }
        // `EXPLAIN ANALYZE` shows the metrics of the nodes below it.
        let children = physical.children().into_iter().cloned();
        let children = children.map(|child| {
            Arc::new(UdfExec::new(child, Arc::clone(&query))) as Arc<dyn ExecutionPlan>
        });
        let children = children.collect();
        datafusion::physical_plan::replace_children_if_necessary(physical, children)
    }
}

/// Replaces a call of a UDF with one that belongs to the query. Bad arguments fail here, before
/// the query runs.
fn of_query(expression: Expr, query: &Arc<Query>) -> Result<Transformed<Expr>> {
    let Expr::ScalarFunction(mut call) = expression else {
        return Ok(Transformed::no(expression));
    };
    let Some(function) = UdfFunction::of(&call.func) else {
        return Ok(Transformed::no(Expr::ScalarFunction(call)));
    };
    let own = function.for_query(query, &call.args)?;
    call.func = Arc::new(ScalarUDF::new_from_impl(own));
    Ok(Transformed::yes(Expr::ScalarFunction(call)))
}
