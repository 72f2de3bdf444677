//! One call of a function that loops over columns in the host's memory.

use anyhow::Result;
use mlua::{Function, LightUserData, Lua, Table, Variadic};
use serde::Serialize;
use whittle_peer::{Call, Rows, Unsupported, Work, filled};

pub(crate) fn prepare(rows: &Rows) -> Result<Box<dyn Call>> {
    match rows.work {
        Work::Noop => evaluate::<bool>(rows, "noop", Vec::new()),
        Work::Score => {
            let mut columns = Vec::new();
            for name in ["price", "rating", "popularity"] {
                columns.push(Column::Numbers(
                    rows.numbers(name)?.into_iter().flatten().collect(),
                ));
            }
            evaluate::<f64>(rows, "score", columns)
        }
        Work::ScoreNulls => {
            let mut columns = Vec::new();
            for name in ["price", "rating", "popularity"] {
                let column = rows.numbers(name)?;
                let values = column.iter().map(|value| value.unwrap_or_default());
                columns.push(Column::Numbers(values.collect()));
                columns.push(Column::Valid(column.iter().map(Option::is_some).collect()));
            }
            evaluate::<f64>(rows, "score_nulls", columns)
        }
        Work::BusinessDays => {
            let columns = vec![
                Column::Days(rows.days("start")?),
                Column::Days(rows.days("end")?),
            ];
            evaluate::<i64>(rows, "business_days", columns)
        }
        Work::Distance | Work::Regex | Work::Json => {
            Err(Unsupported("columns are for numbers".to_owned()).into())
        }
    }
}

enum Column {
    Numbers(Vec<f64>),
    Valid(Vec<bool>),
    Days(Vec<i64>),
}

impl Column {
    fn address(&self) -> LightUserData {
        match self {
            Self::Numbers(values) => address(values.as_ptr()),
            Self::Valid(values) => address(values.as_ptr()),
            Self::Days(values) => address(values.as_ptr()),
        }
    }
}

fn address<T>(start: *const T) -> LightUserData {
    LightUserData(start.cast_mut().cast())
}

fn evaluate<R: Clone + Default + Serialize + 'static>(
    rows: &Rows,
    name: &str,
    columns: Vec<Column>,
) -> Result<Box<dyn Call>> {
    let count = rows.count();
    // SAFETY: the script has the FFI, and stays within the columns and the results.
    let lua = unsafe { Lua::unsafe_new() };
    let functions: Table = lua.load(include_str!("columns.lua")).eval()?;
    let function: Function = functions.get(name)?;
    Ok(filled(move |results: &mut Vec<R>| {
        // The function is valid as long as its state, which this keeps.
        let _: &Lua = &lua;
        results.resize(count, R::default());
        let mut addresses = Variadic::from_iter([address(results.as_mut_ptr())]);
        addresses.extend(columns.iter().map(Column::address));
        Ok(function.call::<()>((count, addresses))?)
    }))
}
