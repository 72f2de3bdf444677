//! Wasmtime with core modules: host functions by `Linker::func_wrap`, and a typed call of the module for each
//! document. Fields are numbers that were resolved once; a text is copied into the module's memory.
//!
//! `peer-core-wasm FILE` runs a module that `peer-core-wasm compile MODULE FILE` has compiled. The time limit
//! is active, by epochs: a thread counts them, and a call of many documents has a second.

mod documents;

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use peer_epochs::{CALL_EPOCHS, failed};
use serde::Serialize;
use serde_json::json;
use wasmtime::{
    Engine, Error, Instance, InstancePre, Linker, Module, Store, TypedFunc, WasmResults,
};
use whittle_peer::{Call, Rows, Work};

use crate::documents::Documents;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let engine = peer_epochs::engine()?;
    match arguments[..] {
        ["compile", module, file] => {
            let compiled = engine.precompile_module(&fs::read(module)?);
            Ok(fs::write(file, compiled.map_err(failed)?)?)
        }
        [file] => {
            let module = load(&engine, file).map_err(failed)?;
            peer_epochs::count(&engine);
            whittle_peer::serve(|rows| {
                let documents = Documents::new(&rows)?;
                let instance = prepare(&engine, &module, &rows, documents).map_err(failed)?;
                evaluation(instance, &rows).map_err(failed)
            })
        }
        _ => bail!("usage: peer-core-wasm FILE, or peer-core-wasm compile MODULE FILE"),
    }
}

/// Loads a compiled module, and links it to the host's functions.
fn load(engine: &Engine, file: &str) -> wasmtime::Result<InstancePre<Documents>> {
    // SAFETY: `peer-core-wasm compile` has written the file.
    let module = unsafe { Module::deserialize_file(engine, Path::new(file)) }?;
    let mut linker = Linker::new(engine);
    documents::add_to_linker(&mut linker)?;
    // Fields by their names, which this peer does not use.
    linker.define_unknown_imports_as_traps(&module)?;
    linker.instantiate_pre(&module)
}

/// A module that was prepared for a work.
struct Prepared {
    store: Store<Documents>,
    instance: Instance,
}

/// Instantiates the module, and hands over the request in its memory.
fn prepare(
    engine: &Engine,
    module: &InstancePre<Documents>,
    rows: &Rows,
    documents: Documents,
) -> wasmtime::Result<Prepared> {
    let request = json!({
        "access": "handle", "work": rows.work, "parameters": rows.parameters,
    });
    let request = request.to_string();
    let length = request.len() as u32;
    let mut store = Store::new(engine, documents);
    store.set_epoch_deadline(CALL_EPOCHS);
    let instance = module.instantiate(&mut store)?;
    let memory = instance.get_memory(&mut store, "memory");
    let memory = memory.ok_or_else(|| Error::msg("no memory"))?;
    store.data_mut().memory = Some(memory);
    let allocate = instance.get_typed_func::<u32, u32>(&mut store, "allocate")?;
    let address = allocate.call(&mut store, length)?;
    memory.write(&mut store, address as usize, request.as_bytes())?;
    let prepare = instance.get_typed_func::<(u32, u32), ()>(&mut store, "prepare")?;
    prepare.call(&mut store, (address, length))?;
    Ok(Prepared { store, instance })
}

/// Calls of the function for a work's type of result.
fn evaluation(mut module: Prepared, rows: &Rows) -> wasmtime::Result<Box<dyn Call>> {
    let count = rows.count();
    Ok(match rows.work {
        Work::Noop | Work::Distance | Work::Json => {
            let function = module.function("evaluate_bool")?;
            module.calls(function, count, |_, value: i32| Ok(value != 0))
        }
        Work::Score | Work::ScoreNulls => {
            let function = module.function("evaluate_number")?;
            module.calls(function, count, |_, value: f64| Ok(value))
        }
        Work::BusinessDays => {
            let function = module.function("evaluate_integer")?;
            module.calls(function, count, |_, value: i64| Ok(value))
        }
        Work::Regex => {
            let function = module.function("evaluate_text")?;
            module.calls(function, count, documents::text_at)
        }
    })
}

impl Prepared {
    fn function<R: WasmResults>(&mut self, name: &str) -> wasmtime::Result<TypedFunc<(), R>> {
        self.instance.get_typed_func(&mut self.store, name)
    }

    /// Calls of a typed function, whose results become values.
    fn calls<R: WasmResults + 'static, V: Serialize + 'static>(
        self,
        function: TypedFunc<(), R>,
        count: usize,
        value: impl Fn(&Store<Documents>, R) -> Result<V> + 'static,
    ) -> Box<dyn Call> {
        let mut store = self.store;
        whittle_peer::filled(move |results| {
            store.set_epoch_deadline(CALL_EPOCHS);
            for row in 0..count {
                store.data_mut().row = row;
                let result = function.call(&mut store, ()).map_err(failed)?;
                results.push(value(&store, result)?);
            }
            Ok(())
        })
    }
}
