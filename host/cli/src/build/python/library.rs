//! The kit's module in C, as componentize-py links it into a component.
//!
//! Kits have the compiled module as text, so that building a UDF needs no compiler for C. The module
//! imports a function of the contract, so it needs the function's type in a custom section, which no
//! C compiler writes. The type comes from the contract that this host has.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use whittle_host::{BATCH_CONTRACT, CONTRACT};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The compiled module in a kit.
const STORED: &str = "_batch.wat";
/// The name by which componentize-py and CPython 3.14 find it.
const STAGED: &str = "_batch.cpython-314-wasm32-wasi.so";

/// The world that the module is made against.
const WORLD: &str = "
    package whittle:python;
    world library { import whittle:batch/results@0.2.0; }
";

/// Makes the module that is in a kit ready to be linked. Returns whether there is one: kits before
/// version 0.2 of the contract have no batches.
pub(super) fn prepare(kit: &Path) -> Result<bool> {
    let (stored, staged) = (kit.join(STORED), kit.join(STAGED));
    if !stored.is_file() {
        return Ok(false);
    }
    let mut bytes = wat::parse_file(&stored)?;
    let mut resolve = Resolve::default();
    resolve.push_str("udf.wit", CONTRACT)?;
    resolve.push_str("batch.wit", BATCH_CONTRACT)?;
    let package = resolve.push_str("library.wit", WORLD)?;
    let world = resolve.select_world(&[package], Some("library"))?;
    embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8)?;
    fs::write(&staged, bytes).with_context(|| staged.display().to_string())?;
    Ok(true)
}
