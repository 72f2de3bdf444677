//! From a core module to a component of the contract's world.
//!
//! What a toolchain without component support leaves is a core module; `wit-component` makes a
//! component of it. Used by whoever builds UDFs, never while queries run.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::error::Cause;

/// The contract's text.
pub(crate) const CONTRACT: &str = include_str!("../../../wit/udf.wit");

/// Why a core module cannot become a component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The bytes are a component already.
    #[error("this is a component already, not a core module")]
    Component,
    /// The module does not fit the contract.
    #[error("the module does not fit the contract `whittle:udf@0.1.0`")]
    Module(#[source] Cause),
}

/// Makes a component of a core module.
///
/// A module without a `component-type` section, as a hand-written one is, is taken to have the
/// contract's world `udf` and texts in UTF-8.
///
/// # Errors
///
/// Where the bytes are no core module, or its imports and exports are not those of the world.
pub fn encode_component(core_module: &[u8]) -> Result<Vec<u8>, EncodeError> {
    if wasmparser::Parser::is_component(core_module) {
        return Err(EncodeError::Component);
    }
    let encode = |module: &[u8]| {
        ComponentEncoder::default()
            .validate(true)
            .module(module)?
            .encode()
    };
    let component = if has_types(core_module)? {
        encode(core_module)
    } else {
        encode(&with_types(core_module)?)
    };
    component.map_err(|error| EncodeError::Module(Cause::new(format!("{error:#}"))))
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

fn with_types(module: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let failed = |error| EncodeError::Module(Cause::new(format!("{error:#}")));
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("udf.wit", CONTRACT)
        .map_err(|error| EncodeError::Module(Cause::new(error)))?;
    let world = resolve
        .select_world(&[package], Some("udf"))
        .map_err(|error| EncodeError::Module(Cause::new(error)))?;
    let mut module = module.to_vec();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).map_err(failed)?;
    Ok(module)
}
