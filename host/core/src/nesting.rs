//! What is inside of what in a component, before anything follows it down.
//!
//! Everything that reads types of components calls itself for each type inside of a type: some
//! thousands, of three bytes each, overflow the stack, which ends the process. And components that
//! instantiate each other make millions of instances out of some kilobytes; Wasmtime makes them
//! one by one while it compiles. Here nothing calls itself, and no instance is made.

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentAlias, ComponentExternName, ComponentExternalKind,
    ComponentImport, ComponentInstance, ComponentInstanceSectionReader, ComponentType,
    ComponentTypeRef, CoreType, Instance, InstanceTypeDeclaration, Parser, Payload,
};

use crate::component::invalid;
use crate::error::RegisterError;
use crate::limits::{LimitExceeded, Limits};

/// Checks how deep types are nested, and how many instances there can be.
pub(crate) fn check(bytes: &[u8], limits: &Limits) -> Result<(), RegisterError> {
    // Of the components and modules that are open: how many components each instantiates.
    let mut open: Vec<u64> = Vec::new();
    let mut component_instances = 1_u64;
    let mut core_instances = 1_u64;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::Version { .. } => open.push(0),
            Payload::End(_) => {
                // A component instantiates only what was defined before it, so no way through the
                // instances comes to a component twice: there are at most as many ways as the
                // numbers of turns at each component make together.
                let turns = open.pop().unwrap_or(0).saturating_add(1);
                component_instances = component_instances.saturating_mul(turns);
            }
            Payload::ComponentTypeSection(section) => {
                let range = section.range();
                let types = BinaryReader::new(&bytes[range.clone()], range.start);
                type_depth(types, limits.type_depth)?;
            }
            Payload::ComponentInstanceSection(section) => {
                if let Some(turns) = open.last_mut() {
                    *turns = turns.saturating_add(instantiations(section)?);
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    if let ComponentAlias::InstanceExport {
                        kind: ComponentExternalKind::Component,
                        ..
                    } = alias.map_err(invalid)?
                    {
                        return Err(handed_over());
                    }
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    if let Instance::Instantiate { .. } = instance.map_err(invalid)? {
                        core_instances = core_instances.saturating_add(1);
                    }
                }
            }
            _ => {}
        }
    }
    let instances = component_instances.saturating_mul(core_instances);
    let instances = usize::try_from(instances).unwrap_or(usize::MAX);
    LimitExceeded::check("instances", "instances", limits.instances, instances)?;
    Ok(())
}

/// How many components a section instantiates.
fn instantiations(section: ComponentInstanceSectionReader<'_>) -> Result<u64, RegisterError> {
    let mut count = 0;
    for instance in section {
        let ComponentInstance::Instantiate { args, .. } = instance.map_err(invalid)? else {
            continue;
        };
        let is_component = |kind| kind == ComponentExternalKind::Component;
        if args.iter().any(|argument| is_component(argument.kind)) {
            return Err(handed_over());
        }
        count += 1;
    }
    Ok(count)
}

/// A component that comes from elsewhere may be any, itself included: nothing bounds what it makes.
fn handed_over() -> RegisterError {
    let reason = "it hands a component over to another one, which no UDF needs".to_owned();
    RegisterError::Invalid { reason }
}

/// Checks how deep types of components and instances lie in each other, in one section.
fn type_depth(mut reader: BinaryReader<'_>, allowed: usize) -> Result<(), RegisterError> {
    // How much is left to read: of the section's types, and of the declarations of each open type.
    let mut open = vec![reader.read_var_u32().map_err(invalid)?];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        let is_type = open.len() == 1 || declares_type(&mut reader).map_err(invalid)?;
        if is_type && let Some(declarations) = opened(&mut reader).map_err(invalid)? {
            LimitExceeded::check("type_depth", "types", allowed, open.len())?;
            open.push(declarations);
        }
    }
    Ok(())
}

/// Reads a declaration, but not the type in it; tells whether there is one to come.
fn declares_type(reader: &mut BinaryReader<'_>) -> Result<bool, BinaryReaderError> {
    let mut declaration = reader.clone();
    match reader.read_u8()? {
        0x00 => {
            reader.read::<CoreType<'_>>()?;
        }
        0x01 => return Ok(true),
        0x02 => {
            reader.read::<ComponentAlias<'_>>()?;
        }
        0x03 => {
            reader.read::<ComponentImport<'_>>()?;
        }
        0x04 => {
            reader.read::<ComponentExternName<'_>>()?;
            reader.read::<ComponentTypeRef>()?;
        }
        // There is no such declaration: for the error.
        _ => {
            declaration.read::<InstanceTypeDeclaration<'_>>()?;
        }
    }
    Ok(false)
}

/// Reads a type, or the beginning of one that has declarations, and tells how many.
fn opened(reader: &mut BinaryReader<'_>) -> Result<Option<u32>, BinaryReaderError> {
    let mut whole = reader.clone();
    if let 0x41 | 0x42 = reader.read_u8()? {
        return reader.read_var_u32().map(Some);
    }
    whole.read::<ComponentType<'_>>()?;
    *reader = whole;
    Ok(None)
}
