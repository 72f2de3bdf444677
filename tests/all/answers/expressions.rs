//! Expressions in a search and in SQL. `expressions.tsv` has them; one on which SQL departs has its
//! departure, in the words of `docs/QUERIES.md`.

use std::fs;

use serde_json::{Map, Value as Json, json};
use whittle_tests::repository;

use super::{ROWS, Random, Rows, is_same};

/// The fields of the rows: their types and their values.
const FIELDS: [(&str, &str, &[&str]); 8] = [
    ("i", "long", LONGS),
    ("j", "long", LONGS),
    ("x", "double", DOUBLES),
    ("y", "double", DOUBLES),
    ("t", "keyword", TEXTS),
    ("u", "keyword", TEXTS),
    ("b", "boolean", &["null", "true", "false"]),
    ("w", "date", DATES),
];

const LONGS: &[&str] = &[
    "null",
    "0",
    "1",
    "-1",
    "7",
    "-7",
    "1980",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
];

const DOUBLES: &[&str] = &[
    "null", "0.0", "0.1", "-0.5", "1.5", "-1.5", "2.5", "-3.7", "100.0", "1980.0", "1e300",
];

const TEXTS: &[&str] = &[
    "null",
    r#""""#,
    r#""Alien""#,
    r#""alien""#,
    r#""Ünïcode""#,
    r#""  pad ""#,
    r#""a,b,c""#,
    r#""1979""#,
    r#""x""#,
    r#""Star Wars""#,
    r#""%_""#,
];

const DATES: &[&str] = &[
    "null",
    r#""1900-01-01T00:00:00Z""#,
    r#""1969-07-20T20:17:40Z""#,
    r#""1999-12-31T23:59:59.5Z""#,
    r#""2024-02-29T00:00:00Z""#,
];

fn mapping() -> Json {
    let fields = FIELDS.map(|(name, of, _)| (name.to_owned(), json!({"type": of})));
    let mut properties = Map::from_iter(fields);
    properties.insert("id".to_owned(), json!({"type": "long"}));
    json!({"properties": properties})
}

fn rows() -> Vec<Json> {
    let mut random = Random(3);
    let row = |id| {
        let fields = FIELDS.map(|(name, _, values)| {
            let value = serde_json::from_str(random.one(values)).expect("JSON");
            (name.to_owned(), value)
        });
        let mut row = Map::from_iter(fields);
        row.insert("id".to_owned(), json!(id));
        Json::Object(row)
    };
    (0..ROWS).map(row).collect()
}

/// An expression, and the departure of SQL if its answers differ.
struct Case {
    expression: String,
    departure: Option<String>,
}

fn cases() -> Vec<Case> {
    let file = repository().join("tests/all/answers/expressions.tsv");
    let text = fs::read_to_string(file).expect("the expressions");
    let case = |line: &str| {
        let (expression, departure) = match line.split_once('\t') {
            Some((expression, departure)) => (expression, Some(departure.to_owned())),
            None => (line, None),
        };
        Case {
            expression: expression.to_owned(),
            departure,
        }
    };
    text.lines().map(case).collect()
}

/// The most computed fields of a search.
const MOST_FIELDS: usize = 32;

/// What a search answers to each expression: the values of all rows.
fn searched(rows: &Rows, cases: &[Case]) -> Vec<Vec<Json>> {
    let answers = cases.chunks(MOST_FIELDS).flat_map(|cases| {
        let formulas = cases.iter().map(|case| &case.expression);
        let formulas: Vec<Json> = formulas.map(|text| json!({"expression": text})).collect();
        by_column(rows.searched(None, &json!({"match_all": {}}), &formulas))
    });
    answers.collect()
}

/// What SQL answers to some expressions in one statement.
fn selected(rows: &Rows, cases: &[&Case]) -> Result<Vec<Vec<Json>>, String> {
    let expressions: Vec<String> = cases.iter().map(|case| case.expression.clone()).collect();
    rows.selected(None, &expressions).map(by_column)
}

/// The values of each column, of rows that all have as many.
fn by_column(rows: Vec<Vec<Json>>) -> Vec<Vec<Json>> {
    assert_eq!(rows.len(), ROWS);
    let mut columns = vec![Vec::with_capacity(ROWS); rows[0].len()];
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}

/// The first row on which two answers differ: what each has there.
fn difference(searched: &[Json], selected: &[Json]) -> Option<String> {
    let both = searched.iter().zip(selected).enumerate();
    let mut differ = both.filter(|(_, (left, right))| !is_same(left, right));
    let (row, (left, right)) = differ.next()?;
    Some(format!("row {row}: {left} in a search, {right} in SQL"))
}

#[test]
fn a_search_and_sql_agree_on_expressions_apart_from_the_documented_departures() {
    let cases = cases();
    let rows = Rows::new(&mapping(), &rows());
    let searched = searched(&rows, &cases);
    let both = || cases.iter().zip(&searched);
    let mut wrong = Vec::new();

    let (agreeing, answers): (Vec<_>, Vec<_>) =
        both().filter(|(case, _)| case.departure.is_none()).unzip();
    let selected_together = selected(&rows, &agreeing).unwrap_or_else(|error| {
        let fails = |case: &&&Case| selected(&rows, &[case]).is_err();
        let failing = agreeing.iter().find(fails);
        panic!(
            "`{}`: {error}",
            failing.map_or("all together", |case| &case.expression)
        )
    });
    for ((case, searched), selected) in agreeing.iter().zip(answers).zip(&selected_together) {
        if let Some(difference) = difference(searched, selected) {
            wrong.push(format!("`{}`: {difference}", case.expression));
        }
        if searched.iter().all(Json::is_null) {
            wrong.push(format!("`{}` is null in all rows", case.expression));
        }
    }

    let documented =
        fs::read_to_string(repository().join("docs/QUERIES.md")).expect("the document");
    let documented: Vec<&str> = documented.split_whitespace().collect();
    let documented = documented.join(" ");
    for (case, searched) in both() {
        let (Case { expression, .. }, Some(departure)) = (case, &case.departure) else {
            continue;
        };
        let agrees = |selected: &Vec<Vec<Json>>| difference(searched, &selected[0]).is_none();
        if selected(&rows, &[case]).is_ok_and(|selected| agrees(&selected)) {
            wrong.push(format!("`{expression}` does not depart: {departure}"));
        }
        if !documented.contains(departure.as_str()) {
            wrong.push(format!("docs/QUERIES.md does not say: {departure}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
