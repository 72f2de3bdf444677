//! All functions of the example UDFs in every language, and of the probes that read each kind.

use std::path::Path;

use serde_json::{Value as Json, json};
use whittle_host::{Function, Kind};
use whittle_tests::BATCHES;

use super::cases::{Case, cases, mapping, rows};
use super::{ROWS, Rows, is_same};
use crate::languages::{FOR_TESTS, guests};

impl Case {
    fn of(function: &str) -> Option<Self> {
        cases().into_iter().find(|case| case.function == function)
    }

    /// The call in SQL with the source of the row as document; with columns too, if all fields that
    /// parameters name are columns.
    fn calls(&self) -> Vec<String> {
        let params = self.params.as_object().expect("an object");
        let fields = || params.iter().filter(|(name, _)| name.ends_with("field"));
        let call = |field: fn(&str) -> String| {
            let arguments = params.iter().map(|(name, value)| {
                let value = match value {
                    Json::String(text) if name.ends_with("field") => field(text),
                    Json::String(text) => quoted(text),
                    Json::Array(_) | Json::Object(_) => quoted(&value.to_string()),
                    other => other.to_string(),
                };
                format!("{name} => {value}")
            });
            arguments.collect::<Vec<_>>().join(", ")
        };
        let name = self.function;
        let mut calls = vec![format!("{name}({}, document => _source)", call(quoted))];
        if fields().next().is_some() && fields().all(|(_, field)| field != "data") {
            calls.push(format!("{name}({})", call(str::to_owned)));
        }
        calls
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value that SQL or the command prints, in the form in which a search shows it.
fn shown(value: &Json, function: &Function) -> Json {
    match (value, function.returns) {
        (Json::String(text), Kind::Json) => serde_json::from_str(text).expect("JSON"),
        (Json::Number(microseconds), Kind::Timestamp) => {
            let microseconds = microseconds.as_i64().expect("an instant");
            json!(instant(microseconds))
        }
        _ => value.clone(),
    }
}

/// Microseconds since 1970, in the first three months of 2024, as text.
fn instant(microseconds: i64) -> String {
    const NEW_YEAR: i64 = 1_704_067_200;
    let seconds = microseconds.div_euclid(1_000_000) - NEW_YEAR;
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let (month, day) = match day {
        0..31 => (1, day + 1),
        31..60 => (2, day - 30),
        _ => (3, day - 59),
    };
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let (second, microsecond) = (second % 60, microseconds.rem_euclid(1_000_000));
    format!("2024-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microsecond:06}Z")
}

/// As [`is_same`], apart from the last digits of a float, which Rust may compute in another order.
fn is_native(value: &Json, native: &Json) -> bool {
    let is_near = |value: f64, native: f64| (value - native).abs() <= 1e-9 * native.abs().max(1.0);
    match (value.as_f64(), native.as_f64()) {
        (Some(near), Some(native)) if value.is_f64() => is_near(near, native),
        _ => is_same(value, native),
    }
}

/// What is wrong with the values of a guest's functions for the rows, and for none.
fn compare(
    rows: &Rows,
    documents: &[Json],
    path: &Path,
    cases: &[(&Function, Case)],
) -> Vec<String> {
    let formula = |(_, case): &(_, Case)| json!({"wasm_udf": {"function": case.function, "params": case.params}});
    let formulas: Vec<Json> = cases.iter().map(formula).collect();
    let searched = |query: Json| rows.searched(Some(path), &query, &formulas);
    let called = |case: &Case, file| rows.called(path, case.function, &case.params, file);
    assert_eq!(searched(json!({"match_none": {}})), Vec::<Vec<Json>>::new());
    assert_eq!(called(&cases[0].1, "none.json"), Vec::<Json>::new());

    let searched = searched(json!({"match_all": {}}));
    let calls: Vec<Vec<String>> = cases.iter().map(|(_, case)| case.calls()).collect();
    let selected = rows.selected(Some(path), &calls.concat());
    let selected = selected.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!([searched.len(), selected.len()], [ROWS; 2]);
    let mut wrong = Vec::new();
    let mut columns = 0..0;
    for (number, ((function, case), calls)) in cases.iter().zip(&calls).enumerate() {
        columns = columns.end..columns.end + calls.len();
        let called = called(case, "rows.json");
        assert_eq!(called.len(), ROWS);
        for (row, document) in documents.iter().enumerate() {
            let value = &searched[row][number];
            let others = selected[row][columns.clone()].iter().chain([&called[row]]);
            let others: Vec<Json> = others.map(|other| shown(other, function)).collect();
            let native = (case.native)(document);
            if !others.iter().all(|other| is_same(value, other)) || !is_native(value, &native) {
                wrong.push(format!(
                    "{}: {value} in a search, {} in SQL and in the command, {native} in Rust, for \
                     {document}",
                    case.function,
                    json!(others)
                ));
            }
        }
        if searched
            .iter()
            .all(|values| values[number] == searched[0][number])
        {
            wrong.push(format!("{}: one value for all rows", case.function));
        }
    }
    wrong
}

#[test]
fn search_sql_call_and_rust_give_the_same_values_for_all_example_functions() {
    let documents = rows();
    let rows = Rows::new(&mapping(), &documents);
    let mut wrong = Vec::new();
    for guest in guests() {
        let is_example = !FOR_TESTS.contains(&guest.name.as_str());
        if !is_example && guest.name != "probe" {
            continue;
        }
        let udf = guest.udf(BATCHES);
        let mut cases = Vec::new();
        for function in &udf.manifest().functions {
            match Case::of(&function.name) {
                Some(case) => cases.push((function, case)),
                // A probe has other functions too.
                None => assert!(!is_example, "add `{}` to the cases", function.name),
            }
        }
        if !cases.is_empty() {
            let path = guest.path();
            let differences = compare(&rows, &documents, &path, &cases);
            wrong.extend(
                differences
                    .iter()
                    .map(|one| format!("{}: {one}", path.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
