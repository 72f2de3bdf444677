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
pub mod columns;
mod results;

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use peer_epochs::failed;
use serde_json::json;
use wasmtime::Engine;
use wasmtime::component::Component;
use whittle_peer::Rows;
use wit_component::ComponentEncoder;

use crate::columns::columns;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let engine = peer_epochs::engine()?;
    match arguments[..] {
        ["compile", module, file] => {
            let mut module = ComponentEncoder::default().module(&fs::read(module)?)?;
            let compiled = engine.precompile_component(&module.encode()?);
            Ok(fs::write(file, compiled.map_err(failed)?)?)
        }
        ["path", file] => {
            let host = by_path::Host::new(&engine, &load(&engine, file)?).map_err(failed)?;
            whittle_peer::serve(|rows| {
                let prepared = host.prepare(&request(&rows), columns(&rows)?, rows.count());
                Ok(Box::new(prepared.map_err(failed)?))
            })
        }
        ["handle", file] => {
            let host = by_handle::Host::new(&engine, &load(&engine, file)?).map_err(failed)?;
            whittle_peer::serve(|rows| {
                let prepared = host.prepare(&request(&rows), columns(&rows)?, rows.count());
                Ok(Box::new(prepared.map_err(failed)?))
            })
        }
        _ => bail!("usage: peer-component path|handle FILE, or peer-component compile MODULE FILE"),
    }
}

/// Loads a compiled component, and starts to count epochs.
fn load(engine: &Engine, file: &str) -> Result<Component> {
    peer_epochs::count(engine);
    // SAFETY: `peer-component compile` has written the file.
    unsafe { Component::deserialize_file(engine, Path::new(file)) }.map_err(failed)
}

/// What the guest gets to prepare a work.
fn request(rows: &Rows) -> String {
    json!({"work": rows.work, "parameters": rows.parameters}).to_string()
}
