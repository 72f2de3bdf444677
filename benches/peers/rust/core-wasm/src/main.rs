//! Wasmtime with core modules: host functions by `Linker::func_wrap`, and a typed call of the module for each
//! document. Fields are numbers that were resolved once; a text is copied into the module's memory.
//!
//! `peer-core-wasm FILE` runs a module that `peer-core-wasm compile MODULE FILE` has compiled. The time limit
//! is active, by epochs: a thread counts them, and a call of many documents has a second.

mod documents;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use wasmtime::{Config, Engine, Instance, InstancePre, Linker, Module, Store, TypedFunc};
use whittle_peer::{Call, Rows, Work};

use crate::documents::Documents;

/// How long an epoch is, and how many a call may last.
const EPOCH: Duration = Duration::from_millis(10);
const CALL_EPOCHS: u64 = 100;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    match arguments[..] {
        ["compile", module, file] => {
            fs::write(file, engine.precompile_module(&fs::read(module)?)?)?;
            Ok(())
        }
        [file] => {
            // SAFETY: `peer-core-wasm compile` has written the file.
            let module = unsafe { Module::deserialize_file(&engine, Path::new(file)) }?;
            let mut linker = Linker::new(&engine);
            documents::add_to_linker(&mut linker)?;
            let module = linker.instantiate_pre(&module)?;
            count_epochs(&engine);
            whittle_peer::serve(|rows| prepare(&engine, &module, &rows))
        }
        _ => bail!("usage: peer-core-wasm FILE, or peer-core-wasm compile MODULE FILE"),
    }
}

fn count_epochs(engine: &Engine) {
    let weak = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH);
        }
    });
}

/// Instantiates the module, and hands over the request in its memory.
fn prepare(
    engine: &Engine,
    module: &InstancePre<Documents>,
    rows: &Rows,
) -> Result<Box<dyn Call>> {
    let request = json!({"work": rows.work, "parameters": rows.parameters}).to_string();
    let mut store = Store::new(engine, Documents::new(rows)?);
    store.set_epoch_deadline(CALL_EPOCHS);
    let instance = module.instantiate(&mut store)?;
    let memory = instance.get_memory(&mut store, "memory").context("no memory")?;
    store.data_mut().memory = Some(memory);
    instance.get_typed_func::<(), ()>(&mut store, "_initialize")?.call(&mut store, ())?;
    let allocate = instance.get_typed_func::<u32, u32>(&mut store, "allocate")?;
    let address = allocate.call(&mut store, request.len() as u32)?;
    memory.write(&mut store, address as usize, request.as_bytes())?;
    instance.get_typed_func::<(), ()>(&mut store, "prepare")?.call(&mut store, ())?;

    let module = Prepared { store, rows: rows.count() };
    Ok(match rows.work {
        Work::Noop | Work::Distance | Work::Json => {
            let value = |_: &Store<Documents>, matches: i32| Ok(matches != 0);
            Box::new(Evaluation::new(module, &instance, "evaluate_boolean", value)?)
        }
        Work::Score | Work::ScoreNulls => {
            let value = |_: &Store<Documents>, number: f64| Ok(number);
            Box::new(Evaluation::new(module, &instance, "evaluate_number", value)?)
        }
        Work::BusinessDays => {
            let value = |_: &Store<Documents>, integer: i64| Ok(integer);
            Box::new(Evaluation::new(module, &instance, "evaluate_integer", value)?)
        }
        Work::Regex => {
            let value = |store: &Store<Documents>, place: i64| documents::text_at(store, place);
            Box::new(Evaluation::new(module, &instance, "evaluate_text", value)?)
        }
    })
}

struct Prepared {
    store: Store<Documents>,
    rows: usize,
}

/// A typed function of the module, and how its result becomes a value.
struct Evaluation<R, V, F> {
    module: Prepared,
    function: TypedFunc<(), R>,
    value: F,
    results: Vec<V>,
}

impl<R: wasmtime::WasmResults, V, F: Fn(&Store<Documents>, R) -> Result<V>> Evaluation<R, V, F> {
    fn new(mut module: Prepared, instance: &Instance, name: &str, value: F) -> Result<Self> {
        let function = instance.get_typed_func(&mut module.store, name)?;
        let results = Vec::with_capacity(module.rows);
        Ok(Self { module, function, value, results })
    }
}

impl<R, V, F> Call for Evaluation<R, V, F>
where
    R: wasmtime::WasmResults,
    V: Clone + Into<Value>,
    F: Fn(&Store<Documents>, R) -> Result<V>,
{
    fn call(&mut self) -> Result<()> {
        let Prepared { store, rows } = &mut self.module;
        self.results.clear();
        store.set_epoch_deadline(CALL_EPOCHS);
        for row in 0..*rows {
            store.data_mut().row = row;
            let result = self.function.call(&mut *store, ())?;
            self.results.push((self.value)(store, result)?);
        }
        Ok(())
    }

    fn values(&self) -> Vec<Value> {
        self.results.iter().cloned().map(Into::into).collect()
    }
}
