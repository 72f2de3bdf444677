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
use serde::Serialize;
use serde_json::json;
use wasmtime::{Config, Engine, Instance, InstancePre, Linker, Module, Store, WasmResults};
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
            // Fields by their names, which this peer does not use.
            linker.define_unknown_imports_as_traps(&module)?;
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
fn prepare(engine: &Engine, module: &InstancePre<Documents>, rows: &Rows) -> Result<Box<dyn Call>> {
    let request = json!({
        "access": "handle", "work": rows.work, "parameters": rows.parameters,
    });
    let request = request.to_string();
    let length = request.len() as u32;
    let mut store = Store::new(engine, Documents::new(rows)?);
    store.set_epoch_deadline(CALL_EPOCHS);
    let instance = module.instantiate(&mut store)?;
    let memory = instance
        .get_memory(&mut store, "memory")
        .context("no memory")?;
    store.data_mut().memory = Some(memory);
    let allocate = instance.get_typed_func::<u32, u32>(&mut store, "allocate")?;
    let address = allocate.call(&mut store, length)?;
    memory.write(&mut store, address as usize, request.as_bytes())?;
    let prepare = instance.get_typed_func::<(u32, u32), ()>(&mut store, "prepare")?;
    prepare.call(&mut store, (address, length))?;

    let count = rows.count();
    match rows.work {
        Work::Noop | Work::Distance | Work::Json => {
            evaluation(store, instance, "evaluate_bool", count, |_, value: i32| {
                Ok(value != 0)
            })
        }
        Work::Score | Work::ScoreNulls => evaluation(
            store,
            instance,
            "evaluate_number",
            count,
            |_, value: f64| Ok(value),
        ),
        Work::BusinessDays => evaluation(
            store,
            instance,
            "evaluate_integer",
            count,
            |_, value: i64| Ok(value),
        ),
        Work::Regex => evaluation(store, instance, "evaluate_text", count, documents::text_at),
    }
}

/// Calls of a typed function of the module, whose results become values.
fn evaluation<R: WasmResults + 'static, V: Serialize + 'static>(
    mut store: Store<Documents>,
    instance: Instance,
    name: &str,
    count: usize,
    value: impl Fn(&Store<Documents>, R) -> Result<V> + 'static,
) -> Result<Box<dyn Call>> {
    let function = instance.get_typed_func::<(), R>(&mut store, name)?;
    Ok(whittle_peer::filled(move |results| {
        store.set_epoch_deadline(CALL_EPOCHS);
        for row in 0..count {
            store.data_mut().row = row;
            let result = function.call(&mut store, ())?;
            results.push(value(&store, result)?);
        }
        Ok(())
    }))
}
