//! Random expressions over random documents give what a naive evaluation of them gives, and no
//! text, whatever it is made of, keeps the parser long or makes it panic.
//!
//! `PROPTEST_CASES` runs more of them.

mod evaluate;
mod generate;
mod tree;

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use self::evaluate::evaluate;
use self::tree::{Tree, Type};
use super::index::{Cell, Row, Rows, parse};
use crate::value::Value;

/// So many cases, unless the environment says how many.
fn cases(committed: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => default,
        None => ProptestConfig {
            cases: committed,
            ..default
        },
    }
}

/// Documents, how many of them a segment has, and which are deleted.
fn documents() -> impl Strategy<Value = (Vec<Row>, usize, Vec<usize>)> {
    let deleted = vec(0..16_usize, 0..4);
    (generate::rows(), 1..6_usize, deleted).prop_map(|(rows, a_segment, mut deleted)| {
        deleted.retain(|number| *number < rows.len());
        (rows, a_segment, deleted)
    })
}

/// An expression, and how it is written.
fn written(trees: impl Strategy<Value = Tree>) -> impl Strategy<Value = (Tree, String)> {
    (trees, vec(any::<u8>(), 0..24)).prop_map(|(tree, style)| {
        let text = tree.write(&style);
        (tree, text)
    })
}

/// Zeros are equal, since the sign of a zero is not kept. All other doubles are equal bit for bit,
/// and none is NaN.
fn same(found: &Value, expected: Option<&Cell>) -> bool {
    match (found, expected) {
        (Value::Null, None) => true,
        (Value::Boolean(found), Some(Cell::Boolean(expected))) => found == expected,
        (Value::Long(found), Some(Cell::Long(expected)))
        | (Value::Date(found), Some(Cell::Date(expected))) => found == expected,
        (Value::Double(found), Some(Cell::Double(expected))) => {
            found.to_bits() == expected.to_bits() || (*found == 0.0 && *expected == 0.0)
        }
        (Value::Text(found), Some(Cell::Text(expected))) => found == expected,
        _ => false,
    }
}

/// What a value counts in a score.
#[expect(clippy::cast_precision_loss, reason = "a score is a double")]
fn number(cell: &Cell) -> f64 {
    match cell {
        Cell::Boolean(value) => f64::from(u8::from(*value)),
        Cell::Long(value) => *value as f64,
        Cell::Double(value) => *value,
        other => panic!("{other:?} is not a number"),
    }
}

/// The values that remain of documents, each with its number.
fn remaining<T>(all: Vec<T>, deleted: &[usize]) -> Vec<(usize, T)> {
    let remains = |(number, _): &(usize, T)| !deleted.contains(number);
    all.into_iter().enumerate().filter(remains).collect()
}

/// Checks that a filter keeps the documents for which an expression is true, and no others.
fn check_filter(
    indexed: &Rows,
    rows: &[Row],
    deleted: &[usize],
    (tree, text): &(Tree, String),
) -> Result<(), TestCaseError> {
    let parsed = parse(text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    let kept = indexed.kept(&parsed);
    for (number, kept) in kept.into_iter().enumerate() {
        let holds = evaluate(tree, &rows[number]) == Some(Cell::Boolean(true));
        let expected = holds && !deleted.contains(&number);
        prop_assert_eq!(kept, expected, "filter {} of {:?}", text, rows[number]);
    }
    Ok(())
}

/// Checks the values that an expression has, and the numbers that they are in a score.
fn check_values(
    indexed: &Rows,
    rows: &[Row],
    deleted: &[usize],
    (tree, text): &(Tree, String),
) -> Result<(), TestCaseError> {
    let parsed = parse(text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    for (row, found) in remaining(indexed.scalars(&parsed), deleted) {
        let expected = evaluate(tree, &rows[row]);
        prop_assert!(
            same(&found, expected.as_ref()),
            "{} is {:?}, not {:?}, of {:?}",
            text,
            found,
            expected,
            rows[row]
        );
    }
    if matches!(tree.type_(), Type::Text | Type::Date) {
        return Ok(());
    }
    for (row, found) in remaining(indexed.numbers(&parsed), deleted) {
        let expected = evaluate(tree, &rows[row]).as_ref().map(number);
        prop_assert_eq!(found, expected, "number {} of {:?}", text, rows[row]);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(80))]

    #[test]
    fn expressions_give_what_sql_says(
        (rows, a_segment, deleted) in documents(),
        values in vec(written(generate::values()), 1..8),
        conditions in vec(written(generate::conditions()), 1..4),
    ) {
        let indexed = Rows::without(&rows, a_segment, &deleted);
        for condition in &conditions {
            check_filter(&indexed, &rows, &deleted, condition)?;
        }
        // What is nothing but null is refused, as the errors' tests have it.
        for value in values.iter().filter(|(tree, _)| tree.type_() != Type::Null) {
            if value.0.type_() == Type::Boolean {
                check_filter(&indexed, &rows, &deleted, value)?;
            }
            check_values(&indexed, &rows, &deleted, value)?;
        }
    }
}

/// Words and signs, some of which have forms of their own in SQL, in other dialects or in none.
const TOKENS: &[&str] = &[
    "a",
    "x",
    "p",
    "s",
    "d",
    "seller",
    ".",
    "\"",
    "\"Major Genre\"",
    "1",
    "2.5",
    "1e400",
    "0x1f",
    "'it''s'",
    "'",
    "'%'",
    "''",
    "e'\\n'",
    "N'a'",
    "$1",
    "$$",
    ":a",
    "?",
    "@",
    "null",
    "true",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "+",
    "-",
    "--",
    "/*",
    "*/",
    "*",
    "/",
    "%",
    "^",
    "#",
    "&",
    "|",
    "||",
    "=",
    "==",
    "<>",
    "!=",
    "<",
    ">=",
    "=>",
    "->",
    "->>",
    "::",
    "!",
    "~",
    "and",
    "or",
    "not",
    "is",
    "between",
    "in",
    "like",
    "ilike",
    "escape",
    "similar to",
    "rlike",
    "any",
    "all",
    "some",
    "case",
    "when",
    "then",
    "else",
    "end",
    "cast",
    "as",
    "try_cast",
    "convert",
    "extract",
    "interval",
    "position",
    "overlay",
    "substring",
    "trim",
    "both",
    "from",
    "for",
    "floor",
    "to",
    "ceil",
    "exists",
    "select",
    "array",
    "struct",
    "map",
    "date",
    "timestamp",
    "time zone",
    "at",
    "collate",
    "lambda",
    "coalesce",
    "round",
    "power",
    "least",
    "concat",
    "regexp_like",
    "left",
    "over",
    "filter",
    "within",
    "distinct",
    "row",
    "grouping sets",
    "cube",
    "rollup",
    "prior",
    "match",
    "against",
    "json",
    "uescape",
    "unknown",
    "distinct from",
    "isnull",
    "notnull",
    "\n",
    "\t",
    "é",
    "日",
    "\u{0}",
    "\u{feff}",
    "9223372036854775808",
    "-9223372036854775808",
    "date '2020-01-31'",
    "interval '1 month'",
    "now()",
    "current_date",
    "bigint",
    "replace",
    "date_trunc",
    "year",
];

/// No text takes so long.
const LONG: Duration = Duration::from_millis(100);

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn no_text_takes_long(tokens in vec((select(TOKENS), any::<bool>()), 0..200)) {
        let text: String = tokens
            .iter()
            .flat_map(|(token, blank)| [*token, if *blank { " " } else { "" }])
            .collect();
        let timed = || {
            let started = Instant::now();
            let parsed = parse(&text);
            (started.elapsed(), parsed)
        };
        let (mut took, parsed) = timed();
        // Others may have had the processor: the best of three counts.
        for _ in 0..2 {
            if took >= LONG {
                took = took.min(timed().0);
            }
        }
        prop_assert!(took < LONG, "`{text}` took {took:?}");
        if let Err(error) = parsed {
            prop_assert!(!error.to_string().contains('\n'), "{text}: {error}");
        }
    }
}
