//! Columns, named arguments, defaults and errors, with the example UDFs of `target/guests`.

use std::path::Path;

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use whittle_datafusion::{Functions, Options, register};
use whittle_host::{Engine, EngineOptions, Registry, RegistryOptions, Storage};

const FILMS: &str = "CREATE TABLE films AS SELECT * FROM (VALUES \
    ('Alien', 1979, 8.5), ('Aliens', 1986, 8.4), (NULL, 2000, NULL), ('The Godfather', 1972, 9.2)) \
    AS films(title, year, rating)";

async fn session() -> Functions {
    let engine = Engine::new(EngineOptions::default()).expect("an engine");
    let storage = Storage::in_memory().expect("a store");
    let registry = Registry::open(engine, storage, RegistryOptions::default()).expect("opens");
    for name in ["string-distance", "custom-score"] {
        let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests/rust");
        let component = std::fs::read(guests.join(name).with_extension("wasm"));
        let component = component.expect("the guests are built: `make guests`");
        registry.register(&component, None).expect("registered");
    }
    let functions = register(&SessionContext::new(), &registry, Options::default());
    run(&functions, FILMS).await;
    functions
}

async fn run(functions: &Functions, sql: &str) -> String {
    let rows = async { functions.sql(sql).await?.collect().await };
    match rows.await {
        Ok(rows) => pretty_format_batches(&rows).expect("a table").to_string(),
        Err(error) => error.strip_backtrace(),
    }
}

#[tokio::test]
async fn field_parameters_take_columns_and_expressions() {
    let functions = session().await;
    for filter in [
        "string_distance(title, 'Alien', 1)",
        "string_distance(lower(title), 'alien', max_distance => 1)",
        "string_distance(target => 'Alien', field => title, max_distance => 1)",
        "CASE WHEN year > 1975 THEN string_distance(title, 'Alien') ELSE false END",
        "string_distance('title', 'Alien', document => named_struct('title', title))",
    ] {
        let sql = format!("SELECT count(*) AS n FROM films WHERE {filter}");
        let rows = run(&functions, &sql).await;
        assert!(rows.contains("| 2 |"), "{filter}: {rows}");
    }
    let folded = run(
        &functions,
        "EXPLAIN SELECT string_distance('Alien', 'Aliens')",
    )
    .await;
    assert!(folded.contains("Boolean(true)"), "{folded}");
}

#[tokio::test]
async fn parameters_between_named_arguments_have_their_defaults() {
    let functions = session().await;
    let sql = "SELECT custom_score(rating_field => rating, price_field => year, \
               popularity_field => year, price_weight => 0, popularity_weight => 0) AS s \
               FROM films ORDER BY year";
    insta::assert_snapshot!(run(&functions, sql).await, @r"
    +------+
    | s    |
    +------+
    | 4.6  |
    | 4.25 |
    | 4.2  |
    | 0.0  |
    +------+
    ");
}

#[tokio::test]
async fn wrong_arguments_are_rejected_before_the_query_runs() {
    let functions = session().await;
    let error = async |call: &str| run(&functions, &format!("SELECT {call} FROM films")).await;
    insta::assert_snapshot!(error("string_distance(title, title)").await, @"External error: function `string_distance`: parameter `target` does not name a field: it takes a constant, and not null");
    insta::assert_snapshot!(error("string_distance(title, 'Alien', year)").await, @"External error: function `string_distance`: parameter `max_distance` (int64) takes a constant, but a column was given");
    let negative = error("string_distance(title, 'Alien', -1)").await;
    assert!(
        negative.contains("-1 is not between 0 and 4294967295"),
        "{negative}"
    );
    let number = error("string_distance(year, 'Alien')").await;
    assert!(
        number.contains("parameter `field` takes a column of kind text, but Int64 was given"),
        "{number}"
    );
    let few = error("string_distance(title)").await;
    assert!(few.contains("missing parameter `target` (text)"), "{few}");
}
