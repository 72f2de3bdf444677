//! Checks the nesting of a component before any other code follows it recursively.
//!
//! Code that reads the types of a component recurses into each nested type: a few thousand types of
//! three bytes each overflow the stack, which ends the process. And components that instantiate
//! each other create millions of instances from some kilobytes; Wasmtime creates them one by one
//! while it compiles. The code here does not recurse, and creates no instance.

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentAlias, ComponentExternName, ComponentExternalKind,
    ComponentImport, ComponentInstance, ComponentOuterAliasKind, ComponentType, ComponentTypeRef,
    CoreType, Encoding, Instance, InstanceTypeDeclaration, Payload,
};

use crate::component::invalid;
use crate::error::RegisterError;
use crate::limits::{LimitExceeded, Limits};

/// What has been read of a component: its payloads are given one by one.
pub(crate) struct Nesting<'a> {
    bytes: &'a [u8],
    open: Vec<Open>,
    /// The instances of what ended last: at the end, of the whole.
    total: u64,
}

impl<'a> Nesting<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            open: Vec::new(),
            total: 0,
        }
    }

    /// Checks the nesting depth of types, and counts instances.
    pub(crate) fn read(
        &mut self,
        payload: &Payload<'_>,
        limits: &Limits,
    ) -> Result<(), RegisterError> {
        match payload {
            Payload::Version { encoding, .. } => self.open.push(Open::new(*encoding)),
            Payload::End(_) => self.end(),
            Payload::ComponentTypeSection(section) => {
                let range = section.range();
                let types = BinaryReader::new(&self.bytes[range.clone()], range.start);
                type_depth(types, limits.type_depth)?;
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    if let Some(component) = instantiated(instance.map_err(invalid)?)? {
                        instantiate(&mut self.open, component)?;
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    if let ComponentTypeRef::Component(_) = import.map_err(invalid)?.ty
                        && let Some(component) = self.open.last_mut()
                    {
                        // It may be any component, even this one: nothing bounds its instances.
                        component.components.push(u64::MAX);
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    match alias.map_err(invalid)? {
                        ComponentAlias::InstanceExport {
                            kind: ComponentExternalKind::Component,
                            ..
                        } => return Err(handed_over()),
                        ComponentAlias::Outer {
                            kind: ComponentOuterAliasKind::Component,
                            count,
                            index,
                        } => alias_outer(&mut self.open, count, index)?,
                        _ => {}
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                // An export is a new index of what it exports.
                for export in section.clone() {
                    let export = export.map_err(invalid)?;
                    if export.kind == ComponentExternalKind::Component {
                        alias_outer(&mut self.open, 0, export.index)?;
                    }
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    if let Instance::Instantiate { .. } = instance.map_err(invalid)?
                        && let Some(component) = self.open.last_mut()
                    {
                        component.instances = component.instances.saturating_add(1);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether what is being read is the whole, and not something inside it.
    pub(crate) fn is_outermost(&self) -> bool {
        self.open.len() == 1
    }

    fn end(&mut self) {
        let Some(ended) = self.open.pop() else { return };
        self.total = ended.instances;
        if let (Encoding::Component, Some(parent)) = (ended.encoding, self.open.last_mut()) {
            parent.components.push(ended.instances);
        }
    }

    /// Checks the number of instances of what was read.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), RegisterError> {
        let instances = usize::try_from(self.total).unwrap_or(usize::MAX);
        LimitExceeded::check("instances", "instances", limits.instances, instances)
            .map_err(RegisterError::from)
    }
}

/// A component or module that is being read.
struct Open {
    encoding: Encoding,
    /// The instances that one instance of it creates so far, and itself.
    instances: u64,
    /// The same of each component in its index space.
    components: Vec<u64>,
}

impl Open {
    fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            instances: 1,
            components: Vec::new(),
        }
    }

    fn component(&self, index: u32) -> Result<u64, RegisterError> {
        let component = self.components.get(index as usize).copied();
        component.ok_or_else(|| RegisterError::Invalid {
            reason: format!("there is no component with the index {index}"),
        })
    }
}

/// Counts the instances of a component that the innermost open one instantiates.
fn instantiate(open: &mut [Open], index: u32) -> Result<(), RegisterError> {
    if let Some(component) = open.last_mut() {
        let instances = component.component(index)?;
        component.instances = component.instances.saturating_add(instances);
    }
    Ok(())
}

/// Gives the innermost open component an index for a component of one around it.
fn alias_outer(open: &mut [Open], count: u32, index: u32) -> Result<(), RegisterError> {
    let outer = open.iter().rev().nth(count as usize);
    let outer = outer.ok_or_else(|| RegisterError::Invalid {
        reason: format!("there are no {count} components around this one"),
    })?;
    let instances = outer.component(index)?;
    if let Some(component) = open.last_mut() {
        component.components.push(instances);
    }
    Ok(())
}

/// The index of the component that an instance is of.
fn instantiated(instance: ComponentInstance<'_>) -> Result<Option<u32>, RegisterError> {
    let ComponentInstance::Instantiate {
        component_index,
        args,
    } = instance
    else {
        return Ok(None);
    };
    let is_component = |kind| kind == ComponentExternalKind::Component;
    if args.iter().any(|argument| is_component(argument.kind)) {
        return Err(handed_over());
    }
    Ok(Some(component_index))
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
