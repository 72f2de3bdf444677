//! QuickJS, embedded by `rquickjs`: one call of a JavaScript function for each document, with its fields as
//! arguments.
//!
//! The function and its parameters are made once. A call enters the context once for all its documents. A
//! limit on memory is active, and one on time: QuickJS asks a handler while it runs, which looks at the clock.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use rquickjs::{CatchResultExt, Context, Function, Object, Persistent, Runtime};
use serde::Serialize;
use whittle_peer::{Call, Rows, Work, filled};

const TIME: Duration = Duration::from_secs(10);
const MEMORY: usize = 64 << 20;

fn main() -> Result<()> {
    whittle_peer::serve(|rows| {
        let script = Script::new(&rows)?;
        let count = rows.count();
        Ok(match rows.work {
            Work::Noop => script.each(count, |function, _| function.call::<_, bool>(())),
            Work::Score | Work::ScoreNulls => {
                let prices = rows.numbers("price")?;
                let ratings = rows.numbers("rating")?;
                let popularities = rows.numbers("popularity")?;
                script.each(count, move |function, row| {
                    function.call::<_, f64>((prices[row], ratings[row], popularities[row]))
                })
            }
            Work::Distance => {
                let titles = rows.strings("title")?;
                script.each(count, move |function, row| {
                    function.call::<_, bool>((titles[row].as_str(),))
                })
            }
            Work::Regex => {
                let titles = rows.strings("title")?;
                script.each(count, move |function, row| {
                    function.call::<_, Option<String>>((titles[row].as_str(),))
                })
            }
            Work::Json => {
                let objects = rows.strings("data")?;
                script.each(count, move |function, row| {
                    function.call::<_, bool>((objects[row].as_str(),))
                })
            }
            Work::BusinessDays => {
                let (starts, ends) = (rows.days("start")?, rows.days("end")?);
                script.each(count, move |function, row| {
                    function.call::<_, i64>((starts[row], ends[row]))
                })
            }
        })
    })
}

/// A function in a context of its own.
struct Script {
    function: Persistent<Function<'static>>,
    context: Context,
    deadline: Rc<Cell<Instant>>,
}

impl Script {
    fn new(rows: &Rows) -> Result<Self> {
        let runtime = Runtime::new()?;
        runtime.set_memory_limit(MEMORY);
        let deadline = Rc::new(Cell::new(Instant::now() + TIME));
        let handler = Rc::clone(&deadline);
        runtime.set_interrupt_handler(Some(Box::new(move || Instant::now() > handler.get())));
        let context = Context::full(&runtime)?;
        let name = match rows.work {
            Work::Noop => "noop",
            Work::Score | Work::ScoreNulls => "score",
            Work::Distance => "distance",
            Work::Regex => "regex",
            Work::Json => "json",
            Work::BusinessDays => "business_days",
        };
        let parameters = serde_json::to_string(&rows.parameters)?;
        let function = context.with(|ctx| -> Result<_> {
            let functions: Object = ctx.eval(include_str!("functions.js"))?;
            let make: Function = functions.get(name)?;
            let function: Function = make.call((ctx.json_parse(parameters)?,))?;
            Ok(Persistent::save(&ctx, function))
        })?;
        Ok(Self {
            function,
            context,
            deadline,
        })
    }

    /// A call of the function for each row.
    fn each<R: Serialize + 'static>(
        self,
        rows: usize,
        mut call: impl for<'js> FnMut(&Function<'js>, usize) -> rquickjs::Result<R> + 'static,
    ) -> Box<dyn Call> {
        filled(move |results| {
            self.deadline.set(Instant::now() + TIME);
            self.context.with(|ctx| {
                let function = self.function.clone().restore(&ctx)?;
                for row in 0..rows {
                    let result = call(&function, row).catch(&ctx);
                    results.push(result.map_err(|error| anyhow!("{error}"))?);
                }
                Ok(())
            })
        })
    }
}
