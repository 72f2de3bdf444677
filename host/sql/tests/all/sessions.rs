//! Functions of a session, statements that are parsed already, and their logs.

use datafusion::sql::parser::{DFParser, Statement};
use whittle_datafusion::Options;
use whittle_host::{Budget, QueryContext};

use crate::support::{registry, rows, run, session, told, udf};

fn parsed(sql: &str) -> Statement {
    let mut statements = DFParser::parse_sql(sql).expect("parsed");
    statements.pop_front().expect("a statement")
}

#[tokio::test]
async fn functions_of_the_session_come_before_those_of_registries() {
    let (_, functions) = session(&[], 1, Options::default());
    functions.add_registry(&registry(&["string-distance", "custom-score"]));
    let names = |functions: &whittle_datafusion::Functions| {
        let listed = functions.list().into_iter();
        let listed = listed.map(|of| {
            let place = if of.is_of_session {
                "session"
            } else {
                "registry"
            };
            format!(
                "{} of {} {}: {place}",
                of.function.name, of.component, of.version
            )
        });
        listed.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(names(&functions), @r"
    custom_score of custom-score 0.1.0: registry
    string_distance of string-distance 0.1.0: registry
    ");
    let other = udf("rust", "column-score");
    functions
        .create("custom_score", &other, false)
        .expect("created");
    insta::assert_snapshot!(names(&functions), @r"
    custom_score of column-score 0.1.0: session
    string_distance of string-distance 0.1.0: registry
    ");
    let again = functions.create("custom_score", &other, false);
    insta::assert_snapshot!(
        told(&again.expect_err("exists")),
        @"function `custom_score` exists already: use `CREATE OR REPLACE FUNCTION`"
    );
    let reserved = functions.create("custom_scor", &other, false);
    insta::assert_snapshot!(
        told(&reserved.expect_err("unknown")),
        @"unknown function `custom_scor`: did you mean `custom_score`?"
    );
    assert!(
        rows(&functions, "SELECT custom_score(document => '{}')")
            .await
            .is_ok()
    );
    rows(&functions, "DROP FUNCTION custom_score")
        .await
        .expect("dropped");
    assert!(names(&functions).contains("custom-score 0.1.0: registry"));
    assert!(
        rows(&functions, "SELECT custom_score(document => '{}')")
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_replaced_function_is_used_at_once() {
    let (_, functions) = session(&["string-distance"], 1, Options::default());
    let sql = "SELECT string_distance('a', 'b', 0)";
    assert!(run(&functions, sql).await.contains("false"));
    for language in ["c", "rust"] {
        let other = udf(language, "string-distance");
        functions
            .create("string_distance", &other, true)
            .expect("replaced");
        assert!(run(&functions, sql).await.contains("false"), "{language}");
    }
}

#[tokio::test]
async fn a_statement_has_its_log_and_its_usage() {
    let (_, functions) = session(&["probe"], 1, Options::default());
    let context = QueryContext::new(Budget::default());
    let statement = parsed("SELECT log_lines(2, 10) FROM range(3)");
    let frame = functions
        .plan_in(statement, &context)
        .await
        .expect("planned");
    frame.collect().await.expect("selected");
    let log = context.take_log();
    assert!(log.len() >= 4, "{log:?}");
    assert_eq!(&*log[0].udf, "whittle-probe");
    assert!(context.usage().memory_peak_bytes > 0);
}

#[tokio::test]
async fn views_run_in_the_context_of_the_statement_that_reads_them() {
    let (_, functions) = session(&["probe"], 1, Options::default());
    let view = "CREATE VIEW logged AS SELECT log_lines(1, 10) AS value FROM range(3)";
    rows(&functions, view).await.expect("created");
    for _ in 0..2 {
        let context = QueryContext::new(Budget::default());
        let statement = parsed("SELECT count(value) FROM logged WHERE value");
        let frame = functions
            .plan_in(statement, &context)
            .await
            .expect("planned");
        frame.collect().await.expect("selected");
        assert!(!context.take_log().is_empty());
    }
}

#[tokio::test]
async fn errors_have_the_position_of_their_call() {
    let (_, functions) = session(&["string-distance"], 1, Options::default());
    let context = QueryContext::new(Budget::default());
    let statement = parsed("SELECT 1,\n  string_distans('a', 'b')");
    let error = functions
        .plan_in(statement, &context)
        .await
        .expect_err("unknown");
    let span = error
        .diagnostic()
        .and_then(|of| of.span)
        .expect("a position");
    assert_eq!((span.start.line, span.start.column), (2, 3));
}
