//! The query planner of a context with UDFs: it gives each query its own state.
//!
//! A function in DataFusion belongs to the session, and knows neither its query nor its partition.
//! So this planner replaces each call in the optimized plan with a call that belongs to the query,
//! lets the session's planner do its work, and puts a [`UdfExec`] on top.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, LogicalPlan, PlanType, ScalarUDF, ToStringifiedPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::analyze::AnalyzeExec;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;

use crate::Options;
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
        let query = match query_of(plan)? {
            Some(query) => query,
            None => Query::new(self.options.budget.clone()),
        };
        query.check()?;
        let own = replace_calls(plan.clone(), |function, arguments, schema| {
            let checked = function.check(arguments, schema, &query);
            let called = checked.and_then(|()| function.called_in(&query));
            called.map_err(|error| function.placed(error))
        })?;
        if !own.transformed {
            return self.inner.create_physical_plan(plan, session).await;
        }
        let physical = self.inner.create_physical_plan(&own.data, session).await?;
        let root: &dyn Any = physical.as_ref();
        if !root.is::<AnalyzeExec>() {
            return Ok(query.wrap(in_one(physical)));
        }
        // `EXPLAIN ANALYZE` shows the metrics of the nodes below it.
        let children = physical.children().into_iter().cloned();
        let children = children.map(|child| query.wrap(in_one(child))).collect();
        datafusion::physical_plan::replace_children_if_necessary(physical, children)
    }
}

/// A plan with one partition. Its caller drops the one stream when it wants no more rows, while
/// the partitions run in other tasks: guest code in them would keep their streams from being dropped.
fn in_one(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    match plan.properties().output_partitioning().partition_count() {
        0 | 1 => plan,
        _ => Arc::new(CoalescePartitionsExec::new(plan)),
    }
}

/// Makes the calls in a logical plan belong to a query.
pub(crate) fn plan_in(plan: LogicalPlan, query: &Arc<Query>) -> Result<LogicalPlan> {
    let planned = replace_calls(plan, |function, _, _| Ok(function.planned_in(query)))?;
    let mut plan = planned.data;
    if let LogicalPlan::Explain(explain) = &mut plan {
        // Made with the names that functions have while a statement is planned.
        let initial = explain.plan.to_stringified(PlanType::InitialLogicalPlan);
        explain.stringified_plans = vec![initial];
    }
    Ok(plan)
}

/// Makes the calls in a logical plan those of any query that uses it.
pub(crate) fn plan_for_later(plan: LogicalPlan) -> Result<LogicalPlan> {
    let planned = replace_calls(plan, |function, _, _| Ok(function.without_site()))?;
    Ok(planned.data)
}

/// Gives columns the names that they have once the functions have their own. A node refers to a column of
/// another by the text of its expression, and for some, such as the order of a window, DataFusion
/// takes the names of functions at the time.
pub(crate) fn with_own_columns(plan: LogicalPlan, placed: &[UdfFunction]) -> Result<LogicalPlan> {
    if placed.is_empty() {
        return Ok(plan);
    }
    let own = |name: &str| {
        placed
            .iter()
            .find_map(|function| function.column_named(name))
    };
    let renamed = plan.transform_up_with_subqueries(|node| {
        node.map_expressions(|expression| {
            expression.transform_up(|expression| {
                let Expr::Column(mut column) = expression else {
                    return Ok(Transformed::no(expression));
                };
                let mut is_renamed = false;
                while let Some(name) = own(&column.name) {
                    column.name = name;
                    is_renamed = true;
                }
                Ok(Transformed::new_transformed(
                    Expr::Column(column),
                    is_renamed,
                ))
            })
        })
    })?;
    if !renamed.transformed {
        return Ok(renamed.data);
    }
    let recomputed = renamed
        .data
        .transform_up_with_subqueries(|node| node.recompute_schema().map(Transformed::yes))?;
    Ok(recomputed.data)
}

/// The query to which a plan's calls belong.
fn query_of(plan: &LogicalPlan) -> Result<Option<Arc<Query>>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                let Expr::ScalarFunction(call) = expression else {
                    return Ok(TreeNodeRecursion::Continue);
                };
                found = UdfFunction::of(&call.func).and_then(|of| of.query().cloned());
                Ok(match found {
                    Some(_) => TreeNodeRecursion::Stop,
                    None => TreeNodeRecursion::Continue,
                })
            })
        })
    })?;
    Ok(found)
}

/// Replaces the function of each call of a UDF, given its arguments and their schema.
fn replace_calls(
    plan: LogicalPlan,
    mut other: impl FnMut(&UdfFunction, &[Expr], &DFSchema) -> Result<UdfFunction>,
) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up_with_subqueries(|node| {
        let schema = input_schema(&node)?;
        node.map_expressions(|expression| {
            expression.transform_up(|expression| {
                let Expr::ScalarFunction(mut call) = expression else {
                    return Ok(Transformed::no(expression));
                };
                let Some(function) = UdfFunction::of(&call.func) else {
                    return Ok(Transformed::no(Expr::ScalarFunction(call)));
                };
                let function = other(function, &call.args, &schema)?;
                call.func = Arc::new(ScalarUDF::new_from_impl(function));
                Ok(Transformed::yes(Expr::ScalarFunction(call)))
            })
        })
    })
}

/// The columns that the expressions of a node can name.
fn input_schema(node: &LogicalPlan) -> Result<DFSchema> {
    let mut schema = merge_schema(&node.inputs());
    if let LogicalPlan::TableScan(scan) = node {
        let table = scan.source.schema();
        let table = DFSchema::try_from_qualified_schema(scan.table_name.clone(), &table)?;
        schema.merge(&table);
    }
    Ok(schema)
}
