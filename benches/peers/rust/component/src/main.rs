//! A host of the Component Model on Wasmtime, as most people write it: bindings by `bindgen!`, and a call of
//! the component for each document.
//!
//! * `peer-component path FILE`: a document is a resource, and the component reads its fields by their paths.
//! * `peer-component handle FILE`: a path is resolved to a number once, and there are no resources.
//!
//! `peer-component compile MODULE FILE` makes a compiled component of a module. The time limit is active, by
//! epochs: a thread counts them, and a call of many documents has a second.

mod by_handle;
mod by_path;
mod columns;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::json;
use wasmtime::component::Component;
use wasmtime::{Config, Engine};
use whittle_peer::Rows;
use wit_component::ComponentEncoder;

/// How long an epoch is, and how many a call may last.
const EPOCH: Duration = Duration::from_millis(10);
const CALL_EPOCHS: u64 = 100;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    match arguments[..] {
        ["compile", module, file] => {
            let module = ComponentEncoder::default()
                .module(&fs::read(module)?)?
                .encode()?;
            fs::write(file, engine.precompile_component(&module)?)?;
            Ok(())
        }
        ["path", file] => {
            let host = by_path::Host::new(&engine, &load(&engine, file)?)?;
            whittle_peer::serve(|rows| Ok(Box::new(host.prepare(&rows)?)))
        }
        ["handle", file] => {
            let host = by_handle::Host::new(&engine, &load(&engine, file)?)?;
            whittle_peer::serve(|rows| Ok(Box::new(host.prepare(&rows)?)))
        }
        _ => bail!("usage: peer-component path|handle FILE, or peer-component compile MODULE FILE"),
    }
}

/// Loads a compiled component, and starts to count epochs.
fn load(engine: &Engine, file: &str) -> Result<Component> {
    let weak = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH);
        }
    });
    // SAFETY: `peer-component compile` has written the file.
    Ok(unsafe { Component::deserialize_file(engine, Path::new(file)) }?)
}

/// What the guest gets to prepare a work.
fn request(rows: &Rows) -> String {
    json!({"work": rows.work, "parameters": rows.parameters}).to_string()
}
