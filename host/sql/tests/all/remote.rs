//! A plan in another process: declared functions, and calls that have their component.

use datafusion::arrow::array::AsArray;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::{Expr, LogicalPlan, ScalarUDF};
use datafusion::physical_plan::collect;
use datafusion::prelude::SessionContext;
use whittle_datafusion::{Called, Options, Query, Reference, declared, reference, register};
use whittle_host::{Budget, Sha256};

use crate::support::{guest, registry, run, session, told, udf};

/// The plan with another function in the place of each call.
fn with(plan: LogicalPlan, other: &dyn Fn(&Reference) -> ScalarUDF) -> LogicalPlan {
    let other = plan.transform_up_with_subqueries(|node| {
        node.map_expressions(|expression| {
            expression.transform_up(|expression| {
                let Expr::ScalarFunction(mut call) = expression else {
                    return Ok(Transformed::no(expression));
                };
                if let Some(reference) = reference(&call.func) {
                    call.func = std::sync::Arc::new(other(reference));
                }
                Ok(Transformed::yes(Expr::ScalarFunction(call)))
            })
        })
    });
    other.expect("replaced").data
}

#[tokio::test]
async fn a_plan_runs_with_components_that_are_found_by_their_hash() {
    let context = SessionContext::new();
    let functions = register(
        &context,
        &registry(&["string-distance"]),
        Options::default(),
    );
    let sql = "SELECT string_distance(arrow_cast(value, 'Utf8'), '1', 0) AS near FROM range(3)";
    let plan = functions
        .sql(sql)
        .await
        .expect("planned")
        .into_unoptimized_plan();
    let hash = Sha256::of(&guest("rust", "string-distance"));

    // A scheduler: it has no component.
    let elsewhere = with(plan, &|of| {
        assert_eq!(
            (of.component.as_str(), of.sha256),
            ("string-distance", Some(hash))
        );
        declared(of.clone()).expect("declared")
    });
    let other = SessionContext::new();
    let frame = other
        .execute_logical_plan(elsewhere.clone())
        .await
        .expect("planned");
    let error = frame.collect().await.expect_err("no component");
    insta::assert_snapshot!(
        told(&error),
        @"function `string_distance` cannot run here: this process does not have the component `string-distance` 0.1.0"
    );

    // An executor.
    let query = Query::new(Budget::default());
    let component = udf("rust", "string-distance");
    let here = with(elsewhere, &|of| {
        query.call(of.clone(), component.clone()).expect("called")
    });
    let state = other.state();
    let physical = state.create_physical_plan(&here).await.expect("planned");
    let wrapped = query.wrap(physical);
    let batches = collect(wrapped, other.task_ctx()).await.expect("collected");
    let near = batches
        .iter()
        .flat_map(|batch| batch.column(0).as_boolean().iter());
    assert_eq!(
        near.collect::<Vec<_>>(),
        [Some(false), Some(true), Some(false)]
    );
}

#[tokio::test]
async fn a_function_of_the_session_has_a_component_and_no_hash() {
    let (context, functions) = session(&["string-distance"], 1, Options::default());
    assert!(
        run(&functions, "SELECT string_distance('a', 'b')")
            .await
            .contains("true")
    );
    let state = context.state();
    let function = &state.scalar_functions()["string_distance"];
    let called = Called::of(function).expect("ours");
    assert_eq!(called.reference().sha256, None);
    assert_eq!(
        called.component().expect("there").manifest().name,
        "string-distance"
    );
    assert!(called.context().is_none());
    assert!(Called::of(&state.scalar_functions()["lower"]).is_none());
}
