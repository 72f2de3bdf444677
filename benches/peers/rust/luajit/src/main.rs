//! LuaJIT, embedded by `mlua`: one call of a Lua function for each document, with its fields as arguments.
//!
//! The function and its parameters are made once. Lua has no JSON: a document's object is parsed here, and
//! given as a table. It has no limits: a hook that counts instructions does not see compiled code.

use anyhow::Result;
use mlua::{Function, Lua, LuaSerdeExt, Table};
use serde_json::Value;
use whittle_peer::{Call, Rows, Work, each};

fn main() -> Result<()> {
    let lua = Lua::new();
    let functions: Table = lua.load(include_str!("functions.lua")).eval()?;
    whittle_peer::serve(|rows| prepare(&lua, &functions, &rows))
}

fn prepare(lua: &Lua, functions: &Table, rows: &Rows) -> Result<Box<dyn Call>> {
    let make: Function = functions.get(match rows.work {
        Work::Noop => "noop",
        Work::Score | Work::ScoreNulls => "score",
        Work::Distance => "distance",
        Work::Regex => "regex",
        Work::Json => "json",
        Work::BusinessDays => "business_days",
    })?;
    let function: Function = make.call(lua.to_value(&rows.parameters)?)?;
    let count = rows.count();
    Ok(match rows.work {
        Work::Noop => each(count, move |_| Ok(function.call::<bool>(())?)),
        Work::Score | Work::ScoreNulls => {
            let prices = rows.numbers("price")?;
            let ratings = rows.numbers("rating")?;
            let popularities = rows.numbers("popularity")?;
            each(count, move |row| {
                Ok(function.call::<f64>((prices[row], ratings[row], popularities[row]))?)
            })
        }
        Work::Distance => {
            let titles = rows.strings("title")?;
            each(count, move |row| {
                Ok(function.call::<bool>(titles[row].as_str())?)
            })
        }
        Work::Regex => {
            let titles = rows.strings("title")?;
            each(count, move |row| {
                Ok(function.call::<Option<String>>(titles[row].as_str())?)
            })
        }
        Work::Json => {
            let objects = rows.strings("data")?;
            let lua = lua.clone();
            each(count, move |row| {
                let object: Value = serde_json::from_str(&objects[row])?;
                Ok(function.call::<bool>(lua.to_value(&object)?)?)
            })
        }
        Work::BusinessDays => {
            let (starts, ends) = (rows.days("start")?, rows.days("end")?);
            each(count, move |row| {
                Ok(function.call::<i64>((starts[row], ends[row]))?)
            })
        }
    })
}
