//! Rhai: one call of a script's function for each document, with its fields as arguments.
//!
//! The script is compiled and optimized once; the parameters are constants of its scope. A limit on the
//! operations of a call is active, which is Rhai's limit on time.

use anyhow::{Result, anyhow};
use rhai::{AST, Array, CallFnOptions, Dynamic, Engine, FuncArgs, OptimizationLevel, Scope};
use whittle_peer::{Rows, Unsupported, Work, each};

const OPERATIONS: u64 = 10_000_000;

fn main() -> Result<()> {
    whittle_peer::serve(|rows| {
        let mut script = Script::new(&rows)?;
        let count = rows.count();
        Ok(match rows.work {
            Work::Noop => each(count, move |_| script.call::<bool>("noop", ())),
            Work::Score | Work::ScoreNulls => {
                let prices = rows.numbers("price")?;
                let ratings = rows.numbers("rating")?;
                let popularities = rows.numbers("popularity")?;
                each(count, move |row| {
                    let fields = [prices[row], ratings[row], popularities[row]];
                    let fields = fields.map(|field| field.map_or(Dynamic::UNIT, Dynamic::from));
                    script.call::<f64>("score", fields.to_vec())
                })
            }
            Work::Distance => {
                let titles = rows.strings("title")?;
                each(count, move |row| {
                    script.call::<bool>("distance", (titles[row].clone(),))
                })
            }
            Work::Regex => return Err(Unsupported("Rhai has no regular expressions".into()).into()),
            Work::Json => {
                let objects = rows.strings("data")?;
                each(count, move |row| {
                    script.call::<bool>("json", (objects[row].clone(),))
                })
            }
            Work::BusinessDays => {
                let (starts, ends) = (rows.days("start")?, rows.days("end")?);
                each(count, move |row| {
                    script.call::<i64>("business_days", (starts[row], ends[row]))
                })
            }
        })
    })
}

/// The compiled script with the parameters of a query.
struct Script {
    engine: Engine,
    ast: AST,
    scope: Scope<'static>,
}

impl Script {
    fn new(rows: &Rows) -> Result<Self> {
        let mut engine = Engine::new();
        engine.set_max_operations(OPERATIONS);
        engine.set_optimization_level(OptimizationLevel::Full);
        let ast = engine.compile(include_str!("functions.rhai"))?;
        let mut scope = Scope::new();
        match rows.work {
            Work::Distance => {
                let target = rows.text("target")?.chars().map(Dynamic::from);
                scope.push_constant("target", target.collect::<Array>());
                scope.push_constant("max_distance", rows.integer("max_distance")?);
            }
            Work::Json => {
                let keys = rows
                    .text("path")?
                    .split('.')
                    .skip(1)
                    .map(|key| Dynamic::from(key.to_owned()));
                scope.push_constant("keys", keys.collect::<Array>());
                scope.push_constant("equals", rows.text("equals")?.to_owned());
            }
            _ => {}
        }
        Ok(Self { engine, ast, scope })
    }

    fn call<R: Clone + Send + Sync + 'static>(
        &mut self,
        function: &str,
        arguments: impl FuncArgs,
    ) -> Result<R> {
        // The script has functions alone: nothing is to be evaluated before.
        let options = CallFnOptions::new().eval_ast(false);
        let result = self.engine.call_fn_with_options(
            options,
            &mut self.scope,
            &self.ast,
            function,
            arguments,
        );
        result.map_err(|error| anyhow!("{error}"))
    }
}
