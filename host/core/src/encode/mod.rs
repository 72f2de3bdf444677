//! Encodes a core module as a component of the contract's world.
//!
//! A toolchain without component support produces a core module; `wit-component` makes a component
//! from it. This is used when UDFs are built, never while queries run.

mod imports;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::contract::BATCH_FUNCTIONS;
use crate::error::Cause;
use crate::words::one_line;

pub use self::imports::{ForeignImport, foreign_imports};

/// The text of the contract, `wit/udf.wit`, for generators of bindings.
pub const CONTRACT: &str = include_str!("../../../../wit/udf.wit");

/// The text of the contract for batches, `wit/batch/batch.wit`, which refers to [`CONTRACT`].
pub const BATCH_CONTRACT: &str = include_str!("../../../../wit/batch/batch.wit");

/// The world of the stand-in for WASI: its imports from the host.
const STUB_WORLD: &str = "package whittle:stub; world stub { import whittle:udf/logging@0.1.0; }";

/// The encoding of a core module's strings. It is used only if the module does not declare one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TextEncoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-16, little-endian, as in AssemblyScript.
    Utf16,
}

/// Why a core module cannot become a component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The bytes are already a component.
    #[error("this is already a component, not a core module")]
    Component,
    /// The module imports something that is not part of the contract.
    #[error(
        "the module imports {}, which a UDF does not have: leave out the code or the library that \
         needs it",
        one_line(&.0.to_string())
    )]
    Import(ForeignImport),
    /// The module does not fit the contract.
    #[error("the module does not fit the contract `whittle:udf@0.1.0`")]
    Module(#[source] Cause),
}

/// Encodes a core module as a component.
///
/// A module without a `component-type` section, such as a hand-written one, is assumed to have
/// strings in the encoding `texts` and the contract's world `udf`: of the version for batches if it
/// exports that version's functions, or else of the first version.
///
/// Imports from `wasi_snapshot_preview1` are satisfied inside the component, with deterministic
/// results: there are no files and no arguments, clocks count, and random bytes are a fixed
/// sequence. Output to standard output and standard error is logged.
///
/// # Errors
///
/// The bytes are not a core module, or its imports and exports are not those of the world.
pub fn encode_component(core_module: &[u8], texts: TextEncoding) -> Result<Vec<u8>, EncodeError> {
    if wasmparser::Parser::is_component(core_module) {
        return Err(EncodeError::Component);
    }
    if let Some(foreign) = foreign_imports(core_module)?.into_iter().next() {
        return Err(EncodeError::Import(foreign));
    }
    if has_types(core_module)? {
        encode(core_module)
    } else {
        encode(&with_types(core_module, texts)?)
    }
}

fn encode(module: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let stub = stub()?;
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.adapter("wasi_snapshot_preview1", &stub))
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| failed(&error))
}

fn failed(error: &impl std::fmt::Display) -> EncodeError {
    EncodeError::Module(Cause::new(format!("{error:#}")))
}

fn has_types(module: &[u8]) -> Result<bool, EncodeError> {
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        let payload = payload.map_err(|error| EncodeError::Module(Cause::new(error)))?;
        if let wasmparser::Payload::CustomSection(section) = payload
            && section.name().starts_with("component-type")
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn takes_batches(module: &[u8]) -> Result<bool, EncodeError> {
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        if let wasmparser::Payload::ExportSection(exports) =
            payload.map_err(|error| failed(&error))?
        {
            for export in exports {
                let name = export.map_err(|error| failed(&error))?.name;
                if name.starts_with(BATCH_FUNCTIONS) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn with_types(module: &[u8], texts: TextEncoding) -> Result<Vec<u8>, EncodeError> {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("udf.wit", CONTRACT)
        .map_err(|error| failed(&error))?;
    let package = if takes_batches(module)? {
        resolve
            .push_str("batch.wit", BATCH_CONTRACT)
            .map_err(|error| failed(&error))?
    } else {
        package
    };
    let world = resolve
        .select_world(&[package], Some("udf"))
        .map_err(|error| failed(&error))?;
    let texts = match texts {
        TextEncoding::Utf8 => StringEncoding::UTF8,
        TextEncoding::Utf16 => StringEncoding::UTF16,
    };
    let mut module = module.to_vec();
    embed_component_metadata(&mut module, &resolve, world, texts)
        .map_err(|error| failed(&error))?;
    Ok(module)
}

fn stub() -> Result<Vec<u8>, EncodeError> {
    let mut module = wat::parse_str(include_str!("stub.wat")).map_err(|error| failed(&error))?;
    let mut resolve = Resolve::default();
    resolve
        .push_str("udf.wit", CONTRACT)
        .map_err(|error| failed(&error))?;
    let package = resolve
        .push_str("stub.wit", STUB_WORLD)
        .map_err(|error| failed(&error))?;
    let world = resolve
        .select_world(&[package], Some("stub"))
        .map_err(|error| failed(&error))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .map_err(|error| failed(&error))?;
    Ok(module)
}
