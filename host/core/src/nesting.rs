//! Checks the nesting of a component before any other code follows it recursively.
//!
//! Code that reads the types of a component recurses into each nested type: a few thousand types of
//! three bytes each overflow the stack, which ends the process. And components that instantiate
//! each other create millions of instances from some kilobytes; Wasmtime creates them one by one
//! while it compiles. The code here does not recurse, and creates no instance.

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentAlias, ComponentExternName, ComponentExternalKind,
    ComponentImport, ComponentInstance, ComponentInstanceSectionReader, ComponentType,
    ComponentTypeRef, CoreType, Instance, InstanceTypeDeclaration, Payload,
};

use crate::component::invalid;
use crate::error::RegisterError;
use crate::limits::{LimitExceeded, Limits};

/// What has been read of a component: its payloads are given one by one.
pub(crate) struct Nesting<'a> {
    bytes: &'a [u8],
    /// For each open component or module: how many components it instantiates.
    open: Vec<u64>,
    component_instances: u64,
    core_instances: u64,
}

impl<'a> Nesting<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            open: Vec::new(),
            component_instances: 1,
            core_instances: 1,
        }
    }

    /// Checks the nesting depth of types, and counts instances.
    pub(crate) fn read(
        &mut self,
        payload: &Payload<'_>,
        limits: &Limits,
    ) -> Result<(), RegisterError> {
        match payload {
            Payload::Version { .. } => self.open.push(0),
            Payload::End(_) => {
                // A component instantiates only components defined before it, so no path through
                // the instances visits a component twice: the number of paths is at most the
                // product of the numbers of choices at each component.
                let turns = self.open.pop().unwrap_or(0).saturating_add(1);
                self.component_instances = self.component_instances.saturating_mul(turns);
            }
            Payload::ComponentTypeSection(section) => {
                let range = section.range();
                let types = BinaryReader::new(&self.bytes[range.clone()], range.start);
                type_depth(types, limits.type_depth)?;
            }
            Payload::ComponentInstanceSection(section) => {
                if let Some(turns) = self.open.last_mut() {
                    *turns = turns.saturating_add(instantiations(section.clone())?);
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
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
                for instance in section.clone() {
                    if let Instance::Instantiate { .. } = instance.map_err(invalid)? {
                        self.core_instances = self.core_instances.saturating_add(1);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Checks the number of possible instances of what was read.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), RegisterError> {
        let instances = self.component_instances.saturating_mul(self.core_instances);
        let instances = usize::try_from(instances).unwrap_or(usize::MAX);
        LimitExceeded::check("instances", "instances", limits.instances, instances)?;
        Ok(())
    }
}

/// The number of components that a section instantiates.
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

/// An imported component may be any component, even this one: nothing bounds its instances.
fn handed_over() -> RegisterError {
    let reason =
        "it passes a component as an argument to another one, which is not supported".to_owned();
    RegisterError::Invalid { reason }
}

/// Checks the nesting depth of the component and instance types in one section.
fn type_depth(mut reader: BinaryReader<'_>, allowed: usize) -> Result<(), RegisterError> {
    // The numbers of items left to read: types of the section, and declarations of each open type.
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

/// Reads a declaration up to the type in it; returns whether a type follows.
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
        // An invalid declaration; reading it gives the error.
        _ => {
            declaration.read::<InstanceTypeDeclaration<'_>>()?;
        }
    }
    Ok(false)
}

/// Reads a type, or the beginning of one that has declarations, and returns their number.
fn opened(reader: &mut BinaryReader<'_>) -> Result<Option<u32>, BinaryReaderError> {
    let mut whole = reader.clone();
    if let 0x41 | 0x42 = reader.read_u8()? {
        return reader.read_var_u32().map(Some);
    }
    whole.read::<ComponentType<'_>>()?;
    *reader = whole;
    Ok(None)
}
