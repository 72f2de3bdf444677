//! One call of the function for each document.

use anyhow::Result;
use mlua::{FromLua, Function, IntoLuaMulti, Lua, LuaSerdeExt, Table};
use serde_json::Value;
use whittle_peer::{Call, Rows, Work, each};

/// A function of a document, in a state of its own: what LuaJIT compiles depends on what ran before.
struct Script {
    lua: Lua,
    function: Function,
}

pub(crate) fn prepare(rows: &Rows) -> Result<Box<dyn Call>> {
    let script = Script::new(rows)?;
    let count = rows.count();
    Ok(match rows.work {
        Work::Noop => each(count, move |_| script.call::<bool>(())),
        Work::Score | Work::ScoreNulls => {
            let prices = rows.numbers("price")?;
            let ratings = rows.numbers("rating")?;
            let popularities = rows.numbers("popularity")?;
            each(count, move |row| {
                script.call::<f64>((prices[row], ratings[row], popularities[row]))
            })
        }
        Work::Distance => {
            let titles = rows.strings("title")?;
            each(count, move |row| script.call::<bool>(titles[row].as_str()))
        }
        Work::Regex => {
            let titles = rows.strings("title")?;
            each(count, move |row| {
                script.call::<Option<String>>(titles[row].as_str())
            })
        }
        Work::Json => {
            let objects = rows.strings("data")?;
            each(count, move |row| {
                let object: Value = serde_json::from_str(&objects[row])?;
                script.call::<bool>(script.lua.to_value(&object)?)
            })
        }
        Work::BusinessDays => {
            let (starts, ends) = (rows.days("start")?, rows.days("end")?);
            each(count, move |row| {
                script.call::<i64>((starts[row], ends[row]))
            })
        }
    })
}

impl Script {
    fn new(rows: &Rows) -> Result<Self> {
        let lua = Lua::new();
        let functions: Table = lua.load(include_str!("functions.lua")).eval()?;
        let make: Function = functions.get(match rows.work {
            Work::Noop => "noop",
            Work::Score | Work::ScoreNulls => "score",
            Work::Distance => "distance",
            Work::Regex => "regex",
            Work::Json => "json",
            Work::BusinessDays => "business_days",
        })?;
        let function = make.call(lua.to_value(&rows.parameters)?)?;
        Ok(Self { lua, function })
    }

    fn call<R: FromLua>(&self, arguments: impl IntoLuaMulti) -> Result<R> {
        Ok(self.function.call(arguments)?)
    }
}
