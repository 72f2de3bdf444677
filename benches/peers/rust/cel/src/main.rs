//! The Common Expression Language (crate `cel`): an expression, evaluated once for each document.
//!
//! The expression is compiled once. It reads its variables from the columns. CEL has no JSON: a document's
//! object is parsed here. It has no limits and hardly needs them: an expression without macros has no loop.

use anyhow::{Context as _, Result};
use cel::common::types::{CelDouble, CelInt, CelNull};
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::{Context, Program, Value};
use serde::Serialize;
use whittle_peer::{Call, Rows, Unsupported, Work, each};

fn main() -> Result<()> {
    whittle_peer::serve(|rows| match rows.work {
        Work::Noop => evaluate::<bool>(&rows, "true", []),
        Work::Score => {
            let score = "0.3 * price + 0.5 * rating + 0.2 * popularity";
            evaluate::<f64>(&rows, score, numbers(&rows)?)
        }
        Work::ScoreNulls => {
            let or_zero = |name| format!("({name} == null ? 0.0 : {name})");
            let [price, rating, popularity] = ["price", "rating", "popularity"].map(or_zero);
            let score = format!("0.3 * {price} + 0.5 * {rating} + 0.2 * {popularity}");
            evaluate::<f64>(&rows, &score, numbers(&rows)?)
        }
        Work::Json => {
            let path = rows.text("path")?.replacen('$', "data", 1);
            let equals = serde_json::to_string(rows.text("equals")?)?;
            let columns = [("data", Column::Objects(rows.strings("data")?))];
            evaluate::<bool>(&rows, &format!("{path} == {equals}"), columns)
        }
        Work::BusinessDays => {
            // Mondays to Fridays before a day, counted from a Monday. 1970-01-01 was a Thursday.
            let before = |day| {
                let weekday = format!("({day} + 3) % 7");
                format!("(({day} + 3) / 7 * 5 + ({weekday} < 5 ? {weekday} : 5))")
            };
            let days = format!("{} - {}", before("end"), before("start"));
            let columns = [
                ("start", Column::Integers(rows.days("start")?)),
                ("end", Column::Integers(rows.days("end")?)),
            ];
            evaluate::<i64>(&rows, &days, columns)
        }
        Work::Distance => unsupported("CEL has no loop that carries a state"),
        Work::Regex => unsupported("`matches` of CEL has no groups"),
    })
}

fn unsupported(reason: &str) -> Result<Box<dyn Call>> {
    Err(Unsupported(reason.to_owned()).into())
}

/// A column that is a variable of expressions.
enum Column {
    Numbers(Vec<Option<f64>>),
    Integers(Vec<i64>),
    /// JSON.
    Objects(Vec<String>),
}

fn numbers(rows: &Rows) -> Result<[(&'static str, Column); 3]> {
    let column = |name| anyhow::Ok((name, Column::Numbers(rows.numbers(name)?)));
    Ok([column("price")?, column("rating")?, column("popularity")?])
}

/// The variables of one document.
struct Document<'columns> {
    columns: &'columns [(&'static str, Column)],
    row: usize,
}

impl VariableResolver for Document<'_> {
    fn resolve<'a>(&'a self, name: &str) -> Option<CowVal<'a, 'a>> {
        let (_, column) = self.columns.iter().find(|(column, _)| *column == name)?;
        Some(match column {
            Column::Numbers(numbers) => match numbers[self.row] {
                Some(number) => CowVal::owned(CelDouble::from(number)),
                None => CowVal::owned(CelNull),
            },
            Column::Integers(integers) => CowVal::owned(CelInt::from(integers[self.row])),
            Column::Objects(objects) => {
                let object: serde_json::Value = serde_json::from_str(&objects[self.row]).ok()?;
                CowVal::Owned(cel::to_value(object).ok()?.try_into().ok()?)
            }
        })
    }
}

/// What a result is in the host.
trait Outcome: Serialize + Sized + 'static {
    fn of(value: Value) -> Option<Self>;
}

impl Outcome for bool {
    fn of(value: Value) -> Option<Self> {
        if let Value::Bool(value) = value {
            Some(value)
        } else {
            None
        }
    }
}

impl Outcome for f64 {
    fn of(value: Value) -> Option<Self> {
        if let Value::Float(value) = value {
            Some(value)
        } else {
            None
        }
    }
}

impl Outcome for i64 {
    fn of(value: Value) -> Option<Self> {
        if let Value::Int(value) = value {
            Some(value)
        } else {
            None
        }
    }
}

/// A call of the expression for each row.
fn evaluate<R: Outcome>(
    rows: &Rows,
    expression: &str,
    columns: impl IntoIterator<Item = (&'static str, Column)>,
) -> Result<Box<dyn Call>> {
    let columns: Vec<_> = columns.into_iter().collect();
    let program = Program::compile(expression)?;
    let context = Context::default();
    Ok(each(rows.count(), move |row| {
        let document = Document {
            columns: &columns,
            row,
        };
        let mut context = context.new_inner_scope();
        context.set_variable_resolver(&document);
        let value = program.execute(&context)?;
        R::of(value).context("the result is of another type")
    }))
}
